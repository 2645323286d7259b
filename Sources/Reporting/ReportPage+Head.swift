// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Parameters
import Quantities
import Simulation

extension ReportPage {
  /// What the page is, before any figure.
  var head: Markup {
    """
    <header>
    \(PageFrame.brand("replay"))
    <h1>\(runs.first.origin.title)</h1>
    \(badge)<dl class="origin">
    \(origins)</dl>
    \(runList)<nav aria-label="Sections"><ul>
    \(links)</ul></nav>
    </header>

    """
  }

  private var badge: Markup {
    runs.results.contains { $0.origin.isReconstruction }
      ? """
      <p class="badge reconstruction"><strong>Reconstruction.</strong> The prices of this replay \
      were not recorded minute by minute: they are paths through published figures.</p>

      """
      : """
      <p class="badge"><strong>Recorded prices.</strong> The prices of this replay were recorded \
      at the venues named below.</p>

      """
  }

  private var origins: Markup {
    [
      origin("Prices", \.market), origin("Accounts", \.accounts), origin("Options", \.options),
      origin("Parameters") { "“\($0.parameters.name)” of \($0.parameters.date)" },
    ].joined()
  }

  /// A long text shows its first sentence; the rest unfolds.
  private func foldable(_ text: String) -> Markup {
    guard text.count > 400 else { return "\(text)" }
    let head = text.firstSentence
    let rest = String(text.dropFirst(head.count))
    return """
      \(head)
      <details><summary>How they are made, with sources</summary>\(rest)</details>
      """
  }

  /// What all runs have in common once, else what each one has.
  private func origin(_ title: Markup, _ text: (ReplayOrigin) -> String) -> Markup {
    let texts = runs.results.map { text($0.origin) }
    let isCommon = texts.allSatisfy { $0 == texts[0] }
    let content =
      isCommon
      ? foldable(texts[0])
      : zip(runs.names, texts).map { "<b>\($0)</b>: \(foldable($1))" as Markup }
        .joined("<br>")
    return "<div><dt>\(title)</dt><dd>\(content)</dd></div>\n"
  }

  private var runList: Markup {
    let items = zip(runs.names, runs.results).enumerated().map { run, pair -> Markup in
      let (name, result) = pair
      let color = ReplayCharts.runColors[run % ReplayCharts.runColors.count]
      let assigned = result.origin.assignments.map { "<code>--set \($0)</code>" as Markup }
      let what: Markup =
        assigned.isEmpty
        ? "the parameters as they stand" : "the same parameters with \(assigned.joined(", "))"
      return "<li style=\"--c:var(\(color))\"><b>\(name)</b>: \(what)</li>\n"
    }
    guard runs.isComparison || !runs.first.origin.assignments.isEmpty else { return "" }
    let lead: Markup = runs.isComparison ? "Replays compared:" : "This replay uses:"
    return "<p class=\"lead\">\(lead)</p>\n<ul class=\"runs\">\n\(items.joined())</ul>\n"
  }

  private var links: Markup {
    let sections: [(id: Markup, title: Markup, isThere: Bool)] = [
      ("summary", "Key figures", true), ("prices", "Prices", true),
      ("margin", "Margin ratios", true), ("calls", "Margin calls", !calls.isEmpty),
      ("liquidations", "Liquidations", true), ("costs", "Costs", true),
      ("auctions", "Auctions", true), ("pools", "Pools", !pools.isEmpty),
      ("deleveraging", "Deleveraging", true), ("venue", "Fund and losses", true),
      ("balance", "Balance", true),
      ("largest", "Largest", true), ("asked", "Asked for", asksForAccounts),
      ("parameters", "Parameters", true),
      ("input", "Skipped rows", true), ("verify", "Check", true),
    ]
    return sections.filter(\.isThere)
      .map { "<li><a href=\"#\($0.id)\">\($0.title)</a></li>\n" as Markup }.joined()
  }

  var foot: Markup {
    PageFrame.foot("All times are UTC. Money is counted in \(runs.first.quote).", library)
  }
}

// MARK: Key figures

extension ReportPage {
  var keyFigures: Markup { "<div class=\"tiles\">\n\(tiles)</div>\n" + markets + sums }

  private var tiles: Markup {
    let totals = runs.results.map(\.totals)
    func money(_ value: (ReplayTotals) -> Int64) -> [Markup] {
      totals.map { amount(value($0)) }
    }
    func count(_ value: (ReplayTotals) -> Int) -> [Markup] {
      totals.map { "\(NumberText.grouped(Int64(value($0))))" }
    }
    return [
      tile("Accounts", count(\.accounts), count(\.positions).map { "\($0) positions" }),
      tile(
        "Liquidations", count(\.liquidations), count(\.blocks).map { "in \($0) blocks" }),
      tile(
        "Closed in the book", money(\.liquidatedValue),
        money(\.penalties).map { "\($0) penalties" }),
      tile(
        "Auto-deleveraged", money(\.deleveragedValue),
        count(\.deleveragedAccounts).map { "\($0) accounts opposite" }),
      tile("Socialized loss", money(\.socializedValue), totals.map { _ in "borne by winners" }),
      tile(
        "Insurance fund at the end", money(\.fundAtEnd),
        money(\.fundAtStart).map { "\($0) at the start" }),
      tile("Paid by the fund", money(\.fundPaid), money(\.lowestFund).map { "lowest \($0)" }),
      tile(
        "Rejected samples", count(\.rejectedSamples),
        count(\.refusedCommands).map { "\($0) refused commands" }),
    ].joined()
  }

  /// A money value as it is read, with its exact decimals for those who point at it.
  func amount(_ millionths: Int64) -> Markup {
    "<data value=\"\(runs.money.exact(millionths))\" title=\"\(runs.money.exact(millionths))\">"
      + "\(runs.money.short(millionths))</data>"
  }

  private func tile(_ title: Markup, _ values: [Markup], _ notes: [Markup]) -> Markup {
    let lines = values.enumerated().map { run, value -> Markup in
      let color = ReplayCharts.runColors[run % ReplayCharts.runColors.count]
      let style: Markup = runs.isComparison ? " style=\"--c:var(\(color))\"" : ""
      let name: Markup = runs.isComparison ? "<span class=\"run\">\(runs.names[run])</span>" : ""
      return "<dd\(style)>\(name)\(value)<small>\(notes[run])</small></dd>"
    }
    return "<dl class=\"tile\"><dt>\(title)</dt>\(lines.joined())</dl>\n"
  }

  private var markets: Markup {
    var table = HTMLTable(
      "Accepted index prices",
      [
        .short("Underlying"), .number("First"), .number("Lowest"), .short("at (UTC)"),
        .number("Highest"), .number("Last"), .number("Change"), .number("Blocks reduce-only"),
      ])
    for figure in runs.underlyings.compactMap({ MarketFigure($0, in: runs.first.points) }) {
      table.append([
        "\(figure.underlying)", "\(figure.first.readable)", "\(figure.lowest.readable)",
        "\(figure.lowestAt.readable)", "\(figure.highest.readable)", "\(figure.last.readable)",
        "\(NumberText.change(from: figure.first.steps, to: figure.last.steps))",
        "\(NumberText.grouped(Int64(figure.reduceOnlyBlocks)))",
      ])
    }
    return table.markup
  }

  /// Every sum exactly; of several runs with what differs.
  private var sums: Markup {
    let figures = runs.results.map(KeyFigure.all)
    var columns: [HTMLTable.Column] = [.text("Sum")]
    columns += runs.names.map { .number(runs.isComparison ? "\($0)" : "Exact value") }
    for run in runs.names.dropFirst() where runs.isComparison {
      columns += [
        .number(runs.results.count > 2 ? "\(run): difference" : "Difference"), .number("Change"),
      ]
    }
    var table = HTMLTable(
      runs.isComparison ? "All sums and what differs from “\(runs.names[0])”" : "All sums", columns)
    for (position, first) in figures[0].enumerated() {
      let values = figures.map { $0[position].value }
      var cells: [Markup] = ["\(first.label)"] + values.map { "\($0.exact(runs.money))" }
      for value in values.dropFirst() {
        cells +=
          value == first.value
          ? [.none, .none]
          : [
            "\(first.value.difference(to: value, runs.money))",
            "\(NumberText.change(from: first.value.number, to: value.number))",
          ]
      }
      table.append(cells, isMarked: values.contains { $0 != first.value })
    }
    let opened: Markup = runs.isComparison ? " open" : ""
    return """
      <details\(opened)><summary>Every sum, exact to the unit</summary>
      \(table.markup)</details>

      """
  }
}
