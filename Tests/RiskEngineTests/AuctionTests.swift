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

@Suite("Auctions of portfolios, worked")
struct AuctionTests {
  private func near(_ value: Int64, _ expected: Double, _ tolerance: Double) -> Bool {
    abs(Double(value) - expected) <= tolerance
  }

  // Source: Derive v2-core, SolventAuction.t.sol: margin −100, value 300, buffer 0.1; here times
  // 37.5. At the first price 0.3181818 of the portfolio restore it; at nine tenths 0.3414634,
  // for 92.195.
  @Test("the published shares and the published cash")
  func solvent() throws {
    var venue = try Auctions.solvent()
    let first = try #require(venue.engine.auctionOffer(of: Auctions.debtor))
    #expect(first.value == 11_250_000_000 && first.requirement == 16_500_000_000)
    #expect(first.mostShare == Rate(billionths: 318_181_819))
    for _ in 0..<5 { try venue.block() }
    let offer = try #require(venue.engine.auctionOffer(of: Auctions.debtor))
    #expect(offer.progress.factor == (try Rate("90%")))
    #expect(offer.mostShare == Rate(billionths: 341_463_415))
    let events = try venue.submit(Auctions.command(Auctions.bid(venue)))
    let fill = try #require(Auctions.fills(events).first)
    #expect(fill.share == offer.mostShare)
    #expect(near(fill.reserved, 92.195_122 * 37.5e6, 50))
    // The bidder is let off a tenth of what his part is worth, and takes it at the mark.
    #expect(near(fill.discount, 0.1 * 0.341_463_415 * 11_250e6, 2))
    #expect(Auctions.moved(events, .auctionDiscount) == fill.discount)
    #expect(venue.size(2, Auctions.perpetual) == 13_659, "the next whole step")
    #expect(venue.size(1, Auctions.perpetual) == 40_000 - 13_659)
    #expect(try venue.excess(1, buffer: Rate("10%")) >= 0)
    #expect(events.last == .liquidationEnded(Auctions.debtor, .restored))
  }

  // Source: Derive v2-core, liquidationTests.json, Test1, times 100: buffer 0.2, price 0.98, the
  // fee 2 % of what could be sold at the full value. Published: worth 119.306330181 after a fee of
  // 1.322084630, maintenance margin 222.396949672, part 0.557941285 for 65.234608676; then worth
  // 117.975011636 against a line that is reached.
  @Test("the recorded case, its fee included")
  func recorded() throws {
    var venue = try Venue.marked(
      Auctions.terms.filter { !["auction.buffer", "auction.fee"].contains($0.key) }
        + [("auction.buffer", "20%"), ("auction.fee", "2%")])
    try venue.block(btc: "11700")
    try venue.open(1, .cross, usd: "35268.961481")
    try venue.open(2, .cross, usd: "1000000")
    try venue.take(1, 40_000, of: Auctions.perpetual)
    // 40,000 steps at 11.119847 need 22,239.694.
    let events = try venue.block(btc: "11119.847")
    #expect(near(Auctions.moved(events, .liquidationPenalty), 132.208_463_0e6, 20))
    try venue.block()
    let offer = try #require(venue.engine.auctionOffer(of: Auctions.debtor))
    #expect(near(offer.value, 11_930.633_018_1e6, 20))
    #expect(abs(offer.mostShare.value - 0.557_941_285) < 2e-8)
    let sold = try venue.submit(Auctions.command(Auctions.bid(venue)))
    let fill = try #require(Auctions.fills(sold).first)
    #expect(near(fill.reserved, 6_523.460_867_6e6, 500))
    #expect(near(try venue.equity(1), 11_797.501_163_6e6, 500))
    // The line is reached within the step that was rounded up.
    let excess = try venue.excess(1, buffer: Rate("20%"))
    #expect((0...700_000).contains(excess))
  }

  // Source: Derive v2-core, InsolventAuction.t.sol: margin −300, value −100, ten minutes; here
  // times 72. At 12 seconds half the book costs 52, at 5 minutes all of it costs 200; the debt,
  // 50 and 100 of these, stays with the account.
  @Test("the fund pays the published sums", arguments: [(12, "50%", 2.0), (300, "100%", 100.0)])
  func insolvent(seconds: Int64, share: String, added: Double) throws {
    var venue = try Auctions.insolvent()
    var left = seconds
    while left > 0 {
      try venue.block(after: min(left, 60))
      left -= 60
    }
    let before = venue.insuranceFund()
    let events = try venue.submit(Auctions.command(Auctions.bid(venue, share: share)))
    let fill = try #require(Auctions.fills(events).first)
    #expect(fill.fundPaid == Int64(added * 72e6) && fill.discount == 0)
    #expect(Auctions.moved(events, .auctionReward) == fill.fundPaid)
    #expect(venue.balance(2) == 1_000_000_000_000 + fill.fundPaid)
    guard share == "100%" else {
      #expect(try venue.equity(1) == -7_200_000_000)
      return
    }
    #expect(Auctions.moved(events, .insuranceCover) == 7_200_000_000)
    #expect(before - venue.insuranceFund() == Int64(200 * 72e6))
    #expect(events.last == .liquidationEnded(Auctions.debtor, .closed))
  }

  @Test("the fund pays for the margin of what is taken; coins stay, and so does theirs")
  func coins() throws {
    var venue = try Auctions.insolvent()
    try venue.deposit(1, "10", of: Coins.eth)
    for _ in 0..<5 { try venue.block() }
    let valuation = try #require(venue.engine.valuation)
    #expect(valuation.risk(venue.account(1).portfolio).maintenanceMargin > 14_400_000_000)
    let events = try venue.submit(Auctions.command(Auctions.bid(venue)))
    #expect(Auctions.fills(events).first?.fundPaid == 7_200_000_000, "as without coins")
  }

  // By hand: 40,000 contracts of a dollar at 5 % are 2,000 of margin, of which half is paid after
  // half the time. The coins, 0.7 BTC, are gone with the loss of 0.797 BTC.
  @Test("a loss in coins is not margin of theirs: the fund pays for the contracts")
  func coinSettled() throws {
    var venue = try Venue.marked(Auctions.terms)
    try venue.fund("100000", of: Coins.usd)
    try venue.open(1, .cross)
    try venue.open(2, .cross, usd: "1000000")
    try venue.deposit(1, "0.7", of: Coins.btc)
    try venue.take(1, 40_000, of: Contracts.btcInverse)
    try venue.block(btc: "6900")
    #expect(venue.auction?.round.phase == .insolvent)
    for _ in 0..<5 { try venue.block() }
    let events = try venue.submit(Auctions.command(Auctions.bid(venue)))
    let fill = try #require(Auctions.fills(events).first)
    #expect(fill.share == .one && fill.fundPaid == 1_000_000_000)
  }

  @Test("without the stage in the waterfall nothing is auctioned")
  func off() throws {
    let venue = try Auctions.solvent([
      ("waterfall.partial.rank", "1"), ("waterfall.auction.rank", "0"),
    ])
    #expect(venue.stage(of: 1) == .partial && venue.auction == nil)
    #expect(venue.engine.auctionOffer(of: Auctions.debtor) == nil)
    #expect(venue.engine.accountsInAuction.isEmpty)
  }

  @Test("after partial liquidation has come to its end the rest is auctioned")
  func afterPartial() throws {
    var venue = try Auctions.solvent([
      ("waterfall.partial.rank", "1"), ("waterfall.auction.rank", "2"),
    ])
    #expect(venue.stage(of: 1) == .partial)
    for _ in 0..<venue.engine.rules.liquidation.patience {
      try venue.submit(venue.report(venue.order(of: 1), size: 0))
      try venue.block()
    }
    #expect(venue.stage(of: 1) == .auction)
    #expect(venue.engine.accountsInAuction == [Auctions.debtor])
  }

  @Test("a second bid pays for what is left, and what was paid in is not sold again")
  func reserved() throws {
    var venue = try Auctions.solvent()
    try venue.block()
    let one = try venue.submit(Auctions.command(Auctions.bid(venue, share: "10%")))
    let first = try #require(Auctions.fills(one).first)
    #expect(first.reserved == 1_102_500_000, "a tenth of 11,250 at 0.98")
    let offer = try #require(venue.engine.auctionOffer(of: Auctions.debtor))
    #expect(offer.progress.reserved == first.reserved && offer.progress.bids == 1)
    #expect(offer.progress.left == (try Rate("90%")))
    let two = try venue.submit(Auctions.command(Auctions.bid(venue, share: "10%")))
    let second = try #require(Auctions.fills(two).first)
    // Nine tenths of the portfolio are left and worth 10,125: a tenth of that, less 2 %.
    #expect(second.discount == 20_250_000)
    #expect(second.reserved == first.reserved + 992_250_000)
    // Together no more than one bid for 19 %.
    #expect(first.discount == 22_500_000)
  }

  @Test("a small portfolio is sold whole", arguments: [(300_000, true), (299_999, false)])
  func whole(limit: Int64, isWhole: Bool) throws {
    var venue = try Auctions.solvent([("auction.wholeNotional", String(limit))])
    #expect((venue.engine.auctionOffer(of: Auctions.debtor)?.mostShare == .one) == isWhole)
    let events = try venue.submit(Auctions.command(Auctions.bid(venue)))
    #expect((venue.size(1, Auctions.perpetual) == 0) == isWhole)
    let outcome: LiquidationOutcome = isWhole ? .closed : .restored
    #expect(events.last == .liquidationEnded(Auctions.debtor, outcome))
  }

  @Test("a position of one step finds a buyer")
  func oneStep() throws {
    var venue = try Venue.marked(Auctions.terms)
    try venue.open(1, .cross, usd: "0.78125")
    try venue.open(2, .cross, usd: "1000")
    try venue.take(1, 1, of: Auctions.perpetual)
    try venue.block(btc: "7500")
    #expect(venue.stage(of: 1) == .auction)
    let small = Auctions.command(try Auctions.bid(venue, share: "31%"))
    #expect(
      venue.refusal(of: small)
        == .bidTooSmall(Auctions.debtor, least: Rate(billionths: 10_000_000)))
    try venue.submit(Auctions.command(Auctions.bid(venue, share: "50%")))
    #expect(venue.size(2, Auctions.perpetual) == 1 && venue.account(1).liquidation == nil)
  }
}
