// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// A price on which a quorum of sources agrees.
@frozen
public struct IndexPrice: Hashable, Sendable {
  public let price: Price
  /// Half-width of the interval in which the price is known; widens margin when it grows.
  public let confidence: Price
  /// How many sources stand behind the price.
  public let voters: Int32

  @inlinable
  public init(price: Price, confidence: Price, voters: Int32) {
    self.price = price
    self.confidence = confidence
    self.voters = voters
  }

  /// Half-width ÷ price, rounded up.
  ///
  /// - Precondition: the price is positive, as every accepted price is.
  @inlinable
  public var relativeConfidence: Rate {
    let scaled = Int128(confidence.steps) * Int128(Rate.one.billionths)
    let ratio = scaled.divided(by: Int128(price.steps), rounding: .up)
    return Rate(billionths: Int64(clamping: ratio))
  }
}

/// An accepted price from which the next moves are measured.
@frozen
public struct PriceAnchor: Hashable, Sendable {
  public let price: Price
  public let time: Timestamp

  @inlinable
  public init(price: Price, time: Timestamp) {
    self.price = price
    self.time = time
  }
}

/// A pause after a move beyond the breaker's limit, until the new level is confirmed.
@frozen
public struct CircuitBreak: Hashable, Sendable {
  /// The last block's median, which the next blocks have to confirm.
  public let level: Price
  /// When the feed first left its limit.
  public let since: Timestamp
  /// The earliest resumption at the new level.
  public let until: Timestamp
  /// Blocks that have confirmed the level, each with a quorum that published anew.
  public let confirmations: Int32
  /// The time of the last confirmation, or of the move itself.
  public let confirmedAt: Timestamp

  @inlinable
  public init(
    level: Price, since: Timestamp, until: Timestamp, confirmations: Int32,
    confirmedAt: Timestamp
  ) {
    self.level = level
    self.since = since
    self.until = until
    self.confirmations = confirmations
    self.confirmedAt = confirmedAt
  }
}

/// What one block makes of a feed.
@frozen
public enum FeedOutcome: Hashable, Sendable {
  case accepted(IndexPrice)
  /// Too few sources: the market is reduce-only, the last index stays and is not fresh.
  case belowQuorum(voters: Int32)
  /// The move is too large to act on: nothing is liquidated until it is confirmed.
  case circuitBroken(CircuitBreak)
}

/// What a block changes in a feed: a fact to be recorded and applied.
public struct FeedUpdate: Hashable, Sendable {
  public let feed: FeedID
  /// Never before the feed's last block.
  public let time: Timestamp
  public let outcome: FeedOutcome
  /// From which price the next moves are measured.
  public let anchor: PriceAnchor?
  /// The sources whose state differs from before, sorted by source.
  public let sources: [SourceState]

  public init(
    feed: FeedID, time: Timestamp, outcome: FeedOutcome, anchor: PriceAnchor?,
    sources: [SourceState]
  ) {
    self.feed = feed
    self.time = time
    self.outcome = outcome
    self.anchor = anchor
    self.sources = sources
  }
}
