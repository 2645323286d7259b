// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Forecasting

/// The figures of a rule as people read them, for terminal and page; a dash where there is none.
struct BacktestText {
  let row: BacktestRow

  struct Column {
    let title: String
    let cell: (BacktestText) -> String
  }

  /// Columns that stand in one table.
  struct Group {
    let title: String
    let columns: [Column]
  }

  static func groups(_ study: BacktestStudy) -> [Group] {
    [
      Group(title: "Coverage", columns: coverage),
      Group(title: "Requirement and how it moved", columns: requirements(study.increaseDays)),
      Group(title: "Losses beyond it and scores", columns: losses),
    ]
  }

  private static var coverage: [Column] {
    [
      Column(title: "Passed") { NumberText.grouped(Int64($0.row.backtest.test.exceedances)) },
      Column(title: "Rate") { share($0.row.backtest.test.frequency) },
      Column(title: "95 % interval") {
        NumberText.fixed($0.row.frequencies.lowerBound * 100, decimals: 2) + " to "
          + share($0.row.frequencies.upperBound)
      },
      Column(title: "Kupiec p") { chance($0.row.backtest.test.coverage.probability) },
      Column(title: "Independence p") { chance($0.row.backtest.test.independence.probability) },
      Column(title: "Joint p") { chance($0.row.backtest.test.conditionalCoverage.probability) },
      Column(title: "Light") { $0.row.backtest.light.title },
    ]
  }

  private static func requirements(_ increaseDays: [Int]) -> [Column] {
    let increases = increaseDays.enumerated().map { index, days in
      Column(title: days == 1 ? "1 day" : "\(days) days") {
        "×" + NumberText.fixed($0.row.increases[index], decimals: 2)
      }
    }
    return [
      Column(title: "Mean") { share($0.row.backtest.meanRange) },
      Column(title: "To historical") { NumberText.fixed($0.row.meanRatio, decimals: 3) },
      Column(title: "Peak to trough") { NumberText.fixed($0.row.peakToTrough, decimals: 2) },
    ] + increases
  }

  private static var losses: [Column] {
    [
      Column(title: "Mean beyond") { $0.row.backtest.meanLossBeyond.map(share) ?? "–" },
      Column(title: "Worst beyond") {
        $0.row.backtest.meanLossBeyond == nil ? "–" : share($0.row.backtest.worstLossBeyond)
      },
      Column(title: "Z2") {
        $0.row.score.map { NumberText.fixed($0.shortfallStatistic, decimals: 2) } ?? "–"
      },
      Column(title: "FZ0") {
        $0.row.score.map { NumberText.fixed($0.meanJointLoss, decimals: 4) } ?? "–"
      },
      Column(title: "DM") {
        $0.row.comparison.map { NumberText.fixed($0.statistic, decimals: 2) } ?? "–"
      },
      Column(title: "DM p") { $0.row.comparison.map { chance($0.probability) } ?? "–" },
    ]
  }

  static func share(_ value: Double) -> String { NumberText.percentage(value) }

  /// With as many digits as a stated share has.
  static func exactShare(_ value: Double) -> String {
    (value * 100).units(decimals: 7).map { NumberText.grouped($0, decimals: 7) + " %" } ?? "–"
  }

  /// A probability; small ones by their order.
  private static func chance(_ value: Double) -> String {
    value < 0.001 ? "<0.001" : NumberText.fixed(value, decimals: value < 0.01 ? 3 : 2)
  }

  /// What the columns mean, and what else is to be known, a sentence or two each.
  static func notes(_ study: BacktestStudy) -> [String] {
    var notes = [
      "Passed: days with a loss beyond the requirement. p: the probability of a count, or of "
        + "clusters, at least as far from what is stated when the rule is right.",
      "Peak to trough: 99 % quantile of the requirements over their 1 % quantile. Days: largest "
        + "ratio of a requirement to the one so many days before.",
      "Beyond: the loss beyond the requirement on the days that passed it. FZ0: joint loss of "
        + "quantile and expected shortfall, less is better; DM: its Diebold–Mariano statistic "
        + "against the first rule, negative is better.",
    ]
    if study.criticalValues.count == 2 {
      let limits = study.criticalValues.map { NumberText.fixed($0.value, decimals: 2) }
      notes.append(
        "Z2: below 0 where expected shortfalls were too small or passed too often. On so many days "
          + "one right forecast in twenty lies below \(limits[0]) with normal returns, below "
          + "\(limits[1]) with Student's t of 3 degrees of freedom (simulated).")
    }
    return notes + study.notes
  }
}

extension ExceedanceTest {
  /// Exceedances by day.
  var frequency: Double { Double(exceedances) / Double(observations) }
}

extension TrafficLight {
  /// The color's name.
  public var title: String {
    switch self {
    case .green: "green"
    case .yellow: "yellow"
    case .red: "red"
    }
  }
}
