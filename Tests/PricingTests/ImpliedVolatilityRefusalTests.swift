// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import NumericalMethods
import Pricing
import Testing

@Suite("Implied volatility refuses")
struct ImpliedVolatilityRefusalTests {
  private func deviation(
    _ price: Double, _ forward: Double, _ strike: Double, _ right: OptionRight
  ) throws -> Double {
    try ImpliedVolatility.totalDeviation(
      price: price, forward: forward, strike: strike, right: right)
  }

  @Test("a price at a call's bounds and one step beyond, and takes one step inside")
  func callBounds() throws {
    // 110 - 100: exact.
    #expect(throws: ImpliedVolatilityRefusal.withoutTimeValue(price: 10)) {
      try deviation(10, 110, 100, .call)
    }
    #expect(
      throws: ImpliedVolatilityRefusal.belowIntrinsicValue(price: 10.0.nextDown, bound: 10)
    ) { try deviation(10.0.nextDown, 110, 100, .call) }
    #expect(try deviation(10.0.nextUp, 110, 100, .call) > 0)
    #expect(throws: ImpliedVolatilityRefusal.notBelowUpperBound(price: 110, bound: 110)) {
      try deviation(110, 110, 100, .call)
    }
    #expect(throws: ImpliedVolatilityRefusal.notBelowUpperBound(price: 111, bound: 110)) {
      try deviation(111, 110, 100, .call)
    }
    // The largest price below the bound: 1 - p = 2^-46 × 1.1.., so s/2 is near 8.
    let largest = try deviation(110.0.nextDown, 110, 100, .call)
    #expect(largest > 14 && largest < 18)
  }

  @Test("a price at a put's bounds and one step beyond, and takes one step inside")
  func putBounds() throws {
    #expect(throws: ImpliedVolatilityRefusal.withoutTimeValue(price: 0)) {
      try deviation(0, 110, 100, .put)
    }
    #expect(throws: ImpliedVolatilityRefusal.notBelowUpperBound(price: 100, bound: 100)) {
      try deviation(100, 110, 100, .put)
    }
    #expect(try deviation(100.0.nextDown, 110, 100, .put) > 14)
    #expect(
      throws: ImpliedVolatilityRefusal.belowIntrinsicValue(price: 9, bound: 10)
    ) { try deviation(9, 100, 110, .put) }
  }

  @Test("a time value below 2^-1022 of the smaller of forward and strike, and takes that one")
  func smallest() throws {
    #expect(try deviation(0x1p-1022, 1, 2, .call) > 0)
    #expect(throws: ImpliedVolatilityRefusal.withoutTimeValue(price: 0x1.fp-1023)) {
      try deviation(0x1.fp-1023, 1, 2, .call)
    }
    #expect(try deviation(0x1p-1022, 1, 1, .call) > 0)
  }

  @Test("what is not a price", arguments: [-1, -1e-300, .nan, .infinity, -.infinity])
  func malformed(price: Double) {
    #expect { try deviation(price, 100, 100, .call) } throws: { error in
      guard case .malformedPrice(let refused)? = error as? ImpliedVolatilityRefusal else {
        return false
      }
      return refused.bitPattern == price.bitPattern
    }
  }

  @Test(
    "forwards and strikes outside the domain",
    arguments: [0, -1, .nan, .infinity, 0x1p-501, 0x1.1p500])
  func domain(value: Double) {
    for (forward, strike, field) in [
      (value, 100, PricingField.forward), (100, value, .strike),
    ] {
      #expect { try deviation(1, forward, strike, .put) } throws: { error in
        guard case .outOfDomain(let found, _)? = error as? ImpliedVolatilityRefusal else {
          return false
        }
        return found == field
      }
    }
  }

  @Test(
    "no time, negative time and what is no time", arguments: [0, -1, .nan, .infinity])
  func time(years: Double) {
    #expect {
      try ImpliedVolatility.volatility(
        price: 1, forward: 100, strike: 100, yearsToExpiry: years, right: .call)
    } throws: { error in
      guard case .outOfDomain(.yearsToExpiry, _)? = error as? ImpliedVolatilityRefusal else {
        return false
      }
      return true
    }
  }

  @Test("a coin price at its bounds")
  func coin() throws {
    #expect(throws: ImpliedVolatilityRefusal.notBelowUpperBound(price: 100, bound: 100)) {
      try ImpliedVolatility.volatility(
        coinPrice: 1, forward: 100, strike: 120, yearsToExpiry: 1, right: .call)
    }
    #expect(throws: ImpliedVolatilityRefusal.withoutTimeValue(price: 0)) {
      try ImpliedVolatility.volatility(
        coinPrice: 0, forward: 100, strike: 120, yearsToExpiry: 1, right: .call)
    }
  }

  /// Bit patterns drawn at random: half of them infinities, NaN, negative or subnormal.
  @Test("or answers, but never with NaN, zero or infinity, whatever the bits", arguments: 1...2)
  func anyBits(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    var answers = 0
    for _ in 0..<(ImpliedVolatilityTests.isFull ? 500_000 : 10_000) {
      let forward = Double(bitPattern: generator.next())
      let isNear = generator.next() & 1 == 0
      let strike =
        isNear ? forward * (0.5 + generator.nextUnit()) : Double(bitPattern: generator.next())
      let price =
        generator.next() & 1 == 0
        ? Double(bitPattern: generator.next()) : forward * generator.nextUnit()
      guard let s = try? deviation(price, forward, strike, .call) else { continue }
      answers += 1
      guard s > 0, s < .infinity else {
        Issue.record("\(s) for \(price), \(forward), \(strike)")
        return
      }
    }
    #expect(answers > 500)
  }
}
