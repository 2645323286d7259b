// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import MarketData
import Quantities
import Testing

/// Against the recorded collection itself; skipped, visibly, on machines without it.
@Suite("The recorded collection", .enabled(if: RecordedData.isPresent, RecordedData.reason))
struct RecordedMarketTests {
  func load(_ start: String, _ end: String, _ underlyings: String...) throws -> RecordedMarket {
    try RecordedMarketReader.load(
      folder: RecordedData.folder, window: try window(start, end),
      underlyings: try underlyings.map { try AssetSymbol($0) })
  }

  // Counts, lows and the stall: the collection's README and its files.
  @Test("of 12–13 March 2020 has every minute of BitMEX and the lows of all venues")
  func march() throws {
    let market = try load("2020-03-12", "2020-03-14", "BTC")
    #expect(
      market.names(.votes) == [
        "BTC BINANCE", "BTC BITFINEX", "BTC BITMEX", "BTC BITSTAMP", "BTC COINBASE",
      ])
    #expect(market.names(.reference) == ["BTC BINPERP", "BTC CCINDEX"])
    let counts = try ["BITMEX", "BITFINEX"].map { try market.series($0)?.candles.count }
    #expect(counts == [2_880, 2_878])
    let lows = [
      ("BITMEX", "3596"), ("BINPERP", "3621.81"), ("BINANCE", "3782.13"), ("BITSTAMP", "3850"),
      ("COINBASE", "3858.03"), ("BITFINEX", "4000"),
    ]
    for (venue, low) in lows {
      let found = try market.series(venue)?.candles.map(\.low).min()
      #expect(found == (try Price(low)), "\(venue)")
    }
    #expect(market.skippedRows.isEmpty && market.roundedPrices == 0)
  }

  @Test("shows the stall of BitMEX: no trades from 02:21 to 02:23 keep the time of 02:20")
  func stall() throws {
    let market = try load("2020-03-13T02:00Z", "2020-03-13T03:00Z", "BTC")
    let series = try #require(try market.series("BITMEX"))
    let last = try time("2020-03-13T02:21Z")
    for minute in [22, 23, 24] {
      let sample = series.sample(at: try time("2020-03-13T02:\(minute)Z"))
      #expect(sample?.publishedAt == last)
      #expect(sample?.mantissa == 361_450_000_000)
    }
    let next = try time("2020-03-13T02:25Z")
    #expect(series.sample(at: next)?.publishedAt == next)
  }

  @Test("bridges the hours of a venue exactly, with its low when the minute venues had theirs")
  func hours() throws {
    let market = try load("2020-03-13T02:00Z", "2020-03-13T03:00Z", "BTC")
    let series = try #require(try market.series("BINANCE"))
    #expect(series.isBridged && series.resolution == .hour)
    let closes = series.candles.map(\.close)
    #expect(series.candles.first?.open == (try Price("4131.23")))
    #expect(closes.last == (try Price("4848.71")))
    #expect(closes.max() == (try Price("5276.97")))
    #expect(closes.firstIndex(of: try Price("3782.13")) == 15)
  }

  @Test("of ether has two voting venues that night, and composites as references")
  func ether() throws {
    let market = try load("2020-03-12", "2020-03-14", "ETH")
    #expect(market.names(.votes) == ["ETH BINANCE", "ETH BITFINEX"])
    #expect(market.names(.reference) == ["ETH BINPERP", "ETH COINAPI", "ETH SANTIMNT"])
    #expect(try market.series("BITFINEX", "ETH")?.candles.count == 2_871)
  }

  @Test(
    "serves any window its files cover",
    arguments: [
      (
        "2017-12-22", "2017-12-24",
        ["BTC BINANCE", "BTC BITFINEX", "BTC BITMEX", "BTC COINBASE", "ETH BITFINEX"]
      ),
      (
        "2019-09-24", "2019-09-26",
        [
          "BNB BINANCE", "BTC BINANCE", "BTC BITFINEX", "BTC BITMEX", "BTC BITSTAMP",
          "BTC COINBASE", "ETH BINANCE", "ETH BITFINEX",
        ]
      ),
      (
        "2021-01-10", "2021-01-12",
        [
          "BNB BINANCE", "BTC BINANCE", "BTC BITFINEX", "BTC BITMEX", "BTC BITSTAMP",
          "ETH BINANCE", "ETH BITFINEX",
        ]
      ),
      (
        "2023-03-04", "2023-03-06",
        ["BTC BINPERP", "BTC BINUS", "BTC KRAKEN_C", "ETH BINPERP"]
      ),
      (
        "2020-03-12", "2020-03-13",
        [
          "BNB BINANCE", "BTC BINANCE", "BTC BITFINEX", "BTC BITMEX", "BTC BITSTAMP",
          "BTC COINBASE", "ETH BINANCE", "ETH BITFINEX", "LTC BITFINEX", "XRP BITFINEX",
        ]
      ),
    ])
  func windows(start: String, end: String, votes: [String]) throws {
    let market = try load(start, end)
    #expect(market.names(.votes) == votes)
    let noon = try time(start + "T12:00Z")
    #expect(market.samples(at: noon).count > votes.count / 2)
  }

  @Test("has the intraday price of gas of 12 March 2020")
  func gas() throws {
    let gas = try GasPrices.load(
      path: RecordedData.folder + "/onchain/ethereum_gas_price_intraday_crash_days_dev.csv.gz")
    // The file's first row: 9.899718141 gwei on average.
    #expect(gas.weiPerGas(at: try time("2020-03-12")) == 9_899_718_141)
  }
}
