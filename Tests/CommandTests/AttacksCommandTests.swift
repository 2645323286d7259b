// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("plimsoll attacks")
struct AttacksCommandTests {
  let folder = try! Folder()

  private func run(_ arguments: [String]) throws -> Program.Outcome {
    try Program.current().run(["attacks"] + arguments)
  }

  private struct Answer: Decodable {
    let family: String
    let strategies: Int
    let liquidated: Int
    let bestProfit: Int64
    let bestNumber: UInt64
    let broken: Int
    let touches: [String: Int]
    let grounds: [String: [String]]
  }

  private func answers(_ outcome: Program.Outcome) throws -> [Answer] {
    try outcome.output.split(separator: "\n").map {
      try JSONDecoder().decode(Answer.self, from: Data($0.utf8))
    }
  }

  @Test("plays every family, in a table and as JSON, and ends well without a profit")
  func all() throws {
    let outcome = try run(["--strategies", "24", "--json"])
    try #require(outcome.code == 0, "\(outcome.errors)")
    let found = try answers(outcome)
    #expect(found.count == 14 && Set(found.map(\.family)).count == 14)
    #expect(found.allSatisfy { $0.strategies == 24 && $0.bestProfit <= 0 && $0.broken == 0 })
    for answer in found {
      // What was touched on a venue was touched by somebody, and the other way round.
      let touched = Set(answer.grounds.values.flatMap(\.self))
      #expect(touched == Set(answer.touches.filter { $0.value > 0 }.keys), "\(answer.family)")
    }
    #expect(Set(found.flatMap(\.grounds.keys)).count >= 8)
    let table = try run(["--strategies", "24", "--family", "pools", "--threads", "1"])
    #expect(table.code == 0)
    let lines = table.output.split(separator: "\n")
    #expect(lines.count == 2 && lines[0].hasPrefix("family") && lines[1].hasPrefix("pools"))
  }

  @Test("prints one strategy step by step, with what it came to at the end")
  func trace() throws {
    let outcome = try run(["--family", "collusion", "--trace", "256"])
    try #require(outcome.code == 0, "\(outcome.errors)")
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.last?.hasPrefix("in all: gain ") == true)
    #expect(lines.contains { $0.hasPrefix("recordTrade: gain -") })
    #expect(lines.contains { $0.contains("(his) to fees") || $0.contains("(his) buys of") })
  }

  @Test("ends with 1 where there is a profit, and says so")
  func profit() throws {
    let file = Program.root.appendingPathComponent("ParameterFiles/plimsoll-2020-03-12.json")
    let text = try String(contentsOf: file, encoding: .utf8)
    // As far as the band reaches.
    let robbed = text.replacing(
      "{\"key\": \"insuranceFund.slippage\", \"value\": \"0.05%\"",
      with: "{\"key\": \"insuranceFund.slippage\", \"value\": \"50%\"")
    #expect(robbed != text)
    try folder.write("robbed.json", robbed)
    let arguments = ["--strategies", "48", "--family", "fakeDepth"]
    let outcome = try run(arguments + ["--parameters", folder.file("robbed.json")])
    #expect(outcome.code == 1 && outcome.output.contains("a profit"), "\(outcome.errors)")
    #expect(try run(arguments).code == 0)
  }

  @Test(
    "what cannot be meant is wrong usage",
    arguments: [
      ["--family", "nobody"], ["--strategies", "0"], ["--strategies", "100000001"],
      ["--threads", "0"], ["--threads", "257"], ["--trace", "3"],
    ])
  func usage(arguments: [String]) throws {
    let outcome = try run(arguments)
    #expect(outcome.code == 2 && outcome.errors.contains(arguments[0]))
  }
}
