// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import MarketData
import Oracles
import Parameters
import Quantities
import Testing

@Suite("Parameters of the oracle")
struct OracleParameterTests {
  /// The repository's default file.
  private func defaults() throws -> ParameterSet {
    let tests = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
    struct File: Decodable { let parameters: [[String: String]] }
    let file = tests.appending(path: "../../ParameterFiles/plimsoll-2020-03-12.json").standardized
    let entries = try JSONDecoder().decode(File.self, from: Data(contentsOf: file)).parameters
    let values = try entries.map { entry in
      try ParameterSet.read(
        key: #require(entry["key"]), text: #require(entry["value"]),
        source: #require(entry["source"]))
    }
    return try set(values)
  }

  private func set(_ values: [ParameterValue]) throws -> ParameterSet {
    let date = try #require(CivilDate(year: 2020, month: 1, day: 1))
    return try ParameterSet(name: "test", date: date, values: values)
  }

  private func feed(_ base: String, in set: ParameterSet) throws -> FeedParameters {
    try FeedParameters(set, feed: AssetSymbol(base))
  }

  private func changing(
    _ set: ParameterSet, _ changes: [(String, String)]
  ) throws -> ParameterSet {
    var values = set.values
    for (key, text) in changes {
      values.removeAll { $0.key == key }
      values.append(try ParameterSet.read(key: key, text: text, source: "test"))
    }
    return try self.set(values)
  }

  @Test("the default file states every feed of the demonstration")
  func defaultFeeds() throws {
    let set = try defaults()
    func names(_ base: String) throws -> [String] {
      try feed(base, in: set).sources.map(\.source.description)
    }
    #expect(try names("BTC") == ["BINANCE", "BITFINEX", "BITMEX", "BITSTAMP", "COINBASE"])
    #expect(try names("ETH") == ["BINANCE", "BITFINEX", "BITSTAMP", "COINBASE"])
    #expect(try names("BTC_PERP") == ["BINPERP", "BITMEX"])
    #expect(try names("ETH_PERP") == ["BINPERP"])
    #expect(try names("LTC") == ["BINANCE", "BITFINEX", "BITSTAMP", "COINBASE"])
    #expect(
      try ["BTC", "ETH", "BTC_PERP", "ETH_PERP", "LTC"].map {
        try feed($0, in: set).quorum
      } == [3, 2, 1, 1, 2])
    #expect(
      try MarkParameters(set, underlying: AssetSymbol("BTC")).premiumHalfLife
        == TimeSpan(seconds: 300))
    #expect(set.values.allSatisfy { $0.source.utf8.count > 10 })
  }

  @Test("a source's own value goes before the feed's, the feed's before the general one")
  func precedence() throws {
    let set = try changing(
      defaults(),
      [
        ("oracle.BTC.jumpLimit", "7%"), ("oracle.BTC.source.BITMEX.jumpLimit", "9%"),
        ("oracle.default.source.COINBASE.jumpLimit", "8%"),
      ])
    let limits = try feed("BTC", in: set).sources.map { $0.jumpLimit.description }
    #expect(limits == ["0.07", "0.07", "0.09", "0.07", "0.08"])
    #expect(
      try feed("LTC", in: set).sources.map { $0.jumpLimit.description }
        == ["0.1", "0.1", "0.1", "0.08"])
  }

  @Test("a weight of zero switches a source off")
  func zeroWeight() throws {
    let set = try defaults().setting("oracle.BTC.source.BITMEX.weight", to: "0", source: "test")
    #expect(try feed("BTC", in: set).sources.count == 4)
  }

  @Test("a market of one source is reduce-only unless a quorum of one is stated")
  func singleSource() throws {
    let stated = try changing(
      defaults(), [("oracle.XRP.source.BITFINEX.weight", "1"), ("oracle.XRP.quorum", "1")])
    #expect(try feed("XRP", in: stated).sources.count == 1)
    let unstated = try changing(defaults(), [("oracle.XRP.source.BITFINEX.weight", "1")])
    #expect(
      throws: ParameterError.inconsistent(
        key: "oracle.XRP.quorum", reason: "2 can never be met by 1 sources with a weight")
    ) { try feed("XRP", in: unstated) }
  }

  @Test("a value nobody states is missing, and inconsistent ones are refused")
  func refusals() throws {
    let set = try defaults()
    let without = try self.set(set.values.filter { $0.key != "oracle.default.jumpLimit" })
    #expect(throws: ParameterError.missing(key: "oracle.ETH.jumpLimit")) {
      try feed("ETH", in: without)
    }
    #expect(
      throws: ParameterError.inconsistent(
        key: "oracle.ETH.breakerCeiling", reason: "below breakerLimit")
    ) { try feed("ETH", in: changing(set, [("oracle.ETH.breakerCeiling", "19.9999999%")])) }
    _ = try feed("ETH", in: changing(set, [("oracle.ETH.breakerCeiling", "20%")]))
    #expect(throws: ParameterError.unknown(key: "oracle.ETH.source.kraken.weight")) {
      try feed("ETH", in: changing(set, [("oracle.ETH.source.kraken.weight", "1")]))
    }
    var many = (10..<42).map { ("oracle.ETH.source.V\($0).weight", "1") }
    _ = try feed(
      "DOT",
      in: changing(
        set,
        many.map {
          ($0.0.replacingOccurrences(of: "ETH", with: "DOT"), $0.1)
        }))
    many.append(("oracle.ETH.source.V42.weight", "1"))
    #expect(
      throws: ParameterError.inconsistent(
        key: "oracle.ETH.source", reason: "more than 32 sources")
    ) { try feed("ETH", in: changing(set, many)) }
  }

  @Test("each bound is permitted and one unit beyond it is refused")
  func bounds() throws {
    for definition in ParameterDefinition.oracle {
      let key = definition.key.replacingOccurrences(of: "*", with: "BTC")
      for raw in [definition.bounds.lowerBound, definition.bounds.upperBound] {
        _ = try set([ParameterValue(key: key, raw: raw, source: "test")])
      }
      for raw in [definition.bounds.lowerBound - 1, definition.bounds.upperBound + 1] {
        #expect(throws: ParameterError.self) {
          try set([ParameterValue(key: key, raw: raw, source: "test")])
        }
      }
    }
  }

  // Figures: BitMEX and Bitfinex minutes and Binance, Coinbase and Bitstamp hours of 2020-03-13,
  // rounded to dollars.
  @Test("with the defaults the worst minutes of 13 March 2020 pass and ten times a price does not")
  func blackThursday() throws {
    let parameters = try feed("BTC", in: defaults())
    let feedID = try FeedID(
      base: parameters.base, quote: AssetSymbol("USD"), decimals: 0)
    var state = FeedState(feedID)
    func block(_ minute: Int64, _ dollars: [(String, Int64)]) throws -> FeedDecision {
      let now = Timestamp(seconds: minute * 60)
      let samples = try dollars.map { name, price in
        PriceSample(
          source: SourceID(try AssetSymbol(name)), feed: feedID, mantissa: price, confidence: 0,
          publishedAt: now)
      }
      let decision = decideFeed(state, samples: samples, parameters: parameters, now: now)
      state.apply(decision.update)
      return decision
    }
    func spot(_ price: Int64) -> [(String, Int64)] {
      [
        ("BINANCE", price - 60), ("COINBASE", price), ("BITFINEX", price + 50),
        ("BITSTAMP", price + 10),
      ]
    }
    // BitMEX around 02:33 UTC: 4322, 3650, 3650, 4322 while spot stood near 4900.
    for (minute, bitmex, price) in [
      (0, 4_322, 5_000), (1, 3_650, 4_900), (2, 3_650, 4_850), (3, 4_322, 5_200),
      (4, 4_100, 5_050),
    ] as [(Int64, Int64, Int64)] {
      let decision = try block(minute, spot(price) + [("BITMEX", bitmex)])
      #expect(decision.index?.voters == 4)
      #expect(decision.rejected.map(\.sample.mantissa) == [bitmex])
    }
    #expect(try block(5, spot(50_500)).isBroken)
  }
}

@Suite("Routing of a block")
struct RoutingTests {
  @Test("each sample goes to the feed of its pair, strays are listed, feeds keep their order")
  func routing() throws {
    let usd = try AssetSymbol("USD")
    let feeds = try ["BTC", "ETH"].map {
      try FeedID(base: AssetSymbol($0), quote: usd, decimals: 2)
    }
    let parameters = try feeds.map { try Rules().parameters(base: $0.base) }
    func sample(_ base: String, _ number: Int, _ decimals: UInt8 = 2) throws -> PriceSample {
      PriceSample(
        source: try source(number),
        feed: try FeedID(base: AssetSymbol(base), quote: usd, decimals: decimals),
        mantissa: base == "BTC" ? 10_000 : 500, confidence: 0, publishedAt: Timestamp(seconds: 0))
    }
    var samples: [PriceSample] = []
    for base in ["XRP", "ETH", "BTC", "ADA", "DOT"] {
      for number in 0..<3 { samples.append(try sample(base, number)) }
    }
    samples.append(try sample("ETH", 4, 8))
    let decision = decideFeeds(
      feeds.map { FeedState($0) }, samples: samples, parameters: parameters,
      now: Timestamp(seconds: 0))
    #expect(decision.feeds.map(\.update.feed) == feeds)
    #expect(decision.feeds.map(\.cents) == [10_000, 500])
    #expect(decision.feeds[0].rejected.isEmpty)
    #expect(decision.feeds[1].reasons == [.scaleMismatch])
    #expect(decision.unrouted.map(\.reason) == Array(repeating: .unknownFeed, count: 9))
    #expect(
      decision.unrouted.map { $0.sample.feed.base.description }
        == ["ADA", "ADA", "ADA", "DOT", "DOT", "DOT", "XRP", "XRP", "XRP"])
  }
}
