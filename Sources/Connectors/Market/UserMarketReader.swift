// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
public import Quantities

/// Reads a user's own price files: one folder, one CSV file per source.
///
/// `BTC-USD.BITMEX.1m.csv` (or `.csv.gz`) holds the candles of source `BITMEX` for the feed
/// `BTC/USD`, one minute long; steps are 1m, 5m, 10m, 15m, 30m and 1h. Columns: `ts_ms` (start
/// of the candle, Unix milliseconds, UTC), `open`, `high`, `low`, `close`, and optionally
/// `volume` and `trades`; a zero in either says that nothing was traded. A missing row says
/// that nothing was published. `BTC-USD.BITMEX.depth.csv` holds what a book had near its middle:
/// `ts_ms`, `distance` from the middle as a share of it (up to 0.1), `bids` and `asks` in base
/// units; the first file of an underlying is used. Every source votes, unless `market.json` lists
/// it:
///
/// ```json
/// {
///   "reference": ["CCINDEX"],
///   "openIsPreviousClose": ["BITMEX"],
///   "statement": "This run replays our own records."
/// }
/// ```
public enum UserMarketReader {
  /// Reads a folder.
  ///
  /// - Parameters:
  ///   - window: Whole minutes; `nil` for all that the files cover.
  ///   - underlyings: Bases to read; empty for all.
  ///   - badRows: What to do with a malformed row.
  /// - Throws: ``ReadError``.
  public static func load(
    folder: String, window: Range<Timestamp>? = nil, underlyings: [AssetSymbol] = [],
    badRows: BadRowPolicy = .refuse, limits: ReadLimits = ReadLimits()
  ) throws(ReadError) -> RecordedMarket {
    let roles = try UserMarketRoles(folder: folder, limits: limits)
    var files: [UserMarketFile] = []
    var depths: [DepthFile] = []
    for name in try fileNames(inFolder: folder, limits: limits)
    where RecordedFile.stem(of: name) != nil {
      if let depth = try DepthFile(name: name, folder: folder) {
        depths.append(depth)
      } else {
        files.append(try UserMarketFile(name: name, folder: folder, roles: roles))
      }
    }
    try roles.checkNames(files)
    if !underlyings.isEmpty { files.removeAll { !underlyings.contains($0.source.base) } }
    var readings: [CandleFile.Reading] = []
    for file in files {
      let reader = CandleFile(
        path: folder + "/" + file.name, step: file.step,
        range: range(of: window, step: file.step), badRows: badRows, limits: limits)
      let openRule = file.source.openRule
      readings.append(
        try reader.readCandles(permitted: UserMarketFile.columns) { _ in openRule })
    }
    var market = try market(folder, window, underlyings, roles, Array(zip(files, readings)))
    for file in depths.sorted(by: { $0.name < $1.name })
    where market.underlyings.contains(file.base) {
      try market.add(file.load(folder: folder, limits: limits))
    }
    return market
  }

  private static func market(
    _ folder: String, _ window: Range<Timestamp>?, _ underlyings: [AssetSymbol],
    _ roles: UserMarketRoles, _ read: [(file: UserMarketFile, reading: CandleFile.Reading)]
  ) throws(ReadError) -> RecordedMarket {
    guard let window = window ?? covered(read) else {
      throw .uncovered(
        underlying: underlyings.first?.description ?? "any underlying", window: "any window",
        folder: folder, covered: [])
    }
    var assembly = try MarketAssembly(window: window, folder: folder)
    for (file, reading) in read {
      assembly.add(reading)
      assembly.add(
        SeriesCandidate(
          source: file.source, step: file.step, file: file.name,
          candles: reading.tracks[0].candles,
          isReferenceOnly: roles.reference.contains(file.source.venue)))
    }
    let market = assembly.market(
      provenance: MarketProvenance(kind: .userFiles, statement: roles.statement))
    for base in underlyings.isEmpty ? [nil] : underlyings.map(Optional.some) {
      let isCovered = market.series.contains { base == nil || $0.feed.base == base }
      guard isCovered else {
        throw .uncovered(
          underlying: base?.description ?? "any underlying", window: description(of: window),
          folder: folder, covered: read.map(\.file.name))
      }
    }
    return market
  }

  private static func range(of window: Range<Timestamp>?, step: TimeSpan) -> Range<Timestamp> {
    guard let window else {
      return Timestamp.permitted.lowerBound..<Timestamp.permitted.upperBound
    }
    return MarketAssembly.range(of: window, step: step)
  }

  /// From the first candle's start to the last candle's end.
  private static func covered(
    _ read: [(file: UserMarketFile, reading: CandleFile.Reading)]
  ) -> Range<Timestamp>? {
    var span: Range<Timestamp>?
    for (file, reading) in read {
      guard let first = reading.tracks[0].candles.first?.start,
        let last = reading.tracks[0].candles.last?.start
      else { continue }
      let end = last + file.step
      span = min(first, span?.lowerBound ?? first)..<max(end, span?.upperBound ?? end)
    }
    return span
  }
}

/// A user's price file as its name describes it.
struct UserMarketFile {
  let name: String
  let source: VenueSource
  let step: TimeSpan

  static let columns = ["ts_ms", "open", "high", "low", "close", "volume", "trades"]

  init(name: String, folder: String, roles: UserMarketRoles) throws(ReadError) {
    let rule =
      "expected BASE-QUOTE.SOURCE.STEP.csv such as BTC-USD.BITMEX.1m.csv, in capitals, with a "
      + "step of \(RecordedFile.stepWords.joined(separator: ", "))"
    let malformed = ReadError.malformedName(path: folder + "/" + name, rule: rule)
    let words = (RecordedFile.stem(of: name) ?? "").split(
      separator: ".", omittingEmptySubsequences: false
    ).map(String.init)
    guard words.count == 3, let step = RecordedFile.step(words[2]) else { throw malformed }
    let pair = words[0].split(separator: "-", omittingEmptySubsequences: false).map(String.init)
    guard pair.count == 2, let base = try? AssetSymbol(pair[0]),
      let quote = try? AssetSymbol(pair[1]), let symbol = try? AssetSymbol(words[1]),
      Self.dollars.contains(pair[1])
    else { throw malformed }
    self.name = name
    self.step = step
    self.source = VenueSource(
      venue: words[1], source: SourceID(symbol), kind: .spot, base: base, quote: quote,
      openRule: roles.openIsPreviousClose.contains(words[1]) ? .previousClose : .firstTrade)
  }

  /// Quotes that count as the dollar of an index feed.
  static let dollars = ["USD", "USDT", "USDC", "DAI", "BUSD", "TUSD"]
}

/// What `market.json` says about the sources of a folder; all of it optional.
struct UserMarketRoles {
  private(set) var reference: [String] = []
  private(set) var openIsPreviousClose: [String] = []
  private(set) var statement = "This run replays the user's own price files."

  private let path: String
  private var places: [(name: String, place: FilePlace)] = []

  init(folder: String, limits: ReadLimits) throws(ReadError) {
    path = folder + "/market.json"
    guard exists(path) else { return }
    let json = try PlacedJSON(path: path, limits: limits)
    do {
      try take(json)
    } catch {
      throw .row(error)
    }
  }

  /// Refuses names that no file has: a misspelt role would change who votes.
  func checkNames(_ files: [UserMarketFile]) throws(ReadError) {
    let known = files.map(\.source.venue)
    for (name, place) in places where !known.contains(name) {
      throw .row(
        RowFault(
          place: place, field: "source", value: name, reason: .unknownWord(permitted: known)))
    }
  }

  private mutating func take(_ json: PlacedJSON) throws(RowFault) {
    let keys = ["reference", "openIsPreviousClose", "statement"]
    for member in try json.members(keys, field: "market.json") {
      switch member.key {
      case "reference": reference = try names(member)
      case "openIsPreviousClose": openIsPreviousClose = try names(member)
      default: statement = try member.value.string(field: member.key)
      }
    }
  }

  private mutating func names(_ member: PlacedJSON.Member) throws(RowFault) -> [String] {
    var names: [String] = []
    for element in try member.value.elements(field: member.key) {
      let name = try element.string(field: member.key)
      names.append(name)
      places.append((name, element.place))
    }
    return names
  }
}
