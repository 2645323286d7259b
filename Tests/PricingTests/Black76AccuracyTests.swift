// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Pricing
import Testing

@Suite("Black-76 equals high-precision values")
struct Black76AccuracyTests {
  // Expected: mpmath, 40 digits. Tolerance: the documented error bound.
  @Test(
    "equals the high-precision reference",
    arguments: [
      (100.0, 100.0, 0.04, 7.965_567_455_405_796),
      (100.0, 110.0, 0.04, 4.292_010_941_409_888),
      (100.0, 80.0, 0.01, 20.039_914_343_421_842),
    ])
  func price(forward: Double, strike: Double, totalVariance: Double, expected: Double) throws {
    let price = try Black76.price(
      forward: forward, strike: strike, totalVariance: totalVariance, right: .call)
    #expect((price - expected).magnitude <= 1e-15 * (expected + min(forward, strike)))
    #expect((price - expected).magnitude <= 1e-14 * forward)
  }

  // Expected: mpmath, 420 digits. Tolerance: the documented bounds.
  @Test("prices are within the documented error, absolute and relative in the tails")
  func tablePrices() throws {
    let table = try Black76Reference.table()
    #expect(table.count >= 200)
    for line in table {
      let exact = line.quoted.price
      let price = try line.value().price
      let error = (price - exact).magnitude
      #expect(error <= 1e-15 * (exact + min(line.forward, line.strike)), "\(line)")
      if line.isOutOfTheMoney, exact > 1e-290 * line.forward {
        let distance = line.distance
        let bound = 4 + distance * distance + 2 * (1 + distance) / line.root
        #expect(error <= 1e-15 * bound * exact, "\(line)")
      }
    }
  }

  // Expected: differences of the price in mpmath, 420 digits, not formulae. Tolerance: the
  // documented bound; vanna and volga pass through 0, so theirs is that of their terms.
  @Test("Greeks are the derivatives of the price")
  func tableGreeks() throws {
    for line in try Black76Reference.table() {
      let greeks = try line.value().greeks
      let exact = line.quoted.greeks
      let distance = line.distance
      let bound = 1e-15 * (4 + distance * distance)
      let vannaScale =
        exact.vega.magnitude / line.forward * (1 + line.d2.magnitude) / line.root
      let volgaScale =
        exact.vega.magnitude * (1 + line.d1.magnitude) * (1 + line.d2.magnitude) / line.volatility
      // Below this size of the density the exponential is subnormal.
      let floor = 1e-300
      func expect(_ value: Double, _ exact: Double, scale: Double, _ name: String) {
        #expect((value - exact).magnitude <= bound * scale + floor, "\(name) of \(line)")
      }
      expect(greeks.delta, exact.delta, scale: exact.delta.magnitude, "delta")
      expect(greeks.gamma, exact.gamma, scale: exact.gamma.magnitude, "gamma")
      expect(greeks.vega, exact.vega, scale: exact.vega.magnitude, "vega")
      expect(greeks.theta, exact.theta, scale: exact.theta.magnitude, "theta")
      expect(greeks.vanna, exact.vanna, scale: vannaScale, "vanna")
      expect(greeks.volga, exact.volga, scale: volgaScale, "volga")
    }
  }

  // Expected: the same table, price and differences of the price in coin. Gamma and vanna are
  // differences of two terms: theirs is the bound of the terms.
  @Test("coin prices, their Greeks and the net delta are those of the price in coin")
  func tableCoin() throws {
    for line in try Black76Reference.table() {
      let value = try line.coinValue()
      let exact = line.coin
      let distance = line.distance
      let bound = 1e-15 * (8 + distance * distance)
      let forward = line.forward
      let gammaScale =
        exact.greeks.gamma.magnitude + 4 * exact.greeks.delta.magnitude / forward
      let vannaScale =
        exact.greeks.vega.magnitude / forward * (2 + (1 + line.d2.magnitude) / line.root)
      func expect(_ value: Double, _ exact: Double, scale: Double, _ name: String) {
        #expect((value - exact).magnitude <= bound * scale + 1e-300, "\(name) of \(line)")
      }
      #expect((value.price - exact.price).magnitude <= 1e-15 * (exact.price + 1), "\(line)")
      let net = try Black76.netCoinDelta(
        forward: forward, strike: line.strike, totalVariance: line.totalVariance,
        right: line.right)
      expect(net, line.netCoinDelta, scale: line.netCoinDelta.magnitude, "net delta")
      let greeks = value.greeks
      expect(greeks.delta, exact.greeks.delta, scale: exact.greeks.delta.magnitude, "delta")
      expect(greeks.gamma, exact.greeks.gamma, scale: gammaScale, "gamma")
      expect(greeks.vega, exact.greeks.vega, scale: exact.greeks.vega.magnitude, "vega")
      expect(greeks.theta, exact.greeks.theta, scale: exact.greeks.theta.magnitude, "theta")
      expect(greeks.vanna, exact.greeks.vanna, scale: vannaScale, "vanna")
    }
  }
}
