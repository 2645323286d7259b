// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import Pricing
import Quantities
import Testing

/// Thirty minutes before expiry settlement prices begin to be averaged.
@Suite("Contracts whose settlement price is being averaged")
struct SettlingTests {
  private static let expiry = World.start + TimeSpan(seconds: 1_800)

  private static let future = InstrumentID(0)
  private static let inverse = InstrumentID(1)
  private static let call = InstrumentID(2)
  private static let put = InstrumentID(3)

  private func world(strike: String = "8000") throws -> World {
    var world = try World(index: "8000")
    let strike = try Price(strike)
    try world.list(.future(expiry: Self.expiry))
    try world.list(.future(expiry: Self.expiry), .inverse, step: "1")
    try world.list(.option(.call, strike: strike, expiry: Self.expiry), volatility: 0.8)
    try world.list(.option(.put, strike: strike, expiry: Self.expiry), volatility: 0.8)
    return world
  }

  /// The market after so many seconds of the window at a price.
  private func snapshot(
    _ world: World, seconds: Int64, at price: String, spot: String? = nil
  ) throws -> MarketSnapshot {
    let time = World.start + TimeSpan(seconds: seconds)
    let (steps, covered) = (try Price(price).steps, TimeSpan(seconds: seconds))
    let window = SettlementWindow(
      start: World.start, end: Self.expiry, sum: Int128(steps) * Int128(covered.nanoseconds),
      covered: covered, time: time, price: nil)
    var market = world.markets[0]
    if let spot {
      market = UnderlyingMarket(
        underlying: market.underlying, index: try Price(spot), basis: market.basis,
        volatility: market.volatility)
    }
    return MarketSnapshot(
      time: time, underlyings: [market, world.markets[1]],
      settling: [SettlingMarket(underlying: market.underlying, window: window)])
  }

  private func scenario(_ engine: RequirementEngine, shift: Double) throws -> Int {
    try #require(
      engine.grids[0].scenarios.firstIndex { $0.spotShift == shift && $0.damper == 1 })
  }

  @Test("futures are marked at the average to be expected, linear and inverse")
  func futures() throws {
    let world = try world()
    // Ten of thirty minutes at 7,700, the rest at 8,000: 7,900.
    let engine = try world.engine(at: snapshot(world, seconds: 600, at: "7700"))
    let marks = engine.marks
    #expect(try marks[0].price == Price("7900") && marks[1].price == Price("7900"))
    let whole = try world.engine(at: snapshot(world, seconds: 1_800, at: "7700"))
    #expect(try whole.marks[0].price == Price("7700"))
  }

  @Test("only the open share moves with spot")
  func scenarios() throws {
    let world = try world()
    for (seconds, open) in [(0 as Int64, 1.0), (600, 2.0 / 3), (1_500, 1.0 / 6), (1_800, 0)] {
      let engine = try world.engine(at: snapshot(world, seconds: seconds, at: "8000"))
      let fall = try scenario(engine, shift: -0.16)
      // A thousandth of 8,000 USD, 16 % lower, in millionths.
      let expected = (-0.16 * 8_000_000 * open).rounded(.toNearestOrEven)
      #expect(Double(engine.table.cell(contract: 0, scenario: fall)) == expected, "\(seconds) s")
      // In coin, −1 ÷ A: with all of A fixed it is so many coins, which fall with spot.
      let average = 8_000 * (1 - 0.16 * open)
      let moved = 1e6 * (1 - 8_000 * 0.84 / average)
      let cell = Double(engine.table.cell(contract: 1, scenario: fall))
      #expect((cell - moved).magnitude <= 0.5, "\(seconds) s")
    }
  }

  @Test(
    "a call less a put is the average to be expected less the strike, to the rounding",
    arguments: [("8000", 60), ("7000", 900), ("9500", 1_500), ("100", 1_700), ("8000", 1_800)]
      as [(String, Int64)])
  func parity(strike: String, seconds: Int64) throws {
    let world = try world(strike: strike)
    let engine = try world.engine(at: snapshot(world, seconds: seconds, at: "8400"))
    let marks = engine.marks.map(\.price.steps)
    #expect((marks[2] - marks[3] - (marks[0] - (try Price(strike).steps))).magnitude <= 2)
    // So in every scenario: the two options are a forward on the open share.
    for scenario in engine.grids[0].scenarios.indices {
      let cells = (0..<4).map { engine.table.cell(contract: $0, scenario: scenario) }
      #expect((cells[2] - cells[3] - cells[0]).magnitude <= 2, "\(scenario)")
    }
  }

  @Test("an option's time value vanishes as its average is fixed, and never jumps")
  func timeValue() throws {
    let world = try world()
    var last = Int64.max
    for seconds: Int64 in [1, 60, 300, 900, 1_500, 1_790, 1_800] {
      let engine = try world.engine(at: snapshot(world, seconds: seconds, at: "8000"))
      let value = engine.marks[2].price.steps
      #expect(value < last || value == 0)
      last = value
    }
    #expect(last == 0)
    // With a second fixed, nearly what it is without any.
    var fresh = try world.engine(
      at: MarketSnapshot(time: World.start, underlyings: world.markets))
    let before = fresh.marks[2].price.value
    try fresh.advance(to: snapshot(world, seconds: 1, at: "8000"))
    #expect((fresh.marks[2].price.value / before - 1).magnitude < 1e-3)
  }

  @Test("liquidation prices know what is fixed")
  func liquidationPrice() throws {
    let world = try world()
    let engine = try world.engine(at: snapshot(world, seconds: 1_200, at: "8000"))
    var portfolio = world.portfolio(.cross, usd: 400_000_000)
    // Long 1 BTC: of a move of spot a third counts, so 400 USD are gone after 1,200.
    portfolio.balances[0] += portfolio.take(
      Size(steps: 1_000), of: Self.future, unitValue: engine.marks[0].unitValue)
    var solver = try LiquidationPriceSolver(engine, portfolio)
    guard
      case .at(let last, let first) = try solver.crossing(
        below: .bankruptcy, asFalls: world.btc.symbol)
    else {
      Issue.record("expected a bankruptcy price")
      return
    }
    #expect(abs(last.value - 6_800) < 0.01 && first < last)
  }

  @Test("a window that has ended early, has seen nothing or is another's changes nothing")
  func others() throws {
    let world = try world()
    let time = World.start + TimeSpan(seconds: 600)
    let plain = try world.engine(at: MarketSnapshot(time: time, underlyings: world.markets))
    for window in [
      SettlementWindow(start: World.start, end: Self.expiry),
      SettlementWindow(
        start: World.start, end: Self.expiry - TimeSpan(seconds: 1), sum: 1 << 60,
        covered: TimeSpan(seconds: 600), time: time, price: nil),
      SettlementWindow(
        start: time, end: Self.expiry, sum: 1 << 60, covered: TimeSpan(seconds: 1), time: time,
        price: nil),
    ] {
      let engine = try world.engine(
        at: MarketSnapshot(
          time: time, underlyings: world.markets,
          settling: [SettlingMarket(underlying: world.btc.symbol, window: window)]))
      #expect(engine.marks == plain.marks)
    }
  }
}
