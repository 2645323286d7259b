// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Kernels
import Margin
import MarketData
import NumericalMethods
import Quantities
import Testing

@Suite("Expected shortfall in the sweep")
struct ScenarioTailTests {
  @Test(
    "equals plain loops over the table in every variant, and so does what it requires",
    arguments: [[], RandomBooks.terms], ["0", "120%", "200%"])
  func equality(overrides: [(String, String)], factor: String) throws {
    let books = try RandomBooks.withLiquidity(overrides)
    let engine = books.engine
    let accounts = VenueFixture.portfolios(books, count: 160, seed: 31)
    let rows = try VenueFixture.rows(accounts, engine)
    let scenarios = engine.grids[0].scenarios.count
    let weights = (0..<scenarios).map { Int64($0 % 5) * 3 }
    let tails = [
      try ScenarioTail(worst: 1, of: scenarios, factor: Rate(factor)),
      try ScenarioTail(worst: 4, of: scenarios, factor: Rate(factor)),
      try ScenarioTail(worst: scenarios, of: scenarios, factor: Rate(factor)),
      try ScenarioTail(weights: weights, tail: 25, factor: Rate(factor)),
    ]
    for tail in tails {
      var scratch = engine.makeScratch()
      let expected = try accounts.map {
        try engine.requirement(of: $0, tail, scratch: &scratch)
      }
      let shortfalls = try accounts.map { portfolio in
        portfolio.mode == .portfolio
          ? try engine.expectedShortfall(of: portfolio, tail, scratch: &scratch) : 0
      }
      let sweep = VenueSweep(engine, SweepTable(engine), tail: tail)
      withEachVariant { variant in
        #expect(VenueFixture.measure(sweep, rows, threads: 2) == expected, "\(variant)")
        #expect(Self.shortfalls(sweep, rows) == shortfalls, "\(variant)")
      }
    }
  }

  @Test("is the mean of the worst cells of a single position, rounded up")
  func workedMean() throws {
    let books = try RandomBooks()
    let engine = books.engine
    let scenarios = engine.grids[0].scenarios.count
    let position = Position(
      instrument: books.contracts[0].id, size: Size(steps: 7), cost: 0)
    let account = books.world.portfolio(.portfolio, usd: 1_000_000, [position])
    let losses = (0..<scenarios).map { -7 * Int64(engine.table.cell(contract: 0, scenario: $0)) }
      .sorted(by: >)
    // 8,000 less 0.4 % of basis is 7.968 USD a step, which falls by the range of 16 % whatever
    // volatility does: 7 × 7.968 × 0.16 three times over.
    #expect(losses.prefix(3) == [8_924_160, 8_924_160, 8_924_160])
    let rows = try VenueFixture.rows([account], engine)
    for count in 1...scenarios {
      let tail = try ScenarioTail(worst: count, of: scenarios)
      let sum = losses.prefix(count).reduce(0, +)
      let mean = sum > 0 ? (sum + Int64(count) - 1) / Int64(count) : 0
      #expect(Self.shortfalls(VenueSweep(engine, SweepTable(engine), tail: tail), rows) == [mean])
    }
    // Half of the third worst: (a + b + c ÷ 2) ÷ 2.5, in halves.
    let halves = try ScenarioTail(
      weights: Array(repeating: 2, count: scenarios), tail: 5)
    let sum = 2 * losses[0] + 2 * losses[1] + losses[2]
    #expect(
      Self.shortfalls(VenueSweep(engine, SweepTable(engine), tail: halves), rows)
        == [(sum + 4) / 5])
  }

  @Test("leaves the requirement alone without a factor, and never binds with one")
  func neutral() throws {
    let books = try RandomBooks.withTerms()
    let accounts = VenueFixture.portfolios(books, count: 200, seed: 32)
    let rows = try VenueFixture.rows(accounts, books.engine)
    let plain = try VenueFixture.expected(accounts, books.engine)
    let scenarios = books.engine.grids[0].scenarios.count
    for factor in ["0", "100%"] {
      let tail = try ScenarioTail(worst: 3, of: scenarios, factor: Rate(factor))
      let sweep = VenueSweep(books.engine, SweepTable(books.engine), tail: tail)
      #expect(VenueFixture.measure(sweep, rows, threads: 1) == plain)
    }
    let twice = try ScenarioTail(worst: 3, of: scenarios, factor: Rate("200%"))
    let sweep = VenueSweep(books.engine, SweepTable(books.engine), tail: twice)
    #expect(VenueFixture.measure(sweep, rows, threads: 1) != plain)
  }

  @Test("refuses weights and tails that make no mean")
  func refusals() throws {
    let largest = ScenarioTail.largestWeight
    _ = try ScenarioTail(weights: [largest, 0], tail: largest)
    #expect(throws: MarginError.malformedScenario(1)) {
      try ScenarioTail(weights: [1, -1], tail: 1)
    }
    #expect(throws: MarginError.malformedScenario(0)) {
      try ScenarioTail(weights: [largest + 1], tail: 1)
    }
    for tail: Int64 in [0, 4] {
      #expect(throws: MarginError.malformedScenario(2)) {
        try ScenarioTail(weights: [1, 2], tail: tail)
      }
    }
    _ = try ScenarioTail(weights: [1, 2], tail: 3, factor: Rate("200%"))
    for factor in ["-0.1%", "200.1%"] {
      #expect(throws: MarginError.malformedScenario(2)) {
        try ScenarioTail(weights: [1, 2], tail: 1, factor: Rate(factor))
      }
    }
    let most = ScenarioGrid.mostScenarios
    #expect(throws: MarginError.tooManyScenarios(most + 1)) {
      try ScenarioTail(worst: 1, of: most + 1)
    }
  }

  private static func shortfalls(_ sweep: VenueSweep, _ rows: AccountRows) -> [Int64] {
    var scratch = SweepScratch(sweep)
    var ordered = [Int64](repeating: -1, count: rows.count)
    ordered.withUnsafeMutableBufferPointer { shortfalls in
      sweep.shortfalls(0..<rows.count, of: rows, &scratch, into: shortfalls)
    }
    return (0..<rows.count).map { ordered[rows.order(of: $0)] }
  }
}
