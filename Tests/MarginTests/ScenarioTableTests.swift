// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import Quantities
import Testing
import Volatility

@Suite("The scenario table")
struct ScenarioTableTests {
  @Test("has damped moves of futures, rounded half to even")
  func linear() throws {
    var world = try World(index: "8000")
    world.grids = [
      try ScenarioGrid(scenarios: [
        Scenario(spotShift: -0.25, volatility: .unchanged),
        Scenario(spotShift: 0.5, volatility: .up, damper: 0.5),
        // Half a millionth, and one and a half: to the even neighbor.
        Scenario(spotShift: 0x1p-24, volatility: .up, damper: 0x1p20 / 1e6),
        Scenario(spotShift: 0x1p-24, volatility: .up, damper: 3 * 0x1p20 / 1e6),
      ]),
      try ScenarioGrid(scenarios: []),
    ]
    try world.list(.perpetual)
    let table = try world.engine().table
    #expect(table.laneCount == 8)
    #expect(table.cell(contract: 0, scenario: 0) == -2_000_000)
    #expect(table.cell(contract: 0, scenario: 1) == 2_000_000)
    #expect(table.cell(contract: 0, scenario: 2) == 0)
    #expect(table.cell(contract: 0, scenario: 3) == 2)
  }

  @Test("leaves an inverse perpetual's risk to the coins of its cost")
  func inverse() throws {
    var world = try World(index: "8000")
    let id = try world.list(.perpetual, .inverse, step: "1")
    let engine = try world.engine()
    for scenario in engine.grids[0].scenarios.indices {
      #expect(engine.table.cell(contract: 0, scenario: scenario) == 0)
    }
    // Long 80,000 USD of contracts from 8,000: 10 coins long against dollars. Equity in coin
    // after a fall to (1 − x)·S is −10·(1/(1 − x) − 1), times the new index −10·x·S.
    let size: Int64 = 80_000
    let portfolio = world.portfolio(
      .portfolio, usd: 100_000_000_000,
      [
        Position(
          instrument: id, size: Size(steps: size), cost: size * engine.marks[0].unitValue)
      ])
    let scan = try #require(try engine.scans(of: portfolio).first)
    for (scenario, profit) in zip(engine.grids[0].scenarios, scan.profits) {
      let exact = scenario.damper * 80_000 * scenario.spotShift
      #expect(abs(Double(profit) / 1e6 - exact) <= 2e-6)
    }
  }

  @Test("keeps coin collateral inside its stated rounding bound")
  func amounts() throws {
    let world = try World(index: "8123.45678901")
    let engine = try world.engine()
    for coins in [Int64(1), -1, 12_345, 1_000_000] {
      let amount = coins * 100_000_000
      let scan = try #require(
        try engine.scans(of: world.portfolio(.portfolio, btc: amount)).first)
      for (scenario, profit) in zip(engine.grids[0].scenarios, scan.profits) {
        let exact = scenario.damper * scenario.spotShift * 8_123.456_789_01 * Double(coins)
        let bound = Double(amount.magnitude) * 0x1p-33 * 1e-6 + 0.5e-6
        // The comparison itself is good to about 2^−50.
        #expect(abs(Double(profit) / 1e6 - exact) <= bound + abs(exact) * 0x1p-49)
      }
    }
  }

  @Test("is refused where a cell does not fit, naming the contract")
  func refusal() throws {
    var world = try World(index: "100000", usdDecimals: 0)
    try world.list(.perpetual, step: "0.134")
    // 16 % of 13,400 USD is 2,144 USD a step: just below 2^31 millionths.
    #expect(try world.engine().table.cell(contract: 0, scenario: 0) == -2_144_000_000)
    try world.list(.perpetual, step: "0.135")
    #expect(throws: MarginError.cellOutOfRange("BTC-1")) { try world.engine() }
  }

  @Test("an engine without a market refuses accounts until it has one")
  func afterRefusal() throws {
    var world = try World(index: "8000")
    let id = try world.list(.perpetual)
    var engine = try world.engine()
    let portfolio = world.portfolio(
      .cross, [Position(instrument: id, size: Size(steps: 1), cost: 0)])
    let before = try engine.risk(of: portfolio)
    let broken = world.snapshot.moving(world.btc.symbol, to: try Price("900000"))
    #expect(throws: MarginError.markOutOfRange("BTC-0")) { try engine.advance(to: broken) }
    #expect(throws: MarginError.unpriced("BTC-0")) { try engine.risk(of: portfolio) }
    try engine.advance(to: world.snapshot)
    #expect(try engine.risk(of: portfolio) == before)
  }

  @Test("refuses scenarios that are none")
  func malformed() throws {
    for scenario in [
      Scenario(spotShift: -1, volatility: .up), Scenario(spotShift: .nan, volatility: .up),
      Scenario(spotShift: .infinity, volatility: .up),
      Scenario(spotShift: 0, volatility: .up, damper: -1),
      Scenario(spotShift: 0, volatility: .up, damper: .nan),
    ] {
      #expect(throws: MarginError.malformedScenario(0)) {
        try ScenarioGrid(scenarios: [scenario])
      }
    }
    let still = Scenario(spotShift: 0, volatility: .up)
    #expect(throws: MarginError.tooManyScenarios(1_025)) {
      try ScenarioGrid(scenarios: Array(repeating: still, count: 1_025))
    }
  }

  @Test("values an inverse option in quote: its coins times the index")
  func inverseOption() throws {
    var world = try World(index: "8000")
    world.markets[0] = UnderlyingMarket(
      underlying: world.btc.symbol, index: try Price("8000"), basis: try Rate("2%"),
      volatility: try Rate("80%"))
    for settlement in Settlement.allCases {
      try world.list(
        .option(.put, strike: Price("8000"), expiry: World.expiry(days: 30)), settlement,
        step: "0.01")
    }
    let engine = try world.engine()
    // The future stands at 8,160: in quote, an inverse option is worth 8,000/8,160 of a linear.
    for scenario in engine.grids[0].scenarios.indices {
      let linear = Double(engine.table.cell(contract: 0, scenario: scenario))
      let inverse = Double(engine.table.cell(contract: 1, scenario: scenario))
      #expect(abs(inverse - linear * 8_000 / 8_160) <= 1)
    }
  }

  // Short near, long far: one expiry gains what the other loses, and both count as losses.
  @Test("counts every expiry of a skew scenario as a loss", arguments: [1, -1] as [Int64])
  func skews(sign: Int64) throws {
    var world = try World(index: "8000")
    world.grids = [
      try ScenarioGrid(scenarios: [], skews: [.tilt, .bend]), try ScenarioGrid(scenarios: []),
    ]
    let strike = try Price("9500")
    let near = try world.list(
      .option(.call, strike: strike, expiry: World.expiry(days: 7)), step: "0.01")
    let far = try world.list(
      .option(.call, strike: strike, expiry: World.expiry(days: 90)), step: "0.01")
    let put = try world.list(
      .option(.put, strike: strike, expiry: World.expiry(days: 90)), step: "0.01")
    let engine = try world.engine()
    let portfolio = world.portfolio(
      .portfolio,
      [(near, -300), (far, 200), (put, -50)].map { instrument, size in
        Position(instrument: instrument, size: Size(steps: sign * size), cost: 0)
      })
    let scan = try #require(try engine.scans(of: portfolio).first)
    for skew in [0, 1] {
      let cells = (0..<3).map { Int64(engine.table.skewCell(contract: $0, skew: skew)) }
      // Volatility rises above the forward, and with it every option's worth.
      #expect(cells.allSatisfy { $0 > 0 })
      // Two options of one expiry net before the loss is taken.
      let expected = 300 * cells[0] + abs(200 * cells[1] - 50 * cells[2])
      #expect(scan.skewLosses[skew] == expected)
    }
    #expect(scan.loss == scan.skewLosses.max())
    let lines = try engine.breakdown(of: portfolio).lines
    #expect(
      try engine.risk(of: portfolio).initialMargin == lines.reduce(0) { $0 + $1.initial })
    #expect(lines.first?.initial == scan.loss)
  }

  @Test("moves volatility with spot where the grid says so")
  func volatilityFollowsSpot() throws {
    var world = try World(index: "8000")
    try world.list(
      .option(.put, strike: Price("7000"), expiry: World.expiry(days: 30)), step: "0.01")
    let fall = Scenario(spotShift: -0.1, volatility: .unchanged)
    let none = try ScenarioGrid(scenarios: [])
    world.grids = [try ScenarioGrid(scenarios: [fall]), none]
    let sticky = try world.engine().table.cell(contract: 0, scenario: 0)
    world.grids = [try ScenarioGrid(scenarios: [fall], volatilityFollowsSpot: true), none]
    let following = try world.engine().table.cell(contract: 0, scenario: 0)
    // A fall of spot raises volatility, and the put gains more.
    #expect(following > sticky)
    #expect(sticky > 0)
  }
}
