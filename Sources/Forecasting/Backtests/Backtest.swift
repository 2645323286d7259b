// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// What a series of ranges would have done against the losses that came.
public struct Backtest: Hashable, Sendable {
  public let test: ExceedanceTest
  /// The zone of the whole count.
  public let light: TrafficLight
  public let meanRange: Double
  /// The mean loss beyond the range on the days that passed it; `nil` without such a day.
  public let meanLossBeyond: Double?
  /// The largest loss beyond the range, 0 without any.
  public let worstLossBeyond: Double
  /// The days that passed the range.
  public let exceedanceDays: [Int]

  /// By day, as they were given.
  public let losses: [Double]
  public let ranges: [Double]

  /// - Parameters:
  ///   - losses: Loss per day in the unit of the ranges, gains negative.
  ///   - ranges: Range per day, positive.
  ///   - probability: The stated probability of passing a range.
  /// - Throws: ``ForecastingError``.
  public init(
    losses: [Double], ranges: [Double], probability: Double
  ) throws(ForecastingError) {
    guard losses.count == ranges.count else {
      throw .lengthMismatch(expected: losses.count, found: ranges.count)
    }
    for day in losses.indices {
      guard losses[day].isFinite, ranges[day].isFinite, ranges[day] > 0 else {
        throw .malformedValue(day: day)
      }
    }
    let hits = zip(losses, ranges).map { $0 > $1 }
    test = try ExceedanceTest(hits: hits, probability: probability)
    light = try TrafficLight(
      exceedances: test.exceedances, observations: test.observations, probability: probability)
    let days = hits.indices.filter { hits[$0] }
    let beyond = days.map { losses[$0] - ranges[$0] }
    exceedanceDays = days
    meanLossBeyond = beyond.isEmpty ? nil : beyond.reduce(0, +) / Double(beyond.count)
    worstLossBeyond = beyond.max() ?? 0
    meanRange = ranges.reduce(0, +) / Double(ranges.count)
    self.losses = losses
    self.ranges = ranges
  }

  /// The 99 % quantile of the ranges over the 1 % quantile.
  ///
  /// Source: D. Murphy, M. Vasios, N. Vause, Bank of England, Financial Stability Paper 29 (2014).
  public func peakToTrough() throws(ForecastingError) -> Double {
    let tail = try EmpiricalTail(ranges)
    return tail.quantile(0.99) / tail.quantile(0.01)
  }

  /// The largest ratio of a range to the one `days` before.
  /// - Throws: ``ForecastingError/outOfBounds(_:)`` unless 1 ≤ `days` < number of ranges.
  public func largestIncrease(days: Int) throws(ForecastingError) -> Double {
    guard days >= 1, days < ranges.count else { throw .outOfBounds(.increaseDays) }
    var largest = 0.0
    for day in days..<ranges.count { largest = max(largest, ranges[day] / ranges[day - days]) }
    return largest
  }
}
