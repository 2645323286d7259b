// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import MarketData
import Parameters
import Quantities
import RiskEngine
import Simulation

extension ReplayResult {
  /// The summary of one replay for another program.
  func json(name: String) -> JSONText {
    let underlyings = points.last?.markets.map(\.underlying) ?? []
    var fields: [(String, JSONText)] = [
      ("name", .string(name)), ("origin", origin.json), ("quote", .string("\(quote)")),
      ("from", .time(points.first?.time)), ("to", .time(points.last?.time)),
      ("totals", .object(KeyFigure.all(of: self).map { ($0.field, $0.value.json) })),
      (
        "liquidationsByFurthestStage",
        .object((StageCount.all(of: [self]).first ?? []).map { ($0.field, .integer($0.count)) })
      ),
      (
        "markets",
        .array(underlyings.compactMap { MarketFigure($0, in: points)?.json })
      ),
      ("rejections", .array(rejectionCounts.map(rejection))),
      ("largest", .array(largest.map(\.json))), ("costs", costs.json),
      ("auctions", .array(auctions.map(\.json))),
      ("deleveragings", .array(deleveragings.map(\.json))),
      ("deleveragingQueue", queue?.json ?? .null), ("fund", fundJSON),
      ("engine", .string(EngineVersion.engine)), ("numbers", .string(EngineVersion.numbers)),
      ("hash", .string("\(hash)")),
    ]
    if let balance { fields.append(("balance", balance.json)) }
    if !pools.pools.isEmpty { fields.append(("pools", pools.json(points))) }
    if let marginCalls { fields.append(("marginCalls", marginCalls.json)) }
    if let outside { fields.append(("outside", outside.json)) }
    if let keepers { fields.append(("keepers", keepers.json)) }
    if !asked.isEmpty { fields.append(("asked", .array(asked.map(\.json)))) }
    return .object(fields)
  }

  private func rejection(
    _ entry: (source: SourceID, reason: SampleRejection, count: Int)
  ) -> JSONText {
    .object([
      ("source", .string("\(entry.source)")), ("reason", .string("\(entry.reason)")),
      ("count", .integer(entry.count)),
    ])
  }
}

extension ReplayOrigin {
  fileprivate var json: JSONText {
    .object([
      ("title", .string(title)), ("market", .string(market)),
      ("isReconstruction", .boolean(isReconstruction)), ("accounts", .string(accounts)),
      ("options", .string(options)),
      (
        "parameters",
        .object([
          ("name", .string(parameters.name)), ("date", .string("\(parameters.date)")),
        ])
      ),
      ("assignments", .array(assignments.map { .string($0) })),
    ])
  }
}

extension BalanceSummary {
  fileprivate var json: JSONText {
    let rows = JSONText.array(self.rows.map(\.json))
    return .object(
      [("underlyings", rows)] + (hedge.map { [("hedge", $0.json)] } ?? [])
        + (entry.map { [("entryFees", $0.json)] } ?? []))
  }
}

extension BalanceRow {
  fileprivate var json: JSONText {
    .object([
      ("underlying", .string("\(underlying)")), ("imbalance", .money(imbalance)),
      ("takersDelta", .quantity(takersDelta)), ("takersGamma", .quantity(takersGamma)),
      ("takersVega", .quantity(takersVega)), ("makersDelta", .quantity(makersDelta)),
      ("poolsDelta", .quantity(poolsDelta)), ("auctionsDelta", .quantity(auctionsDelta)),
      ("hedgeDelta", .quantity(hedgeDelta)), ("fundDelta", .quantity(fundDelta)),
    ])
  }
}

extension HedgeSummary {
  fileprivate var json: JSONText {
    .object([
      ("orders", .integer(orders)), ("hedgedValue", .money(hedgedValue)),
      ("returnedValue", .money(returnedValue)), ("cost", .money(cost)),
      ("drawn", .money(drawn)), ("mostDrawn", .money(mostDrawn)), ("equity", .money(equity)),
    ])
  }
}

extension MarketFigure {
  fileprivate var json: JSONText {
    .object([
      ("underlying", .string("\(underlying)")), ("first", .string("\(first)")),
      ("lowest", .string("\(lowest)")), ("lowestAt", .time(lowestAt)),
      ("highest", .string("\(highest)")), ("last", .string("\(last)")),
      ("reduceOnlyBlocks", .integer(reduceOnlyBlocks)),
    ])
  }
}

extension AskedAccount {
  fileprivate var json: JSONText {
    .object([
      ("account", .integer(Int64(account.number))), ("isThere", .boolean(isThere)),
      ("liquidations", .array(liquidations.map(\.json))),
    ])
  }
}

extension LiquidationStory {
  var json: JSONText {
    let called = calledAt.map { [("calledAt", JSONText.time($0))] } ?? []
    let later = laterSteps > 0 ? [("laterSteps", JSONText.integer(laterSteps))] : []
    return .object(
      [
        ("account", .integer(Int64(account.number))), ("mode", .string("\(mode)")),
        ("startedAt", .time(cause.time)), ("endedAt", .time(endedAt)),
        ("equity", .money(cause.equity)), ("maintenanceMargin", .money(cause.maintenanceMargin)),
        ("closedValue", .money(closedValue)), ("deleveragedValue", .money(deleveragedValue)),
        ("penalty", .money(penalty)), ("fundPaid", .money(fundPaid)),
        ("socializedValue", .money(socialized)),
        ("furthestStage", .string(StageCount(stage: stage, count: 1).field)),
        ("outcome", outcome.map { .string("\($0)") } ?? .null), ("costs", costs.json),
        ("steps", .array(steps.map(\.json))),
      ] + called + later)
  }
}

extension JSONText {
  static func time(_ time: Timestamp?) -> JSONText {
    time.map { .string("\($0)") } ?? .null
  }

  /// 10^−8 of a unit as exact decimals.
  fileprivate static func quantity(_ steps: Int64) -> JSONText {
    .string(decimalText(steps, decimals: 8))
  }

  /// Millionths of the quote currency as exact decimals.
  static func money(_ millionths: Int64) -> JSONText {
    .string(decimalText(millionths, decimals: 6))
  }
}
