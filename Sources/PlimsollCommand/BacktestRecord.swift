// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Forecasting
import Quantities
import Reporting

/// The JSON shape of a rule in a backtest; requirements and losses as fractions, 0.01 being one
/// per cent, probabilities from 0 to 1.
///
/// Field names never change their meaning; numbers are exact.
struct BacktestRecord: Encodable {
  let rule: String
  let title: String
  let origin: String
  let measure: String
  let from: String
  let to: String
  let days: Int
  let probability: Double
  let sides: [Side]
  let shortfallCriticalValues: [String: Double]
  let notes: [String]

  /// A rule on one side; what a rule does not have is left out.
  struct Side: Encodable {
    let side: String
    let exceedances: Int
    let rate: Double
    let rateFrom: Double
    let rateTo: Double
    let coverageProbability: Double
    let independenceProbability: Double
    let jointProbability: Double
    let light: String
    let meanRequirement: Double
    let meanToHistorical: Double
    let peakToTrough: Double
    let largestIncreases: [String: Double]
    let meanLossBeyond: Double?
    let worstLossBeyond: Double?
    let shortfallStatistic: Double?
    let jointLoss: Double?
    let comparedToFirst: Comparison?
  }

  struct Comparison: Encodable {
    let meanDifference: Double
    let statistic: Double
    let probability: Double
  }

  /// One per rule, in the study's order.
  static func all(of study: BacktestStudy) -> [BacktestRecord] {
    let rules = study.sides.first?.rows ?? []
    return rules.enumerated().map { index, rule in
      BacktestRecord(
        rule: rule.name, title: rule.title, origin: study.origin, measure: study.measure,
        from: day(study.days.first), to: day(study.days.last), days: study.days.count,
        probability: study.probability,
        sides: study.sides.map { Side($0, $0.rows[index], study) },
        shortfallCriticalValues: Dictionary(
          uniqueKeysWithValues: study.criticalValues.map { ("\($0.shape)", $0.value) }),
        notes: study.notes)
    }
  }

  private static func day(_ time: Timestamp?) -> String {
    time.map { CivilDate.split($0).date.description } ?? ""
  }
}

extension BacktestRecord.Side {
  init(_ side: BacktestSide, _ row: BacktestRow, _ study: BacktestStudy) {
    let test = row.backtest.test
    self.side = side.name
    exceedances = test.exceedances
    rate = Double(test.exceedances) / Double(test.observations)
    rateFrom = row.frequencies.lowerBound
    rateTo = row.frequencies.upperBound
    coverageProbability = test.coverage.probability
    independenceProbability = test.independence.probability
    jointProbability = test.conditionalCoverage.probability
    light = row.backtest.light.title
    meanRequirement = row.backtest.meanRange
    meanToHistorical = row.meanRatio
    peakToTrough = row.peakToTrough
    largestIncreases = Dictionary(
      uniqueKeysWithValues: zip(study.increaseDays.map(String.init), row.increases))
    meanLossBeyond = row.backtest.meanLossBeyond
    worstLossBeyond = row.backtest.meanLossBeyond == nil ? nil : row.backtest.worstLossBeyond
    shortfallStatistic = row.score?.shortfallStatistic
    jointLoss = row.score?.meanJointLoss
    comparedToFirst = row.comparison.map {
      BacktestRecord.Comparison(
        meanDifference: $0.meanDifference, statistic: $0.statistic, probability: $0.probability)
    }
  }
}
