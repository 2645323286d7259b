// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Margin
import Parameters
import Quantities

/// `collateral.value`: what of an amount of one asset counts in margin.
func answerCollateralValue(_ request: inout RequestObject) throws(EvaluationRefusal) -> JSONValue {
  let units = try request.units("amount", decimals: 8, in: 0...Amount.limit)
  let index = try request.price("index")
  let redemption = try request.states("redemption") ? request.price("redemption") : nil
  if redemption == nil { _ = request.optional("redemption") }
  let price = min(index, redemption ?? index)
  let unit = Rate.zero...Rate.one
  let flat = try request.rate("haircut", in: unit, default: .zero)
  let volatility = try request.number("volatility", default: 0)
  guard (0...100).contains(volatility), let annual = try? Rate(volatility) else {
    throw request.refusal(.outOfBounds, "volatility", "\(volatility) is outside 0 … 100")
  }
  let (liquidity, depth) = try request.collateralLiquidity()
  let terms = CollateralTerms(
    expectedShortfall: try request.rate(
      "expectedShortfall", in: .zero...Rate(billionths: 10_000_000_000), default: .zero),
    bridge: try request.rate("bridge", in: unit, default: .zero), liquidity: liquidity,
    finality: try request.finality(), accountCap: try request.cap("accountCap"))
  let correlation = try request.rate("correlation", in: -Rate.one...Rate.one, default: .zero)
  let share = try request.rate("countedShare", in: unit, default: .one)
  try request.end()
  // 10^−8 of the asset × 10^−8 of the quote currency, to millionths.
  let worth = (Int128(units) * Int128(price.steps)).divided(by: 10_000_000_000, rounding: .down)
  guard worth <= Int128(Amount.limit) else {
    throw EvaluationRefusal(.outOfBounds, "worth more than 2^60 millionths", field: "amount")
  }
  var haircut = CollateralHaircut(
    flat: flat, terms, volatility: annual, depthShare: depth,
    correlation: max(correlation, .zero))
  haircut.countedShare = share
  let value = Int64(worth)
  return .fields([
    ("price", .price(price)), ("worth", .money(value)), ("market", .rate(haircut.market)),
    ("bridge", .rate(haircut.bridge)), ("finality", .rate(haircut.finality)),
    ("liquidity", .rate(haircut.liquidity(of: value))), ("least", .rate(haircut.least)),
    ("charge", .money(haircut.charge(value))), ("counted", .money(haircut.counted(value))),
  ])
}

extension RequestObject {
  fileprivate mutating func collateralLiquidity() throws(EvaluationRefusal) -> (
    CollateralLiquidity, depth: Rate
  ) {
    guard var stated = try optionalObject("liquidity") else { return (.none, .one) }
    let most = Rate(billionths: 10_000_000_000)
    let liquidity = CollateralLiquidity(
      impact: try stated.rate("impact", in: .zero...most, default: .one),
      dailyVolume: try stated.money("dailyVolume", atLeast: 1),
      volumeStress: try stated.rate(
        "stress", in: Rate(billionths: 1_000_000)...Rate.one, default: .one),
      leastVolatility: .zero)
    let depth = try stated.rate("depth", in: .zero...most, default: .one)
    try stated.end()
    return (liquidity, depth)
  }

  fileprivate mutating func finality() throws(EvaluationRefusal) -> FinalityTerms {
    guard var stated = try optionalObject("finality") else { return .none }
    let terms = FinalityTerms(
      factor: try stated.rate(
        "factor", in: .zero...Rate(billionths: 100_000_000_000), default: .zero),
      time: TimeSpan(seconds: try stated.integer("seconds", in: 0...2_592_000)),
      reorganization: try stated.rate("reorganization", in: .zero...Rate.one, default: .zero))
    try stated.end()
    return terms
  }

  fileprivate mutating func cap(_ name: String) throws(EvaluationRefusal) -> Int64? {
    guard states(name) else {
      _ = optional(name)
      return nil
    }
    return try money(name, atLeast: 0)
  }
}
