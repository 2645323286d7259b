// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Instruments
import Parameters
import Quantities
import Reporting
import Simulation
import Testing

@Suite("The page and the table of a backtest of option books")
struct OptionBacktestPageTests {
  /// Two expiries of 13 strikes at 50 %, then the same marks in coin 30 % lower in the quote
  /// currency: some books pass their requirement.
  private func study(_ models: String..., origin: String = "made") throws -> OptionBacktestStudy {
    let start = Timestamp(seconds: 1_767_225_600)
    let chains = try [(0, 100_000.0), (43_200, 70_000.0)].map { seconds, forward in
      var chain = OptionChainSnapshot(
        time: start + TimeSpan(seconds: Int64(seconds)), underlying: try AssetSymbol("BTC"))
      for days in [10, 40] as [Int64] {
        for step in 0..<13 {
          for right in OptionRight.allCases {
            let strike = 70_000 + 5_000 * Double(step)
            let inside = right == .call ? 130_000 - strike : strike - 70_000
            let mark = 0.002 + inside / 200_000
            chain.rows.append(
              OptionChainRow(
                right: right, strike: strike, expiry: start + TimeSpan(seconds: days * 86_400),
                bid: mark, ask: mark, mark: mark, markVolatility: 0.5, forward: forward))
          }
        }
      }
      return chain
    }
    let range = try ImpliedRangeParameters.bundled()
    let rules = try models.map { try OptionMarginRule.load($0, range: range) }
    let pairs = try OptionPairs(chains, most: OptionPairs.longestGap)
    return OptionBacktestStudy(
      try OptionBacktest(rules: rules, books: 60, seed: 4).run(pairs), origin: origin)
  }

  @Test("every model and kind stands in both, with the figures of the study")
  func figures() throws {
    let study = try study("derive-pmrm2", "plimsoll@implied")
    let page = OptionBacktestReport.render(study)
    let table = OptionBacktestTable.text(study)
    for (place, model) in study.result.models.enumerated() {
      let tally = study.result.tally(model: place)
      #expect(tally.exceedances > 0)
      let texts = [
        model, NumberText.percentage(tally.coverage, decimals: 3),
        NumberText.percentage(tally.meanInitial, decimals: 3),
      ]
      for text in texts {
        #expect(page.contains(text), "\(text)")
        #expect(table.contains(text), "\(text)")
      }
    }
    for kind in OptionBookKind.allCases {
      #expect(page.contains(kind.composition))
      #expect(table.contains("\n" + kind.rawValue))
    }
    // A dot for each of the six books that are kept of the one pair.
    for model in 1...2 {
      let figure = try #require(page.split(separator: "<figure id=\"books-\(model)\"").last)
      let dots = try #require(figure.split(separator: "class=\"dots fine\"").dropFirst().first)
      let path = try #require(dots.split(separator: "d=\"").dropFirst().first)
      #expect(path.prefix { $0 != "\"" }.count { $0 == "M" } == 6)
    }
    #expect(table.split(separator: "\n").allSatisfy { $0.count <= 120 })
  }

  @Test("the same study gives the same page, which needs nothing else and escapes its texts")
  func page() throws {
    let study = try study("plimsoll", origin: "<b>&made")
    let page = OptionBacktestReport.render(study)
    #expect(page == OptionBacktestReport.render(study))
    #expect(page.contains("&lt;b&gt;&amp;made"))
    #expect(!page.contains("<b>"))
    #expect(!page.contains("http://") && !page.contains("https://"))
  }
}
