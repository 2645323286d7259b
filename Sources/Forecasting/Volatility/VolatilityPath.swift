// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// A daily volatility for each day, made from the days before it only.
///
/// The last value is the forecast for the day after the series ends. Units: standard deviation of
/// one day's log return.
public struct VolatilityPath: Hashable, Sendable {
  /// The first day with a forecast; day numbers are those of ``ReturnSeries``.
  public let firstDay: Int
  public let values: [Double]

  /// - Throws: ``ForecastingError/malformedValue(day:)`` for a value that is not positive and
  ///   finite, ``ForecastingError/tooFewDays(needed:found:)`` without a value,
  ///   ``ForecastingError/uncoveredDays(first:end:)`` unless 0 ≤ `firstDay` ≤ 1,000,000.
  public init(firstDay: Int, values: [Double]) throws(ForecastingError) {
    guard !values.isEmpty else { throw .tooFewDays(needed: 1, found: 0) }
    guard (0...1_000_000).contains(firstDay) else {
      throw .uncoveredDays(first: firstDay, end: firstDay)
    }
    for (index, value) in values.enumerated() where !(value.isFinite && value > 0) {
      throw .malformedValue(day: firstDay + index)
    }
    self.firstDay = firstDay
    self.values = values
  }

  /// One past the last day with a forecast.
  public var endDay: Int { firstDay + values.count }

  /// - Precondition: `firstDay <= day < endDay`.
  public subscript(day: Int) -> Double { values[day - firstDay] }

  /// The volatility that never changes: plain historical simulation as a filter.
  public static func constant(of returns: ReturnSeries) throws(ForecastingError) -> Self {
    try VolatilityPath(firstDay: 0, values: Array(repeating: 1, count: returns.count + 1))
  }

  /// The root of the mean squared return of all days before, from `minimumDays` days on.
  public static func longRun(
    of returns: ReturnSeries, minimumDays: Int
  ) throws(ForecastingError) -> Self {
    guard minimumDays >= 1 else { throw .outOfBounds(.minimumDays) }
    guard returns.count >= minimumDays else {
      throw .tooFewDays(needed: minimumDays, found: returns.count)
    }
    var sum = 0.0
    var values: [Double] = []
    for (day, value) in returns.logReturns.enumerated() {
      if day >= minimumDays { values.append((sum / Double(day)).squareRoot()) }
      sum += value * value
    }
    values.append((sum / Double(returns.count)).squareRoot())
    return try VolatilityPath(firstDay: minimumDays, values: values)
  }

  /// The geometric mean of the variances, on the days all of them have.
  public static func blend(_ paths: [Self]) throws(ForecastingError) -> Self {
    guard let first = paths.map(\.firstDay).max(), let end = paths.map(\.endDay).min() else {
      throw .tooFewDays(needed: 1, found: 0)
    }
    guard first < end else { throw .uncoveredDays(first: first, end: end) }
    return try VolatilityPath(
      firstDay: first,
      values: (first..<end).map { day in
        var sum = 0.0
        for path in paths { sum += Elementary.log(path[day]) }
        return Elementary.exp(sum / Double(paths.count))
      })
  }

  /// This forecast drawn toward another: σ^w · σ₂^(1 − w), on the days both have.
  ///
  /// - Parameter weight: The weight w of this forecast, 0 to 1.
  public func drawn(
    toward other: Self, weight: Double
  ) throws(ForecastingError) -> Self {
    guard weight >= 0, weight <= 1 else { throw .outOfBounds(.forecastWeight) }
    return try combined(with: other) { own, other in
      Elementary.exp(weight * Elementary.log(own) + (1 - weight) * Elementary.log(other))
    }
  }

  /// This forecast, at least `share` of another, on the days both have.
  ///
  /// - Parameter share: 0 to 2.
  public func floored(
    at share: Double, of other: Self
  ) throws(ForecastingError) -> Self {
    guard share >= 0, share <= 2 else { throw .outOfBounds(.longRunShare) }
    return try combined(with: other) { max($0, share * $1) }
  }

  private func combined(
    with other: Self, _ combine: (Double, Double) -> Double
  ) throws(ForecastingError) -> Self {
    let first = max(firstDay, other.firstDay)
    let end = min(endDay, other.endDay)
    guard first < end else { throw .uncoveredDays(first: first, end: end) }
    return try VolatilityPath(
      firstDay: first, values: (first..<end).map { combine(self[$0], other[$0]) })
  }
}
