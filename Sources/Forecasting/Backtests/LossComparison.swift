// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// Whether one forecast's losses are less than another's by more than chance.
///
/// The mean difference over the root of its variance, against a normal distribution; the variance
/// counts neighbors up to ⌊n^⅓⌋ days apart with falling weights.
/// Sources: F. Diebold, R. Mariano, J. Business and Economic Statistics 13 (1995), 253-263;
/// W. Newey, K. West, Econometrica 55 (1987), 703-708.
public struct LossComparison: Hashable, Sendable {
  /// Mean loss less mean loss of the other; negative when the first is better.
  public let meanDifference: Double
  public let statistic: Double
  /// The probability of a statistic at least as far from 0 when both are equally good.
  public let probability: Double

  /// - Returns: `nil` when the difference is the same every day, so that there is nothing to test.
  /// - Throws: ``ForecastingError`` for unequal lengths, fewer than two days, and losses that are
  ///   not finite.
  public init?(
    losses: [Double], others: [Double]
  ) throws(ForecastingError) {
    guard losses.count == others.count else {
      throw .lengthMismatch(expected: losses.count, found: others.count)
    }
    guard losses.count >= 2 else { throw .tooFewDays(needed: 2, found: losses.count) }
    for day in losses.indices where !(losses[day] - others[day]).isFinite {
      throw .malformedValue(day: day)
    }
    let count = Double(losses.count)
    let differences = zip(losses, others).map { $0 - $1 }
    let mean = differences.reduce(0, +) / count
    let centered = differences.map { $0 - mean }
    var lags = 0
    while (lags + 1) * (lags + 1) * (lags + 1) <= losses.count { lags += 1 }
    lags = min(lags, losses.count - 1)
    var variance = Self.covariance(centered, lag: 0)
    let ownVariance = variance
    for lag in stride(from: 1, through: lags, by: 1) {
      let weight = 1 - Double(lag) / Double(lags + 1)
      variance += 2 * (weight * Self.covariance(centered, lag: lag))
    }
    // The weights leave no negative variance but for rounding.
    guard ownVariance > 0, variance > 1e-12 * ownVariance else { return nil }
    meanDifference = mean
    statistic = mean / (variance / count).squareRoot()
    probability = min(1, 2 * Normal.cumulative(-statistic.magnitude))
  }

  private static func covariance(_ centered: [Double], lag: Int) -> Double {
    var sum = 0.0
    for day in lag..<centered.count { sum += centered[day] * centered[day - lag] }
    return sum / Double(centered.count)
  }
}
