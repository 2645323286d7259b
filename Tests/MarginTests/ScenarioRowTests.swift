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

/// Options on BTC at 8,000 without basis, 1 BTC in a thousand steps.
@Suite("Scenarios of volatility and time")
struct ScenarioRowTests {
  private static func price(
    _ right: OptionRight = .put, spot: Double = 8_000, strike: Double, volatility: Double,
    days: Double
  ) throws -> Double {
    try Black76.price(
      forward: spot, strike: strike, totalVariance: volatility * volatility * days / 365,
      right: right)
  }

  private func world(_ overrides: [(String, String)]) throws -> (World, [InstrumentID]) {
    var world = try World(index: "8000", overrides: overrides)
    var ids: [InstrumentID] = []
    for (days, volatility) in [(Int64(9), 0.9), (91, 0.7)] {
      for right in OptionRight.allCases {
        ids.append(
          try world.list(
            .option(right, strike: Price("8000"), expiry: World.expiry(days: days)),
            volatility: volatility))
      }
    }
    return (world, ids)
  }

  private static let set = [
    ("margin.set.1.shift", "-10%"), ("margin.set.1.volatilityFactor", "1.2"),
    ("margin.set.1.elapsed", "0s"), ("margin.set.2.shift", "0"),
    ("margin.set.2.volatilityFactor", "1"), ("margin.set.2.elapsed", "1d"),
  ]

  @Test("stated by themselves come after the tails, in order")
  func order() throws {
    let (world, _) = try world(Self.set)
    let grid = try world.engine().grids[0]
    #expect(grid.scenarios.count == 37)
    let rows = grid.scenarios.suffix(2)
    #expect(
      Array(rows) == [
        Scenario(spotShift: -0.1, volatility: .unchanged, volatilityFactor: 1.2, row: 1),
        Scenario(
          spotShift: 0, volatility: .unchanged, elapsed: TimeSpan(seconds: 86_400), row: 2),
      ])
    #expect(grid.scenarios.dropLast(2).allSatisfy { $0.row == 0 })
  }

  // The set “10 % down, volatility a fifth up, plus buffer”, by hand: short one put of 9 days.
  @Test("make a requirement that can be worked by hand, its buffer on a line of its own")
  func namedSet() throws {
    var (world, ids) = try world([("margin.provision.closeFee", "0")])
    let fall = Scenario(spotShift: -0.1, volatility: .unchanged, volatilityFactor: 1.2, row: 1)
    world.grids = [try ScenarioGrid(scenarios: [fall]), try ScenarioGrid(scenarios: [])]
    let engine = try world.engine()
    let put = ids[1]
    let now = try Self.price(strike: 8_000, volatility: 0.9, days: 9)
    let then = try Self.price(spot: 7_200, strike: 8_000, volatility: 0.9 * 1.2, days: 9)
    let breakdown = try engine.breakdown(
      of: world.portfolio(
        .portfolio, [Position(instrument: put, size: Size(steps: -1_000), cost: 0)]))
    let scan = try #require(breakdown.lines.first)
    #expect(scan.kind == .scan(world.btc.symbol, .scenario(0)))
    #expect(engine.grids[0].scenarios[0].row == 1)
    // A cell is rounded to a millionth per step.
    #expect(abs(Double(scan.initial) / 1e6 - (then - now)) <= 0.0005)
    let maintenance = breakdown.risk.maintenanceMargin
    #expect(breakdown.lines.reduce(0) { $0 + $1.maintenance } == maintenance)
    let buffer = breakdown.bufferLine
    #expect(buffer.kind == .buffer)
    #expect(buffer.initial == 0)
    #expect(buffer.maintenance == (maintenance + 4) / 5)
    #expect(buffer.maintenance == breakdown.risk.liquidationBuffer)
  }

  @Test("of volatility alone can start a liquidation while spot stands still")
  func shortVega() throws {
    var world = try World(index: "8000")
    let call = try world.list(
      .option(.call, strike: Price("8000"), expiry: World.expiry(days: 30)))
    let put = try world.list(
      .option(.put, strike: Price("8000"), expiry: World.expiry(days: 30)))
    func risk(_ volatility: String) throws -> AccountRisk {
      world.markets[0] = UnderlyingMarket(
        underlying: world.btc.symbol, index: try Price("8000"), basis: .zero,
        volatility: try Rate(volatility))
      return try world.engine().risk(
        of: world.portfolio(
          .portfolio, usd: 2_600_000_000,
          [call, put].map {
            Position(instrument: $0, size: Size(steps: -1_000), cost: -550_000_000)
          }))
    }
    let calm = try risk("60%")
    #expect(!calm.isLiquidatable)
    #expect(calm.isRestored)
    let wild = try risk("150%")
    #expect(wild.isLiquidatable)
    #expect(wild.equity < calm.equity)
    #expect(wild.equity > 0)
  }

  @Test("take time off an option's life, down to what it is worth at expiry")
  func theta() throws {
    var (world, ids) = try world([])
    let days: [Int64] = [0, 1, 8, 9, 20]
    world.grids = [
      try ScenarioGrid(
        scenarios: days.map {
          Scenario(
            spotShift: -0.05, volatility: .unchanged, elapsed: TimeSpan(seconds: $0 * 86_400))
        }),
      try ScenarioGrid(scenarios: []),
    ]
    let engine = try world.engine()
    let now = try Self.price(strike: 8_000, volatility: 0.9, days: 9)
    for (lane, passed) in days.enumerated() {
      let then = try Self.price(
        spot: 7_600, strike: 8_000, volatility: 0.9, days: Double(max(9 - passed, 0)))
      let cell = Double(engine.table.cell(contract: Int(ids[1].number), scenario: lane))
      #expect(abs(cell - (then - now) * 1e3) <= 0.51)
    }
    // Time alone: a long option loses, and the row says so.
    let (aging, options) = try self.world(Self.set)
    let scans = try aging.engine().scans(
      of: aging.portfolio(
        .portfolio, [Position(instrument: options[0], size: Size(steps: 1_000), cost: 0)]))
    #expect(try #require(scans.first?.profits.last) < 0)
  }

  // 25 % at 30 days: x = (30/9)^0.3 and, beyond 30 days, (30/91)^0.45.
  @Test("twist the term structure: every expiry a loss")
  func term() throws {
    let (world, ids) = try world([("margin.twist.term", "25%"), ("margin.twist.smile", "50%")])
    let engine = try world.engine()
    #expect(engine.grids[0].skews == [.tilt, .bend, .term, .smile])
    var sum = 0.0
    for (id, volatility, days, scale) in [
      (ids[0], 0.9, 9.0, 1.435_038_734_166_45), (ids[2], 0.7, 91, 0.606_926_273_242_803),
    ] {
      let shocked = volatility * (1 + 0.25 * scale)
      let move =
        try Self.price(.call, strike: 8_000, volatility: shocked, days: days)
        - Self.price(.call, strike: 8_000, volatility: volatility, days: days)
      let cell = Double(engine.table.skewCell(contract: Int(id.number), skew: 2))
      #expect(abs(cell - move * 1e3) <= 0.51, "scale \(scale)")
      sum += move
      // At the money the smile falls by half the cap, 0.25 − 0.1√τ.
      let lowered = volatility * (1 - 0.5 * (0.25 - 0.1 * (days / 365).squareRoot()))
      let fall =
        try Self.price(.call, strike: 8_000, volatility: lowered, days: days)
        - Self.price(.call, strike: 8_000, volatility: volatility, days: days)
      let smile = Double(engine.table.skewCell(contract: Int(id.number), skew: 3))
      #expect(abs(smile - fall * 1e3) <= 0.51)
    }
    // A calendar spread loses on both legs.
    let scans = try engine.scans(
      of: world.portfolio(
        .portfolio,
        [
          Position(instrument: ids[0], size: Size(steps: -1_000), cost: 0),
          Position(instrument: ids[2], size: Size(steps: 1_000), cost: 0),
        ]))
    let loss = try #require(scans.first?.skewLosses[2])
    #expect(abs(Double(loss) / 1e6 - sum) <= 0.05)
  }

  @Test("are refused when they are none")
  func refusals() throws {
    for scenario in [
      Scenario(spotShift: 0, volatility: .up, volatilityFactor: -0.1),
      Scenario(spotShift: 0, volatility: .up, volatilityFactor: .nan),
      Scenario(spotShift: 0, volatility: .up, volatilityFactor: .infinity),
      Scenario(spotShift: 0, volatility: .up, elapsed: TimeSpan(nanoseconds: -1)),
    ] {
      #expect(throws: MarginError.malformedScenario(0)) {
        try ScenarioGrid(scenarios: [scenario])
      }
    }
  }
}
