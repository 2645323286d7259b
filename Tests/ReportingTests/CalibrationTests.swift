// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Foundation
import Instruments
import Quantities
import Testing

@testable import Reporting

/// A snapshot priced by Black's formula at one volatility for all strikes.
struct SyntheticChain {
  static let time = Timestamp(seconds: 1_767_225_600)
  static let forward = 90_000.0
  static let volatility = 0.5
  /// In standard deviations; the delta of the outermost is above the filter's.
  static let steps = [-1.5, -1, -0.5, -0.25, 0.25, 0.5, 1, 1.5]

  var days = [3, 30, 90]
  /// Changes the rows.
  var damage: (inout [OptionChainRow]) -> Void = { _ in }

  func make() throws -> CalibratedChain {
    var snapshot = OptionChainSnapshot(time: Self.time, underlying: try AssetSymbol("BTC"))
    snapshot.rows = days.flatMap { days in
      Self.steps.flatMap { step in
        [OptionRight.call, .put].map { Self.row(days: days, step: step, $0) }
      }
    }
    damage(&snapshot.rows)
    return try CalibratedChain(snapshot)
  }

  /// A quote one volatility point wide.
  static func row(days: Int, step: Double, _ right: OptionRight) -> OptionChainRow {
    let root = (Double(days) / 365).squareRoot()
    let strike = (forward * exp(step * volatility * root)).rounded()
    let prices = [-0.005, 0, 0.005].map { shift in
      coins(log(strike / forward), (volatility + shift) * root, right)
    }
    return OptionChainRow(
      right: right, strike: strike, expiry: time + TimeSpan(seconds: Int64(days) * 86_400),
      bid: prices[0], ask: prices[2], mark: prices[1], markVolatility: volatility,
      forward: forward)
  }

  private static func coins(_ k: Double, _ deviation: Double, _ right: OptionRight) -> Double {
    let d1 = -k / deviation + deviation / 2
    func normal(_ x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }
    let call = normal(d1) - exp(k) * normal(d1 - deviation)
    return right == .call ? call : call - 1 + exp(k)
  }
}

extension OptionChainRow {
  /// The same option with other sides.
  func quoted(bid: Double?, ask: Double?) -> OptionChainRow {
    OptionChainRow(
      right: right, strike: strike, expiry: expiry, bid: bid, ask: ask, mark: mark,
      markVolatility: markVolatility, forward: forward)
  }
}

extension CalibratedChain {
  fileprivate var rejectedCounts: [String: Int] {
    Dictionary(uniqueKeysWithValues: rejections.map { ($0.reason.title, $0.count) })
  }
}

@Suite("A calibration")
struct CalibrationTests {
  /// Prices are exact, so what is between bid and ask of the price is so of the volatility.
  private static let tolerance = 1e-3

  @Test("has every quote out of the money in its picture, between bid and ask")
  func quotes() throws {
    let chain = try SyntheticChain().make()
    #expect(chain.expiries.count == 3 && chain.violations.isEmpty && chain.grid.count == 601)
    #expect(chain.rejectedCounts == ["in the money": 3 * SyntheticChain.steps.count])
    for (index, expiry) in chain.expiries.enumerated() {
      #expect(expiry.quotes.count == SyntheticChain.steps.count)
      for quote in expiry.quotes {
        #expect(quote.rejection == nil)
        #expect(abs(quote.volatility - SyntheticChain.volatility) < Self.tolerance)
        #expect(abs((quote.bid ?? 0) - 0.495) < 1e-9 && abs((quote.ask ?? 0) - 0.505) < 1e-9)
        #expect((quote.right == .call) == (quote.logMoneyness > 0))
      }
      let smile = try #require(SmileChart(expiry, id: "smile-\(index)"))
      #expect(smile.used.count == 8 && smile.rejected.isEmpty && smile.outsideCount == 0)
      for point in smile.curve {
        #expect(abs(point.volatility - SyntheticChain.volatility) < 0.01)
      }
    }
  }

  @Test("shows a rejected quote by the side that is left, and counts those outside")
  func rejected() throws {
    var synthetic = SyntheticChain(days: [30])
    synthetic.damage = { rows in
      // Out of the money: the put at -1 without a bid, the call at 0.5 without an ask, the call
      // at 1 with nothing at all.
      rows[3] = rows[3].quoted(bid: nil, ask: rows[3].ask)
      rows[10] = rows[10].quoted(bid: rows[10].bid, ask: nil)
      rows[12] = rows[12].quoted(bid: nil, ask: nil)
      // Far out and cheap, at the least price the venue has.
      rows.append(SyntheticChain.row(days: 30, step: 4, .call).quoted(bid: nil, ask: 0.0001))
    }
    let chain = try synthetic.make()
    let expiry = try #require(chain.expiries.first)
    let oneSided = "no bid or no ask"
    let refused = expiry.quotes.filter { $0.rejection != nil }
    #expect(refused.map { $0.rejection?.title ?? "" } == .init(repeating: oneSided, count: 3))
    #expect(abs(refused[0].volatility - 0.505) < 1e-9 && refused[0].bid == nil)
    #expect(abs(refused[1].volatility - 0.495) < 1e-9 && refused[1].ask == nil)
    #expect(refused[0].label.hasSuffix(" put, no bid or no ask"))
    let smile = try #require(SmileChart(expiry, id: "smile"))
    #expect(smile.used.count == 5 && smile.rejected.count == 2 && smile.outsideCount == 1)
    #expect(smile.caption.contains("Rejected: 2 shown and 1 outside the picture"))
    #expect(chain.rejectedCounts == [oneSided: 4, "in the money": 8])
  }

  @Test("has a surface whose heights are those of the smiles, nearest time first")
  func surface() throws {
    let surface = try #require(SurfaceChart(SyntheticChain().make(), id: "surface"))
    #expect(zip(surface.rows, surface.rows.dropFirst()).allSatisfy { $0.days < $1.days })
    #expect(abs(surface.rows[0].days - 3) < 1e-9)
    #expect(abs((surface.rows.last?.days ?? 0) - 90) < 1e-9)
    #expect(surface.dots.count == 3 * SyntheticChain.steps.count)
    for row in surface.rows {
      #expect(row.volatility.count == SurfaceChart.columns)
      for height in row.volatility {
        #expect(abs(height - SyntheticChain.volatility) < 0.01)
      }
    }
    for dot in surface.dots { #expect(abs(dot.moneyness) < 1.51) }
  }

  @Test("of one expiry has a smile and no surface, and says so")
  func lonelyExpiry() throws {
    let chain = try SyntheticChain(days: [30]).make()
    #expect(SurfaceChart(chain, id: "surface") == nil)
    let page = CalibrationReport.render([chain], file: "chain.csv", charts: nil)
    #expect(page.contains("no surface to be shown"))
    #expect(page.contains("<figure id=\"smile-btc-0\""))
  }

  @Test("shows an expiry without a usable quote as dashes, and no smile of it")
  func unusable() throws {
    var synthetic = SyntheticChain()
    synthetic.damage = { rows in
      rows = rows.enumerated().map { $0 < 16 ? $1.quoted(bid: nil, ask: $1.ask) : $1 }
    }
    let chain = try synthetic.make()
    #expect(chain.expiries[0].slice == nil && chain.expiries[0].skew == nil)
    #expect(chain.rejectedCounts == ["no bid or no ask": 16, "in the money": 16])
    let line = try #require(
      CalibrationTable.text(chain).split(separator: "\n").first { $0.hasPrefix("4 Jan 2026") })
    #expect(line.split(separator: " ").suffix(2) == ["–", "–"])
    let page = CalibrationReport.render([chain], file: "chain.csv", charts: nil)
    #expect(!page.contains("id=\"smile-btc-0\"") && page.contains("id=\"smile-btc-1\""))
  }

  @Test("prints a table whose sums are those of the chain")
  func table() throws {
    let text = CalibrationTable.text(try SyntheticChain().make())
    #expect(text.hasPrefix("BTC options of 1 Jan 2026 00:00 UTC: 48 quotes, 3 expiries\n"))
    let sum = text.split(separator: "\n").first { $0.hasPrefix("sum") }
    #expect(sum?.hasSuffix(" 24") == true)
    #expect(
      text.hasSuffix(
        "Arbitrage violations on 601 points per expiry, log-moneyness −1.5 to 1.5: "
          + "butterfly: 0, calendar: 0\n"))
  }

  @Test(
    "rounds model numbers half to even, and has a dash for what is none",
    arguments: [
      (0.125, 2, "0.12"), (0.375, 2, "0.38"), (-1_234.5, 1, "−1,234.5"), (.nan, 2, "–"),
      (.infinity, 2, "–"), (1e30, 2, "–"), (0, 3, "0.000"),
    ])
  func numbers(value: Double, decimals: Int, expected: String) {
    #expect(NumberText.fixed(value, decimals: decimals) == expected)
  }
}
