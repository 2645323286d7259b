// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// How good ranges and the expected shortfalls beyond them were together.
public struct TailScore: Hashable, Sendable {
  /// FZ0 of ``ForecastScore`` by day; less is better.
  public let jointLosses: [Double]
  public let meanJointLoss: Double
  /// Z2; below 0 when shortfalls were too small or passed too often.
  public let shortfallStatistic: Double

  /// - Parameters:
  ///   - losses: Loss per day in the unit of the ranges, gains negative.
  ///   - ranges: Value at risk per day, positive.
  ///   - shortfalls: Expected shortfall per day, not below the range.
  ///   - probability: The stated probability of passing a range.
  /// - Throws: ``ForecastingError``.
  public init(
    losses: [Double], ranges: [Double], shortfalls: [Double], probability: Double
  ) throws(ForecastingError) {
    for values in [ranges, shortfalls] where values.count != losses.count {
      throw .lengthMismatch(expected: losses.count, found: values.count)
    }
    var jointLosses: [Double] = []
    for day in losses.indices {
      // A ramp rounds the two apart by a unit in the last place at most.
      guard shortfalls[day] >= ranges[day] * (1 - 1e-12),
        let loss = ForecastScore.jointLoss(
          outcome: -losses[day], quantile: -ranges[day],
          tailMean: -max(shortfalls[day], ranges[day]), probability: probability)
      else { throw .malformedValue(day: day) }
      jointLosses.append(loss)
    }
    shortfallStatistic = try ForecastScore.shortfallStatistic(
      outcomes: losses.map { -$0 }, ranges: ranges, shortfalls: shortfalls,
      probability: probability)
    meanJointLoss = jointLosses.reduce(0, +) / Double(jointLosses.count)
    self.jointLosses = jointLosses
  }
}
