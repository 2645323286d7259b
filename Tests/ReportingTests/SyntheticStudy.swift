// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Forecasting
import Quantities

@testable import Reporting

/// A backtest of two rules whose every number is known by hand.
///
/// Hundred days from 1 November 2021: losses of 1, but 3 on days 20 and 70; “steady” asks for 2
/// every day, “late” for 2 up to day 49 and for 4 from day 50 on.
struct SyntheticStudy {
  var origin = "days.csv"
  var title = "days"
  var hasShortfalls = true
  var hasPrices = true

  static let first = 1_635_724_800 as Int64

  func make() throws -> BacktestStudy {
    let losses = (0..<100).map { $0 == 20 || $0 == 70 ? 0.03 : 0.01 }
    let late = (0..<100).map { $0 < 50 ? 0.02 : 0.04 }
    let steady = Array(repeating: 0.02, count: 100)
    let series = [("steady", steady), ("late", late)].map { name, requirements in
      BacktestSeries(
        name: name, title: "\(title) \(name)", losses: losses, requirements: requirements,
        shortfalls: hasShortfalls ? requirements.map { 1.25 * $0 } : nil)
    }
    let side = try BacktestSide(
      name: "book", title: "A book, with all its positions", series: series, reference: steady,
      probability: 0.02, increaseDays: [1, 60])
    let closes = (0..<100).map { 100 + Double($0) }
    return try BacktestStudy(
      title: title, origin: origin, measure: "Shares of the book's value",
      days: (0..<100).map { Timestamp(seconds: Self.first + 86_400 * $0) }, probability: 0.02,
      increaseDays: [1, 60], sides: [side],
      prices: hasPrices
        ? BacktestPrices(
          rule: "late", closes: closes, lower: closes.map { $0 == 150 ? 151 : 0.9 * $0 },
          upper: closes.map { $0 == 160 ? 159 : 1.1 * $0 }) : nil,
      notes: ["A note on <these> days."])
  }
}
