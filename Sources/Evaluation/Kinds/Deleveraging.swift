// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Liquidation
import Quantities

/// `deleveraging.allocate`: whose opposite positions are closed, and how much of each.
func answerDeleveraging(_ request: inout RequestObject) throws(EvaluationRefusal) -> JSONValue {
  let size = try request.units("size", decimals: 8, in: 1...Amount.limit)
  let rule = try request.deleveragingRule()
  let side = try request.choice("side", [("long", Side.buy), ("short", .sell)], default: .sell)
  let candidates = try request.objects("candidates", atMost: mostAccounts) {
    object throws(EvaluationRefusal) in try object.deleveragingCandidate()
  }
  try request.end()
  try request.refuseRepeatedAccounts("candidates", candidates.map(\.account))
  var level: Int64?
  let cuts: [DeleveragingCut]
  if case .leverageDraining = rule {
    let draining = drainLeverage(of: Size(steps: size), among: candidates)
    (cuts, level) = (draining.cuts, draining.level)
  } else {
    cuts = allocateDeleveraging(of: Size(steps: size), among: candidates, side: side, by: rule)
  }
  // A level says something only where there was a choice.
  let isShort = cuts.isEmpty || cuts.reduce(Int128(0)) { $0 + Int128($1.size.steps) } < size
  let answer = cutsAnswer(cuts, of: size, candidates)
  return .fields(
    answer + [("level", isShort ? nil : level.map { .number(Double($0) * 0x1p-32) })])
}

private func cutsAnswer(
  _ cuts: [DeleveragingCut], of size: Int64, _ candidates: [DeleveragingCandidate]
) -> [(String, JSONValue?)] {
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
  return [("cuts", .array(answers)), ("unallocated", .decimal(rest, 8))]
}

extension RequestObject {
  fileprivate mutating func deleveragingCandidate()
    throws(EvaluationRefusal) -> DeleveragingCandidate
  {
    let account = try account()
    let size = Size(steps: try units("size", decimals: 8, in: 1...Amount.limit))
    let profit = try money("profit")
    let notional = try money("notional", atLeast: 1)
    let equity = try money("equity")
    let exposure = states("exposure") ? try money("exposure") : nil
    _ = optional("exposure")
    return DeleveragingCandidate(
      account: account, size: size, profit: profit, notional: notional, equity: equity,
      exposure: exposure)
  }

  /// By profit and leverage where none is stated.
  fileprivate mutating func deleveragingRule() throws(EvaluationRefusal) -> DeleveragingRule {
    let isDrawn = states("seed")
    let seed = isDrawn ? UInt64(try integer("seed", in: 0...Int64.max)) : 0
    _ = optional("seed")
    let rule = try choice(
      "rule",
      [
        ("profitTimesLeverage", DeleveragingRule.profitTimesLeverage),
        ("leverageDraining", .leverageDraining),
        ("priceRatioTimesLeverage", .priceRatioTimesLeverage), ("proRata", .proRata),
        ("randomStart", .randomStart(seed: seed)),
      ], default: .profitTimesLeverage)
    if case .randomStart = rule {
      guard isDrawn else { throw refusal(.missingField, "seed", "missing") }
    } else if isDrawn {
      throw refusal(.inconsistent, "seed", "only `randomStart` draws")
    }
    return rule
  }
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
