// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Liquidation
import Parameters
import Quantities

/// `loss.socialize`: a loss shared among winners pro rata to profits or to equity, or among all who
/// hold a position pro rata to its size; capped.
func answerLossSharing(_ request: inout RequestObject) throws(EvaluationRefusal) -> JSONValue {
  let decimals = Int(try request.integer("decimals", in: 0...8))
  let loss = try request.units("loss", decimals: decimals, in: 1...Amount.limit)
  let cap = try request.rate("cap", in: .zero...Rate.one)
  let rule = try request.choice(
    "rule", SharingRule.allCases.map { ($0.word, $0) }, default: .byProfit)
  let candidates = try request.objects("bearers", atMost: mostAccounts) {
    object throws(EvaluationRefusal) in try object.lossCandidate(rule, decimals)
  }
  let stated = try request.statedShares(decimals)
  try request.end()
  try request.refuseRepeatedAccounts("bearers", candidates.map(\.account))
  let question = LossQuestion(loss: loss, rule: rule, cap: cap)
  let shares = question.share(among: candidates)
  let rate = question.rate(among: candidates)
  let shared = shares.reduce(Int64(0)) { $0 + $1.units }
  return .fields([
    ("shares", .shares(shares, decimals)), ("shared", .decimal(shared, decimals)),
    ("unshared", .decimal(loss - shared, decimals)), ("rate", rate.map(JSONValue.haircut)),
    ("agrees", stated.map { .boolean($0.shares == shares && $0.rate == rate) }),
  ])
}

/// What a venue says of the event: who gave how much, and the rate.
private struct StatedShares {
  /// Sorted by account, without those who gave nothing.
  let shares: [LossShare]
  /// 10^−12.
  let rate: Int64?
}

extension JSONValue {
  /// What each gives toward a loss.
  static func shares(_ shares: [LossShare], _ decimals: Int) -> JSONValue {
    .array(
      shares.map { share in
        .fields([
          ("account", .account(share.account)), ("units", .decimal(share.units, decimals)),
        ])
      })
  }

  /// The part that everybody gives who is not at its cap, of 10^−12.
  static func haircut(_ rate: Int64) -> JSONValue { .decimal(rate, 12) }
}

extension RequestObject {
  /// Who may be asked; what a rule does not ask for is nothing.
  fileprivate mutating func lossCandidate(
    _ rule: SharingRule, _ decimals: Int
  ) throws(EvaluationRefusal) -> LossCandidate {
    // A profit is the sum of two fields, an equity of many.
    let amounts = -Int64.max...Int64.max
    let account = try account()
    switch rule {
    case .byProfit:
      let profit = try units("profit", decimals: decimals, in: amounts)
      let isBounded = states("equity")
      let equity = isBounded ? try units("equity", decimals: decimals, in: amounts) : .max
      _ = optional("equity")
      return LossCandidate(account: account, profit: profit, equity: equity)
    case .byEquity:
      let profit = try units("profit", decimals: decimals, in: amounts)
      let equity = try units("equity", decimals: decimals, in: amounts)
      return LossCandidate(account: account, profit: profit, equity: equity)
    case .bySize:
      let notional = try units("notional", decimals: decimals, in: 0...Amount.limit)
      let equity = try units("equity", decimals: decimals, in: amounts)
      let isBounded = states("room")
      let room = isBounded ? try units("room", decimals: decimals, in: 0...Int64.max) : .max
      _ = optional("room")
      return LossCandidate(account: account, equity: equity, notional: notional, room: room)
    }
  }

  /// What `record` says of the same event; the rest of it is the venue's own.
  fileprivate mutating func statedShares(
    _ decimals: Int
  ) throws(EvaluationRefusal) -> StatedShares? {
    guard var record = try optionalObject("record") else { return nil }
    var rate: Int64?
    if record.states("rate") {
      rate = try record.units("rate", decimals: 12, in: 0...1_000_000_000_000)
    }
    let shares = try record.list("shares", atMost: mostAccounts).enumerated()
      .map { (index, value) throws(EvaluationRefusal) in
        var object = try RequestObject(value, at: "\(record.place("shares"))[\(index)]")
        return LossShare(
          account: try object.account(),
          units: try object.units("units", decimals: decimals, in: 0...Amount.limit))
      }
    try record.refuseRepeatedAccounts("shares", shares.map(\.account))
    return StatedShares(
      shares: shares.filter { $0.units > 0 }.sorted { $0.account < $1.account }, rate: rate)
  }
}

extension SharingRule {
  /// Its name in requests.
  var word: String {
    switch self {
    case .byProfit: "byProfit"
    case .byEquity: "byEquity"
    case .bySize: "bySize"
    }
  }
}
