// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// bz + ½λz² for a standard normal z.
struct QuadraticTerm: Hashable, Sendable {
  /// b.
  var slope: Double
  /// λ.
  var curvature: Double

  var variance: Double { slope * slope + 0.5 * (curvature * curvature) }

  /// The steepest it is within 8.5 deviations.
  var steepest: Double { slope.magnitude + 8.5 * curvature.magnitude }

  func value(_ z: Double) -> Double { slope * z + 0.5 * (curvature * (z * z)) }

  /// The probability of a value at or below `limit`, and the mean of those values times it.
  func below(_ limit: Double) -> (probability: Double, mean: Double) {
    let discriminant = slope * slope + 2 * (curvature * limit)
    if curvature.magnitude <= 1e-13 * slope.magnitude || curvature == 0 {
      guard slope != 0 else { return (limit >= 0 ? 1 : 0, 0) }
      let root = limit / slope.magnitude
      return (Normal.cumulative(root), 0 - slope.magnitude * Normal.density(root))
    }
    // Beyond its vertex it has no values: all of them or none lie below.
    guard discriminant > 0 else { return curvature > 0 ? (0, 0) : (1, 0.5 * curvature) }
    let sum = 0 - slope - (slope < 0 ? -1 : 1) * discriminant.squareRoot()
    let (one, other) = (sum / curvature, -2 * limit / sum)
    let (low, high) = one < other ? (one, other) : (other, one)
    let (lowDensity, highDensity) = (Normal.density(low), Normal.density(high))
    let ends =
      slope * (lowDensity - highDensity)
      + 0.5 * (curvature * (low * lowDensity - high * highDensity))
    if curvature > 0 {
      // The difference of upper tails keeps its digits where both ends are high.
      let inside =
        low > 0
        ? Normal.cumulative(0 - low) - Normal.cumulative(0 - high)
        : Normal.cumulative(high) - Normal.cumulative(low)
      return (inside, ends + 0.5 * (curvature * inside))
    }
    let outside = Normal.cumulative(low) + Normal.cumulative(0 - high)
    return (outside, 0.5 * (curvature * outside) - ends)
  }
}

/// A profit that is quadratic in independent normal numbers, and its exact distribution.
///
/// One term has roots in closed form. Of several, one keeps its closed form and the others become
/// atoms: the trapezoidal rule in z, step 1/128 within 8.5 deviations, for one, and for more a
/// lattice of 4,096 steps onto which atoms are split so that their mean stays. The quantile is the
/// root of the resulting continuous distribution function. Its error is below 1e-4 of the standard
/// deviation (tests compare it with high-precision integration); with one term it is rounding.
struct QuadraticProfit: Sendable {
  var constant = 0.0
  /// Those with a curvature.
  private var terms: [QuadraticTerm] = []
  /// The variance of all that is linear.
  private var linearVariance = 0.0

  var deviation: Double {
    var variance = linearVariance
    for term in terms { variance += term.variance }
    return variance.squareRoot()
  }

  /// - Parameter independentSlope: On another normal number that occurs nowhere else.
  mutating func add(_ term: QuadraticTerm, independentSlope: Double) {
    linearVariance += independentSlope * independentSlope
    if term.curvature == 0 {
      linearVariance += term.slope * term.slope
    } else {
      terms.append(term)
    }
  }

  struct Tail: Sendable {
    let valueAtRisk: Double
    let expectedShortfall: Double
    /// A bound on the error of both.
    let error: Double
  }

  func tail(probability: Double) -> Tail {
    let deviation = deviation
    guard deviation > 0 else {
      return Tail(valueAtRisk: 0 - constant, expectedShortfall: 0 - constant, error: 0)
    }
    var parts = terms
    if linearVariance > 0 {
      parts.append(QuadraticTerm(slope: linearVariance.squareRoot(), curvature: 0))
    }
    let kept = keptPlace(parts)
    let last = parts.remove(at: kept)
    let others = ProfitAtoms(parts)
    let reach = 9 * last.steepest
    // Signs differ at the ends, up to rounding of probabilities below 1e-17.
    let root = try? bracketedRoot(
      lower: others.lowest - reach, upper: others.highest + reach, tolerance: 1e-13 * deviation
    ) { others.below($0, last).probability - probability }
    let quantile = root ?? (others.lowest - reach)
    let (share, mean) = others.below(quantile, last)
    let loss = 0 - (constant + quantile)
    let shortfall = share > 0 ? 0 - (constant + mean / share) : loss
    return Tail(
      valueAtRisk: loss, expectedShortfall: shortfall > loss ? shortfall : loss,
      error: (parts.isEmpty ? 1e-12 : 1e-4) * deviation)
  }

  /// The term that keeps its closed form: the normal one where it is wide enough to smooth the
  /// atoms of the others, else that of the largest variance.
  private func keptPlace(_ parts: [QuadraticTerm]) -> Int {
    let last = parts.count - 1
    if linearVariance > 0 {
      var steepest = 0.0
      for term in terms where term.steepest > steepest { steepest = term.steepest }
      if parts[last].slope >= steepest * (2.0 / 128) { return last }
    }
    var place = 0
    for index in parts.indices where parts[index].variance > parts[place].variance {
      place = index
    }
    return place
  }
}

/// A distribution of finitely many values.
private struct ProfitAtoms {
  private var values: [Double] = [0]
  private var masses: [Double] = [1]

  private static let steps = 4_096

  init(_ terms: [QuadraticTerm]) {
    guard let first = terms.first else { return }
    (values, masses) = Self.atoms(first)
    guard terms.count > 1 else { return }
    let all = terms.map(Self.atoms)
    var (low, high) = (0.0, 0.0)
    for (values, _) in all {
      low += values.min() ?? 0
      high += values.max() ?? 0
    }
    let step = (high - low) / Double(Self.steps)
    // Sums too small for a grid are nothing.
    guard step >= .leastNormalMagnitude else {
      (values, masses) = ([0], [1])
      return
    }
    for (further, weights) in all.dropFirst() {
      spread(further, weights, from: low, step: step)
    }
  }

  var lowest: Double { values.min() ?? 0 }
  var highest: Double { values.max() ?? 0 }

  /// The probability of a sum with `last` at or below a limit, and its mean there times it.
  func below(_ limit: Double, _ last: QuadraticTerm) -> (probability: Double, mean: Double) {
    var (probability, mean) = (0.0, 0.0)
    for (value, mass) in zip(values, masses) where mass > 0 {
      let part = last.below(limit - value)
      probability += mass * part.probability
      mean += mass * (part.mean + value * part.probability)
    }
    return (probability, mean)
  }

  private static func atoms(_ term: QuadraticTerm) -> (values: [Double], masses: [Double]) {
    var values: [Double] = []
    var masses: [Double] = []
    var total = 0.0
    for place in -1_088...1_088 {
      let z = Double(place) / 128
      values.append(term.value(z))
      masses.append(Normal.density(z))
      total += Normal.density(z)
    }
    return (values, masses.map { $0 / total })
  }

  /// Adds an independent term and puts the sum on a lattice, splitting each atom between two
  /// neighbors so that the mean stays.
  private mutating func spread(
    _ further: [Double], _ weights: [Double], from low: Double, step: Double
  ) {
    var lattice = Array(repeating: 0.0, count: Self.steps + 1)
    for (value, mass) in zip(values, masses) where mass > 0 {
      for (other, weight) in zip(further, weights) {
        let place = (value + other - low) / step
        let whole = place < 0 ? 0 : place > Double(Self.steps - 1) ? Self.steps - 1 : Int(place)
        let part = place - Double(whole)
        let amount = mass * weight
        lattice[whole] += amount * (1 - part)
        lattice[whole + 1] += amount * part
      }
    }
    values = lattice.indices.map { low + Double($0) * step }
    masses = lattice
  }
}
