// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// The jumps of a price from its daily returns, in two readings of the same days.
///
/// ``seen`` counts the returns that were found to be jumps as they stand: n a year, their mean and
/// deviation, with errors √n, δ/√n and δ/√(2(n − 1)). It leaves out what was too small to be
/// found, and says best what a margin of several deviations is passed by.
///
/// ``all`` is the maximum of the likelihood of what was found, given that only returns beyond the
/// threshold could be: with s_t the deviation of a day, c_t the threshold and
/// p_t = P(|N(μ, δ² + s_t²)| > c_t),
///
///     ℓ = Σ over jumps ln φ(r; μ, δ² + s_t²) + n ln λ − λΔ Σ over days p_t
///
/// It finds Merton's parameters again in paths made with them; errors are from the second
/// derivatives of ℓ. Where returns have more than Merton's tails (bitcoin's have) it explains the
/// many returns just beyond the threshold by many small jumps, and its tails are too thin.
/// Source of the truncated likelihood: C. Mancini, Scandinavian J. of Statistics 36 (2009), for
/// the separation by a threshold; the rest follows from the Poisson process.
public struct JumpEstimate: Hashable, Sendable {
  /// Days that could have had a jump.
  public let days: [JumpDay]
  public let seen: JumpParameters
  public let all: JumpParameters

  public var jumps: [JumpDay] { days.filter(\.isJump) }

  /// The fewest jumps of which anything is said.
  public static let fewestJumps = 5

  /// - Throws: ``ForecastingError/tooFewDays(needed:found:)``,
  ///   ``ForecastingError/tooFewJumps(needed:found:)``.
  public init(
    _ returns: ReturnSeries, _ detection: JumpDetection, from: Int = 0
  ) throws(ForecastingError) {
    days = try detection.days(of: returns, from: from)
    let jumps = days.filter(\.isJump)
    guard jumps.count >= Self.fewestJumps else {
      throw .tooFewJumps(needed: Self.fewestJumps, found: jumps.count)
    }
    let count = Double(jumps.count)
    let years = Double(days.count) / 365
    let mean = jumps.reduce(0) { $0 + $1.logReturn } / count
    let squares = jumps.reduce(0) { $0 + ($1.logReturn - mean) * ($1.logReturn - mean) }
    let deviation = (squares / (count - 1)).squareRoot()
    seen = JumpParameters(
      intensityPerYear: Estimated(count / years, standardError: count.squareRoot() / years),
      mean: Estimated(mean, standardError: deviation / count.squareRoot()),
      deviation: Estimated(
        deviation, standardError: deviation / (2 * (count - 1)).squareRoot()))
    all = JumpLikelihood(days, threshold: detection.threshold).best(
      mean: mean, deviation: deviation)
  }
}

/// ℓ of ``JumpEstimate``.
struct JumpLikelihood {
  private let jumps: [JumpDay]
  private let threshold: Double
  /// Deviations of all days in classes 2 % wide, with their numbers: p_t changes slowly with s_t.
  private var classes: [(deviation: Double, count: Double)] = []

  init(_ days: [JumpDay], threshold: Double) {
    jumps = days.filter(\.isJump)
    self.threshold = threshold
    let sorted = days.map(\.deviation).sorted()
    var start = 0
    while start < sorted.count {
      var (end, sum) = (start, 0.0)
      while end < sorted.count, sorted[end] <= sorted[start] * 1.02 {
        sum += sorted[end]
        end += 1
      }
      classes.append((sum / Double(end - start), Double(end - start)))
      start = end
    }
  }

  /// Σ p_t over all days.
  func expectedShare(mean: Double, deviation: Double) -> Double {
    classes.reduce(0) { sum, days in
      let spread = (deviation * deviation + days.deviation * days.deviation).squareRoot()
      let bound = threshold * days.deviation
      let above = Normal.cumulative((mean - bound) / spread)
      let below = Normal.cumulative((-bound - mean) / spread)
      return sum + days.count * (above + below)
    }
  }

  /// - Parameter perDay: λΔ.
  func value(perDay: Double, mean: Double, deviation: Double) -> Double {
    guard perDay > 0, deviation > 0 else { return -.infinity }
    var sum = Double(jumps.count) * Elementary.log(perDay)
    for jump in jumps {
      let variance = deviation * deviation + jump.deviation * jump.deviation
      let distance = jump.logReturn - mean
      sum -= 0.5 * (Elementary.log(variance) + distance * distance / variance)
    }
    return sum - perDay * expectedShare(mean: mean, deviation: deviation)
  }

  /// The maximum, by a search along the axes of μ and ln δ with λ at its best for both.
  ///
  /// Steps are halved from 0.3 of a deviation to 10^−6 of it. Equal input gives equal bits.
  func best(mean: Double, deviation: Double) -> JumpParameters {
    var best = (mean: mean, deviation: min(max(deviation, 1e-3), 10))
    var most = profile(best.mean, best.deviation)
    var step = 0.3
    while step > 1e-6 {
      var improved = false
      for (move, factor) in [(step, 1.0), (-step, 1), (0, 1 + step), (0, 1 / (1 + step))] {
        let trial = (best.mean + move * best.deviation, best.deviation * factor)
        let value = profile(trial.0, trial.1)
        if value > most + 1e-11 {
          (best, most, improved) = (trial, value, true)
        }
      }
      if !improved { step *= 0.5 }
    }
    let perDay =
      Double(jumps.count) / expectedShare(mean: best.mean, deviation: best.deviation)
    return parameters(perDay, best.mean, best.deviation)
  }

  private func profile(_ mean: Double, _ deviation: Double) -> Double {
    // Between a thousandth and ten: beyond either the data say nothing.
    guard deviation >= 1e-3, deviation <= 10, mean.magnitude <= 10 else { return -.infinity }
    let share = expectedShare(mean: mean, deviation: deviation)
    guard share > 0 else { return -.infinity }
    return value(perDay: Double(jumps.count) / share, mean: mean, deviation: deviation)
  }

  private func parameters(_ perDay: Double, _ mean: Double, _ deviation: Double) -> JumpParameters {
    let errors = standardErrors([perDay, mean, deviation])
    return JumpParameters(
      intensityPerYear: Estimated(365 * perDay, standardError: 365 * errors[0]),
      mean: Estimated(mean, standardError: errors[1]),
      deviation: Estimated(deviation, standardError: errors[2]))
  }

  /// Roots of the diagonal of the inverse of −ℓ″, by central differences; infinite where the
  /// likelihood is flat.
  private func standardErrors(_ point: [Double]) -> [Double] {
    let steps = [1e-3 * point[0], 1e-3 * point[2], 1e-3 * point[2]]
    func at(_ moves: [(Int, Double)]) -> Double {
      var moved = point
      for (axis, move) in moves { moved[axis] += move * steps[axis] }
      return value(perDay: moved[0], mean: moved[1], deviation: moved[2])
    }
    let middle = at([])
    var information = [[Double]](repeating: [0, 0, 0], count: 3)
    for i in 0..<3 {
      information[i][i] =
        -(at([(i, 1)]) - 2 * middle + at([(i, -1)])) / (steps[i] * steps[i])
      for j in 0..<i {
        let mixed =
          at([(i, 1), (j, 1)]) - at([(i, 1), (j, -1)]) - at([(i, -1), (j, 1)])
          + at([(i, -1), (j, -1)])
        information[i][j] = -mixed / (4 * steps[i] * steps[j])
      }
    }
    return (0..<3).map { axis in
      var unit = [0.0, 0, 0]
      unit[axis] = 1
      guard let column = LeastSquares.solve(information, unit), column[axis] > 0 else {
        return .infinity
      }
      return column[axis].squareRoot()
    }
  }
}
