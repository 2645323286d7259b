// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Forecasting
import Margin
import Parameters
import Quantities

extension RequestObject {
  /// `history`: standardized returns and the volatility that scales them, or daily closes and the
  /// rule that makes both from them.
  mutating func filteredHistory(
    _ set: ParameterSet
  ) throws(EvaluationRefusal) -> FilteredHistory {
    var history = try object("history")
    let filtered = history.states("closes") ? try history.closes(set) : try history.residuals()
    try history.end()
    return filtered
  }

  private mutating func residuals() throws(EvaluationRefusal) -> FilteredHistory {
    let residuals = try numbers("residuals", atMost: 10_000)
    let fall = try number("volatility")
    let rise = try number("riseVolatility", default: fall)
    return FilteredHistory(residuals: residuals, fallVolatility: fall, riseVolatility: rise)
  }

  private mutating func closes(
    _ set: ParameterSet
  ) throws(EvaluationRefusal) -> FilteredHistory {
    let closes = try numbers("closes", atMost: 10_000)
    let first = try time("firstDay")
    let rule = try choice(
      "rule", RangeForecast.allCases.map { ($0.rawValue, $0) }, default: .plimsoll)
    let parameters: RangeParameters
    do throws(ParameterError) { parameters = try RangeParameters(set) } catch {
      throw EvaluationRefusal(error, at: "parameters")
    }
    let dayLength: Int64 = 86_400_000_000_000
    do throws(ForecastingError) {
      let times = closes.indices.map {
        Timestamp(nanoseconds: first.nanoseconds + Int64($0) * dayLength)
      }
      var forecaster = RangeForecaster(
        try ReturnSeries(times: times, closes: closes), parameters: parameters)
      let filtered = try forecaster.filteredReturns(rule)
      return FilteredHistory(
        residuals: filtered.residuals, fallVolatility: filtered.fallVolatility,
        riseVolatility: filtered.riseVolatility)
    } catch {
      throw refusal(.outOfBounds, "closes", Self.text(error))
    }
  }

  private static func text(_ error: ForecastingError) -> String {
    switch error {
    case .tooFewDays(let needed, let found): "\(found) returns; the rule needs \(needed)"
    case .malformedPrice(let bar): "close \(bar) is not a positive number"
    case .unorderedTime: "the days do not lie between 1970 and 2200"
    default: "the rule has no forecast for these closes: \(error)"
    }
  }
}
