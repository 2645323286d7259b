// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Quantities
import Testing

@testable import Reporting
@testable import Simulation

@Suite("Explained liquidations")
struct StoryTests {
  @Test("show cause, charges, steps and payers of each")
  func explanation() throws {
    let result = try SyntheticReplay().make()
    let page = RenderedPage([result])
    let money = MoneyFormat(currency: result.quote.symbol)
    #expect(page.count(of: "<details class=\"story\"") == 10)
    for story in result.largest {
      let sum = story.charges.reduce(0) { $0 + $1.amount }
      #expect(sum == story.cause.maintenanceMargin)
      let row = "Maintenance margin</th><td class=\"number\">\(money.exact(sum))</td>"
      #expect(page.contains(row))
      #expect(page.contains("<b>\(story.account)</b>"))
      #expect(page.contains(">\(money.exact(story.closedValue))</td>"))
      #expect(page.contains(">\(money.exact(story.penalty))</td>"))
    }
    #expect(page.contains("a margin ratio of 0.90"))
    #expect(page.contains("It ended 21 min later"))
    #expect(page.contains("It had not ended when the replay did"))
  }

  @Test("say so when charges do not add up, by one unit")
  func charges() throws {
    var result = try SyntheticReplay().make()
    let story = result.largest[0]
    result.largest = [
      LiquidationStory(
        account: story.account, mode: story.mode, cause: story.cause,
        charges: [(label: "all", amount: story.cause.maintenanceMargin - 1)], steps: story.steps,
        endedAt: nil, outcome: nil, closedValue: 0, deleveragedValue: 0, penalty: 0, fundPaid: 0,
        socialized: 0, stage: .partial)
    ]
    let page = RenderedPage([result])
    #expect(page.contains("Sum (maintenance margin is "))
    #expect(!page.contains("Maintenance margin</th>"))
  }

  @Test("fold the middle of a long timeline and say how much")
  func timeline() throws {
    let result = try SyntheticReplay().make()
    #expect(result.largest[0].steps.count == 70)
    let page = RenderedPage([result])
    #expect(page.contains("40 steps are not shown"))
  }
}

@Suite("Unusual replays")
struct UnusualReplayTests {
  @Test("are shown without a block, with one, and without liquidations", arguments: [0, 1, 2])
  func short(blocks: Int) throws {
    var result = try SyntheticReplay(blocks: blocks).make()
    result.largest = []
    let page = RenderedPage([result], charts: ChartLibrary(name: "x", script: ""))
    #expect(page.contains("No account was liquidated."))
    #expect(page.html.hasSuffix("</html>\n"))
    #expect(SummaryTable.text([result]).contains("Largest liquidations: none"))
  }

  @Test("are shown with amounts at the ends of their range")
  func extremes() throws {
    var result = try SyntheticReplay(blocks: 3).make()
    let story = result.largest[0]
    result.largest = [
      LiquidationStory(
        account: story.account, mode: story.mode,
        cause: LiquidationCause(
          equity: .min, maintenanceMargin: .max, time: story.cause.time),
        charges: [(label: "a", amount: .max), (label: "b", amount: .max)], steps: [],
        endedAt: nil, outcome: nil, closedValue: .max, deleveragedValue: 0, penalty: .min,
        fundPaid: 0, socialized: 0, stage: .partial)
    ]
    result.totals.fundAtEnd = .min
    result.totals.liquidatedValue = .max
    let page = RenderedPage([result])
    #expect(page.contains("−$9,223,372,036,854.775808"))
    #expect(page.contains("a margin ratio of −1.00"))
  }

  @Test("of the same name are told apart")
  func names() throws {
    let result = try SyntheticReplay(blocks: 2).make()
    #expect(ReplayRuns([result, result, result]).names == ["base", "base #2", "base #3"])
  }
}
