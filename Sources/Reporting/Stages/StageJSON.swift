// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Quantities
import Simulation

// What the pictures of the stages show, for other programs.

extension WaterfallCosts {
  /// One object for each stage that cost anything.
  var json: JSONText {
    .array(
      usedStages.map { stage in
        .object(
          [("stage", .string(StageCount(stage: stage, count: 0).field))]
            + Kind.allCases.map { ($0.rawValue, .money(self[stage, $0])) }
            + CostBearer.allCases.map {
              (
                "paidBy\($0.rawValue.prefix(1).uppercased())\($0.rawValue.dropFirst())",
                .money(paid(by: $0, at: stage))
              )
            })
      })
  }
}

extension LiquidationStory.Step {
  var json: JSONText {
    var fields: [(String, JSONText)] = [
      ("at", .time(time)), ("stage", .string(StageCount(stage: stage, count: 0).field)),
      ("text", .string(text)),
    ]
    if let size { fields.append(("size", .string(size))) }
    if let price { fields.append(("price", .string("\(price)"))) }
    if let value { fields.append(("value", .money(value))) }
    if let cost { fields.append(("cost", .money(cost))) }
    if let bearer { fields.append(("paidBy", .string(bearer.rawValue))) }
    // Of the winners it is one, who has a name.
    if let payer, bearer == .winners { fields.append(("payer", .string(payer))) }
    return .object(fields)
  }
}

extension AuctionStory {
  var json: JSONText {
    .object([
      ("account", .integer(Int64(account.number))), ("startedAt", .time(startedAt)),
      ("endedAt", .time(endedAt)), ("end", end.map { .string($0.rawValue) } ?? .null),
      ("notional", .money(notional)), ("equity", .money(value)), ("rounds", .integer(restarts + 1)),
      ("soldValue", .money(sold)), ("soldShare", .decimal(soldShare.billionths, decimals: 9)),
      ("kept", .money(kept)), ("paidByAccount", .money(discounts)),
      ("paidByFund", .money(fundPaid)),
      ("path", .array(path.map(\.json))), ("bids", .array(bids.map(\.json))),
    ])
  }
}

extension AuctionStory.PathPoint {
  fileprivate var json: JSONText {
    .object([
      ("at", .time(time)), ("phase", .string("\(phase)")), ("startsRound", .boolean(startsRound)),
      ("askedPrice", prices.map { .decimal($0.asked.billionths, decimals: 9) } ?? .null),
      ("bankruptcyPrice", prices.map { .decimal($0.bankruptcy.billionths, decimals: 9) } ?? .null),
    ])
  }
}

extension AuctionStory.Bid {
  fileprivate var json: JSONText {
    .object([
      ("at", .time(time)), ("bidder", .integer(Int64(fill.bidder.number))),
      ("value", .money(fill.notional)), ("price", .decimal(price.billionths, decimals: 9)),
      ("discount", .money(fill.discount)), ("fundPaid", .money(fill.fundPaid)),
      ("kept", .money(kept)), ("left", .decimal(fill.left.billionths, decimals: 9)),
      ("prolongs", .boolean(prolongs)),
    ])
  }
}

extension DeleveragingEvent {
  var json: JSONText {
    .object([
      ("at", .time(time)), ("account", .integer(Int64(account.number))),
      ("contract", .string(contract)), ("size", .string(quantityText(size))),
      ("price", .string("\(price)")), ("mark", .string("\(mark)")), ("value", .money(value)),
      ("givenUp", .money(givenUp)), ("winners", .integer(winners)),
      (
        "cuts",
        .array(
          cuts.map { cut in
            .object([
              ("account", .integer(Int64(cut.account.number))),
              ("size", .string(quantityText(cut.size))), ("held", .string(quantityText(cut.held))),
              ("value", .money(cut.value)), ("givenUp", .money(cut.givenUp)),
              ("profit", .money(cut.profit)),
            ])
          })
      ),
    ])
  }
}

extension DeleveragingQueue {
  var json: JSONText {
    .object([
      ("at", .time(time)),
      (
        "places",
        .array(
          classes.enumerated().map { index, one in
            let isPlace = index < Self.tenths
            return .object([
              ("from", isPlace ? .integer(index * Self.tenths + 1) : .null),
              ("to", isPlace ? .integer((index + 1) * Self.tenths) : .null),
              ("positions", .integer(one.positions)), ("value", .money(one.value)),
            ])
          })
      ),
    ])
  }
}

extension ReplayResult {
  /// Sums by kind, the change by prices, the last target, and the alarms; the same of each risk
  /// universe where there are any.
  var fundJSON: JSONText {
    let fields = fund.jsonFields(revaluation: fundRevaluation)
    guard !universeFunds.isEmpty else { return .object(fields) }
    return .object(fields + [("universes", .array(universeFunds.map(\.json)))])
  }
}

extension FundHistory {
  fileprivate func jsonFields(revaluation: Int64) -> [(String, JSONText)] {
    let flows = Flow.allCases.map { ($0.rawValue, JSONText.money(self[$0])) }
    return [
      ("flows", .object(flows + [("revaluation", .money(revaluation))])),
      ("lastTarget", points.last?.target.map { .money($0) } ?? .null),
      (
        "alarms",
        .array(
          alarms.map { alarm in
            let universe = alarm.universeNumber.map { [("universe", JSONText.integer($0))] } ?? []
            return .object(
              [
                ("at", JSONText.time(alarm.time)), ("asset", .string("\(alarm.asset)")),
                ("percentGone", .integer(alarm.percent)), ("balance", .money(alarm.balance)),
              ] + universe)
          })
      ),
    ]
  }
}

extension UniverseFund {
  fileprivate var json: JSONText {
    .object(
      [
        ("universe", JSONText.integer(number)),
        ("underlyings", .array(underlyings.map { .string("\($0)") })),
        ("start", .money(start)), ("end", .money(end)),
      ] + history.jsonFields(revaluation: revaluation))
  }
}
