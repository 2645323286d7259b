// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import Quantities

/// One source of prices as a file's name describes it.
struct VenueSource: Hashable {
  /// What votes once: all series of one venue share it.
  let venue: String
  let source: SourceID
  let kind: Kind
  let base: AssetSymbol
  let quote: AssetSymbol
  let openRule: OpenRule

  enum Kind: Int {
    case spot
    case perpetual
    /// An average over venues: never votes.
    case composite
  }

  /// What a file means by a candle's opening price.
  enum OpenRule {
    /// The first trade, so it lies inside the candle.
    case firstTrade
    /// The close of the candle before, which may lie outside low…high.
    case previousClose
  }

  /// The feed a source speaks for: quotes in dollar stablecoins count as dollars.
  var feed: FeedID { indexFeed(of: base) }
}

/// The index feed of an underlying: dollars, in the full step of a ``Price``.
func indexFeed(of base: AssetSymbol) -> FeedID {
  do {
    return try FeedID(base: base, quote: AssetSymbol("USD"), decimals: 8)
  } catch {
    preconditionFailure("USD is a symbol and 8 decimals are permitted: \(error)")
  }
}

extension VenueSource {
  /// Names a source from the words of a file name of the recorded collection.
  /// - Returns: `nil` when the words do not give a symbol.
  init?(venueWord: String, kind: Kind?, base: AssetSymbol, quote: AssetSymbol) {
    let known = Self.known.first { $0.word == venueWord }
    let code = known?.code ?? String(venueWord.uppercased().prefix(8))
    let kind = kind ?? known?.kind ?? .spot
    var name = code
    if kind == .perpetual, known?.kind != .perpetual {
      name = known?.perpetualCode ?? String(code.prefix(6)) + "_P"
    }
    let usualQuote = known?.quote ?? "USD"
    if quote.description != usualQuote, let suffix = Self.suffix(of: quote) {
      name = String(name.prefix(6)) + suffix
    }
    guard let symbol = try? AssetSymbol(name) else { return nil }
    self.init(
      venue: code, source: SourceID(symbol), kind: kind, base: base, quote: quote,
      openRule: known?.openRule ?? .firstTrade)
  }

  private struct Known {
    let word: String
    let code: String
    var kind = Kind.spot
    var perpetualCode: String?
    var quote = "USD"
    var openRule = OpenRule.firstTrade
  }

  /// Venues whose names or conventions cannot be told from the file name alone.
  private static let known = [
    Known(word: "bitmex", code: "BITMEX", kind: .perpetual, openRule: .previousClose),
    Known(word: "bitfinex", code: "BITFINEX"),
    Known(word: "binance", code: "BINANCE", perpetualCode: "BINPERP", quote: "USDT"),
    Known(word: "binanceus", code: "BINUS"),
    Known(word: "coinbase", code: "COINBASE"),
    Known(word: "bitstamp", code: "BITSTAMP"),
    Known(word: "kraken", code: "KRAKEN"),
    Known(word: "cryptocompare", code: "CCINDEX", kind: .composite),
    Known(word: "santiment", code: "SANTIMNT", kind: .composite),
    Known(word: "coinapi", code: "COINAPI", kind: .composite),
  ]

  /// Keeps the series of one venue in several quotes apart: `BINUS`, `BINUS_T`, `BINUS_C`.
  private static func suffix(of quote: AssetSymbol) -> String? {
    switch quote.description {
    case "USD": "_U"
    case "USDT": "_T"
    case "USDC": "_C"
    default: quote.description.first.map { "_\($0)" }
    }
  }
}
