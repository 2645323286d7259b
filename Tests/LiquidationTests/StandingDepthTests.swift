// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Parameters
import Quantities
import TestFixtures
import Testing

@Suite("Depth that has stood")
struct StandingDepthTests {
  private let market = InstrumentID(0)
  /// Read once: the ledger does not look at it.
  private static let set = Result { try ParameterFixture.set() }

  private func terms(_ window: String, _ tolerance: String = "0%") throws
    -> StandingDepthParameters
  {
    try LiquidationParameters(
      ParameterFixture.set([
        (key: "liquidation.depthWindow", value: window),
        (key: "liquidation.depthTolerance", value: tolerance),
      ])
    ).depth
  }

  /// The depth of bids as it was reported at these seconds; asks are twice that.
  private func depth(_ reports: [(second: Int64, bids: Int64)], window: Int64) throws
    -> MarketDepth
  {
    let usd = try Asset(symbol: AssetSymbol("USD"), decimals: 6)
    var state = LedgerState(quote: usd, parameters: try Self.set.get())
    for report in reports {
      state.apply(.blockStarted(at: Timestamp(seconds: report.second)))
      let sizes = (Size(steps: report.bids), Size(steps: 2 * report.bids))
      state.apply(
        .depthReported(
          [DepthReport(instrument: market, bids: sizes.0, asks: sizes.1)],
          window: TimeSpan(seconds: window)))
    }
    return try #require(state.execution.depth(of: market))
  }

  private func standing(
    _ reports: [(second: Int64, bids: Int64)], at second: Int64, window: Int64 = 100,
    tolerance: String = "0%", side: Side = .sell
  ) throws -> Int64? {
    standingDepth(
      of: try depth(reports, window: window), side: side, at: Timestamp(seconds: second),
      try terms("\(window)s", tolerance))
  }

  @Test("without tolerance it is the least of the window, of the side that is taken")
  func least() throws {
    let reports: [(Int64, Int64)] = [(0, 500), (40, 300), (60, 800), (90, 900)]
    #expect(try standing(reports, at: 100) == 300)
    #expect(try standing(reports, at: 100, side: .buy) == 600)
    // The 300 stood until 60: it counts until 159, and no more at 160.
    #expect(try standing(reports, at: 159) == 300)
    #expect(try standing(reports, at: 160) == 800)
    #expect(try standing(reports, at: 190) == 900)
  }

  @Test("a flash of depth is worth nothing, however large, and a flash of none is what is there")
  func flash() throws {
    #expect(try standing([(0, 500), (99, 1_000_000_000)], at: 100) == 500)
    #expect(try standing([(0, 500), (99, 1_000_000_000)], at: 198) == 500)
    #expect(try standing([(0, 500), (99, 1_000_000_000)], at: 199) == 1_000_000_000)
    #expect(try standing([(0, 500), (100, 3)], at: 100) == 3)
    #expect(try standing([(0, 500)], at: 0) == 500, "the first report")
    #expect(try standing([(0, 500)], at: 9_999_999) == 500, "the last one holds")
  }

  // By hand: of 100 seconds 10 had 50, 20 had 200 and 70 had 600.
  @Test("with tolerance, less may have been there for that part of the time and not a moment more")
  func tolerance() throws {
    let reports: [(Int64, Int64)] = [(0, 50), (10, 600), (40, 200), (60, 600)]
    for (tolerance, expected) in [
      ("0%", 50), ("9.9999999%", 50), ("10%", 200), ("10.0000001%", 200), ("29.9999999%", 200),
      ("30%", 600), ("50%", 600),
    ] as [(String, Int64)] {
      #expect(try standing(reports, at: 100, tolerance: tolerance) == expected, "\(tolerance)")
    }
    // A flash shorter than the tolerated dip does not help either.
    #expect(try standing([(0, 200), (80, 9_000)], at: 100, tolerance: "50%") == 200)
    // And never more than there is now.
    #expect(try standing([(0, 600), (99, 7)], at: 100, tolerance: "50%") == 7)
  }

  @Test("reports in one instant, and faster than a window can be cut, count for the least")
  func fast() throws {
    #expect(try standing([(0, 500), (0, 900)], at: 50) == 500)
    #expect(try standing([(0, 900), (0, 500)], at: 50) == 500)
    // 6,400 seconds are cut into hundreds: the wall of second 99 is part of the first span.
    let reports: [(Int64, Int64)] = [(0, 500), (99, 9_000)]
    #expect(try depth(reports, window: 6_400).spans.count == 1)
    #expect(try depth([(0, 500), (100, 9_000)], window: 6_400).spans.count == 2)
    let many = try depth((0..<5_000).map { ($0, 1_000 + $0 % 7) }, window: 640)
    #expect(many.spans.count <= 66)
  }

  @Test("more reported depth never lowers it, and it is one of the reported numbers")
  func monotone() throws {
    for seed in 0..<40 as Range<UInt64> {
      var random = Seeded(seed)
      var second: Int64 = 0
      let reports: [(Int64, Int64)] = (0..<12).map { _ in
        second += Int64.random(in: 0...30, using: &random)
        return (second, Int64.random(in: 0...1_000, using: &random))
      }
      let tolerance = "\(Int64.random(in: 0...50, using: &random))%"
      let one = try #require(try standing(reports, at: second + 5, tolerance: tolerance))
      var raised = reports
      let place = Int.random(in: reports.indices, using: &random)
      raised[place].1 += 500
      let more = try #require(try standing(raised, at: second + 5, tolerance: tolerance))
      #expect(more >= one)
      #expect(reports.contains { $0.1 == one })
      #expect(one <= reports[reports.count - 1].1 || reports.suffix(12).contains { $0.1 == one })
    }
  }

  // 1 % of distance: taking all of the depth costs half a per cent, a tenth of it a twentieth.
  @Test("taking from a depth costs half its distance for all of it, rounded up")
  func cost() throws {
    let distance = try Rate("1%")
    #expect(costOfDepth(Size(steps: 1_000), of: 1_000, distance: distance) == (try Rate("0.5%")))
    #expect(costOfDepth(Size(steps: 100), of: 1_000, distance: distance) == (try Rate("0.05%")))
    #expect(costOfDepth(Size(steps: 9_999), of: 1_000, distance: distance) == (try Rate("0.5%")))
    #expect(costOfDepth(Size(steps: 1), of: 3, distance: Rate(billionths: 1)).billionths == 1)
    #expect(costOfDepth(.zero, of: 0, distance: distance) == .zero)
    #expect(costOfDepth(Size(steps: 5), of: 0, distance: distance) == (try Rate("0.5%")))
    #expect(costOfDepth(Size(steps: .max), of: .max, distance: Rate(billionths: .max)) > .zero)
  }

  @Test("what a book does not give costs its whole distance")
  func leastCosts() throws {
    let distance = try Rate("1%")
    let cost = { (steps: Int64, depth: Int64) in
      leastCost(of: Size(steps: steps), through: depth, distance: distance)
    }
    #expect(try cost(999, 1_000) == Rate("0.4995%") && cost(1_000, 1_000) == Rate("0.5%"))
    // Half of it at 0.5 % in the mean, half at 1 %.
    #expect(try cost(2_000, 1_000) == Rate("0.75%"))
    // 1 % × (1 − 1000 ÷ 2002), rounded up.
    #expect(cost(1_001, 1_000).billionths == 5_004_996)
    #expect(cost(1, 0) == distance && cost(0, 0) == .zero)
    #expect(
      leastCost(of: Size(steps: .max), through: 1, distance: Rate(billionths: .max)).billionths
        == .max)
  }
}
