// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("Shared losses, published for anyone to check")
struct SharedLossRecordTests {
  let folder = try! Folder()
  let program = try! Program.current()

  /// Losses are shared by size, in a second run by what is set; the fund is empty.
  private func replay(_ extra: [String]) throws -> Program.Outcome {
    try SmallMarket.writeCrash(to: folder)
    return try program.run(
      [
        "replay", "--market", folder.file("market"), "--out", folder.file("out"), "--population",
        "60", "--no-report", "--waterfall", "drift", "--set", "insuranceFund.openingShare=0%",
      ] + extra)
  }

  private func objects(_ text: String) throws -> [[String: Any]] {
    try text.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  private func number(_ object: [String: Any], _ name: String) -> Decimal? {
    (object[name] as? String).flatMap { Decimal(string: $0) }
  }

  @Test(
    "evaluate finds the shares of every line again, by every rule, below and at the caps",
    arguments: [
      ("0", "100%"), ("0", "3%"), ("1", "100%"), ("1", "3%"), ("2", "100%"), ("2", "0.1%"),
    ])
  func everyRule(rule: String, cap: String) throws {
    let outcome = try replay([
      "--set", "socializedLoss.rule=\(rule)", "--set", "socializedLoss.share=\(cap)",
    ])
    try #require(outcome.code == 0, "\(outcome.errors)")
    let path = folder.file("out/shared-losses-set.jsonl")
    let lines = try objects(folder.read("out/shared-losses-set.jsonl"))
    let answered = try program.run(["evaluate", path])
    #expect(answered.code == 0, "\(answered.output.prefix(600))")
    let answers = try objects(answered.output)
    #expect(answers.count == lines.count)
    var (atCaps, cuts) = (0, 0)
    for (line, answer) in zip(lines, answers) {
      let id = try #require(line["id"] as? String)
      #expect(answer["id"] as? String == id)
      #expect(line["rule"] as? String == ["byProfit", "byEquity", "bySize"][Int(rule) ?? 0])
      let found = try #require(answer["answer"] as? [String: Any])
      #expect(found["agrees"] as? Bool == true)
      let record = try #require(line["record"] as? [String: Any])
      for name in ["shared", "unshared", "rate"] {
        #expect(found[name] as? String == record[name] as? String, "\(name)")
      }
      #expect(found["shares"] as? NSArray == record["shares"] as? NSArray)
      let loss = try #require(number(line, "loss"))
      let shared = try #require(number(record, "shared"))
      let unshared = try #require(number(record, "unshared"))
      #expect(shared + unshared == loss && record["omitted"] as? Int == 0)
      if unshared > 0 { atCaps += 1 }
      if shared > 0 { cuts += 1 }
    }
    try #require(cuts > 0)
    #expect(cap == "100%" || atCaps > 0, "a cap is reached")
  }

  @Test("a line that was changed no longer agrees, and one that is broken is refused")
  func changed() throws {
    try #require(try replay([]).code == 0)
    let text = try folder.read("out/shared-losses-set.jsonl")
    let line = try #require(
      text.split(separator: "\n").first { !$0.contains(#""shares":[]"#) }
    ).description
    let units = try #require(
      line.range(of: #""units":"[0-9.]+""#, options: .regularExpression))
    let other = line.replacingCharacters(in: units, with: #""units":"0""#)
    let loss = try #require(line.range(of: #""loss":"[0-9.]+""#, options: .regularExpression))
    let smaller = line.replacingCharacters(in: loss, with: #""loss":"0.000001""#)
    let rate = try #require(line.range(of: #""rate":"[0-9.]+""#, options: .regularExpression))
    let free = line.replacingCharacters(in: rate, with: #""rate":"0""#)
    let answered = try program.run(
      ["evaluate"], input: [line, other, smaller, free].joined(separator: "\n") + "\n")
    let answers = try objects(answered.output).map { $0["answer"] as? [String: Any] }
    #expect(answers.map { $0?["agrees"] as? Bool } == [true, false, false, false])
    let broken = line.replacing(#""rule":"#, with: #""role":"#)
    #expect(try program.run(["evaluate"], input: broken + "\n").code == 1)
  }

  @Test("nothing is written where it is not wanted, and the hash is the same")
  func unwanted() throws {
    let without = try replay(["--json", "--no-shared-loss-record"])
    #expect(!folder.names(in: "out").contains { $0.hasPrefix("shared-losses") })
    let with = try replay(["--json"])
    let names = folder.names(in: "out").filter { $0.hasPrefix("shared-losses") }
    #expect(names == ["shared-losses-set.jsonl", "shared-losses.jsonl"])
    #expect(try Summary(without).runs.map(\.hash) == Summary(with).runs.map(\.hash))
  }
}
