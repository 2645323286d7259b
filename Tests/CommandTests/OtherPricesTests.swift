// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Nothing of a replay is tied to one data set: other windows, underlyings and sources run too.
@Suite("Other prices than the demo's")
struct OtherPricesTests {
  let folder = try! Folder()

  static let collection = Program.root.appendingPathComponent("../shared/data").standardizedFileURL
    .path
  static let hasCollection = FileManager.default.fileExists(atPath: collection + "/prices_1m")

  /// Replays, verifies, and returns the run with the report's text.
  private func replay(_ arguments: [String]) throws -> (run: Summary.Run, report: String) {
    let program = try Program.current()
    let outcome = try program.run(
      ["replay", "--out", folder.file("out"), "--population", "10", "--json"] + arguments)
    let run = try #require(Summary(outcome).runs.first)
    let verified = try Verified(
      program.run(["verify", folder.file("out/journal.db"), "--json"]))
    #expect(verified.hash == run.hash)
    return (run, try folder.read("out/report.html"))
  }

  @Test(
    "recorded windows run and verify: the crash itself, other years, other assets and venues",
    .enabled(if: hasCollection, "there is no folder ../shared/data"),
    arguments: [
      (["--length", "2h"], 120),
      (["--from", "2021-01-11T00:00Z", "--length", "2h"], 120),
      (["--from", "2019-09-24T16:00Z", "--length", "8h"], 480),
      (["--from", "2017-12-22T12:00Z", "--length", "1h"], 60),
      (["--from", "2023-03-05T00:00Z", "--length", "1h"], 60),
      (["--length", "1h", "--underlyings", "LTC,XRP"], 60),
    ])
  func recorded(arguments: [String], minutes: Int) throws {
    let (run, _) = try replay(["--market", Self.collection] + arguments)
    #expect(!run.origin.isReconstruction && run.origin.market.contains("recorded"))
    // The first minute or two may pass before every source has spoken.
    #expect((minutes - 2...minutes).contains(run.totals.blocks))
  }

  @Test(
    "a window that the collection does not cover is refused, with what there is",
    .enabled(if: hasCollection, "there is no folder ../shared/data"))
  func notCovered() throws {
    let outcome = try Program.current().run([
      "replay", "--out", folder.file("out"), "--market", Self.collection, "--from",
      "2012-01-01T00:00Z", "--length", "1h",
    ])
    #expect(outcome.code == 1 && outcome.errors.contains("no prices of BTC in 2012-01-01"))
    #expect(folder.names(in: "out").isEmpty)
  }

  /// Writes the small market's rows under other names.
  private func write(_ names: [String]) throws {
    for (venue, name) in names.enumerated() {
      let lines = SmallMarket.lines(venue: venue, minutes: 40)
      try folder.write("market/\(name)", lines.joined(separator: "\n") + "\n")
    }
  }

  @Test("sources that no parameter names vote, and the report says why")
  func unnamedSources() throws {
    try write(["SOL-USD.NORTH.1m.csv", "SOL-USDT.SOUTH.1m.csv", "SOL-USD.WEST.1m.csv"])
    let (run, report) = try replay(["--market", folder.file("market")])
    #expect(run.totals.blocks == 40)
    #expect(report.contains("oracle.SOL.source.NORTH.weight"))
    #expect(report.contains("equal weights, as none is known to be better"))
  }

  @Test("one single source is its own quorum, and the report says so")
  func singleSource() throws {
    try write(["BTC-USD.NORTH.1m.csv"])
    let (run, report) = try replay(["--market", folder.file("market")])
    #expect(run.totals.blocks >= 38)
    #expect(report.contains("prices have no more sources; the feed asks for 3"))
  }

  @Test("a quorum stated for the run is not lowered")
  func statedQuorum() throws {
    try write(["BTC-USD.NORTH.1m.csv", "BTC-USD.SOUTH.1m.csv"])
    let outcome = try Program.current().run([
      "replay", "--out", folder.file("out"), "--market", folder.file("market"),
      "--population", "10", "--set", "oracle.BTC.quorum=3",
    ])
    #expect(outcome.code == 1 && outcome.errors.contains("has a quorum of sources"))
  }

  @Test("a folder's own statement heads the report")
  func statement() throws {
    try SmallMarket.write(to: folder, minutes: 30)
    try folder.write("market/market.json", #"{"statement": "These are our own records."}"#)
    let (run, report) = try replay(["--market", folder.file("market")])
    #expect(run.origin.market == "These are our own records.")
    #expect(report.contains("These are our own records."))
  }
}
