// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Quantities

/// Which accounts have changed, and how they were before.
///
/// With it a block is checked, and if need be taken back, at the cost of the accounts it has
/// touched and not of all. Now and then, and when everything has changed, all are summed anew: no
/// rule of the ledger rests on this list for long.
struct AccountChanges: Sendable {
  /// Since the block began, each once; those that changed after ``every`` are not here.
  private(set) var earlier: [EarlierAccount] = []
  /// Their dense indices: an account is a large value to read for its index alone.
  private var earlierIndices: [Int] = []
  /// All accounts at the moment before an event that may have changed any of them.
  private(set) var every: [Account]?
  /// Whether accounts are kept as they were: in a block, which may be taken back.
  ///
  /// Otherwise what they were comes out of the sums at once, while it is at hand.
  private var isKeeping = true
  /// By dense index, who is in ``earlierIndices``.
  private var isNoted: [Bool]
  /// The sums over all accounts before those in ``earlier`` changed, or without those noted where
  /// they are not kept; `nil` until all are summed.
  private var totals: AccountTotals?
  /// Changed since the last check, before the present block.
  private var unchecked: [Int] = []
  /// Changed since ``takeStale()`` last; `nil` where any may have.
  private var stale: [Int]?
  /// By dense index, who is in ``stale``.
  private var isStale: [Bool] = []
  /// How many changed accounts are looked at in parts: with fewer a second thread comes too late.
  var fewestInParts = 4_096

  /// Blocks from one pass over all accounts to the next.
  static let blocksPerPass: UInt64 = 64

  init(_ state: LedgerState) {
    isNoted = Array(repeating: false, count: state.accounts.count)
  }

  /// Remembers, before an event is applied, the accounts that it changes; not those of trades and
  /// transfers, which are told by their places.
  mutating func expect(_ event: LedgerEvent, _ state: LedgerState) {
    switch event {
    case .orderPlaced(let id, _), .orderFilled(let id, _, _), .orderRemoved(let id, _, _),
      .profitRealized(let id, _, _), .liquidationStarted(let id, _),
      .liquidationStageEntered(let id, _), .liquidationOrderClosed(let id, _, _),
      .liquidationEnded(let id, _), .protectionSet(let id, _, _), .quoteFilled(let id, _, _),
      .protectionTriggered(let id, _, _), .protectionRenewed(let id, _),
      .marginModeChanged(let id, _), .marginCalled(let id, _, _), .auctionStarted(let id, _),
      .auctionRestarted(let id, _), .auctionPriced(let id, _, _):
      note(id, state)
    case .auctionBidFilled(let fill): note(fill.account, state)
    case .collateralOffered(let sale): note(sale.account, state)
    case .collateralPriced(let id, _, _), .collateralSaleClosed(let id, _, _): note(id, state)
    case .collateralSold(let fill): note(fill.account, state)
    case .positionMoved(let move):
      note(move.from, state)
      note(move.to, state)
    case .liquidationOrderIssued(let order): note(order.account, state)
    case .accountOpened, .subaccountOpened, .poolOpened, .hedgeOpened:
      unchecked.append(state.accounts.count)
    case .instrumentListed: totals = nil
    case .traded, .transferred, .blockStarted, .sampleRejected, .feedUpdated, .marketMarked,
      .instrumentsMarked,
      .collateralMarked, .parametersChanged, .engineRestarted, .stateDigested,
      .liquidationWindowBegun, .poolDeposited, .poolWithdrawalRequested,
      .poolWithdrawalCancelled, .poolWithdrawn, .poolSettled, .deleveragingAllocated,
      .claimsGranted, .fundWindowOpened, .fundDrawdownChanged, .fundReviewed,
      .inUniverse,
      .makerRegistered, .makerReleased, .balanceMarked, .conversionDecided, .hedgeOrdered,
      .hedgeCharged, .hedgeWindowBegun, .depthReported,
      .quoteRequested, .quoteAnswered, .requestClosed, .gasReported, .keeperOffered,
      .offerTaken, .offerClosed, .rightsOffered, .bidCommitted, .bidRevealed, .rightsSettled,
      .relayerRegistered, .relayerReleased, .answerRelayed:
      break
    default: noteEvery(state)
    }
  }

  /// A block begins: what has changed until now cannot be taken back any more.
  mutating func begin(_ state: LedgerState) {
    if every != nil { totals = nil }
    if isKeeping {
      totals?.follow(earlier, in: state)
    } else {
      totals?.include(earlierIndices, of: state)
    }
    unchecked += earlierIndices
    forget()
    isKeeping = true
  }

  /// The first rule of the ledger that is broken at the end of a block.
  ///
  /// - Parameter workers: Look at the accounts in parts; the sums are exact, so nothing depends on
  ///   them.
  mutating func broken(_ state: LedgerState, workers: AccountWorkers = .one) -> Invariant? {
    guard var kept = totals, every == nil, state.block % Self.blocksPerPass != 0 else {
      if let broken = state.brokenAfterBlock() { return broken }
      settle(AccountTotals(state))
      return nil
    }
    // In the order in which the accounts lie in memory: the check is all waiting for them.
    let changed = (unchecked + earlierIndices).sorted()
    let order = EarlierOrder(earlier)
    let isFew = earlier.count < fewestInParts
    let count = isFew ? 1 : Self.parts
    var parts = Array(repeating: Part(totals: AccountTotals(placesOf: state)), count: count)
    parts.withUnsafeMutableBufferPointer { parts in
      let earlier = earlier
      (isFew ? .one : workers).divide(count, into: parts) { range, parts in
        for number in range {
          parts[number].totals.follow(order.part(number, of: count), of: earlier, in: state)
          let (first, end) = (changed.count * number / count, changed.count * (number + 1) / count)
          parts[number].broken = state.broken(among: changed[first..<end])
        }
      }
    }
    for part in parts { kept.add(part.totals) }
    let first = parts.lazy.compactMap(\.broken).first
    if let broken = state.brokenAfterBlock(found: first, kept: kept) { return broken }
    settle(kept)
    return nil
  }

  /// What some of the accounts come to.
  private struct Part: Sendable {
    var totals: AccountTotals
    var broken: Invariant?
  }

  private static let parts = 32

  /// Takes the block back.
  ///
  /// - Parameter rest: The state as it was when the block began, without its accounts.
  mutating func takeBack(_ state: inout LedgerState, to rest: LedgerState) {
    state.takeBack(to: rest, every: every, earlier: earlier)
    stale = nil
    forget()
    isKeeping = false
  }

  /// Who has changed since this was asked last, for whoever follows the accounts, in the order in
  /// which they lie in memory; `nil` where any may have.
  mutating func takeStale() -> [Int]? {
    defer { stale = [] }
    for index in stale ?? [] { isStale[index] = false }
    if stale == nil { isStale.removeAll(keepingCapacity: true) }
    return stale?.sorted()
  }

  /// All is well, and `kept` are the sums.
  private mutating func settle(_ kept: AccountTotals) {
    totals = kept
    unchecked.removeAll(keepingCapacity: true)
    forget()
    isKeeping = false
  }

  private mutating func forget() {
    for index in earlierIndices { isNoted[index] = false }
    earlierIndices.removeAll(keepingCapacity: true)
    earlier.removeAll(keepingCapacity: true)
    every = nil
  }

  /// Remembers that an account changes, and what it was.
  mutating func note(_ id: AccountID, _ state: LedgerState) {
    guard let index = state.index(of: id), !noteAgain(index) else { return }
    note(index, state)
  }

  /// Remembers that an account changes.
  ///
  /// - Returns: Whether that is enough, for what it was need not be remembered.
  mutating func noteAgain(_ index: Int) -> Bool {
    noteStale(index)
    return every != nil || (index < isNoted.count && isNoted[index])
  }

  /// Remembers what an account was.
  ///
  /// - Precondition: ``noteAgain(_:)`` did not suffice.
  mutating func note(_ index: Int, _ state: LedgerState) {
    while isNoted.count <= index { isNoted.append(false) }
    isNoted[index] = true
    earlierIndices.append(index)
    if isKeeping {
      earlier.append(EarlierAccount(index: index, account: state.accounts[index]))
    } else {
      totals?.exclude(index, of: state)
    }
  }

  private mutating func noteStale(_ index: Int) {
    guard stale != nil else { return }
    while isStale.count <= index { isStale.append(false) }
    guard !isStale[index] else { return }
    isStale[index] = true
    stale?.append(index)
  }

  private mutating func noteEvery(_ state: LedgerState) {
    stale = nil
    if every == nil { every = state.accounts }
  }
}
