// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Kernels
import Margin
import MarketData
import NumericalMethods
import Quantities
import Testing
import Volatility

@Suite("The venue's sweep")
struct VenueSweepTests {
  @Test(
    "equals the engine to the last unit for every mode, in every variant",
    arguments: [
      [], [("margin.scan.stepsPerSide", "1")], [("margin.scan.stepsPerSide", "7")],
      [("margin.shortOptionMinimum", "20%")],
      [("margin.collateral.USD.haircut", "3%"), ("margin.scan.volatilityFollowsSpot", "true")],
    ])
  func equality(overrides: [(String, String)]) throws {
    let books = try RandomBooks(overrides: overrides)
    let accounts = VenueFixture.portfolios(books, count: 400, seed: 3)
    let expected = try VenueFixture.expected(accounts, books.engine)
    let rows = try VenueFixture.rows(accounts, books.engine)
    let sweep = VenueSweep(books.engine, SweepTable(books.engine))
    let isSwept = sweep.canSweep
    #expect(isSwept)
    withEachVariant { variant in
      for threads in [1, 2, 5] {
        let measured = VenueFixture.measure(sweep, rows, threads: threads)
        #expect(measured == expected, "\(variant), \(threads) ranges")
      }
    }
  }

  @Test(
    "equals the engine with every further term, alone and together, in every variant",
    arguments: [
      [("margin.tierShare", "50%")],
      [
        ("margin.netting.BTC.correlation", "100%"), ("margin.netting.BTC.offsetCap", "50%"),
        ("margin.netting.ETH.correlation", "90%"), ("margin.netting.ETH.offsetCap", "50%"),
      ],
      [
        ("margin.netting.default.correlation", "30%"),
        ("margin.netting.default.offsetCap", "100%"),
      ],
      [("margin.basis.default.rate", "2.25%"), ("margin.basis.default.ratePerYear", "18%")],
      [("margin.tierShare", "100%"), ("margin.tiers.BTC.initialPerUnit", "0.01%")],
      RandomBooks.terms,
      RandomBooks.terms + [("margin.scan.stepsPerSide", "7"), ("margin.tierShare", "100%")],
      RandomBooks.terms + [
        ("margin.netting.default.offsetCap", "100%"), ("margin.scan.BTC.range", "5%"),
      ],
    ])
  func furtherTerms(overrides: [(String, String)]) throws {
    let books = try RandomBooks.withLiquidity(overrides)
    let accounts = VenueFixture.portfolios(books, count: RandomBooks.count(600), seed: 8)
    let expected = try VenueFixture.expected(accounts, books.engine)
    let rows = try VenueFixture.rows(accounts, books.engine)
    let sweep = VenueSweep(books.engine, SweepTable(books.engine))
    let isSwept = sweep.canSweep
    #expect(isSwept)
    withEachVariant { variant in
      let measured = VenueFixture.measure(sweep, rows, threads: 2)
      #expect(measured == expected, "\(variant)")
    }
  }

  @Test("nets as many underlyings as an account may have, in every variant", arguments: [1, 2])
  func manyUnderlyings(seed: UInt64) throws {
    var world = try RandomBooks(overrides: RandomBooks.terms).world
    for number in 0..<24 {
      let name = "X\(number)"
      try world.list(.perpetual, on: name, step: "0.1")
      world.markets.append(
        UnderlyingMarket(
          underlying: try AssetSymbol(name), index: try Price("17.25"), basis: try Rate("0.01%"),
          volatility: try Rate("90%")))
    }
    let books = try RandomBooks(world)
    var random = SplitMix64(seed: seed)
    let accounts = (0..<200).map { number in
      let count = number % 40
      let held = books.contracts.indices.shuffled(using: &random).prefix(count).sorted()
      // Alike in size, so that no single one decides.
      return books.world.portfolio(
        .portfolio, usd: 1_000_000, btc: Int64(number % 3) * 10_000,
        held.map { index in
          let steps: Int64 = index < books.contracts.count - 24 ? 60 : 300
          return books.position(
            index, steps: random.next() % 3 == 0 ? steps : -steps, &random)
        })
    }
    let expected = try VenueFixture.expected(accounts, books.engine)
    let rows = try VenueFixture.rows(accounts, books.engine)
    let sweep = VenueSweep(books.engine, SweepTable(books.engine))
    let isSwept = sweep.canSweep
    #expect(isSwept)
    withEachVariant { variant in
      #expect(VenueFixture.measure(sweep, rows, threads: 2) == expected, "\(variant)")
    }
  }

  @Test("leaves underlyings that net in groups to the engine")
  func groups() throws {
    var world = try RandomBooks(overrides: RandomBooks.terms).world
    // A range of nothing moves by other signs: its underlying nets with none.
    world.grids = [
      try ScenarioGrid(scenarios: [Scenario(spotShift: -0.1, volatility: .unchanged)]),
      try ScenarioGrid(scenarios: [Scenario(spotShift: 0.1, volatility: .unchanged)]),
    ]
    let books = try RandomBooks(world)
    let accounts = VenueFixture.portfolios(books, count: 100, seed: 8)
    let sweep = VenueSweep(books.engine, SweepTable(books.engine))
    let isSwept = sweep.canSweep
    #expect(!isSwept)
    let measured = VenueFixture.measure(
      sweep, try VenueFixture.rows(accounts, books.engine), threads: 2)
    #expect(measured == (try VenueFixture.expected(accounts, books.engine)))
  }

  @Test("gives an account the same whoever its neighbors are")
  func order() throws {
    let books = try RandomBooks()
    let accounts = VenueFixture.portfolios(books, count: 300, seed: 4)
    let sweep = VenueSweep(books.engine, SweepTable(books.engine))
    let forward = VenueFixture.measure(
      sweep, try VenueFixture.rows(accounts, books.engine), threads: 1)
    let backward = VenueFixture.measure(
      sweep, try VenueFixture.rows(accounts.reversed(), books.engine), threads: 3)
    #expect(forward == backward.reversed())
  }

  @Test("measures accounts with open orders by their portfolios, through fills and payments")
  func orders() throws {
    let books = try RandomBooks()
    var accounts = VenueFixture.portfolios(books, count: 40, seed: 12)
    for account in accounts.indices where account % 2 == 0 {
      let contract = account % books.contracts.count
      accounts[account].orders = [
        RestingOrder(
          id: OrderID(1), instrument: books.contracts[contract].id, side: .buy,
          remaining: Size(steps: 7), limit: books.engine.marks[contract].price,
          isReduceOnly: false)
      ]
    }
    var rows = try VenueFixture.rows(accounts, books.engine)
    let sweep = VenueSweep(books.engine, SweepTable(books.engine))
    for account in accounts.indices {
      let unitValue = books.engine.marks[0].unitValue
      let profit = accounts[account].take(
        Size(steps: 3), of: books.contracts[0].id, unitValue: unitValue)
      accounts[account].balances[0] += profit + 17
      try rows.fill(account, contract: 0, steps: 3, unitValue: unitValue)
      try rows.credit(account, asset: 0, units: 17)
    }
    let expected = try VenueFixture.expected(accounts, books.engine)
    #expect(VenueFixture.measure(sweep, rows, threads: 2) == expected)
    #expect(VenueFixture.measure(sweep, rows.rebucketed(), threads: 1) == expected)
  }

  @Test("leaves what passes its bounds to the engine")
  func extremes() throws {
    let books = try RandomBooks()
    var random = SplitMix64(seed: 9)
    var accounts: [Portfolio] = []
    for steps: Int64 in [(1 << 28) - 1, 1 << 28, (1 << 31) - 1, -(1 << 31) + 1] {
      for index in books.contracts.indices {
        for mode in MarginMode.allCases {
          let position = books.position(index, steps: steps, &random)
          accounts.append(
            books.world.portfolio(mode, usd: 1_000_000, btc: (1 << 51) - 1, [position]))
          accounts.append(
            books.world.portfolio(mode, usd: 1_000_000, btc: 1 << 51, eth: 5, [position]))
        }
      }
    }
    let sweep = VenueSweep(books.engine, SweepTable(books.engine))
    let measured = VenueFixture.measure(
      sweep, try VenueFixture.rows(accounts, books.engine), threads: 2)
    #expect(measured == (try VenueFixture.expected(accounts, books.engine)))
  }

  @Test("finds nobody healthy or liquidatable where a price is missing")
  func unpriced() throws {
    let books = try RandomBooks()
    var world = books.world
    world.markets.removeLast()
    let engine = try world.engine()
    let accounts = VenueFixture.portfolios(books, count: 200, seed: 5)
    let rows = try VenueFixture.rows(accounts, engine)
    let measured = VenueFixture.measure(
      VenueSweep(engine, SweepTable(engine)), rows, threads: 1)
    for (portfolio, requirement) in zip(accounts, measured) {
      let risk = try? engine.risk(of: portfolio)
      #expect(requirement.equity == risk?.equity ?? 0)
      #expect(requirement.initialMargin == risk?.initialMargin ?? QuoteMoney.limit)
      #expect(requirement.maintenanceMargin == risk?.maintenanceMargin ?? 0)
    }
  }

  @Test("keeps rows inside the stated memory")
  func memory() throws {
    let books = try RandomBooks()
    let accounts = VenueFixture.portfolios(books, count: 2_000, seed: 6)
    let rows = try VenueFixture.rows(accounts, books.engine)
    #expect(rows.byteCount <= 300 * rows.count + 16 * rows.positionCount)
  }
}

/// Accounts of all modes, and what the engine says of them.
enum VenueFixture {
  static func portfolios(_ books: RandomBooks, count: Int, seed: UInt64) -> [Portfolio] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { number in
      let mode: MarginMode =
        switch number % 4 {
        case 0: .cross
        case 1: .isolated
        default: .portfolio
        }
      var portfolio = books.portfolio(&random, mode)
      if number % 3 == 0 { portfolio.balances[1] = 0 }
      if number % 3 < 2 { portfolio.balances[2] = 0 }
      return portfolio
    }
  }

  static func expected(
    _ accounts: [Portfolio], _ engine: RequirementEngine
  ) throws -> [AccountRequirement] {
    try accounts.map { portfolio in
      let risk = try engine.risk(of: portfolio)
      return AccountRequirement(
        equity: risk.equity, initialMargin: risk.initialMargin,
        maintenanceMargin: risk.maintenanceMargin)
    }
  }

  static func rows(
    _ accounts: some Sequence<Portfolio>, _ engine: RequirementEngine
  ) throws -> AccountRows {
    var builder = AccountRows.Builder(engine)
    for portfolio in accounts { try builder.append(portfolio) }
    return builder.finished()
  }

  /// Requirements by account, the rows cut into so many ranges.
  static func measure(
    _ sweep: VenueSweep, _ rows: AccountRows, threads: Int
  ) -> [AccountRequirement] {
    var ordered = [AccountRequirement](repeating: .unmeasured, count: rows.count)
    for range in VenueSweep.ranges(of: rows, count: threads) {
      var scratch = SweepScratch(sweep)
      ordered.withUnsafeMutableBufferPointer { results in
        sweep.measure(
          range, of: rows, &scratch, into: UnsafeMutableBufferPointer(rebasing: results[range]))
      }
    }
    return (0..<rows.count).map { ordered[rows.order(of: $0)] }
  }
}
