// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Foundation
import Instruments
import Ledger
import Parameters
import Quantities
import RiskEngine
import Testing

@testable import Simulation

@Suite("Bidders of a replay")
struct AuctionBidderTests {
  /// κ = 0.05 ÷ √10^9, a half-life of two minutes.
  private func cost(taken: Double = 0, aversion: Double = 0.5, patience: Double = 1_800)
    -> HedgeCost
  {
    HedgeCost(
      curve: ImpactCurve(spread: 0.001, factor: 1, dailyVolatility: 0.05, volume: 1e9),
      taken: taken, halfLife: 120, volatility: 0.05 / 86_400.0.squareRoot(),
      aversion: aversion, patience: patience)
  }

  // By hand: half a spread and 0.05 √(size ÷ 10^9).
  @Test("a small position is worked off at once, for half the spread and its impact")
  func small() {
    let cheapest = cost().cheapest(1_000)
    #expect(cheapest.seconds == 0)
    #expect(abs(cheapest.share - (0.000_5 + 0.05 * 1e-3)) < 1e-12)
  }

  // By hand: 16 pieces take 1,800 s; 0.0005 + 0.05 √(0.1 ÷ 16) and half of
  // 0.05 √(1,800 ÷ 3 ÷ 86,400).
  @Test("a large one over time, as far as patience goes")
  func large() {
    let cheapest = cost().cheapest(1e8)
    #expect(cheapest.seconds == 1_800)
    let expected = 0.000_5 + 0.05 * (0.1 / 16).squareRoot() + 0.025 * (600.0 / 86_400).squareRoot()
    #expect(abs(cheapest.share - expected) < 1e-12)
    #expect(cost(patience: 1_799).cheapest(1e8).seconds == 840, "a piece fewer each way")
    #expect(cost(patience: 119).cheapest(1e8).seconds == 0)
  }

  @Test("patience never costs, fear and a thinner book always do")
  func monotone() {
    for size in [1e3, 1e5, 1e7, 1e9] {
      let usual = cost().cheapest(size).share
      #expect(cost(patience: 3_600).cheapest(size).share <= usual)
      #expect(cost(aversion: 3).cheapest(size).share >= usual)
      #expect(cost(taken: 1e7).cheapest(size).share > usual)
    }
  }

  /// Two hours of three venues: level, then down a quarter in ten minutes, then level.
  private func market() throws -> RecordedMarket {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("plimsoll-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let start = MarkedVenue.start.nanoseconds / 1_000_000
    for (venue, name) in ["BINANCE", "BITSTAMP", "COINBASE"].enumerated() {
      var text = "ts_ms,open,high,low,close\n"
      for minute in 0..<120 {
        let price = 7_900 - 200 * min(max(minute - 20, 0), 10) + venue
        text += "\(start + Int64(minute) * 60_000),\(price),\(price + 2),\(price - 210),"
        text += "\(price - 200)\n"
      }
      try Data(text.utf8).write(to: folder.appendingPathComponent("BTC-USD.\(name).1m.csv"))
    }
    return try UserMarketReader.load(
      folder: folder.path, window: nil, underlyings: [], badRows: .refuse)
  }

  private func replay(_ changes: [String]) throws -> ReplayResult {
    let set = try MarkedVenue.file.get().set
    let values = try changes.map { change in
      let parts = change.split(separator: "=").map(String.init)
      return try ParameterSet.read(key: parts[0], text: parts[1], source: "test")
    }
    let parameters = try ParameterSet(
      name: set.name, date: set.date,
      values: set.values.filter { value in !values.contains { $0.key == value.key } } + values)
    var replay = try Replay(
      ReplayPlan(
        title: "a fall", market: market(), parameters: parameters,
        accounts: .population(count: 40, seed: 3)))
    return try replay.run()
  }

  @Test("bid in a crash, and the replay keeps what happened")
  func crash() throws {
    let result = try replay([
      "waterfall.partial.rank=0", "waterfall.auction.rank=1", "auction.start=100%",
    ])
    let totals = result.totals
    #expect(totals.auctions > 0 && totals.auctionedValue > 0)
    #expect(totals.auctionDiscounts > 0, "nobody works for nothing")
    #expect(totals.auctionDiscounts < totals.auctionedValue / 10)
    #expect(!result.auctions.isEmpty && totals.lowestFund >= 0)
    let bids = result.auctions.flatMap(\.bids)
    #expect(bids.reduce(0) { $0 + $1.fill.notional } == totals.auctionedValue)
    for story in result.auctions {
      #expect(story.path.first?.startsRound == true && story.path.first?.time == story.startedAt)
      for (early, late) in zip(story.path, story.path.dropFirst()) where !late.startsRound {
        let isFalling = late.phase == .solvent
        #expect(isFalling ? late.factor <= early.factor : late.factor >= early.factor)
      }
      // Each bid was at the price of its block.
      for bid in story.bids {
        let price = story.path.last { $0.time <= bid.time }
        #expect(price?.factor == bid.fill.factor)
      }
      check(story)
    }
    #expect(result.auctions.reduce(0) { $0 + $1.discounts } == totals.auctionDiscounts)
    #expect(result.auctions.reduce(0) { $0 + $1.fundPaid } == totals.auctionRewards)
    #expect(
      try replay([
        "waterfall.partial.rank=0", "waterfall.auction.rank=1", "auction.start=100%",
      ]).hash == result.hash, "nothing is random")
  }

  /// What a picture of an auction rests on.
  private func check(_ story: AuctionStory) {
    #expect(story.notional > 0 && story.soldShare <= .one)
    for point in story.path {
      guard let prices = point.prices else { continue }
      #expect(prices.asked <= .one, "a bidder is never asked for more than the mark")
      #expect((prices.bankruptcy < .one) == (point.phase == .solvent))
      #expect(point.phase == .insolvent || prices.asked >= prices.bankruptcy)
    }
    for bid in story.bids {
      // The first bid of a block meets the price that was asked, but for rounding.
      let price = story.path.last { $0.time <= bid.time }?.prices
      let isFirst = story.bids.first { $0.time == bid.time }?.fill == bid.fill
      if isFirst, let asked = price?.asked {
        #expect((bid.price.billionths - asked.billionths).magnitude <= 200_000)
      }
      #expect(bid.kept >= 0)
    }
  }

  @Test("sums of an auction are those of its bids")
  func sums() throws {
    func bid(_ share: Int64, _ notional: Int64, _ discount: Int64, fund: Int64 = 0)
      -> AuctionStory.Bid
    {
      AuctionStory.Bid(
        time: MarkedVenue.start,
        fill: AuctionFill(
          account: AccountID(1), bidder: AccountID(2), share: Rate(billionths: share),
          factor: .one, notional: notional, discount: discount, fundPaid: fund,
          left: .one, reserved: 0, extended: .zero),
        kept: 7, prolongs: false)
    }
    var story = AuctionStory(
      account: AccountID(1), startedAt: MarkedVenue.start, value: 0, notional: 0)
    #expect(story.soldShare == .zero && story.sold == 0 && story.restarts == 0)
    story.bids = [bid(500_000_000, 1_000, 20), bid(500_000_000, 400, 0, fund: 6)]
    #expect(story.soldShare == Rate(billionths: 750_000_000), "half, and half of the rest")
    #expect(story.sold == 1_400 && story.kept == 14)
    #expect(story.discounts == 20 && story.fundPaid == 6)
    #expect(story.bids.map(\.price.billionths) == [980_000_000, 985_000_000])
    #expect(bid(1, 0, 5).price == .one, "nothing taken has no price but the mark")
  }

  @Test("and without the stage nothing of it is there")
  func off() throws {
    let result = try replay([])
    #expect(result.totals.auctions == 0 && result.auctions.isEmpty)
    #expect(
      try replay(["bidder.patience=1h", "auction.start=80%"]).totals.events
        == result.totals.events)
  }
}
