// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// Why the oracle did not take a sample; the number is the canonical form and never changes.
@frozen
public enum SampleRejection: UInt8, Hashable, Sendable, CaseIterable, CustomStringConvertible {
  /// No feed of the venue measures this pair.
  case unknownFeed = 1
  /// The decimals differ from the feed's; the scale is part of the identity.
  case scaleMismatch = 2
  /// The source does not vote in this feed, or its weight is zero.
  case unknownSource = 3
  /// The mantissa is zero or below: zero is not a price.
  case notPositive = 4
  /// The price is above the highest one the feed permits.
  case aboveLimit = 5
  /// The half-width of the confidence interval is below zero.
  case negativeConfidence = 6
  /// Published later than the block, beyond the tolerance for clocks.
  case fromTheFuture = 7
  /// Published longer ago than the source's limit; sending it again does not renew it.
  case stale = 8
  /// Published not after the restart, so it says nothing about the market since.
  case beforeRestart = 9
  /// Published before the source's last statement.
  case olderThanLast = 10
  /// Published at the instant of the source's last statement: nothing new.
  case repeated = 11
  /// The source's own confidence interval is too wide.
  case lowConfidence = 12
  /// A later sample of the same source is in the same block; a source votes once.
  case duplicateSource = 13
  /// The source jumped away from the others and is not confirmed yet.
  case quarantined = 14
  /// Too far from the median of the block.
  case outsideDeviationBand = 15

  public var description: String {
    switch self {
    case .unknownFeed: "no such feed"
    case .scaleMismatch: "other decimals than the feed's"
    case .unknownSource: "the source does not vote in this feed"
    case .notPositive: "not a positive price"
    case .aboveLimit: "above the feed's highest price"
    case .negativeConfidence: "negative confidence interval"
    case .fromTheFuture: "published later than the block"
    case .stale: "published too long ago"
    case .beforeRestart: "published before the restart"
    case .olderThanLast: "published before the source's last sample"
    case .repeated: "published at the instant of the source's last sample"
    case .lowConfidence: "confidence interval too wide"
    case .duplicateSource: "a later sample of the source is in the block"
    case .quarantined: "jumped away from the other sources, not confirmed yet"
    case .outsideDeviationBand: "outside the band around the median"
    }
  }
}

/// A sample the oracle did not take, and why.
@frozen
public struct RejectedSample: Hashable, Sendable {
  public let sample: PriceSample
  public let reason: SampleRejection

  @inlinable
  public init(_ sample: PriceSample, _ reason: SampleRejection) {
    self.sample = sample
    self.reason = reason
  }
}
