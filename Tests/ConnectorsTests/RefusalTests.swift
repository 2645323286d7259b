// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Foundation
import MarketData
import Quantities
import Testing

@Suite("A malformed price file is refused with its place and what would be right")
struct RefusalTests {
  static let name = "BTC-USD.ONE.1m.csv"
  static let header = "ts_ms,open,high,low,close,volume\n"
  static let good = "1583971200000,7900,7910,7890,7905.5,2\n"

  struct Case: CustomTestStringConvertible, Sendable {
    let row: String
    let field: String
    let reason: RowFault.Reason
    var testDescription: String { row }
  }

  static let cases = [
    Case(row: "1583971260000,nan,2,1,2,1", field: "open", reason: .malformedNumber),
    Case(row: "1583971260000,inf,2,1,2,1", field: "open", reason: .malformedNumber),
    Case(row: "1583971260000,1.5.2,2,1,2,1", field: "open", reason: .malformedNumber),
    Case(row: "1583971260000,1e,2,1,2,1", field: "open", reason: .malformedNumber),
    Case(row: "1583971260000, 1,2,1,2,1", field: "open", reason: .malformedNumber),
    Case(row: "1583971260000,,2,1,2,1", field: "open", reason: .empty),
    Case(row: "1583971260000,1,-2,1,2,1", field: "high", reason: .negative),
    Case(row: "1583971260000,1,2,0,2,1", field: "low", reason: .zero),
    Case(row: "1583971260000,1,2,1e-12,2,1", field: "low", reason: .zero),
    Case(
      row: "1583971260000,1,2,1,1000000000.00000001,1", field: "close",
      reason: .tooLarge(limit: "1000000000")),
    Case(
      row: "1583971260000,1,2,1,99999999999999999999,1", field: "close",
      reason: .tooLarge(limit: "92233720368")),
    Case(
      row: "1583971260000,1,2,1,1e999,1", field: "close",
      reason: .tooLarge(limit: "92233720368")),
    Case(row: "1583971260000,1,2,1,2,-1", field: "volume", reason: .negative),
    Case(row: "1583971260000,1,2,1,2,NaN", field: "volume", reason: .malformedNumber),
    Case(row: "1583971260000,1,2,3,2,1", field: "high", reason: .lowAboveHigh(low: "3")),
    Case(
      row: "1583971260000,5,2,1,2,1", field: "open",
      reason: .outsideCandle(low: "1", high: "2")),
    Case(
      row: "1583971260000,1,2,1,0.99999999,1", field: "close",
      reason: .outsideCandle(low: "1", high: "2")),
    Case(row: "1583971200000,1,2,1,2,1", field: "ts_ms", reason: .duplicateTime),
    Case(
      row: "1583971140000,1,2,1,2,1", field: "ts_ms",
      reason: .outOfOrder(previous: "1583971200000")),
    Case(row: "1583971260001,1,2,1,2,1", field: "ts_ms", reason: .offGrid(stepSeconds: 60)),
    Case(row: "12.5,1,2,1,2,1", field: "ts_ms", reason: .malformedTime),
    Case(row: "99999999999999999,1,2,1,2,1", field: "ts_ms", reason: .malformedTime),
    Case(
      row: "1583971260000,1,2,1,2", field: "row",
      reason: .fieldCount(expected: 6, found: 5)),
    Case(
      row: "1583971260000,1,2,1,2,1,7", field: "row",
      reason: .fieldCount(expected: 6, found: 7)),
    Case(row: "1583971260000,1,2,1,2,\"1", field: "volume", reason: .openQuote),
  ]

  @Test("row by row", arguments: cases)
  func rows(_ example: Case) throws {
    let folder = try ScratchFolder([
      Self.name: Self.header + Self.good + example.row + "\n"
    ])
    let found = try #require(
      fault { () throws(ReadError) in
        _ = try UserMarketReader.load(folder: folder.path)
      })
    #expect(found.place == FilePlace(path: folder.path + "/" + Self.name, line: 3))
    #expect(found.field == example.field)
    #expect(found.reason == example.reason)
    #expect(found.description.contains("line 3") && found.description.contains("expected"))
  }

  @Test("unless bad rows are skipped: then each is listed and the rest is read")
  func skipped() throws {
    let rows = Self.cases.map(\.row).joined(separator: "\n")
    let last = "\n1583971800000,7,9,6,8,1\n"
    let folder = try ScratchFolder([Self.name: Self.header + Self.good + rows + last])
    let market = try UserMarketReader.load(folder: folder.path, badRows: .skip)
    // The first of the cases takes the time 00:01, so the later ones at 00:01 are duplicates.
    #expect(market.skippedRows.count == Self.cases.count)
    #expect(market.skippedRows.map(\.place.line) == Array(3..<(3 + Self.cases.count)))
    #expect(market.skippedRows[0].reason == .malformedNumber)
    #expect(market.series[0].candles.map(\.close.steps) == [790_550_000_000, 800_000_000])
  }

  @Test("a missing column")
  func missingColumn() throws {
    let folder = try ScratchFolder([Self.name: "ts_ms,open,high,low,last\n"])
    let columns = ["ts_ms", "open", "high", "low", "close", "volume", "trades"]
    let path = folder.path + "/" + Self.name
    #expect(
      refusal { () throws(ReadError) in _ = try UserMarketReader.load(folder: folder.path) }
        == .unknownColumn(path: path, column: "last", permitted: columns))
    try folder.write("ts_ms,open,high,low\n", to: Self.name)
    #expect(
      refusal { () throws(ReadError) in _ = try UserMarketReader.load(folder: folder.path) }
        == .missingColumn(path: path, column: "close", found: ["ts_ms", "open", "high", "low"]))
    try folder.write("ts_ms,open,open,low,close\n", to: Self.name)
    #expect(
      refusal { () throws(ReadError) in _ = try UserMarketReader.load(folder: folder.path) }
        == .repeatedColumn(path: path, column: "open"))
  }

  @Test("an empty file, a missing folder, a file in its place")
  func nothingThere() throws {
    let folder = try ScratchFolder([Self.name: ""])
    guard
      case .unreadable = refusal({ () throws(ReadError) in
        _ = try UserMarketReader.load(folder: folder.path)
      })
    else {
      Issue.record("an empty file was taken")
      return
    }
    #expect(
      refusal { () throws(ReadError) in
        _ = try UserMarketReader.load(folder: folder.path + "/none")
      } == .missing(path: folder.path + "/none"))
    guard
      case .unreadable = refusal({ () throws(ReadError) in
        _ = try UserMarketReader.load(folder: folder.path + "/" + Self.name)
      })
    else {
      Issue.record("a file was taken for a folder")
      return
    }
  }

  @Test(
    "a name that says too little",
    arguments: [
      "prices.csv", "BTC-USD.1m.csv", "BTC-USD.ONE.7m.csv", "btc-usd.ONE.1m.csv",
      "BTC.ONE.1m.csv", "BTC-EUR.ONE.1m.csv", "BTC-USD.TOOLONGNAME.1m.csv",
    ])
  func names(name: String) throws {
    let folder = try ScratchFolder([name: Self.header + Self.good])
    guard
      case .malformedName(let path, _) = refusal({ () throws(ReadError) in
        _ = try UserMarketReader.load(folder: folder.path)
      })
    else {
      Issue.record("the name was taken")
      return
    }
    #expect(path == folder.path + "/" + name)
  }

  struct Limit: CustomTestStringConvertible, Sendable {
    let permitted: ReadLimits
    let exceeded: ReadLimits
    let testDescription: String
  }

  // The file is 33 + 38 + 38 bytes long; its longest line has 38 bytes with its end.
  @Test(
    "a limit one unit below what the file needs, and not at it",
    arguments: [
      Limit(
        permitted: ReadLimits(fileBytes: 109), exceeded: ReadLimits(fileBytes: 108),
        testDescription: "bytes"),
      Limit(
        permitted: ReadLimits(lineBytes: 38), exceeded: ReadLimits(lineBytes: 37),
        testDescription: "line"),
      Limit(
        permitted: ReadLimits(rows: 2), exceeded: ReadLimits(rows: 1), testDescription: "rows"),
      Limit(
        permitted: ReadLimits(files: 1), exceeded: ReadLimits(files: 0),
        testDescription: "files"),
    ])
  func limits(_ limit: Limit) throws {
    let text = Self.header + Self.good + "1583971260000,7900,7910,7890,7905.5,2\n"
    #expect(text.utf8.count == 109)
    let folder = try ScratchFolder([Self.name: text])
    _ = try UserMarketReader.load(folder: folder.path, limits: limit.permitted)
    guard
      case .limitExceeded = refusal({ () throws(ReadError) in
        _ = try UserMarketReader.load(folder: folder.path, limits: limit.exceeded)
      })
    else {
      Issue.record("the limit of \(limit.testDescription) was passed")
      return
    }
  }

  @Test("a packed file that unpacks to more than its limit")
  func unpackedLimit() throws {
    let packed = try #require(Data(base64Encoded: UserMarketTests.packedRows))
    let folder = try ScratchFolder()
    try folder.write(packed, to: Self.name + ".gz")
    _ = try UserMarketReader.load(folder: folder.path, limits: ReadLimits(unpackedBytes: 98))
    let error = refusal { () throws(ReadError) in
      _ = try UserMarketReader.load(folder: folder.path, limits: ReadLimits(unpackedBytes: 97))
    }
    guard case .limitExceeded(_, _, let limit) = error else {
      Issue.record("the limit was passed: \(String(describing: error))")
      return
    }
    #expect(limit == 97)
  }

  @Test("a window that is none, is too long, or holds no prices")
  func windows() throws {
    let folder = try ScratchFolder([Self.name: Self.header + Self.good])
    let broken = try window("2020-03-12T00:00:30Z", "2020-03-12T01:00Z")
    guard
      case .malformedWindow = refusal({ () throws(ReadError) in
        _ = try UserMarketReader.load(folder: folder.path, window: broken)
      })
    else {
      Issue.record("a window off the minute was taken")
      return
    }
    let long = try window("2020-03-12", "2021-03-14")
    guard
      case .limitExceeded = refusal({ () throws(ReadError) in
        _ = try UserMarketReader.load(folder: folder.path, window: long)
      })
    else {
      Issue.record("a window of more than a year was taken")
      return
    }
    let later = try window("2020-03-13", "2020-03-14")
    guard
      case .uncovered = refusal({ () throws(ReadError) in
        _ = try UserMarketReader.load(folder: folder.path, window: later)
      })
    else {
      Issue.record("a window without prices was taken")
      return
    }
  }
}
