// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import NumericalMethods
import Pricing
import Testing

@Suite("Characteristic functions")
struct CharacteristicModelTests {
  @Test("are 1 at 0 and at -i, and next to them", arguments: [1, 2] as [UInt64])
  func unity(seed: UInt64) throws {
    var source = ModelSource(seed: seed)
    for _ in 0..<300 {
      let (model, years) = (try source.model(), source.years())
      #expect(try model.characteristic(.zero, years: years) == .one)
      #expect(try model.characteristic(ComplexNumber(0, -1), years: years) == .one)
      // The closed form itself, without the special case. Its terms grow with the jumps expected.
      let scale = max(1, model.jumps.intensity * years)
      for near in [ComplexNumber(1e-17), ComplexNumber(1e-17, -1)] {
        let value = try model.characteristic(near, years: years)
        #expect((value - .one).magnitude <= 1e-14 * scale, "\(model) \(years)")
      }
    }
  }

  @Test("are bounded by 1 and Hermitian on the real axis", arguments: [3] as [UInt64])
  func hermitian(seed: UInt64) throws {
    var source = ModelSource(seed: seed)
    for _ in 0..<500 {
      let (model, years) = (try source.model(), source.years())
      let u = source.spread(1e-3, 300)
      let value = try model.characteristic(ComplexNumber(u), years: years)
      let mirrored = try model.characteristic(ComplexNumber(-u), years: years)
      #expect(value.magnitude <= 1 + 1e-13)
      let reflected = ComplexNumber(mirrored.real, -mirrored.imaginary)
      #expect((reflected - value).magnitude <= 1e-13)
    }
  }

  @Test("fall together where a parameter vanishes")
  func limits() throws {
    var source = ModelSource(seed: 4)
    for _ in 0..<200 {
      let (heston, years) = (try source.heston(), source.years())
      let jumps = try source.jumps()
      let u = ComplexNumber(source.spread(0.01, 100), -0.5)
      let without = try LogarithmicJumps(
        intensity: 0, meanJump: jumps.meanJump, deviation: jumps.deviation)
      let bates = BatesModel(variance: heston, jumps: jumps)
      let still = BatesModel(variance: heston, jumps: without)
      #expect(
        try still.characteristic(u, years: years) == heston.characteristic(u, years: years))
      let joint = try SVCJModel(
        variance: heston, jumps: jumps, meanVarianceJump: 0, jumpCorrelation: 0.3)
      #expect(try joint.characteristic(u, years: years) == bates.characteristic(u, years: years))
      // Continuity: a small parameter moves φ by a small amount.
      let small = try SVCJModel(
        variance: heston, jumps: jumps, meanVarianceJump: 1e-13, jumpCorrelation: 0.3)
      let moved =
        try small.characteristic(u, years: years) - bates.characteristic(u, years: years)
      #expect(moved.magnitude <= 1e-9)
    }
  }

  @Test("take a variance without volatility for its mean")
  func meanVariance() throws {
    var source = ModelSource(seed: 5)
    for _ in 0..<200 {
      let years = source.years()
      func heston(_ sigma: Double) throws -> HestonModel {
        try HestonModel(
          initialVariance: 0.4, meanVariance: 0.2, meanReversion: 3, volatilityOfVariance: sigma,
          correlation: 0.5)
      }
      let u = source.spread(0.1, 20)
      let total = try heston(0).meanTotalVariance(years: years)
      let expected = ComplexNumber.exp((-0.5 * total) * ComplexNumber(u * u, u))
      for sigma in [0, 1e-160, 1e-17] {
        let value = try heston(sigma).characteristic(ComplexNumber(u), years: years)
        #expect((value - expected).magnitude <= 2e-15 * (1 + total * u * u))
      }
    }
    // Reversion without end and none at all.
    let fixed = try HestonModel(
      initialVariance: 0.4, meanVariance: 0.2, meanReversion: 0, volatilityOfVariance: 0,
      correlation: 0)
    #expect(fixed.meanTotalVariance(years: 2) == 0.8)
    let slow = try HestonModel(
      initialVariance: 0.4, meanVariance: 0.2, meanReversion: 0x1p-1074, volatilityOfVariance: 0,
      correlation: 0)
    #expect(slow.meanTotalVariance(years: 2) == 0.8)
    let fast = try HestonModel(
      initialVariance: 0.4, meanVariance: 0.2, meanReversion: 1_000, volatilityOfVariance: 0,
      correlation: 0)
    #expect((fast.meanTotalVariance(years: 2) - 0.4002).magnitude <= 1e-15)
  }

  @Test("a time of nothing leaves the forward where it is")
  func noTime() throws {
    let model = try ModelReference.bitcoin()
    #expect(try model.characteristic(ComplexNumber(3, -0.2), years: 0) == .one)
  }
}

@Suite("Model parameters")
struct ModelParameterTests {
  typealias Field = (PricingField, ClosedRange<Double>, @Sendable (Double) throws -> Void)

  private static func heston(
    _ v0: Double = 0.1, _ theta: Double = 0.1, _ kappa: Double = 1, _ sigma: Double = 1,
    _ rho: Double = 0
  ) throws {
    _ = try HestonModel(
      initialVariance: v0, meanVariance: theta, meanReversion: kappa,
      volatilityOfVariance: sigma, correlation: rho)
  }

  private static func jumps(_ lambda: Double = 1, _ mu: Double = 0, _ delta: Double = 1) throws {
    _ = try LogarithmicJumps(intensity: lambda, meanJump: mu, deviation: delta)
  }

  private static func joint(_ mean: Double, _ correlation: Double) throws {
    _ = try SVCJModel(
      variance: ModelReference.calm().variance, jumps: .none, meanVarianceJump: mean,
      jumpCorrelation: correlation)
  }

  private static let fields: [Field] = [
    (.initialVariance, 0...100, { try heston($0) }),
    (.meanVariance, 0...100, { try heston(0.1, $0) }),
    (.meanReversion, 0...1_000, { try heston(0.1, 0.1, $0) }),
    (.volatilityOfVariance, 0...100, { try heston(0.1, 0.1, 1, $0) }),
    (.correlation, -0.9999...0.9999, { try heston(0.1, 0.1, 1, 1, $0) }),
    (.jumpIntensity, 0...1_000, { try jumps($0) }),
    (.meanJump, -5...5, { try jumps(1, $0) }),
    (.jumpDeviation, 0...5, { try jumps(1, 0, $0) }),
    (.meanVarianceJump, 0...100, { try joint($0, -1) }),
    (.jumpCorrelation, -10...10, { try joint(0.01, $0) }),
    (.volatility, 0...10, { _ = try MertonModel(volatility: $0, jumps: .none) }),
    (
      .yearsToExpiry, 0...100,
      { _ = try ModelReference.calm().characteristic(ComplexNumber(1), years: $0) }
    ),
  ]

  @Test("are taken up to their bounds and refused by name beyond them")
  func bounds() throws {
    for (field, range, make) in Self.fields {
      try make(range.lowerBound)
      try make(range.upperBound)
      for value in [range.lowerBound.nextDown, range.upperBound.nextUp, 1e9, -.infinity, .infinity]
      {
        #expect(throws: PricingError.outOfDomain(field, value: value)) { try make(value) }
      }
      #expect { try make(.nan) } throws: { error in
        guard case .outOfDomain(field, let value) = error as? PricingError else { return false }
        return value.isNaN
      }
    }
  }

  @Test("jumps of the variance may not take the forward's mean away")
  func meanOfTheForward() throws {
    try Self.joint(1, 0.99)
    #expect(throws: PricingError.outOfDomain(.jumpCorrelation, value: 0.99.nextUp)) {
      try Self.joint(1, 0.99.nextUp)
    }
    #expect(throws: PricingError.outOfDomain(.jumpCorrelation, value: 2)) {
      try Self.joint(0.5, 2)
    }
  }

  @Test("a refusal says what it refuses")
  func descriptions() {
    #expect(
      PricingError.outOfDomain(.correlation, value: 1).description
        == "correlation 1.0 is outside the domain of the model")
    #expect(
      PricingError.unresolved(termLimit: 8).description
        == "the model's transform is not resolved by 8 terms")
  }
}
