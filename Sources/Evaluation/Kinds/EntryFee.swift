// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Clearing
import Quantities

/// `entryFee`: what a trade pays for the imbalance it adds, or gets back for what it takes away.
func answerEntryFee(_ request: inout RequestObject) throws(EvaluationRefusal) -> JSONValue {
  switch try request.choice("rule", [("potential", true), ("skewedPrice", false)]) {
  case true: try potentialAnswer(&request)
  case false: try skewAnswer(&request)
  }
}

private func potentialAnswer(
  _ request: inout RequestObject
) throws(EvaluationRefusal) -> JSONValue {
  let exponent = try request.number("exponent")
  guard (1...3).contains(exponent) else {
    throw request.refusal(.outOfBounds, "exponent", "\(exponent) is outside 1 … 3")
  }
  let scale = try request.potentialScale(exponent: exponent)
  let rebate = try request.rate("rebateShare", in: .zero...Rate.one, default: .one)
  let pot = request.states("pot") ? try request.money("pot", atLeast: 0) : 0
  _ = request.optional("pot")
  let (before, after) = (try request.money("before"), try request.money("after"))
  try request.end()
  guard
    let potential = EntryFeePotential(scale: scale, exponent: exponent, rebateShare: rebate)
  else {
    throw EvaluationRefusal(
      .outOfDomain, "the potential must be positive and finite up to the largest imbalance",
      field: "exponent")
  }
  return .fields([
    ("scale", .number(scale)), ("potentialBefore", .money(potential.potential(of: before))),
    ("potentialAfter", .money(potential.potential(of: after))),
    ("fee", .money(potential.fee(from: before, to: after, pot: pot))),
  ])
}

private func skewAnswer(_ request: inout RequestObject) throws(EvaluationRefusal) -> JSONValue {
  let index = try request.price("index")
  let skews = -Amount.limit...Amount.limit
  let before = try request.units("before", decimals: 8, in: skews)
  let after = try request.units("after", decimals: 8, in: skews)
  let scale = try request.units("skewScale", decimals: 8, in: 1...Amount.limit)
  try request.end()
  guard let price = skewedPrice(index, before: before, after: after, scale: scale) else {
    throw EvaluationRefusal(
      .outOfRange, "a price below zero, or beyond what a price can be", field: "after")
  }
  return .fields([("price", .price(price))])
}

extension RequestObject {
  /// `scale`, or the scale at which reaching the imbalance `reference` costs `cost`.
  fileprivate mutating func potentialScale(
    exponent: Double
  ) throws(EvaluationRefusal) -> Double {
    guard var measured = try optionalObject("calibration") else {
      let scale = try number("scale")
      guard scale > 0 else { throw refusal(.outOfBounds, "scale", "must be positive") }
      return scale
    }
    guard !states("scale") else {
      throw refusal(.inconsistent, "scale", "state either `scale` or `calibration`")
    }
    _ = optional("scale")
    let reference = try measured.money("reference", atLeast: 1)
    let cost = try measured.money("cost", atLeast: 1)
    try measured.end()
    return EntryFeePotential.scale(cost: cost, at: reference, exponent: exponent)
  }
}
