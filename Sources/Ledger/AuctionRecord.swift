// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// Who pays a bidder for what he takes.
@frozen
public enum AuctionPhase: UInt8, Hashable, Sendable, CaseIterable {
  /// The account, out of what its portfolio is worth.
  case solvent
  /// The insurance fund, for the portfolio is worth nothing.
  case insolvent
}

/// One pass of an auction along its price path, as it begins.
@frozen
public struct AuctionRound: Hashable, Sendable {
  public let phase: AuctionPhase
  public let startedAt: Timestamp
  /// The first factor; see ``AuctionProgress/factor``.
  public let factor: Rate
  /// How fast the price falls, per second; zero where the path's parameters say it.
  public let speed: Rate

  @inlinable
  public init(phase: AuctionPhase, startedAt: Timestamp, factor: Rate, speed: Rate = .zero) {
    self.phase = phase
    self.startedAt = startedAt
    self.factor = factor
    self.speed = speed
  }
}

/// Where an auction stands: public, and all that a bid depends on besides the portfolio.
@frozen
public struct AuctionProgress: Hashable, Sendable {
  public var round: AuctionRound
  /// Rounds before this one.
  public var restarts: UInt16
  /// How long the round has lasted, without the time in which nobody could bid.
  public var elapsed: TimeSpan
  /// When ``elapsed`` was taken.
  public var pricedAt: Timestamp
  /// Solvent: the price of the portfolio as a part of its value.
  ///
  /// Insolvent: the part of its requirement that the fund adds.
  public var factor: Rate
  /// By how much late bids have prolonged the round.
  public var extended: TimeSpan
  /// What is left of the portfolio the round began with, one at first.
  public var left: Rate
  /// Bids filled in all rounds.
  public var bids: UInt32
  /// What bidders of this round have paid in, millionths of the quote currency: for the value
  /// they took, less their discounts.
  public var reserved: Int64
  /// What the insurance fund has paid bidders in all rounds, millionths of the quote currency.
  public var fundPaid: Int64

  @inlinable
  public init(_ round: AuctionRound) {
    self.round = round
    restarts = 0
    elapsed = .zero
    pricedAt = round.startedAt
    factor = round.factor
    extended = .zero
    left = .one
    bids = 0
    reserved = 0
    fundPaid = 0
  }

  /// Begins another round; what was paid in has become collateral of what is left.
  mutating func restart(_ round: AuctionRound) {
    let (restarts, bids, fundPaid) = (restarts, bids, fundPaid)
    self = AuctionProgress(round)
    self.restarts = min(restarts, .max - 1) + 1
    self.bids = bids
    self.fundPaid = fundPaid
  }

  mutating func fill(_ fill: AuctionFill) {
    bids = min(bids, .max - 1) + 1
    left = fill.left
    reserved = fill.reserved
    fundPaid = min(fundPaid, .max - fill.fundPaid) + fill.fundPaid
    extended = fill.extended
  }
}

/// A bid that was filled; the trades and transfers follow it.
@frozen
public struct AuctionFill: Hashable, Sendable {
  public let account: AccountID
  public let bidder: AccountID
  /// The part of the portfolio taken, by notional.
  public let share: Rate
  /// The factor at which it was taken.
  public let factor: Rate
  /// Its size at the marks, millionths of the quote currency.
  public let notional: Int64
  /// What the account gives up, millionths of the quote currency.
  public let discount: Int64
  /// What the insurance fund adds, millionths of the quote currency.
  public let fundPaid: Int64
  /// ``AuctionProgress/left`` afterwards.
  public let left: Rate
  /// ``AuctionProgress/reserved`` afterwards.
  public let reserved: Int64
  /// ``AuctionProgress/extended`` afterwards.
  public let extended: TimeSpan

  @inlinable
  public init(
    account: AccountID, bidder: AccountID, share: Rate, factor: Rate, notional: Int64,
    discount: Int64, fundPaid: Int64, left: Rate, reserved: Int64, extended: TimeSpan
  ) {
    self.account = account
    self.bidder = bidder
    self.share = share
    self.factor = factor
    self.notional = notional
    self.discount = discount
    self.fundPaid = fundPaid
    self.left = left
    self.reserved = reserved
    self.extended = extended
  }
}

/// What a bidder asks for, with what protects him from being run ahead of.
@frozen
public struct AuctionBid: Hashable, Sendable {
  public let bidder: AccountID
  /// The largest part of the portfolio he wants, above 0, at most 1.
  public let share: Rate
  /// The least he is to receive, as a part of the notional he takes at the marks: his price.
  public let leastReward: Rate
  /// How many filled bids the bidder knows of; if there were others the bid is void.
  ///
  /// `nil`: any number.
  public let seenBids: UInt32?
  /// When it came in; of equal prices the earlier goes first.
  public let receivedAt: Timestamp
  /// From then on the bid is void.
  public let expiresAt: Timestamp

  @inlinable
  public init(
    bidder: AccountID, share: Rate, leastReward: Rate, seenBids: UInt32? = nil,
    receivedAt: Timestamp, expiresAt: Timestamp
  ) {
    self.bidder = bidder
    self.share = share
    self.leastReward = leastReward
    self.seenBids = seenBids
    self.receivedAt = receivedAt
    self.expiresAt = expiresAt
  }

  /// Whether this bid is served before another: the better price for the account first, then
  /// the earlier, then the lower id; of one bidder's, the larger.
  public func precedes(_ other: AuctionBid) -> Bool {
    if leastReward != other.leastReward { return leastReward < other.leastReward }
    if receivedAt != other.receivedAt { return receivedAt < other.receivedAt }
    if bidder != other.bidder { return bidder < other.bidder }
    if share != other.share { return share > other.share }
    return expiresAt < other.expiresAt
  }
}
