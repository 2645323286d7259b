// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// ln φ(u) of ``SVCJModel`` with what its derivatives share.
///
/// The equations of Heston and of Duffie, Pan and Singleton, rearranged so that nothing is 0/0 or
/// cancels where volatility of variance, reversion or time go to zero. With s = σ², w = u² + iu,
/// b = κ - ρσiu and D = √(b² + sw):
///
///     E = e^(-Dτ),  q = (1 - E) / D,  N = 1 + E + bq,  B = -wq / N,  r = (b - D)/s = -w/(b + D)
///     C = ∫B dτ = rτ - (2/s) ln(N/2)                         N/2 = 1 + s rq/2
///     J = e^(iuμ - δ²u²/2) ∫ 1/(c - μ_v B) dτ                c = 1 - iu ρ_J μ_v
///     ln φ = κθC + v0 B + λ (J - τ - iu m τ)                 m = e^(μ + δ²/2)/(1 - μ_v ρ_J) - 1
///
/// The branches are principal throughout (R. Lord, C. Kahl, Mathematical Finance 20 (2010),
/// 671-694, for N/2).
struct CharacteristicExponent {
  let model: SVCJModel
  let u: ComplexNumber
  let years: Double
  /// s and w.
  let varianceOfVariance: Double
  let w: ComplexNumber
  let b: ComplexNumber
  let root: ComplexNumber
  /// E, q, N, r.
  let decay: ComplexNumber
  let q: ComplexNumber
  let norm: ComplexNumber
  let r: ComplexNumber
  /// ln(1 + x)/x at x = s rq/2.
  let logarithmRatio: ComplexNumber
  /// B, the factor of the variance now.
  let now: ComplexNumber
  /// C, the factor of κθ.
  let accumulated: ComplexNumber
  let jump: JumpExponent

  /// - Parameter isDifferentiated: Whether the jumps count although their intensity is 0.
  @inline(__always)
  init(
    _ model: SVCJModel, at u: ComplexNumber, years: Double, isDifferentiated: Bool = false
  ) {
    let variance = model.variance
    self.model = model
    self.u = u
    self.years = years
    let sigma = variance.volatilityOfVariance
    let kappa = variance.meanReversion
    varianceOfVariance = sigma * sigma
    // u (u + i): no cancellation next to -i.
    w = u * ComplexNumber(u.real, u.imaginary + 1)
    let lean = variance.correlation * sigma
    b = ComplexNumber(kappa + lean * u.imaginary, 0 - lean * u.real)
    root = (b * b + varianceOfVariance * w).squareRoot()
    let loss = ComplexNumber.expm1(-(years * root))
    decay = ComplexNumber(1 + loss.real, loss.imaginary)
    let isStill = root.real == 0 && root.imaginary == 0
    q = isStill ? ComplexNumber(years) : -(loss / root)
    // Where b points away from D, b + D cancels and b - D does not.
    let isTurned = b.real < 0 && b.real * root.real + b.imaginary * root.imaginary < 0
    if isTurned {
      let difference = b - root
      r = (1 / varianceOfVariance) * difference
      let half = -(varianceOfVariance * w / difference + difference * decay) / (2 * root)
      norm = 2 * half
      logarithmRatio = .log(half) / (0.5 * (difference * q))
    } else {
      norm = .one + decay + b * q
      r = isStill ? .zero : -(w / (b + root))
      logarithmRatio = .log1pRatio((0.5 * varianceOfVariance) * (r * q))
    }
    now = -(w * q / norm)
    // Without reversion the mean has no effect, and r may be 0/0.
    accumulated = kappa > 0 ? years * r - r * q * logarithmRatio : .zero
    guard model.jumps.intensity > 0 || isDifferentiated else {
      jump = .none
      return
    }
    jump = JumpExponent(
      model, at: u, years: years, now: now, norm: norm, r: r, q: q, w: w,
      varianceOfVariance: varianceOfVariance, isStill: isStill)
  }

  /// κθC + v0 B, which is all but the jumps.
  ///
  /// Its real part falls as |u| grows along the real axis.
  var diffusion: ComplexNumber {
    let variance = model.variance
    return variance.meanReversion * variance.meanVariance * accumulated
      + variance.initialVariance * now
  }

  var value: ComplexNumber {
    guard model.jumps.intensity > 0 else { return diffusion }
    return diffusion + model.jumps.intensity * jump.perIntensity
  }
}

/// The jumps' part of ln φ(u), per unit of intensity.
struct JumpExponent {
  /// e^(iuμ - δ²u²/2) less 1.
  let lift: ComplexNumber
  /// c.
  let c: ComplexNumber
  /// ∫ 1/(c - μ_v B) dτ: τ without jumps of the variance.
  let duration: ComplexNumber
  /// x and ln(1 + x)/x at x = (sr + μ_v w/c) q/2.
  let x: ComplexNumber
  let logarithmRatio: ComplexNumber
  /// m, the mean relative jump of the forward.
  let meanRelativeJump: Double
  /// J - τ - iu m τ.
  let perIntensity: ComplexNumber

  static let none = JumpExponent()

  private init() {
    (lift, c, duration, x, logarithmRatio) = (.zero, .one, .zero, .zero, .one)
    (meanRelativeJump, perIntensity) = (0, .zero)
  }

  @inline(__always)
  init(
    _ model: SVCJModel, at u: ComplexNumber, years: Double, now: ComplexNumber,
    norm: ComplexNumber, r: ComplexNumber, q: ComplexNumber, w: ComplexNumber,
    varianceOfVariance: Double, isStill: Bool
  ) {
    let jumps = model.jumps
    let mean = model.meanVarianceJump
    let iu = ComplexNumber(-u.imaginary, u.real)
    let square = jumps.deviation * jumps.deviation
    lift = .expm1(jumps.meanJump * iu + (0.5 * square) * (iu * iu))
    let growth = Elementary.expm1(jumps.meanJump + 0.5 * square)
    if mean > 0 {
      let slope = mean * model.jumpCorrelation
      c = .one - slope * iu
      meanRelativeJump = (growth + slope) / (1 - slope)
      x = (0.5 * q) * (varianceOfVariance * r + mean * w / c)
      if x.squaredMagnitude < 0.25 {
        logarithmRatio = .log1pRatio(x)
      } else {
        // Both factors keep to the right of zero, so each has its principal logarithm.
        let far = ComplexNumber.log(c - mean * now) - .log(c)
        logarithmRatio = (.log(0.5 * norm) + far) / x
      }
      let logarithm = q * logarithmRatio / c
      // Without reversion and volatility r is infinite and alone in both parts.
      duration =
        isStill ? logarithm : (ComplexNumber(years) - mean * r * logarithm) / (c - mean * r)
      // (1 + lift) × duration - τ - iu m τ.
      perIntensity =
        (lift * duration + (duration - ComplexNumber(years)))
        - (meanRelativeJump * years) * iu
    } else {
      (c, x, logarithmRatio) = (.one, .zero, .one)
      meanRelativeJump = growth
      duration = ComplexNumber(years)
      perIntensity = years * (lift - growth * iu)
    }
  }
}
