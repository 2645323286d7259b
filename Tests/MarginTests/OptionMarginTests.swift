// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import Parameters
import Quantities
import Testing

@Suite("Stand-alone option margin")
struct OptionMarginTests {
  // Source: Derive's published standard cases 1, 3 and 4 (spot 1500; 0.15 / 0.10 / 0.075, puts
  // at least 1.05 × maintenance), marks and margins to 1e-6 as given.
  @Test(
    "gives the published margins of short options, mark included",
    arguments: [
      (OptionRight.call, "1500", "79.371585", "191.871585", "304.371585"),
      (.call, "1900", "6.008262", "118.508262", "156.008262"),
      (.put, "1300", "14.322794", "126.822794", "164.322794"),
    ])
  func published(
    right: OptionRight, strike: String, mark: String, maintenance: String, initial: String
  ) throws {
    let parameters = OptionMarginParameters(
      base: try Rate("15%"), least: try Rate("10%"), maintenance: try Rate("7.5%"),
      putMark: try Rate("7.5%"), putInitial: try Rate("105%"), longValue: .one)
    let margin = StandaloneOptionMargin(
      short: right, strike: try Price(strike), spot: try Price("1500"), mark: try Price(mark),
      parameters)
    #expect(try margin.maintenance == Price(maintenance).steps)
    #expect(try margin.initial == Price(initial).steps)
  }

  @Test("charges a deep put by its own mark")
  func deepPut() throws {
    let parameters = OptionMarginParameters(
      base: try Rate("15%"), least: try Rate("10%"), maintenance: try Rate("7.5%"),
      putMark: try Rate("50%"), putInitial: try Rate("105%"), longValue: .one)
    let margin = StandaloneOptionMargin(
      short: .put, strike: try Price("3000"), spot: try Price("1500"), mark: try Price("1500"),
      parameters)
    // max(112.5, 750) + 1500; initial 1.05 × that.
    #expect(try margin.maintenance == Price("2250").steps)
    #expect(try margin.initial == Price("2362.5").steps)
  }

  private func listed(
    _ settlement: Settlement, usdDecimals: UInt8 = 6
  ) throws -> (World, InstrumentID) {
    var world = try World(index: "8000", usdDecimals: usdDecimals)
    let option = try world.list(
      .option(.call, strike: try Price("9000"), expiry: World.expiry(days: 30)), settlement,
      step: "0.01", volatility: 0.8)
    return (world, option)
  }

  // 9,000 is 12.5 % out of the money: initial max(15 % − 12.5 %, 10 %) = 10 %, maintenance 7.5 %
  // of 8,000 for 10 BTC; equity counts the mark already.
  @Test("requires of a short option its margin less its mark", arguments: Settlement.allCases)
  func short(settlement: Settlement) throws {
    let (world, option) = try listed(settlement)
    let risk = try world.engine().risk(
      of: world.portfolio(
        .cross, [Position(instrument: option, size: Size(steps: -1_000), cost: 0)]))
    #expect(risk.initialMargin == 8_000_000_000)
    #expect(risk.maintenanceMargin == 6_000_000_000)
  }

  @Test("gives a long option no credit beyond its value", arguments: Settlement.allCases)
  func long(settlement: Settlement) throws {
    let (world, option) = try listed(settlement)
    let engine = try world.engine()
    let cost = 1_000 * engine.marks[0].unitValue
    // The premium in the settlement asset, and not a unit more.
    let portfolio = world.portfolio(
      .cross, usd: settlement == .linear ? cost : 0, btc: settlement == .linear ? 0 : cost,
      [Position(instrument: option, size: Size(steps: 1_000), cost: cost)])
    let risk = try engine.risk(of: portfolio)
    #expect(risk.equity > 0)
    // Equity rounds down and the charge up: in coin the two differ by a millionth at most.
    #expect((0...1).contains(risk.initialMargin - risk.equity))
    #expect(risk.initialMargin == risk.maintenanceMargin)
  }
}
