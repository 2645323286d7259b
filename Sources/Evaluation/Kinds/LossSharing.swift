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
    "rule", [("byProfit", SharingRule.byProfit), ("byEquity", .byEquity), ("bySize", .bySize)],
    default: .byProfit)
  let bearers = try request.objects("bearers", atMost: mostAccounts) {
    object throws(EvaluationRefusal) in try readBearer(&object, rule, decimals)
  }
  try request.end()
  try request.refuseRepeatedAccounts("bearers", bearers.map(\.account))
  return sharesAnswer(share(loss, among: bearers, rule, cap), of: loss, decimals)
}

/// Who may be asked; what a rule does not ask for is nothing.
private struct StatedBearer {
  let account: AccountID
  /// Ledger units, any sign.
  var profit: Int64 = 0
  var equity: Int64 = 0
  /// Ledger units, at least nothing.
  var notional: Int64 = 0
}

private func readBearer(
  _ object: inout RequestObject, _ rule: SharingRule, _ decimals: Int
) throws(EvaluationRefusal) -> StatedBearer {
  let amounts = -Amount.limit...Amount.limit
  var bearer = StatedBearer(account: try object.account())
  switch rule {
  case .byProfit:
    bearer.profit = try object.units("profit", decimals: decimals, in: amounts)
  case .byEquity:
    bearer.profit = try object.units("profit", decimals: decimals, in: amounts)
    bearer.equity = try object.units("equity", decimals: decimals, in: amounts)
  case .bySize:
    bearer.notional = try object.units("notional", decimals: decimals, in: 0...Amount.limit)
    bearer.equity = try object.units("equity", decimals: decimals, in: amounts)
  }
  return bearer
}

private func share(
  _ loss: Int64, among bearers: [StatedBearer], _ rule: SharingRule, _ cap: Rate
) -> [LossShare] {
  switch rule {
  case .byProfit:
    let winners = bearers.map { LossBearer(account: $0.account, profit: $0.profit) }
    return shareLoss(loss, among: winners, cap: cap)
  case .byEquity:
    let winners = bearers.map {
      HaircutBearer(
        account: $0.account, equity: $0.equity,
        profit: cap.share(of: max($0.profit, 0), rounding: .down))
    }
    return shareCappedProRata(loss, among: winners)
  case .bySize:
    let holders = bearers.map {
      HaircutBearer(
        account: $0.account, weight: $0.notional,
        cap: cap.share(of: max($0.equity, 0), rounding: .down))
    }
    return shareCappedProRata(loss, among: holders)
  }
}

private func sharesAnswer(_ shares: [LossShare], of loss: Int64, _ decimals: Int) -> JSONValue {
  let shared = shares.reduce(Int64(0)) { $0 + $1.units }
  return .fields([
    (
      "shares",
      .array(
        shares.map { share in
          .fields([
            ("account", .account(share.account)), ("units", .decimal(share.units, decimals)),
          ])
        })
    ),
    ("shared", .decimal(shared, decimals)), ("unshared", .decimal(loss - shared, decimals)),
  ])
}
