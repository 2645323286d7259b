// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// A price range from filtered history: the forecast volatility times a tail of past returns, each
/// divided by its own day's forecast.
///
/// VaR_p = −σ̂ q_p(z), ES_p = −σ̂ · mean{z ≤ q_p}, z = r/σ̂ over the window, times √h for h days.
/// Source: G. Barone-Adesi, K. Giannopoulos, L. Vosper, J. Futures Markets 19 (1999), 583-602.
public struct RangeRule: Hashable, Sendable {
  /// Which number of the tail the range is.
  public enum Measure: Hashable, Sendable {
    case valueAtRisk
    case expectedShortfall
  }

  /// Whose losses the range covers.
  public enum Side: Hashable, Sendable {
    /// Falls of the price, the losses of long positions.
    case falls
    /// Rises of the price, the losses of short positions.
    case rises
    /// Both with one range: each side is passed with the probability on average, from |z|.
    case both
  }

  public let measure: Measure
  public let side: Side
  /// The probability of the tail on each side.
  public let probability: Double
  /// Days ahead; a range grows with the root.
  public let horizonDays: Double
  /// How many days of history stand in the tail.
  public let windowDays: Int
  public let ramp: RangeRamp?

  /// - Throws: ``ForecastingError/outOfBounds(_:)`` unless 0 < `probability` < ½,
  ///   0 < `horizonDays` ≤ 100 and 20 ≤ `windowDays` ≤ 10,000.
  public init(
    measure: Measure = .valueAtRisk, side: Side = .falls, probability: Double,
    horizonDays: Double = 1, windowDays: Int, ramp: RangeRamp? = nil
  ) throws(ForecastingError) {
    guard probability > 0, probability < 0.5 else { throw .outOfBounds(.probability) }
    guard horizonDays > 0, horizonDays <= 100 else { throw .outOfBounds(.horizonDays) }
    guard (20...10_000).contains(windowDays) else { throw .outOfBounds(.windowDays) }
    self.measure = measure
    self.side = side
    self.probability = probability
    self.horizonDays = horizonDays
    self.windowDays = windowDays
    self.ramp = ramp
  }

  /// The range of each of `days`, as a log return, positive, each from the days before it.
  ///
  /// - Parameters:
  ///   - volatility: The filter; ``VolatilityPath/constant(of:)`` for plain history.
  ///   - calendar: Multiplies the filter day by day. The ramp then bounds the range without the
  ///     calendar; its rise also bounds the product, its fall does not, as the calendar is known.
  ///   - days: Days of the series; its end may be the day after the last.
  /// - Throws: ``ForecastingError/uncoveredDays(first:end:)``,
  ///   ``ForecastingError/malformedValue(day:)`` for a range that is not positive and finite.
  public func ranges(
    of returns: ReturnSeries, volatility: VolatilityPath, calendar: CalendarFactors? = nil,
    days: Range<Int>
  ) throws(ForecastingError) -> [Double] {
    guard let firstDay = days.first, firstDay >= 0, firstDay - windowDays >= volatility.firstDay,
      days.upperBound <= volatility.endDay, days.upperBound <= returns.count + 1,
      calendar.map({ $0.values.count > returns.count }) ?? true
    else { throw .uncoveredDays(first: days.lowerBound, end: days.upperBound) }
    let firstResidual = firstDay - windowDays
    let residuals = (firstResidual..<days.upperBound - 1).map { day in
      oriented(returns.logReturns[day] / (volatility[day] * (calendar?.values[day] ?? 1)))
    }
    var tail = try EmpiricalTail(residuals[..<windowDays])
    var targets: [Double] = []
    for (index, day) in days.enumerated() {
      if index > 0 {
        try tail.replace(residuals[index - 1], with: residuals[index + windowDays - 1])
      }
      let range = volatility[day] * multiple(of: tail) * horizonDays.squareRoot()
      guard range.isFinite, range > 0 else { throw .malformedValue(day: day) }
      targets.append(range)
    }
    return bounded(targets, calendar: calendar?.values[days.lowerBound..<days.upperBound])
  }

  /// The ranges of plain history, as much as there is: each from all days before it, up to
  /// `mostDays`, and from ``windowDays`` at least; without a ramp.
  ///
  /// - Parameter mostDays: At least ``windowDays``.
  /// - Throws: As ``ranges(of:volatility:calendar:days:)``.
  public func lookbackRanges(
    of returns: ReturnSeries, mostDays: Int, days: Range<Int>
  ) throws(ForecastingError) -> [Double] {
    guard mostDays >= windowDays else { throw .outOfBounds(.windowDays) }
    guard let firstDay = days.first, firstDay >= windowDays,
      days.upperBound <= returns.count + 1
    else { throw .uncoveredDays(first: days.lowerBound, end: days.upperBound) }
    let losses = returns.logReturns[..<(days.upperBound - 1)].map { oriented($0) }
    var tail = try EmpiricalTail(losses[max(0, firstDay - mostDays)..<firstDay])
    var ranges: [Double] = []
    for day in days {
      if day > firstDay {
        let leaving = day - 1 - mostDays
        if leaving >= 0 {
          try tail.replace(losses[leaving], with: losses[day - 1])
        } else {
          try tail.insert(losses[day - 1])
        }
      }
      let range = multiple(of: tail) * horizonDays.squareRoot()
      guard range.isFinite, range > 0 else { throw .malformedValue(day: day) }
      ranges.append(range)
    }
    return ranges
  }

  /// The losses of the side are the lowest.
  private func oriented(_ value: Double) -> Double {
    switch side {
    case .falls: value
    case .rises: -value
    case .both: -value.magnitude
    }
  }

  private func bounded(_ targets: [Double], calendar: ArraySlice<Double>?) -> [Double] {
    let smooth = ramp.map { $0.bounded(targets) } ?? targets
    guard let calendar else { return smooth }
    var ranges = zip(smooth, calendar).map { $0 * $1 }
    if let ramp {
      for index in ranges.indices.dropFirst() {
        ranges[index] = min(ranges[index], ramp.highest(after: ranges[index - 1]))
      }
    }
    return ranges
  }

  /// The tail of standardized returns, as a positive multiple of the volatility.
  private func multiple(of tail: EmpiricalTail) -> Double {
    let share = side == .both ? 2 * probability : probability
    return switch measure {
    case .valueAtRisk: -tail.quantile(share)
    case .expectedShortfall: -tail.tailMean(share)
    }
  }
}
