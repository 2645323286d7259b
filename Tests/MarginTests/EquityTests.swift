// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import Quantities
import Testing

@Suite("Equity")
struct EquityTests {
  @Test("is collateral at the index plus unrealized profits, exactly")
  func exact() throws {
    var world = try World(index: "8000")
    let linear = try world.list(.perpetual)
    let inverse = try world.list(.perpetual, .inverse, step: "1")
    let engine = try world.engine()
    // Long 2 BTC from 7,900: +200 USD. Long 10,000 USD from 12,700 units (7,874.02 USD) to
    // 12,500: +2,000,000 units = 0.02 BTC = 160 USD. One BTC and 1,000 USD: 9,000 USD.
    let portfolio = world.portfolio(
      .cross, usd: 1_000_000_000, btc: 100_000_000,
      [
        Position(instrument: linear, size: Size(steps: 2_000), cost: 15_800_000_000),
        Position(instrument: inverse, size: Size(steps: 10_000), cost: -127_000_000),
      ])
    #expect(try engine.risk(of: portfolio).equity == 9_360_000_000)
  }

  @Test("rounds each asset down to a millionth, gains and debts alike")
  func rounding() throws {
    // One unit of BTC at 8,000.50 is 80.005 millionths, one of ETH at 200 is 2 millionths.
    let world = try World(index: "8000.50")
    let engine = try world.engine()
    #expect(try engine.risk(of: world.portfolio(.cross, btc: 1)).equity == 80)
    #expect(try engine.risk(of: world.portfolio(.cross, btc: -1)).equity == -81)
    #expect(try engine.risk(of: world.portfolio(.cross, btc: 1, eth: 1)).equity == 82)
    let coarse = try World(index: "8000", usdDecimals: 8)
    #expect(
      try coarse.engine().risk(of: coarse.portfolio(.cross, usd: 199)).equity == 1)
    #expect(
      try coarse.engine().risk(of: coarse.portfolio(.cross, usd: -101)).equity == -2)
  }

  @Test("leaves haircuts to the requirement: bankruptcy is equity zero")
  func haircut() throws {
    let world = try World(index: "8000")
    let engine = try world.engine()
    for mode in MarginMode.allCases {
      let risk = try engine.risk(of: world.portfolio(mode, btc: 100_000_000))
      #expect(risk.equity == 8_000_000_000)
      // Ten per cent of the coin; a portfolio's coin also loses 16 per cent in the scan.
      let scan: Int64 = mode == .portfolio ? 1_280_000_000 : 0
      #expect(risk.initialMargin == 800_000_000 + scan)
    }
  }

  @Test("compares against maintenance margin one unit below, at and above")
  func lines() {
    func risk(_ equity: Int64) -> AccountRisk {
      AccountRisk(
        equity: equity, initialMargin: 150, maintenanceMargin: 100, liquidationBuffer: 20,
        penaltyRate: .zero)
    }
    #expect([99, 100, 101].map { risk($0).isLiquidatable } == [true, false, false])
    #expect([119, 120, 121].map { risk($0).isRestored } == [false, true, true])
    #expect([99, 100, 101].map { risk($0).shortfall } == [1, 0, 0])
    #expect([149, 150, 151].map { risk($0).excess } == [0, 0, 1])
    #expect(risk(99).marginRatio == Rate(billionths: 990_000_000))
    #expect(risk(-50).marginRatio == Rate(billionths: -500_000_000))
    let none = AccountRisk(
      equity: 1, initialMargin: 0, maintenanceMargin: 0, liquidationBuffer: 0,
      penaltyRate: .zero)
    #expect(none.marginRatio == nil)
  }
}
