// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import Parameters
import Quantities
import RiskEngine
import TestFixtures
import Testing

// Sizes and times of orders.
extension Threshold {
  private static let perpetual = Contracts.btcPerpetual

  /// Account 1, long 1 BTC from 8,000 USD with 500 USD, a minute later at 7,650: it has 150 USD and
  /// should have 191.25.
  static func short(_ changes: [(key: String, value: String)] = []) throws -> Venue {
    var venue = try Venue.marked(changes)
    try venue.open(1, .cross, usd: "500")
    try venue.take(1, 1_000, of: perpetual)
    try venue.block(btc: "7650")
    return venue
  }

  static let sizes: [Threshold] = [
    Threshold("liquidation.leastShare", "beyond what restores", [false, false, true]) { steps in
      let restoring = try short().order(of: 1).size
      let share = decimalText(restoring.steps + steps, decimals: 3)
      return try short([(key: "liquidation.leastShare", value: share)]).order(of: 1).size
        > restoring
    },
    Threshold("liquidation.wholeSliceNotional", [false, true, true]) { units in
      let venue = try short([
        (key: "liquidation.sliceShare", value: "20%"),
        (
          key: "liquidation.wholeSliceNotional",
          value: decimalText(7_650_000_000 + units, decimals: 6)
        ),
      ])
      return try venue.order(of: 1).size > Size(steps: 200)
    },
    Threshold("liquidation.handover", [false, true, true]) { billionths in
      let cause = try #require(try short().account(1).liquidation?.cause)
      // The least share of the requirement, rounded down, that is as much as the equity.
      let least = (Int128(cause.equity) * 1_000_000_000).divided(
        by: Int128(cause.maintenanceMargin), rounding: .up)
      let share = decimalText(Int64(least) + billionths, decimals: 9)
      return try short([(key: "liquidation.handover", value: share)]).stagesEntered != [.partial]
    },
    // Equity of a unit below the maintenance margin, and of a unit below nothing.
    Threshold("liquidation.urgency", "at the maintenance margin", [true, false, false]) { units in
      let terms = try urgent("100")
      let margin: Int64 = 191_250_000
      return terms.slice(equity: margin + units, maintenanceMargin: margin) > terms.sliceShare
    },
    Threshold("liquidation.urgency", "at nothing", [true, true, false]) { units in
      try urgent("1").slice(equity: units, maintenanceMargin: 191_250_000) == .one
    },
    Threshold("liquidation.patience", "after two answers without a fill", [false, false, true]) {
      count in
      var venue = try short([(key: "liquidation.patience", value: String(2 + count))])
      for _ in 0..<2 {
        guard let order = venue.account(1).liquidation?.order else { break }
        try venue.submit(venue.report(order, size: 0))
        try venue.block()
      }
      return venue.stage(of: 1) == .partial
    },
  ]

  private static func urgent(_ urgency: String) throws -> LiquidationParameters {
    try LiquidationParameters(
      ParameterFixture.set([(key: "liquidation.urgency", value: urgency)]))
  }

  static let times: [Threshold] = [
    Threshold("liquidation.checkInterval", [false, true, true]) { nanoseconds in
      // The venue began at midnight and a minute ago.
      var venue = try short([(key: "liquidation.checkInterval", value: "1h")])
      try venue.submit(venue.nextBlock(after: 3_540, nanoseconds: nanoseconds))
      return venue.account(1).isInLiquidation
    },
    Threshold("liquidation.grace", [false, true, true]) { nanoseconds in
      var venue = try short([(key: "liquidation.grace", value: "10min")])
      try venue.submit(venue.nextBlock(after: 600, nanoseconds: nanoseconds))
      return venue.account(1).liquidationOrder != nil
    },
    Threshold("liquidation.window", [false, true, true]) { nanoseconds in
      // The window began with the first block, a minute before; all it has room for is ordered.
      var venue = try short([
        (key: "liquidation.windowShare", value: "5%"),
        (key: "liquidation.window", value: "300s"), (key: "liquidation.patience", value: "100"),
      ])
      try venue.submit(venue.report(venue.order(of: 1), size: 0))
      try venue.submit(venue.nextBlock(after: 240, nanoseconds: nanoseconds))
      return venue.account(1).liquidationOrder != nil
    },
    Threshold("liquidation.depthWindow", [false, true, true]) { nanoseconds in
      var venue = try Venue.marked([(key: "liquidation.depthWindow", value: "10min")])
      try venue.open(1, .cross, usd: "500")
      try venue.take(1, 1_000, of: perpetual)
      for (bids, seconds, later) in [(100, 600, 0), (1_000_000, 600, nanoseconds)]
        as [(Int64, Int64, Int64)]
      {
        try venue.submit(
          .reportDepth([
            DepthReport(
              instrument: perpetual, bids: Size(steps: bids), asks: Size(steps: 50))
          ]))
        if bids > 100 { try venue.set("BTC", "7650") }
        try venue.submit(venue.nextBlock(after: seconds, nanoseconds: later))
      }
      return try venue.order(of: 1).size > Size(steps: 100)
    },
  ]
}
