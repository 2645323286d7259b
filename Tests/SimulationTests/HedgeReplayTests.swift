// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Foundation
import Journal
import Ledger
import Margin
import Parameters
import Quantities
import RiskEngine
import Simulation
import Testing

@Suite("A replay with a hedge")
struct HedgeReplayTests {
  private let folder = FileManager.default.temporaryDirectory
    .appending(path: "plimsoll-\(UUID().uuidString)")

  /// Fifty minutes of three venues: level, then down a fifth in ten minutes, then level.
  private func fall() throws -> RecordedMarket {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let start = MarkedVenue.start.nanoseconds / 1_000_000
    for (venue, name) in ["BINANCE", "BITSTAMP", "COINBASE"].enumerated() {
      var text = "ts_ms,open,high,low,close\n"
      for minute in 0..<50 {
        let price = 7_900 - 160 * min(max(minute - 10, 0), 10) + venue
        text += "\(start + Int64(minute) * 60_000),\(price),\(price + 2),\(price - 170),"
        text += "\(price - 160)\n"
      }
      try Data(text.utf8).write(to: folder.appending(path: "BTC-USD.\(name).1m.csv"))
    }
    return try UserMarketReader.load(
      folder: folder.path, window: nil, underlyings: [], badRows: .refuse)
  }

  private func run(
    _ changes: [(key: String, value: String)], journal: JournalTarget = .none
  ) throws -> (ReplayResult, Engine) {
    let file = try MarkedVenue.file.get().set
    let values = try changes.map {
      try ParameterSet.read(key: $0.key, text: $0.value, source: "test")
    }
    let others = file.values.filter { old in !values.contains { $0.key == old.key } }
    let set = try ParameterSet(name: file.name, date: file.date, values: others + values)
    var replay = try Replay(
      ReplayPlan(
        title: "a fall", market: try fall(), parameters: set,
        accounts: .population(count: 60, seed: 3), journal: journal, blocksPerCommit: 7,
        blocksPerSnapshot: 13))
    let result = try replay.run()
    return (result, replay.engine)
  }

  /// The pool takes positions over and reduces them slowly; the fund hedges what it holds.
  private let pool = [
    (key: "waterfall.partial.rank", value: "2"), (key: "waterfall.pool.rank", value: "1"),
    (key: "pool.openingShare", value: "5%"), (key: "pool.eventShare", value: "50%"),
    (key: "pool.unwindShare", value: "2%"),
  ]

  private let hedging = [
    (key: "hedge.capital", value: "100000000"), (key: "hedge.default.threshold", value: "1"),
    (key: "hedge.windowCost", value: "1000000"), (key: "hedge.mostCost", value: "2%"),
    // What is expected of an order of a liquidation is dearer than a hedge may be.
    (key: "liquidation.expectedCost", value: "0.5%"),
  ]

  @Test("its journal recovers from snapshot and events, and verifies from its commands")
  func journal() throws {
    let journal = ScratchJournal()
    let (result, engine) = try run(pool + hedging, journal: .create(journal.path))
    #expect((result.balance?.hedge?.orders ?? 0) > 0)
    let recovered = try recover(JournalReader.open(journal.path), workers: .one)
    #expect(recovered.hash == result.hash && recovered.state == engine.state)
    #expect(recovered.state.hedge == engine.state.hedge && recovered.state.hedge != nil)
    let verified = try verify(JournalReader.open(journal.path), workers: .one) { _, _ in }
    #expect(verified.engine.hash == result.hash && verified.engine.state == engine.state)
  }

  @Test("what a pool takes over is hedged in the book, within capital and costs, and summed up")
  func hedges() throws {
    let plain = try run(pool).0
    let held = try #require(plain.balance?.rows.first, "the pool still holds something")
    #expect(held.poolsDelta == -held.takersDelta && held.hedgeDelta == 0)
    #expect(plain.balance?.hedge == nil)
    let (result, engine) = try run(pool + hedging)
    let balance = try #require(result.balance)
    let hedge = try #require(balance.hedge)
    #expect(result.totals.refusedCommands == 0 && engine.state.brokenAfterBlock() == nil)
    #expect(hedge.orders > 0 && hedge.hedgedValue > 0)
    #expect(hedge.cost > 0 && hedge.cost <= 1_000_000_000_000)
    #expect(hedge.mostDrawn >= hedge.drawn && hedge.mostDrawn <= 100_000_000_000_000)
    let row = try #require(balance.rows.first)
    #expect(row.hedgeDelta != 0 && (row.hedgeDelta > 0) == (row.poolsDelta < 0))
    #expect(row.takersDelta == -(row.poolsDelta + row.hedgeDelta))
    #expect(row.imbalance.magnitude < held.imbalance.magnitude)
    let index = try #require(engine.state.hedge.flatMap { engine.state.index(of: $0.account) })
    let valuation = try #require(engine.valuation)
    #expect(hedge.equity == valuation.risk(engine.state.accounts[index].portfolio).equity)
    #expect(try run(pool + hedging).0.hash == result.hash)
  }

  @Test("without a house there is no balance to sum up, and without a band no hedge")
  func none() throws {
    let (plain, engine) = try run([])
    #expect(plain.balance == nil && engine.state.hedge == nil)
    let (capital, other) = try run([(key: "hedge.capital", value: "1000")])
    #expect(capital.balance == nil && other.state.hedge == nil)
    #expect(capital.totals.liquidatedValue == plain.totals.liquidatedValue)
    // Nobody is of the house: there is nothing to hedge.
    let (idle, third) = try run([
      (key: "hedge.capital", value: "1000"), (key: "hedge.default.threshold", value: "1"),
    ])
    #expect(third.state.hedge?.drawn == 0 && idle.balance?.hedge?.orders == 0)
    #expect(idle.totals.fundPaid == plain.totals.fundPaid)
  }
}
