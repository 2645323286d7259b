// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Parameters
import Quantities
import RiskEngine
import Testing

@Suite("An account in liquidation may reduce, and nothing else")
struct ReducingTests {
  private let perpetual = Contracts.btcPerpetual
  private let refused = Refusal.accountInLiquidation(AccountID(1))

  /// A stage in which account 1, long in the perpetual, waits without an order out.
  enum Stage: String, CaseIterable {
    case grace, partial, collateralSale, insuranceFund, deleveraging, auction, pool
    case socializedLoss

    func venue() throws -> Venue {
      switch self {
      case .grace:
        return try gapped(to: "7600", [(key: "liquidation.grace", value: "10min")])
      case .partial: return try answered(gapped(to: "7600"), .partial)
      case .collateralSale:
        let venue = try Conversions.venue([Conversions.auction])
        try #require(venue.sale != nil && venue.stage(of: 1) == .partial)
        return venue
      case .insuranceFund:
        return try answered(gapped(to: "7400", fund: "1000"), .insuranceFund)
      case .deleveraging: return try unopposed()
      case .auction: return try Auctions.solvent()
      case .pool:
        // The pool is empty and the last stage: what it leaves is offered to the book.
        let venue = try PoolStageTests.venue(
          LastStages.changes([]), senior: nil, junior: nil)
        return try answered(gapped(venue, to: "7600"), .pool)
      case .socializedLoss:
        return try answered(
          gapped(to: "7400", LastStages.changes([.socializedLoss])), .socializedLoss)
      }
    }

    private func gapped(
      to price: String, fund: String? = nil, _ changes: [(key: String, value: String)] = []
    ) throws -> Venue {
      var venue = try Venue.marked(changes)
      if let fund { try venue.fund(fund, of: Coins.usd) }
      try venue.open(1, .cross, usd: "500")
      try venue.take(1, 1_000, of: Contracts.btcPerpetual)
      return try gapped(venue, to: price)
    }

    private func gapped(_ venue: Venue, to price: String) throws -> Venue {
      var venue = venue
      try venue.block(btc: price)
      return venue
    }

    /// 300 steps are closed against the maker; the other 700 are opposite to one who sold below the
    /// bankruptcy price, whom the queue leaves alone.
    private func unopposed() throws -> Venue {
      var venue = try gapped(to: "7510", LastStages.changes([.deleveraging]))
      try venue.open(2, .cross, usd: "5000")
      try venue.submit(
        venue.trade(Contracts.btcPerpetual, buyer: 0, seller: 2, size: 700, price: "7450"))
      return try answered(gapped(venue, to: "7400"), .deleveraging)
    }

    /// How it ends after 11 steps were sold at the mark, with every order of the engine filled at
    /// its limit and what is under the hammer sold; absent for a debt that nobody pays.
    var end: LiquidationOutcome? {
      switch self {
      case .collateralSale: .restored
      case .socializedLoss: nil
      case .grace, .partial, .insuranceFund, .deleveraging, .auction, .pool: .closed
      }
    }

    private func answered(_ venue: Venue, _ stage: LiquidationStage) throws -> Venue {
      var venue = venue
      try venue.submit(venue.report(venue.order(of: 1), size: 0))
      try #require(venue.stage(of: 1) == stage)
      return venue
    }
  }

  private func order(
    _ venue: Venue, _ side: Side, _ size: Int64, on instrument: InstrumentID? = nil,
    at limit: Price? = nil, reduceOnly: Bool = true
  ) -> RestingOrder {
    RestingOrder(
      id: venue.engine.state.nextOrder, instrument: instrument ?? perpetual, side: side,
      remaining: Size(steps: size), limit: limit ?? venue.mark(instrument ?? perpetual).price,
      isReduceOnly: reduceOnly)
  }

  private func place(_ order: RestingOrder) -> Command { .placeOrder(AccountID(1), order) }

  @Test(
    "in every stage an order that promises to reduce rests up to the position, and no other does",
    arguments: Stage.allCases, [true, false])
  func places(stage: Stage, isFlagged: Bool) throws {
    var venue = try stage.venue()
    try #require(venue.account(1).isInLiquidation && venue.account(1).liquidationOrder == nil)
    let held = venue.size(1, perpetual)
    func sale(_ size: Int64) -> Command {
      place(order(venue, .sell, size, reduceOnly: isFlagged))
    }
    #expect(venue.refusal(of: place(order(venue, .buy, 1, reduceOnly: isFlagged))) == refused)
    #expect(venue.refusal(of: sale(held + 1)) == refused)
    guard isFlagged else {
      // Once the engine has sold some, it might do more than reduce.
      for size in [1, held - 1, held] { #expect(venue.refusal(of: sale(size)) == refused) }
      #expect(venue.account(1).portfolio.orders.isEmpty)
      return
    }
    try venue.submit(sale(held - 1))
    #expect(venue.refusal(of: sale(2)) == refused, "with the earlier ones of its side")
    try venue.submit(sale(1))
    #expect(venue.account(1).portfolio.orders.count == 2)
    #expect(
      venue.refusal(of: place(order(venue, .sell, 1, on: Contracts.ethPerpetual))) == refused)
  }

  @Test(
    "in every stage a trade that reduces is booked and one that adds is not",
    arguments: Stage.allCases)
  func trades(stage: Stage) throws {
    var venue = try stage.venue()
    let held = venue.size(1, perpetual)
    let resting = order(venue, .sell, 10)
    try venue.submit(place(resting))
    let (buy, beyond) = (
      try venue.trade(perpetual, buyer: 1, seller: 0, size: 1),
      try venue.trade(perpetual, buyer: 0, seller: 1, size: held + 1)
    )
    #expect(venue.refusal(of: buy) == refused)
    #expect(venue.refusal(of: beyond) == refused)
    try venue.submit(
      venue.trade(perpetual, buyer: 0, seller: 1, size: 10, order: resting.id))
    try venue.take(1, -1, of: perpetual)
    #expect(venue.size(1, perpetual) == held - 11 && venue.account(1).portfolio.orders.isEmpty)
    // The engine goes on with what is left.
    for _ in 0..<20 {
      if let order = venue.account(1).liquidation?.order {
        try venue.submit(venue.report(order))
      }
      if venue.sale != nil { try venue.submit(venue.bid()) }
      try venue.block()
    }
    let outcomes = venue.records.flatMap(\.events).compactMap { event -> LiquidationOutcome? in
      guard case .liquidationEnded(AccountID(1), let outcome) = event else { return nil }
      return outcome
    }
    #expect(outcomes == [stage.end].compactMap(\.self))
    #expect(venue.account(1).isInLiquidation == (stage.end == nil))
    #expect(venue.size(1, perpetual) == (stage.end == .restored ? held - 11 : 0))
    #expect(stage.end != nil || venue.balance(1) < 0)
  }

  @Test("what would be lost at a price worse than the mark still bounds a reduction")
  func drain() throws {
    var venue = try Stage.partial.venue()
    // 100 USD on 1,000 steps at 7.60.
    let all = try venue.trade(perpetual, buyer: 0, seller: 1, size: 1_000, price: "7499.999")
    #expect(venue.refusal(of: all)?.code == "below-initial-margin")
    try venue.submit(venue.trade(perpetual, buyer: 0, seller: 1, size: 1_000, price: "7500"))
    #expect(try venue.equity(1) == 0)
  }

  @Test("where the engine has an order out nothing is placed, elsewhere it is")
  func orderOut() throws {
    var venue = try Venue.ordered(eth: 2)
    let sent = try venue.order(of: 1)
    try #require(sent.instrument == perpetual && sent.size < Size(steps: 1_000))
    #expect(venue.refusal(of: place(order(venue, .sell, 1))) == refused)
    try venue.submit(place(order(venue, .sell, 2, on: Contracts.ethPerpetual)))
    try venue.submit(venue.report(sent, size: 1))
    try #require(venue.account(1).isInLiquidation)
    #expect(venue.refusal(of: place(order(venue, .sell, 1_000))) == refused, "a step is gone")
    try venue.submit(place(order(venue, .sell, 999)))
  }

  @Test("an order that sells a portfolio's hedge is refused as it is anywhere")
  func hedgeIsKept() throws {
    var venue = try Venue.marked([(key: "liquidation.grace", value: "10min")])
    try venue.open(1, .portfolio, usd: "4000")
    try venue.take(1, 2_000, of: perpetual)
    try venue.take(1, -1_000, of: Contracts.btcFuture)
    var price = 8_000
    while !venue.account(1).isInLiquidation {
      price -= 10
      try venue.block(btc: "\(price)", after: 1)
      try #require(price > 4_000)
    }
    let buy = order(venue, .buy, 1, on: Contracts.btcFuture)
    #expect(venue.refusal(of: place(buy))?.code == "below-initial-margin")
    try venue.submit(place(order(venue, .sell, 1)))
  }

  // MARK: What rested before

  /// Long 1 BTC, with orders that buy, sell, sell and only reduce, and one whose position is gone.
  private func ordered(keeps: Bool) throws -> Venue {
    let rule = [(key: "liquidation.keepsReducing", value: "\(keeps)")]
    var venue = try Venue.marked(keeps ? rule : [])
    try venue.open(1, .cross, usd: "590")
    try venue.take(1, 1_000, of: perpetual)
    try venue.take(1, 1, of: Contracts.ethPerpetual)
    try venue.submit(place(order(venue, .buy, 1, reduceOnly: false)))
    try venue.submit(place(order(venue, .sell, 10, reduceOnly: false)))
    try venue.submit(place(order(venue, .sell, 900, at: try Price("7000"))))
    try venue.submit(place(order(venue, .sell, 1, on: Contracts.ethPerpetual)))
    try venue.take(1, -1, of: Contracts.ethPerpetual)
    return venue
  }

  @Test("a liquidation removes all orders, or all but those that only reduce", arguments: [0, 1])
  func keepsReducing(rule: Int) throws {
    var venue = try ordered(keeps: rule == 1)
    let ids = venue.account(1).portfolio.orders.map(\.id)
    let events = try venue.block(btc: "7590")
    let removed = events.compactMap { event -> OrderID? in
      guard case .orderRemoved(AccountID(1), let id, .liquidation) = event else { return nil }
      return id
    }
    #expect(removed == (rule == 1 ? [ids[0], ids[1], ids[3]] : ids))
    #expect(venue.account(1).portfolio.orders.map(\.id) == (rule == 1 ? [ids[2]] : []))
    // Neither requirement knows of an order that only reduces.
    let valuation = try #require(venue.engine.valuation)
    var bare = venue.account(1).portfolio
    bare.orders = []
    #expect(valuation.risk(bare) == valuation.risk(venue.account(1).portfolio))
  }

  @Test("one that stayed is filled after the engine's order, up to what is left of the position")
  func fillsAfterTheEngine() throws {
    var venue = try ordered(keeps: true)
    try venue.block(btc: "7590")
    let resting = try #require(venue.account(1).portfolio.orders.first)
    let sent = try venue.order(of: 1)
    func fill(_ size: Int64) throws -> Command {
      try venue.trade(perpetual, buyer: 0, seller: 1, size: size, order: resting.id)
    }
    let (one, most) = (try fill(1), try fill(900))
    #expect(venue.refusal(of: one) == refused, "while the engine's order is out")
    try venue.submit(venue.report(sent, size: 101))
    try #require(venue.size(1, perpetual) == 899 && venue.account(1).isInLiquidation)
    #expect(venue.refusal(of: most) == .notReducing(AccountID(1)), "a step beyond")
    let rest = try fill(899)
    try venue.submit(rest)
    #expect(venue.size(1, perpetual) == 0)
    #expect(venue.account(1).portfolio.orders.map(\.remaining) == [Size(steps: 1)])
    let state = venue.engine.state
    #expect(try LedgerState(canonicalBytes: state.canonicalBytes) == state)
    try venue.block()
    #expect(venue.account(1).liquidation == nil)
  }
}
