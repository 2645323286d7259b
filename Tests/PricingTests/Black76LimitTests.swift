// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Pricing
import Testing

@Suite("Black-76 at its limits")
struct Black76LimitTests {
  private func isZero(_ greeks: OptionGreeks) -> Bool {
    [greeks.gamma, greeks.vega, greeks.theta, greeks.vanna, greeks.volga]
      .allSatisfy { $0.bitPattern == 0 }
  }

  @Test(
    "without time or without volatility: intrinsic value, delta of a step, no other Greek",
    arguments: [(0.0, 0.5), (0.5, 0.0), (0.0, 0.0), (0x1p-200, 1), (0x1.8p-201, 1)],
    [(120.0, 20.0, 0.0, 1.0), (100, 0, 0, 0.5), (80, 0, 20, 0)])
  func withoutVariance(
    _ limit: (volatility: Double, years: Double),
    _ expected: (forward: Double, call: Double, put: Double, delta: Double)
  ) throws {
    // 2^-200 squared is the threshold itself, which counts as variance; the others do not.
    let isVariance = limit.volatility == 0x1p-200
    let call = try Black76.value(
      forward: expected.forward, strike: 100, volatility: limit.volatility,
      yearsToExpiry: limit.years, right: .call)
    let put = try Black76.value(
      forward: expected.forward, strike: 100, volatility: limit.volatility,
      yearsToExpiry: limit.years, right: .put)
    if isVariance, expected.forward == 100 {
      // Far below an ulp of the strike, yet the curvature at the strike is that of a hinge.
      #expect(call.greeks.gamma > 1e50 && call.greeks.delta == 0.5)
    } else {
      #expect(call.price == expected.call && put.price == expected.put)
      #expect(call.greeks.delta == expected.delta && put.greeks.delta == expected.delta - 1)
      #expect(isZero(call.greeks) && isZero(put.greeks))
      #expect(put.greeks.delta.bitPattern != (-0.0).bitPattern)
    }
  }

  @Test("the coin price without variance is intrinsic value and bends with the forward")
  func coinWithoutVariance() throws {
    let call = try Black76.coinValue(
      forward: 125, strike: 100, volatility: 0, yearsToExpiry: 1, right: .call)
    #expect(call.price == 0.2)
    // c = 1 - K/F: c' = K/F^2, c'' = -2 K/F^3.
    #expect((call.greeks.delta - 0.0064).magnitude <= 1e-18)
    #expect((call.greeks.gamma + 2 * 0.0064 / 125).magnitude <= 1e-19)
    #expect(call.greeks.vega == 0 && call.greeks.theta == 0 && call.greeks.vanna == 0)
    let put = try Black76.coinValue(
      forward: 125, strike: 100, volatility: 0, yearsToExpiry: 1, right: .put)
    #expect(put.price == 0 && put.greeks.delta.bitPattern == 0)
  }

  @Test("a strike next to nothing makes the call the forward")
  func tinyStrike() throws {
    for strike in [1e-30, 1e-100, 0x1p-500] {
      let call = try Black76.value(
        forward: 100, strike: strike, volatility: 0.5, yearsToExpiry: 1, right: .call)
      #expect(call.price == 100 && call.greeks.delta == 1)
      #expect(isZero(call.greeks))
      let put = try Black76.price(
        forward: 100, strike: strike, totalVariance: 0.25, right: .put)
      #expect(put == 0)
    }
  }

  @Test("endless volatility makes the call the forward and the put the strike")
  func greatVolatility() throws {
    for volatility in [100, 1e6, 0x1p200] {
      let call = try Black76.value(
        forward: 100, strike: 130, volatility: volatility, yearsToExpiry: 0x1p200, right: .call)
      #expect(call.price == 100 && call.greeks.delta == 1)
      let put = try Black76.price(
        forward: 100, strike: 130, totalVariance: volatility * volatility, right: .put)
      #expect(put == 130)
      #expect(isZero(call.greeks))
    }
  }

  @Test("no corner of the domain gives a value that is not a number")
  func corners() throws {
    let prices = [0x1p-500, 1, 0x1p500]
    let volatilities = [
      0, 0x1p-1074, 0x1p-201, 0x1p-200, 0x1p-199, 1e-20, 1, 100, 0x1p100, 0x1p200,
    ]
    for forward in prices {
      for strike in prices + [forward.nextDown.nextUp] {
        for volatility in volatilities {
          for years in [0, 0x1p-1074, 1e-20, 1, 0x1p200] {
            for right in OptionRight.allCases {
              let value = try Black76.value(
                forward: forward, strike: strike, volatility: volatility, yearsToExpiry: years,
                right: right)
              let greeks = value.greeks
              let all = [
                value.price, greeks.delta, greeks.gamma, greeks.vega, greeks.theta, greeks.vanna,
                greeks.volga,
              ]
              let strange = all.filter(\.isNaN)
              #expect(
                strange.isEmpty, "\(right) \(forward) \(strike) \(volatility) \(years): \(all)")
            }
          }
        }
      }
    }
  }

  @Test(
    "values just outside the domain are refused with field and value",
    arguments: [
      (PricingField.forward, 0.0), (.forward, -1), (.forward, (0x1p-500).nextDown),
      (.forward, (0x1p500).nextUp), (.forward, .infinity),
      (.strike, 0), (.strike, -0.0), (.strike, -100), (.strike, (0x1p-500).nextDown),
      (.strike, (0x1p500).nextUp), (.strike, .infinity),
      (.volatility, -0x1p-1074), (.volatility, (0x1p200).nextUp), (.volatility, .infinity),
      (.yearsToExpiry, -0x1p-1074), (.yearsToExpiry, (0x1p200).nextUp),
      (.yearsToExpiry, .infinity),
      (.totalVariance, -0x1p-1074), (.totalVariance, (0x1p600).nextUp),
      (.totalVariance, .infinity),
    ])
  func refusals(field: PricingField, value: Double) {
    let expected = PricingError.outOfDomain(field, value: value)
    func pick(_ candidate: PricingField, _ usual: Double) -> Double {
      candidate == field ? value : usual
    }
    if field == .totalVariance || field == .forward || field == .strike {
      #expect(throws: expected) {
        try Black76.price(
          forward: pick(.forward, 100), strike: pick(.strike, 90),
          totalVariance: pick(.totalVariance, 0.04), right: .put)
      }
    }
    if field != .totalVariance {
      #expect(throws: expected) {
        try Black76.coinValue(
          forward: pick(.forward, 100), strike: pick(.strike, 90),
          volatility: pick(.volatility, 0.5), yearsToExpiry: pick(.yearsToExpiry, 1),
          right: .call)
      }
    }
  }

  @Test(
    "NaN is refused in every field",
    arguments: [
      PricingField.forward, .strike, .volatility, .yearsToExpiry,
    ])
  func notANumber(field: PricingField) {
    func pick(_ candidate: PricingField, _ usual: Double) -> Double {
      candidate == field ? .nan : usual
    }
    let error = #expect(throws: PricingError.self) {
      try Black76.value(
        forward: pick(.forward, 100), strike: pick(.strike, 90),
        volatility: pick(.volatility, 0.5), yearsToExpiry: pick(.yearsToExpiry, 1), right: .call)
    }
    #expect(error?.description == "\(field.rawValue) nan is outside the domain of the model")
  }
}
