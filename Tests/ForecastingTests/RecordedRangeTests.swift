// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Forecasting
import Foundation
import Quantities
import Testing

/// The recorded daily prices of BTC, where this machine has them: `PLIMSOLL_DATA`, else beside
/// the package.
enum RecordedDays {
  static let file =
    (ProcessInfo.processInfo.environment["PLIMSOLL_DATA"]
      ?? URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
      .appending(path: "../../../../shared/data").standardized.path)
    + "/prices_1d/btc_usd_yahoo_1d_to_2024.csv.gz"
  static let isPresent = FileManager.default.fileExists(atPath: file)
  static let reason: Comment = "needs the recorded collection; set PLIMSOLL_DATA to its folder"

  /// 15 November 2018 to 31 December 2024.
  static let testedDays = 2239

  // Read and fitted once for all tests: most of their time.
  static let forecaster = Result {
    let reading = try DailyPriceFile.read(path: file)
    var forecaster = RangeForecaster(
      try ReturnSeries(bars: reading.candles.map { PriceBar($0) }), parameters: try .house())
    _ = try forecaster.blend()
    return forecaster
  }
  static let series = forecaster.map(\.returns)
  static let blend = forecaster.flatMap { known in
    var forecaster = known
    return Result { try forecaster.blend() }
  }
}

@Suite(
  "Ranges of the recorded BTC days to 31 December 2024",
  .enabled(if: RecordedDays.isPresent, RecordedDays.reason))
struct RecordedRangeTests {
  private func backtest(
    _ forecast: RangeForecast, side: RangeRule.Side = .falls
  ) throws -> Backtest {
    var forecaster = try RecordedDays.forecaster.get()
    let returns = forecaster.returns.logReturns
    let days = (returns.count - RecordedDays.testedDays)..<returns.count
    return try Backtest(
      losses: returns[days].map { side == .falls ? -$0 : $0 },
      ranges: forecaster.ranges(forecast, side: side, days: days), probability: 0.005)
  }

  // Expected: the independent run of QUANT section 3.3 on these days, within 2 %; for the blend,
  // whose fits the section leaves open, within 5 % (mean loss beyond: published 5.15 %).
  @Test(
    "reproduce the published run",
    arguments: [
      (RangeForecast.historical, 11, 0.1166, 2.23, 1.18, 0.02),
      (.exponential, 14, 0.1270, 4.92, 4.63, 0.02),
      (.flooredBlend, 12, 0.1114, 3.52, 1.25, 0.05),
    ])
  func published(
    forecast: RangeForecast, exceedances: Int, mean: Double, peakToTrough: Double, rise: Double,
    tolerance: Double
  ) throws {
    let backtest = try backtest(forecast)
    #expect(backtest.test.observations == 2239)
    #expect(backtest.test.exceedances == exceedances)
    #expect(abs(backtest.meanRange / mean - 1) < tolerance)
    #expect(abs(try backtest.peakToTrough() / peakToTrough - 1) < tolerance)
    #expect(abs(try backtest.largestIncrease(days: 1) / rise - 1) < 0.02)
  }

  // Expected: the table of QUANT section 3.3, whose days go on to June 2026 and which leaves open
  // what is calm and what is stressed: ratios to the blend of the same run, which 12 and 13 March
  // 2020 decide, within 2 %; and the order of the means.
  @Test("move with the regulator's devices as published")
  func devices() throws {
    let blend = try backtest(.blended)
    let published: [(RangeForecast, day: Double, days: Double?)] = [
      (.bufferedBlend, 4.96 / 6.20, 6.70 / 8.37), (.stressedBlend, 4.68 / 6.20, nil),
      (.lookbackBlend, 1, 6.33 / 8.37),
    ]
    for (forecast, day, days) in published {
      let device = try backtest(forecast)
      let rise = try device.largestIncrease(days: 1) / blend.largestIncrease(days: 1)
      #expect(abs(rise / day - 1) < 0.02, "\(forecast)")
      if let days {
        let rise = try device.largestIncrease(days: 5) / blend.largestIncrease(days: 5)
        #expect(abs(rise / days - 1) < 0.02, "\(forecast)")
      }
      #expect(device.test.exceedances < blend.test.exceedances, "\(forecast)")
      #expect(try device.peakToTrough() < blend.peakToTrough(), "\(forecast)")
    }
    let means = try [.blended, .stressedBlend, .bufferedBlend, .lookbackBlend].map {
      try backtest($0).meanRange
    }
    #expect(means == means.sorted())
  }

  @Test("hold on the other side too, plain history and the house's rule")
  func rises() throws {
    for (forecast, exceedances) in [(RangeForecast.historical, 14), (.plimsoll, 13)] {
      let backtest = try backtest(forecast, side: .rises)
      #expect(backtest.test.exceedances == exceedances)
      #expect(backtest.test.conditionalCoverage.probability > 0.05)
    }
  }

  // The limits of issue 4, "What it must show", 2.
  @Test("of the house stay within every limit that is set for them")
  func limits() throws {
    let house = try backtest(.plimsoll)
    let plain = try backtest(.historical)
    #expect(Double(house.test.exceedances) <= 0.0054 * 2239)
    #expect(house.test.coverage.probability > 0.05)
    #expect(house.test.conditionalCoverage.probability > 0.05)
    #expect(house.meanRange <= 0.110)
    #expect(house.meanRange <= 0.965 * plain.meanRange)
    #expect(try house.peakToTrough() <= 3.5)
    #expect(try house.largestIncrease(days: 1) <= 1.25)
    #expect(try #require(house.meanLossBeyond) <= 0.043)
  }

  // Expected: about 0.601 on 2,459 days (QUANT section 3.3).
  @Test("rest on a blend as near the measured variances as published")
  func blend() throws {
    let series = try RecordedDays.series.get()
    let blend = try RecordedDays.blend.get()
    let days = (series.count - 2459)..<series.count
    var sum = 0.0
    for day in days {
      sum += try #require(
        ForecastScore.varianceLoss(
          measured: series.dailyVariances[day], forecast: blend[day] * blend[day]))
    }
    #expect(abs(sum / 2459 - 0.601) < 0.003)
  }

  // Expected: the order of QUANT section 3.3 at 2.5 %, measured there on days to June 2026; the
  // calendar of the house improves the blend. Z2 of a right forecast on 2,239 days stays above
  // −0.34 in 95 of 100 runs even with t(5) and half as many days (section 3.7).
  @Test("score tail forecasts in the published order, better with a calendar, and pass Z2")
  func scores() throws {
    let series = try RecordedDays.series.get()
    let longRun = try VolatilityPath.longRun(of: series, minimumDays: 500)
    let blend = try RecordedDays.blend.get()
    let recent = try ExponentialWeighting(decay: 0.94, of: .squaredReturn).forecast(series)
    let calendar = try CalendarFactors(of: series, forecast: recent, minimumDays: 500)
    let filters: [(VolatilityPath, CalendarFactors?)] = [
      (blend, calendar), (try AsymmetricVarianceModel.house().forecast(series), nil), (blend, nil),
      (try blend.floored(at: 0.9, of: longRun), nil), (try .constant(of: series), nil),
      (recent, nil),
    ]
    let scores = try filters.map { try tailScores(series, $0.0, $0.1) }
    for (better, worse) in zip(scores, scores.dropFirst()) { #expect(better.loss < worse.loss) }
    for score in scores { #expect(score.statistic > -0.34) }
  }

  /// The mean joint loss and Z2 at 2.5 %.
  private func tailScores(
    _ series: ReturnSeries, _ filter: VolatilityPath, _ calendar: CalendarFactors?
  ) throws -> (loss: Double, statistic: Double) {
    let days = (series.count - RecordedDays.testedDays)..<series.count
    let outcomes = Array(series.logReturns[days])
    let ranges = try RangeRule(probability: 0.025, windowDays: 500).ranges(
      of: series, volatility: filter, calendar: calendar, days: days)
    let shortfalls = try RangeRule(
      measure: .expectedShortfall, probability: 0.025, windowDays: 500
    ).ranges(
      of: series, volatility: filter, calendar: calendar, days: days)
    var sum = 0.0
    for day in outcomes.indices {
      sum += try #require(
        ForecastScore.jointLoss(
          outcome: outcomes[day], quantile: -ranges[day], tailMean: -shortfalls[day],
          probability: 0.025))
    }
    let statistic = try ForecastScore.shortfallStatistic(
      outcomes: outcomes, ranges: ranges, shortfalls: shortfalls, probability: 0.025)
    return (sum / Double(outcomes.count), statistic)
  }
}
