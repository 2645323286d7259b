// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// The named ways from a return series to ranges, with their published settings.
public enum RangeForecast: String, CaseIterable, Hashable, Sendable {
  /// Plain historical simulation over 500 days.
  case historical
  /// Filtered by squared returns with decay 0.94.
  case exponential
  /// Filtered by the blend of three forecasts.
  case blended
  /// The blend floored at 0.9 of the long run, moving at most ×1.25 up and ×0.97 down a day.
  case flooredBlend
  /// The rule of the house: a quarter of the blend's movement around the long run, floored as
  /// above, one range for both sides, weekends apart, with the same ramp.
  case plimsoll

  /// The geometric mean of log-HAR-L, exponentially weighted daily variances (0.90) and GJR.
  public static func blend(of returns: ReturnSeries) throws(ForecastingError) -> VolatilityPath {
    try .blend([
      LogHeterogeneousModel().forecast(returns),
      ExponentialWeighting(decay: 0.90, of: .dailyVariance).forecast(returns),
      AsymmetricVarianceModel().forecast(returns),
    ])
  }

  /// The ranges of `days`, one day ahead at 99.5 % on each side, as log returns.
  ///
  /// - Parameter blend: What ``blend(of:)`` gives for these returns, where it is at hand: it is
  ///   most of the work.
  /// - Throws: ``ForecastingError``.
  public func ranges(
    of returns: ReturnSeries, blend: VolatilityPath? = nil, days: Range<Int>
  ) throws(ForecastingError) -> [Double] {
    switch self {
    case .historical:
      return try RangeRule().ranges(of: returns, volatility: .constant(of: returns), days: days)
    case .exponential:
      return try RangeRule().ranges(of: returns, volatility: Self.recent(of: returns), days: days)
    case .blended, .flooredBlend, .plimsoll:
      if let blend { return try ranges(of: returns, filter: blend, days: days) }
      return try ranges(of: returns, filter: Self.blend(of: returns), days: days)
    }
  }

  private static func recent(of returns: ReturnSeries) throws(ForecastingError) -> VolatilityPath {
    try ExponentialWeighting(decay: 0.94, of: .squaredReturn).forecast(returns)
  }

  private func ranges(
    of returns: ReturnSeries, filter blend: VolatilityPath, days: Range<Int>
  ) throws(ForecastingError) -> [Double] {
    if self == .blended {
      return try RangeRule().ranges(of: returns, volatility: blend, days: days)
    }
    let ramp = try RangeRamp(largestRise: 1.25, smallestFall: 0.97)
    let longRun = try VolatilityPath.longRun(of: returns)
    if self == .flooredBlend {
      return try RangeRule(ramp: ramp).ranges(
        of: returns, volatility: blend.floored(at: 0.9, of: longRun), days: days)
    }
    let damped = try blend.drawn(toward: longRun, weight: 0.25).floored(at: 0.9, of: longRun)
    let calendar = try CalendarFactors(of: returns, forecast: Self.recent(of: returns))
    return try RangeRule(side: .both, ramp: ramp).ranges(
      of: returns, volatility: damped, calendar: calendar, days: days)
  }
}
