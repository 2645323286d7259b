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

@Suite("Collateral in its spot market")
struct CollateralSaleTests {
  private func reported(
    _ changes: [(key: String, value: String)] = []
  ) throws -> (venue: Venue, sale: CollateralSale) {
    let venue = try Conversions.venue([Conversions.book] + changes)
    return (venue, try venue.openSale())
  }

  // 0.92105265 ETH restore; steps are hundredths. Of 184.21 at most 36.84 may be lost, and no
  // more than 5 %: nothing below 190.
  @Test("an order for whole steps, and no price that costs more than is permitted")
  func order() throws {
    let (venue, sale) = try reported()
    #expect(sale.left == 93_000_000 && sale.market == Conversions.spot)
    let exact = try Price("190")
    #expect((0...10_000).contains(sale.limit.steps - exact.steps))
    #expect(sale.price == sale.limit && sale.expiresAt == venue.now + .minute)
    #expect(venue.account(1).liquidation?.order == nil, "the sale alone restores the account")
    let (_, tight) = try reported([(key: "conversion.slippage", value: "0.5%")])
    #expect(try (0...10_000).contains(tight.limit.steps - Price("199").steps))
    // A haircut of 20 % bounds the price where the venue permits more.
    let (_, wide) = try reported([(key: "conversion.slippage", value: "50%")])
    #expect(try (0...10_000).contains(wide.limit.steps - Price("160").steps))
  }

  @Test("a fill exchanges coins for money and ends the liquidation; the buyer pays no more")
  func fill() throws {
    var (venue, sale) = try reported()
    let events = try venue.submit(venue.report(sale, price: "199"))
    #expect(venue.balance(1, 2) == 907_000_000 && venue.balance(2, 2) == 93_000_000)
    #expect(venue.balance(1) == 185_070_000 && venue.balance(2) == 1_000_000_000_000 - 185_070_000)
    #expect(Conversions.fills(events).map(\.paid) == [185_070_000])
    #expect(Conversions.ends(events) == [.filled])
    #expect(venue.account(1).liquidation == nil && venue.size(1, Conversions.perpetual) == 1_000)
    // Doubled: there is no such order any more.
    let again = try venue.report(sale, price: "199")
    #expect(venue.refusal(of: again) == .unknownOrder(sale.id))
  }

  @Test("a part is kept, and the rest is ordered again with the next block")
  func part() throws {
    var (venue, sale) = try reported()
    let events = try venue.submit(venue.report(sale, steps: 40, price: "200"))
    #expect(Conversions.ends(events) == [.filled] && venue.sale == nil)
    #expect(venue.account(1).liquidation?.order == nil, "the book recovers first")
    try venue.block()
    let next = try venue.openSale()
    #expect(next.id > sale.id && next.left < 93_000_000 && next.left >= 47_000_000)
  }

  @Test("without a fill positions are tried at once, and collateral again later")
  func unfilled() throws {
    var (venue, sale) = try reported()
    let events = try venue.submit(venue.report(sale, steps: 0))
    #expect(Conversions.ends(events) == [.unfilled] && venue.sale == nil)
    let order = try venue.order(of: 1)
    #expect(order.instrument == Conversions.perpetual)
    try venue.submit(venue.report(order, size: 0))
    // No position was sold either: the collateral is offered once more.
    #expect(venue.sale == nil)
    try venue.block()
    #expect(venue.sale != nil)
  }

  @Test("a lost report: one step before its end the order is waited for, then positions go")
  func lost() throws {
    var (venue, sale) = try reported()
    try venue.block(after: 59)
    #expect(venue.sale == sale && venue.account(1).liquidation?.order == nil)
    let events = try venue.block(after: 1)
    #expect(Conversions.ends(events) == [.expired] && venue.sale == nil)
    #expect(try venue.order(of: 1).instrument == Conversions.perpetual)
    let late = try venue.report(sale)
    #expect(venue.refusal(of: late) == .unknownOrder(sale.id))
  }

  @Test("what a report must not say: price, size, band, counterparty")
  func refusals() throws {
    var (venue, sale) = try reported()
    let below = Price(steps: sale.limit.steps - 1).description
    #expect(venue.refusal(of: try venue.report(sale, price: below)) == .fillBeyondLimit(sale.id))
    #expect(venue.refusal(of: try venue.report(sale, steps: 94)) == .fillBeyondSize(sale.id))
    #expect(
      venue.refusal(of: try venue.report(sale, steps: -1)) == .notPositive("a fill's size"))
    // The band is 50 % of 200: a cent beyond it is an error.
    #expect(
      venue.refusal(of: try venue.report(sale, price: "300.01"))?.code == "price-outside-band")
    #expect(
      venue.refusal(of: try venue.report(sale, with: 1)) == .selfTrade(Conversions.debtor))
    #expect(
      venue.refusal(of: try venue.report(sale, with: 77)) == .unknownAccount(AccountID(77)))
    try venue.submit(
      .openSubaccount(AccountID(3), under: Conversions.debtor, .cross))
    try venue.deposit(3, "1000", of: Coins.usd)
    #expect(
      venue.refusal(of: try venue.report(sale, with: 3)) == .selfTrade(AccountID(3)))
    let unknown = ExecutionReport(order: OrderID(sale.id.number + 1), fills: [])
    #expect(
      venue.refusal(of: .reportExecution(unknown)) == .unknownOrder(OrderID(sale.id.number + 1)))
    #expect(venue.sale == sale, "refused, and the order still waits")
    try venue.submit(venue.report(sale, price: "300"))
  }

  // 93 steps at 200 are 186 dollars.
  @Test("a buyer pays out of what he has: one unit below, at and above")
  func buyersMoney() throws {
    for (money, isFilled) in [("185.999999", false), ("186", true), ("186.000001", true)] {
      var (venue, sale) = try reported()
      try venue.open(3, .cross, usd: money)
      let command = try venue.report(sale, price: "200", with: 3)
      #expect(try venue.attempt(command) == isFilled, "\(money)")
    }
    // A buyer with a position keeps his initial margin: coins count for less than money.
    var (venue, sale) = try reported()
    try venue.open(3, .cross, usd: "600")
    try venue.take(3, 1_210, of: Conversions.perpetual)
    let command = try venue.report(sale, price: "200", with: 3)
    #expect(venue.refusal(of: command)?.code == "below-initial-margin")
    try venue.deposit(3, "10", of: Coins.usd)
    try venue.submit(command)
  }

  // Spare of 0.1 BTC is what 5,000 inverse contracts have not lost of it at 7,000; at 6,900 they
  // have lost 9,965,000 units, and the settlement after five minutes takes them.
  @Test("an order that the account no longer bears is withdrawn, and its report refused")
  func notBorne() throws {
    let long = [
      (key: "clearing.fundingInterval", value: "5min"),
      (key: "liquidation.orderLife", value: "10min"),
    ]
    var venue = try Conversions.listed([Conversions.book] + long)
    try venue.submit(
      .listInstrument(
        Contracts.contract(21, "BTC-SPOT", "BTC", .spot, .linear, Coins.usd, 1, "500000")))
    try venue.open(3, .cross)
    try venue.deposit(3, "0.1", of: Coins.btc)
    try venue.take(3, 5_000, of: Contracts.btcInverse)
    try venue.block(btc: "7000")
    let sale = try #require(venue.account(3).liquidation?.sale)
    #expect(sale.left == 1_070_000 && sale.market == InstrumentID(21))
    #expect(venue.account(3).liquidation?.order == nil, "its losses are in the coin for sale")
    try venue.block(btc: "6900", after: 120)
    #expect(venue.account(3).liquidation?.sale == sale)
    let events = try venue.block(after: 60)
    #expect(Conversions.ends(events) == [.cancelled])
    #expect(venue.balance(3, 1) < 1_070_000 && venue.balance(3, 1) > 0)
    let report = ExecutionReport(
      order: sale.id,
      fills: [
        .init(counterparty: AccountID(2), size: Size(steps: 1), price: try Price("6900"))
      ])
    #expect(venue.refusal(of: .reportExecution(report)) == .unknownOrder(sale.id))
  }

  @Test("together: the positions' order goes out beside a sale that does not suffice")
  func together() throws {
    var venue = try Conversions.listed([Conversions.book])
    try venue.deposit(1, "1520", of: Coins.usd)
    try venue.submit(.withdrawCollateral(AccountID(1), try Amount("9.5", of: Coins.eth)))
    try venue.block(btc: "6700")
    let (sale, order) = (try venue.openSale(), try venue.order(of: 1))
    #expect(sale.left == 50_000_000 && order.instrument == Conversions.perpetual)
    #expect(sale.id != order.id)
    // Both come back, the sale first; nothing is offered twice.
    try venue.submit(venue.report(sale, price: "200"))
    #expect(venue.account(1).liquidation?.order == order)
    #expect(venue.balance(1, 2) == 0 && venue.sale == nil)
    let before = try venue.surplus(1)
    try venue.submit(venue.report(order, price: venue.mark(order.instrument).price))
    // Sized as if the coins had been sold: what is still missing is the penalty.
    let after = try venue.surplus(1)
    #expect(before < -14_000_000 && after > -3_500_000)
    #expect(venue.size(1, Conversions.perpetual) > 0)
  }

  @Test("when positions have restored the account first, the sale is withdrawn")
  func restored() throws {
    var (venue, sale) = try reported()
    try venue.block(btc: "7000", after: 30)
    #expect(venue.account(1).liquidation == nil)
    let events = venue.records.last?.events ?? []
    #expect(Conversions.ends(events) == [.cancelled])
    #expect(venue.refusal(of: try venue.report(sale)) == .unknownOrder(sale.id))
  }

  @Test("without a spot market, or at a market without prices, positions are reduced")
  func noMarket() throws {
    var venue = try Venue.marked(Conversions.terms + [Conversions.book])
    try venue.fund("10000", of: Coins.usd)
    try venue.open(1, .cross)
    try venue.deposit(1, "10", of: Coins.eth)
    try venue.take(1, 1_000, of: Conversions.perpetual)
    try venue.block(btc: "6700")
    #expect(Conversions.decisions(venue).isEmpty)
    #expect(try venue.order(of: 1).instrument == Conversions.perpetual)
  }

  // Of 186 dollars 2 % are 3.72.
  @Test("the fund's part of a sale is taken from what it brought, and never beyond equity")
  func fee() throws {
    var (venue, sale) = try reported([(key: "conversion.fee", value: "2%")])
    let before = venue.insuranceFund()
    let steps = sale.left / 1_000_000
    try venue.submit(venue.report(sale, price: "200"))
    #expect(venue.insuranceFund() - before == steps * 40_000)
    #expect(try venue.surplus(1) >= 0 && venue.account(1).liquidation == nil)
  }

  @Test("an account without positions sells for its debt before the fund is asked")
  func debt() throws {
    let whole = (key: "liquidation.leastShare", value: "100%")
    var (venue, sale) = try reported([whole])
    try venue.submit(venue.report(sale, steps: 0))
    let order = try venue.order(of: 1)
    #expect(order.size == Size(steps: 1_000))
    try venue.submit(venue.report(order, price: Price("6700")))
    // 1,300 lost and 1 % of 6,700 paid: 1,367 are owed, of ETH at 198 after costs 6.9041.
    #expect(venue.balance(1) == -1_367_000_000)
    sale = try venue.openSale()
    #expect(sale.left == 691_000_000)
    #expect(Conversions.decisions(venue).last?.freed == 0)
    try venue.submit(venue.report(sale, price: "199"))
    #expect(venue.balance(1) == 691 * 1_990_000 - 1_367_000_000)
    #expect(venue.account(1).liquidation == nil && venue.insuranceFund(2) == 0)
    // Without a buyer the fund is asked, as it is where no book is.
    (venue, sale) = try reported([whole])
    try venue.submit(venue.report(sale, steps: 0))
    try venue.submit(venue.report(venue.order(of: 1), price: Price("6700")))
    try venue.submit(venue.report(venue.openSale(), steps: 0))
    #expect(venue.balance(1) == 0 && venue.insuranceFund(2) == 683_500_000)
    #expect(venue.account(1).liquidation == nil)
  }

  // At 210 and 6,600 the account is worth 700 and must have 420 + 330. 5 % below 210 are 199.5;
  // with 50 % the haircut of 20 % binds at 168, and each of 93 steps may lack a unit.
  @Test("what arrives a block later is limited at that block's prices: at, below and above")
  func laterBlock() throws {
    for (slippage, price, isFilled) in [
      ("5%", "199.4999", false), ("5%", "199.5", true), ("50%", "167.9998", false),
      ("50%", "167.9999", true), ("50%", "168", true),
    ] {
      var (venue, sale) = try reported([(key: "conversion.slippage", value: slippage)])
      try venue.block(btc: "6600", eth: "210", after: 30)
      #expect(try venue.sale == sale && sale.limit < Price(price))
      let before = try venue.surplus(1)
      let command = try venue.report(sale, price: price)
      guard isFilled else {
        #expect(venue.refusal(of: command) == .fillBeyondLimit(sale.id), "\(price)")
        continue
      }
      try venue.submit(command)
      #expect(try venue.surplus(1) >= before - 93)
    }
    // What the order itself permits still binds where prices have fallen.
    var (venue, sale) = try reported()
    try venue.block(eth: "185", after: 30)
    let below = Price(steps: sale.limit.steps - 1).description
    #expect(venue.refusal(of: try venue.report(sale, price: below)) == .fillBeyondLimit(sale.id))
    try venue.submit(venue.report(sale))
  }

  // 10 ETH at 140 do not pay the 1,565 that are owed; the sale had to cost 1 %. At 145 it may
  // cost 14.50, so nothing below 143.55 but a unit for each of a thousand steps.
  @Test("coins of an insolvent account go for what they had to cost at the prices of the moment")
  func insolvent() throws {
    for (price, isFilled) in [("143.5498", false), ("143.5499", true), ("143.55", true)] {
      var (venue, sale) = try reported([(key: "liquidation.leastShare", value: "100%")])
      try venue.submit(venue.report(sale, steps: 0))
      let order = try venue.order(of: 1)
      try venue.block(eth: "140", after: 30)
      try venue.submit(venue.report(order, price: Price("6500")))
      sale = try venue.openSale()
      #expect(try sale.left == 1_000_000_000 && sale.limit < Price("138.7"))
      try venue.block(eth: "145", after: 30)
      let command = try venue.report(sale, price: price)
      if isFilled {
        try venue.submit(command)
      } else {
        #expect(venue.refusal(of: command) == .fillBeyondLimit(sale.id), "\(price)")
      }
    }
  }
}
