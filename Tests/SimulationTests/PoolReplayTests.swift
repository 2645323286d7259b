// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Foundation
import Instruments
import Ledger
import Margin
import Parameters
import Quantities
import RiskEngine
import Testing

@testable import Simulation

@Suite("A replay with a backstop pool")
struct PoolReplayTests {
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

  private func run(_ changes: [(key: String, value: String)]) throws -> (ReplayResult, Engine) {
    let file = try MarkedVenue.file.get().set
    let values = try changes.map {
      try ParameterSet.read(key: $0.key, text: $0.value, source: "test")
    }
    let others = file.values.filter { old in !values.contains { $0.key == old.key } }
    let set = try ParameterSet(name: file.name, date: file.date, values: others + values)
    var replay = try Replay(
      ReplayPlan(
        title: "a fall", market: try fall(), parameters: set,
        accounts: .population(count: 60, seed: 3)))
    let result = try replay.run()
    return (result, replay.engine)
  }

  private let funded = [
    (key: "waterfall.partial.rank", value: "2"), (key: "waterfall.pool.rank", value: "1"),
    (key: "pool.openingShare", value: "5%"), (key: "pool.eventShare", value: "50%"),
  ]

  @Test("the pool takes positions over, reduces them, and every rule holds")
  func takes() throws {
    let (result, engine) = try run(funded)
    let totals = result.totals
    #expect(totals.poolAtStart > 0 && totals.liquidations > 0 && totals.poolTakenValue > 0)
    #expect(totals.refusedCommands == 0)
    #expect(engine.state.brokenAfterBlock() == nil)
    let pool = try #require(engine.state.pools.first)
    let index = try #require(engine.state.index(of: pool.id))
    let valuation = try #require(engine.valuation)
    let equity = valuation.risk(engine.state.accounts[index].portfolio).equity
    // Nobody deposits or withdraws in a replay: what is there beyond the start was gained.
    #expect(totals.poolProfit == equity + pool.reserve - totals.poolAtStart)
    #expect(try run(funded).0.hash == result.hash)
  }

  @Test("its history says what each tranche gained, and what a share of it was worth")
  func history() throws {
    let (result, engine) = try run(
      funded + [
        (key: "pool.openingJuniorShare", value: "20%"), (key: "pool.juniorShare", value: "60%"),
      ])
    let pool = try #require(engine.state.pools.first)
    let told = try #require(result.pools.pools.first)
    #expect(result.pools.pools.count == 1 && told.id == pool.id && told.markets == pool.markets)
    #expect(told.tranches.map(\.tranche) == [.senior, .junior])
    let deposits = told.tranches.map(\.deposited)
    #expect(deposits.reduce(0, +) == result.totals.poolAtStart)
    #expect(deposits[1] == result.totals.poolAtStart / 5)
    #expect(told.takenValue == result.totals.poolTakenValue)
    #expect(told.tranches.reduce(0) { $0 + $1.result } == result.totals.poolProfit)
    #expect(told.tranches[1].result != 0)
    for tranche in told.tranches {
      #expect(tranche.prices.count == result.points.count && tranche.prices.first == .one)
      // One depositor, from the beginning: the price is what the whole has become.
      let last = try #require(tranche.lastPrice)
      let worth = Int128(tranche.deposited) + Int128(tranche.result)
      let exact = worth * 1_000_000_000 / Int128(tranche.deposited)
      #expect((exact - 2...exact + 2).contains(Int128(last.billionths)))
      #expect(try #require(tranche.lowestPrice) <= last)
    }
    let held = try #require(engine.state.index(of: pool.id).map { engine.state.accounts[$0] })
    #expect((told.heldValue > 0) == !held.portfolio.positions.isEmpty)
  }

  @Test("without a part for it the junior tranche is not there, and nothing is as it was not")
  func seniorOnly() throws {
    let (result, engine) = try run(funded)
    #expect(result.pools.pools.first?.tranches.map(\.tranche) == [.senior])
    #expect(engine.state.pools.first?.junior.total == 0)
    let junior = try run(funded + [(key: "pool.openingJuniorShare", value: "100%")]).0
    #expect(junior.pools.pools.first?.tranches.map(\.tranche) == [.junior])
    #expect(try run([]).0.pools.pools.isEmpty)
  }

  @Test("without the stage, or without a share, there is no pool and nothing else changes")
  func none() throws {
    let plain = try run([]).0
    #expect(plain.totals.poolAtStart == 0 && plain.totals.poolTakenValue == 0)
    let unranked = try run([(key: "pool.openingShare", value: "5%")])
    #expect(unranked.1.state.pools.isEmpty)
    #expect(unranked.0.totals.liquidatedValue == plain.totals.liquidatedValue)
    let empty = try run([(key: "waterfall.pool.rank", value: "9")])
    #expect(empty.1.state.pools.isEmpty)
    #expect(empty.0.totals.fundPaid == plain.totals.fundPaid)
  }
}
