// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import NumericalMethods
import Quantities
import Testing

@Suite("What quotes under a protection reserve")
struct QuoteReserveTests {
  private func quote(
    _ id: UInt64, _ side: Side, _ steps: Int64, _ limit: Price, on instrument: InstrumentID,
    isQuote: Bool = true
  ) -> RestingOrder {
    RestingOrder(
      id: OrderID(id), instrument: instrument, side: side, remaining: Size(steps: steps),
      limit: limit, isReduceOnly: false, isQuote: isQuote)
  }

  private func protection(
    quantity: Int64? = nil, delta: Int64? = nil, vega: Int64? = nil, filled: QuoteFills = .zero,
    on underlying: String = "BTC"
  ) throws -> QuoteProtection {
    QuoteProtection(
      underlying: try AssetSymbol(underlying),
      limits: QuoteLimits(
        quantity: quantity, delta: delta, vega: vega, interval: .minute, frozenTime: .zero),
      filled: filled)
  }

  // A perpetual at 8,000, 0.001 BTC a step; ten quotes of 100 steps on each side.
  private func initial(
    _ mode: MarginMode, _ protections: [QuoteProtection], isQuote: Bool = true,
    position: Int64 = 0
  ) throws -> Int64 {
    var world = try World(index: "8000")
    let id = try world.list(.perpetual)
    let engine = try world.engine()
    let orders = try (1...20 as ClosedRange<UInt64>).map {
      quote(
        $0, $0 % 2 == 0 ? .buy : .sell, 100, try Price("8000"), on: id, isQuote: isQuote)
    }
    let held =
      position == 0
      ? [] : [Position(instrument: id, size: Size(steps: position), cost: 8_000_000 * position)]
    var portfolio = world.portfolio(mode, usd: 1_000_000_000, held, orders: orders)
    portfolio.protections = protections
    return try engine.risk(of: portfolio).initialMargin
  }

  // 0.001 BTC is 100,000 units of 10^−8: a limit of 250 steps leaves room for 250, and one order.
  @Test(
    "is the limit and the order that crosses it, on the worse side",
    arguments: MarginMode.allCases)
  func byHand(mode: MarginMode) throws {
    let full = try initial(mode, [])
    let perStep = full / 1_000
    for (limit, steps) in [
      (1, 101), (100, 200), (250, 350), (899, 999), (900, 1_000), (5_000, 1_000),
    ]
      as [(Int64, Int64)]
    {
      let limited = try initial(mode, [protection(quantity: limit * 100_000)])
      #expect(limited == steps * perStep, "a limit of \(limit) steps")
      #expect(try initial(mode, [protection(delta: limit * 100_000)]) == limited)
    }
    // What was filled is gone from the limit.
    let filled = QuoteFills(quantity: 20_000_000, delta: 0, vega: 0)
    #expect(
      try initial(mode, [protection(quantity: 25_000_000, filled: filled)]) == 150 * perStep)
    // Nothing has vega; another underlying's limit is none; other orders are reserved in full.
    #expect(try initial(mode, [protection(vega: 1)]) == full)
    #expect(try initial(mode, [protection(quantity: 1, on: "ETH")]) == full)
    #expect(try initial(mode, [protection(quantity: 1)], isQuote: false) == full)
    // Beside a position of 300: 350 bought lead to 650.
    #expect(
      try initial(mode, [protection(quantity: 25_000_000)], position: 300) == 650 * perStep)
  }

  // Vega of an at-the-money call by differences of its mark; Black 1976 gives 9.0899 dollars a
  // point for one BTC at 80 % and 30 days.
  @Test("counts vega in dollars a point")
  func vega() throws {
    func mark(_ volatility: Double) throws -> (engine: RequirementEngine, id: InstrumentID) {
      var world = try World(index: "8000")
      let id = try world.list(
        .option(.call, strike: Price("8000"), expiry: World.expiry(days: 30)), step: "0.01",
        volatility: volatility)
      return (try world.engine(), id)
    }
    let (engine, id) = try mark(0.8)
    let up = try mark(0.805).engine.marks[0].price.value
    let down = try mark(0.795).engine.marks[0].price.value
    let fills = engine.quoteFills(of: id, size: Size(steps: -300))
    #expect(abs(Double(fills.vega) / 1e8 / 3 - (up - down)) < 1e-4)
    #expect(abs(Double(fills.vega) / 1e8 / 3 - 9.0899) < 1e-3)
    #expect(fills.quantity == 300_000_000)
    #expect(abs(Double(fills.delta) / 3e8 - 0.5456) < 1e-3)
    #expect(engine.quoteFills(of: InstrumentID(9), size: Size(steps: 1)) == .zero)
  }

  // MARK: Over random books

  /// A book with quotes and orders near the mark on any contract.
  private func book(
    _ books: RandomBooks, _ random: inout SplitMix64, _ mode: MarginMode
  ) -> Portfolio {
    var portfolio = books.portfolio(&random, mode)
    let single = Int.random(in: books.contracts.indices, using: &random)
    portfolio.orders = (1...12 as ClosedRange<UInt64>).map { id in
      var index = Int.random(in: books.contracts.indices, using: &random)
      if mode == .isolated { index = single }
      return quote(
        id, Bool.random(using: &random) ? .buy : .sell, abs(books.steps(&random)),
        books.engine.marks[index].price, on: books.contracts[index].id,
        isQuote: id % 4 != 0)
    }
    if mode == .isolated { portfolio.positions.removeAll() }
    return portfolio
  }

  private func protections(
    _ random: inout SplitMix64, highest: Int64 = 30_000_000_000
  ) throws -> [QuoteProtection] {
    func limit() -> Int64? {
      Bool.random(using: &random) ? Int64.random(in: 1...highest, using: &random) : nil
    }
    return try ["BTC", "ETH"].map { symbol in
      try protection(quantity: limit() ?? highest, delta: limit(), vega: limit(), on: symbol)
    }
  }

  @Test(
    "never rises as limits fall, and never leaves what the same orders reserve",
    arguments: MarginMode.allCases)
  func monotone(mode: MarginMode) throws {
    let books = try RandomBooks.withTerms()
    var random = SplitMix64(seed: 11)
    var lowered = 0
    for _ in 0..<min(RandomBooks.count(20), 1_000) {
      var portfolio = book(books, &random, mode)
      let full = try books.engine.risk(of: portfolio)
      portfolio.protections = try protections(&random, highest: QuoteLimits.highest)
      #expect(try books.engine.risk(of: portfolio).maintenanceMargin == full.maintenanceMargin)
      var last = full.initialMargin
      for shift in 24..<60 where shift % 3 == 0 {
        portfolio.protections = portfolio.protections.map {
          let limits = $0.limits
          return QuoteProtection(
            underlying: $0.underlying,
            limits: QuoteLimits(
              quantity: limits.quantity.map { min($0, 1 << (60 - shift)) },
              delta: limits.delta.map { min($0, 1 << (60 - shift)) },
              vega: limits.vega.map { min($0, 1 << (60 - shift)) }, interval: .minute,
              frozenTime: .zero))
        }
        let limited = try books.engine.risk(of: portfolio).initialMargin
        #expect(limited <= last)
        last = limited
      }
      lowered += last < full.initialMargin ? 1 : 0
      portfolio.orders.removeAll()
      #expect(try books.engine.risk(of: portfolio).initialMargin <= last)
    }
    #expect(lowered > 6)
  }

  @Test("is the same added and removed one by one", arguments: 1...3 as ClosedRange<UInt64>)
  func incremental(seed: UInt64) throws {
    let books = try RandomBooks.withTerms()
    var random = SplitMix64(seed: seed)
    for _ in 0..<10 {
      var portfolio = book(books, &random, .portfolio)
      let orders = portfolio.orders
      portfolio.orders.removeAll()
      portfolio.protections = try protections(&random)
      let bare = try books.engine.risk(of: portfolio).initialMargin
      var fills = try WorstFills(books.engine, portfolio)
      for order in orders { try fills.add(order, books.engine) }
      for order in orders.dropFirst(7) { try fills.remove(order, books.engine) }
      portfolio.orders = Array(orders.prefix(7))
      #expect(
        fills.charge(books.engine) + bare == (try books.engine.risk(of: portfolio).initialMargin))
      for order in orders.prefix(7) { try fills.remove(order, books.engine) }
      #expect(fills.charge(books.engine) == 0)
    }
  }

  // What an account has above its initial margin after any fills of its quotes, one after another,
  // whole or in parts, until a limit is reached.
  @Test(
    "covers every sequence of fills up to the trigger", arguments: MarginMode.allCases, 1...4)
  func covers(mode: MarginMode, seed: UInt64) throws {
    // Of cross accounts without haircuts: a coin-settled option that is sold becomes coin, whose
    // haircut no order reserves, protected or not.
    let books = try RandomBooks.withTerms(
      mode == .cross
        ? ["default", "BTC", "ETH"].map { ("margin.collateral.\($0).haircut", "0%") } : [])
    var random = SplitMix64(seed: seed)
    var triggered = 0
    for _ in 0..<min(RandomBooks.count(12), 1_000) {
      var portfolio = book(books, &random, mode)
      portfolio.orders.removeAll { !$0.isQuote }
      portfolio.protections = try protections(&random)
      let before = try books.engine.risk(of: portfolio)
      while let order = portfolio.orders.randomElement(using: &random) {
        triggered += fill(order, of: &portfolio, books, &random) ? 1 : 0
        let after = try books.engine.risk(of: portfolio)
        // Every coin-settled fill rounds its worth once: a millionth at most each time.
        #expect(
          after.equity - after.initialMargin >= before.equity - before.initialMargin - 40)
      }
    }
    #expect(triggered > 3)
  }

  /// - Returns: Whether the fill reached a limit.
  private func fill(
    _ order: RestingOrder, of portfolio: inout Portfolio, _ books: RandomBooks,
    _ random: inout SplitMix64
  ) -> Bool {
    let index = Int(order.instrument.number)
    let contract = books.contracts[index]
    let isWhole = Bool.random(using: &random)
    let steps =
      isWhole ? order.remaining.steps : Int64.random(in: 1...order.remaining.steps, using: &random)
    let asset = books.world.listing.index(of: contract.settlementAsset) ?? 0
    portfolio.balances[asset] += portfolio.take(
      Size(steps: order.side.sign * steps), of: order.instrument,
      unitValue: books.engine.marks[index].unitValue)
    if let slot = portfolio.orders.firstIndex(where: { $0.id == order.id }) {
      portfolio.orders[slot].remaining = order.remaining - Size(steps: steps)
      if portfolio.orders[slot].remaining == .zero { portfolio.orders.remove(at: slot) }
    }
    let fills = books.engine.quoteFills(of: order.instrument, size: Size(steps: steps))
    portfolio.changeProtection(of: contract.underlying) { $0.add(fills, at: World.start) }
    guard let protection = portfolio.protection(of: contract.underlying),
      protection.limits.areReached(by: protection.filled)
    else { return false }
    portfolio.orders.removeAll {
      books.contracts[Int($0.instrument.number)].underlying == contract.underlying
    }
    return true
  }
}
