// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Liquidation
import Quantities

/// `loss.socialize`: a loss shared among winners, capped, pro rata to profits or to equity.
func answerLossSharing(_ request: inout RequestObject) throws(EvaluationRefusal) -> JSONValue {
  let decimals = Int(try request.integer("decimals", in: 0...8))
  let loss = try request.units("loss", decimals: decimals, in: 1...Amount.limit)
  let cap = try request.rate("cap", in: .zero...Rate.one)
  let isByEquity = try request.choice(
    "rule", [("byProfit", false), ("byEquity", true)], default: false)
  let amounts = -Amount.limit...Amount.limit
  let bearers = try request.objects("bearers", atMost: mostAccounts) {
    object throws(EvaluationRefusal) in
    let bearer = LossBearer(
      account: try object.account(),
      profit: try object.units("profit", decimals: decimals, in: amounts))
    let equity = isByEquity ? try object.units("equity", decimals: decimals, in: amounts) : 0
    return (bearer: bearer, equity: equity)
  }
  try request.end()
  try request.refuseRepeatedAccounts("bearers", bearers.map(\.bearer.account))
  let shares =
    isByEquity
    ? shareCappedProRata(
      loss,
      among: bearers.map { bearer, equity in
        HaircutBearer(
          account: bearer.account, equity: equity,
          profit: cap.share(of: max(bearer.profit, 0), rounding: .down))
      }) : shareLoss(loss, among: bearers.map(\.bearer), cap: cap)
  return sharesAnswer(shares, of: loss, decimals)
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
