// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Reporting
@testable import Simulation

@Suite("Keepers in a comparison, rights in a report")
struct KeeperFigureTests {
  private func run(_ name: String, keepers: KeeperStory?) throws -> WaterfallRun {
    var result = try SyntheticReplay().make()
    result.keepers = keepers
    return WaterfallRun(name: name, description: "What \(name) does.", result: result)
  }

  private var story: KeeperStory {
    var story = KeeperStory()
    story.keepers = [KeeperFigures(), KeeperFigures()]
    story.keepers[0].taken = 7
    story.keepers[0].rewards = 4_100_000_000
    story.keepers[1].rewards = 900_000_001
    story.keepers[1].gasPaid = 33_000_000
    story.keepers[1].cost = 12_000_000
    story.keepers[1].result = -8_000_000
    return story
  }

  @Test("what keepers were paid and paid for gas stands in table, page and JSON")
  func shown() throws {
    let runs = [try run("one", keepers: nil), try run("two", keepers: story)]
    let text = WaterfallTable.text(runs)
    let rows = text.split(separator: "\n").filter { $0.hasPrefix("two") }
    #expect(rows.count == 2 && rows[1].contains("$5.00 k") && rows[1].contains("$33"))
    #expect(text.contains("Their gas") && text.contains("a part of the cost to traders"))
    #expect(text.split(separator: "\n").count { $0.hasPrefix("one") } == 1)
    let json = WaterfallTable.json(runs)
    #expect(json.contains("\"keeperEarned\": \"5000.000001\""))
    #expect(json.ranges(of: "\"keeperGas\"").count == 1, "only where there were any")
    #expect(WaterfallReport.render(runs).contains("Keepers in the same runs</caption>"))
  }

  @Test("without keepers nothing of them is anywhere")
  func absent() throws {
    let runs = [try run("one", keepers: nil)]
    #expect(!WaterfallTable.text(runs).contains("Their gas"))
    #expect(!WaterfallTable.json(runs).contains("keeperGas"))
    #expect(!WaterfallReport.render(runs).contains("Keepers in the same runs</caption>"))
  }

  @Test("rights to slices have a table and a column of their own, where any were sold")
  func rights() throws {
    var result = try SyntheticReplay().make()
    result.keepers = story
    for text in [SummaryTable.text(result), SummaryTable.json([result])] {
      #expect(!text.contains("Rights to slices") && !text.contains("rightsPaid"))
    }
    var rights = RightsFigures()
    rights.sales = 31
    rights.bids = 115
    rights.toAccounts = 276_852_870
    rights.forfeited = 900_000_000
    result.keepers?.rights = rights
    result.keepers?.keepers[0].rightsPaid = 276_852_870
    let text = SummaryTable.text(result)
    #expect(text.contains("Rights to slices") && text.contains("Paid for rights"))
    let lost = text.split(separator: "\n").first { $0.hasPrefix("Deposits lost") }
    #expect(lost?.contains("$900") == true)
    let json = SummaryTable.json([result])
    for part in ["\"bids\": 115", "\"toAccounts\": \"276.85287\"", "\"rightsPaid\":"] {
      #expect(json.contains(part), "\(part)")
    }
    #expect(RenderedPage([result]).contains("Rights to slices</caption>"))
  }
}
