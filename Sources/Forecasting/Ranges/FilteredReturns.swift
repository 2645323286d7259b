// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
import Parameters
import Quantities

/// The past as one rule filters it: standardized returns, and what the next day scales them with.
///
/// Whoever revalues a portfolio in each residual × volatility × √h gets, for a position in the
/// price alone, the rule's own range: the volatilities are the range over the tail of the
/// residuals, so the floor, the weekend's factor and the bounded ramp are in them.
public struct FilteredReturns: Hashable, Sendable {
  /// The window's returns over their own days' forecasts, oldest first.
  public let residuals: [Double]
  /// Standard deviation of the next day's log return, for its falls and for its rises; a ramp may
  /// hold them apart.
  public let fallVolatility: Double
  public let riseVolatility: Double
}

extension RangeForecaster {
  /// The residuals and volatilities of a rule, for the day after the last.
  ///
  /// - Parameters:
  ///   - forecast: A device keeps the residuals of the blend under it.
  ///   - probability: Whose tail the ramp is applied to; `nil` for that of the parameters.
  /// - Throws: ``ForecastingError``.
  public mutating func filteredReturns(
    _ forecast: RangeForecast, probability: Double? = nil
  ) throws(ForecastingError) -> FilteredReturns {
    let share = probability ?? parameters.probability.value
    let end = returns.count
    let filter = try filter(of: forecast)
    var calendar = Array(repeating: 1.0, count: end + 1)
    if forecast == .plimsoll {
      calendar = try CalendarFactors(
        of: returns, forecast: recent(), minimumDays: parameters.calendarDays
      ).values
    }
    let first = end - parameters.windowDays
    let earliest = forecast.firstDay(with: parameters)
    guard first >= filter.firstDay, end >= earliest else {
      throw .tooFewDays(needed: earliest, found: end)
    }
    let residuals = (first..<end).map {
      returns.logReturns[$0] / (filter[$0] * calendar[$0])
    }
    return FilteredReturns(
      residuals: residuals,
      fallVolatility: try volatility(forecast, .falls, share, residuals, earliest),
      riseVolatility: try volatility(forecast, .rises, share, residuals, earliest))
  }

  /// The range of one side over the tail of the residuals.
  private mutating func volatility(
    _ forecast: RangeForecast, _ side: RangeRule.Side, _ probability: Double,
    _ residuals: [Double], _ earliest: Int
  ) throws(ForecastingError) -> Double {
    let end = returns.count
    // The ramp remembers every day before.
    let ranges = try ranges(
      forecast, side: side, probability: probability, horizonDays: 1, days: earliest..<end + 1)
    let isOfBoth = forecast == .plimsoll
    let tail = try EmpiricalTail(
      residuals.map { residual in
        isOfBoth ? -residual.magnitude : side == .falls ? residual : -residual
      })
    let multiple = -tail.quantile(isOfBoth ? 2 * probability : probability)
    guard let range = ranges.last, multiple > 0 else { throw .malformedValue(day: end) }
    return range / multiple
  }
}
