// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import NumericalMethods
import Parameters
import Quantities
import Testing

@Suite("Collateral in an account's requirement")
struct CollateralTermTests {
  private static let terms = [
    ("collateral.default.bridge", "2%"), ("collateral.default.impact", "1"),
    ("collateral.default.dailyVolume", "50000000"), ("collateral.default.volumeStress", "30%"),
    ("collateral.default.reorganization", "1%"), ("collateral.BTC.wrongWay.BTC", "100%"),
    ("collateral.BTC.wrongWay.ETH", "60%"), ("collateral.ETH.wrongWay.default", "-50%"),
    ("collateral.BTC.accountCap", "40000"), ("collateral.USD.impact", "0"),
  ]

  private func haircut(_ risk: RequirementBreakdown, _ asset: Asset) -> Int64 {
    risk.lines.first { $0.kind == .haircut(asset.symbol) }?.initial ?? 0
  }

  @Test("parameters that take nothing leave every requirement as it was")
  func neutral() throws {
    let plain = try RandomBooks()
    // Not plain, for there is a cap, and yet nothing is above it.
    let capped = try RandomBooks(overrides: [("collateral.default.accountCap", "1000000000")])
    var random = SplitMix64(seed: 5)
    for mode in MarginMode.allCases {
      for _ in 0..<60 {
        let portfolio = plain.portfolio(&random, mode)
        #expect(try plain.engine.risk(of: portfolio) == capped.engine.risk(of: portfolio))
      }
    }
  }

  // 5 BTC at 8,000 less 10 %; long BTC twice that, short nothing; ETH correlates by 60 %.
  @Test("a haircut is raised by the position that dominates, on the side that loses with it")
  func wrongWay() throws {
    var world = try World(overrides: [
      ("collateral.BTC.wrongWay.BTC", "100%"), ("collateral.BTC.wrongWay.ETH", "60%"),
    ])
    let btc = try world.list(.perpetual)
    let eth = try world.list(.perpetual, on: "ETH", step: "0.01")
    let engine = try world.engine()
    func haircut(_ positions: [(InstrumentID, Int64)]) throws -> Int64 {
      var lines: [Int64] = []
      for mode in [MarginMode.cross, .portfolio] {
        let portfolio = world.portfolio(
          mode, btc: 500_000_000,
          positions.map { Position(instrument: $0, size: Size(steps: $1), cost: 0) })
        let breakdown = try engine.breakdown(of: portfolio)
        let total = breakdown.lines.reduce(0) { $0 + $1.initial }
        #expect(total == breakdown.risk.initialMargin)
        lines.append(self.haircut(breakdown, world.btc))
      }
      #expect(lines[0] == lines[1])
      return lines[0]
    }
    #expect(try haircut([]) == 4_000_000_000)
    #expect(try haircut([(btc, 1)]) == 8_000_000_000)
    #expect(try haircut([(btc, -1)]) == 4_000_000_000)
    #expect(try haircut([(eth, 1)]) == 6_400_000_000)
    // 8,000 of BTC short against 40 × 200 of ETH long: the first of equals dominates.
    #expect(try haircut([(btc, -1_000), (eth, 4_000)]) == 4_000_000_000)
    #expect(try haircut([(btc, -1_000), (eth, 4_001)]) == 6_400_000_000)
  }

  @Test("an order that may make another position dominate reserves the higher haircut")
  func ordersAndWrongWay() throws {
    var world = try World(overrides: [("collateral.BTC.wrongWay.BTC", "100%")])
    let btc = try world.list(.perpetual)
    let engine = try world.engine()
    func initial(_ side: Side, reduceOnly: Bool = false) throws -> (Int64, Int64) {
      let order = RestingOrder(
        id: OrderID(1), instrument: btc, side: side, remaining: Size(steps: 1),
        limit: try Price("8000"), isReduceOnly: reduceOnly)
      let portfolio = world.portfolio(.cross, btc: 500_000_000, orders: [order])
      let breakdown = try engine.breakdown(of: portfolio)
      let total = breakdown.lines.reduce(0) { $0 + $1.initial }
      #expect(total == breakdown.risk.initialMargin)
      return (
        breakdown.lines.first { $0.kind == .orders }?.initial ?? 0,
        breakdown.risk.maintenanceMargin
      )
    }
    let (sell, buy) = (try initial(.sell), try initial(.buy))
    #expect(buy.0 == sell.0 + 4_000_000_000 && buy.1 == sell.1)
    #expect(try initial(.buy, reduceOnly: true).0 == 0)
  }

  @Test("a debt is never discounted")
  func debts() throws {
    let books = try RandomBooks(overrides: Self.terms)
    let account = books.world.portfolio(.cross, usd: 10_000_000_000, btc: -100_000_000)
    let breakdown = try books.engine.breakdown(of: account)
    #expect(breakdown.risk.equity == 2_000_000_000)
    #expect(haircut(breakdown, books.world.btc) == 0)
  }

  @Test("one asset on two chains is two assets, each with its haircut and cap")
  func chains() throws {
    var world = try World(overrides: [
      ("collateral.BTC_SIDE.bridge", "10%"), ("margin.collateral.BTC_SIDE.haircut", "10%"),
      ("collateral.BTC_SIDE.accountCap", "4000"),
    ])
    let bridged = try Asset(symbol: AssetSymbol("BTC_SIDE"), decimals: 8)
    world.listing.accept(CollateralAsset(asset: bridged, underlying: world.btc.symbol))
    let engine = try world.engine()
    func counted(_ balances: [Int64]) throws -> Int64 {
      let risk = try engine.risk(of: Portfolio(mode: .cross, balances: balances))
      return risk.equity - risk.initialMargin
    }
    #expect(try counted([0, 100_000_000, 0, 0]) == 7_200_000_000)
    // 1 − 0.9 × 0.9 of 4,000; the rest counts for nothing, and is equity all the same.
    #expect(try counted([0, 0, 0, 100_000_000]) == 3_240_000_000)
    #expect(try counted([0, 100_000_000, 0, 100_000_000]) == 10_440_000_000)
    let risk = try engine.risk(of: Portfolio(mode: .cross, balances: [0, 0, 0, 100_000_000]))
    #expect(risk.equity == 8_000_000_000)
  }

  @Test("what is held counts at its price as collateral, what is owed at the index")
  func prices() throws {
    let world = try World(overrides: [("margin.collateral.BTC.haircut", "0%")])
    let mark = CollateralMark(
      asset: world.btc, price: try Price("7000"), since: World.start)
    let snapshot = MarketSnapshot(
      time: World.start, underlyings: world.markets, collateral: [mark])
    let engine = try world.engine(at: snapshot)
    func equity(_ btc: Int64) throws -> Int64 {
      try engine.risk(of: world.portfolio(.cross, btc: btc)).equity
    }
    #expect(try equity(100_000_000) == 7_000_000_000)
    #expect(try equity(-100_000_000) == -8_000_000_000)
    // A price above the index counts as the index.
    let high = MarketSnapshot(
      time: World.start, underlyings: world.markets,
      collateral: [
        CollateralMark(asset: world.btc, price: try Price("9000"), since: World.start)
      ])
    #expect(
      try world.engine(at: high).risk(of: world.portfolio(.cross, btc: 100_000_000)).equity
        == 8_000_000_000)
  }

  // P11, across caps and the haircut that grows with the amount.
  @Test("adding collateral never lowers health")
  func moreIsNeverWorse() throws {
    let books = try RandomBooks(
      overrides: Self.terms + [("margin.collateral.ETH.haircut", "85%")])
    var random = SplitMix64(seed: 21)
    for place in 0..<RandomBooks.count(200) {
      let mode = MarginMode.allCases[place % MarginMode.allCases.count]
      var portfolio = books.portfolio(&random, mode)
      let asset = Int.random(in: 0...2, using: &random)
      // A scenario's value is rounded once per asset, and the maintenance margin once more.
      let slack: Int64 = mode == .portfolio ? 2 : 0
      var last = try books.engine.risk(of: portfolio)
      for _ in 0..<12 {
        portfolio.balances[asset] += Int64.random(
          in: 1...(1 << Int64.random(in: 1...38, using: &random)), using: &random)
        let next = try books.engine.risk(of: portfolio)
        #expect(health(next) >= health(last) - slack, "\(mode), asset \(asset)")
        #expect(
          next.equity - next.initialMargin >= last.equity - last.initialMargin - slack,
          "initial margin: \(mode), asset \(asset)")
        last = next
      }
    }
  }

  @Test("the fast path answers as the engine does")
  func fastPath() throws {
    let books = try RandomBooks(overrides: Self.terms)
    let accounts = VenueFixture.portfolios(books, count: 120, seed: 8)
    let rows = try VenueFixture.rows(accounts, books.engine)
    let sweep = VenueSweep(books.engine, SweepTable(books.engine))
    #expect(
      VenueFixture.measure(sweep, rows, threads: 1)
        == (try VenueFixture.expected(accounts, books.engine)))
  }

  @Test("the breakdown of a portfolio adds up, what counts for nothing is not revalued")
  func breakdown() throws {
    let books = try RandomBooks(overrides: Self.terms)
    var random = SplitMix64(seed: 13)
    for _ in 0..<60 {
      var portfolio = books.portfolio(&random, .portfolio)
      portfolio.balances[1] = Int64.random(in: 0...5_000_000_000, using: &random)
      let breakdown = try books.engine.breakdown(of: portfolio)
      #expect(breakdown.lines.reduce(0) { $0 + $1.initial } == breakdown.risk.initialMargin)
      #expect(
        breakdown.lines.reduce(0) { $0 + $1.maintenance } == breakdown.risk.maintenanceMargin)
    }
    // 40,000 of BTC count, and 16 % of those: not of the 50 BTC that are held.
    let account = books.world.portfolio(.portfolio, btc: 5_000_000_000)
    let scan = try #require(books.engine.scans(of: account).first)
    #expect(scan.loss <= 6_400_000_000 && scan.loss > 6_000_000_000)
  }

  @Test("table and market: haircuts follow the volatility of the block")
  func remade() throws {
    let books = try RandomBooks(overrides: Self.terms)
    var wandering = books.engine
    var elsewhere = books.world
    elsewhere.markets[0] = UnderlyingMarket(
      underlying: books.world.btc.symbol, index: try Price("5000"), basis: .zero,
      volatility: try Rate("250%"))
    let account = books.world.portfolio(.cross, btc: 500_000_000, eth: 1_000_000_000)
    let here = try wandering.risk(of: account)
    try wandering.advance(to: elsewhere.snapshot)
    #expect(try wandering.risk(of: account) == elsewhere.engine().risk(of: account))
    try wandering.advance(to: books.world.snapshot)
    #expect(try wandering.risk(of: account) == here)
  }
}
