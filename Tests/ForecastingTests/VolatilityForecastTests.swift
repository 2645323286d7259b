// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Forecasting
import NumericalMethods
import Quantities
import Testing

/// Days of a random series with a seed, and the variance each was drawn with.
private func simulated(
  days: Int, seed: UInt64, variance next: (_ previous: Double, _ value: Double) -> Double
) throws -> (series: ReturnSeries, variances: [Double]) {
  var random = SplitMix64(seed: seed)
  var variance = 4e-4
  var logPrice = 0.0
  var closes = [1.0]
  var variances: [Double] = []
  for _ in 0..<days {
    let value =
      variance.squareRoot() * Normal.inverse(max(random.nextUnit(), 0x1p-60))
    logPrice += value
    closes.append(Elementary.exp(logPrice))
    variances.append(variance)
    variance = next(variance, value)
  }
  let times = closes.indices.map { Timestamp(seconds: 86_400 * Int64($0)) }
  return (try ReturnSeries(times: times, closes: closes), variances)
}

@Suite("A volatility forecast")
struct VolatilityForecastTests {
  // Expected by hand: 30 days of (ln 2)², then a day of 0 and one of (ln 4)².
  @Test("weights the past exponentially")
  func exponential() throws {
    var closes = (0...30).map { $0 % 2 == 0 ? 1.0 : 2.0 }
    closes += [1, 4]
    let series = try ReturnSeries(
      times: closes.indices.map { Timestamp(seconds: 86_400 * Int64($0)) }, closes: closes)
    let path = try ExponentialWeighting(decay: 0.9, of: .squaredReturn).forecast(series)
    let unit = 0.693_147_180_559_945
    #expect(path.firstDay == 30)
    #expect(path.endDay == 33)
    #expect(abs(path[30] - unit) < 1e-14)
    #expect(abs(path[31] - unit * (0.9).squareRoot()) < 1e-14)
    #expect(abs(path[32] - unit * (0.81 + 0.4).squareRoot()) < 1e-14)
  }

  // The recursion that made the days has α = 0.04, γ = 0.10, β = 0.85, long-run variance 4e-4.
  @Test("of the asymmetric recursion finds the variances that made the days")
  func asymmetric() throws {
    let (series, variances) = try simulated(days: 3000, seed: 7) { variance, value in
      0.06 * 4e-4 + (value < 0 ? 0.14 : 0.04) * value * value + 0.85 * variance
    }
    let path = try AsymmetricVarianceModel.house().forecast(series)
    let plain = try ExponentialWeighting(decay: 0.94, of: .squaredReturn).forecast(series)
    func loss(_ path: VolatilityPath) throws -> Double {
      var sum = 0.0
      for day in 1500..<3000 {
        sum += try #require(
          ForecastScore.varianceLoss(measured: variances[day], forecast: path[day] * path[day]))
      }
      return sum / 1500
    }
    #expect(try loss(path) < 0.01)
    #expect(try loss(path) < 0.5 * loss(plain))
  }

  @Test("of logarithms follows a level that lasts, and is refused for columns without movement")
  func logarithms() throws {
    let (series, _) = try simulated(days: 1500, seed: 11) { _, _ in 4e-4 }
    let path = try LogHeterogeneousModel.house().forecast(series)
    #expect(path.firstDay == 530)
    #expect(path.endDay == 1501)
    // ln χ² has mean −1.27 and variance 4.93: e^(ŷ + s²/2) is on average e^1.2 times the variance.
    var sum = 0.0
    for value in path.values { sum += Elementary.log(value * value / 4e-4) }
    #expect(abs(sum / Double(path.values.count) - (4.93 / 2 - 1.27)) < 0.3)
    let closes = Array(repeating: 1.0, count: 700)
    let flat = try ReturnSeries(
      times: closes.indices.map { Timestamp(seconds: 86_400 * Int64($0)) }, closes: closes)
    #expect(throws: ForecastingError.singularRegression(day: 530)) {
      try LogHeterogeneousModel.house().forecast(flat)
    }
    #expect(throws: ForecastingError.malformedValue(day: 530)) {
      try AsymmetricVarianceModel.house().forecast(flat)
    }
  }

  @Test("is blended, drawn and floored on common days")
  func combinations() throws {
    let low = try VolatilityPath(firstDay: 2, values: [1, 1, 1])
    let high = try VolatilityPath(firstDay: 3, values: [4, 16, 4])
    let blend = try VolatilityPath.blend([low, high])
    #expect(blend.firstDay == 3)
    #expect(blend.endDay == 5)
    #expect(abs(blend[3] - 2) < 1e-14)
    #expect(abs(blend[4] - 4) < 1e-14)
    #expect(abs(try high.drawn(toward: low, weight: 0.25)[4] - 2) < 1e-14)
    #expect(try low.floored(at: 0.5, of: high).values == [2, 8])
    #expect(try low.floored(at: 0.2, of: high).values == [1, 3.2])
    let late = try VolatilityPath(firstDay: 9, values: [1])
    #expect(throws: ForecastingError.uncoveredDays(first: 9, end: 5)) {
      try VolatilityPath.blend([low, late])
    }
    for weight in [-0.1, 1.1, .nan] {
      #expect(throws: ForecastingError.outOfBounds(.forecastWeight)) {
        try low.drawn(toward: high, weight: weight)
      }
    }
    for value in [0, -1, Double.nan, .infinity] {
      #expect(throws: ForecastingError.malformedValue(day: 3)) {
        try VolatilityPath(firstDay: 2, values: [1, value])
      }
    }
    #expect(throws: ForecastingError.tooFewDays(needed: 1, found: 0)) {
      try VolatilityPath(firstDay: 0, values: [])
    }
    #expect(throws: ForecastingError.uncoveredDays(first: .max, end: .max)) {
      try VolatilityPath(firstDay: .max, values: [1])
    }
  }

  @Test("calls the weekend calm when it is")
  func calendar() throws {
    // Day 0 of the returns is Friday, 2 January 1970; weekends move half as much.
    var closes = [1.0]
    for day in 0..<140 {
      let isWeekend = day % 7 == 1 || day % 7 == 2
      let move = (isWeekend ? 0.01 : 0.02) * (day % 2 == 0 ? 1 : -1)
      closes.append(closes[day] * Elementary.exp(move))
    }
    let series = try ReturnSeries(
      times: closes.indices.map { Timestamp(seconds: 86_400 * Int64($0)) }, closes: closes)
    let factors = try CalendarFactors(
      of: series, forecast: .constant(of: series), minimumDays: 14)
    #expect(factors.values[..<14].allSatisfy { $0 == 1 })
    // Mean of the week (2 · 0.5 + 5 · 1)/7.
    #expect(abs(factors.values[134] - 0.5 * 7 / 6) < 1e-12)
    #expect(abs(factors.values[133] - 7.0 / 6) < 1e-12)
    // The day after the series: 140 is a Friday again.
    #expect(abs(factors.values[140] - 7.0 / 6) < 1e-12)
    #expect(throws: ForecastingError.outOfBounds(.minimumDays)) {
      try CalendarFactors(of: series, forecast: .constant(of: series), minimumDays: 13)
    }
  }

  @Test("is refused for too few days and parameters out of bounds")
  func refusals() throws {
    let (series, _) = try simulated(days: 29, seed: 1) { variance, _ in variance }
    #expect(throws: ForecastingError.tooFewDays(needed: 30, found: 29)) {
      try ExponentialWeighting(decay: 0.94, of: .squaredReturn).forecast(series)
    }
    #expect(throws: ForecastingError.tooFewDays(needed: 530, found: 29)) {
      try LogHeterogeneousModel.house().forecast(series)
    }
    #expect(throws: ForecastingError.tooFewDays(needed: 530, found: 29)) {
      try AsymmetricVarianceModel.house().forecast(series)
    }
    #expect(throws: ForecastingError.tooFewDays(needed: 500, found: 29)) {
      try VolatilityPath.longRun(of: series, minimumDays: 500)
    }
    for decay in [0, 1, Double.nan] {
      #expect(throws: ForecastingError.outOfBounds(.decay)) {
        try ExponentialWeighting(decay: decay, of: .dailyVariance)
      }
    }
    #expect(throws: ForecastingError.outOfBounds(.regressionDays)) {
      try LogHeterogeneousModel(regressionDays: 499, minimumDays: 500, refitInterval: 1)
    }
    #expect(throws: ForecastingError.outOfBounds(.refitInterval)) {
      try AsymmetricVarianceModel(regressionDays: 500, minimumDays: 500, refitInterval: 0)
    }
  }

  // The stored hash comes from a debug build and holds for a release build too.
  @Test("and every range have the same bits everywhere")
  func bits() throws {
    let (series, _) = try simulated(days: 1300, seed: 3) { variance, value in
      0.06 * 4e-4 + (value < 0 ? 0.14 : 0.04) * value * value + 0.85 * variance
    }
    var forecaster = RangeForecaster(series, parameters: try .house())
    func hash(_ forecasts: [RangeForecast]) throws -> UInt64 {
      var hash: UInt64 = 0xcbf2_9ce4_8422_2325
      for forecast in forecasts {
        for range in try forecaster.ranges(forecast, days: 1100..<1301) {
          #expect(range > 0)
          hash = (hash ^ range.bitPattern) &* 0x0000_0100_0000_01b3
        }
      }
      return hash
    }
    let first = try hash([.historical, .exponential, .blended, .flooredBlend, .plimsoll])
    #expect(first == 0xef60_958d_f518_d904, "0x\(String(first, radix: 16))")
    let others = try hash([.logarithmic, .bufferedBlend, .stressedBlend, .lookbackBlend])
    #expect(others == 0x732c_9b4c_764b_93b9, "0x\(String(others, radix: 16))")
  }
}
