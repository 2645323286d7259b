// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
import Quantities

/// How much a day's volatility differs from the mean of its week: one factor for Saturdays and
/// Sundays (UTC), one for the other days.
///
/// Each day's factor is made from the days before it: the mean |return| ÷ forecast of the kind of
/// day, over the mean of a week with five and two. Before `minimumDays` standardized days it is 1.
public struct CalendarFactors: Hashable, Sendable {
  /// The factor of each day of the series, and of the day after it.
  public let values: [Double]

  /// - Parameters:
  ///   - forecast: What the returns are divided by; covers the end of the series.
  ///   - minimumDays: At least 14.
  /// - Throws: ``ForecastingError/outOfBounds(_:)``,
  ///   ``ForecastingError/uncoveredDays(first:end:)``.
  public init(
    of returns: ReturnSeries, forecast: VolatilityPath, minimumDays: Int
  ) throws(ForecastingError) {
    guard minimumDays >= 14 else { throw .outOfBounds(.minimumDays) }
    guard forecast.endDay >= returns.count else {
      throw .uncoveredDays(first: forecast.firstDay, end: forecast.endDay)
    }
    var weekend = (sum: 0.0, count: 0)
    var midweek = (sum: 0.0, count: 0)
    values = (0...returns.count).map { day in
      var factor = 1.0
      let seen = weekend.count + midweek.count
      let isWeekend = Self.isWeekend(day, of: returns.times)
      if seen >= minimumDays, weekend.sum > 0, midweek.sum > 0 {
        let weekendMean = weekend.sum / Double(weekend.count)
        let midweekMean = midweek.sum / Double(midweek.count)
        let mean = (2 * weekendMean + 5 * midweekMean) / 7
        factor = (isWeekend ? weekendMean : midweekMean) / mean
      }
      if day < returns.count, day >= forecast.firstDay {
        let size = returns.logReturns[day].magnitude / forecast[day]
        if isWeekend {
          weekend = (weekend.sum + size, weekend.count + 1)
        } else {
          midweek = (midweek.sum + size, midweek.count + 1)
        }
      }
      return factor
    }
  }

  private static func isWeekend(_ day: Int, of times: [Timestamp]) -> Bool {
    let dayLength: Int64 = 86_400_000_000_000
    let time =
      day < times.count ? times[day].nanoseconds : times[times.count - 1].nanoseconds + dayLength
    // The first of January 1970 was a Thursday: days 2 and 3 of that count are the weekend.
    let weekday = ((time / dayLength) % 7 + 7) % 7
    return weekday == 2 || weekday == 3
  }
}
