// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Quantities
import Synchronization
import Testing

@testable import Ledger
@testable import RiskEngine

@Suite("Accounts that changed in a block, looked at in parts")
struct AccountChangesTests {
  /// How many parts were asked for, each time.
  private final class Calls: Sendable {
    let counts = Mutex<[Int]>([])
  }

  /// Ranges of unlike length, the last of them first.
  private static func workers(_ calls: Calls) -> AccountWorkers {
    AccountWorkers { count, places, work in
      calls.counts.withLock { $0.append(count) }
      for range in [count / 2..<count, 1..<count / 2, 0..<1] { work(range, places) }
    }
  }

  /// Forty accounts and the maker.
  private static let opened = Result {
    var venue = try Venue.marked()
    for id: UInt32 in 1...40 { try venue.open(id, .cross, usd: "100") }
    return venue.engine.state
  }

  /// A block in which each of the forty has paid a unit to the fund, the last of them first.
  private struct Block {
    var state: LedgerState
    var changes: AccountChanges
    let calls = Calls()

    init(fewestInParts: Int) throws {
      state = try opened.get()
      changes = AccountChanges(state)
      changes.fewestInParts = fewestInParts
      try #require(state.block % AccountChanges.blocksPerPass != 0, "no pass over all")
      try #require(changes.broken(state) == nil, "the sums are there")
      try pay((1...40).reversed())
    }

    mutating func pay(_ ids: [UInt32]) throws {
      changes.begin(state)
      for id in ids {
        changes.note(AccountID(id), state)
        state.apply(
          .transferred(
            Transfer(
              from: .account(AccountID(id)), to: .insuranceFund,
              amount: try Amount("0.000001", of: Coins.usd), reason: .liquidationPenalty)))
      }
    }

    mutating func take(_ event: LedgerEvent) {
      changes.expect(event, state)
      state.apply(event)
    }

    /// An order of an account that holds nothing.
    mutating func order(from id: UInt32) {
      let cause = LiquidationCause(equity: 1, maintenanceMargin: 2, time: state.time)
      take(.liquidationStarted(AccountID(id), cause))
      take(
        .liquidationOrderIssued(
          LiquidationOrder(
            id: OrderID(1), account: AccountID(id), instrument: Contracts.btcPerpetual,
            side: .sell, size: Size(steps: 1), limit: Price(steps: 1), stage: .partial,
            expiresAt: state.time)))
    }

    mutating func broken() -> Invariant? { changes.broken(state, workers: workers(calls)) }
  }

  @Test("are divided from so many on, and not below", arguments: [(39, 1), (40, 1), (41, 0)])
  func threshold(fewest: Int, divisions: Int) throws {
    var block = try Block(fewestInParts: fewest)
    #expect(block.changes.earlier.count == 40)
    #expect(block.broken() == nil)
    #expect(block.calls.counts.withLock { $0 } == Array(repeating: 32, count: divisions))
    // What the parts came to is kept: the next blocks go on from it.
    try block.pay([7])
    #expect(block.broken() == nil)
    try block.pay(Array(1...40))
    #expect(block.broken() == nil)
    #expect(block.calls.counts.withLock { $0.count } == 2 * divisions)
  }

  @Test("are found broken in the last part and in the first", arguments: [1, 40, .max])
  func found(fewest: Int) throws {
    let breaks: [(Invariant, (inout Block) -> Void)] = [
      (.accountsAreOrdered, { $0.state.accounts[40].portfolio.balances.append(0) }),
      (.accountsAreOrdered, { $0.state.accounts[1].portfolio.balances.append(0) }),
      (.runningTotalsAreTrue, { $0.state.accounts[40].portfolio.balances[0] += 1 }),
      (.runningTotalsAreTrue, { $0.state.accounts[1].portfolio.balances[0] += 1 }),
      (.liquidationsAreConsistent, { $0.order(from: 40) }),
      (.liquidationsAreConsistent, { $0.order(from: 1) }),
      // Of two the one whose account comes first.
      (
        .liquidationsAreConsistent,
        {
          $0.order(from: 1)
          $0.state.accounts[40].portfolio.balances.append(0)
        }
      ),
      (
        .accountsAreOrdered,
        {
          $0.state.accounts[1].portfolio.balances.append(0)
          $0.order(from: 40)
        }
      ),
    ]
    for (place, (invariant, corrupt)) in breaks.enumerated() {
      var block = try Block(fewestInParts: fewest)
      corrupt(&block)
      #expect(block.broken() == invariant, "corruption \(place)")
      #expect(block.calls.counts.withLock { $0.isEmpty } == (fewest == .max))
    }
  }

  @Test("are looked at where they changed before the block, too")
  func unchecked() throws {
    var block = try Block(fewestInParts: 40)
    block.state.accounts[40].portfolio.balances.append(0)
    try block.pay(Array(1...39))
    #expect(block.changes.earlier.count == 39)
    block.changes.fewestInParts = 39
    #expect(block.broken() == .accountsAreOrdered)
    #expect(block.calls.counts.withLock { $0 } == [32])
  }
}
