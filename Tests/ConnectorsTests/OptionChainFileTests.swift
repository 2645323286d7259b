// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Instruments
import Quantities
import Testing

private let header =
  "ts_ms,currency,instrument_name,cp,strike,expiry_ms,bid_price,ask_price,mark_price,mark_iv,"
  + "forward_price"

/// A row with some fields changed, by column.
private func row(_ changes: [Int: String] = [:]) -> String {
  var fields = [
    "1767115875944", "BTC", "BTC-31DEC25-70000-C", "C", "70000", "1767168000000", "0.2075",
    "0.216", "0.20937741", "0.7742", "88535.09475",
  ]
  for (index, text) in changes { fields[index] = text }
  return fields.joined(separator: ",")
}

private func read(
  _ rows: [String], badRows: BadRowPolicy = .refuse, first count: Int? = nil
) throws -> OptionChainFile.Reading {
  let folder = try ScratchFolder(["chain.csv": ([header] + rows).joined(separator: "\n")])
  return try OptionChainFile.read(
    path: folder.path + "/chain.csv", first: count, badRows: badRows)
}

@Suite("A file of option chains")
struct OptionChainFileTests {
  @Test("is read number for number, a blank quote as none")
  func values() throws {
    let reading = try read([row(), row([3: "P", 6: "", 7: "1e-04"]), row([1: "ETH"])])
    #expect(reading.snapshots.map(\.underlying.description) == ["BTC", "ETH"])
    let time = Timestamp(milliseconds: 1_767_115_875_944)
    #expect(reading.snapshots.allSatisfy { $0.time == time })
    #expect(
      reading.snapshots[0].rows == [
        OptionChainRow(
          right: .call, strike: 70_000, expiry: Timestamp(milliseconds: 1_767_168_000_000),
          bid: 0.2075, ask: 0.216, mark: 0.209_377_41, markVolatility: 0.7742,
          forward: 88_535.094_75),
        OptionChainRow(
          right: .put, strike: 70_000, expiry: Timestamp(milliseconds: 1_767_168_000_000),
          bid: nil, ask: 0.0001, mark: 0.209_377_41, markVolatility: 0.7742,
          forward: 88_535.094_75),
      ])
  }

  @Test("is read as far as asked")
  func first() throws {
    let rows = [row(), row([1: "ETH"]), row([0: "1767115875945"])]
    #expect(try read(rows, first: 2).snapshots.count == 2)
    #expect(try read(rows).snapshots.count == 3)
  }

  @Test(
    "refuses a row that cannot be, and names line and field",
    arguments: [
      (3, "X", RowFault.Reason.unknownWord(permitted: ["C", "P"])),
      (4, "0", .zero), (4, "-1", .negative), (4, "", .empty), (4, "nan", .malformedNumber),
      (5, "1767115875944", .contradiction("expected an expiry after the snapshot")),
      (5, "soon", .malformedTime), (6, "-0.1", .negative), (8, "", .empty), (10, "0", .zero),
      (1, "bitcoin", .malformedSymbol),
      (0, "1767115875943", .outOfOrder(previous: "2025-12-30T17:31:15.944Z")),
    ])
  func refusals(column: Int, text: String, reason: RowFault.Reason) throws {
    #expect {
      try read([row(), row([4: "71000"].merging([column: text]) { $1 })])
    } throws: { error in
      guard case .row(let fault)? = error as? ReadError else { return false }
      return fault.reason == reason && fault.place.line == 3
        && fault.field == header.split(separator: ",")[column]
    }
  }

  @Test("refuses an option twice in a snapshot, and a snapshot in two pieces")
  func repetition() throws {
    #expect {
      try read([row(), row()])
    } throws: { error in
      guard case .row(let fault)? = error as? ReadError else { return false }
      return fault.reason == .duplicate(firstLine: 2)
    }
    #expect {
      try read([row(), row([1: "ETH"]), row([3: "P"])])
    } throws: { error in
      guard case .row(let fault)? = error as? ReadError else { return false }
      return fault.reason == .contradiction("expected the rows of a snapshot in one piece")
    }
  }

  @Test("leaves malformed rows out and lists them when asked to")
  func skip() throws {
    let reading = try read(
      [row([1: "no coin"]), row(), row([4: "x"]), row([3: "P"]), row([1: "no coin"])],
      badRows: .skip)
    #expect(reading.snapshots.map(\.rows.count) == [2])
    #expect(reading.skipped.map(\.place.line) == [2, 4, 6])
  }

  @Test("refuses a file without one of its columns")
  func columns() throws {
    let folder = try ScratchFolder(["chain.csv": "ts_ms,currency\n"])
    #expect {
      try OptionChainFile.read(path: folder.path + "/chain.csv")
    } throws: { error in
      guard case .missingColumn(_, let column, _)? = error as? ReadError else { return false }
      return column == "cp"
    }
  }
}

@Suite("The recorded option chains", .enabled(if: RecordedData.isPresent, RecordedData.reason))
struct RecordedOptionChainTests {
  // Counts: the collection's README and its file of December 2025.
  @Test("of December 2025 are four snapshots of both coins, every row read")
  func december() throws {
    let reading = try OptionChainFile.read(
      path: RecordedData.folder + "/options/deribit_chain_2025-12.csv.gz")
    #expect(reading.snapshots.count == 8)
    #expect(reading.snapshots.map(\.rows.count).reduce(0, +) == 5_180)
    let unquoted = reading.snapshots.flatMap(\.rows).count { $0.bid == nil }
    #expect(unquoted == 122)
    #expect(Set(reading.snapshots.map(\.underlying.description)) == ["BTC", "ETH"])
  }
}
