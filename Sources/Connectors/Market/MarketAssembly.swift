// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import Quantities

/// Puts the candidates of all files together into one market.
struct MarketAssembly {
  let window: Range<Timestamp>
  private(set) var candidates: [SeriesCandidate] = []
  private(set) var skipped: [RowFault] = []
  private(set) var roundedPrices = 0
  private(set) var unused: [UnusedFile] = []

  /// Seeds the minutes made from longer candles; part of the numbers of a run.
  private static let bridgeSeed: UInt64 = 0x706c_696d_736f_6c6c

  /// The longest window that is taken, in minutes: a year.
  private static let minuteLimit = 366 * 1_440

  /// - Throws: ``ReadError/malformedWindow(_:)`` unless both ends are whole minutes in order.
  init(window: Range<Timestamp>, folder: String) throws(ReadError) {
    try check(window)
    guard minuteCount(window) <= Self.minuteLimit else {
      throw .limitExceeded(
        place: FilePlace(path: folder, line: 0), what: "the window's length in minutes",
        limit: Self.minuteLimit)
    }
    self.window = window
  }

  /// The starts of the candles of this length that overlap the window.
  static func range(of window: Range<Timestamp>, step: TimeSpan) -> Range<Timestamp> {
    let early = TimeSpan(nanoseconds: step.nanoseconds - TimeSpan.minute.nanoseconds)
    return (window.lowerBound - early)..<window.upperBound
  }

  mutating func add(_ candidate: SeriesCandidate) { candidates.append(candidate) }

  mutating func add(_ reading: CandleFile.Reading) {
    skipped += reading.skipped
    roundedPrices += reading.roundedPrices
  }

  mutating func leaveOut(_ file: String, because reason: String) {
    unused.append(UnusedFile(file: file, reason: reason))
  }

  func market(provenance: MarketProvenance) -> RecordedMarket {
    let choice = SeriesChoice(candidates)
    let series = choice.chosen.map { candidate, role in
      let source = candidate.source
      let bridge = IntervalBridge(
        seed: Self.bridgeSeed, guide: Self.guide(for: source, among: choice))
      return MarketSeries(
        source: source.source, feed: source.feed, role: role, quote: source.quote,
        resolution: candidate.step, isBridged: candidate.step > .minute,
        candles: bridge.minutes(of: candidate.candles, step: candidate.step, source: source),
        file: candidate.file, window: window)
    }
    return RecordedMarket(
      window: window, series: series, provenance: provenance, skippedRows: skipped,
      roundedPrices: roundedPrices, unusedFiles: unused + choice.unused)
  }

  /// The minutes of the voting source that says when extremes were: spot first, then the one
  /// with most minutes, then by name.
  private static func guide(for source: VenueSource, among choice: SeriesChoice) -> [Candle] {
    choice.chosen
      .filter {
        $0.role == .votes && $0.candidate.step == .minute
          && $0.candidate.source.feed == source.feed
      }
      .map(\.candidate)
      .min {
        ($0.source.kind.rawValue, -$0.candles.count, $0.source.source)
          < ($1.source.kind.rawValue, -$1.candles.count, $1.source.source)
      }?
      .candles ?? []
  }
}

/// - Throws: ``ReadError/malformedWindow(_:)`` unless both ends are whole minutes in order.
func check(_ window: Range<Timestamp>) throws(ReadError) {
  let minute = TimeSpan.minute.nanoseconds
  guard !window.isEmpty, window.lowerBound.nanoseconds % minute == 0,
    window.upperBound.nanoseconds % minute == 0,
    window.lowerBound >= Timestamp.permitted.lowerBound,
    window.upperBound <= Timestamp.permitted.upperBound
  else { throw .malformedWindow(description(of: window)) }
}

func description(of window: Range<Timestamp>) -> String {
  "\(window.lowerBound) to \(window.upperBound)"
}
