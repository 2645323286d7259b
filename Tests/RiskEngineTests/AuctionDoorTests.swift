// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Quantities
import RiskEngine
import Testing

@Suite("Bids at the door")
struct AuctionDoorTests {
  private let perpetual = Contracts.btcPerpetual

  @Test("a bid at the auction's price is filled, one a billionth dearer is not")
  func price() throws {
    var venue = try Auctions.solvent()
    for _ in 0..<3 { try venue.block() }
    let offer = try #require(venue.engine.auctionOffer(of: Auctions.debtor))
    #expect(offer.reward > .zero)
    let dearer = offer.reward + Rate(billionths: 1)
    let refused = Auctions.command(try Auctions.bid(venue, leastReward: dearer))
    #expect(
      venue.refusal(of: refused)
        == .auctionPriceTooHigh(Auctions.debtor, reward: offer.reward, least: dearer))
    try venue.submit(Auctions.command(Auctions.bid(venue, leastReward: offer.reward)))
    #expect(venue.account(1).liquidation == nil)
  }

  @Test("a bidder needs initial margin for what he takes, to the unit")
  func margin() throws {
    var venue = try Auctions.solvent()
    try venue.block()
    try venue.open(3, .cross, usd: "1")
    let command = Auctions.command(try Auctions.bid(venue, by: 3))
    guard
      case .belowInitialMargin(AccountID(3), let equity, let initial) =
        venue.refusal(of: command)
    else {
      Issue.record("filled without margin")
      return
    }
    // The discount counts toward it, for it is his.
    #expect(equity > 1_000_000)
    let missing = initial - equity
    try venue.deposit(3, decimalText(missing - 1, decimals: 6), of: Coins.usd)
    #expect(venue.refusal(of: command)?.code == "below-initial-margin")
    try venue.deposit(3, "0.000001", of: Coins.usd)
    try venue.submit(command)
    #expect(venue.size(3, perpetual) > 0)
  }

  @Test("the share asked for, at the largest and a billionth below")
  func share() throws {
    var venue = try Auctions.solvent()
    let most = try #require(venue.engine.auctionOffer(of: Auctions.debtor)).mostShare
    var below = venue
    let text = decimalText(most.billionths - 1, decimals: 9)
    let less = try below.submit(Auctions.command(Auctions.bid(below, share: text)))
    // 0.318181818 of 40,000 is 12,727.3 steps: toward zero, and not restored.
    #expect(below.size(2, perpetual) == 12_727)
    #expect(try #require(Auctions.fills(less).first).share == (try Rate("31.8175%")))
    #expect(below.stage(of: 1) == .auction)
    let all = try venue.submit(
      Auctions.command(Auctions.bid(venue, share: most.description)))
    #expect(venue.size(2, perpetual) == 12_728)
    #expect(try #require(Auctions.fills(all).first).share == most)
    #expect(venue.account(1).liquidation == nil)
  }

  @Test("the smallest share, at and below it", arguments: [("1%", true), ("0.9999999%", false)])
  func leastShare(share: String, isFilled: Bool) throws {
    var venue = try Auctions.solvent()
    #expect(try venue.attempt(Auctions.command(Auctions.bid(venue, share: share))) == isFilled)
  }

  @Test("a bid lives until its end, and only on what it has seen")
  func staleness() throws {
    var venue = try Auctions.solvent()
    let late = Auctions.command(try Auctions.bid(venue, expiresAt: venue.now))
    #expect(venue.refusal(of: late) == .bidStale(Auctions.debtor, Auctions.bidder))
    let inTime = venue.now + TimeSpan(nanoseconds: 1)
    try venue.submit(
      Auctions.command(Auctions.bid(venue, share: "2%", seen: 0, expiresAt: inTime)))
    let unseen = Auctions.command(try Auctions.bid(venue, seen: 0))
    #expect(venue.refusal(of: unseen) == .bidStale(Auctions.debtor, Auctions.bidder))
    try venue.submit(Auctions.command(Auctions.bid(venue, share: "2%", seen: 1)))
    #expect(venue.auction?.bids == 2)
  }

  @Test("who may not bid, and what is no bid")
  func refusals() throws {
    var venue = try Auctions.solvent()
    try venue.submit(.openSubaccount(AccountID(3), under: Auctions.debtor, .cross))
    let refusal = { (venue: inout Venue, bid: AuctionBid) in
      venue.refusal(of: Auctions.command(bid))
    }
    for (id, expected) in [
      (1 as UInt32, Refusal.selfTrade(AccountID(1))), (3, .selfTrade(AccountID(3))),
      (9, .unknownAccount(AccountID(9))),
    ] {
      #expect(refusal(&venue, try Auctions.bid(venue, by: id)) == expected)
    }
    #expect(refusal(&venue, try Auctions.bid(venue, share: "0%")) == .notPositive("a bid's share"))
    #expect(
      refusal(&venue, try Auctions.bid(venue, share: "100.0000001%"))
        == .outsideLimits("a bid's share"))
    let bid = try Auctions.bid(venue)
    #expect(venue.refusal(of: .bidInAuction(AccountID(7), [bid])) == .unknownAccount(AccountID(7)))
    #expect(venue.refusal(of: .bidInAuction(AccountID(0), [bid])) == .noAuction(AccountID(0)))
    #expect(
      venue.refusal(of: .bidInAuction(Auctions.debtor, []))
        == .notPositive("the number of bids"))
    let many = Array(repeating: bid, count: Engine.mostBids + 1)
    #expect(
      venue.refusal(of: .bidInAuction(Auctions.debtor, many))
        == .outsideLimits("the number of bids"))
  }

  @Test("nobody bids while he is liquidated himself")
  func liquidatedBidder() throws {
    var venue = try Auctions.solvent()
    try venue.open(4, .cross, usd: "560")
    try venue.take(4, 1_000, of: perpetual)
    try venue.block(btc: "7300")
    #expect(venue.stage(of: 4) != nil)
    #expect(
      venue.refusal(of: Auctions.command(try Auctions.bid(venue, by: 4)))
        == .accountInLiquidation(AccountID(4)))
  }

  @Test("an isolated bidder holds nothing else")
  func isolated() throws {
    var venue = try Auctions.solvent()
    try venue.open(5, .isolated, usd: "1000000")
    try venue.take(5, 1, of: Contracts.ethPerpetual)
    #expect(
      venue.refusal(of: Auctions.command(try Auctions.bid(venue, by: 5)))
        == .isolatedAccountHoldsAnother(AccountID(5)))
  }

  @Test("the bids of one instant are served by price, then time, then account")
  func order() throws {
    var venue = try Auctions.solvent()
    for id in 3...5 as ClosedRange<UInt32> { try venue.open(id, .cross, usd: "1000000") }
    for _ in 0..<5 { try venue.block() }
    let early = Venue.start
    let late = early + .minute
    let bids = [
      try Auctions.bid(venue, share: "15%", by: 3, receivedAt: late),
      try Auctions.bid(venue, share: "15%", leastReward: Rate(billionths: 1), by: 2),
      try Auctions.bid(venue, share: "15%", by: 5, receivedAt: early),
      try Auctions.bid(venue, share: "15%", by: 4, receivedAt: late),
    ]
    var first: [LedgerEvent]?
    for rotation in 0..<4 {
      var other = venue
      let turned = Array(bids[rotation...] + bids[..<rotation])
      let events = try other.submit(.bidInAuction(Auctions.debtor, turned))
      #expect(first == nil || first == events, "the list's order decides nothing")
      first = events
    }
    let fills = Auctions.fills(try #require(first))
    // 34.1 % are for sale: two bids whole and a rest. The dearest goes last and finds nothing.
    #expect(fills.map(\.share.value).map { $0 < 0.14 } == [false, false, true])
    #expect(fills.map(\.bidder) == [AccountID(5), AccountID(3), AccountID(4)])
    #expect(fills.allSatisfy { $0.factor == fills[0].factor })
  }

  @Test("a bid that cannot be filled does not keep the others out")
  func mixed() throws {
    var venue = try Auctions.solvent()
    try venue.open(3, .cross, usd: "1")
    let bids = [try Auctions.bid(venue, by: 3), try Auctions.bid(venue, by: 2)]
    let events = try venue.submit(.bidInAuction(Auctions.debtor, bids))
    #expect(Auctions.fills(events).map(\.bidder) == [Auctions.bidder])
    #expect(venue.size(3, perpetual) == 0)
  }

  @Test("a portfolio in many assets pays the discount out of what it has")
  func coins() throws {
    var venue = try Venue.marked(
      Auctions.terms + [(key: "margin.collateral.BTC.haircut", value: "0%")])
    try venue.open(1, .cross)
    try venue.deposit(1, "5", of: Coins.btc)
    try venue.open(2, .cross, usd: "1000000")
    try venue.take(1, 40_000, of: perpetual)
    try venue.block(btc: "7300")
    #expect(venue.stage(of: 1) == .auction)
    for _ in 0..<5 { try venue.block() }
    let events = try venue.submit(Auctions.command(Auctions.bid(venue, share: "20%")))
    let fill = try #require(Auctions.fills(events).first)
    let paid = events.compactMap { event -> Amount? in
      guard case .transferred(let transfer) = event, transfer.reason == .auctionDiscount
      else { return nil }
      return transfer.amount
    }
    // In coins, the rest of a unit in dollars.
    #expect(paid.contains { $0.asset == (try? Coins.btc) })
    let worth = try paid.reduce(Int64(0)) { sum, amount in
      let isCoin = try amount.asset == Coins.btc
      return sum + (isCoin ? amount.units * 73 : amount.units)
    }
    #expect(abs(worth - fill.discount) <= 73)
  }
}
