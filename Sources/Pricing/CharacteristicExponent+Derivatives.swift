// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// Derivatives of ln φ(u), by the chain rule through the closed form.
///
/// For real u, where b never turns away from D. What κ, σ and ρ move is b and s = σ²; the rest
/// enters directly.
struct CharacteristicDerivatives {
  let exponent: CharacteristicExponent
  let iu: ComplexNumber
  /// The derivatives of C, B and the jumps' duration by b and by s.
  private let byLean: ExponentSlope
  private let bySquare: ExponentSlope

  init(_ model: SVCJModel, at u: ComplexNumber, years: Double) {
    exponent = CharacteristicExponent(model, at: u, years: years, isDifferentiated: true)
    iu = ComplexNumber(-exponent.u.imaginary, exponent.u.real)
    let root = exponent.root
    let isStill = root.real == 0 && root.imaginary == 0
    byLean = isStill ? .zero : ExponentSlope(exponent, .lean)
    bySquare = isStill ? .zero : ExponentSlope(exponent, .square)
  }

  /// By the time to expiry: κθB + v0 ∂B/∂τ + λ (e^(…)/(c - μ_v B) - 1 - iu m).
  var byYears: ComplexNumber {
    let variance = exponent.model.variance
    let now = exponent.now
    let growth =
      (0.5 * exponent.varianceOfVariance) * (now * now) - exponent.b * now - 0.5 * exponent.w
    let diffusion =
      (variance.meanReversion * variance.meanVariance) * now + variance.initialVariance * growth
    let model = exponent.model
    guard model.jumps.intensity > 0 else { return diffusion }
    let jump = exponent.jump
    let arrival = (.one + jump.lift) / (jump.c - model.meanVarianceJump * now)
    return diffusion
      + model.jumps.intensity * (arrival - .one - jump.meanRelativeJump * iu)
  }

  func by(_ parameter: ModelParameter) -> ComplexNumber {
    let variance = exponent.model.variance
    switch parameter {
    case .initialVariance: return exponent.now
    case .meanVariance: return variance.meanReversion * exponent.accumulated
    case .meanReversion:
      return variance.meanVariance * exponent.accumulated + by(byLean)
    case .volatilityOfVariance:
      return (0 - variance.correlation) * (iu * by(byLean))
        + (2 * variance.volatilityOfVariance) * by(bySquare)
    case .correlation: return (0 - variance.volatilityOfVariance) * (iu * by(byLean))
    case .jumpIntensity: return exponent.jump.perIntensity
    case .meanJump, .jumpDeviation, .meanVarianceJump, .jumpCorrelation:
      return exponent.model.jumps.intensity * byJump(parameter)
    }
  }

  private func by(_ slope: ExponentSlope) -> ComplexNumber {
    let model = exponent.model
    let variance = model.variance
    return (variance.meanReversion * variance.meanVariance) * slope.accumulated
      + variance.initialVariance * slope.now
      + model.jumps.intensity * ((.one + exponent.jump.lift) * slope.duration)
  }

  /// The derivatives of J - τ - iu m τ by what describes a jump.
  private func byJump(_ parameter: ModelParameter) -> ComplexNumber {
    let model = exponent.model
    let jump = exponent.jump
    let deviation = model.jumps.deviation
    let slope = model.meanVarianceJump * model.jumpCorrelation
    let years = exponent.years
    let size = (.one + jump.lift) * jump.duration
    // e^(μ + δ²/2) / (1 - μ_v ρ_J) is m + 1.
    let growth = jump.meanRelativeJump + 1
    switch parameter {
    case .meanJump: return iu * (size - ComplexNumber(growth * years))
    case .jumpDeviation:
      return deviation * (iu * (iu * size) - growth * years * iu)
    case .meanVarianceJump, .jumpCorrelation:
      let duration =
        parameter == .meanVarianceJump
        ? ExponentSlope(exponent, .meanVarianceJump).duration
        : ExponentSlope(exponent, .jumpCorrelation).duration
      let factor =
        parameter == .meanVarianceJump ? model.jumpCorrelation : model.meanVarianceJump
      return (.one + jump.lift) * duration - growth / (1 - slope) * factor * years * iu
    default: return .zero
    }
  }
}

/// How C, B and the jumps' duration move with one of the quantities they are made of.
private struct ExponentSlope {
  enum Direction {
    case lean
    case square
    case meanVarianceJump
    case jumpCorrelation
  }

  let accumulated: ComplexNumber
  let now: ComplexNumber
  let duration: ComplexNumber

  static let zero = ExponentSlope(accumulated: .zero, now: .zero, duration: .zero)

  private init(accumulated: ComplexNumber, now: ComplexNumber, duration: ComplexNumber) {
    self.accumulated = accumulated
    self.now = now
    self.duration = duration
  }

  init(_ e: CharacteristicExponent, _ direction: Direction) {
    let (b, root, q, r) = (e.b, e.root, e.q, e.r)
    let s = e.varianceOfVariance
    // D moves by b/D with b and by w/2D with s; r = -w/(b + D).
    let rootBy: ComplexNumber
    let isLean = direction == .lean
    switch direction {
    case .lean: rootBy = b / root
    case .square: rootBy = 0.5 * (e.w / root)
    case .meanVarianceJump, .jumpCorrelation: rootBy = .zero
    }
    let sum = b + root
    let rBy = (isLean ? ComplexNumber.one + rootBy : rootBy) * e.w / (sum * sum)
    let qBy = -((e.years * e.years) * (Self.curvature(e.years * root) * rootBy))
    let decayBy = -(e.years * (e.decay * rootBy))
    let normBy = decayBy + b * qBy + (isLean ? q : .zero)
    now = -(e.w * (qBy * e.norm - q * normBy) / (e.norm * e.norm))
    // C = τr - rq L(x), x = s rq/2.
    let product = r * q
    let productBy = rBy * q + r * qBy
    let x = (0.5 * s) * product
    let xBy = (0.5 * s) * productBy + (direction == .square ? 0.5 * product : .zero)
    accumulated =
      e.years * rBy - productBy * e.logarithmRatio + product * Self.fall(x) * xBy
    duration = Self.durationSlope(e, direction, rBy: rBy, qBy: qBy)
  }

  /// (τ - μ_v r q L(x)/c) / (c - μ_v r), x = (sr + μ_v w/c) q/2.
  private static func durationSlope(
    _ e: CharacteristicExponent, _ direction: Direction, rBy: ComplexNumber, qBy: ComplexNumber
  ) -> ComplexNumber {
    let model = e.model
    let mean = model.meanVarianceJump
    let iu = ComplexNumber(-e.u.imaginary, e.u.real)
    let isMean = direction == .meanVarianceJump
    let meanBy: Double = isMean ? 1 : 0
    let cBy: ComplexNumber
    switch direction {
    case .meanVarianceJump: cBy = -(model.jumpCorrelation * iu)
    case .jumpCorrelation: cBy = -(mean * iu)
    case .lean, .square: cBy = .zero
    }
    if mean == 0, !isMean { return .zero }
    let (c, x, ratio) = (e.jump.c, e.jump.x, e.jump.logarithmRatio)
    let s = e.varianceOfVariance
    let inverse = .one / c
    let pull = mean * (e.w * inverse)
    let pullBy = meanBy * (e.w * inverse) - pull * inverse * cBy
    let slant = s * e.r + pull
    let slantBy = s * rBy + pullBy + (direction == .square ? e.r : .zero)
    // Without jumps of the variance x and its ratio have been left at their limits.
    let at = mean > 0 ? x : 0.5 * (e.q * slant)
    let logarithm = mean > 0 ? ratio : ComplexNumber.log1pRatio(at)
    let xBy = 0.5 * (qBy * slant + e.q * slantBy)
    let part = e.r * e.q * inverse * logarithm
    let partBy =
      (rBy * e.q + e.r * qBy) * inverse * logarithm
      - part * inverse * cBy
      - e.r * e.q * inverse * (fall(at) * xBy)
    let bottom = c - mean * e.r
    let bottomBy = cBy - meanBy * e.r - mean * rBy
    let topBy = -(meanBy * part) - mean * partBy
    return (topBy - e.jump.duration * bottomBy) / bottom
  }

  /// -d/dx of ln(1 + x)/x: (ln(1 + x) - x/(1 + x)) / x².
  static func fall(_ x: ComplexNumber) -> ComplexNumber {
    if x.squaredMagnitude < 0x1p-6 {
      var sum = ComplexNumber.zero
      for n in stride(from: 17, through: 0, by: -1) {
        sum = ComplexNumber(Double(n + 1) / Double(n + 2)) - x * sum
      }
      return sum
    }
    return (ComplexNumber.log1pRatio(x) - .one / (.one + x)) / x
  }

  /// (1 - e^(-z) (1 + z)) / z².
  static func curvature(_ z: ComplexNumber) -> ComplexNumber {
    if z.squaredMagnitude < 0x1p-4 {
      var sum = ComplexNumber.zero
      // (n + 1)/(n + 2)!, the rows of the series by their quotients.
      for n in stride(from: 13, through: 0, by: -1) {
        let quotient = Double(n + 2) / (Double(n + 1) * Double(n + 3))
        sum = .one - quotient * (z * sum)
      }
      return 0.5 * sum
    }
    let loss = ComplexNumber.expm1(-z)
    return -(loss + z * (.one + loss)) / (z * z)
  }
}
