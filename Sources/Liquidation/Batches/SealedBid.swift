// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Ledger
public import Parameters
public import Quantities

/// What is sold in a sealed-bid batch: the right to take over so many lots of one account.
public struct BatchTerms: Hashable, Sendable {
  /// A batch has a number of its own; commitments are bound to it.
  public let number: UInt64
  /// Whose liquidation it is; it may not bid.
  public let account: AccountID
  /// Equal parts of what is liquidated, 1 to ``Size/limit``.
  public let lots: Int64
  /// The least price of a lot, ledger units, at least 1: nothing is ever sold for nothing.
  public let reserve: Int64
  /// What every commitment locks, ledger units, positive; forfeited unless it is revealed.
  public let deposit: Int64
  /// How much of the proceeds is the account's; the fund has what is more, ledger units.
  public let accountClaim: Int64
  /// Commitments are taken before this instant, and the price update is published at it.
  public let closesAt: Timestamp
  /// Bids are opened from ``closesAt`` until before this instant.
  public let settlesAt: Timestamp
  /// What winners pay.
  public let pricing: RightsPricing

  /// - Throws: ``BatchRefusal/outsideLimits(_:)``.
  public init(
    number: UInt64, account: AccountID, lots: Int64, reserve: Int64, deposit: Int64,
    accountClaim: Int64, closesAt: Timestamp, settlesAt: Timestamp,
    pricing: RightsPricing
  ) throws(BatchRefusal) {
    guard (1...Size.limit).contains(lots) else { throw .outsideLimits(.lots) }
    guard reserve >= 1, reserve <= Amount.limit / lots else { throw .outsideLimits(.reserve) }
    guard deposit >= 1, deposit <= Amount.limit / Int64(Self.mostCommitments) else {
      throw .outsideLimits(.deposit)
    }
    guard (0...Amount.limit).contains(accountClaim) else { throw .outsideLimits(.accountClaim) }
    guard Timestamp.permitted.contains(closesAt), Timestamp.permitted.contains(settlesAt),
      closesAt < settlesAt
    else { throw .outsideLimits(.times) }
    self.number = number
    self.account = account
    self.lots = lots
    self.reserve = reserve
    self.deposit = deposit
    self.accountClaim = accountClaim
    self.closesAt = closesAt
    self.settlesAt = settlesAt
    self.pricing = pricing
  }

  /// The most commitments of a batch; with it, no sum of deposits leaves an ``Amount``.
  public static var mostCommitments: Int { 16_384 }

  /// The highest price of a lot: all lots at it are still an ``Amount``.
  public var highestPrice: Int64 { Amount.limit / lots }
}

/// Which of its numbers a batch or a bid has beyond limits.
public enum BatchField: UInt8, Hashable, Sendable, CaseIterable {
  case lots
  case reserve
  case deposit
  case accountClaim
  case times
  case price
  case salt
}

/// Why a batch takes something not.
public enum BatchRefusal: Error, Hashable, Sendable {
  case outsideLimits(BatchField)
  /// Commitments are closed: the price update may be known.
  case closed
  /// Bids are opened only after commitments are closed.
  case stillSealed
  /// The time in which bids are opened is over.
  case tooLate
  /// The batch settles when the time to open bids is over.
  case notYet
  /// The liquidated account bids for itself.
  case ownAccount(AccountID)
  /// A bidder has one bid in a batch.
  case alreadyCommitted(AccountID)
  case alreadyRevealed(AccountID)
  /// Nobody has committed under this account.
  case notCommitted(AccountID)
  /// The bid is not the one that was committed.
  case otherBid(AccountID)
  case belowReserve(Int64)
  /// The bidder cannot pay for all it asks at its own price.
  case notCovered(AccountID, lacking: Int64)
  case full
}

/// A bid as its bidder knows it, and others only after commitments are closed: so many lots, and
/// for each of them the same.
public struct SealedBid: Hashable, Sendable {
  public let bidder: AccountID
  /// The most it pays for a lot, ledger units.
  public let price: Int64
  public let lots: Int64
  /// 32 bytes that nobody can guess; without them a bid could be found by trying.
  public let salt: [UInt8]

  public init(bidder: AccountID, price: Int64, lots: Int64, salt: [UInt8]) {
    self.bidder = bidder
    self.price = price
    self.lots = lots
    self.salt = salt
  }

  /// SHA-256 over batch, bidder, price, lots and salt.
  ///
  /// Batch and bidder are in it, so that a commitment seen on its way cannot be used by another,
  /// nor again in the next batch.
  public func commitment(to batch: UInt64) -> ChainHash {
    ChainHash.digest(
      domain: "plimsoll.batch.bid",
      parts: [
        littleEndian(batch), littleEndian(UInt64(bidder.number)),
        littleEndian(UInt64(bitPattern: price)), littleEndian(UInt64(bitPattern: lots)), salt,
      ])
  }
}

/// The eight bytes of a number, the lowest first.
func littleEndian(_ number: UInt64) -> [UInt8] {
  (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }
}
