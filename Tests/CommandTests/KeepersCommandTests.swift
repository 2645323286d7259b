// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("plimsoll keepers")
struct KeepersCommandTests {
  private func run(_ arguments: [String]) throws -> Program.Outcome {
    try Program.current().run(["keepers"] + arguments)
  }

  private let small = ["--seeds", "2", "--auctions", "3", "--rounds", "5"]

  private struct Row: Decodable {
    let study: String
    let chain: String?
    let lots: Int?
    let rule: String?
    let proceeds: Double?
    let leastProceeds: Double?
    let atZero: Double?
    let toPool: Double?
    let unsold: Double?
    let largestRise: Double?
    let openShare: Double?
    let extraction: Double?
    let mostExtraction: Double?
    let tactic: String?
  }

  private func rows(_ outcome: Program.Outcome) throws -> [Row] {
    try outcome.output.split(separator: "\n").map {
      try JSONDecoder().decode(Row.self, from: Data($0.utf8))
    }
  }

  @Test("a row for each chain, rule and number of lots, as JSON")
  func json() throws {
    let outcome = try run(small + ["--lots", "1", "--lots", "4", "--json"])
    try #require(outcome.code == 0, "\(outcome.errors)")
    let rows = try rows(outcome)
    #expect(rows.count { $0.study == "inclusion" } == 2)
    let sales = rows.filter { $0.study == "keepers" }
    #expect(sales.count == 2 * 2 * 3)
    #expect(Set(sales.compactMap(\.chain)) == ["firstPrice", "baseFee"])
    for row in sales {
      let proceeds = try #require(row.proceeds)
      #expect(proceeds >= (try #require(row.leastProceeds)) - 1e-12 && proceeds <= 1)
      for share in [row.atZero, row.toPool, row.unsold] {
        #expect((0...1).contains(try #require(share)))
      }
      #expect(row.rule == "openWithoutReserve" || row.atZero == 0)
    }
    let seeing = rows.filter { $0.study == "frontRunner" }
    #expect(seeing.count == 2 * 4)
    for row in seeing {
      #expect(try row.rule != "displacedBatch" || #require(row.mostExtraction) <= 0)
      #expect(try #require(row.mostExtraction) >= #require(row.extraction) - 1e-9)
      #expect(row.tactic?.isEmpty == false)
    }
    let fee = try #require(rows.first { $0.study == "inclusion" && $0.chain == "baseFee" })
    #expect(try #require(fee.largestRise) <= 0.125_001, "EIP-1559")
    #expect(rows.count == 2 + 12 + 8)
    #expect(try run(small + ["--lots", "1", "--lots", "4", "--json"]).output == outcome.output)
  }

  @Test("the same in tables, with the recorded gas of the reconstruction too")
  func tables() throws {
    for gas in [[], ["--recorded"]] {
      let outcome = try run(small + gas + ["--lots", "2"])
      try #require(outcome.code == 0, "\(outcome.errors)")
      for part in [
        "Gas, gwei", "Sold to keepers", "Front-runner", "baseFee", "sealedBatch", "displacedBatch",
      ] {
        #expect(outcome.output.contains(part), "\(part)")
      }
    }
    let other = try run(small + ["--lots", "2", "--first", "9"])
    #expect(other.output != (try run(small + ["--lots", "2"])).output)
  }

  @Test(
    "what cannot be meant is wrong usage",
    arguments: [
      ["--seeds", "0"], ["--seeds", "1001"], ["--auctions", "0"], ["--rounds", "100001"],
      ["--lots", "0"], ["--lots", "65"],
    ])
  func usage(arguments: [String]) throws {
    let outcome = try run(arguments)
    #expect(outcome.code == 2 && outcome.errors.contains(arguments[0]))
  }
}
