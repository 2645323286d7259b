// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Quantities
import RiskEngine
import Testing

// What the fund's hedge may cost and bind, and the band it keeps.
extension Threshold {
  /// Takers are long 10 coins, 80,000 USD; a step is 8 USD and the target 20,000.
  private static func order(_ changes: [(key: String, value: String)]) throws -> Int64 {
    var venue = try HedgeTests.crowded(changes)
    try venue.block()
    return venue.hedge.order?.order.size.steps ?? 0
  }

  private static func money(_ key: String, _ units: Int64) -> (key: String, value: String) {
    (key: key, value: decimalText(units, decimals: 6))
  }

  /// All of an order of 7,500 steps costs 600 USD at worst and 64 units of rounded fees.
  private static let whole: Int64 = 600_000_064
  /// A step of it costs 0.08.
  private static let step: Int64 = 80_064

  static let hedge: [Threshold] = hedgeLimits + hedgeBand

  private static let hedgeLimits: [Threshold] = [
    Threshold("hedge.orderCost", "all of an order", [false, true, true]) { units in
      try order([money("hedge.orderCost", whole + units)]) == 7_500
    },
    Threshold("hedge.orderCost", "a step", [false, true, true]) { units in
      try order([money("hedge.orderCost", step + units)]) == 1
    },
    Threshold("hedge.windowCost", "all of an order", [false, true, true]) { units in
      try order([money("hedge.windowCost", whole + units)]) == 7_500
    },
    Threshold("hedge.windowCost", "a step", [false, true, true]) { units in
      try order([money("hedge.windowCost", step + units)]) == 1
    },
    Threshold("hedge.windowCost", "what is left of it", [false, true, true]) { units in
      // An order of a tenth is filled at its limit, for 60 USD.
      var venue = try HedgeTests.crowded([
        money("hedge.windowCost", 60_000_000 + step + units),
        money("hedge.orderCost", 60_000_064),
      ])
      try venue.block()
      try #require(venue.hedge.order?.order.size == Size(steps: 750))
      try venue.fill()
      try #require(venue.hedge.windowCost == 60_000_000)
      try venue.block()
      return venue.hedge.order?.order.size == Size(steps: 1)
    },
    // One and a half times 5 % of 60,000 are 4,500; of a step, 0.6.
    Threshold("hedge.capital", "all of an order", [false, true, true]) { units in
      try order([money("hedge.capital", 4_500_000_000 + whole + units)]) == 7_500
    },
    Threshold("hedge.capital", "a step", [false, true, true]) { units in
      try order([money("hedge.capital", 600_000 + step + units)]) == 1
    },
    Threshold("hedge.mostCost", [false, true, true]) { billionths in
      // Half a per cent is expected.
      let most = decimalText(5_000_000 + billionths, decimals: 9)
      return try order([(key: "hedge.mostCost", value: most)]) > 0
    },
    Threshold("hedge.window", [false, true, true]) { nanoseconds in
      // One step, filled at its limit, leaves no room for another in the window.
      var venue = try HedgeTests.crowded([
        money("hedge.windowCost", step), (key: "hedge.window", value: "600s"),
      ])
      try venue.block()
      try venue.fill()
      try #require(venue.hedge.windowCost == 80_000)
      try venue.submit(venue.nextBlock(after: 600, nanoseconds: nanoseconds))
      return venue.hedge.order != nil
    },
  ]

  private static let hedgeBand: [Threshold] = [
    Threshold("hedge.*.threshold", [false, false, true]) { units in
      try order([money("hedge.default.threshold", 80_000_000_000 - units)]) > 0
    },
    Threshold("hedge.*.target", "bought down to it", [true, true, false]) { units in
      try order([money("hedge.default.target", 20_000_000_000 + units)]) == 7_500
    },
    Threshold("hedge.*.target", "given back below it", [false, false, true]) { steps in
      var venue = try HedgeTests.crowded()
      try venue.block()
      try venue.fill(at: "8000")
      try #require(venue.imbalance() == 20_000_000_000)
      if steps != 0 { try venue.take(1, -steps, of: HedgeTests.perpetual) }
      try venue.block()
      return venue.hedge.order?.isReducing == true
    },
    Threshold("hedge.*.leastOrder", [false, true, true]) { units in
      // There is room for the cost of one step.
      try order([
        money("hedge.orderCost", step), money("hedge.default.leastOrder", 8_000_000 - units),
      ]) > 0
    },
    Threshold("hedge.*.mostOrder", [false, true, true]) { units in
      try order([money("hedge.default.mostOrder", 60_000_000_000 + units)]) == 7_500
    },
  ]
}
