// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Forecasting

/// What a rule asked for each day, and what was lost: a row of a backtest before it is judged.
public struct BacktestSeries: Sendable {
  /// Short, as it is written on the command line and in JSON.
  public let name: String
  /// What the rule is, in a few words.
  public let title: String
  /// Loss per day, gains negative, in the unit of the requirements.
  public let losses: [Double]
  /// Requirement per day, positive.
  public let requirements: [Double]
  /// Expected shortfall per day, not below the requirement; `nil` for a rule that has none.
  public let shortfalls: [Double]?

  public init(
    name: String, title: String, losses: [Double], requirements: [Double], shortfalls: [Double]?
  ) {
    self.name = name
    self.title = title
    self.losses = losses
    self.requirements = requirements
    self.shortfalls = shortfalls
  }
}

/// A rule with the judgment of its days: a row of the table.
public struct BacktestRow: Sendable {
  public let name: String
  public let title: String
  public let backtest: Backtest
  /// The frequencies of exceedances that the count does not contradict at 95 %.
  public let frequencies: ClosedRange<Double>
  /// The 99 % quantile of the requirements over the 1 % quantile.
  public let peakToTrough: Double
  /// The largest ratio of a requirement to the one so many days before, by the study's days.
  public let increases: [Double]
  /// `nil` for a rule without shortfalls.
  public let score: TailScore?
  /// Mean requirement over that of the reference.
  public let meanRatio: Double
  /// The joint loss against that of the study's first rule; `nil` for this rule itself, and where
  /// one of the two has no shortfalls.
  public let comparison: LossComparison?

  /// - Parameters:
  ///   - probability: The stated probability of a loss beyond the requirement.
  ///   - increaseDays: Each at least 1 and less than the number of days.
  ///   - referenceMean: The mean requirement that this one is compared with.
  ///   - first: The score of the study's first rule.
  init(
    _ series: BacktestSeries, probability: Double, increaseDays: [Int], referenceMean: Double,
    first: TailScore?
  ) throws(ForecastingError) {
    name = series.name
    title = series.title
    let judged = try Backtest(
      losses: series.losses, ranges: series.requirements, probability: probability)
    backtest = judged
    frequencies = try ExceedanceTest.frequencyInterval(
      exceedances: judged.test.exceedances, observations: judged.test.observations)
    peakToTrough = try judged.peakToTrough()
    var increases: [Double] = []
    for days in increaseDays { increases.append(try judged.largestIncrease(days: days)) }
    self.increases = increases
    score = try Self.score(series, probability: probability)
    meanRatio = judged.meanRange / referenceMean
    comparison =
      if let score, let first {
        try LossComparison(losses: score.jointLosses, others: first.jointLosses)
      } else {
        nil
      }
  }

  static func score(
    _ series: BacktestSeries, probability: Double
  ) throws(ForecastingError) -> TailScore? {
    guard let shortfalls = series.shortfalls else { return nil }
    return try TailScore(
      losses: series.losses, ranges: series.requirements, shortfalls: shortfalls,
      probability: probability)
  }
}
