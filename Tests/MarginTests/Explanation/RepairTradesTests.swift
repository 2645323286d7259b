// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Instruments
import Margin
import MarketData
import NumericalMethods
import Quantities
import Testing

@Suite("Trades that repair an account")
struct RepairTradesTests {
  /// Every order is filled a share of the mark away, at a fee of a share of its value.
  private func costs(
    _ engine: RequirementEngine, spread: Double = 0.001, fee: Int64 = 500_000
  ) -> (Int, Size) -> FillEstimate? {
    { index, size in
      let contract = engine.layout.listing.contracts[index]
      let worse = engine.marks[index].price.value * (1 + Double(size.sign) * spread)
      guard let price = try? Price(worse, rounding: .toNearestOrEven),
        let value = try? contract.unitValue(at: price)
      else { return nil }
      let charged = Rate(billionths: fee).share(of: abs(size.steps * value), rounding: .up)
      return FillEstimate(price: price, fee: charged)
    }
  }

  /// The account after a trade, by the rules of a portfolio alone.
  private func traded(
    _ engine: RequirementEngine, _ portfolio: Portfolio, _ instrument: InstrumentID,
    _ size: Size, _ fill: FillEstimate
  ) throws -> AccountRisk {
    let contract = engine.layout.listing.contracts[Int(instrument.number)]
    var changed = portfolio
    let realized = changed.take(
      size, of: instrument, unitValue: try contract.unitValue(at: fill.price))
    let asset = try #require(engine.layout.listing.index(of: contract.settlementAsset))
    changed.balances[asset] += realized - fill.fee
    return try engine.risk(of: changed)
  }

  // Long 1 BTC at 8,000 with 230 USD: maintenance 200, buffer 40, so 10 are missing. Sold without
  // cost, n steps of 0.001 BTC leave 0.24 × (1,000 − n) USD: 42 leave 229.92, 41 leave 230.16.
  @Test("are as small as a calculation by hand")
  func byHand() throws {
    var world = try World(index: "8000")
    let perpetual = try world.list(.perpetual)
    let engine = try world.engine()
    let portfolio = world.portfolio(
      .cross, usd: 230_000_000,
      [Position(instrument: perpetual, size: Size(steps: 1_000), cost: 8_000_000_000)])
    let repair = try RepairTrades(
      engine, portfolio, target: .restored, estimate: costs(engine, spread: 0, fee: 0))
    #expect(repair.shortfall == 10_000_000)
    let trade = try #require(repair.trades.first)
    #expect(repair.trades.count == 1 && trade.purpose == .reduction && trade.cost == 0)
    #expect(trade.size == Size(steps: -42) && trade.after.isRestored)
    // Initial margin 400: 230 ÷ 0.4 = 575 steps may stay.
    let opening = try RepairTrades(
      engine, portfolio, target: .initialMargin, estimate: costs(engine, spread: 0, fee: 0))
    #expect(opening.shortfall == 170_000_000)
    #expect(opening.trades.map(\.size) == [Size(steps: -425)])
  }

  @Test("count spread and fee as their cost")
  func cost() throws {
    var world = try World(index: "8000")
    let perpetual = try world.list(.perpetual)
    let engine = try world.engine()
    let portfolio = world.portfolio(
      .cross, usd: 230_000_000,
      [Position(instrument: perpetual, size: Size(steps: 1_000), cost: 8_000_000_000)])
    let repair = try RepairTrades(
      engine, portfolio, target: .restored, estimate: costs(engine))
    let trade = try #require(repair.trades.first)
    // Each step of 8 USD costs 0.008 of spread and 0.003996 of fee.
    let steps = -trade.size.steps
    #expect(
      trade.cost == steps * 8_000 + (steps * 7_992_000 * 500_000 + 999_999_999) / 1_000_000_000)
    #expect(trade.after.equity == 230_000_000 - trade.cost)
  }

  /// Rounds of the random accounts.
  private static let rounds: Int = {
    if ProcessInfo.processInfo.environment["PLIMSOLL_FULL"] == "1" { return 300 }
    #if DEBUG
      return 12
    #else
      return 30
    #endif
  }()

  @Test(
    "are minimal, verified by the engine and in order of cost", arguments: [1, 2, 3] as [UInt64])
  func minimal(seed: UInt64) throws {
    let books = try RandomBooks()
    var random = SplitMix64(seed: seed)
    let estimate = costs(books.engine)
    var purposes: Set<RepairTrade.Purpose> = []
    for _ in 0..<Self.rounds {
      for mode in MarginMode.allCases {
        var portfolio = books.portfolio(&random, mode)
        let risk = try books.engine.risk(of: portfolio)
        // Quote money that leaves the account a little below its lines.
        portfolio.balances[0] -= risk.equity - risk.maintenanceMargin * 97 / 100
        for target in RepairTarget.allCases {
          let repair = try RepairTrades(
            books.engine, portfolio, target: target, estimate: estimate)
          let before = try books.engine.risk(of: portfolio)
          #expect(repair.shortfall == target.shortfall(of: before))
          #expect(repair.trades.map(\.cost) == repair.trades.map(\.cost).sorted())
          for trade in repair.trades {
            purposes.insert(trade.purpose)
            let after = try traded(
              books.engine, portfolio, trade.instrument, trade.size, trade.fill)
            #expect(after == trade.after && target.shortfall(of: after) == 0)
            #expect(trade.cost == before.equity - after.equity)
            let less = Size(steps: trade.size.steps - trade.size.sign)
            guard less != .zero else { continue }
            let fill = try #require(estimate(Int(trade.instrument.number), less))
            let short = try traded(books.engine, portfolio, trade.instrument, less, fill)
            #expect(target.shortfall(of: short) > 0)
          }
        }
      }
    }
    #expect(purposes == [.reduction, .hedge])
  }

  // Long 2 BTC of a perpetual in portfolio mode: the scan is 16 % of 16,000. A future against it
  // takes off as much as a reduction, at twice the provisions.
  @Test("offer a hedge to a portfolio account")
  func hedge() throws {
    var world = try World(index: "8000")
    let perpetual = try world.list(.perpetual)
    let future = try world.list(.future(expiry: World.expiry(days: 30)))
    let engine = try world.engine()
    let portfolio = world.portfolio(
      .portfolio, usd: 2_000_000_000,
      [Position(instrument: perpetual, size: Size(steps: 2_000), cost: 16_000_000_000)])
    let repair = try RepairTrades(
      engine, portfolio, target: .restored, estimate: costs(engine))
    #expect(repair.trades.map(\.instrument) == [perpetual, future])
    #expect(repair.trades.map(\.purpose) == [.reduction, .hedge])
    #expect(repair.trades.allSatisfy { $0.size < .zero })
    // Closing a step gives its provision back, opening one takes another.
    #expect(repair.trades[0].size.magnitude < repair.trades[1].size.magnitude)
  }

  @Test("are none for an account that needs none, and none where nothing is enough")
  func none() throws {
    var world = try World(index: "8000")
    let perpetual = try world.list(.perpetual)
    let engine = try world.engine()
    func repair(usd: Int64) throws -> RepairTrades {
      try RepairTrades(
        engine,
        world.portfolio(
          .cross, usd: usd,
          [Position(instrument: perpetual, size: Size(steps: 1_000), cost: 8_000_000_000)]),
        target: .restored, estimate: costs(engine))
    }
    let healthy = try repair(usd: 240_000_000)
    #expect(healthy.shortfall == 0 && healthy.trades.isEmpty)
    let least = try repair(usd: 239_999_999)
    #expect(least.shortfall == 1 && least.trades.count == 1)
    // All of it closed costs 12 USD and leaves less than nothing.
    let lost = try repair(usd: 5_000_000)
    #expect(lost.shortfall == 235_000_000 && lost.trades.isEmpty)
    let nobody = try RepairTrades(
      engine,
      world.portfolio(
        .cross, usd: 230_000_000,
        [Position(instrument: perpetual, size: Size(steps: 1_000), cost: 8_000_000_000)]),
      target: .restored, estimate: { _, _ in nil })
    #expect(nobody.trades.isEmpty)
  }
}
