// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import MarketData
import Parameters
import Quantities
import RiskEngine
import Simulation

// MARK: Rejected samples and stages

extension ReportPage {
  /// Rejected samples by source and reason, one table per run unless all are equal.
  var rejections: Markup {
    let tables = zip(runs.names, runs.results).map { rejectionTable($0, $1) }
    let isCommon = tables.allSatisfy { $0.rows == tables[0].rows }
    return (isCommon ? [tables[0].all] : tables.map(\.named)).joined()
  }

  private func rejectionTable(
    _ name: String, _ result: ReplayResult
  ) -> (rows: [[Int]], all: Markup, named: Markup) {
    let counts = result.rejectionCounts
    guard !counts.isEmpty else {
      return ([], "<p>No sample was rejected.</p>\n", "<p>\(name): no sample was rejected.</p>\n")
    }
    let sources = Set(counts.map(\.source)).sorted()
    let reasons = SampleRejection.allCases.filter { reason in
      counts.contains { $0.reason == reason }
    }
    let cells = sources.map { source in
      reasons.map { reason in
        counts.reduce(0) { $0 + ($1.source == source && $1.reason == reason ? $1.count : 0) }
      }
    }
    func table(_ caption: Markup) -> Markup {
      var table = HTMLTable(
        caption, [.short("Source")] + reasons.map { .number("\($0)") } + [.number("All")])
      for (source, row) in zip(sources, cells) {
        table.append(["\(source)"] + (row + [row.reduce(0, +)]).map(Self.count))
      }
      let sums = reasons.indices.map { reason in cells.reduce(0) { $0 + $1[reason] } }
      table.footer = ["All sources"] + (sums + [sums.reduce(0, +)]).map(Self.count)
      return table.markup
    }
    return (cells, table("Rejected samples"), table("Rejected samples: \(name)"))
  }

  private static func count(_ value: Int) -> Markup {
    value == 0 ? .none : "\(NumberText.grouped(Int64(value)))"
  }

  var stages: Markup {
    var table = HTMLTable(
      "Liquidations by the furthest stage they reached",
      [.short("Stage"), .text("What happens")]
        + runs.names.map { .number(runs.isComparison ? "\($0)" : "Liquidations") })
    let counts = StageCount.all(of: runs.results)
    for (position, stage) in counts[0].enumerated() {
      table.append(
        ["\(stage.stage.title)", "\(stage.meaning)"]
          + counts.map { Self.count($0[position].count) })
    }
    table.footer =
      ["All", ""] + counts.map { Self.count($0.reduce(0) { $0 + $1.count }) }
    return table.markup
  }
}

// MARK: The replay in a table

extension ReportPage {
  /// What the charts show, in numbers, at the end of each interval.
  var timeTable: Markup {
    zip(runs.names, runs.results).map { name, result -> Markup in
      let title: Markup =
        "The charts as a table\(runs.isComparison ? ": \(name)" : "" as Markup)"
      return "<details><summary>\(title)</summary>\n\(timeTable(result))</details>\n"
    }.joined()
  }

  private func timeTable(_ result: ReplayResult) -> Markup {
    let intervals = Intervals(result.points, most: 60)
    let underlyings = runs.underlyings
    var table = HTMLTable(
      "Values after the last block of each \(intervals.length.readable); sums since the start",
      [.short("From (UTC)")] + underlyings.map { .number("\($0) index") }
        + [
          .number("In liquidation"), .number("Closed"), .number("Deleveraged"),
          .number("Socialized"), .number("Insurance fund"), .number("Open interest"),
        ])
    for (start, range) in zip(intervals.starts, intervals.ranges) {
      let point = result.points[range.upperBound - 1]
      let prices = underlyings.map { underlying -> Markup in
        let index = point.markets.first { $0.underlying == underlying }?.index
        return index.map { "\($0.readable)" } ?? "no quorum"
      }
      let amounts = [
        point.liquidatedValue, point.deleveragedValue, point.socializedValue,
        point.insuranceFundValue, point.openInterestValue,
      ]
      table.append(
        ["\(start.dayText) \(start.clockText)"] + prices
          + ["\(NumberText.grouped(Int64(point.accountsInLiquidation)))"]
          + amounts.map { "\(runs.money.short($0))" })
    }
    return table.markup
  }
}

// MARK: Parameters

extension ReportPage {
  var parameters: Markup {
    let sets = runs.results.map(\.origin.parameters)
    let keys = Set(sets.flatMap { $0.values.map(\.key) }).sorted()
    let assigned = runs.results.map(\.origin.assignedKeys)
    var table = HTMLTable(
      "Every parameter of the replay; those that were set for it, or differ, stand out",
      [.text("Parameter")]
        + runs.names.map { .code(runs.isComparison ? "\($0)" : "Value") }
        + [.short("Unit"), .code("Permitted"), .text("Source")])
    for key in keys {
      let values = sets.map { set in set.values.first { $0.key == key } }
      let isMarked =
        assigned.contains { $0.contains(key) } || values.contains { $0?.raw != values[0]?.raw }
      table.append(row(key, values), isMarked: isMarked)
    }
    let marked = table.rows.filter(\.isMarked)
    var short = HTMLTable("Parameters set for this report", table.columns)
    for row in marked { short.append(row.cells, isMarked: true) }
    return (marked.isEmpty ? "" : short.markup)
      + "<details><summary>All \(keys.count) parameters</summary>\n\(table.markup)</details>\n"
  }

  private func row(_ key: String, _ values: [ParameterValue?]) -> [Markup] {
    let definition = try? ParameterSet.definition(of: key)
    let unit = definition?.unit
    let texts = values.map { value -> Markup in
      guard let value else { return "–" }
      return "\(unit?.text(value.raw) ?? String(value.raw))"
    }
    var sources: [String] = []
    for source in values.compactMap(\.?.source) where !sources.contains(source) {
      sources.append(source)
    }
    let bounds: Markup =
      definition.map { definition in
        let bounds = definition.bounds
        return
          "\(definition.unit.text(bounds.lowerBound)) … \(definition.unit.text(bounds.upperBound))"
      } ?? "–"
    return ["<code>\(key)</code><small>\(definition?.meaning ?? "")</small>"] + texts + [
      "\(unit?.title(quote: runs.first.quote.symbol) ?? "–")", bounds,
      "\(sources.joined(separator: "; "))",
    ]
  }
}

extension ParameterUnit {
  /// The unit in a word.
  fileprivate func title(quote: AssetSymbol) -> String {
    switch self {
    case .rate: "ratio"
    case .duration: "time"
    case .count: "number"
    case .price: "\(quote) per base unit"
    case .baseQuantity: "base units"
    case .money: "\(quote)"
    case .flag: "yes or no"
    }
  }
}

// MARK: Skipped rows and verification

extension ReportPage {
  /// The most skipped rows listed for a run.
  private static let mostRows = 500

  var skippedRows: Markup {
    zip(runs.names, runs.results).map { name, result -> Markup in
      let rows = result.origin.skippedRows
      let who: Markup = runs.isComparison ? "\(name): " : ""
      guard !rows.isEmpty else { return "<p>\(who)no row of the input was skipped.</p>\n" }
      let items = rows.prefix(Self.mostRows).map { "<li>\("\($0)")</li>\n" as Markup }
      let rest: Markup =
        rows.count > Self.mostRows
        ? "<p>… and \(NumberText.grouped(Int64(rows.count - Self.mostRows))) more.</p>\n" : ""
      return """
        <p>\(who)\(NumberText.grouped(Int64(rows.count))) rows were skipped, as \
        <code>--skip-bad-rows</code> asks:</p>
        <ol class="faults">
        \(items.joined())</ol>
        \(rest)
        """
    }.joined()
  }

  var verification: Markup {
    var table = HTMLTable(
      "What the journal ends with",
      [.text("Replay"), .number("Records"), .code("Hash of the last record (SHA-256)")])
    for (name, result) in zip(runs.names, runs.results) {
      table.append([
        "\(name)", "\(NumberText.grouped(Int64(result.totals.records)))",
        "<code class=\"hash\">\(result.hash)</code>",
      ])
    }
    return """
      <p>Every command and every decision of a replay is in its journal, each record chained to \
      the one before by its hash. <code>plimsoll verify JOURNAL</code> takes the commands alone, \
      decides everything again and compares every hash. Equal inputs give this hash on every \
      machine.</p>
      \(table.markup)<p>Engine <code>\(EngineVersion.engine)</code>, numbers \
      <code>\(EngineVersion.numbers)</code>. Another version refuses to verify this journal \
      instead of guessing.</p>

      """
  }
}
