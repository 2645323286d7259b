// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Forecasting
import NumericalMethods
import Testing

@Suite("The statistics of a backtest")
struct BacktestTests {
  // Expected: the non-rejection ranges of QUANT section 3.7 (5 % level, integers).
  @Test(
    "accept the tabulated counts of exceedances",
    arguments: [
      (0.01, 250, 1...6), (0.01, 500, 2...9), (0.01, 1000, 5...16), (0.01, 2500, 16...35),
      (0.005, 250, 0...4), (0.005, 500, 1...6), (0.005, 1000, 2...9), (0.005, 2500, 7...20),
      (0.025, 250, 3...11), (0.025, 500, 7...19), (0.025, 1000, 16...35),
      (0.025, 2500, 48...78),
    ])
  func acceptedCounts(probability: Double, observations: Int, expected: ClosedRange<Int>) throws {
    let counts = try ExceedanceTest.acceptedCounts(
      observations: observations, probability: probability)
    #expect(counts == expected)
  }

  // Expected: the Basel zones, cumulative probabilities .8922 and .99975 (QUANT section 3.7).
  @Test("show green up to 4 of 250 days at 99 %, yellow up to 9, then red")
  func lights() throws {
    let lights = try (0...12).map {
      try TrafficLight(exceedances: $0, observations: 250, probability: 0.01)
    }
    #expect(lights[...4].allSatisfy { $0 == .green })
    #expect(lights[5...9].allSatisfy { $0 == .yellow })
    #expect(lights[10...].allSatisfy { $0 == .red })
    let four = try TrafficLight.cumulative(4, observations: 250, probability: 0.01)
    let nine = try TrafficLight.cumulative(9, observations: 250, probability: 0.01)
    #expect(abs(four - 0.8922) < 5e-5)
    #expect(abs(nine - 0.99975) < 5e-6)
  }

  // Expected: mpmath (forecasting_gamma.csv), and by hand: hits 0 1 1 0 have counts 00: 0, 01: 1,
  // 10: 1, 11: 1.
  @Test("follow Kupiec and Christoffersen")
  func ratios() throws {
    let statistic = try ExceedanceTest.coverageStatistic(
      exceedances: 12, observations: 2239, probability: 0.005)
    #expect(abs(statistic - 0.056_836_509_2) < 1e-9)
    let test = try ExceedanceTest(hits: [false, true, true, false], probability: 0.5)
    #expect(test.coverage.statistic == 0)
    #expect(test.coverage.probability == 1)
    // 2[ln 1 + 2 ln ½ − (2 ln ⅔ + ln ⅓)].
    #expect(abs(test.independence.statistic - 1.046_496_287_529_096) < 1e-13)
    #expect(
      abs(test.conditionalCoverage.probability - Elementary.exp(-0.523_248_143_764_548)) < 1e-12)
  }

  @Test("find clusters that the frequency hides")
  func clusters() throws {
    let scattered = (0..<1000).map { $0 % 100 == 50 }
    let clustered = (0..<1000).map { (500..<510).contains($0) }
    let even = try ExceedanceTest(hits: scattered, probability: 0.01)
    let uneven = try ExceedanceTest(hits: clustered, probability: 0.01)
    #expect(even.coverage == uneven.coverage)
    #expect(even.independence.probability > 0.5)
    #expect(uneven.independence.probability < 1e-9)
    let none = try ExceedanceTest(hits: Array(repeating: false, count: 10), probability: 0.01)
    #expect(none.exceedances == 0)
    #expect(none.independence.statistic == 0)
  }

  // Expected: QUANT section 3.7, T = 250, 2.5 %, normal: 5 % of Z2 lie below −0.70 (20,000 runs).
  // Here 2,000 runs of a fixed seed; the standard error of the quantile is 0.014. With the right
  // forecast Z2 averages 0, its standard deviation is about 0.42.
  @Test("give Z2 its simulated critical value for a normal distribution")
  func shortfall() throws {
    var random = SplitMix64(seed: 0x5eed)
    let range = 1.959_963_984_540_054
    let shortfall = Normal.density(range) / 0.025
    var statistics: [Double] = []
    for _ in 0..<2000 {
      let outcomes = (0..<250).map { _ in
        Normal.inverse(max(random.nextUnit(), 0x1p-60))
      }
      statistics.append(
        try ForecastScore.shortfallStatistic(
          outcomes: outcomes, ranges: Array(repeating: range, count: 250),
          shortfalls: Array(repeating: shortfall, count: 250), probability: 0.025))
    }
    let tail = try EmpiricalTail(statistics)
    #expect(abs(tail.quantile(0.05) + 0.70) < 0.05)
    #expect(abs(tail.quantile(0.01) + 1.02) < 0.12)
    #expect(abs(statistics.reduce(0, +) / 2000) < 0.03)
  }

  // Expected by hand: y = −3, v = −2, e = −2.5, α = 0.1: 4 + 0.8 + ln 2.5 − 1.
  @Test("score tail forecasts")
  func scores() throws {
    let below = try #require(
      ForecastScore.jointLoss(outcome: -3, quantile: -2, tailMean: -2.5, probability: 0.1))
    #expect(abs(below - (3.8 + 0.916_290_731_874_155)) < 1e-14)
    let above = try #require(
      ForecastScore.jointLoss(outcome: -1, quantile: -2, tailMean: -2.5, probability: 0.1))
    #expect(abs(above - (-0.2 + 0.916_290_731_874_155)) < 1e-14)
    #expect(ForecastScore.pinballLoss(outcome: -3, quantile: -2, probability: 0.25) == 0.75)
    #expect(ForecastScore.pinballLoss(outcome: 2, quantile: -2, probability: 0.25) == 1)
    #expect(ForecastScore.varianceLoss(measured: 2, forecast: 2) == 0)
    let loss = try #require(ForecastScore.varianceLoss(measured: 1, forecast: 2))
    #expect(abs(loss - 0.193_147_180_559_945) < 1e-14)
    #expect(ForecastScore.varianceLoss(measured: 0, forecast: 2) == nil)
    #expect(
      ForecastScore.jointLoss(outcome: 0, quantile: -2, tailMean: -1, probability: 0.1) == nil)
  }

  @Test("measure the losses beyond the range and its movement")
  func movement() throws {
    let ranges = (0...100).map { 1 + Double($0) / 100 }
    var losses = Array(repeating: 0.5, count: 101)
    losses[0] = 1
    losses[50] = 1.75
    losses[100] = 2.75
    let backtest = try Backtest(losses: losses, ranges: ranges, probability: 0.02)
    #expect(backtest.exceedanceDays == [50, 100])
    #expect(backtest.meanLossBeyond == 0.5)
    #expect(backtest.worstLossBeyond == 0.75)
    #expect(abs(backtest.meanRange - 1.5) < 1e-14)
    #expect(abs(try backtest.peakToTrough() - 1.99 / 1.01) < 1e-14)
    #expect(try backtest.largestIncrease(days: 1) == 1.01)
    #expect(try backtest.largestIncrease(days: 100) == 2)
    #expect(backtest.light == .green)
    let calm = try Backtest(losses: ranges.map { _ in 0 }, ranges: ranges, probability: 0.02)
    #expect(calm.meanLossBeyond == nil)
    #expect(throws: ForecastingError.outOfBounds(.increaseDays)) {
      try backtest.largestIncrease(days: 101)
    }
  }

  @Test("are refused for malformed input")
  func refusals() {
    #expect(throws: ForecastingError.lengthMismatch(expected: 2, found: 1)) {
      try Backtest(losses: [0, 0], ranges: [1], probability: 0.01)
    }
    for range in [0, -1, Double.nan, .infinity] {
      #expect(throws: ForecastingError.malformedValue(day: 1)) {
        try Backtest(losses: [0, 0], ranges: [1, range], probability: 0.01)
      }
    }
    #expect(throws: ForecastingError.tooFewDays(needed: 2, found: 1)) {
      try Backtest(losses: [0], ranges: [1], probability: 0.01)
    }
    for probability in [0, 1, Double.nan] {
      #expect(throws: ForecastingError.outOfBounds(.probability)) {
        try Backtest(losses: [0, 0], ranges: [1, 1], probability: probability)
      }
    }
    #expect(throws: ForecastingError.outOfBounds(.observations)) {
      try TrafficLight(exceedances: 3, observations: 2, probability: 0.01)
    }
    #expect(throws: ForecastingError.malformedValue(day: 0)) {
      try ForecastScore.shortfallStatistic(
        outcomes: [1], ranges: [1], shortfalls: [0], probability: 0.01)
    }
  }
}
