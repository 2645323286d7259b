// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Forecasting
import Quantities

/// A picture of a backtest before it is drawn: by ``BacktestDrawing``, or by the page's script.
struct BacktestChart {
  /// Unique in the page; letters, digits and hyphens.
  let id: String
  let title: String
  let caption: String
  let kind: Kind

  enum Kind {
    /// A price with the band that a rule drew around it, by day.
    case band(BacktestPrices)
    /// A requirement per rule, by day.
    case requirements([BacktestTrace])
    /// Exceedances per rule and year, and how many were to be expected.
    case years([Int64], [BacktestTrace], expected: [Double])
    /// Mean requirement against peak to trough, a point per rule.
    case movement([BacktestTrace])
  }

  var isWide: Bool {
    switch kind {
    case .band, .requirements: true
    case .years, .movement: false
    }
  }
}

/// The numbers of a rule in a picture.
struct BacktestTrace {
  let name: String
  /// The style sheet's variable of its color.
  let color: String
  /// By day or by year; of a point its two coordinates.
  let values: [Double]
  /// Whether it is seen at first where many lines would hide each other.
  let isProminent: Bool

  /// The rules of a side, each in its color; the first, the last and the most movable stand out.
  static func all(_ rows: [BacktestRow], _ values: (BacktestRow) -> [Double]) -> [BacktestTrace] {
    let wildest = rows.indices.max { rows[$0].peakToTrough < rows[$1].peakToTrough }
    return rows.enumerated().map { index, row in
      BacktestTrace(
        name: row.title, color: color(index), values: values(row),
        isProminent: [0, rows.count - 1, wildest].contains(index))
    }
  }

  /// The style sheet's variable of a rule's color; gray, which stands back, comes last.
  static func color(_ index: Int) -> String { "--c\([0, 1, 2, 3, 4, 5, 6, 7, 9, 8][index % 10])" }
}

extension BacktestChart {
  static func band(_ study: BacktestStudy) -> BacktestChart? {
    study.prices.map { prices in
      BacktestChart(
        id: "price", title: "Price, and the band of the rule “\(prices.rule)”",
        caption: "The band of a day is drawn around the close before, down by the range for long "
          + "positions, up by that for short ones; crosses are closes outside. Logarithmic axis.",
        kind: .band(prices))
    }
  }

  static func all(_ side: BacktestSide, of study: BacktestStudy) -> [BacktestChart] {
    let years = study.days.map { CivilDate.split($0).date.year }
    let known = Array(Set(years)).sorted()
    let expected = known.map { year in
      study.probability * Double(years.count { $0 == year })
    }
    let counts = BacktestTrace.all(side.rows) { row in
      let passed = row.backtest.exceedanceDays.map { years[$0] }
      return known.map { year in Double(passed.count { $0 == year }) }
    }
    return [
      BacktestChart(
        id: "\(side.name)-requirements", title: "Requirement by rule",
        caption: "Each day's requirement, made from the days before it. Logarithmic axis."
          + (side.rows.count > 3
            ? " The first rule, the last and the most movable stand out; where the chart is "
              + "interactive, a name in the legend shows another." : ""),
        kind: .requirements(BacktestTrace.all(side.rows) { $0.backtest.ranges })),
      BacktestChart(
        id: "\(side.name)-years", title: "Exceedances by year",
        caption: "Lines across: as many as the stated probability leads one to expect of the days "
          + "tested in that year.", kind: .years(known, counts, expected: expected)),
      BacktestChart(
        id: "\(side.name)-movement", title: "What a requirement costs and how it moves",
        caption: "Across the mean requirement, up its 99 % quantile over its 1 % quantile: lower "
          + "and further left is better at equal coverage.",
        kind: .movement(
          BacktestTrace.all(side.rows) { [$0.backtest.meanRange, $0.peakToTrough] })),
    ]
  }
}

// MARK: For the script

extension BacktestChart {
  var json: JSONText {
    .object([("id", .string(id)), ("title", .string(title))] + fields)
  }

  private var fields: [(String, JSONText)] {
    switch kind {
    case .band(let prices):
      let decimals = (prices.closes.min() ?? 0) >= 10 ? 2 : 8
      func array(_ values: [Double]) -> JSONText {
        .array(values.map { $0.json(decimals: decimals) })
      }
      return [
        ("kind", .string("band")), ("rule", .string(prices.rule)),
        ("close", array(prices.closes)), ("lower", array(prices.lower)),
        ("upper", array(prices.upper)), ("marks", .array(prices.outside.map { .integer($0) })),
      ]
    case .requirements(let traces):
      return [("kind", .string("requirements")), ("traces", Self.array(traces, decimals: 5))]
    case .years(let years, let traces, let expected):
      return [
        ("kind", .string("years")), ("years", .array(years.map { .integer($0) })),
        ("traces", Self.array(traces, decimals: 0)),
        ("expected", .array(expected.map { $0.json(decimals: 3) })),
      ]
    case .movement(let traces):
      return [("kind", .string("movement")), ("traces", Self.array(traces, decimals: 5))]
    }
  }

  private static func array(_ traces: [BacktestTrace], decimals: Int) -> JSONText {
    .array(
      traces.map { trace in
        .object([
          ("name", .string(trace.name)), ("color", .string(trace.color)),
          ("isProminent", .boolean(trace.isProminent)),
          ("y", .array(trace.values.map { $0.json(decimals: decimals) })),
        ])
      })
  }
}

extension BacktestPrices {
  /// The days whose close lies outside the band.
  var outside: [Int] {
    closes.indices.filter { closes[$0] < lower[$0] || closes[$0] > upper[$0] }
  }
}
