// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
public import Ledger
import Liquidation
import Parameters
import Quantities
public import RiskEngine

extension LossInquiry {
  /// The published record of a shared loss, itself a request of kind `loss.socialize`: whoever has
  /// it answered finds the shares anew, and the answer says whether they agree.
  ///
  /// - Parameters:
  ///   - sequence: Of the engine's record in which it was decided, from 1.
  ///   - hash: Of the chain at that record.
  public func published(record sequence: UInt64, hash: ChainHash) -> JSONValue {
    let decimals = Int(asset.decimals)
    let shared = shares.reduce(Int64(0)) { $0 + $1.units }
    let record = JSONValue.fields([
      ("time", .time(time)), ("block", .integer(block)), ("record", .integer(sequence)),
      ("hash", .string(hash.description)), ("instrument", .string(contract.name)),
      ("account", .account(account)), ("asset", .string("\(asset.symbol)")),
      ("shared", .decimal(shared, decimals)),
      ("unshared", .decimal(question.loss - shared, decimals)),
      ("rate", rate.map(JSONValue.haircut)), ("omitted", .integer(omitted)),
      ("shares", .shares(shares, decimals)),
    ])
    return .fields([
      ("kind", .string(EvaluationKind.lossSocialize.rawValue)),
      ("id", .string("\(sequence)/\(contract.name)/\(account.number)")),
      ("decimals", .integer(decimals)), ("loss", .decimal(question.loss, decimals)),
      ("cap", .rate(question.cap)), ("rule", .string(question.rule.word)),
      ("bearers", .array(candidates.map { bearer($0, decimals) })), ("record", record),
    ])
  }

  private func bearer(_ one: LossCandidate, _ decimals: Int) -> JSONValue {
    let isBySize = question.rule == .bySize
    // Named where it is what binds: a balance at the end of its field.
    let isAtEnd = question.cap.share(of: max(one.equity, 0), rounding: .down) > one.room
    return .fields([
      ("account", .account(one.account)),
      ("profit", isBySize ? nil : .decimal(one.profit, decimals)),
      ("equity", .decimal(one.equity, decimals)),
      ("notional", isBySize ? .decimal(one.notional, decimals) : nil),
      ("room", isBySize && isAtEnd ? .decimal(one.room, decimals) : nil),
    ])
  }
}
