// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import NumericalMethods
import Quantities
import Testing

/// Worlds at the edges of what is permitted: volatilities from nothing to their highest, expiries
/// from now to ten years, strikes from the smallest price on, any basis and any index.
@Suite("A requirement at the limits of the model")
struct LimitPropertyTests {
  private static let volatilities = [1e-9, 1e-4, 0.6, 5, 100]
  private static let levels = ["0", "0.000000001", "80%", "400%", "100000"]
  private static let nanoseconds: [Int64] = [
    0, 1, 1_000_000_000, 86_400_000_000_000, 315_360_000_000_000_000,
  ]
  private static let prices = ["0.00000001", "0.01", "200", "8000", "399999"]

  private func world(_ random: inout SplitMix64) throws -> World {
    func any<Value>(_ values: [Value]) -> Value {
      values[Int.random(in: values.indices, using: &random)]
    }
    var world = try World(
      index: any(Self.prices),
      overrides: random.next() % 2 == 0 ? RandomBooks.terms : [])
    world.markets[0] = UnderlyingMarket(
      underlying: world.btc.symbol, index: world.markets[0].index,
      basis: Rate(billionths: any([-900_000_000, -1, 0, 1, 1_000_000_000])),
      volatility: try Rate(any(Self.levels)))
    try world.list(.perpetual)
    try world.list(.perpetual, .inverse, step: "1")
    for _ in 0..<4 {
      let expiry = World.start + TimeSpan(nanoseconds: any(Self.nanoseconds))
      for right in OptionRight.allCases {
        try world.list(
          .option(right, strike: Price(any(Self.prices)), expiry: expiry),
          any([.linear, .inverse]), volatility: any([nil] + Self.volatilities.map { $0 }))
      }
    }
    return world
  }

  // 100 portfolios of each world, in every mode; with PLIMSOLL_FULL=1 100,000 in all. P18.
  @Test("is a finite amount of money or a refusal", arguments: [1, 2, 3, 4] as [UInt64])
  func finite(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var (answered, refused) = (0, 0)
    while answered + refused < RandomBooks.count(1_000) / 4 {
      let world = try world(&random)
      let engine: RequirementEngine
      do throws(MarginError) {
        engine = try RequirementEngine(world)
      } catch {
        // The block is refused for all of its accounts.
        refused += 1
        continue
      }
      var scratch = engine.makeScratch()
      for _ in 0..<25 {
        for mode in MarginMode.allCases {
          let portfolio = portfolio(mode, engine, world, &random)
          let risk = try engine.risk(of: portfolio, scratch: &scratch)
          let isSound =
            risk.maintenanceMargin >= 0 && risk.maintenanceMargin <= risk.initialMargin
            && risk.initialMargin <= QuoteMoney.limit && abs(risk.equity) <= QuoteMoney.limit
            && risk.liquidationBuffer >= 0
          #expect(isSound, "\(risk)")
          answered += 1
        }
      }
      #expect(engine.marked.volatilities.allSatisfy { $0.isFinite && $0 >= 0 })
      let ladder = try GreekLadder(engine, portfolio(.portfolio, engine, world, &random))
      for sum in ladder.underlyings {
        let greeks = sum.greeks
        let isFinite = [
          greeks.delta, greeks.gamma, greeks.vega, greeks.theta, greeks.vanna, greeks.volga,
        ].allSatisfy(\.isFinite)
        #expect(isFinite, "\(greeks)")
      }
    }
    #expect(answered > refused)
  }

  private func portfolio(
    _ mode: MarginMode, _ engine: RequirementEngine, _ world: World, _ random: inout SplitMix64
  ) -> Portfolio {
    let contracts = engine.layout.listing.contracts
    let count = mode == .isolated ? 1 : Int.random(in: 1...6, using: &random)
    let positions = contracts.indices.shuffled(using: &random).prefix(count).map { index in
      let limit = Int64(1) << Int64.random(in: 0...30, using: &random)
      let steps = Int64.random(in: 1...limit, using: &random) * (random.next() % 2 == 0 ? 1 : -1)
      return Position(
        instrument: contracts[index].id, size: Size(steps: steps),
        cost: steps * engine.marks[index].unitValue)
    }
    return world.portfolio(
      mode, usd: Int64.random(in: -1_000_000_000...1_000_000_000_000, using: &random),
      btc: Int64.random(in: -1_000...100_000_000, using: &random), positions)
  }
}

extension RequirementEngine {
  /// The engine of a world at its market, with the errors of margin alone.
  fileprivate init(_ world: World) throws(MarginError) {
    do {
      self = try world.engine()
    } catch let error as MarginError {
      throw error
    } catch {
      Issue.record("\(error)")
      throw .malformedBalances
    }
  }
}
