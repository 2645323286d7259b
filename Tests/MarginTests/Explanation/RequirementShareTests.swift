// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import NumericalMethods
import Quantities
import Testing
import Volatility

@Suite("Shares of a requirement by holding")
struct RequirementShareTests {
  @Test("add up to both requirements to the unit", arguments: MarginMode.allCases)
  func sums(mode: MarginMode) throws {
    let books = try RandomBooks()
    var random = SplitMix64(seed: 11)
    for round in 0..<80 {
      var portfolio = books.portfolio(&random, mode)
      if round % 3 == 0, let first = portfolio.positions.first {
        portfolio.orders = [
          RestingOrder(
            id: OrderID(1), instrument: first.instrument, side: .buy, remaining: Size(steps: 9),
            limit: books.engine.marks[Int(first.instrument.number)].price, isReduceOnly: false)
        ]
      }
      let breakdown = try books.engine.breakdown(of: portfolio)
      let shares = books.engine.shares(of: breakdown, portfolio)
      #expect(shares.reduce(0) { $0 + $1.initial } == breakdown.risk.initialMargin)
      #expect(shares.reduce(0) { $0 + $1.maintenance } == breakdown.risk.maintenanceMargin)
      #expect(
        shares.prefix(portfolio.positions.count).map(\.origin)
          == portfolio.positions.map { .position($0.instrument) })
    }
  }

  // Every term that a portfolio can be charged, so that none is left without an owner.
  @Test("add up with netting, net sizes, expiries, pegs and twists", arguments: [5, 6] as [UInt64])
  func terms(seed: UInt64) throws {
    let books = try RandomBooks(overrides: [
      ("margin.netting.default.correlation", "90%"), ("margin.netting.default.offsetCap", "50%"),
      ("margin.size.default.impact", "1"), ("margin.basis.default.rate", "2%"),
      ("margin.peg.USD.threshold", "100%"), ("margin.peg.USD.factor", "2"),
      ("margin.twist.term", "25%"), ("margin.twist.smile", "50%"), ("margin.tierShare", "80%"),
      ("margin.set.1.shift", "-10%"), ("margin.set.1.volatilityFactor", "1.2"),
      ("margin.set.1.elapsed", "1d"),
    ])
    var random = SplitMix64(seed: seed)
    var kinds: Set<String> = []
    for _ in 0..<60 {
      let portfolio = books.portfolio(&random, .portfolio)
      let breakdown = try books.engine.breakdown(of: portfolio)
      for line in breakdown.lines { kinds.insert(String("\(line.kind)".prefix { $0 != "(" })) }
      let shares = books.engine.shares(of: breakdown, portfolio)
      #expect(shares.reduce(0) { $0 + $1.initial } == breakdown.risk.initialMargin)
      #expect(shares.reduce(0) { $0 + $1.maintenance } == breakdown.risk.maintenanceMargin)
      // What belongs to the account is exactly what no holding causes.
      let own = breakdown.lines.filter {
        switch $0.kind {
        case .shortOptionMinimum, .netting, .tierFloor, .orders: true
        default: false
        }
      }
      let account = shares.first { $0.origin == .account }?.initial ?? 0
      #expect(account == own.reduce(0) { $0 + $1.initial })
    }
    #expect(kinds.isSuperset(of: ["scan", "netting", "concentration", "basis", "provision"]))
  }

  // Long 3 BTC of a perpetual, short 2 of a future: a net size of 1 BTC. Whatever that costs, the
  // perpetual has three times it and the future minus twice; of the basis, which takes the future
  // against the perpetual, the future has what it adds.
  @Test("share a charge on a net size by who makes it")
  func netSizes() throws {
    var world = try World(
      index: "8000",
      overrides: [("margin.size.default.impact", "1"), ("margin.basis.default.rate", "2%")])
    let perpetual = try world.list(.perpetual)
    let future = try world.list(.future(expiry: World.expiry(days: 30)))
    let engine = try world.engine()
    let portfolio = world.portfolio(
      .portfolio, usd: 5_000_000_000,
      [
        Position(instrument: perpetual, size: Size(steps: 3_000), cost: 24_000_000_000),
        Position(instrument: future, size: Size(steps: -2_000), cost: -16_000_000_000),
      ])
    let breakdown = try engine.breakdown(of: portfolio)
    let btc = world.btc.symbol
    func charge(_ kind: ChargeKind) throws -> Int64 {
      try #require(breakdown.lines.first { $0.kind == kind }).initial
    }
    let size = try charge(.concentration(btc))
    let basis = try charge(.basis(btc))
    let shares = engine.shares(of: breakdown, portfolio)
    // 16 % of 24,000 lost and of 16,000 gained; provisions 0.05 %. At the same rate for both legs
    // the perpetual is on the side of the net size and adds nothing to the basis.
    let perpetualOwn = shares[0].initial - 3_840_000_000 - 12_000_000
    let futureOwn = shares[1].initial + 2_560_000_000 - 8_000_000
    #expect(size > 0 && basis > 0)
    #expect(abs(perpetualOwn - 3 * size) <= 1)
    #expect(abs(futureOwn - basis + 2 * size) <= 1)
  }

  // Long 2 BTC of a perpetual against 1 BTC sold in an inverse one at 8,000: 16 % of 16,000 lost,
  // 16 % of 8,000 gained; provisions 0.05 % of 16,000 and of 8,000.
  @Test("show a hedge as what it takes off")
  func hedge() throws {
    var world = try World(index: "8000")
    let linear = try world.list(.perpetual)
    let future = try world.list(.future(expiry: World.expiry(days: 30)))
    let engine = try world.engine()
    let portfolio = world.portfolio(
      .portfolio, usd: 5_000_000_000,
      [
        Position(instrument: linear, size: Size(steps: 2_000), cost: 16_000_000_000),
        Position(instrument: future, size: Size(steps: -1_000), cost: -8_000_000_000),
      ])
    let shares = engine.shares(of: try engine.breakdown(of: portfolio), portfolio)
    #expect(shares.map(\.initial) == [2_560_000_000 + 8_000_000, -1_280_000_000 + 4_000_000])
    // The maintenance factor is 80 %, and every charge here a whole number of cents.
    #expect(shares.map(\.maintenance) == [2_054_400_000, -1_020_800_000])
  }

  // Nothing but skews: two expiries whose options gain and lose by turns.
  @Test("split a skew scenario by option, with its sign in its expiry")
  func skew() throws {
    var world = try World(index: "8000", overrides: [("margin.shortOptionMinimum", "0")])
    let grid = try ScenarioGrid(
      scenarios: [Scenario(spotShift: 0, volatility: .unchanged)], skews: SkewState.allCases)
    world.grids = [grid, grid]
    var positions: [Position] = []
    for days: Int64 in [10, 40] {
      for (strike, steps): (String, Int64) in [("6500", days - 25), ("9500", 8)] {
        let option = try world.list(
          .option(.call, strike: Price(strike), expiry: World.expiry(days: days)), step: "0.1")
        positions.append(Position(instrument: option, size: Size(steps: steps), cost: 0))
      }
    }
    let engine = try world.engine()
    let portfolio = world.portfolio(.portfolio, usd: 1_000_000_000, positions)
    let breakdown = try engine.breakdown(of: portfolio)
    guard case .skew(let state) = breakdown.scans[0].binding else {
      Issue.record("no skew binds: \(breakdown.scans)")
      return
    }
    let skew = try #require(SkewState.allCases.firstIndex(of: state))
    let profits = positions.map {
      $0.size.steps * Int64(engine.table.skewCell(contract: Int($0.instrument.number), skew: skew))
    }
    #expect(breakdown.scans[0].loss == abs(profits[0] + profits[1]) + abs(profits[2] + profits[3]))
    let shares = engine.shares(of: breakdown, portfolio)
    let provisions = try engine.breakdown(of: portfolio).lines.filter { $0.kind == .provision }
    let scanShares = shares.reduce(0) { $0 + $1.initial } - provisions.reduce(0) { $0 + $1.initial }
    #expect(scanShares == breakdown.scans[0].loss)
    for (share, profit) in zip(shares, profits) {
      // The provision of each is under 25 USD; the skew moves hundreds.
      #expect(abs(abs(share.initial) - abs(profit)) < 25_000_000)
    }
  }
}
