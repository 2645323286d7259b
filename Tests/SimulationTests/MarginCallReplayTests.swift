// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Quantities
import RiskEngine
import Testing

@testable import Simulation

@Suite("Margin calls of a replay")
struct MarginCallReplayTests {
  private func call(_ id: UInt32, _ step: MarginCall, at second: Int64) -> LedgerEvent {
    .marginCalled(AccountID(id), step, cause(second))
  }

  private func cause(_ second: Int64) -> LiquidationCause {
    LiquidationCause(equity: 1, maintenanceMargin: 2, time: Timestamp(seconds: second))
  }

  private func row(_ watch: MarginCallWatch, _ step: MarginCall) throws -> [Int] {
    let row = try #require(watch.summary.rows.first { $0.step == step })
    return [row.calls, row.accounts, row.liquidated, row.recovered, row.standing]
  }

  // One recovers, one is liquidated from the second step, one stands on the last.
  @Test("an account counts at every step to its furthest, and once by what became of it")
  func counts() throws {
    var watch = MarginCallWatch()
    let events = [
      call(1, .warning, at: 1), call(2, .reduceOnly, at: 1), call(3, .warning, at: 2),
      call(1, .none, at: 3), call(3, .cancelOrders, at: 3),
      .orderRemoved(AccountID(3), OrderID(7), .marginCall),
      .orderRemoved(AccountID(3), OrderID(8), .cancelled),
      .liquidationStarted(AccountID(2), cause(4)),
    ]
    for event in events { watch.take(event) }
    #expect(try row(watch, .warning) == [2, 3, 1, 1, 1])
    #expect(try row(watch, .reduceOnly) == [1, 2, 1, 0, 1])
    #expect(try row(watch, .cancelOrders) == [1, 1, 0, 0, 1])
    let summary = watch.summary
    #expect(summary.ordersCancelled == 1 && summary.liquidations == 1)
    #expect(summary.withoutNotice == 0, "called three seconds before")
    watch.record()
    watch.take(.liquidationEnded(AccountID(2), .restored))
    watch.record()
    #expect(watch.history.points == [[0, 0, 1], [0, 1, 1]], "whoever is in liquidation is not")
  }

  @Test("a later step than the one of a liquidation is not one that led to it")
  func later() throws {
    var watch = MarginCallWatch()
    for event in [
      call(1, .warning, at: 1), .liquidationStarted(AccountID(1), cause(2)),
      .liquidationEnded(AccountID(1), .restored), call(1, .cancelOrders, at: 3),
      call(1, .warning, at: 4), call(1, .none, at: 5),
    ] { watch.take(event) }
    #expect(try row(watch, .warning) == [1, 1, 1, 0, 0])
    #expect(try row(watch, .cancelOrders) == [1, 1, 0, 1, 0])
    // Coming down the ladder is no call.
    #expect(try row(watch, .reduceOnly) == [0, 1, 0, 1, 0])
  }

  @Test("notice is a call in an earlier block that still holds")
  func notice() {
    var watch = MarginCallWatch()
    // Never called; called in the same block; called and released; called before.
    for event in [
      .liquidationStarted(AccountID(1), cause(5)),
      call(2, .cancelOrders, at: 5), .liquidationStarted(AccountID(2), cause(5)),
      call(3, .warning, at: 3), call(3, .none, at: 4),
      .liquidationStarted(AccountID(3), cause(5)),
    ] { watch.take(event) }
    #expect(watch.summary.withoutNotice == 3 && watch.calledAt(AccountID(1)) == nil)
    watch.take(call(4, .warning, at: 4))
    watch.take(call(4, .reduceOnly, at: 5))
    watch.take(.liquidationStarted(AccountID(4), cause(5)))
    #expect(watch.summary.withoutNotice == 3 && watch.summary.liquidations == 4)
    #expect(watch.calledAt(AccountID(4)) == Timestamp(seconds: 4))
  }

  private static let lines = [
    (key: "marginCall.warning", value: "1.5"), (key: "marginCall.reduceOnly", value: "1.25"),
    (key: "marginCall.cancelOrders", value: "1.1"), (key: "marginCall.release", value: "0.05"),
  ]

  /// What a journal says of one account.
  private struct Told {
    var calls: [(step: MarginCall, time: Timestamp)] = []
    /// Its liquidations: the furthest step it had been on, and whether a call of an earlier instant
    /// held.
    var starts: [(furthest: MarginCall, isNoticed: Bool)] = []

    var furthest: MarginCall { calls.map(\.step).max() ?? .none }

    mutating func start(_ time: Timestamp) {
      let standing = calls.reversed().prefix { $0.step != .none }
      starts.append((furthest, standing.last.map { $0.time < time } ?? false))
    }

    /// How often it came to a step from one before it.
    func descents(to step: MarginCall) -> Int {
      let befores = [MarginCall.none] + calls.map(\.step)
      return zip(befores, calls).count { $1.step == step && $0 < step }
    }
  }

  @Test("what a replay says agrees with its journal, and with the state at its end")
  func replay() throws {
    let journal = ScratchJournal()
    let (result, engine) = try FallingMarket.run(
      FallingMarket.plan(Self.lines, journal: .create(journal.path)))
    let summary = try #require(result.marginCalls)
    var told: [AccountID: Told] = [:]
    var cancelled = 0
    try journal.forEachCommand { _, events, _ in
      for event in events {
        switch event {
        case .orderRemoved(_, _, .marginCall): cancelled += 1
        case .marginCalled(let id, let step, let cause):
          told[id, default: Told()].calls.append((step, cause.time))
        case .liquidationStarted(let id, let cause): told[id, default: Told()].start(cause.time)
        default: break
        }
      }
    }
    #expect(summary.ordersCancelled == cancelled)
    for row in summary.rows {
      let called = told.values.filter { $0.furthest >= row.step }
      let liquidated = called.count { $0.starts.contains { $0.furthest >= row.step } }
      let recovered = called.count { told in
        told.calls.last?.step == MarginCall.none
          && !told.starts.contains { $0.furthest >= row.step }
      }
      #expect(row.calls == told.values.reduce(0) { $0 + $1.descents(to: row.step) })
      #expect(row.accounts == called.count && row.liquidated == liquidated)
      #expect(row.recovered == recovered)
      #expect(row.standing == called.count - liquidated - recovered)
    }
    #expect(summary.rows[0].liquidated > 0 && summary.rows[0].calls > 0)
    #expect(summary.liquidations == result.totals.liquidations)
    let starts = told.values.flatMap(\.starts)
    #expect(summary.liquidations == starts.count)
    #expect(summary.withoutNotice == starts.count { !$0.isNoticed })
    #expect(summary.withoutNotice < summary.liquidations)
    let points = result.marginCallHistory.points
    #expect(points.count == result.points.count)
    let standing = MarginCallSummary.steps.map { step in
      engine.state.accounts.count { $0.marginCall == step && $0.liquidation == nil }
    }
    #expect(points.last == standing)
    #expect(result.largest.contains { ($0.calledAt ?? $0.cause.time) < $0.cause.time })
  }

  @Test("without a line there is nothing of it, and a warning alone changes no other decision")
  func none() throws {
    var decided: [(commands: [Command], events: [LedgerEvent])] = []
    var calls = 0
    for lines in [[], [Self.lines[0]]] {
      let journal = ScratchJournal()
      let (result, _) = try FallingMarket.run(
        FallingMarket.plan(lines, journal: .create(journal.path)))
      if lines.isEmpty {
        #expect(result.marginCalls == nil && result.marginCallHistory.points.isEmpty)
        #expect(result.largest.allSatisfy { $0.calledAt == nil })
      }
      var (commands, others): ([Command], [LedgerEvent]) = ([], [])
      try journal.forEachCommand { command, events, _ in
        // The parameters are said there.
        if case .openVenue = command { return }
        commands.append(command)
        for event in events {
          if case .marginCalled = event { calls += 1 } else { others.append(event) }
        }
      }
      if lines.isEmpty { #expect(calls == 0) }
      decided.append((commands, others))
    }
    #expect(calls > 0)
    #expect(decided[0].commands == decided[1].commands)
    #expect(decided[0].events == decided[1].events)
  }
}
