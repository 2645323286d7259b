// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Foundation
import MarketData
import Quantities
import Testing

@Suite("The reconstruction of 12–13 March 2020")
struct ReconstructionTests {
  let market: RecordedMarket
  let figures: [PriceFigure]

  init() throws {
    market = try ReconstructionReader.load(folder: blackThursday)
    figures = try ReconstructionReader.figures(folder: blackThursday)
  }

  @Test("has some thirty figures per asset, each saying what it is and who says so")
  func cited() throws {
    for base in ["BTC", "ETH"] {
      let own = figures.filter { $0.base.description == base }
      #expect((30...50).contains(own.count))
      #expect(own.allSatisfy { $0.what.count > 2 && $0.citation.count > 10 })
    }
  }

  @Test("passes exactly through every figure")
  func exact() throws {
    for figure in figures {
      let candle = market.candle(
        of: figure.venue, feed: try feed(figure.base.description),
        endingAt: figure.time + .minute)
      #expect(candle?.close == figure.price, "\(figure.place)")
      #expect(candle?.hasTrades == true)
    }
  }

  // The recorded collection's README, "Known limits"; BitMEX also LedgerPrime's article.
  @Test(
    "has the lows of the record, and nothing below them",
    arguments: [
      ("BITMEX", "3596"), ("BINPERP", "3621.81"), ("BINANCE", "3782"), ("BITSTAMP", "3850"),
      ("COINBASE", "3858"), ("BITFINEX", "4000"),
    ])
  func lows(venue: String, low: String) throws {
    let series = try #require(try market.series(venue))
    #expect(series.candles.map(\.low).min() == (try Price(low)))
    let figure = figures.first {
      $0.kind == .low && $0.venue.description == venue && $0.base.description == "BTC"
    }
    #expect(figure?.price == (try Price(low)))
  }

  @Test("undercuts no low of any venue or asset")
  func floors() throws {
    let lows = figures.filter { $0.kind == .low }
    #expect(lows.count == 10)
    for low in lows {
      let series = market.series(of: low.venue, feed: try feed(low.base.description))
      #expect(series?.candles.map(\.low).min() == low.price)
    }
  }

  @Test("is one path per venue, every minute of two days")
  func paths() throws {
    #expect(
      market.names(.votes) == [
        "BTC BINANCE", "BTC BITFINEX", "BTC BITMEX", "BTC BITSTAMP", "BTC COINBASE",
        "ETH BINANCE", "ETH BITFINEX", "ETH BITSTAMP", "ETH COINBASE",
      ])
    #expect(market.names(.reference) == ["BTC BINPERP", "BTC MARKET", "ETH MARKET"])
    for series in market.series {
      #expect(series.candles.count == 2_880)
      #expect(series.isBridged)
    }
    let paths = market.series.map { $0.candles.map(\.close) }
    for (index, path) in paths.enumerated() { #expect(!paths[..<index].contains(path)) }
  }

  @Test("has the same bits at every load, in every part")
  func stable() throws {
    let again = try ReconstructionReader.load(folder: blackThursday)
    #expect(again.series.map(\.candles) == market.series.map(\.candles))
    let part = try ReconstructionReader.load(
      folder: blackThursday, window: try window("2020-03-13T02:00Z", "2020-03-13T03:00Z"),
      underlyings: [try AssetSymbol("ETH")])
    #expect(part.underlyings.map(\.description) == ["ETH"])
    let whole = try #require(try market.series("BITFINEX", "ETH"))
    #expect(try part.series("BITFINEX", "ETH")?.candles == Array(whole.candles[1_560..<1_620]))
  }

  // FNV-1a by words over the closes of all series, from this implementation, the same in debug
  // and release builds; a change here belongs under “Numbers” of the changelog.
  @Test("has the same bits on every machine")
  func bits() {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for series in market.series {
      for candle in series.candles {
        hash = (hash ^ UInt64(bitPattern: candle.close.steps)) &* 0x100_0000_01b3
      }
    }
    #expect(hash == 11_448_188_481_782_843_045)
  }

  @Test("stands still where BitMEX stood still: the price stays and is not renewed")
  func stalls() throws {
    let series = try #require(try market.series("BITMEX"))
    let before = try time("2020-03-13T02:17Z")
    #expect(series.sample(at: before)?.publishedAt == before)
    for minute in 18...30 {
      let sample = series.sample(at: try time("2020-03-13T02:\(minute)Z"))
      #expect(sample?.mantissa == 360_700_000_000)
      #expect(sample?.publishedAt == before)
    }
    let after = try time("2020-03-13T02:31Z")
    #expect(series.sample(at: after)?.publishedAt == after)
    #expect(series.sample(at: after)?.mantissa != 360_700_000_000)
    let third = series.sample(at: try time("2020-03-13T12:19Z"))
    #expect(third?.publishedAt == (try time("2020-03-13T11:56Z")))
    let others = try #require(try market.series("BITFINEX"))
    #expect(!others.candles.contains { !$0.hasTrades })
  }

  @Test("keeps venues near each other in quiet hours and apart in the crash")
  func basis() throws {
    func gap(_ instant: String) throws -> Double {
      let closes = try ["BITMEX", "BITFINEX"].map { venue in
        try market.series(venue)?.candle(endingAt: try time(instant))?.close.value ?? 0
      }
      return closes[0] / closes[1] - 1
    }
    #expect(abs(try gap("2020-03-12T05:00Z")) < 0.02)
    // 3,596 against 4,000.
    #expect(abs(try gap("2020-03-13T02:16Z") + 0.101) < 1e-9)
  }

  @Test("says what it is")
  func provenance() {
    #expect(market.provenance.kind == .reconstruction)
    #expect(market.provenance.statement.hasPrefix("This run uses a reconstruction"))
  }

  @Test("has the price of gas, which rose from about ten to above two hundred gwei")
  func gas() throws {
    let gas = try GasPrices.load(path: blackThursday + "/gas.csv")
    #expect(gas.weiPerGas(at: try time("2020-03-11")) == 10_000_000_000)
    #expect(gas.weiPerGas(at: try time("2020-03-12T16:00Z")) == 220_000_000_000)
    // Half way from 10 gwei at 00:00 to 25 at 04:00.
    #expect(gas.weiPerGas(at: try time("2020-03-12T02:00Z")) == 17_500_000_000)
    #expect(gas.weiPerGas(at: try time("2020-04-01")) == 40_000_000_000)
  }

  struct Damage: CustomTestStringConvertible, Sendable {
    let file: String
    let row: String
    let field: String
    var testDescription: String { "\(file): \(row)" }
  }

  @Test(
    "is refused when a row of a table is malformed",
    arguments: [
      Damage(
        file: "figures-BTC.csv", row: "2020-03-12T03:00:30Z,MARKET,level,1,a,b",
        field: "time_utc"),
      Damage(
        file: "figures-BTC.csv", row: "2020-03-14T00:00Z,MARKET,level,1,a,b",
        field: "time_utc"),
      Damage(
        file: "figures-BTC.csv", row: "2020-03-12T00:00Z,MARKET,level,1,a,b",
        field: "time_utc"),
      Damage(
        file: "figures-BTC.csv", row: "2020-03-12T03:00Z,MTGOX,level,1,a,b", field: "venue"),
      Damage(
        file: "figures-BTC.csv", row: "2020-03-12T03:00Z,BITMEX,middle,1,a,b", field: "kind"),
      Damage(
        file: "figures-BTC.csv", row: "2020-03-12T03:00Z,BITMEX,level,x,a,b", field: "price"),
      Damage(
        file: "figures-BTC.csv", row: "2020-03-12T03:00Z,BITMEX,level,3595,a,b",
        field: "price"),
      Damage(
        file: "figures-BTC.csv", row: "2020-03-12T03:00Z,BITMEX,level,7000,a,", field: "source"),
      Damage(file: "venues.csv", row: "BTC,BITMEX,votes,0,a,b", field: "venue"),
      Damage(file: "venues.csv", row: "BTC,KRAKEN,maybe,0,a,b", field: "role"),
      Damage(file: "venues.csv", row: "BTC,KRAKEN,votes,2,a,b", field: "usual_basis"),
      Damage(
        file: "stalls.csv", row: "BTC,BITMEX,2020-03-12T05:00Z,2020-03-12T04:59Z,a,b",
        field: "last_minute_utc"),
      Damage(
        file: "stalls.csv", row: "ETH,BITMEX,2020-03-12T05:00Z,2020-03-12T05:09Z,a,b",
        field: "venue"),
      Damage(file: "volatility.csv", row: "ETH,2020-03-12T05:00Z,0.1,a,b", field: "time_utc"),
      Damage(
        file: "volatility.csv", row: "SOL,2020-03-12T05:00Z,-0.1,a,b",
        field: "minute_volatility"),
    ])
  func damaged(_ damage: Damage) throws {
    let folder = try ScratchFolder()
    for name in try FileManager.default.contentsOfDirectory(atPath: blackThursday) {
      let text = try String(contentsOfFile: blackThursday + "/" + name, encoding: .utf8)
      try folder.write(name == damage.file ? text + damage.row + "\n" : text, to: name)
    }
    let found = fault { () throws(ReadError) in
      _ = try ReconstructionReader.load(folder: folder.path)
    }
    #expect(found?.field == damage.field)
    #expect(found?.place.path == folder.path + "/" + damage.file)
  }

  @Test("is refused without its tables, and for what it does not cover")
  func uncovered() throws {
    let folder = try ScratchFolder()
    #expect(
      refusal { () throws(ReadError) in
        _ = try ReconstructionReader.load(folder: folder.path)
      } == .missing(path: folder.path + "/reconstruction.json"))
    let sol = try AssetSymbol("SOL")
    let early = try window("2020-03-11T23:59Z", "2020-03-12T01:00Z")
    guard
      case .uncovered = refusal({ () throws(ReadError) in
        _ = try ReconstructionReader.load(folder: blackThursday, underlyings: [sol])
      }),
      case .uncovered = refusal({ () throws(ReadError) in
        _ = try ReconstructionReader.load(folder: blackThursday, window: early)
      })
    else {
      Issue.record("something was made that no figure covers")
      return
    }
  }
}
