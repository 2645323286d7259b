// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities
import Simulation

// The venue's balance and who came from outside, in numbers.
extension ReportPage {
  /// Who stands where at the end, of each run.
  var balanceTables: Markup {
    zip(runs.names, runs.results).map { name, result -> Markup in
      let who: Markup = runs.isComparison ? ": \(name)" : ""
      guard let balance = result.balance, !balance.rows.isEmpty else {
        let whose: Markup = runs.isComparison ? "\(name): nobody" : "Nobody"
        return """
          <p class="facts-line">\(whose) is of the house: no registered maker, pool, auction or \
          hedge holds anything, so what takers hold nets to zero.</p>

          """
      }
      return table(of: balance.rows, who) + (balance.hedge.map { table(of: $0, who) } ?? "")
        + (balance.entry.map { table(of: $0, who) } ?? "")
    }.joined()
  }

  private func table(of rows: [BalanceRow], _ who: Markup) -> Markup {
    var table = HTMLTable(
      "Who holds what at the end\(who)",
      [
        .short("Underlying"), .number("Takers' delta"), .number("Registered makers'"),
        .number("Pools'"), .number("Under the hammer"), .number("Hedge's"),
        .number("Takers' gamma per 1 %"), .number("Takers' vega per point"),
        .number("Imbalance at the index"),
      ])
    for row in rows {
      let coins = MoneyFormat(currency: row.underlying)
      let deltas = [
        row.takersDelta, row.makersDelta, row.poolsDelta, row.auctionsDelta, row.hedgeDelta,
        row.takersGamma,
      ]
      table.append(
        ["\(row.underlying)"] + deltas.map { Self.quantity($0, coins) }
          + [amountOrNone(BalanceRow.millionths(row.takersVega)), amountOrNone(row.imbalance)])
    }
    return table.markup
  }

  private static func quantity(_ quantity: Int64, _ format: MoneyFormat) -> Markup {
    quantity == 0 ? .none : "\(format.short(BalanceRow.millionths(quantity)))"
  }

  private func table(of hedge: HedgeSummary, _ who: Markup) -> Markup {
    var table = HTMLTable("The hedge of the fund\(who)", [.text("What"), .number("Amount")])
    table.append(["Orders", "\(NumberText.grouped(Int64(hedge.orders)))"])
    for (label, value) in hedge.sums { table.append(["\(label)", amountOrNone(value)]) }
    return table.markup
  }
}

extension BalanceRow {
  /// 10^−8 of a unit as charts and money formats count it, millionths.
  static func millionths(_ quantity: Int64) -> Int64 {
    Int64(clamping: Int128(quantity).divided(by: 100, rounding: .halfEven))
  }
}

extension HedgeSummary {
  /// Amounts with their names, as they are read.
  var sums: [(label: String, value: Int64)] {
    [
      ("Hedged", hedgedValue), ("Given back", returnedValue), ("Cost against the mark", cost),
      ("Most of the fund in it", mostDrawn), ("Of the fund in it now", drawn),
      ("Worth now", equity),
    ]
  }
}

// MARK: Outside

extension ReportPage {
  /// What makers, keepers and buyers of collateral did; nothing where nobody was asked.
  var outside: Markup {
    let tables = zip(runs.names, runs.results).map { name, result -> Markup in
      let who: Markup = runs.isComparison ? ": \(name)" : ""
      var parts: Markup = ""
      if let outside = result.outside {
        var table = HTMLTable("What came in\(who)", [.text("What"), .number("Number or amount")])
        for figure in outside.figures { table.append(["\(figure.label)", cell(figure.value)]) }
        parts = parts + table.markup
      }
      if let keepers = result.keepers { parts = parts + self.table(of: keepers, who) }
      return parts
    }.joined()
    return tables.text.isEmpty
      ? "" : PageFrame.section("outside", "Depth, quotes, keepers, collateral sold", tables)
  }

  private func cell(_ value: KeyFigure.Value) -> Markup {
    switch value {
    case .count(let count): "\(NumberText.grouped(Int64(count)))"
    case .money(let money): amountOrNone(money)
    }
  }

  private func table(of story: KeeperStory, _ who: Markup) -> Markup {
    var table = HTMLTable(
      "Keepers\(who). \(story.sentence)",
      [.short("Keeper")] + story.columns.map { .number("\($0.title)") })
    func cells(_ figures: KeeperFigures) -> [Markup] {
      story.columns.map { cell($0.value(figures)) }
    }
    for (index, figures) in story.keepers.enumerated() {
      table.append(["\(index + 1)"] + cells(figures))
    }
    table.footer = ["All"] + cells(story.sum)
    guard let rights = story.rights else { return table.markup }
    var sales = HTMLTable(
      "Rights to slices\(who)", [.text("What"), .number("Number or amount")])
    for figure in rights.figures { sales.append(["\(figure.label)", cell(figure.value)]) }
    return table.markup + sales.markup
  }
}
