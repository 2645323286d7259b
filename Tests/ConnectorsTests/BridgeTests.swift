// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import MarketData
import Quantities
import Testing

@Suite("Minutes made from longer candles")
struct BridgeTests {
  static let header = "ts_ms,open,high,low,close,volume\n"
  /// Hours from 2020-03-12T00:00Z: falling, rising, one-price, without trades, high at the open.
  static let hours = [
    (100, 112, 88, 90, 5), (90, 115, 85, 111, 5), (111, 111, 111, 111, 5), (111, 111, 111, 111, 0),
    (111, 111, 95, 96, 5), (96, 97, 90, 90, 5),
  ]

  static var text: String {
    var text = header
    for (index, hour) in hours.enumerated() {
      text +=
        "\(1_583_971_200_000 + 3_600_000 * index),\(hour.0),\(hour.1),\(hour.2),\(hour.3),"
        + "\(hour.4)\n"
    }
    return text
  }

  func minutes(_ files: [String: String], from: String, to: String) throws -> [Candle] {
    let folder = try ScratchFolder(files)
    let market = try UserMarketReader.load(folder: folder.path, window: try window(from, to))
    return try #require(try market.series("HOURLY")).candles
  }

  func whole() throws -> [Candle] {
    try minutes(
      ["BTC-USD.HOURLY.1h.csv": Self.text], from: "2020-03-12T00:00Z", to: "2020-03-12T06:00Z")
  }

  @Test("pass through open, low, high and close of every hour and never leave its range")
  func exact() throws {
    let minutes = try whole()
    #expect(minutes.count == 360)
    for (index, hour) in Self.hours.enumerated() {
      let part = minutes[(60 * index)..<(60 * index + 60)]
      let prices = (
        part.first?.open.value, part.map(\.high).max()?.value, part.map(\.low).min()?.value,
        part.last?.close.value
      )
      #expect(prices.0 == Double(hour.0))
      #expect(prices.1 == Double(hour.1))
      #expect(prices.2 == Double(hour.2))
      #expect(prices.3 == Double(hour.3))
      #expect(part.allSatisfy { $0.hasTrades == (hour.4 > 0) })
    }
    for candle in minutes {
      #expect(candle.low <= min(candle.open, candle.close))
      #expect(candle.high >= max(candle.open, candle.close))
    }
  }

  @Test("are the same in every window and at every read")
  func stable() throws {
    let minutes = try whole()
    #expect(try whole() == minutes)
    let part = try self.minutes(
      ["BTC-USD.HOURLY.1h.csv": Self.text], from: "2020-03-12T01:20Z", to: "2020-03-12T01:50Z")
    #expect(part == Array(minutes[80..<110]))
  }

  @Test("differ from source to source, but have their extremes in the same minute")
  func sources() throws {
    let folder = try ScratchFolder([
      "BTC-USD.HOURLY.1h.csv": Self.text, "BTC-USD.OTHER.1h.csv": Self.text,
    ])
    let market = try UserMarketReader.load(folder: folder.path)
    let one = try #require(try market.series("HOURLY")).candles
    let other = try #require(try market.series("OTHER")).candles
    #expect(one != other)
    let lows = [one, other].map { $0[..<60].firstIndex { $0.low.value == 88 } }
    #expect(lows[0] != nil && lows[0] == lows[1])
  }

  @Test("have their extremes when a venue recorded by the minute had its own")
  func guide() throws {
    var text = Self.header
    for minute in 0..<60 {
      let price = minute == 41 ? 80 : (minute == 7 ? 120 : 100)
      text += "\(1_583_971_200_000 + 60_000 * minute),\(price),\(price),\(price),\(price),1\n"
    }
    let minutes = try minutes(
      ["BTC-USD.HOURLY.1h.csv": Self.text, "BTC-USD.GUIDE.1m.csv": text],
      from: "2020-03-12T00:00Z", to: "2020-03-12T01:00Z")
    #expect(minutes[41].close.value == 88)
    #expect(minutes[7].close.value == 112)
  }

  @Test(
    "put both extremes beside each other when the guide had them in one minute",
    arguments: [(0, 5), (0, 58), (1, 5), (1, 59)])
  func sharedMinute(hour: Int, minute: Int) throws {
    var text = Self.header
    for index in 0..<60 {
      let row = index == minute ? "100,120,80,100,1" : "100,100,100,100,1"
      text += "\(1_583_971_200_000 + 3_600_000 * hour + 60_000 * index),\(row)\n"
    }
    let minutes = try minutes(
      ["BTC-USD.HOURLY.1h.csv": Self.text, "BTC-USD.GUIDE.1m.csv": text],
      from: "2020-03-12T00:00Z", to: "2020-03-12T02:00Z")
    let part = minutes[(60 * hour)..<(60 * hour + 60)]
    let low = try #require(part.firstIndex { $0.close.value == Double(Self.hours[hour].2) })
    let high = try #require(part.firstIndex { $0.close.value == Double(Self.hours[hour].1) })
    // The first hour falls: high first; the second rises: low first.
    #expect(high - low == (hour == 0 ? -1 : 1))
    #expect(min(low, high) - 60 * hour == min(minute, 57))
  }
}
