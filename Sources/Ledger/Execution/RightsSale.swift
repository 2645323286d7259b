// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import Parameters
public import Quantities

/// A sealed bid for lots of a slice; what everybody sees of it before it is opened is a digest.
public struct RightsCommitment: Hashable, Sendable {
  public let bidder: AccountID
  public let digest: ChainHash
  /// Absent until it is opened.
  public internal(set) var bid: RightsBid?

  init(bidder: AccountID, digest: ChainHash) {
    self.bidder = bidder
    self.digest = digest
  }
}

/// An opened bid.
@frozen
public struct RightsBid: Hashable, Sendable {
  /// The most it pays for a lot, ledger units of the quote currency.
  public let price: Int64
  public let lots: Int64
  /// What made its digest impossible to guess.
  public let salt: [UInt8]

  @inlinable
  public init(price: Int64, lots: Int64, salt: [UInt8]) {
    self.price = price
    self.lots = lots
    self.salt = salt
  }
}

/// The right to take a slice over at the mark, for its reward, as it is sold by sealed bids.
public struct RightsSale: Hashable, Sendable {
  /// Counted up over all that is offered outside; commitments are bound to it.
  public let id: UInt64
  public let account: AccountID
  public let instrument: InstrumentID
  /// Of the account: a sale is bought by the winners.
  public let side: Side
  /// Positive.
  public let size: Size
  /// Equal parts of it, at most its steps.
  public let lots: Int64
  /// What taking all of it is paid, millionths of the quote currency.
  public let reward: Int64
  /// Of a lot, ledger units, at least 1.
  public let reserve: Int64
  /// Of a commitment, ledger units, positive.
  public let deposit: Int64
  /// Commitments are taken before the block of this instant publishes its prices.
  public let closesAt: Timestamp
  /// Bids are opened until the block of this instant, which settles.
  public let settlesAt: Timestamp
  /// What winners pay, as it was when the sale began: nobody bids under one rule and pays by
  /// another.
  public let pricing: RightsPricing
  /// Sorted by bidder: in which order they came does not matter.
  public internal(set) var commitments: [RightsCommitment] = []

  public init(
    id: UInt64, account: AccountID, instrument: InstrumentID, side: Side, size: Size,
    lots: Int64, reward: Int64, reserve: Int64, deposit: Int64, closesAt: Timestamp,
    settlesAt: Timestamp, pricing: RightsPricing
  ) {
    self.id = id
    self.account = account
    self.instrument = instrument
    self.side = side
    self.size = size
    self.lots = lots
    self.reward = reward
    self.reserve = reserve
    self.deposit = deposit
    self.closesAt = closesAt
    self.settlesAt = settlesAt
    self.pricing = pricing
  }

  /// What so many lots are paid, rounded down.
  public func reward(for taken: Int64) -> Int64 {
    let part = Int128(reward) * Int128(taken)
    return Int64(clamping: part.divided(by: Int128(max(lots, 1)), rounding: .down))
  }

  /// The steps of lots from one place to another, of so many steps in all.
  public func steps(of places: Range<Int64>, in size: Size) -> Size {
    func before(_ place: Int64) -> Int64 {
      Int64(clamping: Int128(size.steps) * Int128(place) / Int128(max(lots, 1)))
    }
    return Size(steps: before(places.upperBound) - before(places.lowerBound))
  }

  mutating func commit(_ digest: ChainHash, of bidder: AccountID) {
    let place = commitments.firstIndex { $0.bidder >= bidder } ?? commitments.count
    commitments.insert(RightsCommitment(bidder: bidder, digest: digest), at: place)
  }

  mutating func reveal(_ bid: RightsBid, of bidder: AccountID) {
    guard let place = commitments.firstIndex(where: { $0.bidder == bidder }) else { return }
    commitments[place].bid = bid
  }
}

/// What a sale came to.
@frozen
public struct RightsOutcome: Hashable, Sendable {
  /// Of the first lot not served, or the reserve, ledger units of the quote currency: what each lot
  /// is paid at a uniform price, and the most that any is where winners pay what they displaced.
  public let price: Int64
  /// Lots sold.
  public let lots: Int64
  /// Whether it ended before its time, and nobody's deposit is lost.
  public let isWithdrawn: Bool

  @inlinable
  public init(price: Int64, lots: Int64, isWithdrawn: Bool = false) {
    self.price = price
    self.lots = lots
    self.isWithdrawn = isWithdrawn
  }
}
