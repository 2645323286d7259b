// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import NumericalMethods
import Quantities
import Testing

@Suite("The breakdown")
struct BreakdownTests {
  @Test(
    "adds up to initial and maintenance margin to the unit", arguments: [1, 2, 3] as [UInt64],
    [false, true])
  func sums(seed: UInt64, hasTerms: Bool) throws {
    let books = try hasTerms ? RandomBooks.withTerms() : RandomBooks()
    var random = SplitMix64(seed: seed)
    for mode in MarginMode.allCases {
      for _ in 0..<100 {
        var portfolio = books.portfolio(&random, mode)
        if let first = portfolio.positions.first {
          portfolio.orders = [
            RestingOrder(
              id: OrderID(1), instrument: first.instrument, side: .sell,
              remaining: Size(steps: 7),
              limit: books.engine.marks[Int(first.instrument.number)].price,
              isReduceOnly: false)
          ]
        }
        let breakdown = try books.engine.breakdown(of: portfolio)
        #expect(breakdown.risk == (try books.engine.risk(of: portfolio)))
        let initial = breakdown.lines.reduce(0) { $0 + $1.initial }
        let maintenance = breakdown.lines.reduce(0) { $0 + $1.maintenance }
        #expect(initial == breakdown.risk.initialMargin)
        #expect(maintenance == breakdown.risk.maintenanceMargin)
      }
    }
  }

  @Test("splits the binding scenario by contract and coin, to the unit")
  func contributions() throws {
    let books = try RandomBooks()
    var random = SplitMix64(seed: 4)
    var seen = 0
    for _ in 0..<100 {
      let breakdown = try books.engine.breakdown(of: books.portfolio(&random, .portfolio))
      for scan in breakdown.scans {
        guard case .scenario(let place) = scan.binding else { continue }
        #expect(scan.profits[place] == -scan.loss)
        seen += 1
      }
      var bound: Int64 = 0
      for scan in breakdown.scans {
        if case .scenario = scan.binding { bound += scan.loss }
      }
      #expect(breakdown.contributions.reduce(0) { $0 + $1.profit } == -bound)
    }
    #expect(seen > 50)
  }

  // Worked by hand: BTC at 8,000, one coin and short 0.5 BTC of straddles would be long; here a
  // plain book. Long 2 BTC perpetual, one ETH of collateral at 200, range 16 % and 18 %.
  @Test("names every charge of a portfolio that can be worked by hand")
  func byHand() throws {
    var world = try World(index: "8000")
    let perpetual = try world.list(.perpetual)
    let engine = try world.engine()
    let breakdown = try engine.breakdown(
      of: world.portfolio(
        .portfolio, eth: 100_000_000,
        [Position(instrument: perpetual, size: Size(steps: 2_000), cost: 16_000_000_000)]))
    // 16 % of 16,000; 18 % of 200; 20 % of 200; 0.05 % of 16,000.
    #expect(breakdown.lines.map(\.initial) == [2_560_000_000, 36_000_000, 40_000_000, 8_000_000])
    #expect(
      breakdown.lines.map(\.maintenance) == [2_048_000_000, 28_800_000, 32_000_000, 6_400_000])
    let symbols = (world.btc.symbol, world.eth.symbol)
    #expect(
      breakdown.lines.map(\.kind) == [
        .scan(symbols.0, .scenario(0)), .scan(symbols.1, .scenario(0)), .haircut(symbols.1),
        .provision,
      ])
    #expect(
      breakdown.contributions.map(\.origin) == [.position(perpetual), .holding(symbols.1)])
    #expect(breakdown.risk.liquidationBuffer == 423_040_000)
  }

  @Test("shows what the short-option minimum adds")
  func minimum() throws {
    var world = try World(index: "8000")
    // Far out of the money and short: 0.3 % of 8,000 × 10 BTC = 240 USD is more than the scan.
    let call = try world.list(
      .option(.call, strike: Price("60000"), expiry: World.expiry(days: 2)), step: "0.01",
      volatility: 0.5)
    let put = try world.list(
      .option(.put, strike: Price("60000"), expiry: World.expiry(days: 2)), step: "0.01",
      volatility: 0.5)
    let engine = try world.engine()
    let short = Position(instrument: call, size: Size(steps: -1_000), cost: 0)
    let breakdown = try engine.breakdown(of: world.portfolio(.portfolio, [short]))
    let scan = breakdown.scans.reduce(0) { $0 + $1.loss }
    let minimum = breakdown.lines.first { $0.kind == .shortOptionMinimum }
    #expect(minimum?.initial == 240_000_000 - scan)
    // Covered at the same strike, nothing is short on balance.
    let long = Position(instrument: put, size: Size(steps: 1_000), cost: 0)
    let covered = try engine.breakdown(of: world.portfolio(.portfolio, [short, long]))
    #expect(!covered.lines.contains { $0.kind == .shortOptionMinimum })
  }

  @Test("charges funding to the side that pays it")
  func funding() throws {
    var world = try World(index: "8000")
    world.markets[0] = UnderlyingMarket(
      underlying: world.btc.symbol, index: try Price("8000"), basis: try Rate("0.5%"),
      volatility: try Rate("80%"))
    let perpetual = try world.list(.perpetual)
    let engine = try world.engine()
    func provision(_ steps: Int64) throws -> Int64? {
      try engine.breakdown(
        of: world.portfolio(
          .portfolio, [Position(instrument: perpetual, size: Size(steps: steps), cost: 0)])
      ).lines.first { $0.kind == .provision }?.initial
    }
    // Notional 8,040 a coin: close fee 0.05 %, funding 0.5 % for the long.
    #expect(try provision(1_000) == 44_220_000)
    #expect(try provision(-1_000) == 4_020_000)
  }
}
