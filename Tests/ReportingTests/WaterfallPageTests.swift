// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Ledger
import Quantities
import Testing

@testable import Reporting
@testable import Simulation

@Suite("The page of a comparison of waterfalls")
struct WaterfallPageTests {
  /// A made-up run with stated costs and draw, millionths.
  private func run(
    _ name: String, slippage: Int64, penalty: Int64 = 0, deleveraged: Int64 = 0, fund: Int64 = 0,
    shared: Int64 = 0, owed: Bool = false
  ) throws -> WaterfallRun {
    var replay = SyntheticReplay()
    // Debts of the made-up crash end where it does, unless there is none.
    replay.blocks = owed ? 72 : 60
    var result = try replay.make()
    result.costs.add(slippage, .slippage, at: .partial)
    result.costs.add(penalty, .penalty, at: .partial)
    result.costs.add(deleveraged, .deleveraging, at: .deleveraging)
    result.costs.add(shared, .socialized, at: .socializedLoss)
    result.totals.socializedValue = shared
    result.totals.fundPaid = fund
    return WaterfallRun(name: name, description: "What \(name) does.", result: result)
  }

  private func solvent(_ runs: [WaterfallRun]) -> [String] {
    WaterfallRanking(runs).solvent.map(\.name)
  }

  @Test("a waterfall that shares a loss or leaves one is not among the solvent ones")
  func outcomes() throws {
    let calm = try run("calm", slippage: 5_000_000)
    #expect(calm.owedAtEnd == 0 && calm.outcome == .solvent)
    let shared = try run("shared", slippage: 1, shared: 1)
    #expect(shared.outcome == .lossShared)
    #expect(solvent([calm, shared]) == ["calm"])
  }

  @Test("the house wins only with the least cost and the least draw of the solvent ones")
  func dominates() throws {
    let house = try run("house", slippage: 5_000_000, fund: 7_000_000)
    let dearer = try run("dearer", slippage: 5_000_001, fund: 7_000_000)
    let cheaper = try run("cheaper", slippage: 4_999_999, fund: 7_000_000)
    let sparing = try run("sparing", slippage: 5_000_000, fund: 6_999_999)
    let shared = try run("shared", slippage: 1, shared: 1)
    #expect(WaterfallRanking([house, dearer, shared]).dominates("house"))
    #expect(!WaterfallRanking([house, cheaper]).dominates("house"))
    #expect(!WaterfallRanking([house, sparing]).dominates("house"))
    #expect(!WaterfallRanking([shared]).dominates("shared"), "not solvent")
    let same = WaterfallRanking([house, house])
    #expect(same.best(.totalCost, among: same.runs) == ["house", "house"])
  }

  @Test("the table shows every waterfall and its figures, and says who is best")
  func table() throws {
    let runs = [
      try run("house", slippage: 1_250_000_000, penalty: 250_000_000, fund: 3_000_000),
      try run("other", slippage: 2_000_000_000, deleveraged: -500_000_000, fund: 2_000_000),
    ]
    let text = WaterfallTable.text(runs)
    let lines = text.split(separator: "\n")
    let house = try #require(lines.first { $0.hasPrefix("house") })
    #expect(house.contains("$1.25 k *") && house.contains("$250.00"))
    // Where all are equal none is the least.
    #expect(house.contains("$1.50 k") && !house.contains("$1.50 k *"))
    let other = try #require(lines.first { $0.hasPrefix("other") })
    #expect(other.contains("−$500.00 *") && other.contains("$1.50 k"))
    #expect(text.contains("Of these house and other cost traders least."))
    #expect(text.contains("“house” has not both the smallest cost"))
  }

  @Test("JSON holds exact money and the places")
  func json() throws {
    let runs = [
      try run("house", slippage: 1_250_000_001, fund: 3), try run("other", slippage: 2, fund: 4),
    ]
    let point = FrontierPoint(
      term: .buffer, value: Rate(billionths: 200_000_000), run: runs[0])
    let bytes = Data(WaterfallTable.json(runs, [point]).utf8)
    let root = try #require(
      try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
    let objects = try #require(root["runs"] as? [[String: Any]])
    #expect(objects.map { $0["name"] as? String } == ["house", "other"])
    #expect(objects[0]["totalCost"] as? String == "1250.000001")
    #expect(objects[0]["totalCostPlace"] as? Int == 2)
    #expect(objects[0]["backstopPaidPlace"] as? Int == 1)
    #expect(objects[1]["fundPaid"] as? String == "0.000004")
    #expect(root["dominates"] as? Bool == false)
    #expect((root["frontier"] as? [[String: Any]])?.first?["term"] as? String == "buffer")
  }

  @Test("the page has a row, a bar and lines for each, the same bytes twice, and escapes names")
  func page() throws {
    let runs = [
      try run("house", slippage: 1_250_000_000, penalty: 250_000_000, fund: 3_000_000),
      try run("<b>other", slippage: 2_000_000_000, deleveraged: -500_000_000, fund: 2_000_000),
    ]
    let points = [Int64(0), 200_000_000].map {
      FrontierPoint(term: .buffer, value: Rate(billionths: $0), run: runs[0])
    }
    let html = WaterfallReport.render(runs, points)
    #expect(html == WaterfallReport.render(runs, points))
    #expect(!html.contains("<b>other") && html.contains("&lt;b&gt;other"))
    #expect(html.ranges(of: "<text class=\"name\"").count == 2)
    #expect(html.ranges(of: "<circle class=\"dot\"").count == 4, "two points on two planes")
    #expect(html.contains("id=\"frontier\"") && html.contains("deleveraged profit"))
    #expect(!html.contains("NaN") && !html.contains("inf"))
    let bare = WaterfallReport.render(runs)
    #expect(!bare.contains("id=\"frontier\""))
    #expect(!WaterfallReport.render([]).isEmpty)
  }

  @Test("a bar of no cost at all is drawn without a quotient of nothing")
  func nothing() throws {
    let html = WaterfallReport.render([try run("idle", slippage: 0)])
    #expect(!html.contains("NaN") && !html.contains("nan"))
  }
}
