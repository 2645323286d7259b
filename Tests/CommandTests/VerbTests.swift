// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("The verbs, from prices to a verified journal")
struct VerbTests {
  let folder = try! Folder()
  let program = try! Program.current()

  /// A replay of the small market into a folder of its own.
  private func replay(into out: String = "out", _ extra: [String] = []) throws -> Program.Outcome {
    try SmallMarket.write(to: folder)
    return try program.run(
      [
        "replay", "--market", folder.file("market"), "--out", folder.file(out),
        "--population", "30",
      ] + extra)
  }

  /// The value beside a name in a table of two columns.
  private func value(_ name: String, in text: String) -> Substring? {
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count == 2, words[0] == name { return words[1] }
    }
    return nil
  }

  @Test("replay writes journal and report, and verify and recover arrive at its hash")
  func wholeWay() throws {
    let summary = try Summary(replay(into: "out", ["--json"]))
    let run = try #require(summary.runs.first)
    #expect(summary.runs.count == 1 && run.totals.blocks == 60)
    #expect(run.totals.liquidations > 0, "the small market falls far enough to show something")
    #expect(!run.origin.isReconstruction)
    let names = [
      "deleveraging.jsonl", "journal.db", "journal.db.mark", "liquidations.jsonl", "report.html",
      "shared-losses.jsonl",
    ]
    #expect(folder.names(in: "out") == names)
    #expect(try folder.read("out/report.html").contains(run.hash))

    let journal = folder.file("out/journal.db")
    let verified = try Verified(program.run(["verify", journal, "--json"]))
    #expect(verified.hash == run.hash)
    #expect(verified.records == run.totals.records && verified.events == run.totals.events)
    let text = try program.run(["verify", journal])
    #expect(text.code == 0 && value("hash", in: text.output) == run.hash[...])
    let recovered = try program.run(["recover", journal])
    #expect(recovered.code == 0, "\(recovered.errors)")
    #expect(value("hash", in: recovered.output) == run.hash[...])
    #expect(value("state", in: recovered.output) == verified.state[...])
    let read = try Recovered(program.run(["recover", journal, "--json"]))
    #expect(read.hash == run.hash && read.state == verified.state)
    #expect(read.records == run.totals.records && read.journal == journal)
    #expect("\(read.accounts)" == value("accounts", in: recovered.output).map(String.init))
    #expect(read.time == value("time", in: recovered.output).map(String.init))
  }

  @Test("the summary for people has the figures, the hash and the places")
  func textSummary() throws {
    let outcome = try replay()
    #expect(outcome.code == 0, "\(outcome.errors)")
    for part in [
      "Key figures", "Liquidations", "Final hash", folder.file("out/report.html"),
      "plimsoll verify " + folder.file("out/journal.db"),
      "plimsoll evaluate " + folder.file("out/deleveraging.jsonl"),
      "plimsoll evaluate " + folder.file("out/shared-losses.jsonl"),
    ] {
      #expect(outcome.output.contains(part), "\(part)")
    }
    #expect(outcome.errors.isEmpty, "no progress bar where there is no terminal")
  }

  @Test("the same inputs end at the same hash, another seed at another")
  func again() throws {
    let first = try Summary(replay(into: "a", ["--json", "--no-report"]))
    let second = try Summary(replay(into: "b", ["--json", "--no-journal", "--no-report"]))
    let other = try Summary(replay(into: "c", ["--json", "--no-report", "--seed", "7"]))
    #expect(first.runs[0].hash == second.runs[0].hash)
    #expect(first.runs[0].hash != other.runs[0].hash)
    #expect(folder.names(in: "b").isEmpty)
  }

  @Test("--set puts a second run beside the first, in one report, with its own journal")
  func whatIf() throws {
    let change = "margin.maintenanceFactor=0.64"
    let summary = try Summary(replay(into: "out", ["--json", "--set", change]))
    #expect(summary.runs.map(\.origin.assignments) == [[], [change]])
    #expect(summary.runs[0].hash != summary.runs[1].hash)
    let report = try folder.read("out/report.html")
    for run in summary.runs { #expect(report.contains(run.hash)) }
    #expect(report.contains(change))
    for (name, run) in zip(["journal.db", "journal-set.db"], summary.runs) {
      let verified = try Verified(program.run(["verify", folder.file("out/" + name), "--json"]))
      #expect(verified.hash == run.hash)
    }
  }

  @Test("the report needs nothing from anywhere")
  func selfContained() throws {
    _ = try Summary(replay(into: "out", ["--json"]))
    // The chart library's own text names addresses; the page's markup may not ask for any.
    let pieces = try folder.read("out/report.html").components(separatedBy: "</script>")
    let report = pieces.map { $0.components(separatedBy: "<script")[0] }.joined()
    for form in ["src=\"http", "href=\"http", "src=\"//", "url(http", "@import"] {
      #expect(!report.contains(form), "\(form)")
    }
  }

  @Test("replay without a market uses the reconstruction and says so")
  func reconstruction() throws {
    let outcome = try program.run([
      "replay", "--length", "30min", "--population", "10", "--out", folder.file("out"), "--json",
    ])
    let run = try #require(Summary(outcome).runs.first)
    #expect(run.origin.isReconstruction && run.origin.market.contains("reconstruction"))
    #expect(try folder.read("out/report.html").contains("reconstruction"))
  }

  // MARK: Questions

  private let book = """
    account,mode,kind,name,quantity,price
    1,cross,collateral,USD,10000,
    1,cross,position,BTC-PERP,-2.5,7900

    """

  @Test("margin states a requirement that is the sum of its charges")
  func margin() throws {
    try folder.write("book.csv", book)
    let question = ["margin", folder.file("book.csv"), "--index", "BTC=7900"]
    let outcome = try program.run(question + ["--json"])
    try #require(outcome.code == 0, "\(outcome.errors)")
    let answer = try JSONDecoder().decode(MarginAnswer.self, from: Data(outcome.output.utf8))
    // 2.5 BTC at 7,900 in the first tier: 2.5 % maintenance, 5 % initial of 19,750.
    #expect(answer.account == 1 && answer.equity == "10000")
    #expect(answer.maintenanceMargin == "493.75" && answer.initialMargin == "987.5")
    #expect(answer.charges.map(\.maintenance) == ["493.75"])
    let text = try program.run(question)
    #expect(text.code == 0 && text.output.contains("maintenance margin"))
  }

  @Test("margin answers what a parameter changes")
  func marginWhatIf() throws {
    try folder.write("book.csv", book)
    let outcome = try program.run([
      "margin", folder.file("book.csv"), "--index", "BTC=7900", "--json",
      "--set", "margin.tiers.BTC.row.1.maintenance=2%",
    ])
    try #require(outcome.code == 0, "\(outcome.errors)")
    let answer = try JSONDecoder().decode(MarginAnswer.self, from: Data(outcome.output.utf8))
    #expect(answer.maintenanceMargin == "395")
  }

  @Test("margin refuses what it cannot price, and says what is missing")
  func marginRefusals() throws {
    try folder.write("book.csv", book.replacing("BTC-PERP", with: "ETH-PERP"))
    let unpriced = try program.run(["margin", folder.file("book.csv"), "--index", "BTC=7900"])
    #expect(unpriced.code == 1 && unpriced.errors.contains("“ETH-PERP”"))
    try folder.write("book.csv", book)
    let negative = try program.run(["margin", folder.file("book.csv"), "--index", "BTC=-7900"])
    #expect(negative.code == 2 && negative.errors.contains("“BTC=-7900”"))
    for extra in [["--volatility", "BTC=-5%"], ["--volatility", "BTC=9000%"], ["--at", "noon"]] {
      let wrong = try program.run(
        ["margin", folder.file("book.csv"), "--index", "BTC=7900"] + extra)
      #expect(wrong.code == 2 && wrong.output.isEmpty && wrong.errors.contains(extra[0]))
    }
    let absent = try program.run([
      "margin", folder.file("book.csv"), "--index", "BTC=7900", "--account", "2",
    ])
    #expect(absent.code == 2 && absent.errors.contains("has no account 2"))
  }

  @Test("margin prints nothing of a book that has one account it must refuse")
  func marginAllOrNothing() throws {
    try folder.write(
      "book.csv", book + "2,cross,collateral,USD,1,\n2,cross,position,BTC-PREP,1,7900\n")
    let outcome = try program.run(["margin", folder.file("book.csv"), "--index", "BTC=7900"])
    #expect(outcome.code == 1 && outcome.output.isEmpty)
    #expect(outcome.errors.contains("book.csv, line 5: field “name” is “BTC-PREP”"))
  }

  @Test("evaluate answers line by line and goes on after a line it must refuse")
  func evaluate() throws {
    let good =
      #"{"id":"x","kind":"funding.rate","premium":"0.08%","parameters":"#
      + #"{"interest":"0.01%","deadBand":"0.05%","cap":"0.75%"}}"#
    let answer = #"{"line":1,"id":"x","kind":"funding.rate","answer":{"rate":"0.0003"}}"#
    let fine = try program.run(["evaluate"], input: good + "\n")
    #expect(fine.code == 0 && fine.output == answer + "\n", "\(fine.output)\(fine.errors)")
    try folder.write("lines", good + "\nnonsense\n" + good + "\n")
    let mixed = try program.run(["evaluate", folder.file("lines")])
    let lines = mixed.output.split(separator: "\n")
    try #require(mixed.code == 1 && lines.count == 3, "\(mixed.output)\(mixed.errors)")
    #expect(lines[0] == answer[...] && lines[2].contains(#""line":3"#))
    #expect(lines[1].hasPrefix(#"{"line":2,"#) && lines[1].contains(#""error":{"code":"#))
  }

  @Test("bench prints a line of JSON for each figure")
  func bench() throws {
    let outcome = try program.run([
      "bench", "--kernels-only", "--auction-bids", "200", "--json",
    ])
    try #require(outcome.code == 0, "\(outcome.errors)")
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.count >= 4)
    let figures = try lines.map {
      try JSONDecoder().decode(BenchFigure.self, from: Data($0.utf8))
    }
    for filled in [1, 100] {
      let name = "stage of 200 bids in an auction, \(filled) filled"
      let stage = try #require(figures.first { $0.name == name })
      #expect(stage.value > 0 && stage.unit == "ms" && stage.goal == 10)
    }
    for figure in figures {
      #expect(!figure.name.isEmpty && !figure.unit.isEmpty && figure.value >= 0)
      if let baseline = figure.baseline, let ratio = figure.ratio {
        #expect(abs(ratio * figure.value / baseline - 1) < 1e-9, "baseline ÷ value")
      }
      #expect((figure.goal == nil) == (figure.met == nil))
      if let goal = figure.goal, let ratio = figure.ratio {
        #expect(figure.met == (ratio >= goal))
      }
    }
  }

  @Test("bench refuses fewer bids than a hundred, and more than one command may carry")
  func benchBids() throws {
    for count in ["99", "16385"] {
      let outcome = try program.run(["bench", "--kernels-only", "--auction-bids", count])
      #expect(outcome.code == 2 && outcome.output.isEmpty, "\(outcome.errors)")
      #expect(outcome.errors.contains("--auction-bids is from 100 to 16384, not \(count)"))
    }
  }

  @Test("--version names the engine and its numbers")
  func version() throws {
    let outcome = try program.run(["--version"])
    #expect(outcome.code == 0)
    #expect(outcome.output.contains("plimsoll-engine-"))
    #expect(outcome.output.contains("plimsoll-numbers-"))
  }
}

private struct MarginAnswer: Decodable {
  struct Charge: Decodable {
    let charge: String
    let initial: String
    let maintenance: String
  }
  let account: Int
  let equity: String
  let initialMargin: String
  let maintenanceMargin: String
  let charges: [Charge]
}

private struct BenchFigure: Decodable {
  let name: String
  let value: Double
  let unit: String
  let baseline: Double?
  let ratio: Double?
  let goal: Double?
  let met: Bool?
}
