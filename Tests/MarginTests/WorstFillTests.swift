// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import NumericalMethods
import Quantities
import Testing

@Suite("The worst fills of a portfolio's orders")
struct WorstFillTests {
  private func order(
    _ id: UInt64, _ side: Side, _ steps: Int64, _ limit: Price, on instrument: InstrumentID
  ) -> RestingOrder {
    RestingOrder(
      id: OrderID(id), instrument: instrument, side: side, remaining: Size(steps: steps),
      limit: limit, isReduceOnly: false)
  }

  // A perpetual at 8,000, 0.001 BTC a step, range 15 %: 1.2 USD a step; close fee 0.05 %.
  private func initial(position: Int64, _ orders: [(Side, Int64)]) throws -> Int64 {
    var world = try World(index: "8000")
    let id = try world.list(.perpetual)
    let engine = try world.engine()
    let held =
      position == 0
      ? [] : [Position(instrument: id, size: Size(steps: position), cost: 8_000_000 * position)]
    let resting = try orders.enumerated().map { place, entry in
      order(UInt64(place + 1), entry.0, entry.1, try Price("8000"), on: id)
    }
    let portfolio = world.portfolio(.portfolio, usd: 1_000_000_000, held, orders: resting)
    return try engine.risk(of: portfolio).initialMargin
  }

  @Test("are one side of a market, not both, and what closes a position is free")
  func sides() throws {
    let perStep = try initial(position: 1_000, []) / 1_000
    for (position, orders, counted) in [
      (0, [(Side.buy, 300), (.sell, 900)], 900), (200, [(.buy, 300), (.sell, 900)], 700),
      (200, [(.sell, 399)], 200), (200, [(.sell, 400)], 200), (200, [(.sell, 401)], 201),
      (-500, [(.buy, 500), (.buy, 400)], 500),
    ] as [(Int64, [(Side, Int64)], Int64)] {
      #expect(try initial(position: position, orders) == perStep * counted)
    }
  }

  // All 2^n subsets are tried; with futures of one underlying the reserve is the worst of them.
  @Test(
    "are exactly the worst subset of one underlying's linear book",
    arguments: 1...8 as ClosedRange<UInt64>)
  func exact(seed: UInt64) throws {
    var world = try World(index: "8000")
    let ids = [try world.list(.perpetual), try world.list(.future(expiry: World.expiry(days: 44)))]
    let engine = try world.engine()
    var random = SplitMix64(seed: seed)
    for _ in 0..<20 {
      let held = ids.map { id in
        let steps =
          Int64.random(in: 1...900, using: &random) * (Bool.random(using: &random) ? 1 : -1)
        return Position(
          instrument: id, size: Size(steps: steps),
          cost: steps * engine.marks[Int(id.number)].unitValue)
      }
      let orders = (1...5 as ClosedRange<UInt64>).map { id in
        let instrument = ids[Int.random(in: 0...1, using: &random)]
        return order(
          id, Bool.random(using: &random) ? .buy : .sell,
          Int64.random(in: 1...900, using: &random),
          engine.marks[Int(instrument.number)].price, on: instrument)
      }
      var portfolio = world.portfolio(.portfolio, usd: 9_000_000_000, held)
      var worst: Int64 = 0
      for subset in 0..<32 {
        var filled = portfolio
        for (place, order) in orders.enumerated() where subset >> place & 1 == 1 {
          let value = engine.marks[Int(order.instrument.number)].unitValue
          let realized = filled.take(
            Size(steps: order.side.sign * order.remaining.steps), of: order.instrument,
            unitValue: value)
          filled.balances[0] += realized
        }
        worst = max(worst, try engine.risk(of: filled).initialMargin)
      }
      portfolio.orders = orders
      let reserved = try engine.risk(of: portfolio).initialMargin
      // Provisions are taken at their worst side by contract, the scan jointly.
      #expect(reserved >= worst)
      #expect(Double(reserved) <= Double(worst) * 1.01)
    }
  }

  @Test("need no more than every order by itself, far less for a two-sided quote")
  func quotes() throws {
    var world = try World(index: "8000")
    let call = try world.list(
      .option(.call, strike: Price("8000"), expiry: World.expiry(days: 30)), step: "0.01",
      volatility: 0.8)
    let put = try world.list(
      .option(.put, strike: Price("8000"), expiry: World.expiry(days: 30)), step: "0.01",
      volatility: 0.8)
    let engine = try world.engine()
    let orders = [call, put].enumerated().flatMap { place, id -> [RestingOrder] in
      let price = engine.marks[Int(id.number)].price
      return [
        order(UInt64(2 * place + 1), .buy, 1_000, price, on: id),
        order(UInt64(2 * place + 2), .sell, 1_000, price, on: id),
      ]
    }
    func initial(_ orders: [RestingOrder]) throws -> Int64 {
      try engine.risk(
        of: world.portfolio(.portfolio, usd: 1_000_000_000_000, orders: orders)
      ).initialMargin
    }
    let alone = try orders.map { try initial([$0]) }.reduce(0, +)
    let together = try initial(orders)
    #expect(together < alone * 2 / 3)
    let dearest = try orders.map { try initial([$0]) }.max()
    #expect(together >= dearest ?? 0)
  }

  @Test("are the same added and removed one by one", arguments: 1...4 as ClosedRange<UInt64>)
  func incremental(seed: UInt64) throws {
    let books = try RandomBooks.withTerms()
    var random = SplitMix64(seed: seed)
    for _ in 0..<20 {
      var portfolio = books.portfolio(&random, .portfolio)
      let bare = try books.engine.risk(of: portfolio)
      var fills = try WorstFills(books.engine, portfolio)
      #expect(fills.charge(books.engine) == 0)
      let orders = (1...6 as ClosedRange<UInt64>).map { id in
        let index = Int.random(in: books.contracts.indices, using: &random)
        return order(
          id, Bool.random(using: &random) ? .buy : .sell,
          Int64.random(in: 1...10_000, using: &random), books.engine.marks[index].price,
          on: books.contracts[index].id)
      }
      for order in orders { try fills.add(order, books.engine) }
      portfolio.orders = Array(orders.prefix(3))
      for order in orders.dropFirst(3) { try fills.remove(order, books.engine) }
      let risk = try books.engine.risk(of: portfolio)
      #expect(fills.charge(books.engine) == risk.initialMargin - bare.initialMargin)
      #expect(risk.maintenanceMargin == bare.maintenanceMargin)
      for order in orders.prefix(3) { try fills.remove(order, books.engine) }
      #expect(fills.charge(books.engine) == 0)
    }
  }
}
