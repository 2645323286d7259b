// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import Parameters
import Quantities
import Testing
import Volatility

@Suite("Accounts at the limits of their fields")
struct ExtremeAccountTests {
  /// 512 positions of the largest size in contracts of every kind.
  private func crowd() throws -> (World, RequirementEngine, [Position]) {
    var world = try World(index: "8000", usdDecimals: 4)
    for index in 0..<128 {
      try world.list(.perpetual, step: "0.1")
      try world.list(.perpetual, .inverse, step: "1000")
      let strike = try Price(String(6_000 + 40 * index))
      let expiry = World.expiry(days: Int64(1 + index % 5))
      try world.list(.option(.call, strike: strike, expiry: expiry), step: "0.1")
      try world.list(.option(.put, strike: strike, expiry: expiry), .inverse, step: "0.1")
    }
    let engine = try world.engine()
    let positions = world.listing.contracts.map {
      Position(instrument: $0.id, size: Size(steps: Size.limit), cost: 0)
    }
    return (world, engine, positions)
  }

  @Test("never trap, and are healthy only when equity is beyond doubt")
  func largest() throws {
    let (world, engine, positions) = try crowd()
    let limit = Amount.limit
    for mode in MarginMode.allCases {
      for balance in [limit, -limit, 0] {
        for cost in [limit, -limit, 0] {
          for sign in [Int64(1), -1] {
            let portfolio = world.portfolio(
              mode, usd: balance, btc: balance, eth: balance,
              positions.map {
                Position(
                  instrument: $0.instrument, size: Size(steps: sign * $0.size.steps), cost: cost)
              })
            let risk = try engine.risk(of: portfolio)
            #expect(risk.initialMargin >= risk.maintenanceMargin)
            #expect(risk.maintenanceMargin >= 0)
            #expect(abs(risk.equity) <= QuoteMoney.limit)
            // A requirement at the limit is above any equity.
            if risk.maintenanceMargin == QuoteMoney.limit { #expect(risk.isLiquidatable) }
          }
        }
      }
    }
  }

  @Test("are swept in 128 bits, to the same result as the kernel where both can")
  func handOver() throws {
    let (world, engine, positions) = try crowd()
    // Just inside and far outside of 64 bits: the loss grows in proportion.
    func loss(_ steps: Int64) throws -> Int64 {
      let portfolio = world.portfolio(
        .portfolio,
        [Position(instrument: positions[0].instrument, size: Size(steps: steps), cost: 0)])
      let loss = try engine.scans(of: portfolio).reduce(0) { $0 + $1.loss }
      let risk = try engine.risk(of: portfolio)
      let provision = try engine.breakdown(of: portfolio).lines
        .reduce(0) { $1.kind == .provision ? $0 + $1.initial : $0 }
      #expect(risk.initialMargin == loss + provision)
      return loss
    }
    let one = try loss(1)
    #expect(try loss(1_000_000) == 1_000_000 * one)
    #expect(try loss(Size.limit) == Size.limit * one)
  }

  @Test("need the limit where their loss would wrap around 64 bits to a gain")
  func wrapping() throws {
    var (world, _, positions) = try crowd()
    // 128 longs lose 50.4 USD a step each: 1.39·10^19 millionths, between 2^63 and 2^64.
    world.grids = [
      try ScenarioGrid(scenarios: [Scenario(spotShift: -0.063, volatility: .unchanged)]),
      try ScenarioGrid(scenarios: []),
    ]
    let linear = world.listing.contracts.filter { $0.settlement == .linear && !$0.isOption }
    let portfolio = world.portfolio(
      .portfolio,
      linear.map { Position(instrument: $0.id, size: Size(steps: Size.limit), cost: 0) })
    #expect(linear.count == 128 && positions.count > 128)
    #expect(try world.engine().risk(of: portfolio).maintenanceMargin > QuoteMoney.limit / 2)
  }

  @Test("are charged for short options exactly, however many")
  func shortOptions() throws {
    var world = try World(index: "7999.99999", usdDecimals: 4)
    let call = try world.list(
      .option(.call, strike: Price("20000"), expiry: World.expiry(days: 1)), volatility: 0.1)
    let engine = try world.engine()
    // 10 % of the index, up to 10^−8 USD, for 0.001 BTC a step: 799,999.999 millionths.
    for steps: Int64 in [1, 1_000, (1 << 28) - 1, 1 << 28, Size.limit] {
      let risk = try engine.risk(
        of: world.portfolio(
          .cross, [Position(instrument: call, size: Size(steps: -steps), cost: 0)]))
      let exact = Int128(steps) * 799_999_999
      #expect(Int128(risk.initialMargin) == exact.divided(by: 1_000, rounding: .up))
    }
  }

  @Test("are refused beyond them, by name")
  func refusals() throws {
    let (world, engine, positions) = try crowd()
    let first = positions[0].instrument
    for steps in [Size.limit + 1, -Size.limit - 1, .max, .min] {
      let portfolio = world.portfolio(
        .cross, [Position(instrument: first, size: Size(steps: steps), cost: 0)])
      #expect(throws: MarginError.positionOutOfRange(first)) {
        try engine.risk(of: portfolio)
      }
    }
    let many = positions + [positions[0]]
    #expect(throws: MarginError.self) { try engine.risk(of: world.portfolio(.cross, many)) }

    let unlisted = InstrumentID(9_999)
    #expect(throws: MarginError.unlisted(unlisted)) {
      try engine.risk(
        of: world.portfolio(
          .cross, [Position(instrument: unlisted, size: Size(steps: 1), cost: 0)]))
    }
    var short = world.portfolio(.cross)
    short.balances.removeLast()
    #expect(throws: MarginError.malformedBalances) { try engine.risk(of: short) }
  }

  @Test("of portfolios need the limit where the engine has no scenarios")
  func withoutScenarios() throws {
    let world = try World(index: "8000")
    var engine = try RequirementEngine(
      listing: world.listing, margin: MarginParameters(world.parameters),
      surface: SurfaceParameters(world.parameters), hasScenarios: false)
    try engine.advance(to: world.snapshot)
    let limit = QuoteMoney.limit
    #expect(
      try engine.risk(of: world.portfolio(.portfolio, usd: Amount.limit)).initialMargin == limit)
    #expect(try engine.risk(of: world.portfolio(.cross, usd: 1)).initialMargin == 0)
  }

  @Test("without a price are refused where they need one")
  func unpriced() throws {
    var world = try World(index: "8000")
    let bitcoin = try world.list(.perpetual)
    let ether = try world.list(.perpetual, on: "ETH")
    world.markets.removeLast()
    let engine = try world.engine()
    func risk(_ instrument: InstrumentID, eth: Int64 = 0) throws -> AccountRisk {
      try engine.risk(
        of: world.portfolio(
          .cross, eth: eth, [Position(instrument: instrument, size: Size(steps: 1), cost: 0)]))
    }
    #expect(try risk(bitcoin).equity == 8_000_000)
    #expect(throws: MarginError.unpriced("ETH-1")) { try risk(ether) }
    #expect(throws: MarginError.unpriced("ETH")) { try risk(bitcoin, eth: 1) }
  }
}
