// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("Deleveragings and rankings, published for anyone to check")
struct DeleveragingRecordTests {
  let folder = try! Folder()
  let program = try! Program.current()

  private func replay(_ extra: [String]) throws -> Program.Outcome {
    try SmallMarket.writeCrash(to: folder)
    return try program.run(
      [
        "replay", "--market", folder.file("market"), "--out", folder.file("out"), "--population",
        "60", "--no-report", "--waterfall", "plimsoll", "--no-liquidation-record",
      ] + extra)
  }

  private func objects(_ text: String) throws -> [[String: Any]] {
    try text.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  @Test("evaluate finds the cuts of every line again, by every rule", arguments: [0, 2, 3, 4])
  func everyRule(rule: Int) throws {
    let words = [
      "profitTimesLeverage", "leverageDraining", "priceRatioTimesLeverage", "proRata",
      "randomStart",
    ]
    let outcome = try replay(["--set", "deleveraging.rule=\(rule)"])
    try #require(outcome.code == 0, "\(outcome.errors)")
    for (name, word) in [("", words[1]), ("-set", words[rule])] {
      let path = folder.file("out/deleveraging\(name).jsonl")
      let lines = try objects(folder.read("out/deleveraging\(name).jsonl"))
      try #require(!lines.isEmpty)
      #expect(lines.allSatisfy { $0["rule"] as? String == word })
      let answered = try program.run(["evaluate", path])
      #expect(answered.code == 0, "\(answered.output.prefix(600))")
      let answers = try objects(answered.output)
      #expect(answers.count == lines.count)
      for (line, answer) in zip(lines, answers) {
        let found = try #require(answer["answer"] as? [String: Any])
        #expect(found["agrees"] as? Bool == true, "\(name)")
        let id = try #require(line["id"] as? String)
        #expect(answer["id"] as? String == id)
        let record = try #require(line["record"] as? [String: Any])
        let unallocated = try #require(record["unallocated"] as? String)
        #expect(found["unallocated"] as? String == unallocated)
        try expectFigures(of: line, record)
      }
    }
  }

  /// Leverage is exposure ÷ equity, and what is closed of a position leaves the exposure.
  private func expectFigures(of line: [String: Any], _ record: [String: Any]) throws {
    let candidates = try #require(line["candidates"] as? [[String: Any]])
    let accounts = try #require(record["accounts"] as? [[String: Any]])
    #expect(candidates.count == accounts.count && record["omitted"] as? Int == 0)
    func number(_ object: [String: Any], _ name: String) -> Double? {
      (object[name] as? String).flatMap(Double.init)
    }
    for (one, after) in zip(candidates, accounts) {
      #expect(one["account"] as? Int == after["account"] as? Int)
      let (size, notional) = (number(one, "size") ?? 0, number(one, "notional") ?? 0)
      let (equity, cut) = (number(one, "equity") ?? 0, try #require(number(after, "cut")))
      let exposure = number(one, "exposure") ?? notional
      #expect(cut >= 0 && cut <= size)
      guard equity > 1 else { continue }
      let before = try #require(number(after, "leverage"))
      let left = try #require(number(after, "leverageAfter"))
      #expect(abs(before - exposure / equity) < 1e-5)
      #expect(abs(left - (exposure - notional * cut / size) / equity) < 1e-5)
    }
  }

  @Test("a line that was changed no longer agrees, and one that is broken is refused")
  func changed() throws {
    try #require(try replay([]).code == 0)
    let text = try folder.read("out/deleveraging.jsonl")
    let line = try #require(text.split(separator: "\n").first).description
    let cut = try #require(
      line.range(of: #""cut":"[0-9.]*[1-9][0-9.]*""#, options: .regularExpression))
    let other = line.replacingCharacters(in: cut, with: #""cut":"0""#)
    // One step to close, and not what was.
    let size = try #require(
      line.range(of: #""size":"[0-9.]+","step""#, options: .regularExpression))
    let step = try #require(try objects(line)[0]["step"] as? String)
    let smaller = line.replacingCharacters(in: size, with: #""size":"\#(step)","step""#)
    let answered = try program.run(["evaluate"], input: "\(line)\n\(other)\n\(smaller)\n")
    let answers = try objects(answered.output).map { $0["answer"] as? [String: Any] }
    #expect(answers.map { $0?["agrees"] as? Bool } == [true, false, false])
    let broken = line.replacing(#""rule":"#, with: #""role":"#)
    #expect(try program.run(["evaluate"], input: broken + "\n").code == 1)
  }

  @Test("nothing is written where it is not wanted, and the hash is the same")
  func unwanted() throws {
    let without = try replay(["--json", "--no-deleveraging-record"])
    let others = ["journal.db", "journal.db.mark", "shared-losses.jsonl"]
    #expect(folder.names(in: "out") == others)
    let with = try replay(["--json"])
    #expect(folder.names(in: "out") == ["deleveraging.jsonl"] + others)
    #expect(try Summary(without).runs[0].hash == Summary(with).runs[0].hash)
  }

  @Test("lines of an earlier run go with its journal, once the run that writes none has begun")
  func replaced() throws {
    let journal = ["journal.db", "journal.db.mark"]
    let lines = ["deleveraging.jsonl", "shared-losses.jsonl", "ranking.jsonl"]
    try #require(try replay(["--ranking-every", "10"]).code == 0)
    #expect(folder.names(in: "out") == (lines + journal).sorted())
    let unwanted = ["--no-deleveraging-record", "--no-shared-loss-record"]
    #expect(try replay(["--no-journal", "--length", "12min"]).code == 0)
    #expect(folder.names(in: "out") == (lines + journal).sorted(), "the journal is theirs still")
    #expect(try replay(unwanted + ["--resume", "--seed", "7"]).code == 1)
    #expect(folder.names(in: "out") == (lines + journal).sorted(), "the run was refused")
    #expect(try replay([]).code == 0)
    #expect(folder.names(in: "out") == (lines.prefix(2) + journal).sorted())
    #expect(try replay(unwanted + ["--ranking-every", "10"]).code == 0)
    #expect(folder.names(in: "out") == journal + lines.suffix(1))
    #expect(try replay(unwanted + ["--resume"]).code == 0)
    #expect(folder.names(in: "out") == journal)
    try FileManager.default.createDirectory(
      atPath: folder.file("out/ranking.jsonl"), withIntermediateDirectories: false)
    let obstructed = try replay([])
    #expect(obstructed.code == 1 && obstructed.errors.contains("ranking.jsonl: is of an earlier"))
  }

  @Test("ranking says where everybody stands, after any block")
  func ranking() throws {
    try #require(try replay(["--ranking-every", "1"]).code == 0)
    let journal = folder.file("out/journal.db")
    let live = try folder.read("out/ranking.jsonl").split(separator: "\n")
    let last = try program.run(["ranking", journal, "--json"])
    try #require(last.code == 0 && !last.output.isEmpty, "\(last.errors)")
    #expect(
      live.suffix(last.output.split(separator: "\n").count).joined(separator: "\n") + "\n"
        == last.output)
    try expectPlaces(in: objects(last.output))
    let block = try #require(try objects(String(live[0])).first?["block"] as? Int)
    for number in [block + 1, block + 9] {
      let then = try program.run(["ranking", journal, "--json", "--block", "\(number)"])
      let stated = live.filter { $0.contains("\"block\":\(number),") }
      #expect(!stated.isEmpty && then.output == stated.joined(separator: "\n") + "\n")
    }
    let one = try program.run(["ranking", journal, "--instrument", "BTC-PERP", "--account", "7"])
    #expect(one.code == 0 && one.output.hasPrefix("Block "), "\(one.errors)")
    let all = try program.run(["ranking", journal, "--instrument", "BTC-PERP"])
    for word in ["BTC-PERP at ", "Quantile", "long", "short", "–"] {
      #expect(all.output.contains(word), "\(word)")
    }
    #expect(!all.output.contains("BTC-PERP at \n"))
  }

  /// The first of a queue are of the highest quantile; who is in none has neither.
  private func expectPlaces(in lines: [[String: Any]]) throws {
    let rows = try lines.flatMap { try #require($0["accounts"] as? [[String: Any]]) }
    let best = rows.filter { $0["place"] as? Int == 1 }
    try #require(!best.isEmpty)
    #expect(best.allSatisfy { $0["quantile"] as? Int == 100 })
    for row in rows {
      #expect((row["place"] == nil) == (row["quantile"] == nil))
    }
    let places = rows.map { $0["place"] as? Int ?? 0 }
    #expect(places.contains(0) && places.contains { $0 > 1 })
  }

  @Test("ranking refuses what the journal does not have, and names it")
  func refusals() throws {
    try #require(try replay(["--length", "12min"]).code == 0)
    let journal = folder.file("out/journal.db")
    for (extra, code, words) in [
      (["--block", "1000000"], 1, "the journal has no block 1000000; its last is "),
      (["--block", "0"], 1, "no market has a price after block 0"),
      (["--block", "-1"], 2, "--block"),
      (["--instrument", "XRP-PERP"], 2, "“XRP-PERP” is not listed; there are BTC"),
      (["--account", "4000000000"], 2, "has no account 4000000000"),
    ] {
      let outcome = try program.run(["ranking", journal] + extra)
      #expect(Int(outcome.code) == code && outcome.output.isEmpty, "\(extra)")
      #expect(outcome.errors.contains(words), "\(outcome.errors)")
    }
    for every in ["0", "1000001"] {
      let outcome = try replay(["--ranking-every", every])
      #expect(outcome.code == 2 && outcome.errors.contains("--ranking-every: \(every)"))
    }
  }
}
