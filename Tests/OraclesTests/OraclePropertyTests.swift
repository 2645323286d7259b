// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import Parameters
import Quantities
import Testing

@testable import Oracles

@Suite("Oracle properties over seeds")
struct OraclePropertyTests {
  /// Prices near `center`: at most 2 % from it, so honest sources agree within the band.
  private func honest(_ center: Int64, _ numbers: inout SeededNumbers) -> Int64 {
    center + Int64.random(in: -center / 50...center / 50, using: &numbers)
  }

  private func hostile(_ center: Int64, _ numbers: inout SeededNumbers) -> Int64? {
    switch Int.random(in: 0..<7, using: &numbers) {
    case 0: nil
    case 1: Int64.random(in: .min ... .max, using: &numbers)
    case 2: center * Int64.random(in: 2...1_000, using: &numbers)
    case 3: center / Int64.random(in: 2...1_000, using: &numbers)
    case 4: center + center / 11
    case 5: center - center / 11
    default: Int64.random(in: center / 2...center * 2, using: &numbers)
    }
  }

  // P37. Each honest source weighs at least as much as any hostile one and they are more, so the
  // hostile ones stay below half of the votes whoever of them is silent or quarantined.
  @Test(
    "a hostile minority neither moves the index out of the honest range nor stops the feed",
    arguments: 0..<200)
  func minority(seed: UInt64) throws {
    var numbers = SeededNumbers(seed: seed)
    let honestCount = Int.random(in: 3...6, using: &numbers)
    let hostileCount = Int.random(in: 0..<honestCount, using: &numbers)
    var rules = Rules()
    rules.weights = (0..<honestCount + hostileCount).map { number in
      number < honestCount
        ? Int64.random(in: 500_000_000...1_000_000_000, using: &numbers)
        : Int64.random(in: 1...500_000_000, using: &numbers)
    }
    var world = try World(rules)
    var center: Int64 = 1_000_000
    for minute in Int64(0)..<20 {
      center += Int64.random(in: -center / 50...center / 50, using: &numbers)
      let right = (0..<honestCount).map { _ in honest(center, &numbers) }
      let wrong = (0..<hostileCount).map { _ in hostile(center, &numbers) }
      let decision = try world.block(at: minute * 60, right + wrong)
      let index = try #require(decision.index).price.steps
      let lowest = try #require(right.min()) * 1_000_000
      let highest = try #require(right.max()) * 1_000_000
      #expect((lowest...highest).contains(index))
    }
  }

  // P37 for the plain median: no assumption about the honest prices, only less than half of the
  // weight, after the cap, is hostile.
  @Test(
    "the median lies in the honest range for any prices if hostile weight is below half",
    arguments: 0..<500)
  func medianRange(seed: UInt64) throws {
    var numbers = SeededNumbers(seed: seed)
    let count = Int.random(in: 1...9, using: &numbers)
    let votes = (0..<count).map { position in
      Vote(
        price: Int64.random(in: 1...1_000, using: &numbers), position: position,
        weight: Int128(Int64.random(in: 1...1_000, using: &numbers)))
    }
    let cap = Rate(billionths: Int64.random(in: 10_000_000...499_999_999, using: &numbers))
    let ballot = Ballot(votes, cap: cap)
    let isHostile = (0..<count).map { _ in Bool.random(using: &numbers) }
    let hostileWeight = ballot.votes.reduce(0) { $0 + (isHostile[$1.position] ? $1.weight : 0) }
    let honest = votes.filter { !isHostile[$0.position] }.map(\.price)
    guard hostileWeight * 2 < ballot.total, let low = honest.min(), let high = honest.max() else {
      return
    }
    #expect((low...high).contains(ballot.median))
  }

  // P39. With equal weights the index cannot leave the two middle prices of the other sources, or
  // the means beside their middle one: a source alone moves it by less than one rank.
  @Test(
    "one source alone moves the index by at most a step between the others' middle ones",
    arguments: 0..<300)
  func oneSource(seed: UInt64) throws {
    var numbers = SeededNumbers(seed: seed)
    let count = Int.random(in: 3...9, using: &numbers)
    let world = try World(.medianOnly(weights: Array(repeating: 7, count: count)))
    var prices = (0..<count).map { _ in Int64.random(in: 1...2_000_000, using: &numbers) }
    let mover = Int.random(in: 0..<count, using: &numbers)
    var others = prices
    others.remove(at: mover)
    others.sort()
    let rank = others.count / 2
    // Twice the bounds, to stay with integers.
    let isTied = others.count.isMultiple(of: 2)
    let low = isTied ? 2 * others[rank - 1] : others[rank - 1] + others[rank]
    let high =
      isTied ? 2 * others[rank] : others[rank] + others[min(rank + 1, others.count - 1)]
    for _ in 0..<10 {
      prices[mover] = Int64.random(in: 1...4_000_000, using: &numbers)
      let samples = try prices.enumerated().map { try world.sample($0, $1, at: 0) }
      let index = try #require(world.decide(samples, at: 0).index).price.steps / 500_000
      #expect((low...high).contains(index))
    }
  }

  // P39 with every guard on and any weights: what one of at least three voters says moves the
  // index no further than the others lie apart.
  @Test(
    "with every guard on one source moves the index no further than the others lie apart",
    arguments: 0..<200)
  func oneSourceGuarded(seed: UInt64) throws {
    var numbers = SeededNumbers(seed: seed)
    var rules = Rules()
    rules.weights = (0..<5).map { _ in Int64.random(in: 1...1_000_000_000, using: &numbers) }
    var world = try World(rules)
    try world.block(at: 0, Array(repeating: 1_000_000, count: 5))
    let others = (0..<4).map { _ in honest(1_000_000, &numbers) }
    let low = try #require(others.min()) * 1_000_000
    let high = try #require(others.max()) * 1_000_000
    for _ in 0..<10 {
      let mine = hostile(1_000_000, &numbers)
      var copy = world
      let decision = try copy.block(at: 60, others + [mine])
      #expect((low...high).contains(try #require(decision.index).price.steps))
    }
  }

  // P38 and P40 under a stream of arbitrary samples.
  @Test(
    "no accepted price is zero, stale, from before the last or below quorum",
    arguments: 0..<150)
  func acceptedPrices(seed: UInt64) throws {
    var numbers = SeededNumbers(seed: seed)
    var rules = Rules()
    rules.jumpConfirmations = 1
    rules.breakerConfirmations = 1
    rules.pauseSeconds = 0
    var world = try World(rules)
    var now: Int64 = 1_000
    for _ in 0..<60 {
      now += Int64.random(in: -20...120, using: &numbers)
      var samples: [PriceSample] = []
      for _ in 0..<Int.random(in: 0...9, using: &numbers) {
        let cents =
          Bool.random(using: &numbers)
          ? honest(10_000, &numbers) : (hostile(10_000, &numbers) ?? 0)
        samples.append(
          try world.sample(
            Int.random(in: 0..<6, using: &numbers), cents,
            at: now + Int64.random(in: -300...10, using: &numbers),
            confidence: Int64.random(in: -10...800, using: &numbers)))
      }
      let before = world.state
      let decision = world.take(samples, at: now)
      let state = world.state
      #expect(state.time >= before.time)
      #expect(state.indexTime >= before.indexTime)
      for source in before.sources {
        let later = try #require(state.sources.first { $0.source == source.source })
        #expect(later.publishedAt >= source.publishedAt)
      }
      guard let index = decision.index else {
        #expect(state.freshIndex == nil)
        #expect(state.index == before.index)
        continue
      }
      let young = state.sources.filter {
        $0.standing == .voting && state.time - $0.publishedAt <= TimeSpan(seconds: 180)
      }
      #expect(index.voters >= 3)
      #expect(young.count >= Int(index.voters))
      let prices = young.map(\.price)
      #expect(index.price > .zero)
      #expect(prices.min().map { $0 <= index.price } == true)
      #expect(prices.max().map { $0 >= index.price } == true)
    }
  }

  @Test("the order of the samples does not matter", arguments: 0..<100)
  func orderIndependence(seed: UInt64) throws {
    var numbers = SeededNumbers(seed: seed)
    var world = try World()
    try world.block(at: 0, [10_000, 10_000, 10_000, 10_000, 10_000])
    var samples: [PriceSample] = []
    for _ in 0..<12 {
      samples.append(
        try world.sample(
          Int.random(in: 0..<7, using: &numbers), hostile(10_000, &numbers) ?? 10_000,
          at: 60 - Int64.random(in: -7...3, using: &numbers),
          confidence: Int64.random(in: 0...700, using: &numbers)))
    }
    let decision = world.decide(samples, at: 60)
    for _ in 0..<5 {
      samples.shuffle(using: &numbers)
      #expect(world.decide(samples, at: 60) == decision)
    }
  }

  @Test("no integer overflows, whatever the samples and the times", arguments: 0..<150)
  func extremes(seed: UInt64) throws {
    var numbers = SeededNumbers(seed: seed)
    let edges: [Int64] = [
      .min, .min + 1, -1, 0, 1, 2, 10_000, 1 << 53, Price.limit, .max - 1, .max,
    ]
    var rules = seed.isMultiple(of: 2) ? Rules() : Rules.medianOnly(weights: [1, 2, 1_000_000_000])
    rules.stalenessSeconds = seed.isMultiple(of: 3) ? 86_400 : 180
    var world = try World(rules)
    for _ in 0..<30 {
      var samples: [PriceSample] = []
      for number in 0..<6 {
        samples.append(
          PriceSample(
            source: try source(number), feed: world.feed,
            mantissa: edges.randomElement(using: &numbers) ?? 0,
            confidence: edges.randomElement(using: &numbers) ?? 0,
            publishedAt: Timestamp(nanoseconds: edges.randomElement(using: &numbers) ?? 0)))
      }
      let now = Timestamp(nanoseconds: edges.randomElement(using: &numbers) ?? 0)
      let decision = decideFeed(
        world.state, samples: samples, parameters: world.parameters, now: now)
      world.state.apply(decision.update)
      if let index = decision.index { #expect((1...Price.limit).contains(index.price.steps)) }
      if numbers.next().isMultiple(of: 9) { world.state.restart(at: now) }
    }
  }

  // P41.
  @Test(
    "an announced change is at once the tighter of old and new in every guard",
    arguments: 0..<100)
  func tightening(seed: UInt64) throws {
    var numbers = SeededNumbers(seed: seed)
    func rules() throws -> FeedParameters {
      var rules = Rules()
      func rate() -> Rate { Rate(billionths: Int64.random(in: 1...9, using: &numbers)) }
      rules.weights = Array(repeating: 5, count: Int.random(in: 1...4, using: &numbers))
      rules.quorum = Int32.random(in: 1...3, using: &numbers)
      rules.cap = rate()
      rules.stalenessSeconds = Int64.random(in: 1...9, using: &numbers)
      rules.confidenceLimit = rate()
      rules.band = rate()
      rules.jumpLimit = rate()
      rules.jumpConfirmations = Int32.random(in: 1...9, using: &numbers)
      rules.breakerLimit = rate()
      rules.breakerCeiling = rate()
      rules.breakerTolerance = rate()
      rules.breakerConfirmations = Int32.random(in: 1...9, using: &numbers)
      rules.pauseSeconds = Int64.random(in: 1...9, using: &numbers)
      return try rules.parameters(base: AssetSymbol("BTC"))
    }
    let old = try rules()
    let new = try rules()
    let effective = old.tightened(by: new)
    // Nothing is looser than the old or the new value: tightening again changes nothing.
    #expect(effective.tightened(by: new) == effective)
    #expect(effective.tightened(by: old) == effective)
    #expect(!old.isLoosened(by: effective))
    #expect(!new.isLoosened(by: effective))
    #expect(effective.sources.count == min(old.sources.count, new.sources.count))
    #expect(effective.quorum == max(old.quorum, new.quorum))
    #expect(effective.deviationBand == min(old.deviationBand, new.deviationBand))
    #expect(old.isLoosened(by: new) == (effective != new))
  }
}
