// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Quantities
import Testing

@testable import Reporting
@testable import Simulation

@Suite("Charts")
struct ChartTests {
  @Test("show intervals that add up to the totals", arguments: [1, 7, 120, 500])
  func flows(blocks: Int) throws {
    let result = try SyntheticReplay(blocks: blocks).make()
    let flow = LiquidationFlow(result.points)
    #expect(flow.intervals.starts.count <= 97)
    #expect(flow.closed.reduce(0, +) == result.totals.liquidatedValue)
    #expect(flow.deleveraged.reduce(0, +) == result.totals.deleveragedValue)
    #expect(flow.socialized.reduce(0, +) == result.totals.socializedValue)
  }

  @Test("put every block in one interval")
  func intervals() throws {
    let points = try SyntheticReplay(blocks: 301).make().points
    let intervals = Intervals(points, most: 60)
    #expect(intervals.ranges.flatMap { Array($0) } == Array(points.indices))
    #expect(intervals.starts.count <= 60)
    for (start, range) in zip(intervals.starts, intervals.ranges) {
      #expect(start <= points[range.lowerBound].time)
      #expect(points[range.upperBound - 1].time < start + intervals.length)
    }
  }

  @Test("keep every block up to the limit, and one more makes pairs")
  func thinningLimit() throws {
    let points = try SyntheticReplay(blocks: 41).make().points
    #expect(Thinning(Array(points.prefix(40)), limit: 40).width == 1)
    let thinning = Thinning(points, limit: 40)
    #expect(thinning.width == 3)
    #expect(thinning.times.count == 28)
    #expect(thinning.thin(points.map { _ in 1 }).count == 28)
  }

  @Test("lose no extreme when thinned, and keep its order")
  func extremes() throws {
    let points = try SyntheticReplay(blocks: 9).make().points
    let thinning = Thinning(points, limit: 6)
    #expect(thinning.width == 3)
    let values: [Int64?] = [5, 1, 3, nil, 7, nil, nil, nil, nil]
    #expect(thinning.thin(values) == [5, 1, 7, 7, nil, nil])
    #expect(zip(thinning.times, thinning.times.dropFirst()).allSatisfy { $0 < $1 })
  }

  @Test("keep a lone account in the heat map visible")
  func lonelyAccount() throws {
    let points = try SyntheticReplay(blocks: 600, accounts: 0).make().points
    let lone = points.enumerated().map { block, point in
      ReplayPoint(
        time: point.time, markets: point.markets,
        ratioCounts: point.ratioCounts.indices.map { $0 == 2 && block == 300 ? 1 : 0 },
        accountsInLiquidation: 0, insuranceFund: [], insuranceFundValue: 0,
        openInterestValue: 0, liquidatedValue: 0, deleveragedValue: 0, socializedValue: 0,
        uncoveredValue: 0, coverage: MarginCoverage())
    }
    let map = RatioMap(lone)
    #expect(map.counts[2].filter { $0 == 1 }.count == 1)
    #expect(map.counts.flatMap { $0 }.reduce(0, +) == 1)
    #expect(RatioMap.classes[RatioMap.liquidatedClasses].hasPrefix("1 – "))
  }

  @Test("shade a count from its threshold on", arguments: [(0, 0), (1, 1), (2, 1), (3, 2), (9, 2)])
  func shades(count: Int, shade: Int) {
    let map = HeatMapChart(
      starts: [], end: SyntheticReplay.start, classes: [], counts: [],
      thresholds: [1, 3, 10], boundary: 0, boundaryName: "")
    #expect(map.shade(count) == shade)
  }

  @Test("put ticks at round values inside the range")
  func ticks() {
    let times = [SyntheticReplay.start, SyntheticReplay.start + TimeSpan(seconds: 172_800)]
    let frame = ChartFrame(width: 500, height: 200, left: 60, times: times, values: 370...793)
    #expect(frame.valueTicks == [400, 500, 600, 700])
    #expect(
      frame.timeTicks.map(\.label) == [
        "12 Mar", "06:00", "12:00", "18:00", "13 Mar", "06:00", "12:00", "18:00", "14 Mar",
      ])
    #expect(frame.point(times[0], 370) == "60,174")
    #expect(frame.point(times[1], 793) == "476,10")
  }

  @Test("leave gaps where the quorum was lost, and shade them")
  func gaps() throws {
    let result = try SyntheticReplay().make()
    let chart = try #require(ReplayCharts(ReplayRuns([result])).prices.first)
    guard case .lines(let lines) = chart.kind else {
      Issue.record("prices are lines")
      return
    }
    let median = try #require(lines.lines.last)
    let accepted = result.points.map { $0.markets[0].index?.steps }
    #expect(median.name == "accepted median")
    #expect(median.values == accepted)
    #expect(accepted.contains(nil))
    #expect(lines.bands.count == 1)
    #expect(lines.lines.count == SyntheticReplay.sources.count + 2)
    #expect(lines.lines.contains { $0.name == "KRAKEN (no vote)" })
  }

  @Test("mark the rejected samples of their underlying")
  func marks() throws {
    let result = try SyntheticReplay(blocks: 600).make()
    let charts = ReplayCharts(ReplayRuns([result])).prices
    guard case .lines(let bitcoin) = charts[0].kind, case .lines(let ether) = charts[1].kind
    else {
      Issue.record("prices are lines")
      return
    }
    #expect(bitcoin.marks.contains { $0.text.hasPrefix("COINBASE: outside the band") })
    #expect(!bitcoin.marks.contains { $0.text.hasPrefix("GEMINI") }, "zero is not a price")
    #expect(ether.marks.isEmpty)
  }

  @Test("are read back from the page as they were drawn")
  func json() throws {
    let result = try SyntheticReplay().make()
    let page = RenderedPage([result], charts: ChartLibrary(name: "x", script: ""))
    let opening = "<script type=\"application/json\" id=\"charts\">"
    let text = try #require(page.after(opening, upTo: .max)).prefix { $0 != "<" }
    let content = try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    let axes = try #require(content["axes"] as? [[Double]])
    #expect(axes[0].count == result.points.count)
    let charts = try #require(content["charts"] as? [[String: Any]])
    let fund = try #require(charts.first { $0["id"] as? String == "insurance-fund" })
    let traces = try #require(fund["traces"] as? [[String: Any]])
    let values = try #require(traces[0]["y"] as? [Double])
    let last = try #require(result.points.last).insuranceFundValue
    #expect(abs((values.last ?? 0) * 1_000_000 - Double(last)) <= 5_001)
  }

  @Test("are drawn without the library where there is none")
  func absentLibrary() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("plimsoll-charts-\(UUID().uuidString)")
    #expect(ChartLibrary(folder: folder.path) == nil)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data("let a = 1".utf8).write(to: folder.appendingPathComponent("plotly.min.js"))
    #expect(ChartLibrary(folder: folder.path)?.name == "plotly.min.js")
    try Data("plotly==7.1.0 plotly.min.js sha256:00\n".utf8)
      .write(to: folder.appendingPathComponent("VERSIONS"))
    let library = try #require(ChartLibrary(folder: folder.path))
    #expect(library.name == "plotly==7.1.0 plotly.min.js")
    #expect(library.script == "let a = 1")
  }
}
