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

@Suite("The waterfall")
struct WaterfallTests {
  private let perpetual = Contracts.btcPerpetual

  /// An account that was long 1 BTC from 8,000 USD with 500 USD, after a gap to a price.
  private func gapped(
    to price: String, fund: String? = nil, changes: [(key: String, value: String)] = []
  ) throws -> Venue {
    var venue = try Venue.marked(changes)
    if let fund { try venue.fund(fund, of: Coins.usd) }
    try venue.open(1, .cross, usd: "500")
    try venue.take(1, 1_000, of: perpetual)
    try venue.block(btc: price)
    return venue
  }

  /// The transfers of a reason, in ledger units.
  private func moved(_ events: [LedgerEvent], _ reason: TransferReason) -> [Int64] {
    events.compactMap { event in
      guard case .transferred(let transfer) = event, transfer.reason == reason else { return nil }
      return transfer.amount.units
    }
  }

  @Test("after a gap the fund pays for what the book leaves, to the unit")
  func fundPays() throws {
    var venue = try gapped(to: "7400", fund: "1000")
    // Equity −100 USD. The fund may add a quarter of its 1,000: 0.15 USD a step below the mark.
    let order = try venue.order(of: 1)
    #expect(order.stage == .insuranceFund)
    #expect(order.size == Size(steps: 1_000))
    #expect(order.limit == Price(steps: 7_250_00000000))
    let events = try venue.submit(venue.report(order, price: try Price("7300")))
    #expect(moved(events, .insuranceCover) == [200_000_000])
    #expect(moved(events, .liquidationPenalty).isEmpty, "nothing is left to pay a penalty from")
    #expect(venue.insuranceFund() == 800_000_000)
    #expect(venue.balance(1) == 0)
    #expect(venue.account(1).liquidation == nil)
    #expect(events.last == .liquidationEnded(AccountID(1), .closed))
  }

  @Test("with nothing left the fund's stage begins, with one unit left it does not")
  func nothingLeft() throws {
    let none = try gapped(to: "7500", fund: "1000")
    #expect(try none.equity(1) == 0)
    #expect(none.stage(of: 1) == .insuranceFund)
    let some = try gapped(to: "7500.001", fund: "1000")
    #expect(try some.equity(1) == 1_000)
    #expect(some.stage(of: 1) == .partial)
  }

  @Test("a rich fund does not buy a closing at any price")
  func noZeroBid() throws {
    var venue = try gapped(to: "7400", fund: "1000000")
    let order = try venue.order(of: 1)
    // The band around the mark is a half of it.
    #expect(order.limit == Price(steps: 3_700_00000000), "P26")
    #expect(order.fundShare == 3_800_000_000)
    let gift = venue.report(order, price: Price(steps: order.limit.steps - 1))
    #expect(venue.refusal(of: gift) == .fillBeyondLimit(order.id))
  }

  // By hand: 0.05 % below 7,400 is 7,396.30, and 103.70 USD below what uses up the account.
  @Test("the fund pays no further from the mark than it is told to")
  func fundSlippage() throws {
    let near = (key: "insuranceFund.slippage", value: "0.05%")
    var venue = try gapped(to: "7400", fund: "1000000", changes: [near])
    let order = try venue.order(of: 1)
    #expect(order.limit == Price(steps: 7_396_30000000))
    #expect(order.fundShare == 103_700_000)
    let worse = venue.report(order, price: Price(steps: order.limit.steps - 1))
    #expect(venue.refusal(of: worse) == .fillBeyondLimit(order.id))
    var better = venue
    try better.submit(venue.report(order, price: Price(steps: order.limit.steps + 1)))
    let events = try venue.submit(venue.report(order))
    #expect(moved(events, .insuranceCover) == [103_700_000])
    // At the mark and no worse; and beyond the band nothing changes.
    let none = try gapped(
      to: "7400", fund: "1000000", changes: [(key: near.key, value: "0%")])
    #expect(try none.order(of: 1).limit == Price(steps: 7_400_00000000))
    for wide in ["50%", "50.0000001%", "100%"] {
      let venue = try gapped(to: "7400", fund: "1000000", changes: [(key: near.key, value: wide)])
      #expect(try venue.order(of: 1).limit == Price(steps: 3_700_00000000))
    }
    // Half a unit of value inside it, to a billionth.
    for (inside, limit) in [
      ("49.99%", 3_700_74000000), ("49.9999932%", 3_700_00100000),
      ("49.9999933%", 3_700_00000000), ("49.9999934%", 3_700_00000000),
    ] as [(String, Int64)] {
      let venue = try gapped(
        to: "7400", fund: "1000000", changes: [(key: near.key, value: inside)])
      #expect(try venue.order(of: 1).limit == Price(steps: limit))
    }
  }

  @Test("what an account has left itself it may lose beyond that")
  func ownSlippage() throws {
    let near = (key: "insuranceFund.slippage", value: "0%")
    // Equity 100 USD, 0.1 USD a step: the bankruptcy price is 7,500, below the mark.
    let venue = try gapped(to: "7600", fund: "1000000", changes: [near])
    #expect(try venue.order(of: 1).limit == Price(steps: 7_500_00000000))
  }

  @Test("an empty fund leads straight to deleveraging, at the bankruptcy price")
  func deleveraging() throws {
    var venue = try Venue.marked()
    try venue.open(1, .cross, usd: "500")
    try venue.open(2, .cross, usd: "1000")
    try venue.submit(venue.trade(perpetual, buyer: 1, seller: 2, size: 1_000))
    let events = try venue.block(btc: "7400")
    let trade = try #require(
      events.compactMap { event -> Trade? in
        guard case .traded(let trade) = event else { return nil }
        return trade
      }.first)
    #expect(trade.cause == .deleveraging)
    #expect(trade.buyer == AccountID(2) && trade.seller == AccountID(1))
    #expect(trade.price == Price(steps: 7_500_00000000), "P35: where equity is zero")
    #expect(venue.balance(1) == 0 && venue.account(1).liquidation == nil)
    // The winner keeps 500 of its 600 USD: what there was to win.
    #expect(venue.balance(2) == 1_500_000_000)
    #expect(venue.size(2, perpetual) == 0)
  }

  @Test("deleveraging takes from the highest rank first and stops at the unit")
  func ranking() throws {
    var venue = try Venue.marked()
    try venue.open(1, .cross, usd: "500")
    // The same profit each; the less collateral, the higher the rank.
    for (id, usd) in [(2 as UInt32, "3000"), (3, "600"), (4, "600"), (5, "900")] {
      try venue.open(id, .cross, usd: usd)
      try venue.submit(venue.trade(perpetual, buyer: 0, seller: id, size: 600))
    }
    try venue.take(1, 1_000, of: perpetual)
    try venue.block(btc: "7400")
    #expect((2...5).map { venue.size($0, perpetual) } == [-600, 0, -200, -600])
    #expect(venue.size(1, perpetual) == 0)
    #expect(venue.size(0, perpetual) == 1_400)
  }

  @Test("deleveraging takes no position at a loss, and what cannot be closed waits in sight")
  func losersAreSpared() throws {
    var venue = try Venue.marked()
    try venue.open(1, .cross, usd: "500")
    try venue.take(1, 1_000, of: perpetual)
    try venue.block(btc: "7510")
    // The maker hands its short to an account that enters below the bankruptcy price to come.
    try venue.open(2, .cross, usd: "5000")
    try venue.submit(venue.trade(perpetual, buyer: 0, seller: 2, size: 1_000, price: "7450"))
    try venue.block(btc: "7400")
    // At 7,500 the only short loses: it is not touched, and an order at the bankruptcy price
    // stays on offer.
    #expect(venue.size(2, perpetual) == -1_000)
    #expect(venue.size(1, perpetual) == 1_000)
    #expect(venue.stage(of: 1) == .deleveraging)
    #expect(try venue.order(of: 1).limit == Price(steps: 7_500_00000000))
    // Capital for the fund ends the wait.
    try venue.fund("1000", of: Coins.usd)
    try venue.block(btc: "7400")
    let order = try venue.order(of: 1)
    try venue.submit(venue.report(order, price: try Price("7400")))
    #expect(venue.account(1).liquidation == nil && venue.balance(1) == 0)
    #expect(venue.insuranceFund() == 900_000_000)
  }

  @Test("a book that twice gives nothing exhausts a stage")
  func patience() throws {
    var venue = try gapped(to: "7550", fund: "10")
    for _ in 0..<2 {
      #expect(venue.stage(of: 1) == .partial)
      try venue.submit(venue.report(venue.order(of: 1), size: 0))
      try venue.block()
    }
    #expect(venue.stage(of: 1) == .insuranceFund)
    // A quarter of 10 USD more than the account's own 50.
    #expect(try venue.order(of: 1).limit == Price(steps: 7_497_50000000))
    for _ in 0..<2 {
      try venue.submit(venue.report(venue.order(of: 1), size: 0))
      try venue.block()
    }
    // Only the maker stands opposite: it is in profit and takes all at the bankruptcy price.
    #expect(venue.size(1, perpetual) == 0 && venue.balance(1) == 0)
    #expect(venue.insuranceFund() == 10_000_000, "the fund paid nothing")
  }

  @Test("orders without an answer expire and count as unfilled")
  func silence() throws {
    var venue = try gapped(to: "7550", fund: "10")
    let first = try venue.order(of: 1)
    let events = try venue.block()
    #expect(events.contains(.liquidationOrderClosed(AccountID(1), first.id, .expired)))
    try venue.block()
    #expect(venue.stage(of: 1) == .insuranceFund)
  }

  /// An account that owes 1,387.25 USD and has nothing.
  ///
  /// Its perpetual was sold at 7,450; for its future nobody could be found before it expired at
  /// 6,000. Accounts 2 and 3 have won 600 and 1,400 USD in the perpetual.
  /// - Parameters:
  ///   - fund: What is put into the fund, which has 37.25 USD from the penalty.
  ///   - last: What else happens before the future expires.
  /// - Returns: The events of the block in which the future expired.
  private func expiredDebtor(
    fund: String, changes: [(key: String, value: String)] = [],
    before last: (inout Venue) throws -> Void = { _ in }
  ) throws -> (venue: Venue, events: [LedgerEvent]) {
    var venue = try Venue.marked(changes)
    for (id, size) in [(2 as UInt32, 300 as Int64), (3, 700)] {
      try venue.open(id, .cross, usd: "1000")
      try venue.submit(venue.trade(perpetual, buyer: 0, seller: id, size: size))
    }
    for id: UInt32 in 4...5 { try venue.open(id, .cross, usd: "5000") }
    try venue.open(9, .cross, usd: "1200")
    try venue.take(9, 1_000, of: perpetual)
    try venue.take(9, 1_000, of: Contracts.btcFuture)
    try venue.block(btc: "7450")
    try venue.submit(venue.report(venue.order(of: 9), price: try Price("7450")))
    #expect(venue.size(9, perpetual) == 0)
    // Who is short in the future now entered below any bankruptcy price to come.
    try venue.submit(
      venue.trade(Contracts.btcFuture, buyer: 0, seller: 5, size: 1_000, price: "7000"))
    try venue.block(btc: "6000")
    for _ in 0..<28 { try venue.block(after: 120) }
    try venue.block(after: 60)
    #expect(venue.size(9, Contracts.btcFuture) == 1_000)
    try venue.fund(fund, of: Coins.usd)
    try last(&venue)
    let events = try venue.block()
    #expect(venue.now == Venue.expiry)
    return (venue, events)
  }

  @Test("the rest of a loss is shared by the market's winners, after the fund is empty")
  func socializedLoss() throws {
    let (venue, events) = try expiredDebtor(fund: "1250")
    #expect(moved(events, .insuranceCover) == [1_287_250_000])
    #expect(moved(events, .socializedLoss) == [30_000_000, 70_000_000])
    #expect(venue.insuranceFund() == 0)
    #expect(venue.balance(9) == 0 && venue.account(9).liquidation == nil)
    #expect(try venue.equity(2) == 1_570_000_000)
    #expect(try venue.equity(3) == 2_330_000_000)
    #expect(venue.balance(4) == 5_000_000_000, "P31")
  }

  @Test("while the fund holds anything, it buys what is owed from the winners at the index")
  func crossAsset() throws {
    let (venue, events) = try expiredDebtor(fund: "1250") { venue in
      try venue.fund("1", of: Coins.btc)
    }
    // 100 USD of the largest profit, for 0.0166666… coins at 6,000.
    #expect(moved(events, .conversion) == [100_000_000])
    #expect(moved(events, .insuranceCover) == [1_287_250_000, 1_666_667])
    #expect(moved(events, .socializedLoss).isEmpty)
    #expect(venue.balance(2, 1) == 0 && venue.balance(3, 1) == 1_666_667)
    #expect(venue.insuranceFund() == 0 && venue.insuranceFund(1) == 100_000_000 - 1_666_667)
    #expect(venue.balance(9) == 0 && venue.account(9).liquidation == nil)
  }

  @Test("what the fund's other assets do not reach is shared")
  func crossAssetRest() throws {
    let (venue, events) = try expiredDebtor(fund: "1250") { venue in
      try venue.fund("0.01", of: Coins.btc)
    }
    #expect(moved(events, .conversion) == [60_000_000])
    #expect(moved(events, .socializedLoss).reduce(0, +) == 40_000_000)
    #expect(venue.insuranceFund() == 0 && venue.insuranceFund(1) == 0)
    #expect(venue.balance(9) == 0 && venue.account(9).liquidation == nil)
  }

  @Test("a winner gives no more than its share, once; the account waits for the fund")
  func cappedLoss() throws {
    var (venue, events) = try expiredDebtor(
      fund: "1050", changes: [(key: "socializedLoss.share", value: "10%")])
    #expect(moved(events, .socializedLoss) == [60_000_000, 140_000_000])
    #expect(venue.stage(of: 9) == .socializedLoss)
    #expect(venue.balance(9) == -100_000_000)
    let open = try venue.trade(perpetual, buyer: 9, seller: 0, size: 1)
    #expect(venue.refusal(of: open) == .accountInLiquidation(AccountID(9)))
    events = try venue.block()
    #expect(moved(events, .socializedLoss).isEmpty)
    try venue.fund("99.999999", of: Coins.usd)
    events = try venue.block()
    #expect(moved(events, .insuranceCover) == [99_999_999])
    #expect(venue.stage(of: 9) == .socializedLoss)
    try venue.fund("1", of: Coins.usd)
    events = try venue.block()
    #expect(moved(events, .insuranceCover) == [1])
    #expect(venue.balance(9) == 0 && venue.account(9).liquidation == nil)
    #expect(venue.insuranceFund() == 999_999)
  }

  @Test("a winner gives no more than its equity")
  func equityCap() throws {
    // Account 2 has won 600 USD here and lost 1,150 in ETH: 450 of its 1,000 + 600 are left.
    let (venue, events) = try expiredDebtor(fund: "0.000001") { venue in
      try venue.take(2, 8_000, of: Contracts.ethPerpetual)
      try venue.set("ETH", "185.625")
    }
    // 1,349.999999 USD in proportion 450 : 1,400.
    #expect(moved(events, .socializedLoss) == [328_378_378, 1_021_621_621])
    #expect(venue.account(2).liquidation == nil && venue.account(9).liquidation == nil)
  }

  @Test("a profit that has borne one loss does not bear the next")
  func profitsAreUsedUp() throws {
    let (venue, _) = try expiredDebtor(fund: "1250")
    let positions = [2, 3].map { venue.account($0).portfolio.positions[0] }
    let mark = venue.mark(perpetual).unitValue
    #expect(positions.map { $0.unrealizedProfit(unitValue: mark) } == [570_000_000, 1_330_000_000])
    #expect(venue.balance(2) == 1_000_000_000 && venue.balance(3) == 1_000_000_000)
  }

  @Test("a bankruptcy price beyond the contract's highest is not offered at the mark instead")
  func beyondHighestPrice() throws {
    var venue = try Venue.marked()
    let low = InstrumentID(50)
    // Its highest unit value, rounded, is that of a price one step too high.
    try venue.submit(
      .listInstrument(
        Contracts.contract(
          50, "LOW", "BTC", .perpetual, .linear, Coins.usd, 100_000, "8100.0006")))
    try venue.block()
    try venue.open(1, .cross, usd: "1100")
    try venue.take(1, 10_000, of: Contracts.ethPerpetual)
    try venue.take(1, 125, of: low)
    // 10,000 USD are lost in ETH; its share of that moves the other position's price far up.
    try venue.block(eth: "100")
    #expect(venue.size(1, Contracts.ethPerpetual) == 0, "the maker is in profit there")
    #expect(venue.size(1, low) == 125)
    #expect(try venue.order(of: 1).limit == Price("8100.0006"), "P24")
  }

  @Test("what the fund sets aside goes to the largest shortfall, and is not promised twice")
  func setAside() throws {
    var venue = try Venue.marked([(key: "insuranceFund.eventCap", value: "100%")])
    try venue.fund("30", of: Coins.usd)
    for (id, usd) in [(1 as UInt32, "500"), (2, "450"), (3, "450")] {
      try venue.open(id, .cross, usd: usd)
      try venue.take(id, 1_000, of: perpetual)
    }
    try venue.block(btc: "7400")
    let orders = try (1...3).map { try venue.order(of: $0) }
    #expect(orders.map(\.fundShare) == [0, 30_000_000, 0])
    #expect(orders.map(\.limit.steps) == [7_500_00000000, 7_520_00000000, 7_550_00000000])
    try venue.submit(venue.report(orders[1]))
    #expect(venue.insuranceFund() == 0 && venue.balance(2) == 0)
    try venue.submit(venue.report(orders[0]))
    #expect(venue.balance(1) == 0)
  }

  @Test("the shares of several positions do not add up to more than the equity")
  func sharesRoundDown() throws {
    var venue = try Venue.marked()
    // Two positions of one step each and an equity of three units: one each, and one is left.
    try venue.open(1, .cross, usd: "0.800003")
    try venue.take(1, 1, of: perpetual)
    try venue.take(1, 1, of: Contracts.btcFuture)
    try venue.block(btc: "7600")
    #expect(try venue.equity(1) == 3)
    for _ in 0..<4 { try venue.block() }
    #expect(venue.account(1).portfolio.positions.isEmpty)
    #expect(venue.balance(1) == 1 && venue.account(1).liquidation == nil)
  }

  @Test("two accounts cannot hand a loss to the fund by trading away from the mark")
  func collusion() throws {
    var venue = try Venue.marked()
    try venue.fund("10000", of: Coins.usd)
    try venue.open(1, .cross, usd: "500")
    try venue.open(2, .cross, usd: "5000")
    try venue.take(1, 1_000, of: perpetual)
    // Sold at 7,500 its equity is zero; one step lower it would be below.
    let gift = try venue.trade(perpetual, buyer: 2, seller: 1, size: 1_000, price: "7499.99")
    #expect(
      venue.refusal(of: gift)
        == .belowInitialMargin(AccountID(1), equity: -10_000, initialMargin: 0))
    try venue.submit(venue.trade(perpetual, buyer: 2, seller: 1, size: 1_000, price: "7500"))
    #expect(venue.balance(1) == 0)
  }

  @Test(
    "a deleveraged account does not become insolvent by it",
    arguments: [
      (1_550 as Int64, "1020", false), (1_450, "1020", true),
    ])
  func deleveragedStaysSolvent(future: Int64, usd: String, isTouched: Bool) throws {
    var venue = try Venue.marked()
    try venue.open(1, .cross, usd: "500")
    // Its profit on the short is eaten by a long of the future.
    try venue.open(2, .cross, usd: usd)
    try venue.submit(venue.trade(perpetual, buyer: 1, seller: 2, size: 1_000))
    try venue.take(2, future, of: Contracts.btcFuture)
    try venue.block(btc: "7000")
    // Healthy either way, with 470 or 570 USD; closing at 7,500 instead of 7,000 costs 500.
    #expect(venue.account(2).liquidation == nil)
    #expect((venue.size(2, perpetual) == 0) == isTouched)
    #expect(try venue.equity(2) > 0)
  }
}
