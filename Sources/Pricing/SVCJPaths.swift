// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// Where a simulated path is at one time.
@frozen
public struct SimulatedPoint: Hashable, Sendable {
  /// ln(F_t / F_0).
  public var logarithmicReturn: Double
  /// v_t, per year.
  public var variance: Double
}

/// Seeded paths of the forward and its variance under ``SVCJModel`` and its special cases.
///
/// Jumps come at their exact times; between them and the points of the time grid the variance
/// follows the quadratic-exponential scheme with martingale correction, so that only the diffusion
/// has a bias, which falls with the step. Path n depends on the seed and n alone, in any order.
/// Source: L. Andersen, J. Computational Finance 11 (2008), 1-42, section 3.2 and 4.
public struct SVCJPaths: Sendable {
  public let yearsToExpiry: Double
  public let stepCount: Int
  private let model: SVCJModel
  private let generator: Philox
  /// λm, the drift that the jumps' mean takes back.
  private let compensation: Double

  /// - Parameters:
  ///   - model: A volatility of variance below 1e-4 counts as 0 here.
  ///   - yearsToExpiry: Above 0, to 100.
  ///   - stepCount: Steps of equal length, from 1 to 100,000.
  ///   - seed: Any.
  /// - Throws: ``PricingError/outOfDomain(_:value:)``.
  public init(
    model: some CharacteristicModel, yearsToExpiry: Double, stepCount: Int, seed: UInt64
  ) throws(PricingError) {
    try Black76.check(yearsToExpiry, from: 0x1p-40, upTo: 100, .yearsToExpiry)
    try Black76.check(Double(stepCount), from: 1, upTo: 100_000, .stepCount)
    self.model = model.general
    self.yearsToExpiry = yearsToExpiry
    self.stepCount = stepCount
    generator = Philox(seed: seed)
    let jumps = self.model.jumps
    let slope = self.model.meanVarianceJump * self.model.jumpCorrelation
    let growth = Elementary.expm1(jumps.meanJump + 0.5 * (jumps.deviation * jumps.deviation))
    compensation = jumps.intensity * ((growth + slope) / (1 - slope))
  }

  /// The points of a path at the ends of its steps.
  ///
  /// - Parameters:
  ///   - number: Which path.
  ///   - isMirrored: Whether every normal number has the other sign; times of jumps and jumps of
  ///     the variance stay. Averaged with the path itself it cancels much of the chance.
  /// - Returns: As many points as steps.
  public func path(_ number: UInt32, isMirrored: Bool = false) -> [SimulatedPoint] {
    var points: [SimulatedPoint] = []
    points.reserveCapacity(stepCount)
    walk(number, isMirrored: isMirrored) { points.append($0) }
    return points
  }

  /// The last point of a path.
  public func end(of number: UInt32, isMirrored: Bool = false) -> SimulatedPoint {
    var last = SimulatedPoint(logarithmicReturn: 0, variance: model.variance.initialVariance)
    walk(number, isMirrored: isMirrored) { last = $0 }
    return last
  }

  private func walk(_ number: UInt32, isMirrored: Bool, _ record: (SimulatedPoint) -> Void) {
    var point = SimulatedPoint(logarithmicReturn: 0, variance: model.variance.initialVariance)
    let stepYears = yearsToExpiry / Double(stepCount)
    var draw: UInt32 = 0
    var now = 0.0
    var jump: UInt32 = 0
    var nextJump = arrival(number, jump)
    for step in 1...stepCount {
      let end = Double(step) * stepYears
      while nextJump < end {
        diffuse(&point, years: nextJump - now, units(number, draw, isMirrored))
        draw &+= 1
        leap(&point, number, jump, isMirrored)
        now = nextJump
        jump &+= 1
        nextJump += arrival(number, jump)
      }
      diffuse(&point, years: end - now, units(number, draw, isMirrored))
      draw &+= 1
      now = end
      record(point)
    }
  }

  /// The years to a jump from the one before.
  private func arrival(_ number: UInt32, _ jump: UInt32) -> Double {
    guard model.jumps.intensity > 0 else { return .infinity }
    let (unit, _) = generator.units(at: SIMD4(number, jump, 1, 0))
    return (0 - Elementary.log(unit)) / model.jumps.intensity
  }

  private func units(
    _ number: UInt32, _ draw: UInt32, _ isMirrored: Bool
  ) -> (Double, Double) {
    let (first, second) = generator.units(at: SIMD4(number, draw, 0, 0))
    // 1 - an odd multiple of 2^-53 is one too, and exact.
    return isMirrored ? (1 - first, 1 - second) : (first, second)
  }

  private func leap(
    _ point: inout SimulatedPoint, _ number: UInt32, _ jump: UInt32, _ isMirrored: Bool
  ) {
    let (unit, deviate) = generator.units(at: SIMD4(number, jump, 2, 0))
    let gain = (0 - Elementary.log(unit)) * model.meanVarianceJump
    let normal = Normal.inverse(isMirrored ? 1 - deviate : deviate)
    point.variance += gain
    point.logarithmicReturn +=
      model.jumps.meanJump + model.jumpCorrelation * gain + model.jumps.deviation * normal
  }

  private func diffuse(
    _ point: inout SimulatedPoint, years: Double, _ units: (Double, Double)
  ) {
    point.logarithmicReturn -= compensation * years
    let heston = model.variance
    let normal = Normal.inverse(units.1)
    let mean = QuadraticExponentialStep(heston, from: point.variance, years: years)
    guard heston.volatilityOfVariance >= 1e-4, mean.mean > 1e-100, years > 0 else {
      let total = mean.total
      point.logarithmicReturn += total.squareRoot() * normal - 0.5 * total
      point.variance = mean.mean
      return
    }
    let move = mean.move(unit: units.0, normal: normal)
    point.logarithmicReturn += move.logarithmicReturn
    point.variance = move.variance
  }
}

/// One step of the quadratic-exponential scheme, in the letters of its paper.
private struct QuadraticExponentialStep {
  let model: HestonModel
  let before: Double
  let years: Double
  /// The mean variance after the step, and summed over it.
  let mean: Double
  let total: Double
  /// (1 - e^(-κΔ)) / κ and e^(-κΔ).
  private let weight: Double
  private let decay: Double

  init(_ model: HestonModel, from variance: Double, years: Double) {
    self.model = model
    before = variance
    self.years = years
    let kappa = model.meanReversion
    let loss = 0 - Elementary.expm1(0 - kappa * years)
    weight = kappa * years > 0x1p-60 ? loss / kappa : years
    decay = 1 - loss
    mean = model.meanVariance * loss + variance * decay
    total = model.meanVariance * (years - weight) + variance * weight
  }

  func move(unit: Double, normal: Double) -> SimulatedPoint {
    let sigma = model.volatilityOfVariance
    let rho = model.correlation
    let kappa = model.meanReversion
    let spread =
      (sigma * sigma)
      * (before * decay * weight + 0.5 * model.meanVariance * kappa * (weight * weight))
    let psi = spread / (mean * mean)
    let leverage = rho / sigma
    let half = 0.5 * years
    let k1 = half * (kappa * leverage - 0.5) - leverage
    let k2 = half * (kappa * leverage - 0.5) + leverage
    let k3 = half * (1 - rho * rho)
    let a = k2 + 0.5 * k3
    let after: Double
    // The logarithm of E[e^(A v')], or nil where it is infinite.
    var growth: Double?
    if psi <= 1.5 {
      let inverse = 2 / psi
      let square = inverse - 1 + inverse.squareRoot() * (inverse - 1).squareRoot()
      let scale = mean / (1 + square)
      let root = square.squareRoot() + Normal.inverse(unit)
      after = scale * (root * root)
      let room = 1 - 2 * (a * scale)
      if room > 0 { growth = a * square * scale / room - 0.5 * Elementary.log(room) }
    } else {
      let p = (psi - 1) / (psi + 1)
      let beta = (1 - p) / mean
      after = unit <= p ? 0 : Elementary.log((1 - p) / (1 - unit)) / beta
      if a < beta { growth = Elementary.log(p + beta * (1 - p) / (beta - a)) }
    }
    let k0 =
      growth.map { 0 - $0 - (k1 + 0.5 * k3) * before }
      ?? 0 - leverage * kappa * model.meanVariance * years
    return SimulatedPoint(
      logarithmicReturn: k0 + k1 * before + k2 * after
        + (k3 * (before + after)).squareRoot() * normal,
      variance: after)
  }
}
