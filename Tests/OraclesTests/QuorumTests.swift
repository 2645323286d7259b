// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import Oracles
import Quantities
import Testing

@Suite("Quorum, memory and restart")
struct QuorumTests {
  @Test("the index is the median of all sources, with how many and how far apart they are")
  func accepted() throws {
    var world = try World()
    let decision = try world.block(at: 0, [9_990, 10_010, 10_000, 10_002, 10_020])
    let expected = IndexPrice(
      price: Price(steps: 10_002_000_000), confidence: Price(steps: 5_000_000), voters: 5)
    #expect(decision.update.outcome == .accepted(expected))
    #expect(decision.rejected.isEmpty)
    #expect(world.state.freshIndex == expected)
    #expect(expected.relativeConfidence == Rate(billionths: 499_901))
  }

  @Test("confidence is the larger of the sources' own, by median, and their spread")
  func confidence() throws {
    let world = try World()
    func confidence(_ widths: [Int64], _ prices: [Int64]) throws -> Int64? {
      let samples = try zip(widths, prices).enumerated().map { number, pair in
        try world.sample(number, pair.1, at: 0, confidence: pair.0)
      }
      return world.decide(samples, at: 0).index?.confidence.steps
    }
    #expect(
      try confidence([0, 20, 30, 400, 10], [10_000, 10_000, 10_000, 10_000, 10_000])
        == 20_000_000)
    #expect(
      try confidence([0, 0, 0, 400, 0], [10_000, 10_100, 10_000, 10_100, 10_050])
        == 50_000_000)
  }

  @Test("one source fewer than the quorum makes the market reduce-only")
  func quorumThreshold() throws {
    var world = try World()
    try world.block(at: 0, [10_000, 10_000, 10_000, 10_000])
    #expect(world.state.phase == .fresh)
    var three = world
    try three.block(at: 181, [10_100, 10_100, 10_100])
    #expect(three.state.phase == .fresh)
    #expect(three.state.freshIndex?.price == Price(steps: 10_100_000_000))
    let decision = try world.block(at: 181, [10_100, 10_100])
    #expect(decision.update.outcome == .belowQuorum(voters: 2))
    #expect(world.state.phase == .belowQuorum(since: Timestamp(seconds: 181)))
    #expect(world.state.freshIndex == nil)
    #expect(world.state.index?.price == Price(steps: 10_000_000_000))
    #expect(world.state.indexTime == Timestamp(seconds: 0))
    try world.block(at: 182, [])
    #expect(world.state.phase == .belowQuorum(since: Timestamp(seconds: 181)))
  }

  @Test("a source that sends nothing votes with its last sample up to its staleness limit")
  func memory() throws {
    var world = try World()
    try world.block(at: 0, [10_000, 10_000, 10_000])
    let atLimit = try world.block(at: 180, [])
    #expect(atLimit.cents == 10_000)
    #expect(atLimit.silenced.isEmpty)
    #expect(atLimit.update.sources.isEmpty)
    let above = try world.block(at: 181, [])
    #expect(above.update.outcome == .belowQuorum(voters: 0))
    #expect(above.silenced == [try source(0), try source(1), try source(2)])
    #expect(try world.standing(0) == .silent)
    #expect(try world.block(at: 182, []).silenced.isEmpty)
  }

  @Test("a refused sample neither votes nor ends the vote of the one before it")
  func refusedSample() throws {
    var world = try World()
    try world.block(at: 0, [10_000, 10_000, 10_000])
    let decision = try world.block(at: 60, [0, 10_010, 10_010])
    #expect(decision.index?.voters == 3)
    #expect(decision.cents == 10_010)
    #expect(decision.reasons == [.notPositive])
  }

  @Test("after a restart only what is published later votes, and each voter must be new")
  func restart() throws {
    var world = try World()
    try world.block(at: 0, [10_000, 10_000, 10_000, 10_000, 10_000])
    world.state.restart(at: Timestamp(seconds: 30))
    #expect(world.state.phase == .awaitingQuorum)
    #expect(world.state.freshIndex == nil)
    let late = [try world.sample(0, 10_000, at: 30), try world.sample(1, 10_000, at: 31)]
    let decision = world.take(late, at: 32)
    #expect(decision.reasons == [.beforeRestart])
    #expect(decision.update.outcome == .belowQuorum(voters: 1))
    #expect(world.state.phase == .awaitingQuorum)
    try world.block(at: 40, [nil, nil, 10_000])
    #expect(world.state.phase == .awaitingQuorum)
    try world.block(at: 41, [10_000])
    #expect(world.state.phase == .fresh)
    #expect(world.state.freshIndex?.voters == 3)
  }

  @Test("what was published at the instant of the restart is from before it")
  func restartInstant() throws {
    for (seconds, voters) in [(99, 3), (100, 0), (101, 0)] as [(Int64, Int32)] {
      var world = try World()
      try world.block(at: 100, [10_000, 10_000, 10_000])
      world.state.restart(at: Timestamp(seconds: seconds))
      let decision = world.take([], at: 102)
      #expect((decision.index?.voters ?? 0) == voters)
    }
  }

  @Test("a remembered price above a highest price that was lowered since does not vote")
  func loweredHighestPrice() throws {
    for (highest, voters) in [(10_000, 3), (9_999, 0)] as [(Int64, Int32)] {
      var world = try World()
      try world.block(at: 0, [10_000, 10_000, 10_000])
      var rules = Rules()
      rules.highestPrice = Price(steps: highest * 1_000_000)
      let decision = decideFeed(
        world.state, samples: [], parameters: try rules.parameters(base: world.feed.base),
        now: Timestamp(seconds: 1))
      #expect((decision.index?.voters ?? 0) == voters)
    }
  }

  @Test("a feed starts without a price and takes none below quorum")
  func start() throws {
    var world = try World()
    #expect(world.state.phase == .awaitingQuorum)
    try world.block(at: 0, [10_000, 10_000])
    #expect(world.state.phase == .awaitingQuorum)
    #expect(world.state.index == nil)
  }

  @Test("a clock that goes back counts as the last block's time")
  func backwardClock() throws {
    var world = try World()
    try world.block(at: 100, [10_000, 10_000, 10_000])
    let decision = world.take([], at: 40)
    #expect(decision.update.time == Timestamp(seconds: 100))
    #expect(world.state.time == Timestamp(seconds: 100))
  }

  @Test("a source taken out of the parameters falls silent, and its samples are unknown")
  func retiredSource() throws {
    for retired in [0, 2, 4] {
      var world = try World()
      try world.block(at: 0, [10_000, 10_000, 10_000, 10_000, 10_000])
      let samples = try (0..<5).map { try world.sample($0, 10_001, at: 60) }
      let decision = decideFeed(
        world.state, samples: samples, parameters: try world.parameters(without: retired),
        now: Timestamp(seconds: 60))
      #expect(decision.index?.voters == 4)
      #expect(decision.silenced == [try source(retired)])
      #expect(decision.reasons == [.unknownSource])
      #expect(decision.update.sources.map(\.source) == (try (0..<5).map { try source($0) }))
      world.state.apply(decision.update)
      #expect(try world.standing(retired) == .silent)
      let next = decideFeed(
        world.state, samples: [], parameters: try world.parameters(without: retired),
        now: Timestamp(seconds: 61))
      #expect(next.silenced.isEmpty)
      #expect(next.update.sources.isEmpty)
    }
  }

  @Test("an update carries exactly the sources that changed, and applying it restores the order")
  func updates() throws {
    var world = try World()
    try world.block(at: 0, [nil, 10_000, nil, 10_000, nil])
    let decision = try world.block(at: 60, [10_000, nil, 10_000, nil, 10_000])
    #expect(decision.update.sources.map(\.source) == [try source(0), try source(2), try source(4)])
    #expect(world.state.sources.map(\.source) == (try (0..<5).map { try source($0) }))
  }
}

@Suite("Deviation band")
struct BandTests {
  @Test("a vote at the edge of the band counts, one unit outside does not")
  func threshold() throws {
    // The median is 100.00 and the band 10 %.
    for (cents, voters, reasons) in [
      (11_000, 5, []), (11_001, 4, [.outsideDeviationBand]),
      (9_000, 5, []), (8_999, 4, [.outsideDeviationBand]),
    ] as [(Int64, Int32, [SampleRejection])] {
      var world = try World()
      let low: Int64 = cents > 10_000 ? 9_990 : 10_010
      let decision = try world.block(at: 0, [low, 10_000, 10_000, 10_000, cents])
      #expect(decision.index?.voters == voters)
      #expect(decision.reasons == reasons)
    }
  }

  @Test("the median is taken again without what lies outside")
  func secondMedian() throws {
    var world = try World()
    let decision = try world.block(at: 0, [10_000, 10_010, 10_020, 10_030, 20_000])
    #expect(decision.cents == 10_015)
    #expect(decision.index?.voters == 4)
  }

  @Test("too few inside the band are no quorum")
  func quorumInside() throws {
    var world = try World()
    let decision = try world.block(at: 0, [10_000, 10_000, 20_000])
    #expect(decision.update.outcome == .belowQuorum(voters: 2))
    #expect(decision.reasons == [.outsideDeviationBand])
  }

  @Test("a quorum inside the band that is not a majority decides nothing")
  func majorityInside() throws {
    var rules = Rules()
    rules.quorum = 1
    var scattered = try World(rules)
    let decision = try scattered.block(at: 0, [5_000, 8_000, 10_000, 13_000, 17_000])
    #expect(decision.update.outcome == .belowQuorum(voters: 1))
    // Three of five are a majority.
    var three = try World(rules)
    #expect(try three.block(at: 0, [5_000, 9_500, 10_000, 10_500, 17_000]).cents == 10_000)
    // Two of four are not.
    var four = try World(rules)
    let half = try four.block(at: 0, [5_000, 9_900, 10_100, 15_000])
    #expect(half.update.outcome == .belowQuorum(voters: 2))
    // Two that disagree have no median between them.
    var two = try World(rules)
    #expect(
      try two.block(at: 0, [8_000, 12_000]).update.outcome == .belowQuorum(voters: 0))
  }

  @Test("a remembered vote outside the band does not count either, and is not refused again")
  func rememberedVote() throws {
    var world = try World()
    try world.block(at: 0, [10_000, 10_000, 10_000, 10_000, 20_000])
    let decision = try world.block(at: 60, [10_000, 10_000, 10_000, 10_000, nil])
    #expect(decision.index?.voters == 4)
    #expect(decision.rejected.isEmpty)
  }

  @Test("a market that moves source by source is followed as soon as most have moved")
  func sourceBySource() throws {
    var rules = Rules()
    rules.band = Rate(billionths: 50_000_000)
    var world = try World(rules)
    try world.block(at: 0, [10_000, 10_000, 10_000, 10_000, 10_000])
    #expect(try world.block(at: 10, [9_200]).cents == 10_000)
    #expect(try world.block(at: 20, [nil, 9_200]).cents == 10_000)
    #expect(try world.block(at: 30, [nil, nil, 9_200]).cents == 9_200)
  }
}
