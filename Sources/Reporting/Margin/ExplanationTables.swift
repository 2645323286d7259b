// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import Quantities
public import Simulation

/// The tables of one account's explanation, in the order in which they are read.
public struct ExplanationTables: Sendable {
  let explanation: MarginExplanation

  /// How many scenarios of a ranking are shown.
  static let shownScenarios = 5

  public init(_ explanation: MarginExplanation) { self.explanation = explanation }

  public var all: [ExplanationTable] {
    [standing, charges, shares] + scenarios + joint + [prices] + lines + [greeks] + repairs
      + change + models
  }

  private var risk: AccountRisk { explanation.answer.breakdown.risk }
  private var quote: String { explanation.listing.quote.symbol.description }

  // MARK: The requirement

  var standing: ExplanationTable {
    var table = ExplanationTable(
      "Account \(explanation.answer.account.number) (\(explanation.answer.mode)), \(quote)",
      [("", .left), ("", .right)])
    table.append(["equity", ExplanationText.money(risk.equity)])
    table.append(["initial margin", ExplanationText.money(risk.initialMargin)])
    table.append(["maintenance margin", ExplanationText.money(risk.maintenanceMargin)])
    table.append(["liquidation buffer", ExplanationText.money(risk.liquidationBuffer)])
    let ratio = risk.marginRatio.map {
      NumberText.rounded($0.billionths, decimals: 9, shown: 4)
    }
    table.append(["margin ratio", ratio ?? "none"])
    return table
  }

  var charges: ExplanationTable {
    var table = ExplanationTable(
      "By charge", [("charge", .left), ("initial", .right), ("maintenance", .right)])
    for line in explanation.answer.breakdown.lines {
      table.append([
        explanation.title(of: line.kind), ExplanationText.money(line.initial),
        ExplanationText.money(line.maintenance),
      ])
    }
    return summed(table)
  }

  var shares: ExplanationTable {
    var table = ExplanationTable(
      "By instrument",
      [("holding", .left), ("size", .right), ("initial", .right), ("maintenance", .right)])
    for share in explanation.shares {
      var size = ""
      if case .position(let instrument) = share.origin,
        let position = explanation.positions.first(where: { $0.instrument == instrument })
      {
        size = explanation.quantity(position.size, of: instrument)
      }
      table.append([
        explanation.title(of: share.origin), size, ExplanationText.money(share.initial),
        ExplanationText.money(share.maintenance),
      ])
    }
    return summed(table)
  }

  private func summed(_ table: ExplanationTable) -> ExplanationTable {
    var table = table
    let blanks = Array(repeating: "", count: table.columns.count - 3)
    table.append(
      ["sum"] + blanks + [
        ExplanationText.money(risk.initialMargin), ExplanationText.money(risk.maintenanceMargin),
      ], isMarked: true)
    return table
  }

  // MARK: Scenarios

  var scenarios: [ExplanationTable] {
    explanation.ranking.underlyings.map { ranking in
      var table = ExplanationTable(
        "Worst scenarios of \(ranking.underlying)",
        [("scenario", .left), ("loss", .right), ("to the worst", .right)])
      let worst = ranking.scenarios.first?.loss ?? 0
      for (place, scenario) in ranking.scenarios.prefix(Self.shownScenarios).enumerated() {
        table.append(
          [
            ExplanationText.scenario(
              scenario.scenario, in: explanation.grid(of: ranking.underlying)),
            ExplanationText.money(scenario.loss),
            place == 0 ? "" : ExplanationText.money(scenario.loss - worst),
          ], isMarked: place == 0 && scenario.loss > 0)
      }
      if worst <= 0 { table.note = "No scenario loses; negative losses are profits." }
      return table
    }
  }

  /// Only where several underlyings add up.
  var joint: [ExplanationTable] {
    guard explanation.ranking.underlyings.count > 1 else { return [] }
    var table = ExplanationTable(
      "Worst scenarios of all underlyings, added up", [("scenarios", .left), ("loss", .right)])
    for (place, scenario) in explanation.ranking.joint.enumerated() {
      let parts = scenario.parts.map { part in
        let text = ExplanationText.scenario(
          part.scenario, in: explanation.grid(of: part.underlying))
        return "\(part.underlying): \(text)"
      }
      table.append(
        [parts.joined(separator: "; "), ExplanationText.money(scenario.loss)],
        isMarked: place == 0)
    }
    return [table]
  }

  // MARK: Prices

  var prices: ExplanationTable {
    var table = ExplanationTable(
      "As one price moves",
      [
        ("underlying", .left), ("index", .right), ("liquidated below", .right),
        ("above", .right), ("bankrupt below", .right), ("above", .right),
      ])
    for price in explanation.answer.prices {
      let index = explanation.markets.first { $0.underlying == price.underlying }?.index
      table.append([
        price.underlying.description, index.map(ExplanationText.price) ?? "–",
        ExplanationText.crossing(price.liquidationBelow),
        ExplanationText.crossing(price.liquidationAbove),
        ExplanationText.crossing(price.bankruptcyBelow),
        ExplanationText.crossing(price.bankruptcyAbove),
      ])
    }
    table.note = "The last price at which the account still holds the line, all else equal."
    return table
  }

  /// A table needs fewer volatilities than a picture.
  private static func isShown(_ point: LiquidationLine.Point) -> Bool {
    point.multiple.billionths % 250_000_000 == 0
  }

  var lines: [ExplanationTable] {
    explanation.lines.compactMap { line in
      guard line.points.contains(where: { !$0.crossings.isEmpty || $0.isHealthy != true })
      else { return nil }
      var table = ExplanationTable(
        "Liquidation line of \(line.underlying)",
        [
          ("volatility", .right), ("× now", .right), ("at the present price", .left),
          ("liquidated below", .right), ("above", .right),
        ])
      // An account that volatility does not touch has one line for all.
      let isUpright = line.points.allSatisfy {
        $0.crossings == line.points[0].crossings && $0.isHealthy == line.points[0].isHealthy
      }
      for point in isUpright ? Array(line.points.prefix(1)) : line.points.filter(Self.isShown) {
        let standing =
          switch point.isHealthy {
          case true?: "healthy"
          case false?: "below the line"
          case nil: "no market"
          }
        table.append(
          [
            isUpright ? "any" : ExplanationText.volatility(point.volatility),
            isUpright ? "" : "\(point.multiple)", standing,
            point.below.map { ExplanationText.price($0.healthy) } ?? "–",
            point.above.map { ExplanationText.price($0.healthy) } ?? "–",
          ], isMarked: point.multiple == .one)
      }
      table.note =
        "Between 0.4 and 2 times the index. Below the line, a price is where it is held again."
      return table
    }
  }
}
