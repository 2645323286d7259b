// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import MarketData
public import Quantities

/// Recorded or reconstructed prices of some underlyings over a window, source by source.
///
/// The three readers give this one type; the engine's input does not depend on where prices
/// came from, and ``provenance`` says it for the reports.
public struct RecordedMarket: Sendable {
  /// From the start of the first minute to the end of the last.
  public let window: Range<Timestamp>
  /// Ordered by feed, then by source; a pair of both occurs once.
  public let series: [MarketSeries]
  public let provenance: MarketProvenance
  /// Rows left out under ``BadRowPolicy/skip``, in the order they were met.
  public let skippedRows: [RowFault]
  /// How many prices had digits finer than 10^−8, which were rounded half to even.
  public let roundedPrices: Int
  /// Files, or parts of them, that were not needed, and why; relative to the folder.
  public private(set) var unusedFiles: [UnusedFile]
  /// What books held, of some underlyings; one of each, by base.
  public private(set) var depths: [DepthSeries] = []

  public init(
    window: Range<Timestamp>, series: [MarketSeries], provenance: MarketProvenance,
    skippedRows: [RowFault] = [], roundedPrices: Int = 0, unusedFiles: [UnusedFile] = []
  ) {
    self.window = window
    self.series = series.sorted { ($0.feed, $0.source) < ($1.feed, $1.source) }
    self.provenance = provenance
    self.skippedRows = skippedRows
    self.roundedPrices = roundedPrices
    self.unusedFiles = unusedFiles
  }

  /// Takes in the depth of a book, unless another of the underlying is there already.
  mutating func add(_ depth: DepthSeries) {
    if let other = depths.first(where: { $0.base == depth.base }) {
      let reason = "the depth of \(depth.base) is read from \(other.file)"
      unusedFiles.append(UnusedFile(file: depth.file, reason: reason))
      return
    }
    depths.append(depth)
    depths.sort { $0.base < $1.base }
  }

  /// What can be indexed: the bases of the series that vote, in order.
  public var underlyings: [AssetSymbol] {
    var found: [AssetSymbol] = []
    for series in series where series.role == .votes && found.last != series.feed.base {
      found.append(series.feed.base)
    }
    return found
  }

  /// What the voting sources had published when the minute ending at `instant` was over,
  /// ordered by feed, then by source.
  public func samples(at instant: Timestamp) -> [PriceSample] {
    samples(at: instant, role: .votes)
  }

  /// The same for the sources that do not vote.
  public func referenceSamples(at instant: Timestamp) -> [PriceSample] {
    samples(at: instant, role: .reference)
  }

  /// Adds what ``samples(at:)`` gives to a list of the caller, without memory of its own.
  public func appendSamples(at instant: Timestamp, to samples: inout [PriceSample]) {
    append(at: instant, role: .votes, to: &samples)
  }

  public func series(of source: SourceID, feed: FeedID) -> MarketSeries? {
    series.first { $0.source == source && $0.feed == feed }
  }

  /// The candle of a source for the minute that ends at `instant`.
  public func candle(of source: SourceID, feed: FeedID, endingAt instant: Timestamp) -> Candle? {
    series(of: source, feed: feed)?.candle(endingAt: instant)
  }

  private func samples(at instant: Timestamp, role: SeriesRole) -> [PriceSample] {
    var samples: [PriceSample] = []
    samples.reserveCapacity(series.count)
    append(at: instant, role: role, to: &samples)
    return samples
  }

  private func append(
    at instant: Timestamp, role: SeriesRole, to samples: inout [PriceSample]
  ) {
    for series in series where series.role == role {
      if let sample = series.sample(at: instant) { samples.append(sample) }
    }
  }
}

/// Where prices come from, with a sentence for reports.
public struct MarketProvenance: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable {
    case recorded
    case userFiles
    case reconstruction
  }

  public let kind: Kind
  /// A full sentence, for example “This run uses a reconstruction: …”.
  public let statement: String

  public init(kind: Kind, statement: String) {
    self.kind = kind
    self.statement = statement
  }
}

/// A file, or one venue of a file, that was read or seen but not used.
public struct UnusedFile: Hashable, Sendable {
  public let file: String
  public let reason: String

  public init(file: String, reason: String) {
    self.file = file
    self.reason = reason
  }
}
