// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
public import Parameters
import Quantities

/// Makes the ranges of the named rules for one series; what rules share is fitted once.
public struct RangeForecaster: Sendable {
  public let returns: ReturnSeries
  public let parameters: RangeParameters

  private var knownBlend: VolatilityPath?

  public init(_ returns: ReturnSeries, parameters: RangeParameters) {
    self.returns = returns
    self.parameters = parameters
  }

  /// The geometric mean of log-HAR-L, exponentially weighted daily variances and GJR.
  public mutating func blend() throws(ForecastingError) -> VolatilityPath {
    if let knownBlend { return knownBlend }
    let blend = parameters.blend
    let asymmetric = try AsymmetricVarianceModel(
      regressionDays: blend.asymmetric.days, minimumDays: blend.asymmetric.minimumDays,
      refitInterval: blend.asymmetric.refitDays)
    let path = try VolatilityPath.blend([
      logarithmic(),
      ExponentialWeighting(decay: blend.decay.value, of: .dailyVariance).forecast(returns),
      asymmetric.forecast(returns),
    ])
    knownBlend = path
    return path
  }

  /// The ranges of `days` on one side, as log returns, positive.
  ///
  /// - Parameters:
  ///   - side: Falls or rises; ``RangeForecast/plimsoll`` has one range for both and gives it for
  ///     either.
  ///   - measure: The quantile, or the mean beyond it.
  ///   - probability: Of passing the quantile; `nil` for that of the parameters.
  ///   - horizonDays: Days ahead; `nil` for the horizon of the parameters.
  ///   - days: Days of the series; its end may be the day after the last.
  /// - Throws: ``ForecastingError``.
  public mutating func ranges(
    _ forecast: RangeForecast, side: RangeRule.Side = .falls,
    measure: RangeRule.Measure = .valueAtRisk, probability: Double? = nil,
    horizonDays: Double? = nil, days: Range<Int>
  ) throws(ForecastingError) -> [Double] {
    let filter = try filter(of: forecast)
    func rule(_ side: RangeRule.Side, ramp: RangeRamp? = nil) throws(ForecastingError) -> RangeRule
    {
      try RangeRule(
        measure: measure, side: side, probability: probability ?? parameters.probability.value,
        horizonDays: horizonDays ?? parameters.horizon.days, windowDays: parameters.windowDays,
        ramp: ramp)
    }
    switch forecast {
    case .historical, .exponential, .logarithmic, .blended:
      return try rule(side).ranges(of: returns, volatility: filter, days: days)
    case .flooredBlend:
      return try rule(side, ramp: ramp()).ranges(of: returns, volatility: filter, days: days)
    case .plimsoll:
      let calendar = try CalendarFactors(
        of: returns, forecast: recent(), minimumDays: parameters.calendarDays)
      return try rule(.both, ramp: ramp()).ranges(
        of: returns, volatility: filter, calendar: calendar, days: days)
    case .bufferedBlend, .stressedBlend, .lookbackBlend:
      return try device(forecast, rule(side), filter, days: days)
    }
  }
}

// MARK: Filters

extension RangeForecaster {
  /// What a rule's returns are divided by.
  mutating func filter(
    of forecast: RangeForecast
  ) throws(ForecastingError) -> VolatilityPath {
    switch forecast {
    case .historical: try .constant(of: returns)
    case .exponential: try recent()
    case .logarithmic: try logarithmic()
    case .blended, .bufferedBlend, .stressedBlend, .lookbackBlend: try blend()
    case .flooredBlend:
      try blend().floored(at: parameters.floorShare.value, of: longRun())
    case .plimsoll:
      try blend().drawn(toward: longRun(), weight: parameters.forecastWeight.value)
        .floored(at: parameters.floorShare.value, of: longRun())
    }
  }

  func recent() throws(ForecastingError) -> VolatilityPath {
    try ExponentialWeighting(decay: parameters.exponentialDecay.value, of: .squaredReturn)
      .forecast(returns)
  }

  private func logarithmic() throws(ForecastingError) -> VolatilityPath {
    let model = parameters.blend.logarithmic
    return try LogHeterogeneousModel(
      regressionDays: model.days, minimumDays: model.minimumDays, refitInterval: model.refitDays
    ).forecast(returns)
  }

  private func longRun() throws(ForecastingError) -> VolatilityPath {
    try .longRun(of: returns, minimumDays: parameters.longRunDays)
  }

  private func ramp() throws(ForecastingError) -> RangeRamp {
    try RangeRamp(
      largestRise: parameters.largestRise.value, smallestFall: parameters.smallestFall.value)
  }
}

// MARK: Devices against procyclicality

extension RangeForecaster {
  private func device(
    _ forecast: RangeForecast, _ rule: RangeRule, _ filter: VolatilityPath, days: Range<Int>
  ) throws(ForecastingError) -> [Double] {
    let devices = parameters.devices
    // What a device remembers reaches back before the days asked for.
    let first = filter.firstDay + rule.windowDays
    guard days.lowerBound >= first, days.upperBound > days.lowerBound else {
      throw .uncoveredDays(first: days.lowerBound, end: days.upperBound)
    }
    let whole = first..<days.upperBound
    let ranges = try rule.ranges(of: returns, volatility: filter, days: whole)
    let wanted: [Double]
    switch forecast {
    case .bufferedBlend:
      wanted = try ProcyclicalityDevice.buffered(
        ranges, share: devices.buffer.value, calmDays: devices.bufferDays)
    case .stressedBlend:
      let plain = try rule.ranges(
        of: returns, volatility: .constant(of: returns), days: rule.windowDays..<days.upperBound)
      wanted = try ProcyclicalityDevice.weighted(
        ranges, stressed: ProcyclicalityDevice.widest(plain).suffix(ranges.count),
        weight: devices.stressedWeight.value)
    default:
      let floor = try rule.lookbackRanges(
        of: returns, mostDays: devices.lookbackDays, days: whole)
      wanted = zip(ranges, floor).map { max($0, $1) }
    }
    return Array(wanted.suffix(days.count))
  }
}
