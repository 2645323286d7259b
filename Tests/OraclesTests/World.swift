// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import Oracles
import Parameters
import Quantities

/// Parameters of a feed with round numbers; tests change what they are about.
struct Rules {
  var weights: [Int64] = Array(repeating: 1_000_000_000, count: 5)
  var quorum: Int32 = 3
  var cap = Rate(billionths: 400_000_000)
  var stalenessSeconds: Int64 = 180
  var highestPrice = Price(steps: 10_000_000 * Price.stepsPerOne)
  var confidenceLimit = Rate(billionths: 50_000_000)
  var band = Rate(billionths: 100_000_000)
  var jumpLimit = Rate(billionths: 100_000_000)
  var jumpConfirmations: Int32 = 3
  var breakerLimit = Rate(billionths: 200_000_000)
  var breakerCeiling = Rate(billionths: 500_000_000)
  var breakerTolerance = Rate(billionths: 100_000_000)
  var breakerConfirmations: Int32 = 3
  var pauseSeconds: Int64 = 120

  /// Nothing but the median: every limit so wide that no price reaches it.
  static func medianOnly(weights: [Int64], quorum: Int32 = 1) -> Rules {
    var rules = Rules()
    rules.weights = weights
    rules.quorum = quorum
    rules.cap = Rate(billionths: 499_999_999)
    rules.highestPrice = Price(steps: Price.limit)
    rules.band = Rate(billionths: Rate.limit)
    rules.jumpLimit = Rate(billionths: Rate.limit)
    rules.breakerLimit = Rate(billionths: Rate.limit)
    rules.breakerCeiling = Rate(billionths: Rate.limit)
    return rules
  }

  func parameters(base: AssetSymbol) throws -> FeedParameters {
    let sources = try weights.enumerated().map { number, weight in
      SourceParameters(
        source: try source(number).symbol, weight: Rate(billionths: weight),
        staleness: TimeSpan(seconds: stalenessSeconds), confidenceLimit: confidenceLimit,
        jumpLimit: jumpLimit)
    }
    return FeedParameters(
      base: base, quorum: quorum, sourceWeightCap: cap, futureTolerance: TimeSpan(seconds: 5),
      highestPrice: highestPrice, deviationBand: band, jumpConfirmations: jumpConfirmations,
      breaker: BreakerParameters(
        limit: breakerLimit, ceiling: breakerCeiling, tolerance: breakerTolerance,
        confirmations: breakerConfirmations, pause: TimeSpan(seconds: pauseSeconds)),
      sources: sources)
  }
}

/// The source with a number from 0 to 99.
func source(_ number: Int) throws -> SourceID {
  SourceID(try AssetSymbol("S\(number / 10)\(number % 10)"))
}

/// A feed in cents with its blocks; `apply` follows every decision, as in the ledger.
struct World {
  let feed: FeedID
  let parameters: FeedParameters
  var state: FeedState

  init(_ rules: Rules = Rules()) throws {
    feed = try FeedID(base: AssetSymbol("BTC"), quote: AssetSymbol("USD"), decimals: 2)
    parameters = try rules.parameters(base: feed.base)
    state = FeedState(feed)
  }

  func sample(
    _ number: Int, _ cents: Int64, at seconds: Int64, confidence: Int64 = 0
  ) throws -> PriceSample {
    PriceSample(
      source: try source(number), feed: feed, mantissa: cents, confidence: confidence,
      publishedAt: Timestamp(seconds: seconds))
  }

  func decide(_ samples: [PriceSample], at seconds: Int64) -> FeedDecision {
    decideFeed(
      state, samples: samples, parameters: parameters, now: Timestamp(seconds: seconds))
  }

  /// The parameters with one source fewer.
  func parameters(without number: Int) throws -> FeedParameters {
    let retired = try source(number).symbol
    return FeedParameters(
      base: parameters.base, quorum: parameters.quorum,
      sourceWeightCap: parameters.sourceWeightCap, futureTolerance: parameters.futureTolerance,
      highestPrice: parameters.highestPrice, deviationBand: parameters.deviationBand,
      jumpConfirmations: parameters.jumpConfirmations, breaker: parameters.breaker,
      sources: parameters.sources.filter { $0.source != retired })
  }

  /// One block with a sample of every source that has a price, published at the block's time.
  @discardableResult
  mutating func block(at seconds: Int64, _ cents: [Int64?]) throws -> FeedDecision {
    var samples: [PriceSample] = []
    for (number, price) in cents.enumerated() {
      if let price { samples.append(try sample(number, price, at: seconds)) }
    }
    return take(samples, at: seconds)
  }

  @discardableResult
  mutating func take(_ samples: [PriceSample], at seconds: Int64) -> FeedDecision {
    let decision = decide(samples, at: seconds)
    state.apply(decision.update)
    return decision
  }

  func standing(_ number: Int) throws -> SourceStanding? {
    let wanted = try source(number)
    return state.sources.first { $0.source == wanted }?.standing
  }
}

extension FeedDecision {
  /// The index in cents; `nil` when none was accepted.
  var cents: Int64? { index.map { $0.price.steps / 1_000_000 } }
  var reasons: [SampleRejection] { rejected.map(\.reason) }
  var isBroken: Bool {
    if case .circuitBroken = update.outcome { true } else { false }
  }
}

/// Seeded numbers for property tests: SplitMix64.
///
/// Source: G. Steele, D. Lea, C. Flood, OOPSLA 2014.
struct SeededNumbers: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
