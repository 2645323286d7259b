// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Parameters
public import Simulation

/// Writes a comparison of waterfalls as one HTML page that needs nothing else: no network, no
/// other file, no script.
///
/// The same runs give the same bytes. Every text is escaped.
public enum WaterfallReport {
  /// - Parameters:
  ///   - runs: The first is the house's own.
  ///   - points: The sweeps, if any were run.
  public static func render(_ runs: [WaterfallRun], _ points: [FrontierPoint] = []) -> String {
    WaterfallPage(runs: runs, points: points).document.text
  }
}

/// The parts of the page in the order in which they are read.
struct WaterfallPage {
  let runs: [WaterfallRun]
  let points: [FrontierPoint]

  private var ranking: WaterfallRanking { WaterfallRanking(runs) }
  private var results: ReplayRuns? { runs.isEmpty ? nil : ReplayRuns(runs.map(\.result)) }

  var document: Markup {
    guard let results else {
      return PageFrame.document(
        title: "Plimsoll waterfalls", style: ReportStyle.sheet, body: "<p>No run.</p>\n")
    }
    let title = results.first.origin.title
    return PageFrame.document(
      title: "Plimsoll waterfalls: \(title)",
      style: ReportStyle.sheet + StageStyle.sheet + WaterfallStyle.sheet,
      body: """
        \(head(results))<main>
        \(PageFrame.section("table", "Side by side", verdict + table(results.money)))\
        \(PageFrame.section("costs", "What it cost, and where", costs(results)))\
        \(PageFrame.section("time", "Through the crash", time(results)))\
        \(frontier(results.money))\
        \(PageFrame.section("rules", "The rules", rules))\
        \(PageFrame.section("notes", "What the figures mean", notes))\
        </main>
        <footer><p>All times are UTC. Money is counted in \(results.first.quote). This page asks \
        nothing of the network.</p></footer>

        """)
  }

  private func head(_ results: ReplayRuns) -> Markup {
    let origin = results.first.origin
    let links: [(id: Markup, title: Markup)] =
      [("table", "Side by side"), ("costs", "Costs"), ("time", "Through the crash")]
      + (points.isEmpty ? [] : [("frontier", "Frontier")])
      + [("rules", "The rules"), ("notes", "What the figures mean")]
    let items = links.map { "<li><a href=\"#\($0.id)\">\($0.title)</a></li>\n" as Markup }
    return """
      <header>
      \(PageFrame.brand("waterfalls"))
      <h1>One crash under \(runs.count == 1 ? "a waterfall" : "\(runs.count) waterfalls")</h1>
      <dl class="origin">
      <div><dt>Crash</dt><dd>\(origin.title)</dd></div>
      <div><dt>Prices</dt><dd>\(origin.market)</dd></div>
      <div><dt>Accounts</dt><dd>\(origin.accounts.firstSentence)</dd></div>
      <div><dt>The same</dt><dd>Prices, accounts, collateral, depth of the books, margin and the \
      fund’s capital are the same in every run; only the waterfall differs.</dd></div>
      </dl>
      <nav aria-label="Sections"><ul>
      \(items.joined())</ul></nav>
      </header>

      """
  }

  private var verdict: Markup {
    let items = WaterfallVerdict(ranking).sentences.map { "<li>\($0)</li>\n" as Markup }
    return "<ul class=\"verdict\">\n\(items.joined())</ul>\n"
  }

  private func table(_ money: MoneyFormat) -> Markup {
    table(
      WaterfallColumn.main, money,
      "Each waterfall in the same crash; the least of the solvent ones stands out")
      + table(WaterfallColumn.rest, money, "Fund, pools and keepers in the same runs")
      + keepers(money)
  }

  private func keepers(_ money: MoneyFormat) -> Markup {
    let columns = WaterfallColumn.keepers(in: runs)
    guard !columns.isEmpty else { return "" }
    return table(columns, money, "Keepers in the same runs")
      + "<p class=\"facts-line\">\(WaterfallNotes.keepers)</p>\n"
  }

  private func table(
    _ columns: [WaterfallColumn], _ money: MoneyFormat, _ caption: Markup
  ) -> Markup {
    var table = HTMLTable(
      caption,
      [.short("Waterfall"), .short("Ends")] + columns.map { .number("\($0.title)") })
    let ranking = ranking
    for run in runs {
      let cells = columns.map { column -> Markup in
        let text = column.text(run, money)
        let exact = column.isMoney ? money.exact(column.value(run)) : text
        let value: Markup = "<data value=\"\(exact)\" title=\"\(exact)\">\(text)</data>"
        return column.isBest(run, in: ranking) ? "<b class=\"best\">\(value)</b>" : value
      }
      table.append(
        [name(run), Self.ending(run.outcome)] + cells, isMarked: run.name == runs[0].name)
    }
    return "<div class=\"wide-table\">\(table.markup)</div>\n"
  }

  /// A waterfall's name, which leads to its rules.
  private func name(_ run: WaterfallRun) -> Markup {
    let place = runs.firstIndex { $0.name == run.name } ?? 0
    return "<a href=\"#rule-\(place)\">\(run.name)</a>"
  }

  private static func ending(_ outcome: WaterfallRun.Outcome) -> Markup {
    let color =
      switch outcome {
      case .solvent: "--c2"
      case .lossShared: "--c1"
      case .insolvent: "--c9"
      }
    return "<span class=\"ending\" style=\"--c:var(\(color))\">\(outcome.title)</span>"
  }
}

// MARK: Costs

extension WaterfallPage {
  private func costs(_ results: ReplayRuns) -> Markup {
    let bars = CostBarDrawing(runs: runs, money: results.money)
    return "<div class=\"figures\">\n"
      + PageFrame.figure(
        "cost-bars", "Cost to traders by kind", bars.markup,
        """
        What all liquidations of a run cost traders; the mark beside each bar is what the \
        insurance fund and pools paid. A bar to the left of the axis is a gain against the mark.
        """)
      + "</div>\n" + stages(results.money)
  }

  /// The cost of every stage of every waterfall.
  private func stages(_ money: MoneyFormat) -> Markup {
    let used = LiquidationStage.inOrder.filter { stage in
      runs.contains { $0.result.costs[at: stage] != 0 }
    }
    guard !used.isEmpty else { return "<p>No liquidation cost anything.</p>\n" }
    var table = HTMLTable(
      "Cost to traders by stage", [.short("Waterfall")] + used.map { .number("\($0.title)") })
    for run in runs {
      table.append(
        [name(run)]
          + used.map { stage in
            let cost = run.result.costs[at: stage]
            return cost == 0 ? .none : "\(money.short(cost))"
          })
    }
    return table.markup
  }

  private func time(_ results: ReplayRuns) -> Markup {
    let charts = WaterfallCharts(runs: runs, results: results)
    let figures = charts.all.map { chart in
      PageFrame.figure(
        chart.id, "\(chart.title)", ChartDrawing(chart: chart).markup, "\(chart.caption)")
    }
    return "<div class=\"figures\">\n\(figures.joined())</div>\n"
  }

  private func frontier(_ money: MoneyFormat) -> Markup {
    guard !points.isEmpty else { return "" }
    let cost = FrontierDrawing(points: points, money: money, measure: .cost)
    let debt = FrontierDrawing(points: points, money: money, measure: .badDebt)
    let body: Markup =
      "<div class=\"figures\">\n"
      + PageFrame.figure(
        "frontier-cost", "Mean margin against cost to traders", cost.markup,
        """
        Each point is the same crash with one term of “\(runs[0].name)” changed: all margins times \
        a factor, the buffer as a share of maintenance margin, or one penalty for all tiers. \
        Down and to the left is better. Points without a label stand in the table.
        """)
      + PageFrame.figure(
        "frontier-debt", "Mean margin against bad debt", debt.markup,
        "What accounts could not pay themselves: paid by the fund, shared, or still owed.")
      + "</div>\n" + frontierTable(money)
    return PageFrame.section("frontier", "Frontier", body)
  }

  private func frontierTable(_ money: MoneyFormat) -> Markup {
    var table = HTMLTable(
      "One term changed at a time",
      [
        .short("Term"), .number("Value"), .number("Mean margin ÷ open interest"),
        .number("Liquidations"), .number("Cost to traders"), .number("Bad debt"),
        .number("Fund and pools paid"), .short("Ends"),
      ])
    for point in points {
      table.append([
        "\(point.term.title)", "\(point.valueText)",
        "\(NumberText.percentage(billionths: point.meanMargin))",
        "\(NumberText.grouped(Int64(point.run.result.totals.liquidations)))",
        "\(money.short(point.run.totalCost))", "\(money.short(point.badDebt))",
        "\(money.short(point.run.backstopDraw))", Self.ending(point.run.outcome),
      ])
    }
    return table.markup
  }
}

// MARK: Words

extension WaterfallPage {
  private var rules: Markup {
    let items = runs.enumerated().map { place, run -> Markup in
      """
      <dt id="rule-\(place)">\(run.name)</dt><dd>\(run.description) \
      <small>\(run.result.origin.parameters.name)</small></dd>

      """
    }
    return "<dl class=\"rules\">\n\(items.joined())</dl>\n"
  }

  private var notes: Markup {
    let items = WaterfallNotes.all.map { "<li>\($0)</li>\n" as Markup }
    return "<ul class=\"notes\">\n\(items.joined())</ul>\n"
  }
}
