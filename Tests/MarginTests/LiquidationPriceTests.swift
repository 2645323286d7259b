// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import NumericalMethods
import Quantities
import Testing

@Suite("Liquidation prices")
struct LiquidationPriceTests {
  /// Whether the engine itself says so one price step at a time.
  private func holds(
    _ line: EquityLine, _ books: RequirementEngine, _ snapshot: MarketSnapshot,
    _ underlying: AssetSymbol, _ portfolio: Portfolio, at price: Price
  ) throws -> Bool {
    var engine = books
    try engine.advance(to: snapshot.moving(underlying, to: price))
    let risk = try engine.risk(of: portfolio)
    return line == .bankruptcy ? risk.equity >= 0 : !risk.isLiquidatable
  }

  // Long 1 BTC of a linear perpetual from 8,000 with 1,000 USD, 2.5 % maintenance:
  // 1,000 + P − 8,000 = 0.025·P at P = 7,179.487…; bankrupt at 7,000. The unit value moves at
  // the middle between two millionths per step of 0.001 BTC, so the answer is exact to 0.001.
  @Test("of a long meet the closed form")
  func long() throws {
    var world = try World(index: "8000")
    let perpetual = try world.list(.perpetual)
    let portfolio = world.portfolio(
      .cross, usd: 1_000_000_000,
      [Position(instrument: perpetual, size: Size(steps: 1_000), cost: 8_000_000_000)])
    var solver = try LiquidationPriceSolver(try world.engine(), portfolio)
    let fall = try solver.crossing(below: .maintenanceMargin, asFalls: world.btc.symbol)
    guard case .at(let healthy, let unhealthy) = fall else {
      Issue.record("no crossing: \(fall)")
      return
    }
    #expect(healthy.steps == unhealthy.steps + 1)
    #expect(abs(healthy.value - 7_000 / 0.975) < 0.001)
    let bankruptcy = try solver.crossing(below: .bankruptcy, asFalls: world.btc.symbol)
    guard case .at(let solvent, _) = bankruptcy else {
      Issue.record("no crossing: \(bankruptcy)")
      return
    }
    // 6,999.9995 is the least price whose unit value still rounds to 7,000,000 (half to even).
    #expect(try solvent == Price("6999.9995"))
    #expect(
      try solver.crossing(below: .maintenanceMargin, asRises: world.btc.symbol) == .outOfRange)
  }

  // Short 8,000 USD of inverse contracts from 8,000 with 0.2 BTC, haircut 10 %: equity in coin is
  // 0.2 − 1 + 8,000/P = … a short inverse gains as price falls and loses as it rises:
  // equity 0.2 + 8,000·(1/P − 1/8,000) coins is zero at P = 10,000.
  @Test("of an inverse short meet the closed form")
  func inverseShort() throws {
    var world = try World(index: "8000")
    let perpetual = try world.list(.perpetual, .inverse, step: "1")
    let portfolio = world.portfolio(
      .cross, btc: 20_000_000,
      [Position(instrument: perpetual, size: Size(steps: -8_000), cost: 8_000 * 12_500)])
    var solver = try LiquidationPriceSolver(try world.engine(), portfolio)
    let rise = try solver.crossing(below: .bankruptcy, asRises: world.btc.symbol)
    guard case .at(let solvent, let insolvent) = rise else {
      Issue.record("no crossing: \(rise)")
      return
    }
    #expect(insolvent.steps == solvent.steps + 1)
    // A unit value of 10,000 holds half a unit further: one part in 20,000.
    #expect(abs(solvent.value - 10_000) < 0.6)
    let line = try solver.crossing(below: .maintenanceMargin, asRises: world.btc.symbol)
    guard case .at(let healthy, _) = line else {
      Issue.record("no crossing: \(line)")
      return
    }
    #expect(healthy < solvent)
  }

  @Test(
    "agree with the engine at the crossing and all the way to it", arguments: [1, 2, 3] as [UInt64])
  func bruteForce(seed: UInt64) throws {
    let books = try RandomBooks()
    var random = SplitMix64(seed: seed)
    let snapshot = books.world.snapshot
    var found = 0
    for _ in 0..<6 {
      for mode in MarginMode.allCases {
        let portfolio = books.portfolio(&random, mode)
        var solver = try LiquidationPriceSolver(books.engine, portfolio)
        for line in [EquityLine.maintenanceMargin, .bankruptcy] {
          let underlying =
            Bool.random(using: &random) ? books.world.btc.symbol : books.world.eth.symbol
          let crossing =
            Bool.random(using: &random)
            ? try solver.crossing(below: line, asFalls: underlying)
            : try solver.crossing(below: line, asRises: underlying)
          let index = try #require(snapshot[underlying]).index
          let now = try holds(line, books.engine, snapshot, underlying, portfolio, at: index)
          guard case .at(let healthy, let unhealthy) = crossing else {
            #expect(now == (crossing == .outOfRange))
            continue
          }
          found += 1
          #expect(now)
          #expect(abs(healthy.steps - unhealthy.steps) == 1)
          #expect(
            try holds(line, books.engine, snapshot, underlying, portfolio, at: healthy))
          #expect(
            try !holds(line, books.engine, snapshot, underlying, portfolio, at: unhealthy))
        }
      }
    }
    #expect(found > 0)
  }

  @Test("say so when the account is below the line already")
  func alreadyCrossed() throws {
    var world = try World(index: "8000")
    let perpetual = try world.list(.perpetual)
    let portfolio = world.portfolio(
      .cross, usd: 199_999_999,
      [Position(instrument: perpetual, size: Size(steps: 1_000), cost: 8_000_000_000)])
    var solver = try LiquidationPriceSolver(try world.engine(), portfolio)
    #expect(
      try solver.crossing(below: .maintenanceMargin, asFalls: world.btc.symbol)
        == .alreadyCrossed)
    #expect(
      try solver.crossing(below: .maintenanceMargin, asRises: world.btc.symbol)
        == .alreadyCrossed)
    var atLine = portfolio
    atLine.balances[0] += 1
    var next = try LiquidationPriceSolver(try world.engine(), atLine)
    let crossing = try next.crossing(below: .maintenanceMargin, asFalls: world.btc.symbol)
    // One unit above: the next unit value down is half a millionth per step away.
    guard case .at(let healthy, _) = crossing else {
      Issue.record("no crossing: \(crossing)")
      return
    }
    #expect(try healthy == Price("7999.9995"))
  }

  @Test("exist on both sides of a short straddle")
  func bothSides() throws {
    var world = try World(index: "8000")
    let expiry = World.expiry(days: 30)
    let call = try world.list(
      .option(.call, strike: Price("8000"), expiry: expiry), step: "0.01", volatility: 0.8)
    let put = try world.list(
      .option(.put, strike: Price("8000"), expiry: expiry), step: "0.01", volatility: 0.8)
    let engine = try world.engine()
    let positions = [call, put].map {
      Position(
        instrument: $0, size: Size(steps: -100),
        cost: -100 * engine.marks[Int($0.number)].unitValue)
    }
    var solver = try LiquidationPriceSolver(
      engine, world.portfolio(.portfolio, usd: 3_000_000_000, positions))
    let fall = try solver.crossing(below: .maintenanceMargin, asFalls: world.btc.symbol)
    let rise = try solver.crossing(below: .maintenanceMargin, asRises: world.btc.symbol)
    guard case .at(let low, _) = fall, case .at(let high, _) = rise else {
      Issue.record("no crossing: \(fall), \(rise)")
      return
    }
    #expect(low.value > 3_000 && low.value < 8_000)
    #expect(high.value > 8_000 && high.value < 13_000)
  }
}
