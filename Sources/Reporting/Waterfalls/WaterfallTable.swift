// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities
public import Simulation

/// One crash under several waterfalls, for a terminal or for another program.
public enum WaterfallTable {
  /// Aligned lines for people, the best of each column marked, then what they come to.
  ///
  /// - Parameters:
  ///   - runs: At least one; the first is the house's own.
  ///   - points: The sweeps, if any were run.
  public static func text(_ runs: [WaterfallRun], _ points: [FrontierPoint] = []) -> String {
    guard let first = runs.first else { return "" }
    let ranking = WaterfallRanking(runs)
    let money = MoneyFormat(currency: first.result.quote.symbol)
    let columns = WaterfallColumn.main
    var table = TextTable(
      [("Waterfall", .left)] + columns.map { ($0.title, .right) } + [("Ends", .left)])
    for run in runs {
      let cells = columns.map { column in
        column.text(run, money) + (column.isBest(run, in: ranking) ? " *" : "  ")
      }
      table.append([run.name] + cells + [run.outcome.title])
    }
    let verdict = WaterfallVerdict(ranking).sentences.joined(separator: "\n")
    return """
      \(TextTable.visible(first.result.origin.title))

      \(table.text)
      * least of its column among the solvent ones.
      \(verdict)
      \(keepers(runs, money))\(frontier(points, money))
      """
  }

  /// What keepers did under each, with what that means; nothing where there were none.
  private static func keepers(_ runs: [WaterfallRun], _ money: MoneyFormat) -> String {
    let columns = WaterfallColumn.keepers(in: runs)
    guard !columns.isEmpty else { return "" }
    var table = TextTable([("Waterfall", .left)] + columns.map { ($0.title, .right) })
    for run in runs where run.result.keepers != nil {
      table.append([run.name] + columns.map { $0.text(run, money) })
    }
    return "\n" + table.text + WaterfallNotes.keepers + "\n"
  }

  private static func frontier(_ points: [FrontierPoint], _ money: MoneyFormat) -> String {
    guard !points.isEmpty else { return "" }
    var table = TextTable([
      ("Sweep", .left), ("Value", .right), ("Mean margin", .right), ("Liquidations", .right),
      ("Cost to traders", .right), ("Bad debt", .right), ("Ends", .left),
    ])
    for point in points {
      table.append([
        point.term.title, point.valueText,
        NumberText.percentage(billionths: point.meanMargin),
        NumberText.grouped(Int64(point.run.result.totals.liquidations)),
        money.short(point.run.totalCost), money.short(point.badDebt), point.run.outcome.title,
      ])
    }
    return "\n" + table.text
  }

  /// The same and more as JSON: `{"runs": […], "dominates": …}`.
  ///
  /// Field names never change their meaning. Money is a string with exact decimals of the quote
  /// currency; counts are numbers.
  public static func json(_ runs: [WaterfallRun], _ points: [FrontierPoint] = []) -> String {
    let ranking = WaterfallRanking(runs)
    return JSONText.object([
      ("title", .string(runs.first?.result.origin.title ?? "")),
      ("runs", .array(runs.map { object($0, ranking) })),
      ("solvent", .array(ranking.solvent.map { .string($0.name) })),
      ("dominates", .boolean(runs.first.map { ranking.dominates($0.name) } ?? false)),
      ("frontier", .array(points.map(object))),
    ]).indented
  }

  private static func object(_ point: FrontierPoint) -> JSONText {
    .object([
      ("term", .string(point.term.rawValue)),
      ("value", .decimal(point.value.billionths, decimals: 9)),
      ("meanMargin", .decimal(point.meanMargin, decimals: 9)),
      ("totalCost", .string(decimalText(point.run.totalCost, decimals: 6))),
      ("badDebt", .string(decimalText(point.badDebt, decimals: 6))),
      ("outcome", .string(point.run.outcome.rawValue)),
    ])
  }

  private static func object(_ run: WaterfallRun, _ ranking: WaterfallRanking) -> JSONText {
    var fields: [(String, JSONText)] = [
      ("name", .string(run.name)), ("outcome", .string(run.outcome.rawValue)),
    ]
    let own = run.result.keepers == nil ? [] : WaterfallColumn.keepers
    for column in WaterfallColumn.all + own {
      let value = column.value(run)
      fields.append(
        (
          column.field,
          column.isMoney ? .string(decimalText(value, decimals: 6)) : .integer(value)
        ))
      if let figure = column.figure {
        fields.append(
          ("\(column.field)Place", .integer(Int64(ranking.place(of: run, by: figure)))))
      }
    }
    fields.append(("hash", .string("\(run.result.hash)")))
    return .object(fields)
  }
}

/// What a comparison comes to, in sentences.
struct WaterfallVerdict {
  let sentences: [String]

  init(_ ranking: WaterfallRanking) {
    var sentences: [String] = []
    let solvent = ranking.solvent
    if let house = ranking.runs.first?.name {
      let (cost, fund) = (
        ranking.best(.totalCost, among: solvent), ranking.best(.backstopDraw, among: solvent)
      )
      if solvent.isEmpty {
        sentences.append("No waterfall kept the venue solvent.")
      } else {
        sentences.append("Solvent: \(Self.list(solvent.map(\.name))).")
        sentences.append("Of these \(Self.list(cost)) cost traders least.")
        sentences.append("Of these \(Self.list(fund)) drew least from fund and pools.")
        sentences.append(
          ranking.dominates(house)
            ? "“\(house)” has the smallest cost and the smallest draw of the solvent ones."
            : "“\(house)” has not both the smallest cost and the smallest draw of the solvent ones."
        )
      }
    }
    self.sentences = sentences
  }

  private static func list(_ names: [String]) -> String {
    guard let last = names.last, names.count > 1 else { return names.first ?? "none" }
    return names.dropLast().joined(separator: ", ") + " and " + last
  }
}
