// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
public import Quantities

/// Reads the recorded collection: one folder with `prices_1m`, `prices_5m`, `prices_10m` and
/// `prices_1h`, whose files say by their names what they hold.
///
/// Nothing is tied to one event: every file whose name covers the window is read. Daily files
/// are too coarse for a replay by the minute and are not read.
public enum RecordedMarketReader {
  /// Reads what covers a window.
  ///
  /// - Parameters:
  ///   - folder: The collection's folder.
  ///   - window: Whole minutes; the last block is at its end.
  ///   - underlyings: Bases to read; empty for all that have a voting source.
  ///   - badRows: What to do with a malformed row inside the window. Rows outside it are only
  ///     checked for their times.
  /// - Throws: ``ReadError``, also when an underlying asked for has no prices in the window.
  public static func load(
    folder: String, window: Range<Timestamp>, underlyings: [AssetSymbol] = [],
    badRows: BadRowPolicy = .refuse, limits: ReadLimits = ReadLimits()
  ) throws(ReadError) -> RecordedMarket {
    var assembly = try MarketAssembly(window: window, folder: folder)
    let files = try list(folder, limits: limits)
    for file in files.read {
      let isWanted = underlyings.isEmpty || file.bases.contains(where: underlyings.contains)
      guard isWanted, file.period?.overlaps(window) ?? true else { continue }
      try add(file, of: folder, to: &assembly, underlyings, badRows, limits)
    }
    for name in files.strange {
      assembly.leaveOut(name, because: "its name follows no convention of the collection")
    }
    let market = assembly.market(
      provenance: MarketProvenance(
        kind: .recorded,
        statement: "This run replays recorded prices of \(description(of: window))."))
    return try checked(market, underlyings, folder: folder, files.read)
  }

  private static let folders = ["prices_1m", "prices_5m", "prices_10m", "prices_1h"]

  private static func list(
    _ folder: String, limits: ReadLimits
  ) throws(ReadError) -> (read: [RecordedFile], strange: [String]) {
    guard exists(folder) else { throw .missing(path: folder) }
    var found: (read: [RecordedFile], strange: [String]) = ([], [])
    for part in folders where exists(folder + "/" + part) {
      for name in try fileNames(inFolder: folder + "/" + part, limits: limits) {
        if let file = RecordedFile(folder: part, name: name) {
          found.read.append(file)
        } else {
          found.strange.append(part + "/" + name)
        }
      }
    }
    guard !found.read.isEmpty else {
      throw .unreadable(
        path: folder,
        why: "no price files in \(folders.joined(separator: ", ")); expected the recorded "
          + "collection")
    }
    return found
  }

  private static func add(
    _ file: RecordedFile, of folder: String, to assembly: inout MarketAssembly,
    _ underlyings: [AssetSymbol], _ badRows: BadRowPolicy, _ limits: ReadLimits
  ) throws(ReadError) {
    let reader = CandleFile(
      path: folder + "/" + file.file, step: file.step,
      range: MarketAssembly.range(of: assembly.window, step: file.step), badRows: badRows,
      limits: limits)
    let reading: CandleFile.Reading
    var sources: [VenueSource?]
    switch file.contents {
    case .candles(let source):
      reading = try reader.readCandles { _ in source.openRule }
      sources = [source]
    case .venueColumn(let base, let quote):
      reading = try reader.readCandles { word in
        RecordedFile.source(ofVenue: word, base: base, quote: quote)?.openRule ?? .firstTrade
      }
      sources = reading.tracks.map {
        RecordedFile.source(ofVenue: $0.name, base: base, quote: quote)
      }
    case .values(let columns):
      reading = try reader.readValues(columns: columns.map(\.column))
      sources = columns.map(\.source)
    }
    assembly.add(reading)
    for (track, source) in zip(reading.tracks, sources) {
      guard let source else {
        assembly.leaveOut(file.file, because: "“\(track.name)” names no venue")
        continue
      }
      guard underlyings.isEmpty || underlyings.contains(source.base) else { continue }
      assembly.add(
        SeriesCandidate(
          source: source, step: file.step, file: file.file, candles: track.candles))
    }
  }

  private static func checked(
    _ market: RecordedMarket, _ underlyings: [AssetSymbol], folder: String,
    _ files: [RecordedFile]
  ) throws(ReadError) -> RecordedMarket {
    for base in underlyings where !market.series.contains(where: { $0.feed.base == base }) {
      throw uncovered(base, market.window, folder, files)
    }
    guard underlyings.isEmpty else { return market }
    let bases = market.underlyings
    guard !bases.isEmpty else { throw uncovered(nil, market.window, folder, files) }
    // Composites alone make no index.
    return RecordedMarket(
      window: market.window, series: market.series.filter { bases.contains($0.feed.base) },
      provenance: market.provenance, skippedRows: market.skippedRows,
      roundedPrices: market.roundedPrices, unusedFiles: market.unusedFiles)
  }

  private static func uncovered(
    _ base: AssetSymbol?, _ window: Range<Timestamp>, _ folder: String, _ files: [RecordedFile]
  ) -> ReadError {
    let covered = files.filter { file in base.map { file.bases.contains($0) } ?? true }
      .map(\.file)
    return .uncovered(
      underlying: base?.description ?? "any underlying", window: description(of: window),
      folder: folder, covered: covered)
  }
}
