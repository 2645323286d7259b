// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Pricing

/// `option.price`: Black-76 on a forward, undiscounted, in quote units or in coin.
func answerOptionPrice(_ request: inout RequestObject) throws(EvaluationRefusal) -> JSONValue {
  try request.choice("model", [("black76", ())])
  let forward = try request.number("forward")
  let strike = try request.number("strike")
  let volatility = try request.number("volatility")
  let years = try request.number("years")
  let right = try request.optionRight()
  let payoff = try request.choice(
    "payoff", [("linear", Settlement.linear), ("inverse", .inverse)], default: .linear)
  let wantsGreeks = try request.flag("greeks", default: false)
  try request.end()
  do throws(PricingError) {
    let value: OptionValue
    var netDelta: Double?
    switch payoff {
    case .linear:
      value = try Black76.value(
        forward: forward, strike: strike, volatility: volatility, yearsToExpiry: years,
        right: right)
    case .inverse:
      value = try Black76.coinValue(
        forward: forward, strike: strike, volatility: volatility, yearsToExpiry: years,
        right: right)
      netDelta = try Black76.netCoinDelta(
        forward: forward, strike: strike, totalVariance: (volatility * volatility) * years,
        right: right)
    }
    return .fields([
      ("price", .number(value.price)),
      ("greeks", wantsGreeks ? value.greeks.answer(netDelta: netDelta) : nil),
    ])
  } catch {
    throw EvaluationRefusal(error)
  }
}

extension OptionGreeks {
  fileprivate func answer(netDelta: Double?) -> JSONValue {
    .fields([
      ("delta", .number(delta)), ("gamma", .number(gamma)), ("vega", .number(vega)),
      ("theta", .number(theta)), ("vanna", .number(vanna)), ("volga", .number(volga)),
      ("netDelta", netDelta.map(JSONValue.number)),
    ])
  }
}

extension EvaluationRefusal {
  fileprivate init(_ error: PricingError) {
    switch error {
    case .outOfDomain(let field, _):
      // A total variance can only leave the domain through the volatility.
      let name =
        switch field {
        case .totalVariance: "volatility"
        case .yearsToExpiry: "years"
        default: field.rawValue
        }
      self.init(.outOfDomain, error.description, field: name)
    case .unresolved: self.init(.outOfDomain, error.description)
    }
  }
}
