// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("backtest options, from recorded chains to models side by side")
struct OptionBacktestCommandTests {
  let folder = try! Folder()

  private struct Answer: Decodable {
    let model: String
    let pairs: Int
    let booksPerPair: Int
    let seed: UInt64
    let coverage: Double
    let coverageFrom: Double
    let exceedances: Int
    let meanInitial: Double
    let meanInitialToFirst: Double
    let kinds: [Kind]

    struct Kind: Decodable {
      let kind: String
      let books: Int
    }
  }

  /// Three chains of two expiries and 13 strikes, half a day apart; the forward falls by 40 %.
  private func chains() throws -> String {
    var lines = [
      "ts_ms,currency,cp,strike,expiry_ms,bid_price,ask_price,mark_price,mark_iv,forward_price"
    ]
    let (start, day) = (1_767_225_600_000, 86_400_000)
    for (place, forward) in [100_000, 100_000, 60_000].enumerated() {
      for days in [10, 40] {
        for strike in stride(from: 70_000, through: 130_000, by: 5_000) {
          for right in ["C", "P"] {
            let inside = right == "C" ? 130_000 - strike : strike - 70_000
            let mark = "0.\(200_000 + inside * 5)"
            lines.append(
              "\(start + place * day / 2),BTC,\(right),\(strike),\(start + days * day),"
                + "\(mark),\(mark),\(mark),0.5,\(forward)")
          }
        }
      }
    }
    try folder.write("chains.csv", lines.joined(separator: "\n") + "\n")
    return folder.file("chains.csv")
  }

  private func run(_ extra: [String]) throws -> Program.Outcome {
    try Program.current().run(["backtest", "options"] + extra)
  }

  private func answers(_ outcome: Program.Outcome) throws -> [Answer] {
    try #require(outcome.code == 0, "\(outcome.errors)")
    return try outcome.output.split(separator: "\n").map {
      try JSONDecoder().decode(Answer.self, from: Data($0.utf8))
    }
  }

  private let models = ["--model", "derive-pmrm2", "--model", "plimsoll@implied"]

  @Test("prints a line of JSON for each model, the same for the same seed")
  func json() throws {
    let arguments = [try chains(), "--books", "50", "--seed", "7", "--json"] + models
    let outcome = try run(arguments)
    let answers = try answers(outcome)
    #expect(answers.map(\.model) == ["derive-pmrm2", "plimsoll@implied"])
    for answer in answers {
      #expect(answer.pairs == 2 && answer.booksPerPair == 50 && answer.seed == 7)
      #expect(answer.exceedances > 0)
      #expect(answer.coverage == 1 - Double(answer.exceedances) / 100)
      #expect(answer.coverageFrom < answer.coverage)
      #expect(answer.kinds.reduce(0) { $0 + $1.books } == 100)
    }
    #expect(answers[0].meanInitialToFirst == 1)
    #expect(answers[1].meanInitialToFirst == answers[1].meanInitial / answers[0].meanInitial)
    #expect(try run(arguments).output == outcome.output)
    // A wider range asks for more.
    let wider = try self.answers(run(arguments + ["--set", "implied.range.multiple=6"]))
    #expect(wider[1].meanInitial > answers[1].meanInitial)
    #expect(wider[0].meanInitial == answers[0].meanInitial)
  }

  @Test("prints tables, and writes a page where asked")
  func report() throws {
    let outcome = try run(
      [try chains(), "--books", "20", "--out", folder.file("out")] + models)
    try #require(outcome.code == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("2 pairs of chains, 12.0 to 12.0 h apart"))
    #expect(outcome.output.contains("\nplimsoll@implied"))
    let page = try String(contentsOfFile: folder.file("out/report.html"), encoding: .utf8)
    #expect(page.contains("Option books on recorded chains"))
  }

  @Test("an option that cannot be meant is wrong usage")
  func usage() throws {
    let path = try chains()
    for (extra, said) in [
      (["--underlying", "btc"], "--underlying: “btc” is no symbol"),
      (["--from", "January"], "--from: “January” is no day like 2026-02-01"),
      (["--from", "2026-02-01", "--to", "2026-01-01"], "--to lies before --from"),
      (["--apart", "169"], "--apart: 169 is not between 0 and 168"),
      (["--apart", "-1"], "--apart"),
    ] {
      let outcome = try run([path] + extra)
      #expect(outcome.code == 2 && outcome.output.isEmpty)
      #expect(outcome.errors.contains(said), "\(outcome.errors)")
    }
  }

  @Test("what cannot be computed is refused, and says why")
  func refusals() throws {
    let path = try chains()
    for (arguments, said) in [
      ([folder.file("none.csv")], "none.csv: there is no such file"),
      ([path, "--model", "nowhere"], "there is no model “nowhere”"),
      ([path, "--model", "hyperliquid-tiers"], "the model has no rule for it"),
      ([path, "--model", "plimsoll", "--model", "plimsoll"], "model plimsoll stands twice"),
      ([path, "--books", "0"], "the number of books is outside 1 to 1000000"),
      ([path, path], "stands twice"),
      ([path, "--underlying", "ETH"], "no two of the 0 snapshots"),
      ([path, "--set", "implied.rnge=3"], "there is no such parameter"),
    ] {
      let outcome = try run(arguments + ["--out", folder.file("out")])
      #expect(outcome.code == 1 && outcome.output.isEmpty)
      #expect(outcome.errors.contains(said), "\(outcome.errors)")
    }
    #expect(folder.names(in: "out").isEmpty)
  }
}
