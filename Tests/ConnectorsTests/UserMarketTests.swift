// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Foundation
import MarketData
import Quantities
import Testing

@Suite("A user's price files")
struct UserMarketTests {
  static let header = "ts_ms,open,high,low,close,volume,trades\n"
  /// 2020-03-12T00:00Z.
  static let rows = """
    1583971200000,7900,7910,7890,7905.5,2,9
    1583971260000,7905.5,7906,7900,7901,1,3
    1583971380000,7901,7901,7901,7901,0,0
    1583971440000,7901,7950,7901,7940.25,3,4

    """

  @Test("give each minute its close, and the time at which it was last traded")
  func samples() throws {
    let folder = try ScratchFolder(["BTC-USD.VENUE.1m.csv": Self.header + Self.rows])
    let market = try UserMarketReader.load(folder: folder.path)
    #expect(market.window == (try window("2020-03-12T00:00Z", "2020-03-12T00:05Z")))
    let found = try ["00:01", "00:02", "00:03", "00:04", "00:05", "00:06"].map {
      market.samples(at: try time("2020-03-12T\($0)Z")).first
    }
    #expect(
      found.map { $0?.mantissa } == [
        790_550_000_000, 790_100_000_000, nil, 790_100_000_000, 794_025_000_000, nil,
      ])
    // The minute at 00:03 has no trades: its price is the one of the minute that ended at 00:02.
    #expect(found[3]?.publishedAt == (try time("2020-03-12T00:02Z")))
    #expect(found[4]?.publishedAt == (try time("2020-03-12T00:05Z")))
    #expect(found[0]?.feed == (try feed("BTC")))
    #expect(found[0]?.source == (try source("VENUE")))
  }

  @Test("give no sample before the first trade")
  func silence() throws {
    let text = Self.header + "1583971200000,7900,7900,7900,7900,0,0\n" + Self.rows.dropFirst(40)
    let folder = try ScratchFolder(["BTC-USD.VENUE.1m.csv": text])
    let market = try UserMarketReader.load(folder: folder.path)
    #expect(market.samples(at: try time("2020-03-12T00:01Z")).isEmpty)
    #expect(market.samples(at: try time("2020-03-12T00:02Z")).count == 1)
  }

  @Test("inside a minute show the minute that is over")
  func betweenMinutes() throws {
    let folder = try ScratchFolder(["BTC-USD.VENUE.1m.csv": Self.header + Self.rows])
    let market = try UserMarketReader.load(folder: folder.path)
    let whole = market.samples(at: try time("2020-03-12T00:02Z"))
    #expect(market.samples(at: try time("2020-03-12T00:02:59Z")) == whole)
    #expect(market.samples(at: try time("2020-03-12T00:00:59Z")).isEmpty)
  }

  @Test("may be packed, and cut to a window")
  func packed() throws {
    // gzip of two minutes from 2020-03-12T00:00Z, made with gzip 1.12.
    let packed = try #require(Data(base64Encoded: Self.packedRows))
    let folder = try ScratchFolder()
    try folder.write(packed, to: "BTC-USD.VENUE.1m.csv.gz")
    let market = try UserMarketReader.load(
      folder: folder.path, window: try window("2020-03-12T00:01Z", "2020-03-12T00:10Z"))
    let series = try #require(try market.series("VENUE"))
    #expect(series.candles.map(\.close) == [Price(steps: 790_100_000_000)])
    #expect(series.file == "BTC-USD.VENUE.1m.csv.gz")
    #expect(market.provenance.kind == .userFiles)
  }

  static let packedRows =
    "H4sIAAAAAAAAAyspjs8t1skvSM3TychMz9DJyS/XSc7JL07lMjS1MLY0Nz"
    + "QyAAEdc0swYQgkLCzBXFM9U7gaM5gaoCCIMoOpNzDkAgDSXC6/YgAAAA=="

  @Test("cut off or damaged are refused as such")
  func damaged() throws {
    let packed = try #require(Data(base64Encoded: Self.packedRows))
    let folder = try ScratchFolder()
    for damaged in [packed.dropLast(9), packed.prefix(20), Data([0x1f, 0x8b, 9, 9, 9])] {
      try folder.write(Data(damaged), to: "BTC-USD.VENUE.1m.csv.gz")
      let error = refusal { () throws(ReadError) in
        _ = try UserMarketReader.load(folder: folder.path)
      }
      guard case .malformedArchive(let path, _) = error else {
        Issue.record("expected a damaged archive, got \(String(describing: error))")
        continue
      }
      #expect(path == folder.path + "/BTC-USD.VENUE.1m.csv.gz")
    }
  }

  @Test("all vote, unless market.json says otherwise")
  func roles() throws {
    let text = Self.header + Self.rows
    let folder = try ScratchFolder([
      "BTC-USD.ONE.1m.csv": text, "BTC-USDT.TWO.1m.csv": text, "BTC-USD.AVERAGE.1m.csv": text,
      "ETH-USD.ONE.1m.csv": text,
      "market.json": """
      {"reference": ["AVERAGE"], "openIsPreviousClose": ["TWO"], "statement": "Our records."}
      """,
    ])
    let market = try UserMarketReader.load(folder: folder.path)
    #expect(market.names(.votes) == ["BTC ONE", "BTC TWO", "ETH ONE"])
    #expect(market.names(.reference) == ["BTC AVERAGE"])
    #expect(market.provenance.statement == "Our records.")
    #expect(market.underlyings.map(\.description) == ["BTC", "ETH"])
    let instant = try time("2020-03-12T00:01Z")
    #expect(market.samples(at: instant).map(\.source.description) == ["ONE", "TWO", "ONE"])
    #expect(market.referenceSamples(at: instant).map(\.source.description) == ["AVERAGE"])
    var reused = market.samples(at: instant)
    market.appendSamples(at: instant, to: &reused)
    #expect(reused == market.samples(at: instant) + market.samples(at: instant))
  }

  @Test("a role for a source without a file is refused with its line")
  func misspeltRole() throws {
    let folder = try ScratchFolder([
      "BTC-USD.ONE.1m.csv": Self.header + Self.rows,
      "market.json": "{\n \"reference\":\n  [\"OEN\"]\n}",
    ])
    let found = fault { () throws(ReadError) in
      _ = try UserMarketReader.load(folder: folder.path)
    }
    #expect(found?.place == FilePlace(path: folder.path + "/market.json", line: 3))
    #expect(found?.reason == .unknownWord(permitted: ["ONE"]))
  }

  @Test("an unknown key of market.json is refused")
  func unknownKey() throws {
    let folder = try ScratchFolder([
      "BTC-USD.ONE.1m.csv": Self.header + Self.rows, "market.json": "{\"roles\": []}",
    ])
    let found = fault { () throws(ReadError) in
      _ = try UserMarketReader.load(folder: folder.path)
    }
    #expect(found?.value == "roles")
  }

  @Test("the finer of two files of one source is read, and the other is named")
  func finest() throws {
    let hour = Self.header + "1583971200000,7900,7950,7890,7940,2,9\n"
    let folder = try ScratchFolder([
      "BTC-USD.ONE.1m.csv": Self.header + Self.rows, "BTC-USD.ONE.1h.csv": hour,
    ])
    let market = try UserMarketReader.load(folder: folder.path)
    #expect(market.series.map(\.file) == ["BTC-USD.ONE.1m.csv"])
    #expect(market.unusedFiles.map(\.file) == ["BTC-USD.ONE.1h.csv"])
  }

  // Exact: decimal texts, counted in steps of 10^-8 by hand.
  @Test(
    "prices are read digit by digit, and rounded half to even below 10^-8",
    arguments: [
      ("7934.58", 793_458_000_000, 0), ("1e-05", 1_000, 0), ("1.5E+3", 150_000_000_000, 0),
      ("0.00000001", 1, 0), ("0007.50", 750_000_000, 0), ("7.500000000000", 750_000_000, 0),
      ("0.123456785", 12_345_678, 4), ("0.123456775", 12_345_678, 4),
      ("0.1234567850000000000001", 12_345_679, 4), ("0.123456784999999999999", 12_345_678, 4),
      ("0.29999999999999998", 30_000_000, 4),
      ("123456789.123456789012345", 12_345_678_912_345_679, 4),
    ])
  func decimals(text: String, steps: Int64, rounded: Int) throws {
    let row = "1583971200000,\(text),\(text),\(text),\(text),1,1\n"
    let folder = try ScratchFolder(["BTC-USD.ONE.1m.csv": Self.header + row])
    let market = try UserMarketReader.load(folder: folder.path)
    #expect(try market.series("ONE")?.candles.first?.close.steps == steps)
    #expect(market.roundedPrices == rounded)
  }
}
