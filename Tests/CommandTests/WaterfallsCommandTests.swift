// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("plimsoll waterfalls")
struct WaterfallsCommandTests {
  let folder = try! Folder()

  private func run(_ arguments: [String]) throws -> Program.Outcome {
    try SmallMarket.write(to: folder)
    return try Program.current().run(
      ["waterfalls", "--market", folder.file("market"), "--population", "20"] + arguments)
  }

  private func answer(_ arguments: [String]) throws -> [String: Any] {
    let outcome = try run(arguments + ["--json"])
    #expect(outcome.code == 0, "\(outcome.errors)")
    return try #require(
      try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
  }

  private func runs(_ answer: [String: Any]) throws -> [[String: Any]] {
    try #require(answer["runs"] as? [[String: Any]])
  }

  @Test("runs every waterfall that comes with it, the house's own first")
  func all() throws {
    let runs = try runs(answer([]))
    let names = runs.compactMap { $0["name"] as? String }
    #expect(names.first == "plimsoll" && names.count >= 11 && Set(names).count == names.count)
    #expect(runs.allSatisfy { $0["outcome"] is String && $0["totalCost"] is String })
  }

  @Test("runs the named ones in their order, prints a table and writes a page")
  func named() throws {
    let outcome = try run(["vega", "plimsoll", "--out", folder.file("out")])
    #expect(outcome.code == 0, "\(outcome.errors)")
    let lines = outcome.output.split(separator: "\n").map(String.init)
    let vega = lines.firstIndex { $0.hasPrefix("vega ") }
    let house = lines.firstIndex { $0.hasPrefix("plimsoll ") }
    #expect(try #require(vega) < #require(house))
    let page = try folder.read("out/waterfalls.html")
    #expect(page.contains("One crash under 2 waterfalls"))
  }

  @Test("a replay with a waterfall ends as its run in the comparison does")
  func replay() throws {
    let runs = try runs(answer(["cross-margin-fund"]))
    let outcome = try Program.current().run([
      "replay", "--market", folder.file("market"), "--population", "20", "--waterfall",
      "cross-margin-fund", "--no-journal", "--no-report", "--json", "--out", folder.file("replay"),
    ])
    #expect(outcome.code == 0, "\(outcome.errors)")
    let hash = try #require(runs.first?["hash"] as? String)
    #expect(outcome.output.contains(hash))
  }

  @Test("the first waterfall stands beside itself with values changed, and only they differ")
  func varied() throws {
    let own = "same:margin.buffer=20%"
    let depth = "depth:liquidation.depthWindow=10min,liquidation.depthPart=0.1%"
    let runs = try runs(answer(["plimsoll", "vega", "--vary", own, "--vary", depth]))
    #expect(
      runs.compactMap { $0["name"] as? String }
        == ["plimsoll", "plimsoll, same", "plimsoll, depth", "vega"])
    // A value said once more changes nothing but the name of the parameters.
    #expect(runs[0]["totalCost"] as? String == runs[1]["totalCost"] as? String)
    #expect(runs[0]["hash"] as? String != runs[2]["hash"] as? String)
    let refused = try run(["plimsoll", "--vary", "book.default.spread=1%"])
    #expect(refused.code == 1 && refused.errors.contains("no parameter of a waterfall"))
  }

  @Test("refuses two runs of one name, before anything is run")
  func doubled() throws {
    let (one, two) = ("a:liquidation.penalty=1%", "a:liquidation.penalty=2%")
    for (arguments, name) in [
      (["plimsoll", "--vary", one, "--vary", two], "plimsoll, a"),
      (["plimsoll", "--vary", "margin.buffer=9%", "--vary", "margin.buffer=9%"], "=9%"),
      (["plimsoll", "vega", "plimsoll"], "plimsoll"),
    ] {
      let outcome = try run(arguments)
      #expect(outcome.code == 2 && outcome.output.isEmpty)
      #expect(outcome.errors.contains("two runs would be called “"), "\(outcome.errors)")
      #expect(outcome.errors.contains(name + "”"))
    }
  }

  @Test("keepers without recorded gas are refused with code 1 and the whole path")
  func noGas() throws {
    let outcome = try run(["plimsoll", "--keepers"])
    #expect(outcome.code == 1 && outcome.output.isEmpty && !outcome.errors.contains("Usage"))
    #expect(outcome.errors.contains("--keepers: there is no file ethereum_gas_price_intraday"))
    #expect(outcome.errors.contains(folder.file("market/onchain")))
  }

  @Test("refuses a name that is none and a file that states a price, before anything is run")
  func refusals() throws {
    let unknown = try run(["no-such-venue"])
    #expect(unknown.code == 1 && unknown.errors.contains("there is no waterfall"))
    #expect(unknown.errors.contains("cross-margin-fund"), "what there is")
    let text = """
      {"name": "own", "date": "2026-01-01", "description": "x", "parameters": [
      {"key": "book.default.spread", "value": "1%", "source": "x"}]}
      """
    try folder.write("own.json", text)
    let strange = try run([folder.file("own.json")])
    #expect(strange.code == 1 && strange.errors.contains("no parameter of a waterfall"))
  }
}
