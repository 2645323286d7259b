// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Instruments
import MarketData
import Parameters
import Quantities
import Testing

@testable import Connectors
@testable import Simulation

/// Hourly slippage of Binance's BTCUSDT book, 22 August to 19 September 2022, beside the hour's
/// range, where this machine has them: `PLIMSOLL_DATA`, else beside the package.
private enum RecordedSlippage {
  static let folder =
    ProcessInfo.processInfo.environment["PLIMSOLL_DATA"]
    ?? URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .appending(path: "../../../../shared/data").standardized.path
  static let book = folder + "/orderbook/binance_btcusdt_spread_slippage_1h_2022-08_2022-09.csv.gz"
  static let prices = folder + "/prices_1h/binance_btcusdt_perp_1h_2019_2022-11_dev.csv.gz"
  static let isPresent = [book, prices].allSatisfy(FileManager.default.fileExists(atPath:))

  struct Hour {
    let low: Double
    let high: Double
    /// Mean of both sides, as a share of the price.
    let slippage: Double

    var range: Double { high / low - 1 }
  }

  /// Calls `body` with the time and some columns of every row.
  private static func rows(
    _ path: String, _ names: [String], _ body: (Int64, [Double]) -> Void
  ) throws {
    var table = try CSVTable(path: path, limits: ReadLimits())
    let columns = try names.map { name in try table.column(name) }
    let time = try table.column("ts_ms")
    while try table.next() {
      body(try #require(Int64(table.text(time))), columns.compactMap { Double(table.text($0)) })
    }
  }

  static func hours() throws -> [Hour] {
    var slippages: [Int64: Double] = [:]
    try rows(book, ["ask_slippage", "bid_slippage"]) { slippages[$0] = ($1[0] + $1[1]) / 2 }
    var hours: [Hour] = []
    try rows(prices, ["low", "high"]) { time, values in
      guard let slippage = slippages[time] else { return }
      hours.append(Hour(low: values[0], high: values[1], slippage: slippage))
    }
    return hours
  }
}

@Suite("The book's shape against recorded slippage")
struct RecordedSlippageTests {
  /// Six windows of ten minutes: a range grows with the root of time.
  private static let calm = 0.004 * 6.0.squareRoot()

  private func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }

  /// Of ln slippage over ln range, by least squares.
  private func elasticity(_ hours: [RecordedSlippage.Hour]) -> Double {
    let points = hours.map { (x: log($0.range), y: log($0.slippage)) }
    let count = Double(points.count)
    let x = points.reduce(0) { $0 + $1.x } / count
    let y = points.reduce(0) { $0 + $1.y } / count
    return points.reduce(0) { $0 + ($1.x - x) * ($1.y - y) }
      / points.reduce(0) { $0 + ($1.x - x) * ($1.x - x) }
  }

  /// Of two series of the same length.
  private func correlation(_ first: [Double], _ second: [Double]) -> Double {
    func deviations(_ values: [Double]) -> [Double] {
      let mean = values.reduce(0, +) / Double(values.count)
      return values.map { $0 - mean }
    }
    func product(_ first: [Double], _ second: [Double]) -> Double {
      zip(first, second).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let (x, y) = (deviations(first), deviations(second))
    return product(x, y) / (product(x, x) * product(y, y)).squareRoot()
  }

  /// The place of each value from the smallest on; no two are equal here.
  private func ranks(_ values: [Double]) -> [Double] {
    var ranks = values
    for (rank, index) in values.indices.sorted(by: { values[$0] < values[$1] }).enumerated() {
      ranks[index] = Double(rank)
    }
    return ranks
  }

  /// What an order costs in the simulated book after an hour's range, over what it costs in a calm
  /// hour; without the spread, so that its size cancels.
  private func modelled(_ range: Double) throws -> Double {
    let bundled = try BookParameters(MarkedVenue.file.get().set)[AssetSymbol("BTC")]
    let parameters = DepthParameters(
      dailyVolume: bundled.dailyVolume, spread: .zero, impact: bundled.impact,
      calmRange: Rate(billionths: Int64(Self.calm * 1e9)), rangeWindow: .hour,
      leastShare: bundled.leastShare, recoveryHalfLife: bundled.recoveryHalfLife,
      optionSpread: bundled.optionSpread, leastDelta: bundled.leastDelta,
      optionDiscount: bundled.optionDiscount)
    func cost(_ range: Double) throws -> Double {
      var depth = Depth(parameters)
      for (minute, price) in [(0, 20_000), (30, 20_000 * (1 + range))] {
        let market = UnderlyingMarket(
          underlying: try AssetSymbol("BTC"),
          index: try Price(price, rounding: .toNearestOrEven), basis: .zero,
          volatility: try Rate("60%"))
        depth.observe(market, at: MarkedVenue.start + TimeSpan(seconds: Int64(minute) * 60))
      }
      return depth.curve(isOption: false, for: .sell).average(from: 0, to: 200_000)
    }
    return try cost(range) / cost(0)
  }

  @Test("the simulated book is whole up to the calm range, and costs its root beyond")
  func law() throws {
    #expect(try modelled(Self.calm * 0.999) == 1)
    #expect(try abs(modelled(Self.calm * 4) - 2) < 1e-4)
  }

  @Test(
    "recorded slippage hardly moves in calm hours and rises in wild ones, mostly less than ours",
    .enabled(if: RecordedSlippage.isPresent, "needs the recorded collection"))
  func shape() throws {
    let hours = try RecordedSlippage.hours()
    #expect(hours.count == 689)
    let calm = hours.filter { $0.range <= Self.calm }
    let wild = hours.filter { $0.range > Self.calm }
    // 0.091 and 0.279; the book has 0 and 0.5.
    #expect(abs(elasticity(calm) - 0.091) < 0.001 && abs(elasticity(wild) - 0.279) < 0.001)
    #expect(abs(elasticity(hours.filter { $0.range > 0.02 }) - 0.552) < 0.001)
    let (ranges, slippages) = (hours.map(\.range), hours.map(\.slippage))
    #expect(abs(correlation(ranges.map { log($0) }, slippages.map { log($0) }) - 0.440) < 0.001)
    #expect(Set(ranges).count == hours.count && Set(slippages).count == hours.count)
    #expect(abs(correlation(ranks(ranges), ranks(slippages)) - 0.384) < 0.001)
    let base = median(calm.map(\.slippage))
    let bounds = [Self.calm, 0.015, 0.02, 0.03, 1]
    let ratios = try zip(bounds, bounds.dropFirst()).map { least, most in
      let part = hours.filter { $0.range > least && $0.range <= most }
      return median(part.map(\.slippage)) / base / (try modelled(median(part.map(\.range))))
    }
    for (ratio, stated) in zip(ratios, [1.017, 0.930, 0.849, 0.745]) {
      #expect(abs(ratio - stated) < 0.002, "\(ratio)")
    }
    let wildest = try #require(hours.max { $0.range < $1.range })
    #expect(wildest.slippage / base > (try modelled(wildest.range)), "3.0 to 2.7")
  }
}
