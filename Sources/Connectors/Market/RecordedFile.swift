// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities

/// One price file of the recorded collection, as far as its name tells.
///
/// Names read `<venue>_<pair>[_spot|_perp]_<step>_<from>[_<to>]…`; a file with a `venue` column
/// is `<base>_multi_venue_<step>_…`, composites are `<source>_<base>…_<quote>_<step>_…` with a
/// column for each base, or `<base>_<quote>_<step>_…` with candles.
struct RecordedFile {
  /// Relative to the collection's folder.
  let file: String
  let step: TimeSpan
  let contents: Contents
  /// What the name says about the time covered; `nil` when it says nothing.
  let period: Range<Timestamp>?

  enum Contents {
    case candles(VenueSource)
    /// Candles of several venues, named by a column.
    case venueColumn(base: AssetSymbol, quote: AssetSymbol)
    /// A column of values for each base.
    case values([(column: String, source: VenueSource)])
  }

  /// - Returns: `nil` when the name follows no convention.
  init?(folder: String, name: String) {
    guard let stem = Self.stem(of: name) else { return nil }
    let words = stem.split(separator: "_").map(String.init)
    guard let stepIndex = words.firstIndex(where: { Self.steps[$0] != nil }), stepIndex >= 2,
      let step = Self.steps[words[stepIndex]],
      let contents = Self.contents(Array(words[..<stepIndex]))
    else { return nil }
    self.file = folder + "/" + name
    self.step = step
    self.contents = contents
    self.period = Self.period(words[(stepIndex + 1)...])
  }

  /// The bases this file has prices of.
  var bases: [AssetSymbol] {
    switch contents {
    case .candles(let source): [source.base]
    case .venueColumn(let base, _): [base]
    case .values(let columns): columns.map(\.source.base)
    }
  }

  /// The source behind a word of a `venue` column, for example `binance_perp`.
  static func source(
    ofVenue word: String, base: AssetSymbol, quote: AssetSymbol
  ) -> VenueSource? {
    let words = word.split(separator: "_").map(String.init)
    guard let venue = words.first, words.count <= 2 else { return nil }
    switch words.dropFirst().first {
    case nil: return VenueSource(venueWord: venue, kind: nil, base: base, quote: quote)
    // Binance's pairs of the side-by-side file are in USDT, as its own files say.
    case "spot": return usualQuote(venue, .spot, base: base, quote: quote)
    case "perp": return usualQuote(venue, .perpetual, base: base, quote: quote)
    case "index":
      return VenueSource(venueWord: venue, kind: .composite, base: base, quote: quote)
    case .some(let pair):
      guard let (_, pairQuote) = Self.pair(pair) else { return nil }
      return VenueSource(venueWord: venue, kind: nil, base: base, quote: pairQuote)
    }
  }

  private static func usualQuote(
    _ venue: String, _ kind: VenueSource.Kind, base: AssetSymbol, quote: AssetSymbol
  ) -> VenueSource? {
    let tether = venue == "binance" ? try? AssetSymbol("USDT") : nil
    return VenueSource(venueWord: venue, kind: kind, base: base, quote: tether ?? quote)
  }

  private static let steps: [String: TimeSpan] = [
    "1m": .minute, "5m": TimeSpan(seconds: 300), "10m": TimeSpan(seconds: 600),
    "15m": TimeSpan(seconds: 900), "30m": TimeSpan(seconds: 1_800), "1h": .hour,
  ]

  /// The length of a candle as written in file names.
  static func step(_ word: String) -> TimeSpan? { steps[word] }
  /// The permitted lengths of a candle, shortest first.
  static var stepWords: [String] { steps.sorted { $0.value < $1.value }.map(\.key) }

  static func stem(of name: String) -> String? {
    for ending in [".csv", ".csv.gz"] where name.hasSuffix(ending) {
      return String(name.dropLast(ending.count))
    }
    return nil
  }

  private static func contents(_ words: [String]) -> Contents? {
    if words.count == 3, words[1] == "multi", words[2] == "venue" {
      guard let base = symbol(words[0]), let quote = symbol("usd") else { return nil }
      return .venueColumn(base: base, quote: quote)
    }
    if let last = words.last, quotes.contains(last) {
      return composite(words, quote: last)
    }
    let kinds: [String: VenueSource.Kind] = ["spot": .spot, "perp": .perpetual]
    let kind = words.count == 3 ? kinds[words[2]] : nil
    guard words.count == 2 || kind != nil, let (base, quote) = pair(words[1]) else { return nil }
    return VenueSource(venueWord: words[0], kind: kind, base: base, quote: quote)
      .map(Contents.candles)
  }

  /// `santiment_eth_dai_usd` or, without a name, `eth_usd`.
  private static func composite(_ words: [String], quote: String) -> Contents? {
    guard let quoteSymbol = symbol(quote) else { return nil }
    if words.count == 2 {
      return symbol(words[0]).flatMap {
        VenueSource(venueWord: "coinapi", kind: .composite, base: $0, quote: quoteSymbol)
      }.map(Contents.candles)
    }
    var columns: [(column: String, source: VenueSource)] = []
    for word in words[1..<words.count - 1] {
      guard let base = symbol(word),
        let source = VenueSource(
          venueWord: words[0], kind: .composite, base: base, quote: quoteSymbol)
      else { return nil }
      columns.append((column: "\(word)_\(quote)", source: source))
    }
    return .values(columns)
  }

  /// Longest first, so that `btcusdt` is not taken for `btcusd` and a letter.
  private static let quotes = ["usdt", "usdc", "usd"]

  private static func pair(_ word: String) -> (base: AssetSymbol, quote: AssetSymbol)? {
    for quote in quotes where word.hasSuffix(quote) && word != quote {
      let base = String(word.dropLast(quote.count))
      guard let baseSymbol = symbol(base), let quoteSymbol = symbol(quote) else { return nil }
      return (baseSymbol, quoteSymbol)
    }
    return nil
  }

  /// XBT is another name of BTC.
  private static func symbol(_ word: String) -> AssetSymbol? {
    try? AssetSymbol(word == "xbt" ? "BTC" : word.uppercased())
  }

  private static func period(_ words: ArraySlice<String>) -> Range<Timestamp>? {
    guard let first = words.first.flatMap({ span($0) }) else { return nil }
    let last = words.dropFirst().first.flatMap { span($0) } ?? first
    guard first.lowerBound < last.upperBound else { return nil }
    return first.lowerBound..<last.upperBound
  }

  /// The year, month or day that a word of a name stands for.
  private static func span(_ word: String) -> Range<Timestamp>? {
    let numbers = word.split(separator: "-").map { Int64($0) }
    guard (1...3).contains(numbers.count), let year = numbers[0],
      let month = numbers.count > 1 ? numbers[1] : 1,
      let dayNumber = numbers.count > 2 ? numbers[2] : 1,
      let start = CivilDate(year: year, month: month, day: dayNumber)?.midnight
    else { return nil }
    switch numbers.count {
    case 1: return CivilDate(year: year + 1, month: 1, day: 1).map { start..<$0.midnight }
    case 2:
      let next = month == 12 ? (year + 1, 1) : (year, month + 1)
      return CivilDate(year: next.0, month: next.1, day: 1).map { start..<$0.midnight }
    default: return start..<(start + .day)
    }
  }
}
