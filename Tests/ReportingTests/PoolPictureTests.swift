// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Ledger
import Quantities
import Testing

@testable import Reporting
@testable import Simulation

@Suite("Backstop pools in a summary and a page")
struct PoolPictureTests {
  /// The senior tranche loses 2 % at once in block 60; the junior gains a tenth of a per cent a
  /// block from block 100 on.
  private func replay() throws -> ReplayResult {
    var result = try SyntheticReplay().make()
    var senior = PoolHistory.Tranche(tranche: .senior)
    senior.deposited = 8_000_000_000
    senior.result = -160_000_000
    senior.prices = result.points.indices.map {
      Rate(billionths: $0 < 60 ? 1_000_000_000 : 980_000_000)
    }
    var junior = PoolHistory.Tranche(tranche: .junior)
    junior.deposited = 2_000_000_000
    junior.result = 40_000_000
    junior.prices = result.points.indices.map {
      Rate(billionths: 1_000_000_000 + Int64(max($0 - 99, 0)) * 1_000_000)
    }
    var pool = PoolHistory.Pool(
      id: AccountID(77), markets: [try AssetSymbol("BTC")], tranches: [senior, junior])
    pool.taken = result.points.indices.map { $0 % 10 == 0 ? 5_000_000_000 : 0 }
    pool.heldValue = 1_250_000_000
    result.pools.pools = [pool]
    return result
  }

  @Test("share prices of the tranches, and takeovers by interval")
  func drawn() throws {
    let result = try replay()
    let charts = ReplayCharts(ReplayRuns([result])).pools
    #expect(charts.map(\.id) == ["pool-shares", "pool-takeovers-0"])
    guard case .lines(let lines) = charts[0].kind, case .bars(let bars) = charts[1].kind else {
      Issue.record("no lines or no bars")
      return
    }
    #expect(lines.lines.map(\.name) == ["senior", "junior"])
    #expect(lines.lines.map { $0.values.last?.flatMap(\.self) } == [980_000_000, 1_020_000_000])
    let range = try #require(lines.range)
    #expect(range == 976_000_000...1_024_000_000)
    #expect(bars.series.flatMap(\.values).reduce(0, +) == 12 * 5_000_000_000)
    #expect(charts[0].summary.contains("senior ends at 98.00 %"))
    for chart in charts {
      let drawing = ChartDrawing(chart: chart).markup.text
      #expect(!drawing.contains("NaN") && !drawing.contains("inf"))
    }
    let page = RenderedPage([result])
    #expect(page.contains("<a href=\"#pools\">Pools</a>"))
    #expect(page.contains("Pools and their tranches</caption>") && page.contains("102.000 %"))
  }

  @Test("deposits, result and prices in text and JSON, prices only where they change")
  func told() throws {
    let result = try replay()
    let text = SummaryTable.text(result)
    let row = try #require(text.split(separator: "\n").first { $0.contains("  senior  ") })
    #expect(row.contains("$8.00 k") && row.contains("−$160") && row.contains("98.000 %"))
    let root = try JSONSerialization.jsonObject(with: Data(SummaryTable.json([result]).utf8))
    let run = try #require(((root as? [String: Any])?["runs"] as? [[String: Any]])?.first)
    let pool = try #require((run["pools"] as? [[String: Any]])?.first)
    #expect(pool["pool"] as? Int == 77 && pool["takenValue"] as? String == "60000")
    #expect(pool["heldValue"] as? String == "1250")
    let tranches = try #require(pool["tranches"] as? [[String: Any]])
    #expect(tranches.map { $0["tranche"] as? String } == ["senior", "junior"])
    #expect(tranches[0]["result"] as? String == "-160")
    let prices = try #require(tranches[0]["sharePrices"] as? [[String: Any]])
    #expect(prices.count == 2 && (tranches[1]["sharePrices"] as? [Any])?.count == 21)
    #expect(prices[1]["at"] as? String == "\(result.points[60].time)")
    #expect(prices[1]["price"] as? Double == 0.98)
  }

  @Test("two runs share the picture of prices; takeovers have one each")
  func comparison() throws {
    var other = try replay()
    other.origin.assignments = ["pool.discount=1%"]
    let charts = ReplayCharts(ReplayRuns([try replay(), other])).pools
    #expect(charts.map(\.id) == ["pool-shares", "pool-takeovers-0", "pool-takeovers-1"])
    guard case .lines(let lines) = charts[0].kind else {
      Issue.record("no lines")
      return
    }
    #expect(lines.lines.count == 4 && lines.lines[3].name == "junior, pool.discount=1%")
  }

  @Test("without a pool nothing of it is anywhere")
  func absent() throws {
    let result = try SyntheticReplay().make()
    #expect(!SummaryTable.text(result).contains("Backstop pools, "))
    #expect(!SummaryTable.text(result).contains("Share price"))
    #expect(!SummaryTable.json([result]).contains("sharePrice"))
    #expect(!RenderedPage([result]).contains("id=\"pools\""))
  }
}
