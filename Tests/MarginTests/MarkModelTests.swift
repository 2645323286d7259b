// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import Parameters
import Pricing
import Quantities
import Testing
import Volatility

@Suite("Marks")
struct MarkModelTests {
  private func world() throws -> World {
    var world = try World(index: "8000")
    world.markets[0] = UnderlyingMarket(
      underlying: world.btc.symbol, index: try Price("8000"), basis: try Rate("-1%"),
      volatility: try Rate("80%"))
    return world
  }

  @Test("of spot and perpetual are index and index times one plus basis")
  func perpetual() throws {
    var world = try world()
    try world.list(.spot)
    try world.list(.perpetual)
    try world.list(.perpetual, .inverse, step: "1")
    let marks = try world.engine().marks
    #expect(try marks.map(\.price) == [Price("8000"), Price("7920"), Price("7920")])
    // 0.001 BTC in millionths; one USD in 10^−8 BTC, 12626.26 rounded.
    #expect(marks.map(\.unitValue) == [8_000_000, 7_920_000, -12_626])
  }

  // Carry horizon 30 days, limit 3: basis −1 % × (τ ÷ 30 days), at most × 3.
  @Test(
    "of dated futures meet the index at expiry and stop at the carry limit",
    arguments: [
      (0, "8000"), (15, "7960"), (30, "7920"), (60, "7840"), (90, "7760"), (91, "7760"),
    ] as [(Int64, String)])
  func future(days: Int64, price: String) throws {
    var world = try world()
    try world.list(.future(expiry: World.expiry(days: days)))
    #expect(try world.engine().marks[0].price == Price(price))
  }

  @Test("of options are Black-76 on their future and the surface", arguments: Settlement.allCases)
  func option(settlement: Settlement) throws {
    var world = try world()
    let strike = try Price("9000")
    try world.list(
      .option(.call, strike: strike, expiry: World.expiry(days: 30)), settlement, step: "0.01")
    let engine = try world.engine()
    let years = 30.0 / 365
    let volatility = engine.marked.volatilities[0]
    let smile = try ParametricSurface(SurfaceParameters(world.parameters))
      .smile(level: 0.8, yearsToExpiry: years)
    // ln(9000/7920), mpmath to 16 digits.
    #expect(abs(volatility - smile.volatility(logMoneyness: 0.127_833_371_509_884_9)) < 1e-12)
    let value = try Black76.price(
      forward: 7_920, strike: 9_000, totalVariance: volatility * volatility * years,
      right: .call)
    let expected = settlement == .inverse ? value / 7_920 : value
    #expect(engine.marks[0].price == (try Price(expected, rounding: .toNearestOrEven)))
  }

  @Test("of options at expiry are their intrinsic value")
  func expiry() throws {
    var world = try world()
    try world.list(.option(.call, strike: Price("7000"), expiry: World.start), step: "0.01")
    try world.list(.option(.put, strike: Price("7000"), expiry: World.start), step: "0.01")
    let marks = try world.engine().marks
    #expect(try marks.map(\.price) == [Price("1000"), Price("0")])
  }

  @Test("take a given volatility in place of the surface")
  func given() throws {
    var world = try world()
    try world.list(
      .option(.put, strike: Price("8000"), expiry: World.expiry(days: 7)), step: "0.01",
      volatility: 1.234)
    #expect(try world.engine().marked.volatilities == [1.234])
    try world.list(.perpetual, volatility: 0.8)
    #expect(throws: MarginError.malformedVolatility("BTC-1")) { try world.engine() }
  }

  @Test("outside the contract's limits are refused by name")
  func outOfRange() throws {
    var world = try world()
    try world.list(.perpetual)
    world.markets[0] = UnderlyingMarket(
      underlying: world.btc.symbol, index: try Price("400000.00000001"), basis: .zero,
      volatility: try Rate("80%"))
    #expect(throws: MarginError.markOutOfRange("BTC-0")) { try world.engine() }
    world.markets[0] = UnderlyingMarket(
      underlying: world.btc.symbol, index: try Price("8000"), basis: try Rate("-1"),
      volatility: try Rate("80%"))
    #expect(throws: MarginError.markOutOfRange("BTC")) { try world.engine() }
  }
}
