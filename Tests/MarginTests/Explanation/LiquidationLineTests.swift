// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import NumericalMethods
import Quantities
import Testing

@Suite("The liquidation line in price and volatility")
struct LiquidationLineTests {
  /// What the engine says at one point of the plane.
  private func isHealthy(
    _ engine: RequirementEngine, _ portfolio: Portfolio, _ underlying: AssetSymbol,
    _ price: Price, _ volatility: Rate
  ) throws -> Bool {
    var moved = engine
    try moved.advance(
      to: engine.market.moving(underlying, to: price, volatility: volatility))
    return try !moved.risk(of: portfolio).isLiquidatable
  }

  private func straddle() throws -> (RequirementEngine, Portfolio, AssetSymbol) {
    var world = try World(index: "8000")
    let expiry = World.expiry(days: 30)
    let pair = try OptionRight.allCases.map {
      try world.list(.option($0, strike: Price("8000"), expiry: expiry), step: "0.01")
    }
    let engine = try world.engine()
    let positions = pair.map {
      Position(
        instrument: $0, size: Size(steps: -100),
        cost: -100 * engine.marks[Int($0.number)].unitValue)
    }
    return (
      engine, world.portfolio(.portfolio, usd: 3_000_000_000, positions), world.btc.symbol
    )
  }

  @Test("is where the engine's answer changes, one price step on either side")
  func crossings() throws {
    let (engine, portfolio, btc) = try straddle()
    let line = try LiquidationLine(engine, portfolio, of: btc)
    var found = 0
    for point in line.points {
      #expect(
        point.isHealthy == (try isHealthy(engine, portfolio, btc, line.index, point.volatility)))
      for crossing in point.crossings {
        found += 1
        #expect(abs(crossing.healthy.steps - crossing.unhealthy.steps) == 1)
        #expect(try isHealthy(engine, portfolio, btc, crossing.healthy, point.volatility))
        #expect(try !isHealthy(engine, portfolio, btc, crossing.unhealthy, point.volatility))
      }
    }
    #expect(found >= line.points.count)
  }

  @Test("closes in on a short straddle from both sides as volatility rises")
  func narrows() throws {
    let (engine, portfolio, btc) = try straddle()
    let healthy = try LiquidationLine(engine, portfolio, of: btc).points
      .filter { $0.isHealthy == true }
    #expect(healthy.count >= 4)
    for (one, next) in zip(healthy, healthy.dropFirst()) {
      let (low, lower) = (try #require(next.below), try #require(one.below))
      let (high, higher) = (try #require(next.above), try #require(one.above))
      #expect(low.isBelow && !high.isBelow)
      #expect(low.healthy > lower.healthy && high.healthy < higher.healthy)
    }
  }

  @Test("meets the liquidation prices at the present volatility", arguments: [1, 2] as [UInt64])
  func present(seed: UInt64) throws {
    let books = try RandomBooks()
    var random = SplitMix64(seed: seed)
    let range = try #require(
      RiskRange(
        lowest: Rate("0.05"), highest: Rate("12"), volatilityMultiples: [Rate("1")]))
    var found = 0
    for mode in MarginMode.allCases {
      for _ in 0..<4 {
        var portfolio = books.portfolio(&random, mode)
        let risk = try books.engine.risk(of: portfolio)
        // Quote money that leaves the account a fifth above its line.
        portfolio.balances[0] -= risk.equity - risk.maintenanceMargin * 12 / 10
        let btc = books.world.btc.symbol
        let line = try LiquidationLine(
          books.engine, portfolio, of: btc, over: range)
        let point = try #require(line.points.first)
        var solver = try LiquidationPriceSolver(books.engine, portfolio)
        let fall = try solver.crossing(below: .maintenanceMargin, asFalls: btc)
        let rise = try solver.crossing(below: .maintenanceMargin, asRises: btc)
        for (crossing, solved) in [(point.below, fall), (point.above, rise)] {
          guard case .at(let healthy, let unhealthy) = solved, let crossing else { continue }
          found += 1
          #expect(crossing.healthy == healthy && crossing.unhealthy == unhealthy)
          #expect(crossing.isBelow == (unhealthy < healthy))
        }
      }
    }
    #expect(found > 0)
  }

  // Long 1 BTC of a perpetual from 8,000 with 1,000 USD: 1,000 + P − 8,000 = 0.025·P.
  @Test("is straight up and down for an account without options")
  func linear() throws {
    var world = try World(index: "8000")
    let perpetual = try world.list(.perpetual)
    let portfolio = world.portfolio(
      .cross, usd: 1_000_000_000,
      [Position(instrument: perpetual, size: Size(steps: 1_000), cost: 8_000_000_000)])
    let line = try LiquidationLine(try world.engine(), portfolio, of: world.btc.symbol)
    #expect(line.points.count == 21)
    for point in line.points {
      #expect(point.isHealthy == true && point.above == nil && point.crossings.count == 1)
      let below = try #require(point.below)
      #expect(abs(below.healthy.value - 7_000 / 0.975) < 0.001)
    }
  }

  @Test("has a map whose cells are the engine's")
  func map() throws {
    let (engine, portfolio, btc) = try straddle()
    let map = try LiquidationMap(engine, portfolio, of: btc, columns: 9)
    #expect(map.prices.count == 9 && map.cells.count == map.volatilities.count)
    for (row, volatility) in zip(map.cells, map.volatilities) {
      for (cell, price) in zip(row, map.prices) {
        var moved = engine
        try moved.advance(to: engine.market.moving(btc, to: price, volatility: volatility))
        #expect(cell == (try moved.risk(of: portfolio)))
      }
    }
    #expect(map.prices.first?.description == "3200" && map.prices.last?.description == "16000")
  }

  @Test("knows which ranges are none")
  func ranges() throws {
    func range(_ low: String, _ high: String, _ multiples: [String]) throws -> RiskRange? {
      RiskRange(
        lowest: try Rate(low), highest: try Rate(high),
        volatilityMultiples: try multiples.map { try Rate($0) })
    }
    #expect(try range("0.5", "2", ["1"]) != nil)
    #expect(try range("0", "2", ["1"]) == nil && range("2", "2", ["1"]) == nil)
    #expect(try range("0.5", "2", []) == nil && range("0.5", "2", ["2", "1"]) == nil)
    #expect(try range("0.5", "2", ["0", "1"]) == nil && range("0.5", "101", ["1"]) == nil)
  }

  @Test("refuses an underlying without a market")
  func unpriced() throws {
    let (engine, portfolio, _) = try straddle()
    let other = try AssetSymbol("XRP")
    #expect(throws: MarginError.unpriced("XRP")) {
      try LiquidationLine(engine, portfolio, of: other)
    }
  }
}
