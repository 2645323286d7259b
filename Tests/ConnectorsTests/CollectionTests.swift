// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import MarketData
import Quantities
import Testing

/// The collection's conventions on small files of our own, so that they hold without it.
@Suite("Files named as in the recorded collection")
struct CollectionTests {
  static let header = "ts_ms,open,high,low,close,volume\n"
  static let minute = "1583971200000,100,102,99,101,5\n"
  /// A minute of each hour.
  static let minutes = minute + "1583974800000,100,102,99,101,5\n"
  /// Hours from 2020-03-12T00:00Z.
  static let hours = """
    1583971200000,100,110,90,105,5
    1583974800000,105,106,104,104,5

    """

  func load(_ files: [String: String], _ underlyings: [String] = []) throws -> RecordedMarket {
    let folder = try ScratchFolder(files)
    return try RecordedMarketReader.load(
      folder: folder.path, window: try window("2020-03-12T00:00Z", "2020-03-12T02:00Z"),
      underlyings: try underlyings.map { try AssetSymbol($0) })
  }

  @Test("vote once per venue: minutes before hours, spot before perpetual, never composites")
  func votes() throws {
    let market = try load([
      "prices_1m/bitmex_xbtusd_1m_2020-03.csv": Self.header + Self.minutes,
      "prices_1h/bitmex_xbtusd_1h_2020-03.csv": Self.header + Self.hours,
      "prices_1h/binance_btcusdt_perp_1h_2019_2022-11_dev.csv": Self.header + Self.hours,
      "prices_1h/binance_btcusdt_spot_1h_2019_2022-11_dev.csv": Self.header + Self.hours,
      "prices_1h/btc_multi_venue_1h_2020-02_2020-04.csv": """
      ts_ms,venue,open,high,low,close
      1583971200000,binance_spot,100,110,90,105
      1583971200000,bitmex_xbtusd,120,110,90,105
      1583971200000,coinbase,100,110,90,105
      1583971200000,cryptocompare_index,100,110,90,105

      """,
      "prices_10m/eth_usd_10m_crash_days_dev.csv": Self.header + Self.minute,
      "prices_1h/elsewhere_btcusd_1h_2017.csv": "not read, for its name tells another year",
      "prices_1h/notes.csv": "not read",
    ])
    #expect(market.names(.votes) == ["BTC BINANCE", "BTC BITMEX", "BTC COINBASE"])
    #expect(market.names(.reference) == ["BTC BINPERP", "BTC CCINDEX"])
    #expect(try market.series("BITMEX")?.isBridged == false)
    #expect(try market.series("BITMEX")?.resolution == .minute)
    #expect(try market.series("COINBASE")?.isBridged == true)
    let binance = try #require(try market.series("BINANCE"))
    #expect(binance.file == "prices_1h/binance_btcusdt_spot_1h_2019_2022-11_dev.csv")
    #expect(binance.quote.description == "USDT")
    #expect(market.unusedFiles.contains { $0.file == "prices_1h/notes.csv" })
    #expect(market.provenance.kind == .recorded)
  }

  @Test("spot votes over a perpetual of equal step, and a finer perpetual over spot")
  func kinds() throws {
    let market = try load([
      "prices_5m/binance_btcusdt_perp_5m_2020.csv": Self.header + Self.minutes,
      "prices_1h/binance_btcusdt_spot_1h_2020.csv": Self.header + Self.hours,
    ])
    #expect(market.names(.votes) == ["BTC BINPERP"])
    #expect(market.names(.reference) == ["BTC BINANCE"])
  }

  @Test("a fine file that covers little does not displace a coarse one that covers all")
  func coverage() throws {
    let market = try load([
      "prices_5m/binance_btcusdt_perp_5m_2020.csv": Self.header + Self.minute,
      "prices_1h/binance_btcusdt_spot_1h_2020.csv": Self.header + Self.hours,
    ])
    #expect(market.names(.votes) == ["BTC BINANCE"])
    #expect(market.names(.reference) == ["BTC BINPERP"])
  }

  @Test("one venue in several quotes votes in dollars")
  func quotes() throws {
    let market = try load([
      "prices_1m/binanceus_btcusdc_1m_2020-03.csv": Self.header + Self.minute,
      "prices_1m/binanceus_btcusd_1m_2020-03.csv": Self.header + Self.minute,
      "prices_1m/binanceus_btcusdt_1m_2020-03.csv": Self.header + Self.minute,
      "prices_1m/kraken_btcusdc_1m_2020-03.csv": Self.header + Self.minute,
    ])
    #expect(market.names(.votes) == ["BTC BINUS", "BTC KRAKEN_C"])
    #expect(market.names(.reference) == ["BTC BINUS_C", "BTC BINUS_T"])
  }

  @Test("BitMEX opens at the close before, which may lie outside the candle; others may not")
  func openRule() throws {
    let row = "1583971200000,120,110,90,105,5\n"
    let market = try load(["prices_1m/bitmex_xbtusd_1m_2020-03.csv": Self.header + row])
    #expect(market.series[0].candles[0].open == (try Price("120")))
    let found = fault { () throws(ReadError) in
      do {
        _ = try load(["prices_1m/bitfinex_btcusd_1m_2020-03.csv": Self.header + row])
      } catch let error as ReadError {
        throw error
      } catch {}
    }
    #expect(found?.reason == .outsideCandle(low: "90", high: "110"))
  }

  @Test("a column of values may have gaps, and serves several underlyings")
  func values() throws {
    let market = try load(
      [
        "prices_5m/santiment_eth_dai_usd_5m_2020-02_2020-04.csv": """
        ts_ms,dai_usd,eth_usd
        1583971200000,1.0016329421,194.5
        1583971500000,1.002,

        """,
        "prices_1m/bitfinex_ethusd_1m_2020-03.csv": Self.header + Self.minute,
      ], ["ETH", "DAI"])
    #expect(market.names(.votes) == ["ETH BITFINEX"])
    #expect(market.names(.reference) == ["DAI SANTIMNT", "ETH SANTIMNT"])
    #expect(try market.series("SANTIMNT", "ETH")?.candles.count == 5)
    #expect(try market.series("SANTIMNT", "DAI")?.candles.count == 10)
    #expect(market.roundedPrices == 1)
    #expect(market.series[0].candles[0].close.steps == 100_163_294)
  }

  @Test("an underlying without prices in the window is refused with what there is")
  func uncovered() throws {
    let error = refusal { () throws(ReadError) in
      do {
        _ = try load(
          ["prices_1m/bitmex_xbtusd_1m_2020-03.csv": Self.header + Self.minute], ["SOL"])
      } catch let error as ReadError {
        throw error
      } catch {}
    }
    guard case .uncovered(let underlying, _, _, let covered) = error else {
      Issue.record("expected a refusal, got \(String(describing: error))")
      return
    }
    #expect(underlying == "SOL" && covered.isEmpty)
  }

  @Test("a folder without price files is refused")
  func wrongFolder() throws {
    let error = refusal { () throws(ReadError) in
      do {
        _ = try load(["readme.txt": "nothing"])
      } catch let error as ReadError {
        throw error
      } catch {}
    }
    guard case .unreadable = error else {
      Issue.record("expected a refusal, got \(String(describing: error))")
      return
    }
  }
}
