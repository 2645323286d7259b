// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import NumericalMethods
import Pricing
import Testing

@Suite("Simulated paths")
struct SVCJPathsTests {
  // Third witness: shares only the model with the transform. Tolerance: three standard errors.
  @Test("price as the reference values of SVCJ do", arguments: [0, 1, 2])
  func references(index: Int) throws {
    let reference = try ModelReference.contemporaneous()[index]
    let paths = try SVCJPaths(
      model: reference.model, yearsToExpiry: reference.years, stepCount: 8, seed: 5)
    let found = try paths.prices(
      forward: 100, strikes: reference.strikes, right: .call, pairCount: 8_000)
    // Where too few paths pay, chance is not normal and its error not known.
    for (price, expected) in zip(found, reference.calls) where expected > 0.01 {
      #expect((price.price - expected).magnitude <= 3 * price.standardError)
      #expect(price.standardError > 0 && price.standardError < 0.08)
    }
  }

  @Test("agree with the transform for the other models", arguments: [0, 1, 2, 3])
  func otherModels(index: Int) throws {
    let calm = try ModelReference.calm()
    let model: SVCJModel =
      switch index {
      case 0: calm.general
      case 1: calm.variance.general
      case 2: try MertonModel(volatility: 0.5, jumps: calm.jumps).general
      default: try ModelReference.ether()
      }
    let strikes: [Double] = [80, 100, 125]
    let paths = try SVCJPaths(model: model, yearsToExpiry: 0.1, stepCount: 8, seed: 17)
    let found = try paths.prices(forward: 100, strikes: strikes, right: .put, pairCount: 4_000)
    let expected = try FourierSlice(model: model, yearsToExpiry: 0.1)
      .prices(forward: 100, strikes: strikes, right: .put)
    for (price, exact) in zip(found, expected) {
      #expect((price.price - exact).magnitude <= 3 * price.standardError)
    }
  }

  @Test("antithetic pairs and the control variate reduce the error of a call")
  func varianceReduction() throws {
    let model = try ModelReference.bitcoin()
    let paths = try SVCJPaths(model: model, yearsToExpiry: 0.25, stepCount: 4, seed: 3)
    let reduced = try paths.prices(
      forward: 100, strikes: [90], right: .call, pairCount: 2_000)[0]
    var squares = 0.0
    var sum = 0.0
    for number in 0..<4_000 as Range<UInt32> {
      let end = 100 * Elementary.exp(paths.end(of: number).logarithmicReturn)
      let payoff = max(0, end - 90)
      sum += payoff
      squares += payoff * payoff
    }
    let plain = ((squares / 4_000 - sum / 4_000 * (sum / 4_000)) / 4_000).squareRoot()
    #expect(reduced.standardError < 0.5 * plain)
  }

  @Test("depend on seed and number alone")
  func repetition() throws {
    let model = try ModelReference.bitcoin()
    let paths = try SVCJPaths(model: model, yearsToExpiry: 0.5, stepCount: 20, seed: 9)
    let again = try SVCJPaths(model: model, yearsToExpiry: 0.5, stepCount: 20, seed: 9)
    let other = try SVCJPaths(model: model, yearsToExpiry: 0.5, stepCount: 20, seed: 10)
    _ = again.path(8)
    let path = paths.path(7)
    #expect(path == again.path(7) && path.count == 20)
    #expect(path.last == paths.end(of: 7))
    #expect(path != other.path(7) && path != paths.path(6))
    #expect(path != paths.path(7, isMirrored: true))
    for number in 0..<200 as Range<UInt32> {
      for point in paths.path(number) {
        #expect(point.logarithmicReturn.isFinite && point.variance >= 0)
      }
    }
  }

  @Test("are refused without time, steps or pairs, and beyond their limits")
  func refusals() throws {
    let model = try ModelReference.calm()
    for years in [0, -1, 101, Double.infinity] {
      #expect(throws: PricingError.outOfDomain(.yearsToExpiry, value: years)) {
        try SVCJPaths(model: model, yearsToExpiry: years, stepCount: 1, seed: 0)
      }
    }
    for steps in [0, -1, 100_001] {
      #expect(throws: PricingError.outOfDomain(.stepCount, value: Double(steps))) {
        try SVCJPaths(model: model, yearsToExpiry: 1, stepCount: steps, seed: 0)
      }
    }
    let paths = try SVCJPaths(model: model, yearsToExpiry: 1, stepCount: 1, seed: 0)
    for pairs in [1, 0, -5, 1 << 32] {
      #expect(throws: PricingError.outOfDomain(.pathCount, value: Double(pairs))) {
        try paths.prices(forward: 100, strikes: [90], right: .call, pairCount: pairs)
      }
    }
    #expect(throws: PricingError.outOfDomain(.strike, value: 0)) {
      try paths.prices(forward: 100, strikes: [0], right: .call, pairCount: 2)
    }
  }
}
