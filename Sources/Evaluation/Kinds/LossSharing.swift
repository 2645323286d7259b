// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Liquidation
import Quantities

/// `loss.socialize`: a loss shared among winners, pro rata and capped.
func answerLossSharing(_ request: inout RequestObject) throws(EvaluationRefusal) -> JSONValue {
  let decimals = Int(try request.integer("decimals", in: 0...8))
  let loss = try request.units("loss", decimals: decimals, in: 1...Amount.limit)
  let cap = try request.rate("cap", in: .zero...Rate.one)
  let bearers = try request.objects("bearers", atMost: mostAccounts) {
    object throws(EvaluationRefusal) in
    LossBearer(
      account: try object.account(),
      profit: try object.units(
        "profit", decimals: decimals, in: -Amount.limit...Amount.limit))
  }
  try request.end()
  try request.refuseRepeatedAccounts("bearers", bearers.map(\.account))
  let shares = shareLoss(loss, among: bearers, cap: cap)
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
