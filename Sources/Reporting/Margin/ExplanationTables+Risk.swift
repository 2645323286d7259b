// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import Quantities
import Simulation

// Greeks, repairs and changes.
extension ExplanationTables {
  var greeks: ExplanationTable {
    var table = ExplanationTable(
      "Greeks by underlying, expiry and delta",
      [
        ("underlying", .left), ("expiry", .left), ("call delta", .left), ("delta", .right),
        ("gamma", .right), ("vega", .right), ("theta", .right), ("vanna", .right),
        ("volga", .right),
      ])
    for underlying in explanation.ladder.underlyings {
      let spot = explanation.markets.first { $0.underlying == underlying.underlying }
      let index = spot?.index.value ?? 0
      let rows = explanation.ladder.rows.filter { $0.underlying == underlying.underlying }
      for sum in explanation.ladder.expiries where sum.underlying == underlying.underlying {
        let buckets = rows.filter { $0.expiry == sum.expiry }
        let head = [sum.underlying.description, sum.expiry.map(\.dateText) ?? "none"]
        for row in buckets {
          table.append(
            head + [ExplanationText.bucket(row.bucket)] + Self.figures(row.greeks, index: index))
        }
        guard buckets.count > 1 else { continue }
        table.append(head + ["sum"] + Self.figures(sum.greeks, index: index))
      }
      guard rows.count > 1 else { continue }
      table.append(
        [underlying.underlying.description, "all", "sum"]
          + Self.figures(underlying.greeks, index: index), isMarked: true)
    }
    let quote = explanation.listing.quote.symbol
    table.note =
      "Delta in coins; gamma in coins per 1 % of price; vega in \(quote) and vanna in coins per "
      + "volatility point; theta in \(quote) per day; volga in \(quote) per point squared."
    return table
  }

  /// In the units of the note.
  private static func figures(_ greeks: EquityGreeks, index: Double) -> [String] {
    [
      NumberText.fixed(greeks.delta, decimals: 4),
      NumberText.fixed(greeks.gamma * index / 100, decimals: 4),
      NumberText.fixed(greeks.vega / 100, decimals: 2),
      NumberText.fixed(greeks.theta / 365, decimals: 2),
      NumberText.fixed(greeks.vanna / 100, decimals: 4),
      NumberText.fixed(greeks.volga / 10_000, decimals: 3),
    ]
  }

  /// How many trades of a repair are shown.
  private static let shownTrades = 5

  var repairs: [ExplanationTable] {
    explanation.repairs.map { repair in
      let target = ExplanationText.target(repair.target)
      guard repair.shortfall > 0 else {
        var table = ExplanationTable(
          "To reach \(target)", [("", .left)])
        table.append(["nothing is needed"])
        return table
      }
      var table = ExplanationTable(
        "To reach \(target): \(ExplanationText.money(repair.shortfall)) is missing",
        [
          ("trade", .left), ("size", .right), ("price", .right), ("cost", .right),
          ("equity then", .right), ("needed then", .right),
        ])
      for (place, trade) in repair.trades.prefix(Self.shownTrades).enumerated() {
        let verb = trade.size > .zero ? "buy" : "sell"
        let purpose = trade.purpose == .reduction ? "" : ", a hedge"
        table.append(
          [
            "\(verb) \(explanation.name(of: trade.instrument))\(purpose)",
            explanation.quantity(trade.size.magnitude, of: trade.instrument),
            ExplanationText.price(trade.fill.price), ExplanationText.money(trade.cost),
            ExplanationText.money(trade.after.equity),
            ExplanationText.money(repair.target.line(of: trade.after)),
          ], isMarked: place == 0)
      }
      table.note =
        repair.trades.isEmpty
        ? "No single trade is enough; a deposit of what is missing is."
        : "Each trade is enough alone, and a step less is not; cost is spread, impact and fee."
      return table
    }
  }

  /// Only where there is an earlier moment.
  public var change: [ExplanationTable] {
    guard let change = explanation.change else { return [] }
    var table = ExplanationTable(
      "What changed and why",
      [("cause", .left), ("equity", .right), ("initial", .right), ("maintenance", .right)])
    table.append(
      ["before"] + Self.line(change.before, ExplanationText.money))
    for part in change.parts {
      table.append(
        [ExplanationText.cause(part.cause)]
          + [part.equity, part.initialMargin, part.maintenanceMargin].map(ExplanationText.change))
    }
    table.append(["now"] + Self.line(change.after, ExplanationText.money), isMarked: true)
    table.note = "One cause after the other, in this order; the parts add up exactly."
    return [table]
  }

  private static func line(_ risk: AccountRisk, _ text: (Int64) -> String) -> [String] {
    [risk.equity, risk.initialMargin, risk.maintenanceMargin].map(text)
  }
}

extension Timestamp {
  /// The day alone, such as `2020-03-27`.
  fileprivate var dateText: String { CivilDate.split(self).date.description }
}
