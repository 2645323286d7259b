// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("Bad input is refused with place and remedy, and nothing is written")
struct BadInputTests {
  let folder = try! Folder()

  /// A replay of the folder's market into its `out`.
  private func replay(_ extra: [String] = []) throws -> Program.Outcome {
    try Program.current().run(
      [
        "replay", "--market", folder.file("market"), "--out", folder.file("out"),
        "--population", "10",
      ] + extra)
  }

  private func expectRefusal(
    _ outcome: Program.Outcome, code: Int32 = 1, says parts: [String],
    at location: SourceLocation = #_sourceLocation
  ) {
    #expect(outcome.code == code, sourceLocation: location)
    #expect(outcome.output.isEmpty, sourceLocation: location)
    for part in parts {
      let isSaid = outcome.errors.contains(part)
      #expect(isSaid, "“\(part)” in: \(outcome.errors)", sourceLocation: location)
    }
    #expect(folder.names(in: "out").isEmpty, sourceLocation: location)
  }

  private func damage(_ line: String) throws {
    try SmallMarket.write(to: folder) { $0[SmallMarket.damagedLine - 1] = line }
  }

  private var place: String { "\(SmallMarket.damagedFile), line \(SmallMarket.damagedLine)" }
  private var time: Int { SmallMarket.start + 4 * 60_000 }

  // MARK: Prices

  @Test("a folder of prices that is not there")
  func missingMarket() throws {
    expectRefusal(try replay(), says: ["/market: there is no such file", "check the path"])
  }

  @Test("a column of another name")
  func wrongColumn() throws {
    try SmallMarket.write(to: folder) { $0[0] = "ts_ms,open,high,low,last,volume" }
    expectRefusal(
      try replay(),
      says: [
        "\(SmallMarket.damagedFile), line 1: unknown column “last”",
        "permitted: ts_ms,open,high,low,close",
      ])
  }

  @Test("a price that is no number")
  func notANumber() throws {
    try damage("\(time),NaN,7902,7898,7901,5")
    expectRefusal(
      try replay(), says: [place, "field “open” is “NaN”", "expected a decimal number such as"])
  }

  @Test("a price below zero")
  func negativePrice() throws {
    try damage("\(time),7900,7902,-7898,7901,5")
    expectRefusal(try replay(), says: [place, "field “low” is “-7898”", "not negative"])
  }

  @Test("two rows of one time")
  func duplicateTime() throws {
    try damage(SmallMarket.row(3, venue: 0))
    expectRefusal(
      try replay(),
      says: [
        place, "field “ts_ms” is “\(SmallMarket.start + 3 * 60_000)”", "remove one of the two",
      ])
  }

  @Test(
    "bad rows are left out when asked, counted, and listed in the report",
    arguments: ["NaN,7902,7898,7901,5", "7900,7902,-7898,7901,5", "7900,7902,7898"])
  func skipped(rest: String) throws {
    try damage("\(time),\(rest)")
    let outcome = try replay(["--skip-bad-rows", "--json"])
    #expect(try Summary(outcome).runs.map(\.totals.skippedRows) == [1])
    #expect(try folder.read("out/report.html").contains(place))
  }

  // MARK: Accounts

  private func replay(book: String, named name: String = "book.csv") throws -> Program.Outcome {
    try SmallMarket.write(to: folder)
    try folder.write(name, book)
    return try replay(["--accounts", folder.file(name)])
  }

  private func book(_ rows: String) -> String {
    "account,mode,kind,name,quantity,price\n1,cross,collateral,USD,10000,\n" + rows + "\n"
  }

  @Test("an instrument that is not listed")
  func unknownInstrument() throws {
    expectRefusal(
      try replay(book: book("1,cross,position,BTC-PREP,1,7900")),
      says: ["book.csv, line 3: field “name” is “BTC-PREP”", "expected BTC-PERP or"])
  }

  @Test("a position of an absurd size", arguments: ["99999999999", "9999999", "-99999999999"])
  func absurdSize(size: String) throws {
    expectRefusal(
      try replay(book: book("1,cross,position,BTC-PERP,\(size),7900")),
      says: ["book.csv, line 3: field “quantity” is “\(size)”", "expected at most"])
  }

  @Test("a book of malformed JSON")
  func malformedJSON() throws {
    let text = """
      {"accounts": [{"account": 1, "mode": "cross",
        "positions": [{"instrument": "BTC-PERP", "size": "1" "entryPrice": "7900"}]}]}
      """
    expectRefusal(
      try replay(book: text, named: "book.json"),
      says: ["book.json, line 2", "“\"entryPrice\"”", "expected a comma or }"])
  }

  @Test("a book that is refused leaves an earlier run as it was")
  func earlierRun() throws {
    try SmallMarket.write(to: folder)
    try #require(try replay().code == 0)
    let names = folder.names(in: "out")
    let before = try names.map { try folder.bytes("out/" + $0) }
    try folder.write("book.csv", book("1,cross,position,BTC-PREP,1,7900"))
    #expect(try replay(["--accounts", folder.file("book.csv")]).code == 1)
    #expect(folder.names(in: "out") == names)
    #expect(try names.map { try folder.bytes("out/" + $0) } == before)
  }

  // MARK: Parameters and usage

  @Test("a parameter out of its bounds")
  func outOfBounds() throws {
    try SmallMarket.write(to: folder)
    expectRefusal(
      try replay(["--set", "margin.maintenanceFactor=64"]),
      says: ["parameter margin.maintenanceFactor: 64 is outside 0.001 … 1"])
  }

  @Test("a parameter that does not exist")
  func unknownParameter() throws {
    try SmallMarket.write(to: folder)
    expectRefusal(
      try replay(["--set", "margin.maintenanceFaktor=0.64"]),
      says: ["parameter margin.maintenanceFaktor: there is no such parameter"])
  }

  @Test("a parameter file that is not there")
  func missingParameters() throws {
    try SmallMarket.write(to: folder)
    expectRefusal(
      try replay(["--parameters", folder.file("none.json")]), says: ["none.json"])
  }

  @Test(
    "usage that is wrong has exit code 2",
    arguments: [
      ["--frequency", "3"], ["--threads", "0"], ["--kernels", "abacus"], ["--length", "soon"],
      ["--population", "0"], ["--from", "yesterday", "--length", "1h"],
      ["--resume", "--no-journal"],
    ])
  func wrongUsage(arguments: [String]) throws {
    try SmallMarket.write(to: folder)
    expectRefusal(try replay(arguments), code: 2, says: [arguments[0]])
  }

  @Test("an output folder that cannot be made")
  func outputIsFile() throws {
    try SmallMarket.write(to: folder)
    try folder.write("out", "A file stands here.")
    let outcome = try replay()
    #expect(outcome.code == 2 && outcome.errors.contains("--out: “\(folder.file("out"))”"))
    #expect(try folder.read("out") == "A file stands here.")
  }
}
