// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Simulation

extension ReportPage {
  /// What each stage cost and who paid; of each run.
  var stageCosts: Markup {
    zip(runs.names, runs.results).enumerated().map { position, pair -> Markup in
      let (name, result) = pair
      guard !result.costs.usedStages.isEmpty else {
        let who: Markup = runs.isComparison ? "\(name): " : ""
        return "<p>\(who)no liquidation cost anything.</p>\n"
      }
      let title: Markup =
        runs.isComparison ? "Cost of each stage by kind: \(name)" : "Cost of each stage by kind"
      return "<div class=\"figures\">\n"
        + PageFrame.figure(
          "stage-costs-\(position)", title,
          CostBarDrawing(costs: result.costs, money: runs.money).markup,
          """
          What all liquidations cost traders at each stage; the mark beside each bar is what the \
          insurance fund paid there. A bar to the left of the axis is a gain against the mark.
          """)
        + "</div>\n" + costTable(result.costs, "What each stage cost, and who paid", kinds: true)
        + Self.overlap
    }.joined()
  }

  private static let overlap: Markup = """
    <p class="facts-line">What the fund and winners pay covers debts. A debt may hold slippage or \
    fees that the account was charged before and could not pay; such a part stands in both \
    columns.</p>

    """

  /// The stages of one liquidation, with who paid.
  func stageTable(_ story: LiquidationStory) -> Markup {
    guard !story.costs.usedStages.isEmpty else { return "" }
    return costTable(story.costs, "What each stage cost, and who paid", kinds: false)
  }

  /// One row a stage; the payers add up to the sum.
  private func costTable(_ costs: WaterfallCosts, _ caption: Markup, kinds: Bool) -> Markup {
    let shown = kinds ? CostBarDrawing.kinds : []
    var table = HTMLTable(
      caption,
      [.short("Stage")] + shown.map { .number("\($0.name.capitalizedFirst)") }
        + CostBearer.allCases.map { .number("Paid by \($0.title)") } + [.number("Together")])
    for stage in costs.usedStages {
      let paid = CostBearer.allCases.map { costs.paid(by: $0, at: stage) }
      table.append(
        ["\(stage.title)"] + shown.map { amountOrNone(costs[stage, $0.kind]) }
          + (paid + [paid.reduce(0, WaterfallCosts.plus)]).map(amountOrNone))
    }
    let sums = CostBearer.allCases.map { costs.paid(by: $0) }
    table.footer =
      ["All stages"] + shown.map { amountOrNone(costs[$0.kind]) }
      + (sums + [sums.reduce(0, WaterfallCosts.plus)]).map(amountOrNone)
    return table.markup
  }
}

extension String {
  /// With a capital at the beginning.
  var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}

extension WaterfallCosts {
  /// At all stages.
  func paid(by bearer: CostBearer) -> Int64 {
    LiquidationStage.allCases.reduce(0) { Self.plus($0, paid(by: bearer, at: $1)) }
  }
}
