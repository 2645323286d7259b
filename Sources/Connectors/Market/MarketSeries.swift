// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import MarketData
public import Quantities

/// Whether a series is counted in an index.
public enum SeriesRole: Sendable {
  /// One of the venues whose median is the index.
  case votes
  /// Carried for display and comparison: composites, and further series of a venue that votes.
  case reference
}

/// The recorded prices of one source, minute by minute.
public struct MarketSeries: Sendable {
  public let source: SourceID
  /// What is priced; stablecoin quotes count as the dollar, see ``quote``.
  public let feed: FeedID
  public let role: SeriesRole
  /// What the file's prices are in, for example `USDT` in a `BTC/USD` feed.
  public let quote: AssetSymbol
  /// The length of the candles as recorded.
  public let resolution: TimeSpan
  /// Whether the minutes were made from longer candles or from single figures.
  public let isBridged: Bool
  /// Minute candles in order of time; a minute that was not recorded is absent.
  public let candles: [Candle]
  /// The file, relative to the folder that was read.
  public let file: String

  private let start: Timestamp
  /// For each minute of the window its candle's index, or −1.
  private let indexOfMinute: [Int32]
  /// For each candle, the index of the last candle up to it that had trades, or −1.
  private let lastTraded: [Int32]

  /// - Parameters:
  ///   - candles: Minute candles in strictly increasing order of time; those outside `window`
  ///     are left out.
  ///   - window: Begins and ends on whole minutes.
  public init(
    source: SourceID, feed: FeedID, role: SeriesRole, quote: AssetSymbol, resolution: TimeSpan,
    isBridged: Bool, candles: [Candle], file: String, window: Range<Timestamp>
  ) {
    let kept = candles.filter { window.contains($0.start) }
    var indexOfMinute = [Int32](repeating: -1, count: minuteCount(window))
    var lastTraded: [Int32] = []
    lastTraded.reserveCapacity(kept.count)
    var last: Int32 = -1
    for (index, candle) in kept.enumerated() {
      indexOfMinute[minute(of: candle.start, after: window.lowerBound)] = Int32(index)
      if candle.hasTrades { last = Int32(index) }
      lastTraded.append(last)
    }
    self.source = source
    self.feed = feed
    self.role = role
    self.quote = quote
    self.resolution = resolution
    self.isBridged = isBridged
    self.candles = kept
    self.file = file
    self.start = window.lowerBound
    self.indexOfMinute = indexOfMinute
    self.lastTraded = lastTraded
  }

  /// The candle of the minute that ends at `instant`, rounded down to the minute; `nil` when
  /// that minute was not recorded or lies outside the window.
  public func candle(endingAt instant: Timestamp) -> Candle? {
    index(endingAt: instant).map { candles[$0] }
  }

  /// What was known of this source when the minute ended, if that minute was recorded.
  ///
  /// The price is the minute's close. A minute without trades repeats an old price and keeps
  /// the time at which that price was last traded; before the first trade there is no sample.
  public func sample(at instant: Timestamp) -> PriceSample? {
    guard let index = index(endingAt: instant), lastTraded[index] >= 0 else { return nil }
    return PriceSample(
      source: source, feed: feed, mantissa: candles[index].close.steps, confidence: 0,
      publishedAt: candles[Int(lastTraded[index])].start + .minute)
  }

  private func index(endingAt instant: Timestamp) -> Int? {
    let minute = minute(of: instant, after: start) - 1
    guard indexOfMinute.indices.contains(minute) else { return nil }
    let index = Int(indexOfMinute[minute])
    return index < 0 ? nil : index
  }
}

/// The number of the minute in which `instant` lies, counted from 0 at `start`.
func minute(of instant: Timestamp, after start: Timestamp) -> Int {
  let (quotient, remainder) = (instant - start).nanoseconds
    .quotientAndRemainder(dividingBy: TimeSpan.minute.nanoseconds)
  return Int(remainder < 0 ? quotient - 1 : quotient)
}

func minuteCount(_ window: Range<Timestamp>) -> Int {
  minute(of: window.upperBound, after: window.lowerBound)
}
