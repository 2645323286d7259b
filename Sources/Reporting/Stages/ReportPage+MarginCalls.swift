// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Quantities
import Simulation

// The ladder before liquidation: a warning, reduce-only, orders cancelled.

extension ReplayCharts {
  /// Who stood on the ladder, one chart a run; none where no line is drawn.
  var marginCalls: [Chart] {
    runs.results.indices.compactMap { run in
      let (result, points) = (runs.results[run], runs.results[run].marginCallHistory.points)
      guard result.marginCalls != nil, points.count == result.points.count, !points.isEmpty
      else { return nil }
      let colors = ["--c1", "--c3", "--c5"]
      let lines = MarginCallSummary.steps.enumerated().map { place, step in
        ChartLine(
          name: step.title, color: colors[place % colors.count], axis: run,
          values: thinnings[run].thin(points.map { Int64($0[place]) }))
      }
      let most = points.map { $0.reduce(0, +) }.max() ?? 0
      return Chart(
        id: "margin-calls-\(run)",
        title: "Accounts called" + (runs.isComparison ? ": \(runs.names[run])" : ""),
        caption: "Accounts on each step of the ladder after each block, those in liquidation "
          + "left out: an account enters a step below its multiple of the maintenance margin.",
        summary: "At most \(NumberText.grouped(Int64(most))) accounts at once.",
        kind: .lines(LineChart(unit: ChartUnit(kind: .count), axes: axes, lines: lines)),
        isWide: !runs.isComparison)
    }
  }
}

extension ReportPage {
  /// Who was called, and what became of them; nothing where no run has a ladder.
  var marginCalls: Markup {
    guard !calls.isEmpty else { return "" }
    let parts = zip(runs.names, runs.results).enumerated().map { position, pair -> Markup in
      let (name, result) = pair
      guard let summary = result.marginCalls else { return "" }
      let who: Markup = runs.isComparison ? ": \(name)" : ""
      return "<div class=\"figures\">\n"
        + PageFrame.figure(
          "margin-call-ends-\(position)", "What became of those who were called\(who)",
          MarginCallDrawing(summary: summary).markup,
          """
          Every account that was on a step or a later one at any time. \(summary.sentence)
          """)
        + "</div>\n" + table(of: summary, who)
    }
    return PageFrame.section("calls", "Margin calls", figures(calls) + parts.joined())
  }

  private func table(of summary: MarginCallSummary, _ who: Markup) -> Markup {
    var table = HTMLTable(
      "The ladder before liquidation\(who)",
      [.short("Step")] + MarginCallSummary.Row.columns.map { .number("\($0.title)") })
    for row in summary.rows {
      table.append(
        ["\(row.step.title)"]
          + MarginCallSummary.Row.columns.map { column in
            let count = column.count(row)
            return count == 0 ? .none : "\(NumberText.grouped(Int64(count)))"
          })
    }
    return table.markup
  }
}

extension MarginCallSummary.Row {
  /// The one list for page, terminal and JSON.
  static var columns: [(field: String, title: String, count: (MarginCallSummary.Row) -> Int)] {
    [
      ("calls", "Calls", \.calls), ("accounts", "Accounts", \.accounts),
      ("liquidated", "Then liquidated", \.liquidated), ("recovered", "Recovered", \.recovered),
      ("stillCalled", "Still called", \.standing),
    ]
  }
}

extension MarginCallSummary {
  /// What the rows do not say.
  var sentence: String {
    let counts = [ordersCancelled, withoutNotice, liquidations].map {
      NumberText.grouped(Int64($0))
    }
    return "Orders cancelled by calls: \(counts[0]). Of \(counts[2]) liquidations \(counts[1]) "
      + "began without a call in an earlier block."
  }

  var json: JSONText {
    let steps = rows.map { row in
      JSONText.object(
        [("step", .string(row.step.field))]
          + Row.columns.map { ($0.field, .integer($0.count(row))) })
    }
    return .object([
      ("steps", .array(steps)), ("ordersCancelled", .integer(ordersCancelled)),
      ("liquidations", .integer(liquidations)),
      ("liquidationsWithoutNotice", .integer(withoutNotice)),
    ])
  }
}

extension ReplaySummary {
  /// Who was called, and what became of them; nothing where no run has a ladder.
  var marginCalls: String {
    zip(runs.names, runs.results).compactMap { name, result in
      guard let summary = result.marginCalls else { return nil }
      let title = "Margin calls" + (runs.isComparison ? ", \(TextTable.visible(name))" : "")
      var table = TextTable(
        [(title, .left)] + MarginCallSummary.Row.columns.map { ($0.title, .right) })
      for row in summary.rows {
        table.append(
          [row.step.title]
            + MarginCallSummary.Row.columns.map { NumberText.grouped(Int64($0.count(row))) })
      }
      return table.text + summary.sentence + "\n"
    }.joined(separator: "\n")
  }
}
