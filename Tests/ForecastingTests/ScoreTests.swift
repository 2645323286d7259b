// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Forecasting
import NumericalMethods
import Testing

@Suite("The scores of a backtest")
struct ScoreTests {
  // Expected: mpmath, 30 digits; by hand for none, for all and for one of two (√0.975).
  // Tolerance: the documented bound.
  @Test(
    "bracket a frequency as Clopper and Pearson",
    arguments: [
      (12, 2239, 0.002_772_324_625_759, 0.009_343_295_941_699), (0, 250, 0, 0.014_647_188_635_680),
      (4, 250, 0.004_376_226_508_974, 0.040_457_380_632_104),
      (250, 250, 0.985_352_811_364_320, 1), (1, 2, 0.012_579_117_093_426, 0.987_420_882_906_574),
      (1, 1, 0.025, 1),
    ])
  func interval(exceedances: Int, observations: Int, lower: Double, upper: Double) throws {
    let interval = try ExceedanceTest.frequencyInterval(
      exceedances: exceedances, observations: observations)
    #expect(abs(interval.lowerBound - lower) < 1e-9)
    #expect(abs(interval.upperBound - upper) < 1e-9)
  }

  @Test("refuse counts and levels out of bounds")
  func intervalRefusals() {
    for (count, observations) in [(-1, 10), (11, 10), (0, 0), (1, 100_001)] {
      #expect(throws: ForecastingError.outOfBounds(.observations)) {
        try ExceedanceTest.frequencyInterval(exceedances: count, observations: observations)
      }
    }
    for level in [0, 0.51, Double.nan] {
      #expect(throws: ForecastingError.outOfBounds(.level)) {
        try ExceedanceTest.frequencyInterval(exceedances: 1, observations: 10, level: level)
      }
    }
  }

  // Expected: mpmath on the same eight differences, two lags.
  @Test("compare losses as Diebold and Mariano")
  func comparison() throws {
    let differences: [Double] = [1, -2, 3, 0, 2, -1, 4, 1]
    let others = differences.map { _ in 0.5 }
    let comparison = try #require(
      try LossComparison(losses: differences.map { $0 + 0.5 }, others: others))
    #expect(comparison.meanDifference == 1)
    #expect(abs(comparison.statistic - 2.309_401_076_758_503) < 1e-12)
    #expect(abs(comparison.probability - 0.020_921_335_337_794_03) < 1e-12)
    let reversed = try #require(
      try LossComparison(losses: others, others: differences.map { $0 + 0.5 }))
    #expect(reversed.statistic == -comparison.statistic)
    #expect(reversed.probability == comparison.probability)
    #expect(try LossComparison(losses: others, others: others) == nil)
    #expect(try LossComparison(losses: others.map { $0 + 1 }, others: others) == nil)
    #expect(throws: ForecastingError.lengthMismatch(expected: 2, found: 1)) {
      try LossComparison(losses: [1, 2], others: [1])
    }
    #expect(throws: ForecastingError.tooFewDays(needed: 2, found: 1)) {
      try LossComparison(losses: [1], others: [1])
    }
    #expect(throws: ForecastingError.malformedValue(day: 1)) {
      try LossComparison(losses: [1, .nan], others: [1, 1])
    }
  }

  // A level of 5 % and 400 seeds: 20 rejections on average, standard deviation 4.4; the weights
  // fall, so that a few more are to be expected.
  @Test("reject equal losses about as often as stated")
  func size() throws {
    var random = SplitMix64(seed: 0xd1eb)
    var rejections = 0
    for _ in 0..<400 {
      let losses = (0..<300).map { _ in Normal.inverse(max(random.nextUnit(), 0x1p-60)) }
      let comparison = try #require(
        try LossComparison(losses: losses, others: losses.map { _ in 0 }))
      if comparison.probability < 0.05 { rejections += 1 }
    }
    #expect((10...36).contains(rejections), "\(rejections)")
  }

  // Expected: QUANT section 3.7, 20,000 runs there and 10,000 here. A quantile's standard error
  // here is 0.008 at 250 days and 2.5 %, 0.014 at 1 %, and for t(3) a half more.
  @Test(
    "find the tabulated critical values of Z2",
    arguments: [
      (ShortfallCriticalValue.Shape.normal, 250, 0.025, -0.70), (.normal, 500, 0.025, -0.48),
      (.normal, 1000, 0.025, -0.34), (.normal, 250, 0.01, -1.14), (.normal, 1000, 0.01, -0.55),
      (.studentFive, 250, 0.025, -0.74), (.studentFive, 1000, 0.025, -0.35),
      (.studentFive, 250, 0.01, -1.18), (.studentFive, 1000, 0.01, -0.57),
      (.studentThree, 250, 0.025, -0.81), (.studentThree, 500, 0.025, -0.58),
      (.studentThree, 1000, 0.025, -0.40), (.studentThree, 250, 0.01, -1.29),
      (.studentThree, 1000, 0.01, -0.63),
    ])
  func criticalValues(
    shape: ShortfallCriticalValue.Shape, observations: Int, probability: Double, expected: Double
  ) throws {
    let value = try ShortfallCriticalValue.simulated(
      shape, observations: observations, probability: probability)
    #expect(abs(value - expected) < 0.05, "\(value)")
    // Half of the runs lie near 0 and seldom ones lie lower.
    let middle = try ShortfallCriticalValue.simulated(
      shape, observations: observations, probability: probability, level: 0.5, runs: 2000)
    #expect(abs(middle) < 0.15, "\(middle)")
    let seldom = try ShortfallCriticalValue.simulated(
      shape, observations: observations, probability: probability, level: 0.01, runs: 2000)
    #expect(seldom < value)
  }

  @Test("refuse a simulation out of bounds")
  func simulationRefusals() {
    func refused(
      _ observations: Int, _ probability: Double, level: Double = 0.05, runs: Int = 100
    ) -> ForecastingError? {
      do {
        _ = try ShortfallCriticalValue.simulated(
          .normal, observations: observations, probability: probability, level: level, runs: runs)
        return nil
      } catch {
        return error
      }
    }
    #expect(refused(1, 0.2) == nil)
    #expect(refused(0, 0.1) == .outOfBounds(.observations))
    #expect(refused(100_001, 0.1) == .outOfBounds(.observations))
    #expect(refused(10, 0) == .outOfBounds(.probability))
    #expect(refused(10, 0.200_001) == .outOfBounds(.probability))
    #expect(refused(10, .nan) == .outOfBounds(.probability))
    #expect(refused(10, 0.1, level: 0) == .outOfBounds(.level))
    #expect(refused(10, 0.1, level: 1) == .outOfBounds(.level))
    #expect(refused(10, 0.1, runs: 99) == .outOfBounds(.runs))
    #expect(refused(10, 0.1, runs: 100_001) == .outOfBounds(.runs))
  }

  // By hand, α = 0.1: the second day passes 2 by 1. FZ0 = 10 · 1/2.5 + 2/2.5 + ln 2.5 − 1 there
  // (as in BacktestTests), ln 2.5 − 0.2 else; Z2 = 1 − (3/2.5)/(3 · 0.1).
  @Test("put quantile and shortfall together")
  func tail() throws {
    let score = try TailScore(
      losses: [0, 3, -5], ranges: [2, 2, 2], shortfalls: [2.5, 2.5, 2.5], probability: 0.1)
    let logarithm = 0.916_290_731_874_155
    #expect(abs(score.jointLosses[1] - (3.8 + logarithm)) < 1e-13)
    #expect(abs(score.meanJointLoss - (3.4 / 3 + logarithm)) < 1e-13)
    #expect(abs(score.shortfallStatistic + 3) < 1e-13)
    #expect(throws: ForecastingError.malformedValue(day: 0)) {
      try TailScore(losses: [0], ranges: [2], shortfalls: [1.99], probability: 0.1)
    }
    #expect(throws: ForecastingError.lengthMismatch(expected: 1, found: 2)) {
      try TailScore(losses: [0], ranges: [2], shortfalls: [2, 2], probability: 0.1)
    }
    #expect(throws: ForecastingError.tooFewDays(needed: 1, found: 0)) {
      try TailScore(losses: [], ranges: [], shortfalls: [], probability: 0.1)
    }
  }
}
