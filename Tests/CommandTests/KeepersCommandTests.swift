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

    /// Of the same sale, on any chain and of any seeds.
    func isLike(_ other: Row) -> Bool {
      study == other.study && rule == other.rule && lots == other.lots
    }
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
      #expect(proceeds <= 1)
      for share in [row.atZero, row.toPool, row.unsold] {
        #expect((0...1).contains(try #require(share)))
      }
      guard row.rule == "openWithoutReserve" else {
        #expect(try #require(row.leastProceeds) >= 0.9 - 1e-9 && row.atZero == 0, "the reserve")
        continue
      }
      guard row.chain == "baseFee" else { continue }
      let first = try #require(sales.first { $0.isLike(row) && $0.chain == "firstPrice" })
      #expect(try #require(row.atZero) >= #require(first.atZero) && #require(first.atZero) > 0.5)
      #expect(try #require(row.proceeds) <= #require(first.proceeds))
    }
    let seeing = rows.filter { $0.study == "frontRunner" }
    #expect(seeing.count == 2 * 4)
    for row in seeing {
      let most = try #require(row.mostExtraction)
      switch row.rule {
      case "displacedBatch": #expect(most <= 0)
      case "sealedBatch" where row.lots == 1:
        #expect(most <= 0, "of one lot a sealed bid gives nothing away")
      case "sealedBatch": break
      default: #expect(try #require(row.extraction) > 0)
      }
      #expect(row.tactic?.isEmpty == false)
    }
    let fee = try #require(rows.first { $0.study == "inclusion" && $0.chain == "baseFee" })
    #expect(try #require(fee.largestRise) <= 0.125_001, "EIP-1559")
    #expect(rows.count == 2 + 12 + 8)
    #expect(try run(small + ["--lots", "1", "--lots", "4", "--json"]).output == outcome.output)
  }

  @Test("means are of the seeds, and the least and the most those of one of them")
  func seeds() throws {
    func rows(_ seeds: String, from first: String) throws -> [Row] {
      let outcome = try run(
        ["--seeds", seeds, "--first", first, "--auctions", "3", "--rounds", "5", "--lots", "4"]
          + ["--json"])
      try #require(outcome.code == 0, "\(outcome.errors)")
      return try self.rows(outcome)
    }
    let (both, one, two) = (
      try rows("2", from: "6"), try rows("1", from: "6"), try rows("1", from: "7")
    )
    try #require(both.count == 2 + 6 + 4 && one.count == both.count && two.count == both.count)
    var isDifferent = false
    for (mean, parts) in zip(both, zip(one, two)) {
      if let a = parts.0.proceeds, let b = parts.1.proceeds {
        #expect(abs(try #require(mean.proceeds) - (a + b) / 2) <= 1e-9 * max(a, b))
        if mean.study == "keepers" { #expect(mean.leastProceeds == min(a, b)) }
        isDifferent = isDifferent || a != b
      }
      if let a = parts.0.extraction, let b = parts.1.extraction {
        #expect(abs(try #require(mean.extraction) - (a + b) / 2) <= 1e-6)
        #expect(mean.mostExtraction == max(a, b))
      }
      if let a = parts.0.largestRise, let b = parts.1.largestRise {
        #expect(mean.largestRise == max(a, b))
      }
    }
    #expect(isDifferent, "else a mean would be any of the two")
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

  @Test("--market has the gas of a recorded collection")
  func collection() throws {
    let folder = try Folder()
    // 12 March 2020, 00:00 and 23:00 UTC, and twice the price.
    for (name, price) in [("one", "20"), ("two", "40")] {
      try folder.write(
        "\(name)/onchain/ethereum_gas_price_intraday.csv",
        "ts_ms,avg_gwei\n1583971200000,\(price)\n1584054000000,\(price)\n")
    }
    let arguments = small + ["--lots", "1", "--json", "--market"]
    let outcomes = try ["one", "two"].map { try run(arguments + [folder.file($0)]) }
    for outcome in outcomes { #expect(outcome.code == 0, "\(outcome.errors)") }
    #expect(outcomes[0].output != outcomes[1].output)
  }

  @Test("gas of the reconstruction and of a collection are not asked for together")
  func both() throws {
    let outcome = try run(["--recorded", "--market", "anywhere"])
    #expect(outcome.code == 2 && outcome.errors.contains("--recorded is the gas of"))
  }

  @Test("gas that is not there, or of other days, is refused with code 1 and the whole path")
  func missing() throws {
    let folder = try Folder()
    // The last price is of 21:59:59.999 UTC; 22:00 would do.
    try folder.write(
      "other/onchain/ethereum_gas_price_intraday.csv",
      "ts_ms,avg_gwei\n1583971200000,20\n1584050399999,20\n")
    for (name, part) in [("none", "none/onchain"), ("other", "does not cover 12 March 2020")] {
      let outcome = try run(small + ["--market", folder.file(name)])
      #expect(outcome.code == 1 && outcome.output.isEmpty)
      #expect(outcome.errors.contains(part) && outcome.errors.contains(folder.file(name)))
      #expect(!outcome.errors.contains("Usage"))
    }
  }
}
