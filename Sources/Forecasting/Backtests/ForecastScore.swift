// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// Scores of forecasts against what came; returns and limits are signed, losses negative.
public enum ForecastScore {
  /// Z2 = Σ X·1{X < −VaR} ÷ (Tα·ES) + 1: 0 on average for a right forecast, negative for shortfalls
  /// too small or too frequent.
  ///
  /// Source: C. Acerbi, B. Székely, Backtesting expected shortfall, MSCI (2014).
  /// - Parameters:
  ///   - outcomes: Profit (+) or loss (−) per day.
  ///   - ranges: Value at risk per day, positive.
  ///   - shortfalls: Expected shortfall per day, positive.
  ///   - probability: Of passing the range, between 0 and 1.
  /// - Throws: ``ForecastingError``.
  public static func shortfallStatistic(
    outcomes: [Double], ranges: [Double], shortfalls: [Double], probability: Double
  ) throws(ForecastingError) -> Double {
    guard !outcomes.isEmpty else { throw .tooFewDays(needed: 1, found: 0) }
    for values in [ranges, shortfalls] where values.count != outcomes.count {
      throw .lengthMismatch(expected: outcomes.count, found: values.count)
    }
    guard probability > 0, probability < 1 else { throw .outOfBounds(.probability) }
    var sum = 0.0
    for day in outcomes.indices {
      guard outcomes[day].isFinite, ranges[day].isFinite, shortfalls[day].isFinite,
        shortfalls[day] > 0
      else { throw .malformedValue(day: day) }
      if outcomes[day] < -ranges[day] { sum += outcomes[day] / shortfalls[day] }
    }
    return sum / (Double(outcomes.count) * probability) + 1
  }

  /// FZ0 = 1{y ≤ v}(y − v)/(αe) + v/e + ln(−e) − 1, less is better, for quantile v and tail mean e.
  ///
  /// Source: A. Patton, J. Ziegel, R. Chen, J. Econometrics 211 (2019), 388-413.
  /// - Returns: `nil` unless e ≤ v < 0, all are finite and 0 < α < 1.
  public static func jointLoss(
    outcome: Double, quantile: Double, tailMean: Double, probability: Double
  ) -> Double? {
    guard outcome.isFinite, tailMean.isFinite, quantile < 0, tailMean <= quantile,
      probability > 0, probability < 1
    else { return nil }
    let excess = outcome <= quantile ? (outcome - quantile) / (probability * tailMean) : 0
    return excess + quantile / tailMean + Elementary.log(-tailMean) - 1
  }

  /// ρ(y − q) = (α − 1{y < q})(y − q), least on average at the α-quantile.
  ///
  /// Source: R. Koenker, G. Bassett, Econometrica 46 (1978), 33-50.
  public static func pinballLoss(
    outcome: Double, quantile: Double, probability: Double
  ) -> Double {
    (probability - (outcome < quantile ? 1 : 0)) * (outcome - quantile)
  }

  /// v/f − ln(v/f) − 1 of a variance forecast f and a measured v: 0 when equal, else positive.
  ///
  /// Source: A. Patton, J. Econometrics 160 (2011), 246-256.
  /// - Returns: `nil` unless both are positive and finite.
  public static func varianceLoss(measured: Double, forecast: Double) -> Double? {
    guard measured > 0, forecast > 0, measured.isFinite, forecast.isFinite else { return nil }
    let ratio = measured / forecast
    return ratio - Elementary.log(ratio) - 1
  }
}
