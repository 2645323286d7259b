// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import Quantities
import Reporting
import Simulation

/// A margin answer as text for people or JSON for machines.
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

  static func json(_ answer: MarginAnswer, _ listing: Listing) throws -> String {
    try encoded(MarginRecord(answer, listing))
  }

  fileprivate static func money(_ millionths: Int64) -> String {
    decimalText(millionths, decimals: 6)
  }

  /// The last price at which the account still holds the line.
  fileprivate static func price(_ crossing: LineCrossing) -> String? {
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

/// The JSON shape; money in decimals of the quote currency, as strings.
private struct MarginRecord: Encodable {
  let account: UInt32
  let mode: String
  let equity: String
  let initialMargin: String
  let maintenanceMargin: String
  let liquidationBuffer: String
  let marginRatio: String?
  let charges: [Charge]
  let prices: [Prices]

  struct Charge: Encodable {
    let charge: String
    let initial: String
    let maintenance: String
  }

  struct Prices: Encodable {
    let underlying: String
    let liquidationBelow: String?
    let liquidationAbove: String?
    let bankruptcyBelow: String?
    let bankruptcyAbove: String?
  }

  init(_ answer: MarginAnswer, _ listing: Listing) {
    let risk = answer.breakdown.risk
    account = answer.account.number
    mode = "\(answer.mode)"
    equity = MarginText.money(risk.equity)
    initialMargin = MarginText.money(risk.initialMargin)
    maintenanceMargin = MarginText.money(risk.maintenanceMargin)
    liquidationBuffer = MarginText.money(risk.liquidationBuffer)
    marginRatio = risk.marginRatio?.description
    charges = answer.breakdown.lines.map { line in
      Charge(
        charge: line.kind.title(in: listing), initial: MarginText.money(line.initial),
        maintenance: MarginText.money(line.maintenance))
    }
    prices = answer.prices.map { price in
      Prices(
        underlying: price.underlying.description,
        liquidationBelow: MarginText.price(price.liquidationBelow),
        liquidationAbove: MarginText.price(price.liquidationAbove),
        bankruptcyBelow: MarginText.price(price.bankruptcyBelow),
        bankruptcyAbove: MarginText.price(price.bankruptcyAbove))
    }
  }
}
