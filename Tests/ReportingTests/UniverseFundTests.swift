// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Instruments
import Ledger
import Parameters
import Quantities
import Testing

@testable import Reporting
@testable import Simulation

@Suite("Pictures of the funds of risk universes")
struct UniverseFundTests {
  @Test("each risk universe's fund is drawn and listed by itself, the common one first")
  func universes() throws {
    var result = try SyntheticReplay().make()
    let penalty = try #require(FundHistory.Flow.allCases.firstIndex(of: .penalty))
    result.fund.points = result.points.indices.map { block in
      var point = FundHistory.Point()
      point.flows[penalty] = block == 4 ? 5_000_000 : 0
      return point
    }
    func fund(_ number: UInt8, _ symbol: String, target: Int64) throws -> UniverseFund {
      var history = result.fund
      for block in history.points.indices {
        history.points[block].target = target
        history.points[block].peak = 8_000_000
        history.points[block].balance = 6_000_000
      }
      history.alarms = [
        FundHistory.Alarm(
          time: result.points[3].time, asset: result.quote.symbol, percent: 25,
          balance: 6_000_000, universe: RiskUniverse(number))
      ]
      return UniverseFund(
        universe: RiskUniverse(number), underlyings: [try AssetSymbol(symbol)], start: 2_000_000,
        history: history)
    }
    let plain = ReplayCharts(ReplayRuns([result]))
    #expect(plain.universeFunds.isEmpty && !result.fundJSON.compact.contains("universe"))
    result.universeFunds = [try fund(0, "BTC", target: 3_000_000), try fund(1, "ETH", target: 1)]
    #expect(result.universeFunds.map(\.revaluation) == [-1_000_000, -1_000_000])
    result.fund.alarms = result.universeFunds.flatMap(\.history.alarms)
    let charts = ReplayCharts(ReplayRuns([result]))
    #expect(
      charts.universeFunds.map(\.title) == [
        "Insurance fund: common universe (BTC)", "Insurance fund: universe 1 (ETH)",
      ])
    let text = ChartDrawing(chart: charts.universeFunds[1]).markup.text
    #expect(text.contains("target") && text.contains("75 % gone"))
    #expect(charts.fundAlarms.map(\.text).last?.contains("universe 1") == true)
    let page = RenderedPage([result])
    let table = try #require(page.after("Funds of the risk universes</caption>", upTo: 3_000))
    #expect(table.contains("universe 1 (ETH)") && table.contains("common universe (BTC)"))
    #expect(page.contains("funds together; dashed"))
    #expect(!page.contains("watches no alarms"))
    let json = result.fundJSON.compact
    #expect(json.contains("\"universe\":1,\"underlyings\":[\"ETH\"]"))
    #expect(json.components(separatedBy: "lastTarget").count == 4)
  }
}
