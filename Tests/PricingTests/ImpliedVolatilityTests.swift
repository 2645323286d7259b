// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Instruments
import NumericalMethods
import Pricing
import Testing

/// How far a deviation may be off: what is documented, with half a last digit of the price.
///
/// The elasticity is (s/p)·(∂p/∂s): a price that is off by 1.1e-16 of itself moves s by that over
/// the elasticity, whatever the method.
func documentedBound(elasticity: Double) -> Double { 1e-14 + 4 * 1.11e-16 / elasticity }

@Suite("Implied volatility")
struct ImpliedVolatilityTests {
  static let isFull = ProcessInfo.processInfo.environment["PLIMSOLL_FULL"] == "1"

  // Expected: mpmath, 400 digits, exact for the rounded prices. Tolerance: the documented bound;
  // without the allowance for the price's own digits, which are exact here, for options out of
  // the money away from the upper bound.
  @Test("equals the high-precision reference within its documented bound")
  func reference() throws {
    let table = try ImpliedVolatilityReference.table()
    #expect(table.count > 450)
    for row in table {
      let found = try ImpliedVolatility.totalDeviation(
        price: row.price, forward: row.forward, strike: row.strike, right: row.right)
      let error = ((found - row.totalDeviation) / row.totalDeviation).magnitude
      #expect(error <= documentedBound(elasticity: row.elasticity), "\(row)")
      if row.elasticity > 0.005 { #expect(error <= 1e-13, "\(row)") }
    }
  }

  /// Round trips: 20,000 in the usual run, a million with `PLIMSOLL_FULL=1`.
  ///
  /// A price carries s to 1e-13 if half a last digit of it moves s by less than a twentieth of
  /// that: an elasticity above 0.005. All other points are held to the documented bound.
  @Test("gives back the deviation that made the price", arguments: 1...4)
  func roundTrip(seed: UInt64) throws {
    var source = OptionSource(seed: seed)
    var informed = 0
    for _ in 0..<(Self.isFull ? 250_000 : 5_000) {
      let x = source.uniform(-10, 10) * (seed.isMultiple(of: 2) ? 1 : source.uniform(0, 1e-2))
      let s = Elementary.exp(source.uniform(Elementary.log(1e-4), Elementary.log(10)))
      let strike = Elementary.exp(x)
      let oracle = ImpliedVolatilityOracle(forward: 1, strike: strike)
      let part = oracle.part(s)
      guard part > 1e-150 else { continue }
      let price = part * min(1, strike)
      let right: OptionRight = strike >= 1 ? .call : .put
      guard price < (right == .call ? 1 : strike) else { continue }
      let found = try ImpliedVolatility.totalDeviation(
        price: price, forward: 1, strike: strike, right: right)
      let elasticity = s * oracle.slope(s) / part
      let error = ((found - s) / s).magnitude
      // The twin's price is good to 4e-16 of itself, the rounding of the strike included.
      let bound = documentedBound(elasticity: elasticity) + 4e-16 / elasticity
      guard error <= bound else {
        Issue.record("x \(x), s \(s): off by \(error), bound \(bound)")
        return
      }
      if elasticity > 0.01 {
        informed += 1
        #expect(error <= 1e-13)
      }
    }
    #expect(informed > (Self.isFull ? 75_000 : 1_500))
  }

  @Test("agrees with the bracketed twin, nearly equal tails included", arguments: 1...2)
  func twin(seed: UInt64) throws {
    var source = OptionSource(seed: 100 + seed)
    for _ in 0..<(Self.isFull ? 5_000 : 60) {
      let x = source.uniform(-1, 1) * Elementary.exp(source.uniform(-9, 1))
      let s = Elementary.exp(source.uniform(Elementary.log(1e-4), Elementary.log(8)))
      let strike = Elementary.exp(x)
      let oracle = ImpliedVolatilityOracle(forward: 1, strike: strike)
      let price = oracle.part(s) * min(1, strike)
      let part = price / min(1, strike)
      guard part > 1e-150, part < 1 else { continue }
      let found = try ImpliedVolatility.totalDeviation(
        price: price, forward: 1, strike: strike, right: strike >= 1 ? .call : .put)
      let slow = try oracle.deviation(part: part, rest: 1 - part)
      let elasticity = s * oracle.slope(s) / part
      let bound = documentedBound(elasticity: elasticity) + 4e-16 / elasticity
      #expect((found - slow).magnitude <= bound * slow, "\(x) \(s)")
    }
  }

  @Test("is the volatility that Black's formula was given, for call, put and coin")
  func blackRoundTrip() throws {
    var source = OptionSource(seed: 5)
    for _ in 0..<2_000 {
      let (forward, strike, variance) = source.next()
      let years = source.uniform(0.001, 2)
      let sigma = (variance / years).squareRoot()
      let right: OptionRight = forward <= strike ? .call : .put
      let price = try Black76.price(
        forward: forward, strike: strike, totalVariance: sigma * sigma * years, right: right)
      // Black76 promises an absolute error of 1e-15 × (price + smaller of the two).
      guard price > 1e-7 * min(forward, strike), variance < 4 else { continue }
      let found = try ImpliedVolatility.volatility(
        price: price, forward: forward, strike: strike, yearsToExpiry: years, right: right)
      #expect((found - sigma).magnitude <= 1e-8 * sigma)
      let coin = try ImpliedVolatility.volatility(
        coinPrice: price / forward, forward: forward, strike: strike, yearsToExpiry: years,
        right: right)
      #expect((coin - sigma).magnitude <= 1e-8 * sigma)
      let inside = price + (forward - strike).magnitude
      let parity = try ImpliedVolatility.volatility(
        price: inside, forward: forward, strike: strike, yearsToExpiry: years,
        right: right == .call ? .put : .call)
      #expect((parity - sigma).magnitude <= 1e-6 * sigma)
    }
  }

  @Test(
    "rises with the price, across the seams of its branches", arguments: [0, 1e-6, 0.1, 2, 9])
  func monotone(logMoneyness: Double) throws {
    let strike = Elementary.exp(logMoneyness)
    var last = 0.0
    for step in 1...4_000 {
      let price = Double(step) / 4_001
      let s = try ImpliedVolatility.totalDeviation(
        price: price, forward: 1, strike: strike, right: .call)
      #expect(s > last)
      last = s
    }
    for power in stride(from: 150.0, to: 2, by: -1) {
      let smaller = try ImpliedVolatility.totalDeviation(
        price: Elementary.pow(10, -power), forward: 1, strike: strike, right: .call)
      let larger = try ImpliedVolatility.totalDeviation(
        price: 1.000_000_000_001 * Elementary.pow(10, -power), forward: 1, strike: strike,
        right: .call)
      #expect(smaller < larger)
    }
  }

  // Stored by this test's first run; debug and release, and every machine, must agree.
  @Test("has the stored bits for 20,000 prices in every branch")
  func bits() throws {
    var source = OptionSource(seed: 77)
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for _ in 0..<20_000 {
      let strike = Elementary.exp(source.uniform(-1, 1) * Elementary.exp(source.uniform(-12, 2.3)))
      let unit = source.uniform(0, 1)
      let price = min(1, strike) * (unit < 0.5 ? Elementary.exp(-300 * unit) : 2 * unit - 1)
      let s = try ImpliedVolatility.totalDeviation(
        price: price, forward: 1, strike: strike, right: strike >= 1 ? .call : .put)
      // FNV-1a, a word at a time.
      hash = (hash ^ s.bitPattern) &* 0x100_0000_01b3
    }
    #expect(hash == 0x50a4_d401_d236_0e55)
  }
}
