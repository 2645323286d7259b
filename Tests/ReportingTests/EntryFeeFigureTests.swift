// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Quantities
import Testing

@testable import Reporting
@testable import Simulation

@Suite("Entry fees in a summary and a page")
struct EntryFeeFigureTests {
  private func replay(_ entry: EntrySummary?) throws -> ReplayResult {
    var result = try SyntheticReplay().make()
    let row = BalanceRow(
      underlying: try AssetSymbol("BTC"), imbalance: 7, takersDelta: 1, takersGamma: 0,
      takersVega: 0, makersDelta: -1, poolsDelta: 0, auctionsDelta: 0, hedgeDelta: 0, fundDelta: 0)
    result.balance = BalanceSummary(rows: [row], entry: entry)
    return result
  }

  @Test("what was paid and given back, at the opening and since, and what is left")
  func shown() throws {
    let entry = EntrySummary(
      openingPaid: 8_100_000_001, openingRebates: 700_000_000, paid: 62_000_000,
      rebates: 5_000_000, pots: 7_457_000_001)
    let result = try replay(entry)
    let text = SummaryTable.text(result)
    #expect(text.contains("Entry fees"))
    let opening = try #require(
      text.split(separator: "\n").first { $0.hasPrefix("Paid at the opening") })
    #expect(opening.contains("$8.10 k"))
    let root = try JSONSerialization.jsonObject(with: Data(SummaryTable.json([result]).utf8))
    let run = try #require(((root as? [String: Any])?["runs"] as? [[String: Any]])?.first)
    let told = (run["balance"] as? [String: Any])?["entryFees"] as? [String: String]
    #expect(
      told == [
        "openingPaid": "8100.000001", "openingRebates": "700", "paid": "62", "rebates": "5",
        "pots": "7457.000001",
      ])
    let page = RenderedPage([result])
    #expect(page.contains("Entry fees</caption>") && page.contains("$7.46 k"))
  }

  @Test("nothing where no underlying has one")
  func absent() throws {
    let result = try replay(nil)
    #expect(!SummaryTable.text(result).contains("Entry fees"))
    #expect(!SummaryTable.json([result]).contains("entryFees"))
    #expect(!RenderedPage([result]).contains("Entry fees</caption>"))
  }
}
