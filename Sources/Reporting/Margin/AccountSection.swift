// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import Quantities
import Simulation

/// What the page shows of one account.
struct AccountSection {
  let explanation: MarginExplanation
  let scenarios: [ScenarioMap]
  let maps: [LiquidationMapChart]
  private let tables: ExplanationTables
  private let money: MoneyFormat

  init(_ explanation: MarginExplanation) {
    self.explanation = explanation
    let id = "account-\(explanation.answer.account.number)"
    scenarios = explanation.answer.breakdown.scans.compactMap { scan in
      ScenarioMap(
        scan, explanation, id: "\(id)-scenarios-\(scan.underlying.description.lowercased())")
    }
    maps = explanation.maps.compactMap { map in
      LiquidationMapChart(
        explanation, map, id: "\(id)-map-\(map.underlying.description.lowercased())")
    }
    tables = ExplanationTables(explanation)
    money = MoneyFormat(currency: explanation.listing.quote.symbol)
  }

  var id: String { "account-\(explanation.answer.account.number)" }
  var title: String { "Account \(explanation.answer.account.number)" }

  private var risk: AccountRisk { explanation.answer.breakdown.risk }

  var markup: Markup {
    """
    <section id="\(id)" class="account" aria-labelledby="\(id)-title">
    <h2 id="\(id)-title">\(title) <small>\("\(explanation.answer.mode)")</small></h2>
    \(tiles)\(heading("Requirement"))\(charges)\
    <div class="pair">\(tables.charges.markup)\(tables.shares.markup)</div>
    \(scenarioPart)\(heading("Liquidation"))\(mapFigures)\(tables.prices.markup)\
    \(lineTables)\(heading("Greeks"))\(tables.greeks.markup)\
    \(heading("Repair"))\(tables.repairs.map(\.markup).joined())\
    \(changePart)\(modelPart)</section>

    """
  }

  private func heading(_ text: Markup) -> Markup { "<h3 class=\"part\">\(text)</h3>\n" }

  // MARK: Figures

  private var tiles: Markup {
    let ratio = risk.marginRatio.map {
      NumberText.rounded($0.billionths, decimals: 9, shown: 2)
    }
    let standing =
      risk.isLiquidatable
      ? "\(money.short(risk.shortfall)) below maintenance margin"
      : risk.equity < risk.initialMargin
        ? "above maintenance, below initial margin"
        : "\(money.short(risk.excess)) above initial margin"
    return """
      <div class="tiles">
      \(tile("Equity", money.short(risk.equity), standing))\
      \(tile("Initial margin", money.short(risk.initialMargin), "to take more risk"))\
      \(tile("Maintenance margin", money.short(risk.maintenanceMargin), "below it, liquidation"))\
      \(tile("Margin ratio", ratio ?? "–", "equity ÷ maintenance margin"))\
      </div>

      """
  }

  private func tile(_ title: String, _ value: String, _ note: String) -> Markup {
    "<dl class=\"tile\"><dt>\(title)</dt><dd>\(value)<small>\(note)</small></dd></dl>\n"
  }

  private var charges: Markup {
    let drawing = ChargeDrawing(explanation)
    let note =
      drawing.showsEquity
      ? "The dashed line is equity."
      : "Equity, \(money.short(risk.equity)), lies outside the picture."
    return """
      <div class="figures">
      <figure id="\(id)-charges" class="wide" aria-labelledby="\(id)-charges-title">
      <div class="title"><h3 id="\(id)-charges-title">What initial margin is made of</h3></div>
      <div class="drawing">\(drawing.markup)</div>
      <figcaption>\(note)</figcaption>
      </figure>
      </div>

      """
  }

  // MARK: Scenarios

  private var scenarioPart: Markup {
    guard !scenarios.isEmpty else { return "" }
    let figures = scenarios.map { map -> Markup in
      """
      <figure id="\(map.id)" class="wide" aria-labelledby="\(map.id)-title">
      <div class="title"><h3 id="\(map.id)-title">\(map.underlying): loss in each scenario</h3>\
      </div>
      <div class="drawing">\(ScenarioMapDrawing(map: map).markup)</div>
      <figcaption>\(map.caption)</figcaption>
      </figure>

      """
    }
    return heading("Scenarios") + """
      <div class="figures">
      \(figures.joined())</div>
      \((tables.scenarios + tables.joint).map(\.markup).joined())
      """
  }

  // MARK: Liquidation

  private var mapFigures: Markup {
    guard !maps.isEmpty else { return "" }
    let figures = maps.map { map -> Markup in
      """
      <figure id="\(map.id)" aria-labelledby="\(map.id)-title">
      <div class="title">\
      <h3 id="\(map.id)-title">\(map.map.underlying): margin ratio by price and volatility</h3>\
      </div>
      <div class="drawing">\(LiquidationMapDrawing(chart: map).markup)</div>
      <figcaption>\(map.caption)</figcaption>
      </figure>

      """
    }
    return "<div class=\"figures\">\n\(figures.joined())</div>\n"
  }

  private var lineTables: Markup {
    guard !tables.lines.isEmpty else { return "" }
    return """
      <details><summary>The liquidation line in numbers</summary>
      \(tables.lines.map(\.markup).joined())</details>

      """
  }

  private var changePart: Markup {
    guard !tables.change.isEmpty else { return "" }
    return heading("Change") + tables.change.map(\.markup).joined()
  }

  private var modelPart: Markup {
    guard !tables.models.isEmpty else { return "" }
    return heading("Models") + tables.models.map(\.markup).joined()
  }
}
