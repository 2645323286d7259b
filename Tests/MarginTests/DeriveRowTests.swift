// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import Quantities
import Testing

/// Derive's published portfolio case 12: short 1 BTC call, spot 95,663.50604855, forward
/// 95,776.67392708939, strike 100,000, 794,852 s, volatility 0.453803924321583.
///
/// The general grid has its scenarios, shocks and dampers. What it has not is the static
/// discount that depends on the sign of an expiry's value (applied here by hand), and Derive's
/// contingencies per forward, option and confidence.
@Suite("Derive's published scenario rows")
struct DeriveRowTests {
  private static let discount = 0.996_226_449_068_872_9
  private static let shortFactor = 1.003_787_844_554_476_4

  private func world() throws -> (World, InstrumentID) {
    var world = try World(
      index: "95663.50604855", usdDecimals: 4,
      overrides: [
        ("margin.scan.BTC.range", "18%"), ("margin.tailDamper", "0.2"),
        ("surface.shock.down", "27.5%"), ("surface.shock.minimumVolatility", "45%"),
        ("surface.shock.exponent.long", "0.13"), ("surface.shock.smallestUp", "0"),
        // The future carries the whole basis: forward ÷ spot − 1, to the billionth.
        ("surface.carry.horizon", "794852s"), ("surface.carry.limit", "1"),
      ])
    world.markets[0] = UnderlyingMarket(
      underlying: world.btc.symbol, index: world.markets[0].index,
      basis: try Rate("0.001182978"), volatility: world.markets[0].volatility)
    let call = try world.list(
      .option(
        .call, strike: try Price("100000"),
        expiry: World.start + TimeSpan(seconds: 794_852)),
      step: "0.05", volatility: 0.453_803_924_321_583)
    return (world, call)
  }

  // Expected: the published case, all digits. Tolerance 0.005: the forward is exact to 5e-5, and
  // a cell is rounded to 5e-7 × 20 steps ÷ damper.
  @Test("are met by the general grid and the discounts as given")
  func rows() throws {
    let (world, _) = try world()
    let engine = try world.engine()
    let now = engine.marks[0].price.value
    #expect(abs(Self.discount * now - 1_186.418_569_458_765_7) < 0.005)

    func loss(scenario: Int, damper: Double) -> Double {
      let move = 20 * Double(engine.table.cell(contract: 0, scenario: scenario)) / 1e6 / damper
      let value = now + move
      return damper * (Self.shortFactor * Self.discount * value - Self.discount * now)
    }
    // Row 24: +18 %, volatility up; row 27 + 5: +300 %.
    let grid = engine.grids[0].scenarios
    #expect(grid[24].spotShift == 0.18)
    #expect(abs(loss(scenario: 24, damper: 1) - 12_939.312_020_443_322) < 0.005)
    #expect(grid[32].spotShift == 3)
    #expect(abs(grid[32].damper - 0.012) < 1e-15)
    #expect(abs(loss(scenario: 32, damper: 0.012) - 3_383.043_325_666_785) < 0.005)
  }

  // Source: Derive's published case 29: a perpetual at 3,100 loses 0.18 × 3,100 = 558 in the
  // worst scenario, and 446.4 count for maintenance.
  @Test("charge a perpetual 18 per cent, of which four fifths for maintenance")
  func perpetual() throws {
    var world = try World(
      overrides: [
        ("margin.scan.ETH.range", "18%"), ("margin.provision.closeFee", "0"),
        ("margin.collateral.default.haircut", "0"),
      ])
    world.markets[1] = UnderlyingMarket(
      underlying: world.eth.symbol, index: try Price("3100"), basis: .zero,
      volatility: try Rate("80%"))
    let perpetual = try world.list(.perpetual, on: "ETH")
    let engine = try world.engine()
    let size: Int64 = 1_000
    let risk = try engine.risk(
      of: world.portfolio(
        .portfolio,
        [
          Position(
            instrument: perpetual, size: Size(steps: size),
            cost: size * engine.marks[0].unitValue)
        ]))
    #expect(risk.initialMargin == 558_000_000)
    #expect(risk.maintenanceMargin == 446_400_000)
  }
}
