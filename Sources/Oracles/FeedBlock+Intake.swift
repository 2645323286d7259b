// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import Parameters
import Quantities

extension FeedBlock {
  /// Checks every sample by itself and takes the latest good one of each source.
  ///
  /// - Parameter samples: Sorted by source, the latest first.
  mutating func take(_ samples: ArraySlice<PriceSample>) {
    let stepsPerUnit = powerOfTen(8 - Int(state.feed.decimals))
    var position = 0
    for sample in samples {
      if let reason = feedRefusal(sample) {
        reject(sample, reason)
        continue
      }
      while position < statements.count,
        statements[position].parameters.source < sample.source.symbol
      {
        position += 1
      }
      guard position < statements.count,
        statements[position].parameters.source == sample.source.symbol
      else {
        reject(sample, .unknownSource)
        continue
      }
      if let reason = refusal(sample, by: statements[position], stepsPerUnit) {
        reject(sample, reason)
      } else if statements[position].sample != nil {
        reject(sample, .duplicateSource)
      } else {
        adopt(sample, at: position, stepsPerUnit: stepsPerUnit)
      }
    }
    judgeAges()
  }

  /// Why a sample is not one of this feed.
  private func feedRefusal(_ sample: PriceSample) -> SampleRejection? {
    guard sample.feed.base == state.feed.base, sample.feed.quote == state.feed.quote else {
      return .unknownFeed
    }
    return sample.feed.decimals == state.feed.decimals ? nil : .scaleMismatch
  }

  /// Why a sample of a known source cannot be taken, whatever the other sources say.
  private func refusal(
    _ sample: PriceSample, by statement: Statement, _ stepsPerUnit: Int64
  ) -> SampleRejection? {
    guard sample.mantissa > 0 else { return .notPositive }
    guard Int128(sample.mantissa) * Int128(stepsPerUnit) <= Int128(parameters.highestPrice.steps)
    else { return .aboveLimit }
    guard sample.confidence >= 0 else { return .negativeConfidence }
    let age = nanoseconds(from: sample.publishedAt, to: time)
    guard age >= -Int128(parameters.futureTolerance.nanoseconds) else { return .fromTheFuture }
    guard age <= Int128(statement.parameters.staleness.nanoseconds) else { return .stale }
    guard sample.publishedAt > state.restartedAt else { return .beforeRestart }
    if let last = statement.previous?.publishedAt {
      if sample.publishedAt < last { return .olderThanLast }
      if sample.publishedAt == last { return .repeated }
    }
    let limit = statement.parameters.confidenceLimit
    if isBeyond(sample.confidence, limit, of: sample.mantissa) { return .lowConfidence }
    return nil
  }
}
