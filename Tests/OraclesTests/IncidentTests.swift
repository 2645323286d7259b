// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import Oracles
import Quantities
import Testing

/// Recorded failures of price sources, replayed with their numbers.
///
/// Dates and figures: post-mortems of the protocols named.
@Suite("Incidents")
struct IncidentTests {
  private func all(_ cents: Int64) -> [Int64?] { Array(repeating: cents, count: 5) }

  // Synthetix sKRW, 2019-06-25: of two surviving sources one was 1000 times too high for about
  // 40 minutes, intermittently; the feed took their mean.
  @Test("three of five sources die and one of the last two is 1000 times too high: no price")
  func survivingSourceWrong() throws {
    var world = try World()
    try world.block(at: 0, all(10_000))
    var silenced: [SourceID] = []
    for minute in Int64(1)...60 {
      let isWrong = (10...50).contains(minute) && minute % 3 != 0
      let decision = try world.block(at: minute * 60, [10_000, isWrong ? 10_000_000 : 10_000])
      silenced += decision.silenced
      if minute <= 3 {
        #expect(decision.cents == 10_000)
      } else {
        #expect(decision.index == nil)
        #expect(world.state.freshIndex == nil)
      }
      if isWrong, minute < 13 { #expect(decision.reasons == [.quarantined]) }
      #expect(world.state.index?.price == Price(steps: 10_000_000_000))
    }
    // The alarm comes when the sources die, not when it matters.
    #expect(silenced == [try source(2), try source(3), try source(4)])
  }

  // The same with a quorum of two: the two are never averaged while one is suspect.
  @Test("with a quorum of two the mean of a right and a wrong source is never taken")
  func meanOfTwo() throws {
    var rules = Rules()
    rules.quorum = 2
    rules.weights = [1_000_000_000, 1_000_000_000]
    var world = try World(rules)
    try world.block(at: 0, [10_000, 10_000])
    for minute in Int64(1)...40 {
      #expect(try world.block(at: minute * 60, [10_000, 10_000_000]).index == nil)
    }
    #expect(try world.block(at: 41 * 60, [10_010, 10_000]).cents == 10_005)
  }

  // Compound DAI, 2020-11-26: 1.30 on one venue for about an hour.
  @Test("one, then two of five sources 30 % too high for an hour move the index less than 0.1 %")
  func highSources() throws {
    for wrong in 1...2 {
      var world = try World()
      try world.block(at: 0, all(10_000))
      for minute in Int64(1)...60 {
        var prices: [Int64?] = [9_999, 10_000, 10_000, 10_001, 10_002]
        for number in 0..<wrong { prices[number] = 13_000 }
        let cents = try #require(try world.block(at: minute * 60, prices).cents)
        #expect(abs(cents - 10_000) <= 10)
      }
    }
  }

  // Binance USDe and wBETH, 2025-10-10: collateral priced on the venue's own book, −35 % and −88 %.
  @Test("the venue's own print alone does not move the index")
  func ownBook() throws {
    for own in [6_500, 1_200] as [Int64] {
      var world = try World()
      try world.block(at: 0, all(10_000))
      for minute in Int64(1)...40 {
        let decision = try world.block(at: minute * 60, [own, 9_700, 9_700, 9_710, 9_690])
        #expect(decision.cents == 9_700)
      }
    }
  }

  // Aevo and Ribbon, 2025-12-12: 8 decimals read as 18.
  @Test("a change of scale is refused, whatever the power of ten")
  func scale() throws {
    for power in 1...10 {
      let factor = powerOfTen(power)
      for cents in [1_000_000 * factor, 1_000_000 / factor] {
        var world = try World()
        try world.block(at: 0, all(1_000_000))
        let decision = try world.block(at: 60, [cents] + Array(all(1_000_100).dropFirst()))
        let expected: SampleRejection =
          cents == 0 ? .notPositive : cents > 1_000_000_000 ? .aboveLimit : .quarantined
        #expect(decision.reasons == [expected])
        #expect(decision.cents == 1_000_100)
      }
    }
    for decimals in UInt8(0)...8 where decimals != 2 {
      let world = try World()
      let feed = try FeedID(base: world.feed.base, quote: world.feed.quote, decimals: decimals)
      let sample = PriceSample(
        source: try source(0), feed: feed, mantissa: 10_000, confidence: 0,
        publishedAt: Timestamp(seconds: 0))
      #expect(world.decide([sample], at: 0).reasons == [.scaleMismatch])
    }
  }

  // A whole feed that changes scale at once is stopped by the breaker.
  @Test("all sources times or through ten pause the feed")
  func wholeFeedScale() throws {
    for cents in [100_000, 1_000] as [Int64] {
      var world = try World()
      try world.block(at: 0, all(10_000))
      #expect(try world.block(at: 60, all(cents)).isBroken)
    }
  }

  // LUNA, 2022-05-12: the feed stood at 0.107 while the market fell below 0.01.
  @Test("a stale price that is sent again and again never becomes fresh")
  func resentPrice() throws {
    var world = try World()
    try world.block(at: 0, all(10_000))
    let old = try (0..<4).map { try world.sample($0, 10_000, at: 0) }
    for minute in Int64(1)...30 {
      let fallen = try world.sample(4, 1_000, at: minute * 60)
      let decision = world.take(old + [fallen], at: minute * 60)
      if minute <= 3 {
        #expect(decision.reasons.prefix(4) == Array(repeating: .repeated, count: 4)[...])
        #expect(decision.cents == 10_000)
      } else {
        #expect(decision.reasons.prefix(4) == Array(repeating: .stale, count: 4)[...])
        #expect(decision.index == nil)
      }
    }
  }

  // Paradex, 2026-01-19: after a database migration the price of BTC was read as 0.
  @Test("after a restart neither a zero nor a missing price is a price")
  func zeroAfterRestart() throws {
    var world = try World()
    try world.block(at: 0, all(10_000))
    world.state.restart(at: Timestamp(seconds: 60))
    for bad in [0, -1, .min, .max] as [Int64] {
      let decision = try world.block(at: 61, all(bad))
      #expect(decision.update.outcome == .belowQuorum(voters: 0))
    }
    #expect(try world.block(at: 62, []).index == nil)
    #expect(try world.block(at: 63, all(10_000)).cents == 10_000)
  }

  @Test("a stored price of zero is never used")
  func zeroInStore() throws {
    let world = try World()
    let sources = try (0..<5).map { number in
      SourceState(
        source: try source(number), price: .zero, confidence: .zero,
        publishedAt: Timestamp(seconds: 0), reference: .zero, standing: .voting)
    }
    let restored = FeedState(
      feed: world.feed, time: Timestamp(seconds: 0), phase: .awaitingQuorum, index: nil,
      indexTime: Timestamp(seconds: 0), anchor: nil,
      restartedAt: Timestamp(nanoseconds: .min), sources: sources)
    let decision = decideFeed(
      restored, samples: [], parameters: world.parameters, now: Timestamp(seconds: 1))
    #expect(decision.update.outcome == .belowQuorum(voters: 0))
  }

  // BitMEX, 2020-03-13 02:16 UTC: a stall of 25 minutes while other venues moved on.
  @Test("after a stall of 25 minutes nothing counts until a quorum has published anew")
  func stall() throws {
    var world = try World()
    try world.block(at: 0, all(10_000))
    let resumed: Int64 = 25 * 60
    // What queued up during the stall arrives first.
    let queued = try (0..<5).map { try world.sample($0, 7_000, at: 600) }
    let first = world.take(queued, at: resumed)
    #expect(first.reasons == Array(repeating: .stale, count: 5))
    #expect(first.update.outcome == .belowQuorum(voters: 0))
    #expect(try world.block(at: resumed + 1, [9_000, 9_000]).index == nil)
    #expect(try world.block(at: resumed + 2, [nil, nil, 9_000]).cents == 9_000)
  }
}
