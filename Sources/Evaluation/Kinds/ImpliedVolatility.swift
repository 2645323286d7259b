// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Pricing

/// `option.impliedVolatility`: the volatility at which Black-76 gives a price.
func answerImpliedVolatility(
  _ request: inout RequestObject
) throws(EvaluationRefusal) -> JSONValue {
  let price = try request.number("price")
  let forward = try request.number("forward")
  let strike = try request.number("strike")
  let years = try request.number("years")
  let right = try request.optionRight()
  let payoff = try request.payoff()
  try request.end()
  do throws(ImpliedVolatilityRefusal) {
    let quoted = payoff == .inverse ? price * forward : price
    let volatility = try ImpliedVolatility.volatility(
      price: quoted, forward: forward, strike: strike, yearsToExpiry: years, right: right)
    let deviation = try ImpliedVolatility.totalDeviation(
      price: quoted, forward: forward, strike: strike, right: right)
    return .fields([
      ("volatility", .number(volatility)), ("totalDeviation", .number(deviation)),
    ])
  } catch {
    throw EvaluationRefusal(error)
  }
}
