// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Quantities
import Reporting
import Testing

@testable import Simulation

@Suite("The summary")
struct SummaryTableTests {
  @Test("shows origin, sums, stages, the three largest and the hash")
  func text() throws {
    let result = try SyntheticReplay().make()
    let text = SummaryTable.text(result)
    let money = MoneyFormat(currency: result.quote.symbol)
    #expect(text.contains("Reconstruction. Seven made-up venues"))
    #expect(text.contains("Option marks come from a parametric surface"))
    #expect(text.contains(money.short(result.totals.fundAtEnd)))
    #expect(text.contains("\(result.hash)"))
    let lines = text.split(separator: "\n")
    #expect(lines.contains { $0.hasPrefix("partial liquidation") && $0.hasSuffix("1,203") })
    #expect(lines.count { $0.hasPrefix("47") } == 3)
    #expect(!text.contains(" \n"))
  }

  @Test("lists every stage in the order of the venue's waterfall")
  func stages() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let path = folder.appendingPathComponent("../../ParameterFiles/plimsoll-2020-03-12.json")
    let house = try ParameterFile.load(path: path.standardizedFileURL.path)
    let first = ["cancel orders", "partial liquidation", "auction", "backstop pool"]
    for (ranks, rest) in [
      ([], ["insurance fund", "auto-deleveraging", "socialized loss"]),
      (
        ["waterfall.deleveraging.rank=4", "waterfall.insuranceFund.rank=5"],
        ["auto-deleveraging", "insurance fund", "socialized loss"]
      ),
    ] {
      var result = try SyntheticReplay().make()
      result.origin.parameters = try house.applying(ranks).set
      let lines = SummaryTable.text(result).split(separator: "\n").map(String.init)
      let heading = try #require(lines.firstIndex { $0.hasPrefix("Liquidations by") })
      let names = lines[(heading + 2)...].prefix(7).map {
        $0.components(separatedBy: "  ")[0]
      }
      #expect(names == first + rest)
    }
  }

  @Test("sets two replays beside each other")
  func comparison() throws {
    var other = SyntheticReplay()
    other.assignments = ["liquidation.penalty=0.4%"]
    other.severity = 74
    let text = SummaryTable.text([try SyntheticReplay().make(), try other.make()])
    let lines = text.split(separator: "\n")
    let heading = try #require(lines.first { $0.hasPrefix("Key figures") })
    #expect(heading.contains("base"))
    #expect(heading.contains("liquidation.penalty=0.4%"))
    #expect(lines.contains { $0.hasPrefix("Liquidations ") && $0.hasSuffix("−336") })
    #expect(lines.count { $0.hasPrefix("Final hash, ") } == 2)
  }

  @Test("is JSON with exact money and stable names")
  func json() throws {
    var replay = SyntheticReplay()
    replay.title = "“quoted” \"\\ \u{1} </script>"
    let result = try replay.make()
    let text = SummaryTable.json([result])
    let root = try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    let run = try #require((root["runs"] as? [[String: Any]])?.first)
    let names = [
      "auctions", "costs", "deleveragingQueue", "deleveragings", "engine", "from", "fund", "hash",
      "largest", "liquidationsByFurthestStage", "markets", "name", "numbers", "origin", "quote",
      "rejections", "to", "totals",
    ]
    #expect(run.keys.sorted() == names)
    #expect((run["origin"] as? [String: Any])?["title"] as? String == replay.title)
    #expect(run["hash"] as? String == "\(result.hash)")
    let totals = try #require(run["totals"] as? [String: Any])
    let fields = [
      "accountBlocks", "accounts", "blocks", "deleveragedAccounts", "deleveragedValue", "events",
      "fees", "fundAtEnd", "fundAtStart", "fundPaid", "gapPremiums", "highestUncoveredValue",
      "instruments",
      "liquidatedValue", "liquidations", "lossValue", "lossValueBeyondInitial",
      "lossValueBeyondMaintenance", "lossesBeyondInitial", "lossesBeyondMaintenance",
      "lowestFund", "mostAccountsInLiquidation", "penalties", "positions", "records",
      "refusedCommands", "rejectedSamples", "skippedRows", "socializedValue",
    ]
    #expect(totals.keys.sorted() == fields)
    #expect(totals["liquidations"] as? Int == result.totals.liquidations)
    let fund = try #require(totals["fundAtStart"] as? String)
    #expect(fund == "35000000.000001")
    let stages = try #require(run["liquidationsByFurthestStage"] as? [String: Int])
    #expect(stages.values.reduce(0, +) == result.totals.liquidations)
  }

  @Test("has the venue's balance and its hedge where there is one, exactly")
  func balance() throws {
    var result = try SyntheticReplay().make()
    #expect(!SummaryTable.text(result).contains("Takers"))
    var hedge = HedgeSummary()
    hedge.orders = 3
    hedge.hedgedValue = 60_000_000_000
    hedge.cost = 300_000_001
    hedge.drawn = 5_100_000_064
    result.balance = BalanceSummary(
      rows: [
        BalanceRow(
          underlying: try AssetSymbol("BTC"), imbalance: 20_000_000_000, takersDelta: 250_000_000,
          takersGamma: 0, takersVega: -1, makersDelta: -1_000_000_000, poolsDelta: 0,
          auctionsDelta: 0, hedgeDelta: 750_000_000, fundDelta: 5)
      ], hedge: hedge)
    let lines = SummaryTable.text(result).split(separator: "\n")
    let row = try #require(lines.first { $0.hasPrefix("BTC ") && $0.contains("7.5") })
    #expect(row.contains("2.5") && row.contains("-10"))
    #expect(lines.contains { $0.hasPrefix("Hedged ") })
    let root = try JSONSerialization.jsonObject(with: Data(SummaryTable.json([result]).utf8))
    let run = try #require(((root as? [String: Any])?["runs"] as? [[String: Any]])?.first)
    let balance = try #require(run["balance"] as? [String: Any])
    let first = try #require((balance["underlyings"] as? [[String: String]])?.first)
    #expect(
      first == [
        "underlying": "BTC", "imbalance": "20000", "takersDelta": "2.5", "takersGamma": "0",
        "takersVega": "-0.00000001", "makersDelta": "-10", "poolsDelta": "0",
        "auctionsDelta": "0", "hedgeDelta": "7.5", "fundDelta": "0.00000005",
      ])
    let told = try #require(balance["hedge"] as? [String: Any])
    #expect(told["orders"] as? Int == 3 && told["cost"] as? String == "300.000001")
    #expect(told["drawn"] as? String == "5100.000064" && told["hedgedValue"] as? String == "60000")
  }
}
