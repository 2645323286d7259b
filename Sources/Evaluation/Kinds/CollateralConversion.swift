// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Liquidation
import Quantities

/// The most balances one request may state.
private let mostBalances = 64

/// `collateral.convert`: which portion of which collateral goes before positions are reduced.
///
/// Balances come in the venue's order and are counted in millionths of their worth.
func answerCollateralConversion(
  _ request: inout RequestObject
) throws(EvaluationRefusal) -> JSONValue {
  let before = Standing(
    equity: try request.money("equity"), target: try request.money("target", atLeast: 0))
  let balances = try request.objects("collateral", atMost: mostBalances) {
    object throws(EvaluationRefusal) in try StatedBalance(&object)
  }
  let least = request.states("leastWorth") ? try request.money("leastWorth", atLeast: 0) : 0
  _ = request.optional("leastWorth")
  var rival: MarginOffer?
  if var stated = try request.optionalObject("position") {
    rival = MarginOffer(
      freed: try stated.money("freed", atLeast: 1), cost: try stated.money("cost", atLeast: 0))
    try stated.end()
  }
  try request.end()
  let order = balances.enumerated().map { place, balance in
    ConvertibleBalance(asset: place, most: balance.worth, least: least)
  }
  let chosen = chooseCollateral(inOrder: order, before: before, against: rival) { place, worth in
    balances[place].outcome(ofSelling: worth, before)
  }
  guard let chosen else {
    return .fields([("first", .string(rival == nil ? "none" : "position"))])
  }
  return .fields([
    ("first", .string("collateral")),
    ("asset", .string(balances[chosen.asset].symbol.description)),
    ("worth", .money(chosen.units)), ("freed", .money(chosen.freed)),
    ("cost", .money(chosen.cost)), ("equityAfter", .money(chosen.standing.equity)),
    ("targetAfter", .money(chosen.standing.target)),
    ("isRestored", .boolean(chosen.standing.isRestored)),
  ])
}

/// One asset's worth, what of it is not counted, and what selling it costs.
private struct StatedBalance {
  let symbol: AssetSymbol
  /// Millionths of the quote currency.
  let worth: Int64
  let haircut: Rate
  let cost: Rate
  /// The part of all of it that impact takes when all of it is sold.
  let impact: Rate

  init(_ object: inout RequestObject) throws(EvaluationRefusal) {
    symbol = try object.symbol("asset")
    worth = try object.money("worth", atLeast: 0)
    haircut = try object.rate("haircut", in: .zero...Rate.one)
    cost = try object.rate("cost", in: .zero...Rate.one, default: .zero)
    impact = try object.rate("impact", in: .zero...Rate.one, default: .zero)
  }

  /// The haircut is charged on what is left, rounded up; spread and impact on what is sold, the
  /// latter with the power 3/2 of its part.
  func outcome(ofSelling sold: Int64, _ before: Standing) -> TradeOutcome {
    let freed =
      haircut.share(of: worth, rounding: .up) - haircut.share(of: worth - sold, rounding: .up)
    var lost = cost.share(of: sold, rounding: .up)
    if impact > .zero, worth > 0 {
      let part = Double(sold) / Double(worth)
      lost += Int64((impact.value * part.squareRoot() * Double(sold)).rounded(.up))
    }
    return TradeOutcome(
      standing: Standing(equity: before.equity - lost, target: before.target - freed), cost: lost)
  }
}
