// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Margin
import MarketData
import Quantities

/// `liquidation.price`: where one index has to go for a portfolio to cross its lines.
func answerLiquidationPrice(
  _ request: inout RequestObject, _ shelf: inout ParameterShelf
) throws(EvaluationRefusal) -> JSONValue {
  let underlying = try request.symbol("underlying")
  let question = try AccountQuestion(&request, &shelf)
  try request.end()
  guard let market = question.draft.market[underlying] else {
    throw EvaluationRefusal(
      .unpriced, "\(underlying) is not among `market.underlyings`", field: "underlying")
  }
  do throws(MarginError) {
    let risk = try question.engine.risk(of: question.portfolio)
    var solver = try LiquidationPriceSolver(question.engine, question.portfolio)
    func crossings(_ line: EquityLine) throws(MarginError) -> JSONValue {
      .fields([
        ("below", try solver.crossing(below: line, asFalls: underlying).answer),
        ("above", try solver.crossing(below: line, asRises: underlying).answer),
      ])
    }
    return .fields([
      ("underlying", .string(underlying.description)), ("index", .price(market.index)),
      ("equity", .money(risk.equity)), ("maintenanceMargin", .money(risk.maintenanceMargin)),
      ("liquidation", try crossings(.maintenanceMargin)),
      ("bankruptcy", try crossings(.bankruptcy)),
    ])
  } catch { throw EvaluationRefusal(error) }
}

extension LineCrossing {
  fileprivate var answer: JSONValue {
    switch self {
    case .at(let lastHealthy, let firstUnhealthy):
      .fields([
        ("crossing", .string("at")), ("price", .price(firstUnhealthy)),
        ("lastHealthy", .price(lastHealthy)),
      ])
    case .alreadyCrossed: .fields([("crossing", .string("alreadyCrossed"))])
    case .outOfRange: .fields([("crossing", .string("outOfRange"))])
    }
  }
}
