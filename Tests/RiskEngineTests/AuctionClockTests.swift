// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import MarketData
import Parameters
import Quantities
import RiskEngine
import Testing

@Suite("The clock of an auction")
struct AuctionClockTests {
  private func factors(_ venue: inout Venue, blocks: Int) throws -> [Int64] {
    try (0..<blocks).map { _ in
      try venue.block()
      return venue.auction?.factor.billionths ?? -1
    }
  }

  private let once = [(key: "auction.restarts", value: "0")]

  @Test("the price falls with time to the reserve price, and the round ends there")
  func falls() throws {
    var venue = try Auctions.solvent(once)
    #expect(venue.auction?.factor == .one)
    let factors = try factors(&venue, blocks: 9)
    #expect(factors == (1...9).map { 1_000_000_000 - Int64($0) * 20_000_000 })
    // One second before the end there is still an auction.
    try venue.block(after: 59)
    #expect(venue.auction?.factor == Rate(billionths: 800_333_333))
    let events = try venue.block(after: 1)
    #expect(events.contains(.liquidationStageEntered(Auctions.debtor, .insuranceFund)))
    #expect(venue.auction == nil)
  }

  // (100^x − 1) ÷ 99 at x = 1/10 … 9/10, in decimals of forty digits.
  @Test("what the fund adds may grow, from little to all of the margin")
  func growth() throws {
    var venue = try Auctions.insolvent(once + [("auction.insolventGrowth", "100")])
    #expect(venue.auction?.factor == .zero)
    let factors = try factors(&venue, blocks: 9)
    #expect(
      factors == [
        5_908_012, 15_271_580, 30_111_835, 53_632_054, 90_909_090, 149_989_211, 243_624_892,
        392_027_445, 627_229_640,
      ])
    let line = try Auctions.insolvent(once).engine.rules.liquidation.auction
    let grown = venue.engine.rules.liquidation.auction
    for seconds in [-1, 0, 1, 599, 600, 601] as [Int64] {
      let elapsed = TimeSpan(seconds: seconds)
      let (one, other) = (
        line.factor(of: .insolvent, after: elapsed, speed: .zero),
        grown.factor(of: .insolvent, after: elapsed, speed: .zero)
      )
      #expect(seconds > 0 && seconds < 600 ? other < one : other == one, "\(seconds)")
    }
  }

  @Test("no path goes below the reserve price", arguments: ["0", "1", "2", "3"])
  func reserve(path: String) throws {
    var venue = try Auctions.solvent(
      once + [
        ("auction.path", path), ("auction.speed", "0.01"), ("auction.cut", "50%"),
        ("auction.knee", "90%"), ("auction.fastDuration", "60s"),
      ])
    let factors = try factors(&venue, blocks: 9)
    #expect(factors.allSatisfy { $0 >= 800_000_000 })
    #expect(factors == factors.sorted(by: >))
    #expect(factors.last! < 850_000_000)
  }

  @Test("the adaptive speed follows the market's volatility and is recorded")
  func adaptive() throws {
    let venue = try Auctions.solvent([
      ("auction.path", "3"), ("auction.isAdaptive", "true"), ("auction.reserve", "10%"),
      ("auction.bidInterval", "12s"),
    ])
    let round = try #require(venue.auction?.round)
    let market = try #require(venue.engine.state.market(of: AssetSymbol("BTC")))
    let volatility = market.market.volatility
    // λ* = (2.67 σ √B ÷ Δ)^(2/3), B = ln(1 ÷ 0.8), its time between 15 s and 15 min.
    let (premium, sigma) = (0.223_143_551_314, volatility.value / 5_615.692_299)
    let base = 2.67 * sigma * premium.squareRoot() / 12
    let cube = base * base
    let speed = round.speed.value
    let time = premium / speed
    #expect(time <= 15.001 || time >= 899.99 || abs(speed * speed * speed / cube - 1) < 1e-4)
    #expect(round.speed > .zero)
  }

  @Test("a bid prolongs the round if less than the closing time is left")
  func extends() throws {
    var venue = try Auctions.solvent(once + [("auction.leastParticipation", "0%")])
    for _ in 0..<8 { try venue.block() }
    try venue.submit(Auctions.command(Auctions.bid(venue, share: "2%")))
    #expect(venue.auction?.extended == .zero, "120 seconds are left")
    try venue.block(after: 1)
    try venue.submit(Auctions.command(Auctions.bid(venue, share: "2%")))
    #expect(venue.auction?.extended == TimeSpan(seconds: 1))
    try venue.block(after: 119)
    #expect(venue.auction != nil, "the round would be over")
    try venue.block(after: 1)
    #expect(venue.auction == nil)
  }

  @Test(
    "a round in which too little was bid is held again",
    arguments: [("2.9999999%", true), ("3%", false)])
  func participation(sold: String, isHeldAgain: Bool) throws {
    var venue = try Auctions.solvent([
      ("auction.leastParticipation", "3%"), ("auction.restarts", "1"),
    ])
    try venue.submit(Auctions.command(Auctions.bid(venue, share: sold)))
    for _ in 0..<10 { try venue.block() }
    #expect((venue.auction != nil) == isHeldAgain)
    guard isHeldAgain else { return }
    #expect(venue.auction?.factor == .one && venue.auction?.restarts == 1)
    #expect(venue.auction?.reserved == 0 && venue.auction?.bids == 1)
    for _ in 0..<10 { try venue.block() }
    #expect(venue.auction == nil && venue.stage(of: 1) != .auction, "and then never again")
  }

  @Test("while the market is not open nobody can bid and the clock stands still")
  func closed() throws {
    var venue = try Auctions.solvent()
    try venue.block()
    #expect(venue.auction?.elapsed == TimeSpan(seconds: 60))
    try venue.silentBlock()
    try venue.silentBlock()
    let frozen = try #require(venue.auction)
    #expect(frozen.elapsed == TimeSpan(seconds: 60))
    #expect(
      venue.refusal(of: Auctions.command(try Auctions.bid(venue))) == .noAuction(Auctions.debtor))
    #expect(venue.engine.auctionOffer(of: Auctions.debtor) == nil)
    try venue.block()
    #expect(venue.auction?.elapsed == TimeSpan(seconds: 120))
    #expect(venue.auction?.factor == (try Rate("96%")))
  }

  @Test("a stall of the venue is not the bidders' time")
  func stall() throws {
    var venue = try Auctions.solvent()
    try venue.block(after: 120)
    #expect(venue.auction?.elapsed == TimeSpan(seconds: 120))
    try venue.block(after: 121)
    #expect(venue.auction?.elapsed == TimeSpan(seconds: 240))
  }

  @Test("a portfolio that turns worthless is auctioned anew, paid by the fund")
  func turns() throws {
    var venue = try Auctions.solvent()
    try venue.fund("100000", of: Coins.usd)
    try venue.block(btc: "7200")
    #expect(try venue.equity(1) < 0)
    let auction = try #require(venue.auction)
    #expect(auction.round.phase == .insolvent && auction.factor == .zero)
    #expect(auction.restarts == 1)
  }

  @Test("the fund pays for no auction with what the debt needs", arguments: [7_201, 7_200])
  func poorFund(fund: Int64) throws {
    // Of 7,200 nothing is left beside the debt; of one more a dollar is.
    let venue = try Auctions.insolvent(fund: String(fund))
    #expect((venue.auction != nil) == (fund > 7_200))
  }

  @Test("what one auction costs the fund stays within its part of it")
  func eventCap() throws {
    var venue = try Auctions.insolvent(fund: "20000", [("insuranceFund.eventCap", "10%")])
    for _ in 0..<5 { try venue.block() }
    // The rise would be 7,200; a tenth of the fund is 2,000.
    var paid: Int64 = 0
    while venue.auction != nil {
      let events = try venue.submit(Auctions.command(Auctions.bid(venue, share: "25%")))
      paid += Auctions.fills(events).reduce(0) { $0 + $1.fundPaid }
    }
    #expect(paid == 2_000_000_000)
    #expect(venue.stage(of: 1) == .insuranceFund, "what is left is the next stage's")
  }

  @Test("money coming in ends an auction")
  func rescued() throws {
    var venue = try Auctions.solvent()
    try venue.deposit(1, "5249.999999", of: Coins.usd)
    try venue.block()
    #expect(venue.auction != nil)
    try venue.deposit(1, "0.000001", of: Coins.usd)
    let events = try venue.block()
    #expect(events.contains(.liquidationEnded(Auctions.debtor, .restored)))
  }
}
