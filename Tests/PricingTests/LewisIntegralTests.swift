// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Pricing
import Testing

@Suite("Lewis's integral")
struct LewisIntegralTests {
  // Tolerance: the specification's 1e-9; the values have ten decimals.
  @Test("gives every reference value of the specification")
  func referenceValues() throws {
    for reference in try ModelReference.all() {
      for (strike, expected) in zip(reference.strikes, reference.calls) {
        let call = try LewisIntegral.price(
          model: reference.model, forward: reference.forward, strike: strike,
          yearsToExpiry: reference.years, right: .call)
        #expect((call - expected).magnitude <= 1e-9, "\(reference.name), \(strike)")
      }
    }
  }

  // Expected: mpmath, 40 digits, at exactly those decimals of the time.
  @Test("gives the published digits of BENCHOP and the high-precision prices")
  func manyDigits() throws {
    for reference in try ModelReference.benchmark() {
      let call = try LewisIntegral.price(
        model: reference.model, forward: reference.forward, strike: 100, yearsToExpiry: 1,
        right: .call)
      #expect((call - reference.calls[0]).magnitude <= 1e-13 * 200)
    }
    for row in try SensitivityReference.table() {
      let call = try LewisIntegral.price(
        model: row.model, forward: 100, strike: row.strike, yearsToExpiry: row.years,
        right: .call)
      #expect((call - row.values[0]).magnitude <= 1e-13 * (100 + row.strike))
    }
  }

  // Expected: mpmath, 40 digits. Tolerance: the documented bound of both.
  @Test("and slices equal high-precision prices from one day to ten years")
  func wide() throws {
    let rows = try SensitivityReference.prices()
    #expect(rows.count == 90)
    for row in rows {
      let tolerance = 1e-13 * (100 + row.strike)
      let price = try LewisIntegral.price(
        model: row.model, forward: 100, strike: row.strike, yearsToExpiry: row.years,
        right: .call)
      #expect((price - row.values[0]).magnitude <= tolerance, "\(row)")
      let slice = try FourierSlice(model: row.model, yearsToExpiry: row.years)
        .price(forward: 100, strike: row.strike, right: .call)
      #expect((slice - row.values[0]).magnitude <= tolerance, "\(row)")
    }
  }

  @Test("Merton's series agrees, for lattice-like and for wide jumps", arguments: [1] as [UInt64])
  func series(seed: UInt64) throws {
    var source = ModelSource(seed: seed)
    for _ in 0..<300 {
      let jumps = try source.jumps()
      let model = try MertonModel(volatility: source.spread(0.1, 1.5), jumps: jumps)
      let years = source.years()
      let strike = source.strike(model.general, years)
      let expected = try model.seriesPrice(
        forward: 100, strike: strike, yearsToExpiry: years, right: .put)
      let price = try LewisIntegral.price(
        model: model, forward: 100, strike: strike, yearsToExpiry: years, right: .put)
      #expect((price - expected).magnitude <= 2e-13 * (100 + strike), "\(model) \(years)")
    }
  }

  @Test("the series is Black's without jumps and prices jumps without diffusion")
  func seriesLimits() throws {
    let none = try MertonModel(volatility: 0.5, jumps: .none)
    #expect(
      try none.seriesPrice(forward: 100, strike: 90, yearsToExpiry: 0.5, right: .call)
        == Black76.price(forward: 100, strike: 90, totalVariance: 0.125, right: .call))
    // Jumps of one size: without any the forward is left at 17.9, with one it is at 48.8.
    let jumps = try LogarithmicJumps(intensity: 1, meanJump: 1, deviation: 0)
    let lattice = try MertonModel(volatility: 0, jumps: jumps)
    let put = try lattice.seriesPrice(forward: 100, strike: 45, yearsToExpiry: 1, right: .put)
    // e^-1 (45 - 100 e^-(e - 1)), mpmath: no jump has probability 1/e and is the only case below.
    #expect((put - 9.955_771_268_183_651).magnitude <= 1e-13 * 145)
  }
}
