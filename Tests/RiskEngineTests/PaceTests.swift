// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Parameters
import Quantities
import RiskEngine
import TestFixtures
import Testing

@Suite("The pace of liquidations")
struct PaceTests {
  private let perpetual = Contracts.btcPerpetual

  /// An account that was long 1 BTC from 8,000 USD with 500 USD, a minute after 8,000 became
  /// 7,650: it has 150 USD and should have more than 190.
  private func short(_ changes: [(key: String, value: String)]) throws -> Venue {
    var venue = try Venue.marked(changes)
    try venue.open(1, .cross, usd: "500")
    try venue.take(1, 1_000, of: perpetual)
    try venue.block(btc: "7650", after: 60)
    return venue
  }

  private func size(leastShare: String) throws -> Int64 {
    try short([(key: "liquidation.leastShare", value: leastShare)]).order(of: 1).size.steps
  }

  @Test("without a stated interval an account is called in the block that finds it short")
  func everyBlock() throws {
    let venue = try short([])
    #expect(venue.stage(of: 1) == .partial)
    #expect(venue.account(1).liquidation?.cause.time == venue.now)
  }

  @Test("with an interval it is called at the first block at or after a multiple of it")
  func interval() throws {
    // The venue begins at midnight: the next look is at 01:00.
    var venue = try short([(key: "liquidation.checkInterval", value: "1h")])
    #expect(venue.account(1).liquidation == nil)
    try venue.block(after: 3_539)
    #expect(venue.account(1).liquidation == nil, "a second before")
    try venue.block(after: 1)
    #expect(venue.stage(of: 1) == .partial, "at the hour")
    var late = try short([(key: "liquidation.checkInterval", value: "1h")])
    try late.block(after: 3_600)
    #expect(late.stage(of: 1) == .partial, "no block fell on the hour")
  }

  @Test("a liquidation that has begun goes on between two looks")
  func goesOn() throws {
    var venue = try short([(key: "liquidation.checkInterval", value: "1h")])
    try venue.block(after: 3_540)
    try venue.submit(venue.report(venue.order(of: 1), size: 1, price: try Price("7650")))
    try venue.block(after: 60)
    #expect(try venue.order(of: 1).stage == .partial)
  }

  @Test("one that ends between two looks does not begin again before the next")
  func endsBetween() throws {
    var venue = try short([(key: "liquidation.checkInterval", value: "1h")])
    try venue.block(after: 3_540)
    let order = try venue.order(of: 1)
    try venue.submit(venue.report(order, price: try Price("7650")))
    #expect(venue.account(1).liquidation == nil, "restored")
    try venue.block(btc: "7400", after: 60)
    #expect(venue.account(1).liquidation == nil)
    try venue.block(after: 3_540)
    #expect(venue.account(1).liquidation != nil)
  }

  @Test("nothing is sold before the grace is over, and then it is")
  func grace() throws {
    var venue = try short([(key: "liquidation.grace", value: "10min")])
    #expect(venue.stage(of: 1) == .cancelOrders)
    try venue.block(after: 599)
    #expect(venue.stage(of: 1) == .cancelOrders, "a second before")
    #expect(venue.account(1).liquidation?.order == nil)
    try venue.block(after: 1)
    #expect(try venue.order(of: 1).stage == .partial)
  }

  @Test("an account that recovers or is paid into within its grace keeps its position")
  func recovers() throws {
    var venue = try short([(key: "liquidation.grace", value: "10min")])
    let events = try venue.block(btc: "8000")
    #expect(events.contains(.liquidationEnded(AccountID(1), .restored)))
    #expect(venue.size(1, perpetual) == 1_000)
    var paid = try short([(key: "liquidation.grace", value: "10min")])
    try paid.deposit(1, "500", of: Coins.usd)
    try paid.block()
    #expect(paid.account(1).liquidation == nil && paid.size(1, perpetual) == 1_000)
  }

  @Test("an order takes the least share, if that is more than restores the account")
  func leastShare() throws {
    let restoring = try size(leastShare: "0%")
    #expect(restoring > 1 && restoring < 999)
    #expect(try size(leastShare: "\(decimalText(restoring, decimals: 3))") == restoring)
    #expect(try size(leastShare: "\(decimalText(restoring + 1, decimals: 3))") == restoring + 1)
    #expect(try size(leastShare: "100%") == 1_000)
  }

  @Test("the least share is never more than a slice")
  func slice() throws {
    let venue = try short([
      (key: "liquidation.leastShare", value: "100%"),
      (key: "liquidation.sliceShare", value: "70%"),
      (key: "liquidation.wholeSliceNotional", value: "0"),
    ])
    #expect(try venue.order(of: 1).size == Size(steps: 700))
  }

  @Test("a venue that closes all goes on when health is restored")
  func closesAll() throws {
    for (text, isGone) in [("false", true), ("true", false)] {
      var venue = try short([(key: "liquidation.closesAll", value: text)])
      let order = try venue.order(of: 1)
      #expect(order.size < Size(steps: 1_000))
      try venue.submit(venue.report(order, price: try Price("7650")))
      #expect((venue.account(1).liquidation == nil) == isGone)
      try venue.block()
      #expect((venue.account(1).liquidation?.order != nil) == !isGone)
    }
  }

  @Test("the book is left at the stated multiple of maintenance margin, and not a unit above it")
  func handover() throws {
    for (handover, stage) in [("0%", LiquidationStage.partial), ("75%", .partial)] {
      let venue = try short([(key: "liquidation.handover", value: handover)])
      #expect(venue.stage(of: 1) == stage, "150 USD are more than 75 % of less than 200")
    }
    let cause = try #require(try short([]).account(1).liquidation?.cause)
    // The greatest share whose line is still below the equity, and the least whose line is not.
    let above = (Int128(cause.equity) * 1_000_000_000).divided(
      by: Int128(cause.maintenanceMargin), rounding: .up)
    for (billionths, stage) in [
      (above, LiquidationStage.insuranceFund), (above - 1_000, .partial),
    ] {
      var venue = try Venue.marked([
        (key: "liquidation.handover", value: decimalText(Int64(billionths), decimals: 9))
      ])
      try venue.fund("1000", of: Coins.usd)
      try venue.open(1, .cross, usd: "500")
      try venue.take(1, 1_000, of: perpetual)
      try venue.block(btc: "7650", after: 60)
      #expect(venue.stage(of: 1) == stage)
    }
  }

  @Test("the keepers' share of a penalty goes to whoever takes the position, rounded down")
  func keepers() throws {
    var venue = try short([(key: "liquidation.keeperShare", value: "33.3333333%")])
    let order = try venue.order(of: 1)
    let (fund, maker) = (venue.insuranceFund(), try venue.equity(0))
    let events = try venue.submit(venue.report(order, price: try Price("7650")))
    let paid = events.compactMap { event -> Transfer? in
      guard case .transferred(let transfer) = event, transfer.reason == .liquidationPenalty
      else { return nil }
      return transfer
    }
    // Half a per cent of 7.65 USD a step.
    let penalty = order.size.steps * 7_650_000 / 200
    let share = Int64((Int128(penalty) * 333_333_333) / 1_000_000_000)
    #expect(paid.map(\.to) == [.account(Venue.maker), .insuranceFund])
    #expect(paid.map(\.amount.units) == [share, penalty - share])
    #expect(venue.insuranceFund() - fund == penalty - share)
    // The maker bought at the mark: only the reward changes what it has.
    #expect(try venue.equity(0) - maker == share)
  }

  @Test("intervals cross at whole multiples and nowhere else")
  func crossing() throws {
    let hour = try LiquidationParameters(
      ParameterFixture.set([(key: "liquidation.checkInterval", value: "1h")])
    ).pace
    let start = Venue.start
    let second = TimeSpan(seconds: 1)
    #expect(hour.checks(at: start, since: start - second))
    #expect(!hour.checks(at: start + second, since: start))
    #expect(!hour.checks(at: start - second, since: start - second - second))
    #expect(hour.checks(at: start + TimeSpan(seconds: 9_000), since: start))
  }
}
