// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// What a feed measures, and in which decimal scale; the scale is part of the identity.
///
/// A sample whose feed has another scale is a sample of another feed: it is refused, never
/// converted by guess.
@frozen
public struct FeedID: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// What is priced, for example `BTC`.
  public let base: AssetSymbol
  /// In what it is priced, for example `USD`.
  public let quote: AssetSymbol
  /// Digits after the point of a sample's mantissa, 0 to 8.
  public let decimals: UInt8

  /// - Throws: ``QuantityError/overflow`` for more than 8 decimals.
  public init(
    base: AssetSymbol, quote: AssetSymbol, decimals: UInt8
  ) throws(QuantityError) {
    guard decimals <= 8 else { throw .overflow }
    self.base = base
    self.quote = quote
    self.decimals = decimals
  }

  @inlinable
  public static func < (left: Self, right: Self) -> Bool {
    (left.base, left.quote, left.decimals) < (right.base, right.quote, right.decimals)
  }

  public var description: String { "\(base)/\(quote)" }
}

/// A publisher of prices: a venue votes once, whatever the number of its files or streams.
@frozen
public struct SourceID: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let symbol: AssetSymbol
  @inlinable
  public init(_ symbol: AssetSymbol) { self.symbol = symbol }
  @inlinable
  public static func < (left: Self, right: Self) -> Bool { left.symbol < right.symbol }
  public var description: String { symbol.description }
}

/// One price as a source published it, not yet accepted.
@frozen
public struct PriceSample: Hashable, Sendable {
  public let source: SourceID
  public let feed: FeedID
  /// The price in units of 10^−`feed.decimals`; any integer, checked by the oracle.
  public let mantissa: Int64
  /// Half-width of the source's own confidence interval, in the mantissa's units.
  public let confidence: Int64
  /// When the price was last confirmed by trading; repeating an old price does not renew it.
  public let publishedAt: Timestamp

  @inlinable
  public init(
    source: SourceID, feed: FeedID, mantissa: Int64, confidence: Int64, publishedAt: Timestamp
  ) {
    self.source = source
    self.feed = feed
    self.mantissa = mantissa
    self.confidence = confidence
    self.publishedAt = publishedAt
  }
}
