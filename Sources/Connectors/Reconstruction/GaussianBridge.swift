// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// A seeded Gaussian path by the minute that passes through given points.
///
/// The process is x(i+1) = a·x(i) + √v(i+1)·z(i+1), with `a` the persistence and z independent
/// deviates; for a = 1 a Brownian motion, below an Ornstein–Uhlenbeck process by the minute.
/// Each step is drawn from its distribution given the point before and the next point n to be
/// passed. With k = n − i − 1 and w the variance that still comes after the step,
///
///     gain = v·a^k / (a^2k·v + w)
///     mean = a·x(i) + gain·(x(n) − a^k·a·x(i))
///     variance = v·w / (a^2k·v + w)
///
/// (normal-normal conditioning: C. E. Rasmussen, C. K. I. Williams, Gaussian Processes for
/// Machine Learning, MIT Press 2006, appendix A.2). After the last point nothing is conditioned.
struct GaussianBridge {
  /// Above 0, at most 1.
  let persistence: Double
  /// The variance of each minute's deviate, positive.
  let variances: [Double]

  struct Point {
    let minute: Int
    let value: Double
  }

  /// The path's value at the end of each minute.
  /// - Parameters:
  ///   - points: In strictly increasing order of minutes, inside the path.
  ///   - start: The value before the first minute.
  func path(through points: [Point], from start: Double, _ random: inout SplitMix64) -> [Double] {
    var path: [Double] = []
    path.reserveCapacity(variances.count)
    var value = start
    for point in points {
      append(toward: point, &value, &path, &random)
    }
    while path.count < variances.count {
      let deviation = variances[path.count].squareRoot()
      value = persistence * value + deviation * random.nextDeviate()
      path.append(value)
    }
    return path
  }

  private func append(
    toward point: Point, _ value: inout Double, _ path: inout [Double],
    _ random: inout SplitMix64
  ) {
    let first = path.count
    let powers = powers(upTo: point.minute - first)
    // remaining[j]: variance of the end that comes after minute first + j.
    var remaining = [Double](repeating: 0, count: point.minute - first + 1)
    for minute in stride(from: point.minute - 1, through: first, by: -1) {
      let power = powers[point.minute - minute - 1]
      remaining[minute - first] =
        remaining[minute - first + 1] + power * power * variances[minute + 1]
    }
    for minute in first..<point.minute {
      let power = powers[point.minute - minute]
      let variance = variances[minute]
      let rest = remaining[minute - first]
      let total = power * power * variance + rest
      let drift = persistence * value
      let gain = variance * power / total
      let deviation = (variance * rest / total).squareRoot()
      value = drift + gain * (point.value - power * drift) + deviation * random.nextDeviate()
      path.append(value)
    }
    value = point.value
    path.append(value)
  }

  private func powers(upTo count: Int) -> [Double] {
    var powers = [1.0]
    for _ in 0..<count { powers.append(powers[powers.count - 1] * persistence) }
    return powers
  }
}
