// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
import Quantities
import Volatility

/// The picture of a surface before it is drawn: volatility over moneyness and time.
///
/// Moneyness is ln(K/F) in standard deviations at the money, √θ, so that a day and a year have
/// room beside each other. The picture is as wide as the quotes of the middle expiry on either
/// side: far beyond quotes there would be nothing to see but wings.
struct SurfaceChart {
  /// One time to expiry.
  struct Row {
    let days: Double
    /// Standard deviations from the forward.
    let moneyness: [Double]
    let volatility: [Double]
  }

  /// A quote that counts.
  struct Dot {
    let days: Double
    let moneyness: Double
    let quote: DrawnQuote
  }

  let id: String
  /// Nearest first.
  let rows: [Row]
  let dots: [Dot]

  static let columns = 41

  /// - Returns: Nil with fewer than two expiries: there is no surface between them to be shown.
  init?(_ chain: CalibratedChain, id: String) {
    let slices = chain.surface.slices
    guard slices.count >= 2 else { return nil }
    let quoted = slices.map(\.quotedMoneyness)
    let from = Self.middle(quoted.map(\.lowerBound))
    let to = max(Self.middle(quoted.map(\.upperBound)), from + 0.1)
    let across = (0..<Self.columns).map { column in
      from + (to - from) * (Double(column) / Double(Self.columns - 1))
    }
    var rows: [Row] = []
    for (earlier, later) in zip(slices, slices.dropFirst()) {
      let rise = Elementary.log(later.yearsToExpiry / earlier.yearsToExpiry)
      let steps = min(max(Int((rise / 0.13).rounded(.up)), 1), 40)
      for step in (rows.isEmpty ? 0 : 1)...steps {
        let part = Double(step) / Double(steps)
        let years =
          step == steps
          ? later.yearsToExpiry : earlier.yearsToExpiry * Elementary.exp(rise * part)
        guard let row = Row(chain.surface, years: years, across: across) else { return nil }
        rows.append(row)
      }
    }
    self.id = id
    self.rows = rows
    dots = chain.expiries.flatMap { expiry in
      let root = expiry.slice?.smile.theta.squareRoot() ?? 1
      return expiry.quotes.filter { $0.rejection == nil }.map {
        Dot(days: expiry.days, moneyness: $0.logMoneyness / root, quote: $0)
      }
    }
  }

  private static func middle(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

  var moneyness: ClosedRange<Double> { Self.range(rows.flatMap(\.moneyness), least: 0.01) }
  var volatility: ClosedRange<Double> { Self.range(rows.flatMap(\.volatility), least: 0.001) }
  var days: ClosedRange<Double> { rows[0].days...rows[rows.count - 1].days }

  private static func range(_ values: [Double], least: Double) -> ClosedRange<Double> {
    let (lowest, highest) = (values.min() ?? 0, values.max() ?? 0)
    return lowest...max(highest, lowest + least)
  }

  /// Round times inside the picture, in days.
  var dayTicks: [(days: Double, label: String)] {
    let ticks: [(Double, String)] = [
      (0.25, "6 h"), (1, "1 d"), (2, "2 d"), (4, "4 d"), (7, "1 w"), (14, "2 w"), (30, "1 m"),
      (60, "2 m"), (91, "3 m"), (182, "6 m"), (365, "1 y"), (730, "2 y"),
    ]
    return ticks.filter { days.contains($0.0) }
  }

  /// What the page's script needs.
  var json: JSONText {
    func numbers(_ values: [Double], _ decimals: Int = SmileChart.decimals) -> JSONText {
      .array(values.map { $0.json(decimals: decimals) })
    }
    let dots = JSONText.object([
      ("x", numbers(dots.map(\.moneyness))), ("y", numbers(dots.map(\.days), 4)),
      ("z", numbers(dots.map(\.quote.volatility))),
      ("text", .array(dots.map { .string($0.quote.label) })),
    ])
    return .object([
      ("id", .string(id)), ("x", .array(rows.map { numbers($0.moneyness) })),
      ("y", .array(rows.map { numbers(.init(repeating: $0.days, count: Self.columns), 4) })),
      ("z", .array(rows.map { numbers($0.volatility) })), ("dots", dots),
      ("ticks", numbers(dayTicks.map(\.days), 2)),
      ("labels", .array(dayTicks.map { .string($0.label) })),
    ])
  }
}

extension SurfaceSlice {
  /// The outermost quotes of the last fit, in standard deviations.
  fileprivate var quotedMoneyness: ClosedRange<Double> {
    let root = smile.theta.squareRoot()
    return (quotedFrom / root)...(quotedTo / root)
  }
}

extension SurfaceChart.Row {
  fileprivate init?(_ surface: VolatilitySurface, years: Double, across: [Double]) {
    guard let smile = try? surface.smile(yearsToExpiry: years) else { return nil }
    let root = smile.theta.squareRoot()
    days = years * 365
    moneyness = across
    volatility = across.map {
      (smile.totalVariance(logMoneyness: $0 * root) / years).squareRoot()
    }
  }
}
