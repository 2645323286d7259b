// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Instruments
import Margin
import MarketData
import NumericalMethods
import Quantities

/// A listing with every kind of contract, and seeded portfolios over it.
struct RandomBooks {
  let world: World
  let engine: RequirementEngine

  /// - Parameter liquidity: Of BTC; ETH has that of the parameters.
  init(
    volatility: String = "80%", overrides: [(String, String)] = [],
    liquidity: UnderlyingLiquidity? = nil
  ) throws {
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
    world.liquidity = liquidity.map { [$0] } ?? []
    self.world = world
    engine = try world.engine()
  }

  /// The books of a world that is there.
  init(_ world: World) throws {
    self.world = world
    engine = try world.engine()
  }

  /// The books with every term beyond scenarios, tiers and haircuts.
  static func withTerms(_ overrides: [(String, String)] = []) throws -> RandomBooks {
    try withLiquidity(terms + overrides)
  }

  static func withLiquidity(_ overrides: [(String, String)]) throws -> RandomBooks {
    try RandomBooks(
      overrides: overrides,
      liquidity: UnderlyingLiquidity(
        underlying: AssetSymbol("BTC"), dailyVolume: 20_000_000_000_000,
        depthShare: Rate("60%"), openInterest: 30_000_000_000_000, uncertainty: Rate("0.3%")))
  }

  static let terms = [
    ("margin.netting.default.correlation", "91.4%"), ("margin.netting.default.offsetCap", "50%"),
    ("margin.size.default.impact", "1"), ("margin.size.default.volumeStress", "30%"),
    ("margin.size.default.freeShare", "0.1%"), ("margin.size.default.gapIntensity", "6"),
    ("margin.size.default.gapMean", "-5%"), ("margin.size.default.gapDeviation", "12%"),
    ("margin.size.default.gapProbability", "0.5%"), ("margin.size.default.latency", "1h"),
    ("margin.size.default.volumeShare", "10%"),
    ("margin.size.default.uncertaintyFactor", "2"),
    ("margin.size.default.freeUncertainty", "0.1%"),
    ("margin.size.default.openInterestLower", "0.5"),
    ("margin.size.default.openInterestUpper", "3"),
    ("margin.size.default.openInterestRate", "80%"), ("margin.basis.default.rate", "2.25%"),
    ("margin.basis.default.ratePerYear", "18%"), ("margin.tierShare", "60%"),
    ("margin.tiers.BTC.volumeMultiple", "0.1"), ("margin.twist.term", "25%"),
    ("margin.twist.smile", "50%"), ("margin.set.1.shift", "-10%"),
    ("margin.set.1.volatilityFactor", "1.2"), ("margin.set.1.elapsed", "0s"),
    ("margin.set.2.shift", "0"), ("margin.set.2.volatilityFactor", "1"),
    ("margin.set.2.elapsed", "1d"), ("margin.size.default.horizonShare", "1%"),
    ("margin.mark.default.volatilityFactor", "1"),
    ("margin.mark.default.volatilityUncertainty", "3%"), ("margin.standaloneSize", "true"),
  ]

  /// Those of ``terms`` that trigger intervals bound.
  static let boundedTerms =
    terms + [("margin.mark.default.volatilityFactor", "0"), ("margin.standaloneSize", "false")]

  /// How many books a property is tried on: 100,000 with `PLIMSOLL_FULL=1`.
  static func count(_ usual: Int) -> Int {
    ProcessInfo.processInfo.environment["PLIMSOLL_FULL"] == "1" ? 100_000 : usual
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
