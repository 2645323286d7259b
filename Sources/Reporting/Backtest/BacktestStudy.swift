// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Forecasting
public import Quantities

/// Several rules on the same days, judged side by side: what the table and the page show.
///
/// Requirements and losses are shares: log returns of a price, or a book's loss over its value.
public struct BacktestStudy: Sendable {
  /// What was tested, for headings.
  public let title: String
  /// Where the days come from, as the reader knows it.
  public let origin: String
  /// What requirements and losses are.
  public let measure: String
  public let days: [Timestamp]
  /// The stated probability of a loss beyond the requirement.
  public let probability: Double
  /// Over how many days increases are taken.
  public let increaseDays: [Int]
  /// All with the same rules.
  public let sides: [BacktestSide]
  /// The prices behind the losses, where one price is.
  public let prices: BacktestPrices?
  /// Z2 below which a right forecast falls once in twenty; empty above a probability of 20 %.
  public let criticalValues: [(shape: ShortfallCriticalValue.Shape, value: Double)]
  /// What else the reader must know, a sentence each.
  public let notes: [String]

  /// - Throws: ``ForecastingError`` for days, sides or series that do not fit together.
  public init(
    title: String, origin: String, measure: String, days: [Timestamp], probability: Double,
    increaseDays: [Int], sides: [BacktestSide], prices: BacktestPrices? = nil, notes: [String] = []
  ) throws(ForecastingError) {
    for row in sides.flatMap(\.rows) where row.backtest.losses.count != days.count {
      throw .lengthMismatch(expected: days.count, found: row.backtest.losses.count)
    }
    precondition(
      sides.allSatisfy { $0.rows.map(\.name) == sides[0].rows.map(\.name) },
      "every side of a study has the same rules")
    var criticalValues: [(shape: ShortfallCriticalValue.Shape, value: Double)] = []
    if probability <= 0.2 {
      for shape in [ShortfallCriticalValue.Shape.normal, .studentThree] {
        let value = try ShortfallCriticalValue.simulated(
          shape, observations: days.count, probability: probability)
        criticalValues.append((shape, value))
      }
    }
    self.title = title
    self.origin = origin
    self.measure = measure
    self.days = days
    self.probability = probability
    self.increaseDays = increaseDays
    self.sides = sides
    self.prices = prices
    self.criticalValues = criticalValues
    self.notes = notes
  }
}

extension BacktestStudy {
  /// The first and the last day.
  var span: String {
    guard let first = days.first, let last = days.last else { return "" }
    return "\(first.day) to \(last.day)"
  }
}

/// The rules as they did for one side of the market, or for one book.
public struct BacktestSide: Sendable {
  /// Short, for JSON.
  public let name: String
  /// Whose losses these are.
  public let title: String
  public let rows: [BacktestRow]

  /// - Parameters:
  ///   - series: At least one; the first is what joint losses are compared with.
  ///   - reference: What mean requirements are compared with.
  /// - Throws: ``ForecastingError``.
  public init(
    name: String, title: String, series: [BacktestSeries], reference: [Double],
    probability: Double, increaseDays: [Int]
  ) throws(ForecastingError) {
    self.name = name
    self.title = title
    let mean = reference.reduce(0, +) / Double(max(1, reference.count))
    var first: TailScore?
    if let series = series.first {
      first = try BacktestRow.score(series, probability: probability)
    }
    var rows: [BacktestRow] = []
    for series in series {
      rows.append(
        try BacktestRow(
          series, probability: probability, increaseDays: increaseDays, referenceMean: mean,
          first: first))
    }
    self.rows = rows
  }
}

/// A price by day, and the band that one rule drew around it the day before.
public struct BacktestPrices: Sendable {
  /// The rule's title.
  public let rule: String
  public let closes: [Double]
  /// Below which a day's close is an exceedance.
  public let lower: [Double]
  /// Above which it is one.
  public let upper: [Double]

  /// - Parameter closes: As many as the study has days, as the others.
  public init(rule: String, closes: [Double], lower: [Double], upper: [Double]) {
    self.rule = rule
    self.closes = closes
    self.lower = lower
    self.upper = upper
  }
}
