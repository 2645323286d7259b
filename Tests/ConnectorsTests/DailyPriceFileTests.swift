// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import MarketData
import Quantities
import Testing

private func read(_ text: String) throws -> DailyPriceFile.Reading {
  let folder = try ScratchFolder(["days.csv": text])
  return try DailyPriceFile.read(path: folder.path + "/days.csv")
}

private let header = "ts_ms,open,high,low,close\n"

/// A row of the n-th day from 12 March 2020 on, with some fields changed, by column.
private func row(_ day: Int64, _ changes: [Int: String] = [:]) -> String {
  var fields = ["\(1_583_971_200_000 + day * 86_400_000)", "100", "110", "90", "105"]
  for (index, text) in changes { fields[index] = text }
  return fields.joined(separator: ",") + "\n"
}

@Suite("A file of daily prices")
struct DailyPriceFileTests {
  @Test("is read number for number, with its days")
  func values() throws {
    let reading = try read(header + row(0) + row(1, [4: "1e-05", 3: "0.00000999", 1: "0.5"]))
    #expect(reading.hasRanges)
    #expect(reading.gaps.isEmpty && reading.missingDays == 0)
    #expect(try reading.candles.map(\.start) == [time("2020-03-12"), time("2020-03-13")])
    #expect(
      try reading.candles[0]
        == Candle(
          start: time("2020-03-12"), open: Price("100"), high: Price("110"), low: Price("90"),
          close: Price("105"), hasTrades: true))
    #expect(reading.candles[1].close.steps == 1_000)
  }

  @Test(
    "may have closes alone, dates for times and capitals in its names",
    arguments: [
      "Date,Close,Volume\n2020-03-12,7000,1\n2020-03-13,5000,2\n",
      "timestamp,price\n2020-03-12T23:59:59Z,7000\n2020-03-13T00:00Z,5000\n",
      "ts_ms,price,market_cap\n1583971200000,7000,\n1584090000000,5000,\n",
    ])
  func forms(text: String) throws {
    let reading = try read(text)
    #expect(!reading.hasRanges)
    #expect(try reading.candles.map(\.start) == [time("2020-03-12"), time("2020-03-13")])
    #expect(try reading.candles.map(\.close) == [Price("7000"), Price("5000")])
    #expect(reading.candles.allSatisfy { $0.low == $0.close && $0.high == $0.close })
  }

  @Test("says which days it has not, and how many prices were rounded")
  func gaps() throws {
    let reading = try read(header + row(0) + row(3, [4: "100.000000005"]) + row(4) + row(6))
    #expect(
      try reading.gaps == [
        window("2020-03-13", "2020-03-15"), window("2020-03-17", "2020-03-18"),
      ])
    #expect(reading.missingDays == 3)
    #expect(reading.roundedPrices == 1)
  }

  @Test(
    "refuses a row that cannot be, and names line and field",
    arguments: [
      (4, "0", RowFault.Reason.zero), (4, "-1", .negative), (4, "", .empty),
      (4, "nan", .malformedNumber), (1, "0", .zero),
      (4, "110.00000001", .outsideCandle(low: "90", high: "110")),
      (1, "89.99999999", .outsideCandle(low: "90", high: "110")),
      (2, "89", .lowAboveHigh(low: "90")), (0, "soon", .malformedTime), (0, "", .malformedTime),
      (0, "7258118400001", .malformedTime),
      (0, "1583884799999", .outOfOrder(previous: "2020-03-12T00:00:00Z")),
    ])
  func refusals(column: Int, text: String, reason: RowFault.Reason) throws {
    #expect {
      try read(header + row(0) + row(1, [column: text]))
    } throws: { error in
      guard case .row(let fault)? = error as? ReadError else { return false }
      return fault.reason == reason && fault.place.line == 3
        && fault.field == header.dropLast().split(separator: ",")[column]
    }
  }

  @Test("refuses a day twice, whatever the hour, and says that days are those of UTC")
  func repetition() throws {
    for milliseconds in ["1583971200000", "1584057599999"] {
      #expect {
        try read(header + row(0) + row(1, [0: milliseconds]))
      } throws: { error in
        "\(error)".contains("line 3") && "\(error)".contains("one row a day (UTC)")
      }
    }
  }

  @Test(
    "refuses a header that says too little",
    arguments: [
      ("open,high,low,close\n1,1,1,1\n", "ts_ms"), ("ts_ms,open,high,low\n1,1,1,1\n", "close"),
      ("ts_ms,open,low,close\n1,1,1,1\n", "high"), ("ts_ms,high,close\n1,1,1\n", "open"),
    ])
  func columns(text: String, column: String) throws {
    #expect {
      try read(text)
    } throws: { error in
      guard case .missingColumn(_, let missing, _)? = error as? ReadError else { return false }
      return missing == column
    }
  }

  @Test("refuses a column twice, in whatever capitals")
  func repeatedColumn() throws {
    #expect {
      try read("ts_ms,close,Close\n1,1,2\n")
    } throws: { error in
      guard case .repeatedColumn(_, "Close")? = error as? ReadError else { return false }
      return true
    }
  }

  @Test("refuses no file, an empty one and one without rows")
  func empty() throws {
    #expect(throws: ReadError.missing(path: "/no/days.csv")) {
      try DailyPriceFile.read(path: "/no/days.csv")
    }
    for text in ["", header] {
      #expect {
        try read(text)
      } throws: { error in
        guard case .unreadable? = error as? ReadError else { return false }
        return true
      }
    }
  }
}

@Suite(
  "The recorded daily prices", .enabled(if: RecordedData.isPresent, RecordedData.reason))
struct RecordedDailyPriceTests {
  // Counts, first and last days: the collection's README; the missing day and the two late rows
  // were found in the file by another program.
  @Test("of BTC have every day with its range, those of ETH their closes and one day less")
  func files() throws {
    let folder = RecordedData.folder + "/prices_1d/"
    let bitcoin = try DailyPriceFile.read(path: folder + "btc_usd_yahoo_1d_to_2024.csv.gz")
    #expect(bitcoin.candles.count == 3_759)
    #expect(bitcoin.hasRanges && bitcoin.gaps.isEmpty && bitcoin.roundedPrices == 0)
    #expect(try bitcoin.candles.first?.start == time("2014-09-17"))
    #expect(try bitcoin.candles.last?.start == time("2024-12-31"))
    #expect(try bitcoin.candles.last?.close == Price("93429.20312"))
    let ether = try DailyPriceFile.read(path: folder + "eth_usd_coingecko_1d_to_2024.csv.gz")
    #expect(ether.candles.count == 3_434)
    #expect(!ether.hasRanges)
    #expect(try ether.gaps == [window("2015-08-09", "2015-08-10")])
    #expect(ether.roundedPrices > 0)
    #expect(try ether.candles.last?.close == Price("3359.513942"))
  }
}
