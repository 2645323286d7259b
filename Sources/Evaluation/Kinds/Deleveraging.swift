// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Liquidation
import Quantities

/// `deleveraging.allocate`: whose opposite positions are closed, and how much of each.
func answerDeleveraging(_ request: inout RequestObject) throws(EvaluationRefusal) -> JSONValue {
  let unit = try request.sizeStep()
  let size = try request.steps("size", of: unit)
  let rule = try request.deleveragingRule()
  let side = try request.choice("side", [("long", Side.buy), ("short", .sell)], default: .sell)
  let requiresProfit = try request.flag("requiresProfit", default: true)
  guard requiresProfit || rule == .leverageDraining else {
    throw request.refusal(
      .inconsistent, "requiresProfit", "only `leverageDraining` asks those without a profit")
  }
  let candidates = try request.objects("candidates", atMost: mostAccounts) {
    object throws(EvaluationRefusal) in try object.deleveragingCandidate(unit)
  }
  let stated = try request.statedAllocation(unit)
  try request.end()
  try request.refuseRepeatedAccounts("candidates", candidates.map(\.account))
  let question = DeleveragingQuestion(
    size: size, side: side, rule: rule, requiresProfit: requiresProfit)
  let (cuts, found) = question.allocate(among: candidates)
  let rest = cuts.reduce(size) { $0 - $1.size }
  let level = deleveragingLevel(found, cuts, isShort: rest > .zero)
  return .fields([
    ("cuts", cutsAnswer(cuts, of: unit, candidates)), ("unallocated", .size(rest, of: unit)),
    ("level", level.map { .number($0) }),
    ("agrees", stated.map { .boolean($0.agrees(with: cuts, level)) }),
  ])
}

/// The leverage at which those who are cut end; it says something only where there was a choice.
///
/// - Parameter level: In 2^−32.
func deleveragingLevel(
  _ level: Int64?, _ cuts: [DeleveragingCut], isShort: Bool
) -> Double? {
  cuts.isEmpty || isShort ? nil : level.map { Double($0) * 0x1p-32 }
}

private func cutsAnswer(
  _ cuts: [DeleveragingCut], of unit: Int64, _ candidates: [DeleveragingCandidate]
) -> JSONValue {
  let ranks = Dictionary(uniqueKeysWithValues: candidates.map { ($0.account, $0.rank) })
  return .array(
    cuts.map { cut in
      .fields([
        ("account", .account(cut.account)), ("size", .size(cut.size, of: unit)),
        ("rank", .decimal(ranks[cut.account] ?? 0, 12)),
      ])
    })
}

/// What a venue says of an event: who gave how much, and the level.
private struct StatedAllocation {
  /// Sorted by account, without those who gave nothing.
  let cuts: [DeleveragingCut]
  let level: Double?

  func agrees(with found: [DeleveragingCut], _ level: Double?) -> Bool {
    cuts == found.sorted { $0.account < $1.account } && self.level == level
  }
}

extension JSONValue {
  /// Steps in the unit of a contract.
  ///
  /// - Parameter unit: What a step is, 10^−8.
  static func size(_ size: Size, of unit: Int64) -> JSONValue {
    .decimal(Int128(size.steps) * Int128(unit), 8)
  }
}

extension RequestObject {
  /// What a step of sizes is, 10^−8; the finest where the request states none.
  fileprivate mutating func sizeStep() throws(EvaluationRefusal) -> Int64 {
    guard states("step") else {
      _ = optional("step")
      return 1
    }
    return try units("step", decimals: 8, in: 1...1_000_000_000_000)
  }

  /// A size in whole steps.
  fileprivate mutating func steps(
    _ name: String, of unit: Int64, atLeast lowest: Int64 = 1
  ) throws(EvaluationRefusal) -> Size {
    let units = try units(name, decimals: 8, in: lowest...Amount.limit)
    guard units.isMultiple(of: unit) else {
      let step = decimalText(unit, decimals: 8)
      throw refusal(.inconsistent, name, "no whole number of steps of \(step)")
    }
    return Size(steps: units / unit)
  }

  /// What `record` says of the same event; the rest of it is the venue's own.
  fileprivate mutating func statedAllocation(
    _ unit: Int64
  ) throws(EvaluationRefusal) -> StatedAllocation? {
    guard var record = try optionalObject("record") else { return nil }
    let level = record.states("level") ? try record.number("level") : nil
    let cuts = try record.list("accounts", atMost: mostAccounts).enumerated()
      .map { (index, value) throws(EvaluationRefusal) in
        var object = try RequestObject(value, at: "\(record.place("accounts"))[\(index)]")
        return DeleveragingCut(
          account: try object.account(), size: try object.steps("cut", of: unit, atLeast: 0))
      }
    try record.refuseRepeatedAccounts("accounts", cuts.map(\.account))
    return StatedAllocation(
      cuts: cuts.filter { $0.size > .zero }.sorted { $0.account < $1.account }, level: level)
  }

  fileprivate mutating func deleveragingCandidate(
    _ unit: Int64
  ) throws(EvaluationRefusal) -> DeleveragingCandidate {
    let account = try account()
    let size = try steps("size", of: unit)
    let profit = try money("profit")
    let notional = try money("notional", atLeast: 0)
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
    let rules: [DeleveragingRule] = [
      .profitTimesLeverage, .leverageDraining, .priceRatioTimesLeverage, .proRata,
      .randomStart(seed: seed),
    ]
    let rule = try choice(
      "rule", rules.map { ($0.word, $0) }, default: .profitTimesLeverage)
    if case .randomStart = rule {
      guard isDrawn else { throw refusal(.missingField, "seed", "missing") }
    } else if isDrawn {
      throw refusal(.inconsistent, "seed", "only `randomStart` draws")
    }
    return rule
  }
}

extension DeleveragingRule {
  /// Its name in requests.
  var word: String {
    switch self {
    case .profitTimesLeverage: "profitTimesLeverage"
    case .leverageDraining: "leverageDraining"
    case .priceRatioTimesLeverage: "priceRatioTimesLeverage"
    case .proRata: "proRata"
    case .randomStart: "randomStart"
    }
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
