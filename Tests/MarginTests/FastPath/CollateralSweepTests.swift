// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import NumericalMethods
import Quantities
import Testing

@Suite("The fast path and collateral")
struct CollateralSweepTests {
  private static let terms = [
    ("collateral.default.bridge", "2%"), ("collateral.default.impact", "1"),
    ("collateral.default.dailyVolume", "50000000"), ("collateral.default.volumeStress", "30%"),
    ("collateral.BTC.wrongWay.BTC", "100%"), ("collateral.BTC.accountCap", "40000"),
    ("collateral.USD.impact", "0"),
  ]

  /// The books' market with BTC at another price as collateral.
  private static func marked(_ books: RandomBooks, price: String) throws -> MarketSnapshot {
    MarketSnapshot(
      time: World.start, underlyings: books.world.markets, liquidity: books.world.liquidity,
      collateral: [
        CollateralMark(asset: books.world.btc, price: try Price(price), since: World.start)
      ])
  }

  @Test(
    "equal the engine where collateral has terms of its own, by the engine itself",
    arguments: [terms, terms + RandomBooks.terms])
  func collateralTerms(overrides: [(String, String)]) throws {
    let books = try RandomBooks.withLiquidity(overrides)
    let accounts = VenueFixture.portfolios(books, count: 200, seed: 41)
    let rows = try VenueFixture.rows(accounts, books.engine)
    let sweep = VenueSweep(books.engine, SweepTable(books.engine))
    let isSwept = sweep.canSweep
    #expect(!isSwept)
    let expected = try VenueFixture.expected(accounts, books.engine)
    #expect(VenueFixture.measure(sweep, rows, threads: 2) == expected)
    // The terms are felt.
    let plain = try RandomBooks.withLiquidity([])
    #expect(try VenueFixture.expected(accounts, plain.engine) != expected)
  }

  @Test("equal the engine at a price as collateral below the index", arguments: ["7999", "4000"])
  func collateralMark(price: String) throws {
    let books = try RandomBooks.withLiquidity(RandomBooks.boundedTerms)
    let engine = try books.world.engine(at: Self.marked(books, price: price))
    let accounts = VenueFixture.portfolios(books, count: 200, seed: 42)
    let rows = try VenueFixture.rows(accounts, engine)
    let sweep = VenueSweep(engine, SweepTable(engine))
    let isSwept = sweep.canSweep
    #expect(isSwept)
    let expected = try VenueFixture.expected(accounts, engine)
    #expect(VenueFixture.measure(sweep, rows, threads: 2) == expected)
    #expect(try VenueFixture.expected(accounts, books.engine) != expected)
  }

  @Test("have an expected shortfall of what counts of the collateral")
  func tail() throws {
    let books = try RandomBooks.withLiquidity(Self.terms)
    let engine = books.engine
    let accounts = VenueFixture.portfolios(books, count: 100, seed: 43)
    let rows = try VenueFixture.rows(accounts, engine)
    let tail = try ScenarioTail(
      worst: 4, of: engine.grids[0].scenarios.count, factor: Rate("150%"))
    var scratch = engine.makeScratch()
    let expected = try accounts.map {
      try engine.requirement(of: $0, tail, scratch: &scratch)
    }
    let sweep = VenueSweep(engine, SweepTable(engine), tail: tail)
    #expect(VenueFixture.measure(sweep, rows, threads: 2) == expected)
    // Ten coins of which only five count lose no more than five in the worst scenarios.
    let (five, ten) = (500_000_000 as Int64, 1_000_000_000 as Int64)
    let shortfalls = try [five, ten].map { units in
      try engine.expectedShortfall(
        of: books.world.portfolio(.portfolio, btc: units), tail, scratch: &scratch)
    }
    #expect(shortfalls[0] > 0)
    #expect(shortfalls[0] == shortfalls[1])
  }

  @Test("give no account an interval once an asset has a price as collateral, not even the index")
  func intervals() throws {
    let books = try RandomBooks()
    var engine = books.engine
    var accounts = VenueFixture.portfolios(books, count: 40, seed: 44)
    for index in accounts.indices { accounts[index].balances[0] += 1_000_000_000_000 }
    let rows = try VenueFixture.rows(accounts, engine)
    var table = SweepTable(engine)
    var scratch = SweepScratch(VenueSweep(engine, table))
    var intervals = TriggerIntervals(
      VenueSweep(engine, table), of: rows, &scratch, reach: TriggerReach(), mostWoken: 1_000)
    #expect((0..<rows.count).contains { !intervals.isRestless($0) })
    #expect(intervals.wake(at: engine) != .everyone(isOutOfReach: true))
    for price in ["8000", "7000"] {
      try engine.advance(to: Self.marked(books, price: price))
      table.rebuild(engine)
      #expect(intervals.wake(at: engine) == .everyone(isOutOfReach: true))
    }
    intervals.rebuild(VenueSweep(engine, table), of: rows, &scratch)
    #expect((0..<rows.count).allSatisfy { intervals.isRestless($0) })
  }
}
