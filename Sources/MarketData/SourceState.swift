// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// How a source of a feed stands after a block.
@frozen
public enum SourceStanding: Hashable, Sendable {
  /// Its last statement votes.
  case voting
  /// It jumped away from the others; so many of its next samples have confirmed the jump.
  case quarantined(confirmations: Int32)
  /// It has said nothing new for longer than its staleness limit.
  case silent
}

/// What a feed remembers of one source: its last statement that passed every field check.
@frozen
public struct SourceState: Hashable, Sendable {
  public let source: SourceID
  /// The last statement.
  public var price: Price
  /// Half-width of the source's own confidence interval; zero when it states none.
  public var confidence: Price
  public var publishedAt: Timestamp
  /// The last price the source stated outside quarantine: what a jump is measured from.
  public var reference: Price
  public var standing: SourceStanding

  @inlinable
  public init(
    source: SourceID, price: Price, confidence: Price, publishedAt: Timestamp, reference: Price,
    standing: SourceStanding
  ) {
    self.source = source
    self.price = price
    self.confidence = confidence
    self.publishedAt = publishedAt
    self.reference = reference
    self.standing = standing
  }
}
