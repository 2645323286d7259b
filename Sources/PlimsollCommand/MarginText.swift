// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import Quantities
import Reporting
import Simulation

/// A margin answer as text for people.
enum MarginText {
  static func table(_ answer: MarginAnswer, _ listing: Listing) -> String {
    let risk = answer.breakdown.risk
    var head = TextTable([("", .left), ("", .right)])
    head.append(["equity", money(risk.equity)])
    head.append(["initial margin", money(risk.initialMargin)])
    head.append(["maintenance margin", money(risk.maintenanceMargin)])
    head.append(["liquidation buffer", money(risk.liquidationBuffer)])
    head.append(["margin ratio", risk.marginRatio.map(\.description) ?? "none"])
    var lines = TextTable([("charge", .left), ("initial", .right), ("maintenance", .right)])
    for line in answer.breakdown.lines {
      lines.append([
        line.kind.title(in: listing), money(line.initial), money(line.maintenance),
      ])
    }
    lines.append(["sum", money(risk.initialMargin), money(risk.maintenanceMargin)])
    var prices = TextTable([
      ("as it moves", .left), ("liquidated below", .right), ("above", .right),
      ("bankrupt below", .right), ("above", .right),
    ])
    for price in answer.prices {
      prices.append([
        price.underlying.description, text(price.liquidationBelow),
        text(price.liquidationAbove), text(price.bankruptcyBelow), text(price.bankruptcyAbove),
      ])
    }
    return [
      "\(answer.account) (\(answer.mode)), \(listing.quote)", head.text, lines.text, prices.text,
    ].joined(separator: "\n")
  }

  /// Everything there is to say, table by table.
  static func explanation(_ explanation: MarginExplanation) -> String {
    ExplanationTables(explanation).all.map(\.text).joined(separator: "\n")
  }

  /// What was asked for besides the answer: what changed, and models side by side.
  static func further(_ explanation: MarginExplanation) -> [String] {
    let tables = ExplanationTables(explanation)
    return (tables.change + tables.models).map(\.text)
  }

  static func money(_ millionths: Int64) -> String { decimalText(millionths, decimals: 6) }

  /// The last price at which the account still holds the line.
  static func price(_ crossing: LineCrossing) -> String? {
    if case .at(let lastHealthy, _) = crossing { return lastHealthy.description }
    return nil
  }

  private static func text(_ crossing: LineCrossing) -> String {
    switch crossing {
    case .at: price(crossing) ?? ""
    case .alreadyCrossed: "now"
    case .outOfRange: "–"
    }
  }
}
