// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Simulation

/// One column of a comparison: the one list from which terminal, page and JSON are written.
struct WaterfallColumn: Sendable {
  /// The field's name in JSON; never changes its meaning.
  let field: String
  let title: String
  let isMoney: Bool
  /// What is ranked, less being better.
  let figure: WaterfallRanking.Figure?
  let value: @Sendable (WaterfallRun) -> Int64

  static let all: [WaterfallColumn] = [
    count("liquidations", "Liquidations") { Int64($0.result.totals.liquidations) },
    ranked("slippage", "Slippage", .slippage),
    ranked("penalties", "Penalties", .penalties),
    money("fees", "Fees") { $0.result.costs[.fee] },
    ranked("deleveraged", "Deleveraged profit", .deleveraged),
    ranked("socialized", "Shared loss", .socialized),
    ranked("totalCost", "Cost to traders", .totalCost),
    ranked("backstopPaid", "Fund and pools paid", .backstopDraw),
    money("lowestFund", "Lowest fund") { $0.result.totals.lowestFund },
    money("fundAtEnd", "Fund at the end") { $0.result.totals.fundAtEnd },
    money("fundPaid", "Paid by the fund") { $0.result.totals.fundPaid },
    money("poolProfit", "Result of pools") { $0.result.totals.poolProfit },
    ranked("deleveragedLater", "Deleveraged, an hour later", .deleveragedLater),
    money("keeperRewards", "Penalties to keepers") { $0.result.costs.keeperRewards },
    WaterfallColumn(
      field: "bankruptAccounts", title: "Bankrupt accounts", isMoney: false,
      figure: .bankruptAccounts,
      value: { WaterfallRanking.Figure.bankruptAccounts.value(of: $0) }),
    ranked("owedAtEnd", "Owed at the end", .owedAtEnd),
  ]

  /// What keepers did; only where any run had them.
  static let keepers: [WaterfallColumn] = [
    count("keeperTaken", "Slices keepers took") { Int64($0.keepers.taken) },
    money("keeperEarned", "Keepers were paid") { $0.keepers.rewards },
    money("keeperRightsPaid", "They paid for rights") { $0.keepers.rightsPaid },
    money("keeperGas", "Their gas") { $0.keepers.gasPaid },
    money("keeperCost", "Their cost of working off") { $0.keepers.cost },
    money("keeperResult", "Their result") { $0.keepers.result },
  ]

  /// - Returns: Nothing unless a run had keepers.
  static func keepers(in runs: [WaterfallRun]) -> [WaterfallColumn] {
    runs.contains { $0.result.keepers != nil } ? keepers : []
  }

  /// What is asked first, and fits a terminal or the width of a page.
  static let main = all.filter { !more.contains($0.field) }
  /// What stands in a table of its own.
  static let rest = all.filter { more.contains($0.field) }

  private static let more = [
    "lowestFund", "fundAtEnd", "fundPaid", "poolProfit", "deleveragedLater", "keeperRewards",
  ]

  private static func ranked(
    _ field: String, _ title: String, _ figure: WaterfallRanking.Figure
  ) -> WaterfallColumn {
    WaterfallColumn(
      field: field, title: title, isMoney: true, figure: figure,
      value: { figure.value(of: $0) })
  }

  private static func money(
    _ field: String, _ title: String, _ value: @escaping @Sendable (WaterfallRun) -> Int64
  ) -> WaterfallColumn {
    WaterfallColumn(field: field, title: title, isMoney: true, figure: nil, value: value)
  }

  private static func count(
    _ field: String, _ title: String, _ value: @escaping @Sendable (WaterfallRun) -> Int64
  ) -> WaterfallColumn {
    WaterfallColumn(field: field, title: title, isMoney: false, figure: nil, value: value)
  }

  /// Whether a run has the least of the solvent ones, and not the same as most of them.
  func isBest(_ run: WaterfallRun, in ranking: WaterfallRanking) -> Bool {
    guard let figure, run.outcome == .solvent else { return false }
    let best = ranking.best(figure, among: ranking.solvent)
    return best.contains(run.name) && (best.count == 1 || best.count * 2 < ranking.solvent.count)
  }

  /// A value as people read it.
  func text(_ run: WaterfallRun, _ money: MoneyFormat) -> String {
    isMoney ? money.short(value(run)) : NumberText.grouped(value(run))
  }
}

extension WaterfallRun {
  /// All keepers together; zeros where there were none.
  fileprivate var keepers: KeeperFigures { result.keepers?.sum ?? KeeperFigures() }
}

extension WaterfallRun.Outcome {
  var title: String {
    switch self {
    case .solvent: "solvent"
    case .lossShared: "loss shared"
    case .insolvent: "insolvent"
    }
  }
}
