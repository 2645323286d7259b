// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Instruments
import Parameters
import Quantities
import Simulation

/// Chains made by hand: one volatility of 50 %, forward 100,000, expiries in 36.5 and 73 days.
enum MadeChains {
  static let start = Timestamp(seconds: 1_767_225_600)
  static let near = start + TimeSpan(seconds: 3_153_600)
  static let far = start + TimeSpan(seconds: 6_307_200)
  static let forward = 100_000.0
  static let symbol = symbol("BTC")

  /// Strike, call and put in coin: Black (1976) with σ²τ = 0.025, double precision, 8 digits.
  static let marks: [(strike: Double, call: Double, put: Double)] = [
    (70_000, 0.300_549_46, 0.000_549_46), (75_000, 0.251_856_59, 0.001_856_59),
    (80_000, 0.205_046_93, 0.005_046_93), (85_000, 0.161_491_41, 0.011_491_41),
    (90_000, 0.122_640_23, 0.022_640_23), (95_000, 0.089_634_58, 0.039_634_58),
    (100_000, 0.063_012_67, 0.063_012_67), (105_000, 0.042_631_72, 0.092_631_72),
    (110_000, 0.027_797_45, 0.127_797_45), (115_000, 0.017_502_87, 0.167_502_87),
    (120_000, 0.010_667_41, 0.210_667_41), (125_000, 0.006_308_66, 0.256_308_66),
    (130_000, 0.003_629_45, 0.303_629_45),
  ]

  static func symbol(_ text: String) -> AssetSymbol {
    guard let symbol = try? AssetSymbol(text) else { preconditionFailure(text) }
    return symbol
  }

  /// - Parameters:
  ///   - hours: After the start.
  ///   - scale: Times every forward; marks in coin stay.
  ///   - volatility: Of every mark, what scenarios start from.
  ///   - dropping: A strike whose options are not listed.
  static func chain(
    hours: Int64 = 0, scale: Double = 1, volatility: Double = 0.5, dropping: Double? = nil,
    of symbol: AssetSymbol = symbol, expiries: [Timestamp] = [near, far]
  ) -> OptionChainSnapshot {
    let time = start + TimeSpan(seconds: hours * 3_600)
    var rows: [OptionChainRow] = []
    for expiry in expiries where expiry > time {
      for mark in marks where mark.strike != dropping {
        for right in OptionRight.allCases {
          let value = right == .call ? mark.call : mark.put
          rows.append(
            OptionChainRow(
              right: right, strike: mark.strike, expiry: expiry, bid: value, ask: value,
              mark: value, markVolatility: volatility, forward: forward * scale))
        }
      }
    }
    return OptionChainSnapshot(time: time, underlying: symbol, rows: rows)
  }

  static func pairs(_ chains: OptionChainSnapshot...) throws -> OptionPairs {
    try OptionPairs(chains, most: OptionPairs.longestGap)
  }

  static func rules(_ names: String...) throws -> [OptionMarginRule] {
    let range = try ImpliedRangeParameters.bundled()
    return try names.map { try OptionMarginRule.load($0, range: range) }
  }

  static func call(_ strike: Double, _ quantity: Double) -> OptionBook.Holding {
    OptionBook.Holding(symbol, .init(.call, strike: strike), expiry: near, quantity: quantity)
  }

  static func put(_ strike: Double, _ quantity: Double) -> OptionBook.Holding {
    OptionBook.Holding(symbol, .init(.put, strike: strike), expiry: near, quantity: quantity)
  }
}
