// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import NumericalMethods
import Quantities

/// A listing with every kind of contract, and seeded portfolios over it.
struct RandomBooks {
  let world: World
  let engine: RequirementEngine

  init(volatility: String = "80%", overrides: [(String, String)] = []) throws {
    var world = try World(index: "8000", overrides: overrides)
    for (underlying, spot, step) in [("BTC", 8_000, "0.001"), ("ETH", 200, "0.01")] {
      try world.list(.perpetual, on: underlying, step: step)
      try world.list(.perpetual, on: underlying, .inverse, step: "1")
      try world.list(.future(expiry: World.expiry(days: 44)), on: underlying, .inverse, step: "1")
      for days: Int64 in [2, 44] {
        for percent in [80, 100, 115] {
          let strike = try Price(String(spot * percent / 100))
          for right in OptionRight.allCases {
            try world.list(
              .option(right, strike: strike, expiry: World.expiry(days: days)), on: underlying,
              days == 2 ? .linear : .inverse, step: step)
          }
        }
      }
    }
    world.markets = [
      UnderlyingMarket(
        underlying: world.btc.symbol, index: try Price("8000"), basis: try Rate("-0.4%"),
        volatility: try Rate(volatility)),
      UnderlyingMarket(
        underlying: world.eth.symbol, index: try Price("200"), basis: try Rate("0.2%"),
        volatility: try Rate(volatility)),
    ]
    self.world = world
    engine = try world.engine()
  }

  var contracts: [Contract] { world.listing.contracts }

  /// Up to eight positions near the mark, with collateral in all assets.
  func portfolio(_ random: inout SplitMix64, _ mode: MarginMode) -> Portfolio {
    let count = mode == .isolated ? 1 : Int.random(in: 0...8, using: &random)
    let instruments = contracts.indices.shuffled(using: &random).prefix(count).sorted()
    let positions = instruments.map { index in
      position(index, steps: steps(&random), &random)
    }
    return world.portfolio(
      mode, usd: Int64.random(in: -5_000_000_000...100_000_000_000, using: &random),
      btc: Int64.random(in: -50_000_000...1_000_000_000, using: &random),
      eth: Int64.random(in: 0...10_000_000_000, using: &random), positions)
  }

  /// A size other than zero, most of them small.
  func steps(_ random: inout SplitMix64) -> Int64 {
    let range = [10, 1_000, 100_000].randomElement(using: &random) ?? 10
    let size = Int64.random(in: 1...Int64(range), using: &random)
    return Bool.random(using: &random) ? size : -size
  }

  /// A position with an entry within a few per cent of the mark.
  func position(_ index: Int, steps: Int64, _ random: inout SplitMix64) -> Position {
    let value = engine.marks[index].unitValue
    let entry = value + value * Int64.random(in: -30...30, using: &random) / 1_000
    return Position(
      instrument: contracts[index].id, size: Size(steps: steps), cost: steps * entry)
  }
}

/// Equity above maintenance margin.
func health(_ risk: AccountRisk) -> Int64 { risk.equity - risk.maintenanceMargin }
