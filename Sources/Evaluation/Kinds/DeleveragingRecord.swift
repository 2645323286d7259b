// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
public import Ledger
import Liquidation
import Quantities
public import RiskEngine

extension DeleveragingInquiry {
  /// The published record of a deleveraging, itself a request of kind `deleveraging.allocate`:
  /// whoever has it answered finds the cuts anew, and the answer says whether they agree.
  ///
  /// - Parameters:
  ///   - sequence: Of the engine's record in which it was decided, from 1.
  ///   - hash: Of the chain at that record.
  public func published(record sequence: UInt64, hash: ChainHash) -> JSONValue {
    let unit = contract.stepQuantity
    var seed: JSONValue?
    if case .randomStart(let drawn) = question.rule { seed = .integer(drawn) }
    return .fields([
      ("kind", .string(EvaluationKind.deleveragingAllocate.rawValue)),
      ("id", .string("\(sequence)/\(contract.name)/\(account.number)")),
      ("size", .size(question.size, of: unit)), ("step", .decimal(unit, 8)),
      ("side", .string(question.side == .buy ? "long" : "short")),
      ("rule", .string(question.rule.word)), ("seed", seed),
      ("requiresProfit", question.requiresProfit ? nil : .boolean(false)),
      ("candidates", .array(candidates.map { candidate(of: $0, unit) })),
      ("record", account(of: sequence, hash)),
    ])
  }

  private func candidate(of one: DeleveragingCandidate, _ unit: Int64) -> JSONValue {
    .fields([
      ("account", .account(one.account)), ("size", .size(one.size, of: unit)),
      ("profit", .money(one.profit)), ("notional", .money(one.notional)),
      ("equity", .money(one.equity)),
      ("exposure", one.exposure == one.notional ? nil : .money(one.exposure)),
    ])
  }

  /// What the venue says of the event, besides what decided it.
  private func account(of sequence: UInt64, _ hash: ChainHash) -> JSONValue {
    let rest = cuts.reduce(question.size) { $0 - $1.size }
    let stated = deleveragingLevel(level, cuts, isShort: rest > .zero)
    return .fields([
      ("time", .time(time)), ("block", .integer(block)), ("record", .integer(sequence)),
      ("hash", .string(hash.description)), ("instrument", .string(contract.name)),
      ("account", .account(account)), ("price", .price(price)), ("mark", .price(mark)),
      ("widened", .boolean(!question.requiresProfit)),
      ("unallocated", .size(rest, of: contract.stepQuantity)),
      ("level", stated.map { .number($0) }), ("root", .string(root.description)),
      ("omitted", .integer(omitted)), ("accounts", .array(accounts())),
    ])
  }

  /// What the event did to each who is named.
  private func accounts() -> [JSONValue] {
    var taken = cuts.sorted { $0.account < $1.account }[...]
    return candidates.map { one in
      var cut = Size.zero
      if taken.first?.account == one.account { cut = taken.removeFirst().size }
      let closed = (Int128(one.notional) * Int128(cut.steps))
        .divided(by: Int128(max(one.size.steps, 1)), rounding: .halfEven)
      return .fields([
        ("account", .account(one.account)), ("key", key(of: one)),
        ("leverage", Self.leverage(Int128(one.exposure), one.equity)),
        ("cut", .size(cut, of: contract.stepQuantity)),
        ("leverageAfter", Self.leverage(Int128(one.exposure) - closed, one.equity)),
      ])
    }
  }

  /// What the rule ranks by, where that is not the leverage itself.
  private func key(of one: DeleveragingCandidate) -> JSONValue? {
    switch question.rule {
    case .profitTimesLeverage, .priceRatioTimesLeverage:
      .decimal(one.rank(by: question.rule, side: question.side), 12)
    case .leverageDraining, .proRata, .randomStart: nil
    }
  }

  /// Exposure ÷ equity; none without equity.
  private static func leverage(_ exposure: Int128, _ equity: Int64) -> JSONValue? {
    guard equity > 0 else { return nil }
    let ratio = (exposure * 1_000_000_000).divided(by: Int128(equity), rounding: .halfEven)
    return .decimal(ratio, 9)
  }
}
