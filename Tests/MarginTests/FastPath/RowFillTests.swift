// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import NumericalMethods
import Quantities
import Testing

@Suite("Fills in the rows")
struct RowFillTests {
  @Test("leave what a venue built from nothing has", arguments: [1, 2, 3] as [UInt64])
  func incremental(seed: UInt64) throws {
    let books = try RandomBooks()
    let engine = books.engine
    var random = SplitMix64(seed: seed)
    var accounts = VenueFixture.portfolios(books, count: 60, seed: seed + 20)
    var rows = try VenueFixture.rows(accounts, engine)
    let sweep = VenueSweep(engine, SweepTable(engine))
    for round in 0..<1_500 {
      let account = Int.random(in: accounts.indices, using: &random)
      try change(&accounts[account], &rows, account, books, &random)
      if round % 500 == 250 { rows = rows.rebucketed() }
    }
    let expected = try VenueFixture.expected(accounts, engine)
    #expect(VenueFixture.measure(sweep, rows, threads: 2) == expected)
    let rebuilt = try VenueFixture.rows(accounts, engine)
    #expect(VenueFixture.measure(sweep, rebuilt, threads: 1) == expected)
    #expect(VenueFixture.measure(sweep, rows.rebucketed(), threads: 1) == expected)
  }

  // One row, changed and measured, against the engine from nothing: 100,000 changes with
  // PLIMSOLL_FULL=1.
  @Test("leave each account with what a recomputation gives, one change at a time")
  func oneByOne() throws {
    let books = try RandomBooks()
    let engine = books.engine
    var random = SplitMix64(seed: 15)
    var accounts = VenueFixture.portfolios(books, count: 100, seed: 25)
    var rows = try VenueFixture.rows(accounts, engine)
    let sweep = VenueSweep(engine, SweepTable(engine))
    var scratch = SweepScratch(sweep)
    var exact = engine.makeScratch()
    for round in 0..<RandomBooks.count(1_000) {
      let account = Int.random(in: accounts.indices, using: &random)
      try change(&accounts[account], &rows, account, books, &random)
      // Positions do not pile up without end.
      if round % 10_000 == 9_999 {
        accounts = VenueFixture.portfolios(books, count: 100, seed: UInt64(round))
        rows = try VenueFixture.rows(accounts, engine)
      }
      let measured = sweep.requirement(rows.order(of: account), of: rows, &scratch)
      let risk = try engine.risk(of: accounts[account], scratch: &exact)
      let expected = AccountRequirement(
        equity: risk.equity, initialMargin: risk.initialMargin,
        maintenanceMargin: risk.maintenanceMargin)
      #expect(measured == expected, "change \(round)")
    }
  }

  @Test("are refused where a size leaves its field, with nothing changed")
  func refusals() throws {
    let books = try RandomBooks()
    let account = books.world.portfolio(.portfolio, usd: 1_000)
    var rows = try VenueFixture.rows([account], books.engine)
    try rows.fill(0, contract: 0, steps: (1 << 31) - 1, unitValue: 8)
    #expect(throws: MarginError.positionOutOfRange(books.contracts[0].id)) {
      try rows.fill(0, contract: 0, steps: 1, unitValue: 8)
    }
    try rows.credit(0, asset: 0, units: .max)
    #expect(throws: MarginError.malformedBalances) {
      try rows.credit(0, asset: 0, units: .max)
    }
  }

  @Test("count positions toward the most of an account, and coins not")
  func mostPositions() throws {
    var world = try World()
    for _ in 0...RiskScratch.mostPositions { try world.list(.perpetual) }
    let engine = try world.engine()
    let contracts = world.listing.contracts
    let held = contracts.prefix(RiskScratch.mostPositions - 1).map { contract in
      Position(instrument: contract.id, size: Size(steps: 1), cost: 8_000_000)
    }
    let account = world.portfolio(.portfolio, usd: 1, btc: 5, eth: 7, held)
    var rows = try VenueFixture.rows([account], engine)
    let last = RiskScratch.mostPositions - 1
    try rows.fill(0, contract: last, steps: 1, unitValue: 8_000_000)
    #expect(throws: MarginError.positionOutOfRange(contracts[last + 1].id)) {
      try rows.fill(0, contract: last + 1, steps: 1, unitValue: 8_000_000)
    }
    var full = account
    _ = full.take(Size(steps: 1), of: contracts[last].id, unitValue: 8_000_000)
    let sweep = VenueSweep(engine, SweepTable(engine))
    #expect(
      VenueFixture.measure(sweep, rows, threads: 1)
        == (try VenueFixture.expected([full], engine)))
  }

  /// A fill or a payment, on the portfolio and in the rows.
  private func change(
    _ portfolio: inout Portfolio, _ rows: inout AccountRows, _ account: Int,
    _ books: RandomBooks, _ random: inout SplitMix64
  ) throws {
    guard random.next() % 5 > 0 else {
      let asset = Int.random(in: 0..<3, using: &random)
      let units = Int64.random(in: -2_000_000...2_000_000, using: &random)
      portfolio.balances[asset] += units
      return try rows.credit(account, asset: asset, units: units)
    }
    let contract = Int.random(in: books.contracts.indices, using: &random)
    let instrument = books.contracts[contract].id
    let size = portfolio.size(of: instrument).steps
    // Often the whole position closes.
    let steps = size != 0 && random.next() % 2 == 0 ? -size : books.steps(&random)
    let unitValue =
      books.engine.marks[contract].unitValue + Int64.random(in: -3...3, using: &random)
    let profit = portfolio.take(Size(steps: steps), of: instrument, unitValue: unitValue)
    portfolio.balances[settlement(contract, books)] += profit
    try rows.fill(account, contract: contract, steps: steps, unitValue: unitValue)
  }

  private func settlement(_ contract: Int, _ books: RandomBooks) -> Int {
    books.world.listing.index(of: books.contracts[contract].settlementAsset) ?? 0
  }
}
