// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

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
  static let series = Result { try read() }
  static let blend = series.flatMap { series in Result { try RangeForecast.blend(of: series) } }

  private static func read() throws -> ReturnSeries {
    let unpacking = Process()
    unpacking.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    unpacking.arguments = ["gzip", "-dc", file]
    let pipe = Pipe()
    unpacking.standardOutput = pipe
    try unpacking.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    unpacking.waitUntilExit()
    return try ReturnSeries(
      bars: text.split(separator: "\n").dropFirst().map { line in
        let fields = line.split(separator: ",")
        let prices = try fields[1...4].map { try #require(Double($0)) }
        return PriceBar(
          time: Timestamp(milliseconds: try #require(Int64(fields[0]))), open: prices[0],
          high: prices[1], low: prices[2], close: prices[3])
      })
  }
}

@Suite(
  "Ranges of the recorded BTC days to 31 December 2024",
  .enabled(if: RecordedDays.isPresent, RecordedDays.reason))
struct RecordedRangeTests {
  private func backtest(_ forecast: RangeForecast, _ series: ReturnSeries) throws -> Backtest {
    let days = (series.count - RecordedDays.testedDays)..<series.count
    return try Backtest(
      losses: series.logReturns[days].map { -$0 },
      ranges: forecast.ranges(of: series, blend: RecordedDays.blend.get(), days: days),
      probability: 0.005)
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
    let backtest = try backtest(forecast, RecordedDays.series.get())
    #expect(backtest.test.observations == 2239)
    #expect(backtest.test.exceedances == exceedances)
    #expect(abs(backtest.meanRange / mean - 1) < tolerance)
    #expect(abs(try backtest.peakToTrough() / peakToTrough - 1) < tolerance)
    #expect(abs(try backtest.largestIncrease(days: 1) / rise - 1) < 0.02)
  }

  // The limits of issue 4, "What it must show", 2.
  @Test("of the house stay within every limit that is set for them")
  func limits() throws {
    let series = try RecordedDays.series.get()
    let house = try backtest(.plimsoll, series)
    let plain = try backtest(.historical, series)
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
    let longRun = try VolatilityPath.longRun(of: series)
    let blend = try RecordedDays.blend.get()
    let recent = try ExponentialWeighting(decay: 0.94, of: .squaredReturn).forecast(series)
    let calendar = try CalendarFactors(of: series, forecast: recent)
    let filters: [(VolatilityPath, CalendarFactors?)] = [
      (blend, calendar), (try AsymmetricVarianceModel().forecast(series), nil), (blend, nil),
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
    let ranges = try RangeRule(probability: 0.025).ranges(
      of: series, volatility: filter, calendar: calendar, days: days)
    let shortfalls = try RangeRule(measure: .expectedShortfall, probability: 0.025).ranges(
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
