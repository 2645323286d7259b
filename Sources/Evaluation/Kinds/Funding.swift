// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Clearing
import Instruments
import Parameters
import Quantities

/// `funding.rate`: the rate of one interval for a premium.
func answerFundingRate(
  _ request: inout RequestObject, _ shelf: inout ParameterShelf
) throws(EvaluationRefusal) -> JSONValue {
  let limit = Rate.one
  let premium = try request.rate("premium", in: -limit...limit)
  var stated = try request.object("parameters")
  let parameters = try ClearingParameters(&stated, &shelf)
  try stated.end()
  let crowding = try crowdingRate(&request)
  try request.end()
  let rate = fundingRate(premium: premium, parameters)
  return .fields([
    ("rate", .rate(rate)), ("crowdingRate", crowding.map(JSONValue.rate)),
    ("sum", crowding.map { .rate($0 + rate) }),
  ])
}

/// The rate that the imbalance of a market has built up, where the request states one.
private func crowdingRate(_ request: inout RequestObject) throws(EvaluationRefusal) -> Rate? {
  guard var stated = try request.optionalObject("crowding") else { return nil }
  let limit = Rate.one
  let (least, one) = (Rate(billionths: 1), Rate.one)
  let velocity = try stated.rate("velocity", in: least...one)
  let cap = try stated.rate("cap", in: least...one)
  let largest = try stated.units("largestImbalance", decimals: 8, in: 1...Amount.limit)
  let imbalance = try stated.units("imbalance", decimals: 8, in: -Amount.limit...Amount.limit)
  let last = try stated.rate("rate", in: -limit...limit)
  let seconds = try stated.integer("seconds", in: 0...316_224_000)
  try stated.end()
  guard let rule = VelocityFunding(velocity: velocity, largestImbalance: largest, cap: cap) else {
    throw request.refusal(.outOfDomain, "crowding", "must be positive")
  }
  return rule.rate(after: TimeSpan(seconds: seconds), from: last, imbalance: imbalance)
}

/// `funding.settle`: what each position of a market receives, below zero what it pays.
func answerFundingSettlement(
  _ request: inout RequestObject
) throws(EvaluationRefusal) -> JSONValue {
  let quote = try request.asset(.dollar, decimals: 6)
  var described = try request.object("instrument")
  let instrument = try InstrumentDraft(&described, isNamed: false)
  try described.end()
  guard case .perpetual = instrument.kind else {
    throw EvaluationRefusal(
      .inconsistent, "only perpetuals pay funding", field: "instrument.type")
  }
  let price = try request.price("price")
  let limit = Rate.one
  let rate = try request.rate("rate", in: -limit...limit)
  let holdings = try request.objects("positions", atMost: mostAccounts) {
    object throws(EvaluationRefusal) in (try object.account(), try object.size())
  }
  try request.end()
  try request.refuseRepeatedAccounts("positions", holdings.map(\.0))
  let contract = try instrument.contract(
    id: InstrumentID(0), quote: quote, sizes: holdings.map(\.1), reference: price)
  guard let unitValue = try? contract.unitValue(at: price) else {
    throw EvaluationRefusal(
      .outOfRange, "a step is worth too much at \(price); state a finer `step`", field: "price")
  }
  let unit = unitFunding(notional: unitNotional(unitValue: unitValue), rate: rate)
  let decimals = Int(contract.settlementAsset.decimals)
  var sum: Int128 = 0
  var payments: [JSONValue] = []
  for (index, (account, size)) in holdings.enumerated() {
    let steps = try instrument.steps(size, of: contract, at: "positions[\(index)].size")
    // In 64 bits: |size| < 2^31 and |unit value| ≤ 2^29.
    let payment = -steps.steps * unit
    sum += Int128(payment)
    payments.append(
      .fields([("account", .account(account)), ("payment", .decimal(payment, decimals))]))
  }
  return .fields([
    ("step", .decimal(contract.stepQuantity, 8)), ("perStep", .decimal(unit, decimals)),
    ("payments", .array(payments)), ("sum", .decimal(sum, decimals)),
  ])
}

extension ClearingParameters {
  /// Reads the numbers of the funding rate, those absent from a named set; the rest of the set
  /// plays no part in it.
  fileprivate init(
    _ request: inout RequestObject, _ shelf: inout ParameterShelf
  ) throws(EvaluationRefusal) {
    var set: ParameterSet?
    if request.states("set") {
      set = try shelf.set(named: try request.text("set"), at: request.place("set"))
    }
    _ = request.optional("set")
    var texts = ParameterTexts()
    try texts.add("interest", "clearing.interest", of: &request, in: set)
    try texts.add("deadBand", "clearing.fundingDeadBand", of: &request, in: set)
    try texts.add("cap", "clearing.fundingCap", of: &request, in: set)
    texts.fill { $0.hasPrefix("clearing.") }
    let whole = try shelf.set(of: texts)
    do throws(ParameterError) { try self.init(whole) } catch {
      throw EvaluationRefusal(error, at: request.path)
    }
  }
}
