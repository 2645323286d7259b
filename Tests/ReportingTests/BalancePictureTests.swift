// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities
import Testing

@testable import Reporting
@testable import Simulation

@Suite("Pictures of the venue's balance")
struct BalancePictureTests {
  private func row(_ symbol: String, _ delta: Int64) throws -> BalanceRow {
    BalanceRow(
      underlying: try AssetSymbol(symbol), imbalance: delta, takersDelta: delta,
      takersGamma: -delta / 50, takersVega: delta * 40, makersDelta: -delta / 2,
      poolsDelta: -delta / 4, auctionsDelta: 0, hedgeDelta: -delta / 4, fundDelta: 0)
  }

  /// Takers go long by a coin a block; every twentieth block funding is paid, in turn by each
  /// side, and each fifth somebody pays an entry fee.
  private func replay(hedged: Bool = true) throws -> ReplayResult {
    var result = try SyntheticReplay().make()
    result.balanceHistory.points = try result.points.indices.map { block in
      var point = BalanceHistory.Point()
      point.rows = [
        try row("BTC", Int64(block) * 100_000_000), try row("ETH", -Int64(block) * 1_000_000_000),
      ]
      if block % 20 == 19 {
        point.longsPaid = block % 40 == 19 ? 5_000_000_000 : 0
        point.shortsPaid = block % 40 == 19 ? 0 : 7_000_000
      }
      if block % 5 == 0 { point.buyersPaid = 11_000_000 }
      if block % 7 == 0 { point.sellersPaid = 13_000_000 }
      if block % 9 == 0 { point.rebates = 17_000_000 }
      if hedged, block > 10 {
        point.hedge = BalanceHistory.HedgeStanding(
          cost: Int64(block) * 1_000_000, drawn: 40_000_000_000, equity: 39_000_000_000)
      }
      return point
    }
    result.balance = BalanceSummary(
      rows: result.balanceHistory.points.last?.rows ?? [], hedge: hedged ? HedgeSummary() : nil)
    return result
  }

  @Test("a chart of deltas, gamma and vega for each underlying, with coins and money on the axes")
  func greeks() throws {
    let charts = ReplayCharts(ReplayRuns([try replay()])).balance
    #expect(
      charts.map(\.id) == [
        "balance-btc-0", "gamma-btc", "vega-btc", "balance-eth-0", "gamma-eth", "vega-eth",
        "balance-payments-0", "hedge-size", "hedge-cost",
      ])
    guard case .lines(let deltas) = charts[0].kind else {
      Issue.record("no lines")
      return
    }
    // Nobody is under the hammer and the fund has no coins: no such lines.
    #expect(
      deltas.lines.map(\.name) == ["takers", "registered makers", "pools", "hedge of the fund"])
    let last = deltas.lines.compactMap { $0.values.last?.flatMap(\.self) }
    #expect(last == [119_000_000, -59_500_000, -29_750_000, -29_750_000])
    let drawings = charts.map { ChartDrawing(chart: $0).markup.text }
    // Takers end 119 BTC long and 1,190 ETH short, registered makers with half of the opposite;
    // gamma is a fiftieth of the opposite, vega forty dollars a coin.
    let labels = [
      ["−50.00 BTC", "0 BTC", "50.00 BTC", "100.00 BTC"],
      ["−2.00 BTC", "−1.50 BTC", "−1.00 BTC", "−0.50 BTC", "0 BTC"],
      ["$0", "$1.00 k", "$2.00 k", "$3.00 k", "$4.00 k"],
      ["−1.00 k ETH", "−500.00 ETH", "0 ETH", "500.00 ETH"],
      ["0 ETH", "5.00 ETH", "10.00 ETH", "15.00 ETH", "20.00 ETH"],
      ["−$40.0 k", "−$30.0 k", "−$20.0 k", "−$10.0 k", "$0"],
    ]
    #expect(drawings.prefix(6).map(valueLabels) == labels)
    for drawing in drawings { #expect(!drawing.contains("NaN") && !drawing.contains("inf")) }
  }

  /// What stands at the axis of values, from below.
  private func valueLabels(_ drawing: String) -> [String] {
    drawing.matches(of: /class="tick end"[^>]*>([^<]*)</).map { String($0.1) }
  }

  @Test("payments of an interval add up to those of its blocks; what is given back is below")
  func payments() throws {
    let result = try replay()
    let flow = Flows(result.balanceHistory, result.points, most: 7)
    #expect(flow.intervals.ranges.count <= 7)
    // 3 of longs and of shorts, 24 of buyers, 18 of sellers, 14 given back.
    let expected: [Int64] = [15_000_000_000, 21_000_000, 264_000_000, 234_000_000, -238_000_000]
    #expect(flow.sums == expected)
    let charts = ReplayCharts(ReplayRuns([result])).balance
    let chart = try #require(charts.first { $0.id == "balance-payments-0" })
    guard case .bars(let bars) = chart.kind else {
      Issue.record("no bars")
      return
    }
    #expect(bars.series.count == 5 && bars.bottom < 0 && bars.top >= 5_000_000_000)
    #expect(chart.summary.contains("funding paid by longs $15.0 k"))
  }

  // At the first block with a hedge, ten short, BTC's delta is −11/4 coins.
  @Test("the hedge is drawn at the index, with its cost and capital, from when it was opened")
  func hedge() throws {
    let result = try replay()
    let charts = ReplayCharts(ReplayRuns([result])).balance
    let size = try #require(charts.first { $0.id == "hedge-size" })
    guard case .lines(let lines) = size.kind else {
      Issue.record("no lines")
      return
    }
    #expect(lines.lines.map(\.name) == ["BTC", "ETH"])
    let index = try #require(result.points[11].markets.first?.index)
    #expect(lines.lines[0].values[11] == -275 * index.steps / 10_000)
    let halted = try #require(result.points.firstIndex { $0.markets[0].index == nil })
    #expect(lines.lines[0].values[halted] == nil, "no index, no value")
    let cost = try #require(charts.first { $0.id == "hedge-cost" })
    guard case .lines(let parts) = cost.kind else {
      Issue.record("no lines")
      return
    }
    #expect(parts.lines.count == 3 && parts.lines[0].values[10] == nil)
    #expect(parts.lines[0].values[11] == 11_000_000 && cost.summary.contains("$119"))
    let plain = ReplayCharts(ReplayRuns([try replay(hedged: false)])).balance
    #expect(!plain.contains { $0.id.hasPrefix("hedge") })
  }

  @Test("two runs have a chart of deltas each, and every other with the lines of both")
  func comparison() throws {
    var other = try replay()
    other.origin.assignments = ["hedge.capital=1"]
    let charts = ReplayCharts(ReplayRuns([try replay(), other])).balance
    #expect(charts.count { $0.id.hasPrefix("balance-btc-") } == 2)
    let gamma = try #require(charts.first { $0.id == "gamma-btc" })
    guard case .lines(let lines) = gamma.kind else {
      Issue.record("no lines")
      return
    }
    #expect(lines.lines.map(\.name) == ["takers, base", "takers, hedge.capital=1"])
    #expect(Set(charts.map(\.id)).count == charts.count)
  }

  @Test("without a house the page says so and draws nothing of it")
  func none() throws {
    let result = try SyntheticReplay().make()
    #expect(ReplayCharts(ReplayRuns([result])).balance.isEmpty)
    let section = try #require(
      RenderedPage([result]).after("<section id=\"balance\"", upTo: 1_500))
    #expect(section.contains("Nobody is of the house") && !section.contains("<svg"))
    let full = try #require(
      RenderedPage([try replay()]).after("<section id=\"balance\"", upTo: 400_000))
    #expect(full.contains("Who holds what at the end") && full.contains("119.00 BTC"))
  }

  @Test("who came from outside stands in page, text and JSON, and nowhere if nobody did")
  func outside() throws {
    var result = try replay()
    #expect(!HTMLReport.render([result], charts: nil).contains("id=\"outside\""))
    #expect(!SummaryTable.text(result).contains("Keepers"))
    var story = KeeperStory()
    story.offered = 9
    story.fallbacks = 4
    story.keepers = [KeeperFigures(), KeeperFigures()]
    story.keepers[0].sent = 6
    story.keepers[0].reached = 3
    story.keepers[0].gasPaid = 2_000_000
    story.keepers[1].taken = 2
    story.keepers[1].rewards = 5_500_000
    story.keepers[1].gasPaid = 1_250_000
    var outside = OutsideSummary()
    outside.requests = 31
    outside.quotedValue = 8_000_000_000
    (result.keepers, result.outside) = (story, outside)
    let page = HTMLReport.render([result], charts: nil)
    #expect(page.contains("id=\"outside\"") && page.contains("9 slices offered 4 fell back"))
    let text = SummaryTable.text(result)
    for part in ["Of 9 slices offered 4 fell back", "Requests for quotes", "$8.00 k", "$3.25"] {
      #expect(text.contains(part), "\(part)")
    }
    let json = SummaryTable.json([result])
    for part in ["\"requests\": 31", "\"fallbacks\": 4", "\"gasPaid\": \"3.25\"", "\"sent\": 6"] {
      #expect(json.contains(part), "\(part)")
    }
  }
}
