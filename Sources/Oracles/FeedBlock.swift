// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import Parameters
import Quantities

/// What one source says in one block: a sample of the block, or what it said last.
struct Statement {
  let parameters: SourceParameters
  /// How the source stood after the block before.
  let previous: SourceState?
  /// How it stands now.
  var current: SourceState?
  /// The sample of this block behind ``current``, if the source sent one.
  var sample: PriceSample?
  /// Whether the statement is recent enough to say something about this block.
  var isLive = false
}

/// One feed in one block while it is being decided.
struct FeedBlock {
  let state: FeedState
  let parameters: FeedParameters
  /// Never before the feed's last block.
  let time: Timestamp
  /// One per source of the parameters, sorted by source.
  private(set) var statements: [Statement]
  private(set) var rejected: [RejectedSample] = []
  private(set) var silenced: [SourceID] = []
  /// Sources that the feed remembers but that no longer vote in it.
  private var retired: [SourceState] = []

  init(_ state: FeedState, _ parameters: FeedParameters, now: Timestamp) {
    self.state = state
    self.parameters = parameters
    time = max(now, state.time)
    statements = []
    statements.reserveCapacity(parameters.sources.count)
    var remembered = state.sources[...]
    for source in parameters.sources {
      while let first = remembered.first, first.source.symbol < source.source {
        retire(first)
        remembered.removeFirst()
      }
      var previous: SourceState?
      if let first = remembered.first, first.source.symbol == source.source {
        previous = first
        remembered.removeFirst()
      }
      statements.append(Statement(parameters: source, previous: previous, current: previous))
    }
    for source in remembered { retire(source) }
  }

  private mutating func retire(_ source: SourceState) {
    guard source.standing != .silent else { return }
    var silent = source
    silent.standing = .silent
    retired.append(silent)
    silenced.append(source.source)
  }

  mutating func reject(_ sample: PriceSample, _ reason: SampleRejection) {
    rejected.append(RejectedSample(sample, reason))
  }

  /// Makes `sample` what its source says; standing and reference are judged later.
  mutating func adopt(_ sample: PriceSample, at position: Int, stepsPerUnit: Int64) {
    let previous = statements[position].previous
    statements[position].sample = sample
    statements[position].current = SourceState(
      source: sample.source, price: Price(steps: sample.mantissa * stepsPerUnit),
      confidence: Price(steps: sample.confidence * stepsPerUnit),
      publishedAt: sample.publishedAt, reference: previous?.reference ?? .zero,
      standing: previous?.standing ?? .silent)
  }

  /// Marks what is recent enough to count; a source that no longer is falls silent.
  mutating func judgeAges() {
    for position in statements.indices {
      guard var current = statements[position].current else { continue }
      if isLive(current, under: statements[position].parameters) {
        statements[position].isLive = true
      } else if current.standing != .silent {
        current.standing = .silent
        statements[position].current = current
        silenced.append(current.source)
      }
    }
  }

  private func isLive(_ source: SourceState, under limits: SourceParameters) -> Bool {
    nanoseconds(from: source.publishedAt, to: time) <= Int128(limits.staleness.nanoseconds)
      && source.publishedAt > state.restartedAt
      && source.price > .zero && source.price <= parameters.highestPrice
  }

  /// Sets how the source at `position` stands after this block.
  mutating func stand(_ position: Int, _ standing: SourceStanding) {
    guard var current = statements[position].current else { return }
    current.standing = standing
    if standing == .voting { current.reference = current.price }
    statements[position].current = current
  }

  /// The update, with only those sources that changed.
  func decision(_ verdict: Verdict) -> FeedDecision {
    var changed = retired
    for statement in statements where statement.current != statement.previous {
      if let current = statement.current { changed.append(current) }
    }
    if !retired.isEmpty { changed.sort { $0.source < $1.source } }
    return FeedDecision(
      update: FeedUpdate(
        feed: state.feed, time: time, outcome: verdict.outcome, anchor: verdict.anchor,
        sources: changed),
      rejected: rejected,
      silenced: retired.isEmpty ? silenced : silenced.sorted())
  }
}

/// What a block says about the index, and from where the next move is measured.
struct Verdict {
  let outcome: FeedOutcome
  let anchor: PriceAnchor?
}

/// The time from one instant to another, exact for any two.
func nanoseconds(from start: Timestamp, to end: Timestamp) -> Int128 {
  Int128(end.nanoseconds) - Int128(start.nanoseconds)
}

/// Whether `distance` is more than `limit` times `reference`; exact.
func isBeyond(_ distance: Int64, _ limit: Rate, of reference: Int64) -> Bool {
  Int128(distance) * Int128(Rate.one.billionths)
    > Int128(limit.billionths) * Int128(reference)
}
