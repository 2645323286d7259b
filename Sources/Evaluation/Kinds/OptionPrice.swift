// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Pricing

/// `option.price`: a European option under a model, in quote units or in coin.
func answerOptionPrice(_ request: inout RequestObject) throws(EvaluationRefusal) -> JSONValue {
  let model = try request.choice("model", OptionModelName.allCases.map { ($0.rawValue, $0) })
  switch model {
  case .black76: return try answerBlack76(&request)
  case .blackScholes: return try answerBlackScholes(&request)
  case .merton:
    let merton = try request.merton()
    return try answer(merton, &request)
  case .heston:
    let heston = try request.heston()
    return try answer(heston, &request)
  case .bates:
    let bates = try request.bates()
    return try answer(bates, &request)
  case .svcj:
    let svcj = try request.svcj()
    return try answer(svcj, &request)
  }
}

/// The models that a request may name.
private enum OptionModelName: String, CaseIterable {
  case black76
  case blackScholes
  case merton
  case heston
  case bates
  case svcj
}

/// The option that a request asks about, whatever the model.
private struct OptionQuestion {
  let forward: Double
  let strike: Double
  let years: Double
  let right: OptionRight
  let payoff: Settlement
  let wantsGreeks: Bool

  init(_ request: inout RequestObject) throws(EvaluationRefusal) {
    forward = try request.number("forward")
    strike = try request.number("strike")
    years = try request.number("years")
    right = try request.optionRight()
    payoff = try request.payoff()
    wantsGreeks = try request.flag("greeks", default: false)
  }
}

private func answerBlack76(
  _ request: inout RequestObject
) throws(EvaluationRefusal) -> JSONValue {
  let volatility = try request.number("volatility")
  let option = try OptionQuestion(&request)
  try request.end()
  do throws(PricingError) {
    let value: OptionValue
    var netDelta: Double?
    switch option.payoff {
    case .linear:
      value = try Black76.value(
        forward: option.forward, strike: option.strike, volatility: volatility,
        yearsToExpiry: option.years, right: option.right)
    case .inverse:
      value = try Black76.coinValue(
        forward: option.forward, strike: option.strike, volatility: volatility,
        yearsToExpiry: option.years, right: option.right)
      netDelta = try Black76.netCoinDelta(
        forward: option.forward, strike: option.strike,
        totalVariance: (volatility * volatility) * option.years, right: option.right)
    }
    return .fields([
      ("price", .number(value.price)),
      ("greeks", option.wantsGreeks ? value.greeks.answer([("netDelta", netDelta)]) : nil),
    ])
  } catch {
    throw EvaluationRefusal(error)
  }
}

private func answerBlackScholes(
  _ request: inout RequestObject
) throws(EvaluationRefusal) -> JSONValue {
  let (spot, strike) = (try request.number("spot"), try request.number("strike"))
  let rate = try request.number("rate", default: 0)
  let yield = try request.number("yield", default: 0)
  let volatility = try request.number("volatility")
  let years = try request.number("years")
  let right = try request.optionRight()
  let wantsGreeks = try request.flag("greeks", default: false)
  try request.end()
  do throws(PricingError) {
    let terms = try BlackScholes(spot: spot, rate: rate, yield: yield)
    let value = try terms.value(
      strike: strike, volatility: volatility, yearsToExpiry: years, right: right)
    let rates: [(String, Double?)] = [("rho", value.rho), ("yieldRho", value.yieldRho)]
    return .fields([
      ("price", .number(value.price)),
      ("forward", .number(try terms.forward(yearsToExpiry: years))),
      ("greeks", wantsGreeks ? value.greeks.answer(rates) : nil),
    ])
  } catch {
    throw EvaluationRefusal(error)
  }
}

private func answer(
  _ model: some CharacteristicModel, _ request: inout RequestObject
) throws(EvaluationRefusal) -> JSONValue {
  let option = try OptionQuestion(&request)
  try request.end()
  do throws(PricingError) {
    guard option.wantsGreeks else {
      let slice = try FourierSlice(model: model, yearsToExpiry: option.years)
      let price = try slice.price(
        forward: option.forward, strike: option.strike, right: option.right)
      return .fields([
        ("price", .number(option.payoff == .inverse ? price / option.forward : price))
      ])
    }
    let greeks = try FourierGreeks(model: model, yearsToExpiry: option.years)
    let value =
      option.payoff == .inverse
      ? try greeks.coinValue(forward: option.forward, strike: option.strike, right: option.right)
      : try greeks.value(forward: option.forward, strike: option.strike, right: option.right)
    let netDelta = option.payoff == .inverse ? value.netCoinDelta : nil
    return .fields([
      ("price", .number(value.price)),
      ("greeks", value.greeks.answer([("netDelta", netDelta)])),
      (
        "sensitivities",
        .fields(
          ModelParameter.allCases.map { parameter in
            (parameter.field.rawValue, value.sensitivities[parameter].map(JSONValue.number))
          })
      ),
    ])
  } catch {
    throw EvaluationRefusal(error)
  }
}

extension OptionGreeks {
  fileprivate func answer(_ others: [(String, Double?)]) -> JSONValue {
    .fields(
      [
        ("delta", .number(delta)), ("gamma", .number(gamma)), ("vega", .number(vega)),
        ("theta", .number(theta)), ("vanna", .number(vanna)), ("volga", .number(volga)),
      ] + others.map { ($0, $1.map(JSONValue.number)) })
  }
}
