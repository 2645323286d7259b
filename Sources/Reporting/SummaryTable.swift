// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Parameters
import Quantities
public import Simulation

/// What a replay came to, for a terminal or for another program.
public enum SummaryTable {
  /// Aligned lines for people; several replays stand in columns beside each other.
  ///
  /// - Parameter results: At least one; the others are compared with the first.
  public static func text(_ results: [ReplayResult]) -> String {
    let summary = ReplaySummary(runs: ReplayRuns(results))
    return [
      summary.head, summary.markets, summary.sums, summary.marginCalls, summary.stages,
      summary.auctions, summary.pools, summary.balance, summary.outside, summary.largest,
      summary.asked, summary.hashes,
    ].filter { !$0.isEmpty }.joined(separator: "\n")
  }

  /// Text of one replay.
  public static func text(_ result: ReplayResult) -> String { text([result]) }

  /// One liquidation as a line of JSON, the same as in ``json(_:)``.
  public static func line(_ story: LiquidationStory) -> String { story.json.compact }

  /// The same and more as JSON: `{"runs": […]}`, one object per replay.
  ///
  /// Field names never change their meaning. Money and prices are strings with exact decimals
  /// of the quote currency; counts are numbers; times are ISO 8601 in UTC.
  public static func json(_ results: [ReplayResult]) -> String {
    let runs = ReplayRuns(results)
    let objects = zip(runs.names, results).map { $1.json(name: $0) }
    return JSONText.object([("runs", .array(objects))]).indented
  }
}

/// The parts of the summary in a terminal.
struct ReplaySummary {
  let runs: ReplayRuns

  var head: String {
    let origin = runs.first.origin
    var table = TextTable([("", .left), ("", .left)])
    table.append(["Prices", (origin.isReconstruction ? "Reconstruction. " : "") + origin.market])
    table.append(["Accounts", origin.accounts.firstSentence])
    table.append(["Options", origin.options])
    table.append(["Parameters", "\(origin.parameters.name), \(origin.parameters.date)"])
    for result in runs.results where !result.origin.assignments.isEmpty {
      table.append(["Set", result.origin.assignments.joined(separator: ", ")])
    }
    return TextTable.visible(origin.title) + "\n\n" + table.text
  }

  var markets: String {
    var table = TextTable([
      ("Index", .left), ("First", .right), ("Lowest", .right), ("at (UTC)", .left),
      ("Last", .right), ("Change", .right), ("Reduce-only", .right),
    ])
    for figure in runs.underlyings.compactMap({ MarketFigure($0, in: runs.first.points) }) {
      table.append([
        "\(figure.underlying)", figure.first.readable, figure.lowest.readable,
        figure.lowestAt.readable, figure.last.readable,
        NumberText.change(from: figure.first.steps, to: figure.last.steps),
        "\(NumberText.grouped(Int64(figure.reduceOnlyBlocks))) blocks",
      ])
    }
    return table.text
  }

  /// The columns of a table with one number per run and what differs from the first.
  private func columns(_ title: String) -> [(title: String, alignment: TextTable.Alignment)] {
    let names = runs.isComparison ? runs.names : [""]
    let changes = runs.names.dropFirst().map { _ in "Change" }
    return [(title, .left)] + (names + changes).map { ($0, .right) }
  }

  var sums: String {
    let figures = runs.results.map(KeyFigure.all)
    var table = TextTable(columns("Key figures"))
    for (position, first) in figures[0].enumerated() {
      let values = figures.map { $0[position].value }
      let changes = values.dropFirst().map { value in
        value == first.value ? "" : first.value.difference(to: value, runs.money)
      }
      table.append([first.label] + values.map { $0.short(runs.money) } + changes)
    }
    return table.text
  }

  var stages: String {
    let counts = StageCount.all(of: runs.results)
    var table = TextTable(columns("Liquidations by furthest stage"))
    for (position, first) in counts[0].enumerated() {
      let values = counts.map { Int64($0[position].count) }
      let changes = values.dropFirst().map { value in
        value == values[0] ? "" : NumberText.signed(NumberText.grouped(value - values[0]))
      }
      table.append([first.stage.title] + values.map { NumberText.grouped($0) } + changes)
    }
    return table.text
  }

  /// What was auctioned; nothing where no run had an auction.
  var auctions: String {
    let totals = runs.results.map(\.totals)
    guard totals.contains(where: { $0.auctions > 0 }) else { return "" }
    let names = runs.isComparison ? runs.names : [""]
    var table = TextTable([("Auctions", .left)] + names.map { ($0, .right) })
    table.append(["Auctions"] + totals.map { NumberText.grouped(Int64($0.auctions)) })
    let sums: [(String, KeyPath<ReplayTotals, Int64>)] = [
      ("Sold to bidders", \.auctionedValue), ("Discounts paid by accounts", \.auctionDiscounts),
      ("Rewards paid by the insurance fund", \.auctionRewards),
    ]
    for (label, sum) in sums {
      table.append([label] + totals.map { runs.money.short($0[keyPath: sum]) })
    }
    return table.text
  }

  /// Who stands where, and what the fund's hedge did; nothing where no run has a house.
  var balance: String {
    zip(runs.names, runs.results).compactMap { name, result in
      guard let balance = result.balance else { return nil }
      let title = "Balance" + (runs.isComparison ? ", \(TextTable.visible(name))" : "")
      var table = TextTable([
        (title, .left), ("Takers", .right), ("Makers", .right), ("Pools", .right),
        ("Auctions", .right), ("Hedge", .right), ("Imbalance", .right),
      ])
      for row in balance.rows {
        let deltas = [
          row.takersDelta, row.makersDelta, row.poolsDelta, row.auctionsDelta, row.hedgeDelta,
        ]
        table.append(
          ["\(row.underlying)"] + deltas.map { decimalText($0, decimals: 8) }
            + [runs.money.short(row.imbalance)])
      }
      return
        ([table.text] + [balance.hedge.map(lines), balance.entry.map(lines)].compactMap(\.self))
        .joined(separator: "\n")
    }.joined(separator: "\n")
  }

  private func lines(of hedge: HedgeSummary) -> String {
    var table = TextTable([("Hedge of the insurance fund", .left), ("", .right)])
    table.append(["Orders", NumberText.grouped(Int64(hedge.orders))])
    for (label, value) in hedge.sums { table.append([label, runs.money.short(value)]) }
    return table.text
  }

  var largest: String {
    zip(runs.names, runs.results).map { name, result in
      let title = "Largest liquidations" + (runs.isComparison ? ", \(TextTable.visible(name))" : "")
      guard !result.largest.isEmpty else { return "\(title): none\n" }
      var table = TextTable([
        ("Account", .left), ("Mode", .left), ("From (UTC)", .left), ("Ratio", .right),
        ("Closed", .right), ("Deleveraged", .right), ("Fund paid", .right),
        ("Socialized", .right), ("Furthest stage", .left),
      ])
      for story in result.largest.prefix(3) {
        let amounts = [
          story.closedValue, story.deleveragedValue, story.fundPaid, story.socialized,
        ]
        table.append(
          [
            "\(story.account.number)", "\(story.mode)", story.cause.time.readable,
            NumberText.ratio(story.cause.equity, story.cause.maintenanceMargin),
          ] + amounts.map { runs.money.short($0) } + [story.stage.title])
      }
      return title + "\n" + table.text
    }.joined(separator: "\n")
  }

  /// The accounts that were asked for; nothing where none was.
  var asked: String {
    zip(runs.names, runs.results).map { name, result in
      guard !result.asked.isEmpty else { return "" }
      let title =
        "Liquidations asked for" + (runs.isComparison ? ", \(TextTable.visible(name))" : "")
      var table = TextTable([
        ("Account", .left), ("Liquidations", .right), ("First (UTC)", .left), ("Closed", .right),
        ("Deleveraged", .right), ("Fund paid", .right), ("Socialized", .right),
      ])
      for asked in result.asked {
        guard let first = asked.liquidations.first else { continue }
        let sums = [\LiquidationStory.closedValue, \.deleveragedValue, \.fundPaid, \.socialized]
          .map { part in
            asked.liquidations.reduce(Int64(0)) { WaterfallCosts.plus($0, $1[keyPath: part]) }
          }
        table.append(
          [
            "\(asked.account.number)", NumberText.grouped(Int64(asked.liquidations.count)),
            first.cause.time.readable,
          ] + sums.map { runs.money.short($0) })
      }
      let isEmpty = result.asked.allSatisfy(\.liquidations.isEmpty)
      let notes = result.asked.compactMap(\.note).map { $0.capitalizedFirst + ".\n" }
      return title + "\n" + (isEmpty ? "" : table.text) + notes.joined()
    }.filter { !$0.isEmpty }.joined(separator: "\n")
  }

  var hashes: String {
    var table = TextTable([("", .left), ("", .left)])
    for (name, result) in zip(runs.names, runs.results) {
      table.append([runs.isComparison ? "Final hash, \(name)" : "Final hash", "\(result.hash)"])
    }
    return table.text
  }
}
