// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
public import Quantities

/// Reads a reconstruction: a folder of cited figures, from which minutes are computed.
///
/// The minutes between the figures are made by a seeded bridge, the same bits at every load;
/// they are no record of what happened, and the market's provenance says so. See
/// `Datasets/README.md` for the tables.
public enum ReconstructionReader {
  /// Reads the figures and makes the paths.
  ///
  /// - Parameters:
  ///   - folder: For example `Datasets/black-thursday-2020`.
  ///   - window: Whole minutes inside the reconstruction's own window; `nil` for all of it. A
  ///     part has the same minutes as the whole.
  ///   - underlyings: Bases to make; empty for all.
  /// - Throws: ``ReadError``. A malformed row always stops the read: a missing figure would
  ///   change the path.
  public static func load(
    folder: String, window: Range<Timestamp>? = nil, underlyings: [AssetSymbol] = [],
    limits: ReadLimits = ReadLimits()
  ) throws(ReadError) -> RecordedMarket {
    let tables = try FigureTables(folder: folder, limits: limits)
    let whole = tables.manifest.window
    let window = window ?? whole
    try check(window)
    let bases = bases(of: tables)
    for base in underlyings.isEmpty ? bases : underlyings {
      guard bases.contains(base), window.clamped(to: whole) == window else {
        throw .uncovered(
          underlying: base.description, window: description(of: window), folder: folder,
          covered: bases.map { "\($0) in \(description(of: whole))" })
      }
    }
    var series: [MarketSeries] = []
    for base in bases where underlyings.isEmpty || underlyings.contains(base) {
      let paths = ReconstructedPaths(base: base, tables: tables)
      for (venue, candles) in try paths.candles() {
        series.append(
          MarketSeries(
            source: venue.source, feed: indexFeed(of: base), role: venue.role,
            quote: indexFeed(of: base).quote, resolution: .minute, isBridged: true,
            candles: candles, file: "figures-\(base).csv", window: window))
      }
    }
    return RecordedMarket(
      window: window, series: series,
      provenance: MarketProvenance(
        kind: .reconstruction, statement: tables.manifest.statement))
  }

  /// The cited figures, ordered by base, venue and time.
  public static func figures(
    folder: String, limits: ReadLimits = ReadLimits()
  ) throws(ReadError) -> [PriceFigure] {
    try FigureTables(folder: folder, limits: limits).figures.sorted {
      ($0.base, $0.venue, $0.time) < ($1.base, $1.venue, $1.time)
    }
  }

  private static func bases(of tables: FigureTables) -> [AssetSymbol] {
    var bases: [AssetSymbol] = []
    for figure in tables.figures where !bases.contains(figure.base) { bases.append(figure.base) }
    return bases.sorted()
  }
}
