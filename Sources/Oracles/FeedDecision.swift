// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import MarketData
public import Parameters
public import Quantities

/// What the oracle makes of one feed in one block.
public struct FeedDecision: Hashable, Sendable {
  /// The fact to record and apply.
  public let update: FeedUpdate
  /// The samples not taken: field checks first, then quarantines, then the band; by source.
  public let rejected: [RejectedSample]
  /// Sources whose last statement ran out in this block, by source: an alarm while the others
  /// still make a quorum.
  public let silenced: [SourceID]

  /// The index, when this block accepted one.
  public var index: IndexPrice? {
    if case .accepted(let index) = update.outcome { index } else { nil }
  }
}

/// Decides what the samples of one block say about one feed; pure, so callers apply the result.
///
/// The index is the weighted median of what every source said last, as long as it is not stale.
/// The result does not depend on the order of `samples`.
/// - Parameters:
///   - samples: Every sample that claims to be of this feed; any content, in any order.
///   - now: The time of the block; a time before the feed's last block counts as that block's.
/// - Precondition: `parameters` are those of the feed's base.
public func decideFeed(
  _ state: FeedState, samples: [PriceSample], parameters: FeedParameters, now: Timestamp
) -> FeedDecision {
  decideFeed(
    state, sorted: samples.sorted(by: isInCanonicalOrder)[...], parameters: parameters, now: now)
}

/// What the oracle makes of all samples of one block.
public struct BlockDecision: Hashable, Sendable {
  /// One decision per feed, in the order of the feeds.
  public let feeds: [FeedDecision]
  /// The samples of pairs that no feed measures.
  public let unrouted: [RejectedSample]
}

/// Sends every sample of a block to the feed of its pair and decides each feed.
///
/// - Precondition: `states` are sorted by feed, no two of one pair, and `parameters` has the
///   parameters of each at the same position.
public func decideFeeds(
  _ states: [FeedState], samples: [PriceSample], parameters: [FeedParameters], now: Timestamp
) -> BlockDecision {
  precondition(states.count == parameters.count, "every feed has parameters")
  precondition(
    zip(states, states.dropFirst()).allSatisfy { pair($0.feed) < pair($1.feed) },
    "feeds are sorted, one per pair")
  let sorted = samples.sorted(by: isInCanonicalOrder)
  var decisions: [FeedDecision] = []
  decisions.reserveCapacity(states.count)
  var unrouted: [RejectedSample] = []
  var position = 0
  for (state, parameters) in zip(states, parameters) {
    while position < sorted.count, pair(sorted[position].feed) < pair(state.feed) {
      unrouted.append(RejectedSample(sorted[position], .unknownFeed))
      position += 1
    }
    let start = position
    while position < sorted.count, pair(sorted[position].feed) == pair(state.feed) {
      position += 1
    }
    decisions.append(
      decideFeed(state, sorted: sorted[start..<position], parameters: parameters, now: now))
  }
  for sample in sorted[position...] { unrouted.append(RejectedSample(sample, .unknownFeed)) }
  return BlockDecision(feeds: decisions, unrouted: unrouted)
}

private func decideFeed(
  _ state: FeedState, sorted samples: ArraySlice<PriceSample>, parameters: FeedParameters,
  now: Timestamp
) -> FeedDecision {
  precondition(parameters.base == state.feed.base, "a feed is decided by its own parameters")
  var block = FeedBlock(state, parameters, now: now)
  block.take(samples)
  block.judgeJumps()
  let verdict = block.vote()
  return block.decision(verdict)
}

private func pair(_ feed: FeedID) -> (AssetSymbol, AssetSymbol) { (feed.base, feed.quote) }

/// By pair, source and then the latest first; the rest only makes the order total.
private func isInCanonicalOrder(_ left: PriceSample, _ right: PriceSample) -> Bool {
  if pair(left.feed) != pair(right.feed) { return pair(left.feed) < pair(right.feed) }
  if left.source != right.source { return left.source < right.source }
  if left.publishedAt != right.publishedAt { return left.publishedAt > right.publishedAt }
  return (left.mantissa, left.confidence, left.feed.decimals)
    < (right.mantissa, right.confidence, right.feed.decimals)
}
