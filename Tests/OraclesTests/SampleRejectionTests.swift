// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import Oracles
import Quantities
import Testing

@Suite("Checks of one sample")
struct SampleRejectionTests {
  /// A world whose last block, at 1000 s, had all five sources at 100.00.
  private func settled() throws -> World {
    var world = try World()
    try world.block(at: 1000, [10_000, 10_000, 10_000, 10_000, 10_000])
    return world
  }

  /// The reason for which a single sample is refused at 1060 s; `nil` when it is taken.
  private func reason(
    cents: Int64 = 10_000, publishedAt: Timestamp = Timestamp(seconds: 1060),
    confidence: Int64 = 0
  ) throws -> SampleRejection? {
    let world = try settled()
    let sample = PriceSample(
      source: try source(0), feed: world.feed, mantissa: cents, confidence: confidence,
      publishedAt: publishedAt)
    let decision = world.decide([sample], at: 1060)
    #expect(decision.rejected.allSatisfy { $0.sample == sample })
    return decision.reasons.first
  }

  private func instant(_ seconds: Int64, plus nanoseconds: Int64) -> Timestamp {
    Timestamp(nanoseconds: seconds * 1_000_000_000 + nanoseconds)
  }

  @Test("another pair is an unknown feed, other decimals are a scale mismatch")
  func feedIdentity() throws {
    let world = try settled()
    func rejection(_ base: String, _ quote: String, _ decimals: UInt8) throws -> [SampleRejection] {
      let feed = try FeedID(
        base: AssetSymbol(base), quote: AssetSymbol(quote), decimals: decimals)
      let sample = PriceSample(
        source: try source(0), feed: feed, mantissa: 10_000, confidence: 0,
        publishedAt: Timestamp(seconds: 1060))
      return world.decide([sample], at: 1060).reasons
    }
    #expect(try rejection("BTC", "USD", 2) == [])
    #expect(try rejection("ETH", "USD", 2) == [.unknownFeed])
    #expect(try rejection("BTC", "EUR", 2) == [.unknownFeed])
    #expect(try rejection("BTC", "USD", 1) == [.scaleMismatch])
    #expect(try rejection("BTC", "USD", 8) == [.scaleMismatch])
  }

  @Test("a source that is not listed, before, between or after the listed ones, is unknown")
  func unknownSource() throws {
    let world = try settled()
    for name in ["A", "S005", "ZZZ"] {
      let sample = PriceSample(
        source: SourceID(try AssetSymbol(name)), feed: world.feed, mantissa: 10_000,
        confidence: 0, publishedAt: Timestamp(seconds: 1060))
      let decision = world.decide([sample, try world.sample(4, 10_000, at: 1060)], at: 1060)
      #expect(decision.reasons == [.unknownSource])
    }
  }

  @Test("zero and below is not a price; the smallest unit is one")
  func positive() throws {
    #expect(try reason(cents: .min) == .notPositive)
    #expect(try reason(cents: -1) == .notPositive)
    #expect(try reason(cents: 0) == .notPositive)
    #expect(try reason(cents: 1) == .quarantined)
  }

  @Test("a price is refused one unit above the highest")
  func highest() throws {
    #expect(try reason(cents: 999_999_999) == .quarantined)
    #expect(try reason(cents: 1_000_000_000) == .quarantined)
    #expect(try reason(cents: 1_000_000_001) == .aboveLimit)
    #expect(try reason(cents: .max) == .aboveLimit)
  }

  @Test("a sample may be published up to the tolerance after the block")
  func future() throws {
    #expect(try reason(publishedAt: instant(1065, plus: -1)) == nil)
    #expect(try reason(publishedAt: instant(1065, plus: 0)) == nil)
    #expect(try reason(publishedAt: instant(1065, plus: 1)) == .fromTheFuture)
    #expect(try reason(publishedAt: Timestamp(nanoseconds: .max)) == .fromTheFuture)
  }

  @Test("a sample as old as the limit is taken, one nanosecond older is stale")
  func staleness() throws {
    var world = try World()
    try world.block(at: 100, [10_000])
    func reasons(_ publishedAt: Timestamp) throws -> [SampleRejection] {
      let sample = PriceSample(
        source: try source(0), feed: world.feed, mantissa: 10_000, confidence: 0,
        publishedAt: publishedAt)
      return world.decide([sample], at: 1060).reasons
    }
    #expect(try reasons(instant(880, plus: 1)) == [])
    #expect(try reasons(instant(880, plus: 0)) == [])
    #expect(try reasons(instant(880, plus: -1)) == [.stale])
    #expect(try reasons(Timestamp(nanoseconds: .min)) == [.stale])
  }

  @Test("the time of a source's samples only grows")
  func monotone() throws {
    #expect(try reason(publishedAt: instant(1000, plus: 1)) == nil)
    #expect(try reason(publishedAt: instant(1000, plus: 0)) == .repeated)
    #expect(try reason(publishedAt: instant(1000, plus: -1)) == .olderThanLast)
  }

  @Test("a confidence interval is taken up to the limit, refused one unit wider or negative")
  func confidence() throws {
    #expect(try reason(confidence: 499) == nil)
    #expect(try reason(confidence: 500) == nil)
    #expect(try reason(confidence: 501) == .lowConfidence)
    #expect(try reason(confidence: .max) == .lowConfidence)
    #expect(try reason(confidence: -1) == .negativeConfidence)
    #expect(try reason(confidence: .min) == .negativeConfidence)
  }

  @Test("of two good samples of a source the later one is taken, whatever their order")
  func duplicate() throws {
    let world = try settled()
    let early = try world.sample(0, 10_010, at: 1050)
    let late = try world.sample(0, 10_020, at: 1060)
    let zero = try world.sample(0, 0, at: 1061)
    for samples in [[early, late, zero], [zero, late, early], [late, zero, early]] {
      let decision = world.decide(samples, at: 1060)
      #expect(decision.rejected == [.init(zero, .notPositive), .init(early, .duplicateSource)])
      #expect(decision.update.sources.map(\.price.steps) == [10_020_000_000])
    }
  }

  @Test("every reason has its own number and words")
  func reasonsAreDistinct() {
    let all = SampleRejection.allCases
    #expect(all.map(\.rawValue) == Array(1...15))
    #expect(Set(all.map(\.description)).count == all.count)
  }
}
