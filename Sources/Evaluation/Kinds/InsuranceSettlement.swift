// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Liquidation
import Quantities

/// `insurance.settle`: what an insurance fund pays for a sequence of shortfalls under its caps,
/// how large it should be, and what a fund below that asks of the venue.
func answerInsuranceSettlement(
  _ request: inout RequestObject
) throws(EvaluationRefusal) -> JSONValue {
  var fund = FundRun(balance: try request.money("balance", atLeast: 0))
  if request.states("peak") { fund.peak = try request.money("peak", atLeast: fund.balance) }
  _ = request.optional("peak")
  let share = Rate.zero...Rate.one
  let allowance = FundAllowance(
    eventCap: try request.rate("eventCap", in: share, default: .one),
    windowCap: try request.rate("windowCap", in: share, default: .one),
    window: TimeSpan(
      seconds: request.states("windowSeconds")
        ? try request.integer("windowSeconds", in: 1...316_224_000) : 86_400))
  _ = request.optional("windowSeconds")
  let entries = try request.objects("events", atMost: mostAccounts) {
    object throws(EvaluationRefusal) in try fund.settle(&object, allowance)
  }
  let target = try fundTarget(&request)
  let largestRise = try request.rate("largestRise", in: share, default: .zero)
  try request.end()
  let tightening = target.map {
    FundTightening(balance: fund.balance, target: $0.target, largestRise: largestRise)
  }
  return .fields([
    ("events", .array(entries)), ("balance", .money(fund.balance)), ("peak", .money(fund.peak)),
    ("unpaid", .decimal(fund.unpaid, 6)), ("alarm", .integer(fund.alarm.rawValue)),
    (
      "target",
      target.map { target in
        .fields([
          ("coverTwo", .money(target.coverTwo)),
          ("expectedShortfall", .money(target.expectedShortfall)),
          ("target", .money(target.target)),
        ])
      }
    ),
    ("feeRise", tightening.map { .rate($0.feeRise) }),
    ("lowersLeverage", tightening.map { .boolean($0.lowersLeverage) }),
  ])
}

/// A fund while its events are settled; millionths of the quote currency.
private struct FundRun {
  var balance: Int64
  var peak: Int64
  var unpaid: Int128 = 0
  private var window: FundAllowance.Window?
  private var last: Timestamp?

  init(balance: Int64) {
    self.balance = balance
    peak = balance
  }

  var alarm: FundAlarm { FundAlarm(balance: balance, peak: peak) }

  /// Books one event: a shortfall that wants money, or money paid in.
  mutating func settle(
    _ event: inout RequestObject, _ allowance: FundAllowance
  ) throws(EvaluationRefusal) -> JSONValue {
    let now = try event.time("at")
    guard now >= last ?? now else {
      throw event.refusal(.inconsistent, "at", "before the event ahead of it")
    }
    last = now
    var paid: Int64?
    if event.states("shortfall") {
      let wanted = try event.money("shortfall", atLeast: 0)
      let drawn = allowance.draw(wanted: wanted, balance: balance, at: now, window)
      window = drawn.window
      balance -= drawn.units
      unpaid += Int128(wanted - drawn.units)
      paid = drawn.units
    }
    _ = event.optional("shortfall")
    if event.states("paidIn") {
      let money = try event.money("paidIn", atLeast: 0)
      guard money <= Amount.limit - balance else {
        throw event.refusal(.outOfBounds, "paidIn", "the fund would leave its limits")
      }
      balance += money
      peak = max(peak, balance)
    }
    _ = event.optional("paidIn")
    return .fields([
      ("paid", paid.map(JSONValue.money)), ("balance", .money(balance)),
      ("alarm", .integer(alarm.rawValue)),
    ])
  }
}

private func fundTarget(
  _ request: inout RequestObject
) throws(EvaluationRefusal) -> FundTarget? {
  guard var stated = try request.optionalObject("target") else { return nil }
  var shortfalls: [[Int64]] = []
  for (index, row) in try stated.list("shortfalls", atMost: 1_000, isOptional: true).enumerated() {
    guard case .array(let values) = row else {
      throw stated.refusal(.wrongType, "shortfalls[\(index)]", "expected a list in brackets")
    }
    shortfalls.append(try stated.moneys(values, "shortfalls[\(index)]"))
  }
  let days = try stated.list("simulated", atMost: 50_000, isOptional: true)
  let simulated = try stated.moneys(days, "simulated")
  let addition = try stated.rate("addition", in: .zero...Rate.one, default: .zero)
  try stated.end()
  return FundTarget(shortfalls: shortfalls, simulated: simulated, addition: addition)
}

extension RequestObject {
  /// A list of amounts of money.
  fileprivate func moneys(
    _ values: [JSONValue], _ name: String
  ) throws(EvaluationRefusal) -> [Int64] {
    guard values.count <= 50_000 else { throw refusal(.tooMany, name, "at most 50000") }
    var moneys: [Int64] = []
    moneys.reserveCapacity(values.count)
    for (index, value) in values.enumerated() {
      guard case .string(let text) = value, let units = try? unitsFromDecimal(text, decimals: 6),
        units.magnitude <= Amount.limit.magnitude
      else {
        throw refusal(
          .malformedField, "\(name)[\(index)]",
          "expected a decimal number in quotation marks, of at most six decimals")
      }
      moneys.append(units)
    }
    return moneys
  }
}
