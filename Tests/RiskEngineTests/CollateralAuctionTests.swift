// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import Parameters
import Quantities
import RiskEngine
import Testing

@Suite("Collateral under the hammer")
struct CollateralAuctionTests {
  private func venue(_ changes: [(key: String, value: String)] = []) throws -> Venue {
    try Conversions.venue([Conversions.auction] + changes)
  }

  // From 102 % to 95 % of 200 in 600 seconds: 197 after 300.
  @Test("the price falls in a line with the blocks, follows the coin and stops at the reserve")
  func price() throws {
    var venue = try venue()
    let first = try venue.openSale()
    #expect(try first.price == Price("204") && first.market == nil)
    #expect(first.left == 92_105_265 && venue.account(1).liquidation?.order == nil)
    for _ in 0..<5 { try venue.block() }
    let sale = try venue.openSale()
    #expect(try sale.price == Price("197") && sale.elapsed == TimeSpan(seconds: 300))
    // A stall of the venue is no time in which anybody could have bid: two minutes a block.
    try venue.block(after: 200)
    #expect(try venue.openSale().elapsed == TimeSpan(seconds: 420))
    try venue.block(eth: "198", after: 60)
    // 102 % less 7 % × 480 ÷ 600 is 96.4 %: below what the sale may cost at 198, and still asked.
    let low = try venue.openSale()
    #expect(try low.price == Price("190.872") && low.price >= low.limit)
  }

  @Test("the clock stands still while the coin has no fresh price, and nobody can bid")
  func stale() throws {
    var venue = try venue()
    let first = try venue.openSale()
    try venue.submit(venue.nextBlock(after: 300, silent: ["ETH"]))
    let held = try venue.openSale()
    #expect(held.elapsed == first.elapsed && held.price == first.price)
    #expect(venue.refusal(of: try venue.bid()) == .nothingForSale(Conversions.debtor))
    try venue.block()
    #expect(try venue.openSale().elapsed == TimeSpan(seconds: 60))
  }

  @Test("a bid at the asking price is filled, one unit below is not, and above pays no more")
  func limit() throws {
    for (limit, isFilled) in [("203.99999999", false), ("204", true), ("204.00000001", true)] {
      var venue = try venue()
      let command = try venue.bid(limit: limit)
      guard isFilled else {
        let refusal = venue.refusal(of: command)
        #expect(
          refusal
            == .askAboveLimit(
              Conversions.debtor, asked: try Price("204"), limit: try Price(limit)))
        #expect(refusal?.code == "ask-above-limit")
        continue
      }
      let events = try venue.submit(command)
      // 0.92105265 ETH at 204, rounded up.
      #expect(Conversions.fills(events).map(\.paid) == [187_894_741])
      #expect(Conversions.ends(events) == [.filled])
      #expect(venue.balance(2, 2) == 92_105_265 && venue.account(1).liquidation == nil)
      #expect(venue.size(1, Conversions.perpetual) == 1_000)
    }
  }

  // At 204 a coin brings more than its worth: 35 ÷ (0.2 + 0.02) = 159.09 of worth restore.
  @Test("parts are taken by the highest limits first, and the sale ends when health is back")
  func parts() throws {
    var venue = try venue()
    let sale = try venue.openSale()
    try venue.open(3, .cross, usd: "1000")
    let bids = [
      CollateralBid(
        bidder: AccountID(2), units: 40_000_000, limit: try Price("204"),
        receivedAt: Venue.start),
      CollateralBid(
        bidder: AccountID(3), units: 40_000_000, limit: try Price("210"),
        receivedAt: Venue.start),
      CollateralBid(
        bidder: AccountID(2), units: 40_000_000, limit: try Price("203"),
        receivedAt: Venue.start),
    ]
    let events = try venue.submit(.bidForCollateral(Conversions.debtor, sale.id, bids))
    #expect(Conversions.fills(events).map(\.buyer) == [AccountID(3), AccountID(2)])
    #expect(Conversions.ends(events) == [.cancelled], "0.8 of 0.92 ETH have restored it")
    #expect(venue.account(1).liquidation == nil && venue.balance(1, 2) == 920_000_000)
  }

  @Test("a sale that found no buyer ends, and positions are tried before the next")
  func unsold() throws {
    var venue = try venue()
    let sale = try venue.openSale()
    for _ in 0..<9 { try venue.block() }
    #expect(try venue.openSale().id == sale.id, "a minute before its end")
    #expect(venue.account(1).liquidation?.order == nil)
    try venue.block()
    // The price of the end is asked for one block.
    #expect(try venue.openSale().price >= Price("190"))
    let events = try venue.block()
    #expect(Conversions.ends(events) == [.expired] && venue.sale == nil)
    #expect(try venue.order(of: 1).instrument == Conversions.perpetual)
    #expect(venue.balance(1, 2) == 1_000_000_000)
  }

  @Test("who may not bid, and what no bid may ask")
  func refusals() throws {
    var venue = try venue()
    let sale = try venue.openSale()
    let debtor = Conversions.debtor
    #expect(venue.refusal(of: try venue.bid(by: 1)) == .selfTrade(debtor))
    #expect(venue.refusal(of: try venue.bid(by: 77)) == .unknownAccount(AccountID(77)))
    #expect(venue.refusal(of: try venue.bid(units: 0)) == .notPositive("a bid's size"))
    #expect(venue.refusal(of: try venue.bid(units: -5)) == .notPositive("a bid's size"))
    #expect(venue.refusal(of: try venue.bid(units: 1)) == .outsideLimits("a bid's size"))
    #expect(venue.refusal(of: try venue.bid(limit: "0"))?.code == "ask-above-limit")
    let other = OrderID(sale.id.number + 1)
    #expect(venue.refusal(of: try venue.bid(for: other)) == .unknownOrder(other))
    #expect(
      venue.refusal(of: .bidForCollateral(debtor, sale.id, []))
        == .notPositive("the number of bids"))
    #expect(
      venue.refusal(of: .bidForCollateral(AccountID(2), sale.id, []))
        == .notPositive("the number of bids"))
    // A report cannot answer what is under the hammer.
    let report = ExecutionReport(order: sale.id, fills: [])
    #expect(venue.refusal(of: .reportExecution(report)) == .unknownOrder(sale.id))
    try venue.open(3, .cross, usd: "187.89474")
    #expect(
      venue.refusal(of: try venue.bid(by: 3))
        == .insufficientBalance(AccountID(3), has: 187_894_740))
    try venue.deposit(3, "0.000001", of: Coins.usd)
    let bid = try venue.bid(by: 3)
    try venue.submit(bid)
    #expect(venue.balance(3) == 0 && venue.balance(3, 2) == 92_105_265)
    #expect(venue.refusal(of: bid) == .unknownOrder(sale.id), "doubled or late")
  }

  @Test("an account without positions sells no more than its debt takes")
  func debt() throws {
    var venue = try venue([(key: "liquidation.leastShare", value: "100%")])
    for _ in 0..<11 { try venue.block() }
    try venue.submit(venue.report(venue.order(of: 1), price: Price("6700")))
    let sale = try venue.openSale()
    #expect(try venue.balance(1) == -1_367_000_000 && sale.price == Price("204"))
    let events = try venue.submit(venue.bid())
    // 1,367 ÷ 204 = 6.7009803…, rounded up.
    #expect(Conversions.fills(events).map(\.units) == [670_098_040])
    #expect(venue.balance(1) >= 0 && venue.balance(1) <= 2)
    #expect(venue.account(1).liquidation == nil)
  }
}
