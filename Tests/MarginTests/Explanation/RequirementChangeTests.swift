// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import NumericalMethods
import Parameters
import Quantities
import Testing

@Suite("What changed since, and why")
struct RequirementChangeTests {
  private func market(
    _ books: RandomBooks, btc: String, eth: String, volatility: String, minutes: Int64
  ) throws -> MarketSnapshot {
    MarketSnapshot(
      time: World.start + TimeSpan(seconds: minutes * 60),
      underlyings: try [(books.world.btc.symbol, btc), (books.world.eth.symbol, eth)].map {
        UnderlyingMarket(
          underlying: $0, index: try Price($1), basis: try Rate("0.1%"),
          volatility: try Rate(volatility))
      })
  }

  @Test("adds up to the whole, to the unit", arguments: [1, 2, 3, 4] as [UInt64])
  func sums(seed: UInt64) throws {
    let books = try RandomBooks()
    var changed = books.world
    changed.parameters = try changed.parameters.setting(
      "margin.maintenanceFactor", to: "0.7", source: "test")
    let later = try changed.engine(
      at: market(books, btc: "7600", eth: "189.5", volatility: "95%", minutes: 17))
    var random = SplitMix64(seed: seed)
    for mode in MarginMode.allCases {
      for _ in 0..<25 {
        let (one, other) = (books.portfolio(&random, mode), books.portfolio(&random, mode))
        let change = try RequirementChange(from: (books.engine, one), to: (later, other))
        #expect(change.before == (try books.engine.risk(of: one)))
        #expect(change.after == (try later.risk(of: other)))
        let (before, after) = (change.before, change.after)
        #expect(change.parts.reduce(before.equity) { $0 + $1.equity } == after.equity)
        #expect(
          change.parts.reduce(before.initialMargin) { $0 + $1.initialMargin }
            == after.initialMargin)
        #expect(
          change.parts.reduce(before.maintenanceMargin) { $0 + $1.maintenanceMargin }
            == after.maintenanceMargin)
        let (btc, eth) = (books.world.btc.symbol, books.world.eth.symbol)
        #expect(
          change.parts.map(\.cause) == [
            .price(btc), .price(eth), .volatility(btc), .volatility(eth), .time, .trades,
            .parameters,
          ])
      }
    }
  }

  // Long 1 BTC from 8,000 in the first tier; 8,000 to 7,900, then half of it sold at the mark,
  // then 2 % of maintenance margin instead of 2.5 %.
  @Test("names the price, the trade and the parameter of a calculation by hand")
  func byHand() throws {
    var world = try World(index: "8000")
    let perpetual = try world.list(.perpetual)
    let earlier = try world.engine()
    let held = world.portfolio(
      .cross, usd: 1_000_000_000,
      [Position(instrument: perpetual, size: Size(steps: 1_000), cost: 8_000_000_000)])
    let sold = world.portfolio(
      .cross, usd: 950_000_000,
      [Position(instrument: perpetual, size: Size(steps: 500), cost: 4_000_000_000)])
    world.parameters = try world.parameters.setting(
      "margin.tiers.BTC.row.1.maintenance", to: "2%", source: "test")
    let later = try world.engine(
      at: world.snapshot.moving(world.btc.symbol, to: Price("7900")))
    let change = try RequirementChange(from: (earlier, held), to: (later, sold))
    #expect(change.parts.map(\.cause) == [.price(world.btc.symbol), .time, .trades, .parameters])
    #expect(change.parts.map(\.equity) == [-100_000_000, 0, 0, 0])
    // 2.5 % of 8,000, 7,900 and 3,950, then 2 % of 3,950.
    #expect(change.parts.map(\.maintenanceMargin) == [-2_500_000, 0, -98_750_000, -19_750_000])
    #expect(change.parts.map(\.initialMargin) == [-5_000_000, 0, -197_500_000, 0])
  }

  @Test("is nothing between two equal moments")
  func same() throws {
    let books = try RandomBooks()
    var random = SplitMix64(seed: 5)
    let portfolio = books.portfolio(&random, .portfolio)
    let change = try RequirementChange(
      from: (books.engine, portfolio), to: (books.engine, portfolio))
    #expect(change.parts.map(\.cause) == [.time, .trades, .parameters])
    #expect(
      change.parts.allSatisfy {
        $0.equity == 0 && $0.initialMargin == 0 && $0.maintenanceMargin == 0
      })
  }

  @Test("time alone takes an option's value away")
  func time() throws {
    var world = try World(index: "8000")
    let call = try world.list(
      .option(.call, strike: Price("9000"), expiry: World.expiry(days: 10)), step: "0.01",
      volatility: 0.8)
    let portfolio = world.portfolio(
      .portfolio, usd: 1_000_000_000,
      [Position(instrument: call, size: Size(steps: 100), cost: 0)])
    let later = MarketSnapshot(
      time: World.start + .day, underlyings: world.snapshot.underlyings)
    let change = try RequirementChange(
      from: (try world.engine(), portfolio), to: (try world.engine(at: later), portfolio))
    #expect(change.parts.map(\.cause) == [.time, .trades, .parameters])
    #expect(change.parts[0].equity < 0)
  }

  @Test("names the liquidity of a market that a size is charged by")
  func liquidity() throws {
    var world = try World(index: "8000", overrides: [("margin.size.default.impact", "1")])
    let perpetual = try world.list(.perpetual)
    let portfolio = world.portfolio(
      .portfolio, usd: 900_000_000_000,
      [Position(instrument: perpetual, size: Size(steps: 500_000), cost: 4_000_000_000_000)])
    func engine(volume: Int64) throws -> RequirementEngine {
      world.liquidity = [
        UnderlyingLiquidity(underlying: world.btc.symbol, dailyVolume: volume)
      ]
      return try world.engine()
    }
    let change = try RequirementChange(
      from: (try engine(volume: 900_000_000_000_000), portfolio),
      to: (try engine(volume: 90_000_000_000_000), portfolio))
    #expect(change.parts.map(\.cause) == [.liquidity, .time, .trades, .parameters])
    #expect(change.parts[0].initialMargin > 0 && change.parts[0].equity == 0)
    #expect(change.parts.dropFirst().allSatisfy { $0.initialMargin == 0 })
  }

  @Test("refuses two listings that are not the same")
  func listings() throws {
    var world = try World(index: "8000")
    try world.list(.perpetual)
    let one = try world.engine()
    let portfolio = world.portfolio(.cross, usd: 1)
    let second = try world.list(.perpetual, .inverse, step: "1")
    let more = try world.engine()
    #expect(throws: MarginError.unlisted(second)) {
      try RequirementChange(from: (one, portfolio), to: (more, portfolio))
    }
    #expect(throws: MarginError.unlisted(second)) {
      try RequirementChange(from: (more, portfolio), to: (one, portfolio))
    }
    var other = try World(index: "8000")
    let first = try other.list(.perpetual, .inverse, step: "1")
    #expect(throws: MarginError.unlisted(first)) {
      try RequirementChange(from: (one, portfolio), to: (try other.engine(), portfolio))
    }
    var coarse = try World(index: "8000", usdDecimals: 2)
    try coarse.list(.perpetual)
    #expect(throws: MarginError.malformedBalances) {
      try RequirementChange(from: (one, portfolio), to: (try coarse.engine(), portfolio))
    }
  }
}
