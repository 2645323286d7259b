// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Liquidation
import Quantities

/// `deleveraging.allocate`: whose opposite positions are closed, and how much of each.
func answerDeleveraging(_ request: inout RequestObject) throws(EvaluationRefusal) -> JSONValue {
  let size = try request.units("size", decimals: 8, in: 1...Amount.limit)
  let candidates = try request.objects("candidates", atMost: mostAccounts) {
    object throws(EvaluationRefusal) in
    DeleveragingCandidate(
      account: try object.account(),
      size: Size(steps: try object.units("size", decimals: 8, in: 1...Amount.limit)),
      profit: try object.money("profit"), notional: try object.money("notional", atLeast: 1),
      equity: try object.money("equity"))
  }
  try request.end()
  try request.refuseRepeatedAccounts("candidates", candidates.map(\.account))
  let cuts = allocateDeleveraging(of: Size(steps: size), among: candidates)
  let ranks = Dictionary(uniqueKeysWithValues: candidates.map { ($0.account, $0.rank) })
  var rest = size
  var answers: [JSONValue] = []
  for cut in cuts {
    rest -= cut.size.steps
    answers.append(
      .fields([
        ("account", .account(cut.account)), ("size", .decimal(cut.size.steps, 8)),
        ("rank", .decimal(ranks[cut.account] ?? 0, 12)),
      ]))
  }
  return .fields([("cuts", .array(answers)), ("unallocated", .decimal(rest, 8))])
}

/// The most accounts one line may name.
let mostAccounts = 20_000

extension RequestObject {
  func refuseRepeatedAccounts(
    _ list: String, _ accounts: [AccountID]
  ) throws(EvaluationRefusal) {
    let sorted = accounts.sorted()
    for (one, next) in zip(sorted, sorted.dropFirst()) where one == next {
      throw refusal(.inconsistent, list, "\(one) stands twice")
    }
  }
}
