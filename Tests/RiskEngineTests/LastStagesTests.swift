// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Parameters
import Quantities
import RiskEngine
import Testing

/// Orders of the last three stages: every subset, every order.
enum LastStages {
  static let all: [[WaterfallParameters.Stage]] = {
    let stages: [WaterfallParameters.Stage] = [.insuranceFund, .deleveraging, .socializedLoss]
    var lists: [[WaterfallParameters.Stage]] = [[]]
    for _ in stages {
      lists += lists.flatMap { list in
        stages.filter { !list.contains($0) }.map { list + [$0] }
      }
    }
    return Array(Set(lists)).sorted { "\($0)" < "\($1)" }
  }()

  static func changes(_ order: [WaterfallParameters.Stage]) -> [(key: String, value: String)] {
    let stages: [WaterfallParameters.Stage] = [.insuranceFund, .deleveraging, .socializedLoss]
    return stages.map { stage in
      let rank = order.firstIndex(of: stage).map { $0 + 2 } ?? 0
      return (key: "waterfall.\(stage.rawValue).rank", value: "\(rank)")
    }
  }
}

@Suite("The last stages in every order")
struct LastStagesTests {
  private let perpetual = Contracts.btcPerpetual

  /// Account 1, long 1 BTC from 8,000 with 500 USD, after a gap to 7,400; 2 and 3 are short 0.3
  /// and 0.7 of it; 7 is the book, which fills at 7,400 whatever may be filled there.
  private func gapped(
    _ changes: [(key: String, value: String)], fund: String? = "40"
  ) throws -> Venue {
    var venue = try Venue.marked(changes)
    if let fund { try venue.fund(fund, of: Coins.usd) }
    try venue.open(1, .cross, usd: "500")
    for (id, size) in [(2 as UInt32, 300 as Int64), (3, 700)] {
      try venue.open(id, .cross, usd: "1000")
      try venue.submit(venue.trade(perpetual, buyer: 1, seller: id, size: size))
    }
    try venue.open(7, .cross, usd: "100000")
    try venue.block(btc: "7400")
    return venue
  }

  /// Some blocks in which the book answers.
  private func run(_ venue: inout Venue, blocks: Int = 8) throws {
    for _ in 0..<blocks {
      if let order = venue.account(1).liquidation?.order {
        let isWithin = order.limit <= Price(steps: 7_400_00000000)
        try venue.submit(
          venue.report(order, size: isWithin ? nil : 0, price: try Price("7400"), with: 7))
      }
      try venue.block()
    }
  }

  private func stages(_ venue: Venue) -> [LiquidationStage] {
    venue.records.flatMap(\.events).compactMap { event in
      guard case .liquidationStageEntered(_, let stage) = event else { return nil }
      return stage
    }
  }

  private func shared(_ venue: Venue) -> Int64 {
    venue.records.flatMap(\.events).reduce(0) { sum, event in
      guard case .transferred(let transfer) = event, transfer.reason == .socializedLoss else {
        return sum
      }
      return sum + transfer.amount.units
    }
  }

  @Test("there are sixteen orders")
  func orders() { #expect(LastStages.all.count == 16) }

  @Test("a stage is used in its place, if it is there, and not before", arguments: LastStages.all)
  func everyOrder(order: [WaterfallParameters.Stage]) throws {
    var venue = try gapped(LastStages.changes(order))
    try run(&venue)
    let firstToClose = order.first { $0 != .insuranceFund }
    let isFundFirst = order.first == .insuranceFund
    switch firstToClose {
    case .deleveraging:
      // Closed at 7,500: nothing is missing.
      #expect(shared(venue) == 0 && venue.insuranceFund() == 40_000_000)
      #expect(venue.size(2, perpetual) == 0 && venue.size(3, perpetual) == 0)
      #expect(venue.account(1).liquidation == nil && venue.balance(1) == 0)
    case .socializedLoss:
      // Closed in the book at 7,400: 100 USD are missing, of which the fund pays what is before.
      #expect(shared(venue) == (isFundFirst ? 60_000_000 : 100_000_000))
      #expect(venue.insuranceFund() == (isFundFirst ? 0 : 40_000_000))
      #expect(venue.account(1).liquidation == nil && venue.balance(1) == 0)
      #expect(venue.size(2, perpetual) == -300)
    default:
      // The fund's ten dollars do not reach the book's price: the account waits in sight.
      #expect(venue.size(1, perpetual) == 1_000 && shared(venue) == 0)
      let limit = isFundFirst ? "7490" : "7500"
      #expect(try venue.order(of: 1).limit == Price(limit))
      #expect(venue.insuranceFund() == 40_000_000)
    }
    #expect(venue.balance(7, 0) == 100_000_000_000, "P31")
    let entered = stages(venue)
    let ranks = entered.map { stage in
      stage == .partial ? 0 : 1 + (order.firstIndex { "\($0)" == "\(stage)" } ?? 99)
    }
    #expect(ranks == ranks.sorted() && ranks.allSatisfy { $0 < 99 }, "P30: \(entered)")
    #expect(venue.engine.state.brokenAfterBlock() == nil)
  }

  @Test("an account that waits for its winners survives a restart in between")
  func restored() throws {
    var venue = try gapped(LastStages.changes([.socializedLoss]))
    let waiting = try #require(venue.account(1).liquidation)
    #expect(waiting.stage == .socializedLoss && waiting.awaitsSharing)
    let order = try venue.order(of: 1)
    #expect(order.limit == Price(steps: 3_700_00000000), "the edge of the band")
    #expect(order.fundShare == 0 && order.stage == .socializedLoss)
    let state = try LedgerState(canonicalBytes: venue.engine.state.canonicalBytes)
    #expect(state == venue.engine.state)
    venue.replaceEngine(
      try Engine(state: state, hash: venue.engine.hash, sequence: venue.engine.sequence))
    try run(&venue, blocks: 2)
    #expect(shared(venue) == 100_000_000 && venue.account(1).liquidation == nil)
    #expect(stages(venue) == [.partial, .socializedLoss, .socializedLoss])
  }

  @Test("winners are asked once, capped, and before a fund that comes after them")
  func cappedBeforeFund() throws {
    var venue = try gapped(
      LastStages.changes([.socializedLoss, .insuranceFund])
        + [(key: "socializedLoss.share", value: "10%")])
    try run(&venue)
    // 10 % of 180 and 420 USD, then the fund's 40.
    #expect(shared(venue) == 60_000_000 && venue.insuranceFund() == 0)
    #expect(venue.account(1).liquidation == nil)
    var poor = try gapped(
      LastStages.changes([.socializedLoss, .insuranceFund])
        + [(key: "socializedLoss.share", value: "10%")], fund: "39.999999")
    try run(&poor)
    #expect(shared(poor) == 60_000_000 && poor.balance(1) == -1)
    #expect(poor.account(1).liquidation != nil)
    try poor.fund("0.000001", of: Coins.usd)
    try poor.block()
    #expect(poor.account(1).liquidation == nil)
  }

  @Test("without sharing a debt waits for the fund, to the unit")
  func waitsForFund() throws {
    var venue = try gapped(
      LastStages.changes([.insuranceFund, .deleveraging])
        + [(key: "deleveraging.price", value: "1")], fund: nil)
    #expect(venue.size(1, perpetual) == 0 && venue.balance(1) == -100_000_000)
    try venue.block()
    #expect(shared(venue) == 0 && venue.account(1).liquidation != nil)
    try venue.fund("99.999999", of: Coins.usd)
    try venue.block()
    #expect(venue.balance(1) == -1 && venue.account(1).liquidation != nil)
    try venue.fund("0.000001", of: Coins.usd)
    try venue.block()
    #expect(venue.balance(1) == 0 && venue.account(1).liquidation == nil)
  }

  @Test("a fund that is no stage pays nothing")
  func fundLeftOut() throws {
    var venue = try gapped(
      LastStages.changes([.deleveraging]) + [(key: "deleveraging.price", value: "1")],
      fund: "1000")
    try venue.block()
    #expect(venue.balance(1) == -100_000_000 && venue.insuranceFund() == 1_000_000_000)
    #expect(venue.account(1).liquidation != nil)
  }
}
