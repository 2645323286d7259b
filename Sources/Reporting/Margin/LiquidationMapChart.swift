// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Margin
import MarketData
import Quantities
import Simulation

/// The picture of one underlying's liquidation map before it is drawn: margin ratio by price and
/// volatility, the liquidation line, and where the market stands.
struct LiquidationMapChart {
  /// A piece of the line, from one volatility to the next.
  typealias LinePoint = (price: Double, volatility: Double)

  let id: String
  let map: LiquidationMap
  let index: Double
  let volatility: Double
  /// Connected crossings, each from a lower volatility to higher ones.
  let strokes: [[LinePoint]]

  init?(_ explanation: MarginExplanation, _ map: LiquidationMap, id: String) {
    guard let market = explanation.markets.first(where: { $0.underlying == map.underlying }),
      let line = explanation.lines.first(where: { $0.underlying == map.underlying }),
      map.prices.count > 1, map.volatilities.count > 1
    else { return nil }
    self.id = id
    self.map = map
    index = market.index.value
    volatility = market.volatility.value
    strokes = Self.strokes(line)
  }

  /// Joins crossings of one direction to the nearest of the next volatility.
  private static func strokes(_ line: LiquidationLine) -> [[LinePoint]] {
    var finished: [[LinePoint]] = []
    for isBelow in [true, false] {
      var open: [[LinePoint]] = []
      for point in line.points {
        var crossings = point.crossings.filter { $0.isBelow == isBelow }.map(\.healthy.value)
        var grown: [[LinePoint]] = []
        for stroke in open {
          guard let last = stroke.last,
            let nearest = crossings.min(by: {
              abs($0 - last.price) < abs($1 - last.price)
            })
          else {
            finished.append(stroke)
            continue
          }
          crossings.removeAll { $0 == nearest }
          grown.append(stroke + [(nearest, point.volatility.value)])
        }
        open = grown + crossings.map { [($0, point.volatility.value)] }
      }
      finished += open
    }
    return finished
  }

  /// The lowest margin ratio of each class but the first, in hundredths.
  static let ratios: [Int64] = [0, 100, 125, 150, 200, 300, 500]

  /// Names of the classes, lowest first.
  static let names = [
    "bankrupt", "liquidated", "1 to 1.25", "1.25 to 1.5", "1.5 to 2", "2 to 3", "3 to 5",
    "5 and more",
  ]

  /// The color of each class.
  static let colors = ["--l6", "--l3", "--h1", "--h2", "--h3", "--h4", "--h5", "--h6"]

  /// The class of a cell; `nil` without a market.
  ///
  /// Whoever needs nothing is in the highest.
  static func place(_ risk: AccountRisk?) -> Int? {
    guard let risk else { return nil }
    guard let ratio = risk.marginRatio else { return risk.equity < 0 ? 0 : names.count - 1 }
    return ratios.count { ratio.billionths >= $0 * 10_000_000 }
  }

  /// The line that healthy and liquidated accounts share.
  var hasLine: Bool { !strokes.isEmpty }

  var caption: String {
    let line =
      hasLine
      ? "The line is where equity meets maintenance margin, exact at each volatility."
      : "Nowhere here does equity meet maintenance margin."
    return "Equity ÷ maintenance margin at other prices and volatilities, all else equal. " + line
      + " The circle is the market now."
  }

  /// What the page's script needs.
  var json: JSONText {
    func numbers(_ values: [Double]) -> JSONText { .array(values.map { $0.json(decimals: 6) }) }
    return .object([
      ("id", .string(id)), ("title", .string("price of \(map.underlying)")),
      ("x", numbers(map.prices.map(\.value))),
      ("y", numbers(map.volatilities.map(\.value))),
      (
        "z",
        .array(
          map.cells.map { row in .array(row.map { Self.place($0).map { .integer($0) } ?? .null }) })
      ),
      (
        "ratios",
        .array(
          map.cells.map { row in
            .array(
              row.map { risk in
                .string(
                  risk?.marginRatio.map {
                    NumberText.rounded($0.billionths, decimals: 9, shown: 2)
                  } ?? "none")
              })
          })
      ),
      ("names", .array(Self.names.map { .string($0) })),
      ("colors", .array(Self.colors.map { .string($0) })),
      (
        "lines",
        .array(
          strokes.map { stroke in
            .object([
              ("x", numbers(stroke.map(\.price))), ("y", numbers(stroke.map(\.volatility))),
            ])
          })
      ),
      ("index", index.json(decimals: 6)), ("volatility", volatility.json(decimals: 6)),
    ])
  }
}
