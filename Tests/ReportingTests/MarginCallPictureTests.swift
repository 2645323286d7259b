// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Ledger
import Testing

@testable import Reporting
@testable import Simulation

@Suite("Margin calls in a summary and a page")
struct MarginCallPictureTests {
  private func replay() throws -> ReplayResult {
    var result = try SyntheticReplay().make()
    result.marginCalls = MarginCallSummary(
      rows: [
        MarginCallSummary.Row(
          step: .warning, calls: 1_300, accounts: 1_000, liquidated: 250, recovered: 700),
        MarginCallSummary.Row(
          step: .reduceOnly, calls: 640, accounts: 600, liquidated: 240, recovered: 360),
        MarginCallSummary.Row(step: .cancelOrders, calls: 0, accounts: 0),
      ], ordersCancelled: 4_321, liquidations: 260, withoutNotice: 19)
    result.marginCallHistory.points = result.points.indices.map { [$0, $0 / 2, 0] }
    return result
  }

  @Test("each step with who reached it and what became of them, in text and JSON")
  func told() throws {
    let result = try replay()
    let text = SummaryTable.text(result)
    let warned = try #require(text.split(separator: "\n").first { $0.hasPrefix("warned") })
    #expect(warned.split(separator: " ").dropFirst() == ["1,300", "1,000", "250", "700", "50"])
    #expect(text.contains("by calls: 4,321. Of 260 liquidations 19 began without a call"))
    let root = try JSONSerialization.jsonObject(with: Data(SummaryTable.json([result]).utf8))
    let run = try #require(((root as? [String: Any])?["runs"] as? [[String: Any]])?.first)
    let calls = try #require(run["marginCalls"] as? [String: Any])
    let steps = try #require(calls["steps"] as? [[String: Any]])
    #expect(steps.map { $0["step"] as? String } == ["warning", "reduceOnly", "cancelOrders"])
    #expect(steps[0]["stillCalled"] as? Int == 50 && steps[1]["liquidated"] as? Int == 240)
    #expect(calls["liquidationsWithoutNotice"] as? Int == 19)
    #expect(calls["ordersCancelled"] as? Int == 4_321 && calls["liquidations"] as? Int == 260)
  }

  @Test("a line for each step through time, and a bar for each by what became of its accounts")
  func drawn() throws {
    let result = try replay()
    let charts = ReplayCharts(ReplayRuns([result])).marginCalls
    #expect(charts.map(\.id) == ["margin-calls-0"])
    guard case .lines(let lines) = charts[0].kind else {
      Issue.record("no lines")
      return
    }
    #expect(lines.lines.map(\.name) == ["warned", "called to reduce", "orders cancelled"])
    #expect(lines.lines.map { $0.values.last?.flatMap(\.self) } == [119, 59, 0])
    #expect(charts[0].summary.contains("178 accounts"))
    let bars = MarginCallDrawing(summary: try #require(result.marginCalls)).markup.text
    let widths = bars.matches(of: /<rect class="bar"[^>]*width="([0-9.]+)"/).map { String($0.1) }
    // 790 wide for 1,000 accounts: 250, 700 and 50; then 240 and 360; nobody on the last.
    #expect(widths == ["197.5", "553", "39.5", "189.6", "284.4"])
    #expect(bars.contains("warned: 700 recovered") && !bars.contains("NaN"))
    let page = RenderedPage([result])
    #expect(page.contains("<a href=\"#calls\">Margin calls</a>"))
    #expect(page.contains("The ladder before liquidation</caption>"))
  }

  @Test("two runs have a picture each; one without a ladder has none")
  func comparison() throws {
    var other = try replay()
    other.origin.assignments = ["marginCall.warning=2"]
    #expect(ReplayCharts(ReplayRuns([try replay(), other])).marginCalls.count == 2)
    let page = RenderedPage([try SyntheticReplay().make(), other])
    #expect(page.count(of: "<figure id=\"margin-calls-") == 1)
    #expect(page.count(of: "What became of those who were called") == 1)
    #expect(SummaryTable.text([try SyntheticReplay().make(), other]).contains("Margin calls, "))
  }

  @Test("without a ladder nothing of it is anywhere")
  func absent() throws {
    let result = try SyntheticReplay().make()
    #expect(!SummaryTable.text(result).contains("Margin calls"))
    #expect(!SummaryTable.json([result]).contains("marginCalls"))
    #expect(!SummaryTable.json([result]).contains("calledAt"))
    let page = RenderedPage([result])
    #expect(!page.contains("Margin calls") && !page.contains("had been called"))
  }

  @Test("a large liquidation says for how long its account had been called")
  func notice() throws {
    var result = try SyntheticReplay().make()
    result.largest[0].calledAt = SyntheticReplay.start
    result.largest[1].calledAt = result.largest[1].cause.time
    #expect(RenderedPage([result]).count(of: "It had been called for 48 min.") == 1)
    #expect(SummaryTable.json([result]).ranges(of: "\"calledAt\"").count == 2)
  }
}
