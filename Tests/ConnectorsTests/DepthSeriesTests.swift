// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Quantities
import Testing

@testable import Connectors

@Suite("Depth of recorded books")
struct DepthSeriesTests {
  private static let start: Int64 = 1_583_971_200_000

  private func market(
    _ depths: [String: String]
  ) throws -> RecordedMarket {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var candles = "ts_ms,open,high,low,close\n"
    for minute in 0..<5 {
      candles += "\(Self.start + Int64(minute) * 60_000),7900,7901,7899,7900\n"
    }
    try Data(candles.utf8).write(to: folder.appending(path: "BTC-USD.BITMEX.1m.csv"))
    for (name, text) in depths {
      try Data(text.utf8).write(to: folder.appending(path: name))
    }
    return try UserMarketReader.load(folder: folder.path)
  }

  private func reading(_ rows: String) throws -> DepthSeries? {
    try market(["BTC-USD.BITMEX.depth.csv": "ts_ms,distance,bids,asks\n" + rows]).depths.first
  }

  private let name = "BTC-USD.BITMEX.depth.csv"

  @Test("a point holds until the next, and an hour without one; before the first there is none")
  func points() throws {
    let series = try #require(
      try reading("\(Self.start),0.01,12.5,0\n\(Self.start + 60_000),0.005,3,4.00000001\n"))
    #expect(series.base == (try AssetSymbol("BTC")) && series.file == name)
    let first = Timestamp(milliseconds: Self.start)
    #expect(series.point(at: Timestamp(nanoseconds: first.nanoseconds - 1)) == nil)
    #expect(series.point(at: first)?.bids == 1_250_000_000 && series.point(at: first)?.asks == 0)
    let second = first + .minute
    #expect(series.point(at: Timestamp(nanoseconds: second.nanoseconds - 1))?.asks == 0)
    #expect(series.point(at: second)?.asks == 400_000_001)
    #expect(series.point(at: second)?.distance == Rate(billionths: 5_000_000))
    #expect(series.point(at: second + .hour) == series.points[1])
    #expect(series.point(at: second + .hour + TimeSpan(nanoseconds: 1)) == nil)
  }

  @Test(
    "rows that cannot be are refused where they stand",
    arguments: [
      ("1583971200000,0,1,1\n", "distance"), ("1583971200000,0.100000001,1,1\n", "distance"),
      ("1583971200000,0.01,-1,1\n", "bids"), ("1583971200000,0.01,1,x\n", "asks"),
      ("1583971200000,0.01,1.000000001,1\n", "bids"), ("1583971200000,0.01,1\n", "row"),
      ("1583971200000,0.01,1,1\n1583971200000,0.01,1,1\n", "ts_ms"),
      ("1583971200000,0.01,1,1\n1583971199999,0.01,1,1\n", "ts_ms"),
      ("1583971200000,0.01,99999999999999,1\n", "bids"),
    ])
  func faults(rows: String, field: String) {
    #expect(
      performing: { _ = try reading(rows) },
      throws: { error in
        guard case .row(let fault)? = error as? ReadError else { return false }
        return fault.field == field && fault.place.line == rows.split(separator: "\n").count + 1
      })
  }

  @Test("a file without rows, with other columns or with a name that says nothing is refused")
  func files() throws {
    #expect(throws: ReadError.self) { _ = try reading("") }
    #expect(throws: ReadError.self) {
      _ = try market([name: "ts_ms,distance,bids,asks,more\n1,0.01,1,1,1\n"])
    }
    for name in ["BTC.BITMEX.depth.csv", "BTC-EUR.BITMEX.depth.csv", "BTC-USD.depth.csv"] {
      #expect(throws: ReadError.self) {
        _ = try market([name: "ts_ms,distance,bids,asks\n1,0.01,1,1\n"])
      }
    }
  }

  @Test("one book of an underlying is used, the first by name, and none without prices")
  func choice() throws {
    let rows = "ts_ms,distance,bids,asks\n\(Self.start),0.01,1,1\n"
    let read = try market([
      name: rows, "BTC-USD.AAA.depth.csv": rows, "ETH-USD.BITMEX.depth.csv": rows,
    ])
    #expect(read.depths.map(\.file) == ["BTC-USD.AAA.depth.csv"])
    #expect(read.unusedFiles.map(\.file) == [name])
    #expect(try market([:]).depths.isEmpty)
  }

  @Test("the reconstruction's gas is read where it is, and absent where it is not")
  func gas() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
    let folder = root.appending(path: "Datasets/black-thursday-2020").standardized.path
    let prices = try #require(try GasPrices.recorded(inReconstruction: folder))
    // The first row of its table: ten gwei at midnight.
    #expect(prices.weiPerGas(at: Timestamp(seconds: 1_583_971_200)) == 10_000_000_000)
    #expect(try GasPrices.recorded(inReconstruction: root.path) == nil)
  }
}
