// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("Timelines of liquidations, on the page and as lines")
struct TimelineTests {
  let folder = try! Folder()
  let program = try! Program.current()

  private func replay(_ extra: [String]) throws -> Program.Outcome {
    try SmallMarket.write(to: folder)
    return try program.run(
      [
        "replay", "--market", folder.file("market"), "--out", folder.file("out"), "--population",
        "30",
      ] + extra)
  }

  private func objects(_ text: String) throws -> [NSDictionary] {
    try text.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? NSDictionary)
    }
  }

  /// The first run of `--json`.
  private func run(_ outcome: Program.Outcome) throws -> NSDictionary {
    try #require(outcome.code == 0, "\(outcome.errors)")
    let root = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? NSDictionary
    return try #require((root?["runs"] as? [NSDictionary])?.first)
  }

  private func drawn(in page: String, _ section: String) throws -> Int {
    let parts = page.components(separatedBy: "<section id=\"\(section)\"")
    try #require(parts.count == 2, "one section \(section)")
    return parts[1].components(separatedBy: "</section>")[0]
      .ranges(of: "<details class=\"story\"").count
  }

  @Test("every liquidation is a line, and those that were asked for are on the page")
  func lines() throws {
    let usual = try run(replay(["--json", "--no-report"]))
    let text = try folder.read("out/liquidations.jsonl")
    let lines = try objects(text)
    let totals = try #require(usual["totals"] as? NSDictionary)
    #expect(lines.count == totals["liquidations"] as? Int && lines.count > 2)
    let largest = try #require(usual["largest"] as? [NSDictionary])
    #expect(largest.count == min(lines.count, 10) && largest.allSatisfy(lines.contains))
    let someone = try #require(lines.last?["account"] as? Int)
    let theirs = lines.filter { $0["account"] as? Int == someone }
    let liquidated = Set(lines.compactMap { $0["account"] as? Int })
    let calm = try #require((1...30).first { !liquidated.contains($0) })

    let chosen = try replay([
      "--json", "--timelines", "2", "--timeline", "\(someone)", "--timeline", "\(calm)",
      "--timeline", "\(someone)",
    ])
    let other = try run(chosen)
    #expect(other["hash"] as? String == usual["hash"] as? String)
    #expect(try folder.read("out/liquidations.jsonl") == text, "the same lines")
    let asked = try #require(other["asked"] as? [NSDictionary])
    #expect(asked.map { $0["account"] as? Int } == [someone, calm])
    #expect(asked.map { $0["liquidations"] as? [NSDictionary] } == [theirs, []])
    let page = try folder.read("out/report.html")
    #expect(try drawn(in: page, "largest") == 2)
    #expect(try drawn(in: page, "asked") == theirs.count)
    #expect(page.contains("Account \(calm) was never liquidated."))
  }

  @Test("none and a hundred accounts may be asked for, with a note for each without one")
  func edges() throws {
    let outcome = try replay(
      ["--timelines", "0", "--timeline", "4294967295"] + Self.asked(0..<99))
    try #require(outcome.code == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("\nThis replay has no account 4294967295.\n"))
    #expect(outcome.output.contains(" was never liquidated.\n"))
    let page = try folder.read("out/report.html")
    #expect(try drawn(in: page, "largest") == 0 && page.contains(" is drawn. <code>plimsoll"))
    #expect(page.contains("<p>This replay has no account 4294967295.</p>"))
    #expect(try replay(["--timelines", "1000", "--no-journal"]).code == 0)
  }

  private static let refused: [(options: [String], says: String)] = [
    (["--timelines=-1"], "--timelines: -1 is not between 0 and 1000"),
    (["--timelines", "1001"], "--timelines: 1001 is not between 0 and 1000"),
    (["--timelines", "ten"], "'ten' is invalid for '--timelines"),
    (["--timeline", ""], "--timeline: “” is no account; expected a whole number from 0 to 429"),
    (["--timeline", "x7"], "--timeline: “x7” is no account"),
    (["--timeline", "+7"], "--timeline: “+7” is no account"),
    (["--timeline=-7"], "--timeline: “-7” is no account"),
    (["--timeline", "7.0"], "--timeline: “7.0” is no account"),
    (["--timeline", "٧"], "--timeline: “٧” is no account"),
    (["--timeline", "7", "--timeline", "7,8"], "--timeline: “7,8” is no account"),
    (["--timeline", "4294967296"], "--timeline: “4294967296” is no account"),
    (
      asked(0..<101),
      "--timeline: 101 accounts are more than 100; liquidations.jsonl has every one"
    ),
  ]

  private static func asked(_ accounts: Range<Int>) -> [String] {
    accounts.flatMap { ["--timeline", "\($0)"] }
  }

  @Test("what is no count or no account is refused, and nothing is written", arguments: refused)
  func refusals(options: [String], says: String) throws {
    let outcome = try replay(options)
    #expect(outcome.code == 2 && outcome.output.isEmpty)
    #expect(outcome.errors.contains(says), "\(outcome.errors)")
    #expect(!folder.exists("out"))
  }

  @Test("the lines go with the journal, and are left out where they are not wanted")
  func unwanted() throws {
    let (journal, lines) = (["journal.db", "journal.db.mark"], ["liquidations.jsonl"])
    let silent = ["--no-report", "--no-deleveraging-record", "--no-shared-loss-record"]
    #expect(try replay(silent + ["--no-journal"]).code == 0)
    #expect(folder.names(in: "out").isEmpty)
    #expect(try replay(silent + ["--set", "margin.maintenanceFactor=0.64"]).code == 0)
    let changed = ["journal-set.db", "journal-set.db.mark", "liquidations-set.jsonl"]
    #expect(folder.names(in: "out") == (journal + lines + changed).sorted())
    #expect(try objects(folder.read("out/liquidations-set.jsonl")).count > 0)
    #expect(try replay(silent + ["--no-liquidation-record"]).code == 0)
    #expect(folder.names(in: "out") == (journal + changed).sorted())
    #expect(try replay(silent + ["--resume"]).code == 0)
    #expect(folder.names(in: "out") == (journal + lines + changed).sorted())
  }
}
