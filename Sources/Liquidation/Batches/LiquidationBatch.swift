// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Ledger
public import Quantities

/// A sealed-bid batch for the rights to one liquidation: commit, reveal, settle.
///
/// A value without a clock: every step says its time, refuses what comes too early or too late,
/// and leaves no trace of what it refuses. Who pays and who is paid is in ``settled(at:)``; no
/// money moves here.
public struct LiquidationBatch: Hashable, Sendable {
  public let terms: BatchTerms
  /// Sorted by bidder: in which order they came is not kept, for it must not matter.
  public private(set) var commitments: [Commitment] = []

  /// What everybody sees of a bid before it is opened.
  public struct Commitment: Hashable, Sendable {
    public let bidder: AccountID
    public let digest: ChainHash
    /// The bid, once it is opened.
    public fileprivate(set) var bid: SealedBid?
  }

  public init(_ terms: BatchTerms) { self.terms = terms }

  /// Takes a commitment; the deposit is locked with it.
  ///
  /// - Parameter available: What the bidder may lock, ledger units.
  /// - Throws: ``BatchRefusal/closed``, ``BatchRefusal/ownAccount(_:)``,
  ///   ``BatchRefusal/notCovered(_:lacking:)``, ``BatchRefusal/alreadyCommitted(_:)`` or
  ///   ``BatchRefusal/full``.
  public mutating func commit(
    _ digest: ChainHash, of bidder: AccountID, available: Int64, at time: Timestamp
  ) throws(BatchRefusal) {
    guard time < terms.closesAt else { throw .closed }
    guard bidder != terms.account else { throw .ownAccount(bidder) }
    guard available >= terms.deposit else {
      throw .notCovered(bidder, lacking: terms.deposit - max(available, 0))
    }
    let place = place(of: bidder)
    if place < commitments.count, commitments[place].bidder == bidder {
      throw .alreadyCommitted(bidder)
    }
    guard commitments.count < BatchTerms.mostCommitments else { throw .full }
    commitments.insert(Commitment(bidder: bidder, digest: digest), at: place)
  }

  /// Opens a bid.
  ///
  /// - Parameter available: What the bidder can pay, its deposit included, ledger units; it must
  ///   cover every lot at the bid's own price.
  /// - Throws: ``BatchRefusal``; the deposit of a bid that is not opened in time is forfeited.
  public mutating func reveal(
    _ bid: SealedBid, available: Int64, at time: Timestamp
  ) throws(BatchRefusal) {
    guard time >= terms.closesAt else { throw .stillSealed }
    guard time < terms.settlesAt else { throw .tooLate }
    let place = place(of: bid.bidder)
    guard place < commitments.count, commitments[place].bidder == bid.bidder else {
      throw .notCommitted(bid.bidder)
    }
    guard commitments[place].bid == nil else { throw .alreadyRevealed(bid.bidder) }
    guard bid.salt.count == 32 else { throw .outsideLimits(.salt) }
    guard bid.commitment(to: terms.number) == commitments[place].digest else {
      throw .otherBid(bid.bidder)
    }
    guard bid.price >= terms.reserve else { throw .belowReserve(terms.reserve) }
    guard bid.price <= terms.highestPrice else { throw .outsideLimits(.price) }
    guard (1...terms.lots).contains(bid.lots) else { throw .outsideLimits(.lots) }
    let most = bid.price * bid.lots
    guard available >= most else {
      throw .notCovered(bid.bidder, lacking: most - max(available, 0))
    }
    commitments[place].bid = bid
  }

  /// What the batch comes to; a function of what was committed and opened, in any order.
  ///
  /// - Throws: ``BatchRefusal/notYet``.
  public func settled(at time: Timestamp) throws(BatchRefusal) -> BatchSettlement {
    guard time >= terms.settlesAt else { throw .notYet }
    return BatchSettlement(of: self)
  }

  /// Where a bidder's commitment is, or would be.
  private func place(of bidder: AccountID) -> Int {
    var (low, high) = (0, commitments.count)
    while low < high {
      let middle = (low + high) / 2
      if commitments[middle].bidder < bidder { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
