// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// Where nearly all of the distribution of x = ln(F_T / F) lies, and how far its transform reaches.
struct TransformExtent {
  /// Bounds of x: what lies beyond either has a probability of e^-32 at most, or what the use asks.
  let lower: Double
  let upper: Double
  /// From this u on the transform no longer matters.
  let cutoff: Double
}

/// What a transform is summed for, which decides how far.
enum TransformUse {
  /// Prices, whose terms fall by 1/u² more: what is left out is 2/π |φ(u)|/u.
  case prices
  /// Second derivatives, whose terms are those of φ alone.
  case greeks

  /// Below 0 where u is beyond the last term; the sum's scale is 1.
  func excess(logarithm: Double, at u: Double) -> Double {
    switch self {
    case .prices: logarithm + 31 - (u > 1 ? Elementary.log(u) : 0)
    case .greeks: logarithm + 34
    }
  }

  /// 1.3e-14 and 1.7e-15 of the probability.
  var tailExponent: Double {
    switch self {
    case .prices: 32
    case .greeks: 34
    }
  }
}

// The bounds come from exponential moments: P(x > a) ≤ e^(-pa) E[e^(px)] for every p > 0, so that
// they are proven, unlike multiples of a standard deviation, which miss rare large jumps.
extension SVCJModel {
  func extent(
    years: Double, use: TransformUse, termLimit: Int
  ) throws(PricingError) -> TransformExtent {
    let exponent = use.tailExponent
    guard let upper = tailBound(side: 1, years: years, exponent: exponent),
      let lower = tailBound(side: -1, years: years, exponent: exponent),
      let cutoff = cutoff(years: years, use: use)
    else { throw .unresolved(termLimit: termLimit) }
    return TransformExtent(lower: 0 - lower, upper: upper, cutoff: cutoff)
  }

  /// The least (ln E[e^(±px)] + exponent) / p over a geometric sequence of p.
  private func tailBound(side: Double, years: Double, exponent: Double) -> Double? {
    func bound(_ p: Double) -> Double? {
      logarithmicMoment(side * p, years: years).map { ($0 + exponent) / p }
    }
    var p = 4 / (0x1p-40 + roughVariance(years: years)).squareRoot()
    // Small moments exist.
    var found = bound(p)
    for _ in 0..<64 where found == nil {
      p *= 0.5
      found = bound(p)
    }
    guard var best = found else { return nil }
    // The bound falls and then rises with p: down the slope, upwards first.
    for step in [1.5, 1 / 1.5] {
      var next = p * step
      var hasImproved = false
      while let other = bound(next), other < best {
        best = other
        hasImproved = true
        next *= step
      }
      if hasImproved { break }
    }
    return best
  }

  /// ln E[e^(px)], or nil where it is infinite or past the range of doubles.
  func logarithmicMoment(_ p: Double, years: Double) -> Double? {
    let variance = self.variance
    let lean = variance.meanReversion - variance.correlation * variance.volatilityOfVariance * p
    let square = variance.volatilityOfVariance * variance.volatilityOfVariance
    guard years < explosionTime(lean: lean, product: square * p * (p - 1)) else { return nil }
    let exponent = CharacteristicExponent(self, at: ComplexNumber(0, 0 - p), years: years)
    if jumps.intensity > 0, meanVarianceJump > 0 {
      // The variance grows over time to its final value, and with it the jump's need of a moment.
      let room = exponent.jump.c - meanVarianceJump * exponent.now
      guard exponent.jump.c.real > 0, room.real > 0 else { return nil }
    }
    let value = exponent.value
    return value.isFinite && value.real < 700 ? value.real : nil
  }

  /// When the p-th moment of the diffusion becomes infinite; product is σ² p (p - 1).
  ///
  /// Source: L. Andersen, V. Piterbarg, Finance and Stochastics 11 (2007), 29-50.
  private func explosionTime(lean: Double, product: Double) -> Double {
    guard product > 0 else { return .infinity }
    let square = lean * lean - product
    if square >= 0 {
      guard lean < 0 else { return .infinity }
      let root = square.squareRoot()
      // ln((|b| + D)/(|b| - D)) / D, whose limit for D = 0 is 2 / |b|.
      let ratio = root / -lean
      guard ratio > 0x1p-26 else { return 2 / -lean }
      return (Elementary.log1p(ratio) - Elementary.log1p(-ratio)) / root
    }
    let frequency = (-square).squareRoot()
    return 2 * Elementary.atan2(frequency, -lean) / frequency
  }

  /// The expected quadratic variation of x, a scale and nothing more.
  func roughVariance(years: Double) -> Double {
    let square = jumps.meanJump * jumps.meanJump + jumps.deviation * jumps.deviation
    let varianceJump = 0.5 * meanVarianceJump * years
    return variance.meanTotalVariance(years: years)
      + jumps.intensity * years * (square + varianceJump)
  }

  /// From where on the diffusion's |φ(u)| is small enough; that of the jumps is at most 1.
  private func cutoff(years: Double, use: TransformUse) -> Double? {
    func excess(_ u: Double) -> Double {
      let exponent = CharacteristicExponent(
        SVCJModel(variance: variance, jumps: .none), at: ComplexNumber(u), years: years)
      return use.excess(logarithm: exponent.diffusion.real, at: u)
    }
    let total = variance.meanTotalVariance(years: years)
    guard total > 0x1p-40 else { return nil }
    var low = 0.0
    var high = (56 / total).squareRoot()
    // A random variance decays more slowly than its mean.
    while excess(high) > 0 {
      low = high
      high *= 2
      guard high < 0x1p24 else { return nil }
    }
    if low == 0 { return high }
    for _ in 0..<4 {
      let middle = 0.5 * (low + high)
      if excess(middle) > 0 { low = middle } else { high = middle }
    }
    return high
  }
}
