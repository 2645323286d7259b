// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import MarketData
import Parameters
import Quantities
import RiskEngine
import Testing

@Suite("Liquidation orders")
struct LiquidationOrderTests {
  private let perpetual = Contracts.btcPerpetual

  /// An account that is long 1 BTC from 8,000 USD, at 7,600: maintenance margin is 190 USD.
  private func long(with usd: String, at price: String = "7600") throws -> Venue {
    var venue = try Venue.marked()
    try venue.open(1, .cross, usd: usd)
    try venue.take(1, 1_000, of: perpetual)
    try venue.block(btc: price)
    return venue
  }

  @Test(
    "liquidation starts one unit below maintenance margin, not at it",
    arguments: [("589.999999", true), ("590", false), ("590.000001", false)])
  func threshold(usd: String, starts: Bool) throws {
    let venue = try long(with: usd)
    #expect((venue.account(1).liquidation != nil) == starts)
    if let cause = venue.account(1).liquidation?.cause {
      #expect(cause.equity == 189_999_999 && cause.maintenanceMargin == 190_000_000)
      #expect(cause.time == venue.now)
    }
  }

  @Test("the order closes the smallest part that restores the account, at most at bankruptcy")
  func size() throws {
    let venue = try long(with: "589")
    let order = try venue.order(of: 1)
    #expect(order.instrument == perpetual && order.side == .sell && order.stage == .partial)
    #expect(order.expiresAt == venue.now + TimeSpan(seconds: 60))
    // Equity 189 after n steps, less the expected 0.5 % of 7.6 n, against 1.2 × 2.5 % of
    // 7.6 (1,000 − n): n = 205.26…
    #expect(order.size == Size(steps: 206))
    // 189 USD over 1,000 steps: 0.189 USD a step below 7.6.
    #expect(order.limit == Price(steps: 7_411_00000000))
  }

  @Test("a full fill at the mark restores the account, for a penalty to the fund")
  func restored() throws {
    var venue = try long(with: "589")
    let order = try venue.order(of: 1)
    let before = try #require(venue.engine.valuation).risk(venue.account(1).portfolio)
    let events = try venue.submit(venue.report(order, price: try Price("7600")))
    let after = try #require(venue.engine.valuation).risk(venue.account(1).portfolio)
    #expect(after.maintenanceMargin < before.maintenanceMargin, "P22")
    #expect(after.isRestored, "P23")
    #expect(venue.account(1).liquidation == nil)
    #expect(events.last == .liquidationEnded(AccountID(1), .restored))
    // 206 steps of 7.6 USD at 0.5 %, rounded down in the ledger's favor of the account.
    #expect(venue.insuranceFund() == 7_828_000)
    #expect(venue.size(1, perpetual) == 794)
  }

  @Test("a fill may be at the limit and not one step beyond it")
  func limit() throws {
    var venue = try long(with: "589")
    let order = try venue.order(of: 1)
    let beyond = Price(steps: order.limit.steps - 1)
    #expect(
      venue.refusal(of: venue.report(order, price: beyond)) == .fillBeyondLimit(order.id))
    try venue.submit(venue.report(order))
    #expect(try venue.equity(1) >= 0)
  }

  @Test("fills are positive, together no larger than the order, and at most 64")
  func fillSizes() throws {
    var venue = try long(with: "589")
    let order = try venue.order(of: 1)
    let mark = try Price("7600")
    let fill = { (size: Int64) in
      ExecutionReport.Fill(counterparty: Venue.maker, size: Size(steps: size), price: mark)
    }
    let report = { (sizes: [Int64]) -> Command in
      .reportExecution(ExecutionReport(order: order.id, fills: sizes.map(fill)))
    }
    #expect(venue.refusal(of: report([207])) == .fillBeyondSize(order.id))
    #expect(venue.refusal(of: report([206, 1])) == .fillBeyondSize(order.id))
    #expect(venue.refusal(of: report([.max])) == .fillBeyondSize(order.id))
    for size: Int64 in [0, -1, .min] {
      #expect(venue.refusal(of: report([size])) == .notPositive("a fill's size"))
    }
    #expect(
      venue.refusal(of: report(Array(repeating: 1, count: 65)))
        == .outsideLimits("the number of fills"))
    try venue.submit(report([100, 106]))
  }

  @Test("an order is executed once, and not after its time")
  func onceAndInTime() throws {
    var venue = try long(with: "589")
    let order = try venue.order(of: 1)
    let report = venue.report(order, price: try Price("7600"))
    var late = venue
    try venue.submit(report)
    #expect(venue.refusal(of: report) == .unknownOrder(order.id), "P25")
    // The order lives 60 s. While the market has no price nothing replaces it, and a report is
    // refused; the first block with a price does.
    try late.submit(.restart(at: late.now))
    try late.submit(late.nextBlock(after: 60, silent: ["BTC"]))
    #expect(late.engine.state.time == order.expiresAt)
    #expect(late.refusal(of: report) == .orderTooLate(order.id))
    try late.block()
    #expect(try late.order(of: 1).id != order.id)
    #expect(late.refusal(of: report) == .unknownOrder(order.id))
  }

  @Test("a counterparty is another, healthy account that may hold the instrument")
  func counterparties() throws {
    var venue = try Venue.marked()
    for id: UInt32 in 1...2 {
      try venue.open(id, .cross, usd: "589")
      try venue.take(id, 1_000, of: perpetual)
    }
    try venue.open(3, .isolated, usd: "1000")
    try venue.take(3, 1, of: Contracts.ethPerpetual)
    try venue.open(4, .isolated, usd: "1000")
    try venue.submit(
      .placeOrder(
        AccountID(4),
        RestingOrder(
          id: OrderID(1), instrument: Contracts.ethPerpetual, side: .buy,
          remaining: Size(steps: 1), limit: Price("200"), isReduceOnly: false)))
    try venue.block(btc: "7600")
    let order = try venue.order(of: 1)
    let with = { (other: UInt32) in venue.report(order, with: other) }
    let (own, liquidating, isolated, resting, nobody) = (
      with(1), with(2), with(3), with(4), with(9)
    )
    #expect(venue.refusal(of: own) == .selfTrade(AccountID(1)))
    #expect(venue.refusal(of: liquidating) == .accountInLiquidation(AccountID(2)))
    #expect(venue.refusal(of: isolated) == .isolatedAccountHoldsAnother(AccountID(3)))
    #expect(venue.refusal(of: resting) == .isolatedAccountHoldsAnother(AccountID(4)))
    #expect(venue.refusal(of: nobody) == .unknownAccount(AccountID(9)))
  }

  @Test("a counterparty takes no more than its margin allows, by all fills of the order together")
  func counterpartyMargin() throws {
    var venue = try long(with: "500")
    try venue.open(2, .cross, usd: "10")
    let order = try venue.order(of: 1)
    let fills = { (sizes: [Int64]) in
      Command.reportExecution(
        ExecutionReport(
          order: order.id,
          fills: sizes.map {
            ExecutionReport.Fill(
              counterparty: AccountID(2), size: Size(steps: $0), price: order.limit)
          }))
    }
    guard
      case .belowInitialMargin(AccountID(2), let equity, let margin) = venue.refusal(
        of: fills([100, 100]))
    else {
      Issue.record("expected a refusal for margin")
      return
    }
    let gain = 200 * (7_600_000 - order.limit.steps / 100_000)
    #expect(equity < margin && equity == 10_000_000 + gain)
    #expect(venue.refusal(of: fills([200]))?.code == "below-initial-margin")
    try venue.submit(fills([5, 5]))
    #expect(venue.size(2, perpetual) == 10)
  }

  @Test("a fill at what is no price is refused", arguments: [.min, -1, Price.limit + 1, .max])
  func noPrice(steps: Int64) throws {
    var venue = try Venue.marked()
    for (id, size) in [(1 as UInt32, 1_000 as Int64), (2, -1_000)] {
      try venue.open(id, .cross, usd: "500")
      try venue.take(id, size, of: perpetual)
    }
    for (id, btc) in [(1 as UInt32, "7600"), (2, "8400")] {
      var moved = venue
      try moved.block(btc: btc)
      let report = moved.report(try moved.order(of: id), price: Price(steps: steps))
      #expect(moved.refusal(of: report) == .outsideLimits("a fill's price"))
    }
  }

  @Test("a fill far on the good side is refused: what one gains the other loses")
  func band() throws {
    var venue = try long(with: "500")
    let order = try venue.order(of: 1)
    // The band is half of the mark, 7,600.
    let report = { (price: Int64) in venue.report(order, size: 1, price: Price(steps: price)) }
    let (beyond, at) = (report(11_400_00000001), report(11_400_00000000))
    #expect(
      venue.refusal(of: beyond)
        == .priceOutsideBand(Price(steps: 11_400_00000001), mark: Price(steps: 7_600_00000000)))
    try venue.submit(at)
  }

  @Test("a counterparty with as many positions as can be measured takes no other")
  func counterpartyPositions() throws {
    var venue = try Venue.marked([(key: "clearing.positionLimit", value: "512")])
    try venue.open(1, .cross, usd: "589")
    try venue.take(1, 1_000, of: perpetual)
    try venue.open(2, .cross, usd: "1000000")
    for id in 100..<612 as Range<UInt32> {
      try venue.submit(
        .listInstrument(
          Contracts.contract(
            id, "P-\(id)", "ETH", .perpetual, .linear, Coins.usd, 100_000, "100000")))
    }
    try venue.block(btc: "7600")
    try venue.open(3, .cross, usd: "1000000")
    for id in 100..<611 as Range<UInt32> {
      try venue.submit(venue.trade(InstrumentID(id), buyer: 2, seller: 3, size: 1))
    }
    let order = try venue.order(of: 1)
    var full = venue
    try full.submit(full.trade(InstrumentID(611), buyer: 2, seller: 3, size: 1))
    #expect(full.account(2).portfolio.positions.count == 512)
    let report = venue.report(order, price: Price(steps: 7_600_00000000), with: 2)
    #expect(full.refusal(of: report) == .tooManyPositions(AccountID(2)))
    // With one fewer it may, and nothing can be added after that.
    try venue.submit(report)
    #expect(venue.account(2).portfolio.positions.count == 512)
    let more = try venue.trade(InstrumentID(611), buyer: 2, seller: 3, size: 1)
    #expect(venue.refusal(of: more) == .tooManyPositions(AccountID(2)))
  }

  @Test("fills of one counterparty are counted together against the size of a position")
  func counterpartyLimit() throws {
    var venue = try Venue.marked()
    let tiny = InstrumentID(60)
    try venue.submit(
      .listInstrument(
        Contracts.contract(60, "TINY-PERP", "BTC", .perpetual, .linear, Coins.usd, 1, "500000")))
    try venue.block()
    try venue.open(1, .cross, usd: "1000000")
    try venue.open(2, .cross, usd: "10000000")
    try venue.open(3, .cross, usd: "0.1")
    try venue.submit(venue.trade(tiny, buyer: 2, seller: 1, size: Size.limit - 10))
    try venue.take(3, 20_000, of: tiny)
    try venue.block(btc: "7600")
    let order = try venue.order(of: 3)
    let fill = ExecutionReport.Fill(
      counterparty: AccountID(2), size: Size(steps: 10), price: order.limit)
    let twice = ExecutionReport(order: order.id, fills: [fill, fill])
    #expect(venue.refusal(of: .reportExecution(twice)) == .outsideLimits("a position"))
    try venue.submit(.reportExecution(ExecutionReport(order: order.id, fills: [fill])))
  }

  @Test("while its order is out, the account cannot trade that instrument elsewhere")
  func tradeWhileOrderIsOut() throws {
    var venue = try Venue.ordered(eth: 1)
    let order = try venue.order(of: 1)
    let close = try venue.trade(perpetual, buyer: 0, seller: 1, size: 1_000)
    #expect(venue.refusal(of: close) == .accountInLiquidation(AccountID(1)))
    try venue.take(1, -1, of: Contracts.ethPerpetual)
    try venue.submit(venue.report(order))
    #expect(venue.size(1, perpetual) >= 0)
  }

  @Test("an order that is out when its market halts may still be answered, and then it waits")
  func reportBelowQuorum() throws {
    var venue = try long(with: "401")
    let order = try venue.order(of: 1)
    try venue.submit(.restart(at: venue.now))
    try venue.submit(venue.report(order, size: 1))
    #expect(venue.account(1).liquidation?.order == nil)
    try venue.submit(venue.nextBlock(after: 30, silent: ["BTC"]))
    #expect(venue.account(1).liquidation?.order == nil, "P20")
    try venue.block()
    #expect(venue.account(1).liquidation?.order != nil)
  }

  @Test("resting orders go first")
  func cancelsOrders() throws {
    var venue = try Venue.marked()
    try venue.open(1, .cross, usd: "590")
    try venue.take(1, 1_000, of: perpetual)
    try venue.submit(
      .placeOrder(
        AccountID(1),
        RestingOrder(
          id: OrderID(7), instrument: perpetual, side: .buy, remaining: Size(steps: 1),
          limit: Price("7000"), isReduceOnly: false)))
    let events = try venue.block(btc: "7500")
    #expect(events.contains(.orderRemoved(AccountID(1), OrderID(7), .liquidation)))
    #expect(venue.account(1).portfolio.orders.isEmpty)
    #expect(try venue.order(of: 1).id > OrderID(7))
  }

  @Test("a deposit ends a liquidation once its order is answered")
  func deposit() throws {
    var venue = try long(with: "589")
    let order = try venue.order(of: 1)
    // 39 USD are missing to 1.2 × 190; one unit less does not end it.
    try venue.deposit(1, "38.999999", of: Coins.usd)
    try venue.submit(venue.report(order, size: 0))
    try venue.block()
    try venue.submit(venue.report(venue.order(of: 1), size: 0))
    try venue.deposit(1, "0.000001", of: Coins.usd)
    let events = try venue.block()
    #expect(events.contains(.liquidationEnded(AccountID(1), .restored)))
    #expect(venue.size(1, perpetual) == 1_000)
  }

  @Test("without a buffer an account at its maintenance margin is restored, once")
  func noBuffer() throws {
    var venue = try Venue.marked([(key: "margin.buffer", value: "0%")])
    try venue.open(1, .cross, usd: "589.999999")
    try venue.take(1, 1_000, of: perpetual)
    try venue.block(btc: "7600")
    try venue.submit(venue.report(venue.order(of: 1), size: 0))
    try venue.deposit(1, "0.000001", of: Coins.usd)
    let events = try venue.block()
    #expect(events.last == .liquidationEnded(AccountID(1), .restored))
  }

  @Test("large positions are closed in slices")
  func slices() throws {
    var venue = try Venue.marked()
    // 40 BTC, 320,000 USD: one order may take a fifth of it.
    try venue.open(1, .cross, usd: "16100")
    try venue.take(1, 40_000, of: perpetual)
    try venue.block(btc: "7700")
    #expect(try venue.order(of: 1).size == Size(steps: 8_000))
  }
}
