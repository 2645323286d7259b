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
}
