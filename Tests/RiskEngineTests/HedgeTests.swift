// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Parameters
import Quantities
import RiskEngine
import TestFixtures
import Testing

/// Account 0 makes the market; 1 crowds, 2 and 3 are others; 90 is the fund's hedge.
///
/// A step is 8 USD, initial margin 5 %.
@Suite("The fund hedges")
struct HedgeTests {
  static let perpetual = Contracts.btcPerpetual
  static let hedge = AccountID(90)
  static let terms = [
    (key: "hedge.capital", value: "10000"), (key: "hedge.default.threshold", value: "50000"),
    (key: "hedge.default.target", value: "20000"),
  ]

  static func venue(
    _ changes: [(key: String, value: String)] = [], fund: String = "50000"
  ) throws -> Venue {
    var venue = try Venue.marked(
      terms.filter { old in !changes.contains { $0.key == old.key } } + changes)
    for id: UInt32 in 1...3 { try venue.open(id, .cross, usd: "100000") }
    try venue.fund(fund, of: Coins.usd)
    try venue.submit(.registerMaker(AccountID(0)))
    try venue.submit(.openHedge(hedge))
    return venue
  }

  /// Takers long 10 coins, 80,000 USD.
  static func crowded(
    _ changes: [(key: String, value: String)] = [], fund: String = "50000"
  ) throws -> Venue {
    var venue = try venue(changes, fund: fund)
    try venue.take(1, 10_000, of: perpetual)
    return venue
  }

  @Test("above the threshold it is ordered down to the target, with the margin the fund gives")
  func worked() throws {
    var venue = try Self.crowded()
    let events = try venue.block()
    let out = try #require(venue.hedge.order)
    #expect(out.order.side == .buy && out.order.size == Size(steps: 7_500))
    #expect(out.order.instrument == Self.perpetual && out.order.account == Self.hedge)
    // 1 % beyond the mark at worst; half a per cent is expected.
    #expect(try out.order.limit == Price("8080") && out.unitValue == 8_000_000)
    #expect(out.expectedCost == 300_000_000 && out.worstCost == 600_000_064)
    #expect(try out.imbalance == 80_000_000_000 && out.underlying == AssetSymbol("BTC"))
    #expect(!out.isReducing && events.contains(.hedgeOrdered(out)))
    #expect(events.contains(.liquidationOrderIssued(out.order)))
    // One and a half times 5 % of 60,000, and what it may cost.
    #expect(venue.hedge.drawn == 4_500_000_000 + out.worstCost)
    #expect(venue.balance(90) == venue.hedge.drawn)
    #expect(venue.insuranceFund() == 50_000_000_000 - venue.hedge.drawn)
    // Filled at 8,008 by a taker.
    try venue.submit(venue.report(out.order, price: try Price("8008"), with: 2))
    #expect(venue.size(90, Self.perpetual) == 7_500 && venue.hedge.order == nil)
    #expect(try venue.imbalance() == 20_000_000_000)
    #expect(venue.hedge.cost == 60_000_000 && venue.hedge.windowCost == 60_000_000)
    #expect(try venue.block().allSatisfy { !$0.isHedging }, "at the target nothing is done")
  }

  @Test("at the threshold nothing is ordered, a step above it something is", arguments: [1, -1])
  func threshold(sign: Int64) throws {
    var venue = try Self.venue()
    try venue.take(1, sign * 6_250, of: Self.perpetual)
    #expect(try venue.imbalance() == sign * 50_000_000_000)
    #expect(try !venue.block().contains { $0.isHedging })
    try venue.take(1, sign, of: Self.perpetual)
    try venue.block()
    let order = try #require(venue.hedge.order?.order)
    #expect(order.side == (sign > 0 ? .buy : .sell) && order.size == Size(steps: 3_751))
  }

  @Test("where takers leave, it is given back; at rest all of it is the fund's again")
  func unwinding() throws {
    var venue = try Self.crowded()
    try venue.block()
    try venue.fill(at: "8000")
    // Down to 5 coins without the hedge: S is −2.5, and 5 of 7.5 may go before S is at the target.
    try venue.take(1, -5_000, of: Self.perpetual)
    #expect(try venue.imbalance() == -20_000_000_000)
    try venue.block()
    let out = try #require(venue.hedge.order)
    #expect(out.isReducing && out.order.side == .sell && out.order.size == Size(steps: 5_000))
    #expect(try out.order.limit == Price("7920"))
    try venue.fill(at: "8000")
    #expect(try venue.imbalance() == 20_000_000_000)
    #expect(try !venue.block().contains { $0.isHedging })
    try venue.take(1, -5_000, of: Self.perpetual)
    try venue.block()
    let last = try venue.fill(at: "8000")
    #expect(venue.size(90, Self.perpetual) == 0 && venue.hedge.drawn == 0)
    #expect(last.contains { $0.isReturn } && venue.insuranceFund() == 50_000_000_000)
    #expect(try venue.balance(90) == 0 && venue.imbalance() == 0)
  }

  @Test("a gain goes to the fund, a loss stays drawn and is not given again")
  func gainAndLoss() throws {
    for (price, change) in [("8040", Int64(300_000_000)), ("7960", -300_000_000)] {
      var venue = try Self.crowded()
      try venue.block()
      try venue.fill(at: "8000")
      try venue.take(1, -10_000, of: Self.perpetual)
      try venue.block(btc: price)
      try venue.fill(at: price)
      #expect(venue.size(90, Self.perpetual) == 0)
      #expect(venue.insuranceFund() == 50_000_000_000 + change)
      #expect(venue.hedge.drawn == max(-change, 0) && venue.hedge.cost == 0)
    }
  }

  @Test("lost, late, doubled, forged and partial reports", arguments: [0, 1, 2, 3])
  func reports(_ kind: Int) throws {
    var venue = try Self.crowded()
    try venue.block()
    let order = try #require(venue.hedge.order?.order)
    switch kind {
    case 0:
      // Lost: the order expires, its margin goes back and the next order comes.
      let events = try venue.block()
      #expect(events.contains(.liquidationOrderClosed(Self.hedge, order.id, .expired)))
      #expect(events.contains { $0.isReturn } && venue.hedge.order != nil)
      #expect(venue.refusal(of: venue.report(order, with: 2)) == .unknownOrder(order.id))
    case 1:
      try venue.submit(venue.report(order, with: 2))
      #expect(venue.refusal(of: venue.report(order, with: 2)) == .unknownOrder(order.id))
    case 2:
      let beyond = try venue.report(order, price: Price("8080.00000001"), with: 2)
      #expect(venue.refusal(of: beyond) == .fillBeyondLimit(order.id))
      #expect(
        venue.refusal(of: venue.report(order, size: 7_501, with: 2)) == .fillBeyondSize(order.id))
      #expect(venue.refusal(of: venue.report(order, with: 90)) == .selfTrade(Self.hedge))
      #expect(venue.refusal(of: venue.report(order)) == .houseAccount(AccountID(0)))
    default:
      try venue.submit(venue.report(order, size: 100, price: try Price("8000"), with: 2))
      #expect(venue.size(90, Self.perpetual) == 100 && venue.hedge.order == nil)
      try venue.block()
      #expect(venue.hedge.order?.order.size == Size(steps: 7_400))
    }
  }

  @Test("nobody but the engine acts for it, and a venue has one")
  func door() throws {
    var venue = try Self.venue()
    #expect(
      venue.refusal(of: .openHedge(AccountID(91))) == .alreadyExists("the hedge account"))
    #expect(venue.refusal(of: .openHedge(AccountID(2))) == .alreadyExists("account 2"))
    let one = Amount(units: 1, asset: try Coins.usd)
    for command: Command in [
      .depositCollateral(Self.hedge, one), .withdrawCollateral(Self.hedge, one),
      try venue.trade(Self.perpetual, buyer: 90, seller: 2, size: 1),
      .registerMaker(Self.hedge), .changeMarginMode(Self.hedge, .cross),
    ] {
      #expect(venue.refusal(of: command) == .hedgeAccount(Self.hedge))
    }
    #expect(Refusal.hedgeAccount(Self.hedge).code == "hedge-account")
    #expect(Refusal.houseAccount(Self.hedge).code == "house-account")
    var plain = try Venue.marked(Self.terms)
    #expect(plain.engine.state.hedge == nil)
    #expect(plain.refusal(of: .openHedge(AccountID(0))) == .alreadyExists("account 0"))
    let other = try ParameterFixture.set(
      Venue.wideOracle + [(key: "hedge.default.threshold", value: "1")])
    #expect(
      plain.refusal(of: .changeParameters(other)) == .parameters(.missing(key: "hedge.capital")))
  }

  @Test("what is traded with it pays no entry fee, and it is of the house")
  func house() throws {
    var venue = try Self.crowded([
      (key: "balance.default.depth", value: "50000"), (key: "balance.default.cost", value: "1%"),
    ])
    try venue.block()
    let before = venue.engine.state.balance.pots
    let events = try venue.fill(at: "8000")
    #expect(venue.engine.state.balance.pots == before)
    #expect(
      !events.contains {
        if case .transferred(let transfer) = $0 { transfer.reason == .entryFee } else { false }
      })
    let balance = try #require(venue.engine.balance()?.first)
    #expect(balance.hedge.delta == 750_000_000 && balance.makers.delta == -1_000_000_000)
    #expect(balance.takers.delta == 250_000_000)
  }

  // FIELD 3.13: 500 to an imbalance of 50,000, of which the second half costs 375. A step is 8 USD.
  @Test("once half is hedged, the next taker pays again for the second half")
  func potential() throws {
    var venue = try Self.venue([
      (key: "balance.default.depth", value: "50000"), (key: "balance.default.cost", value: "1%"),
      (key: "balance.default.exponent", value: "2"), (key: "balance.default.slopeCap", value: "1"),
      (key: "hedge.default.threshold", value: "40000"),
      (key: "hedge.default.target", value: "25000"),
    ])
    try venue.take(1, 6_250, of: Self.perpetual)
    #expect(venue.balance(1) == 99_500_000_000)
    try venue.block()
    try venue.fill(at: "8000")
    #expect(try venue.imbalance() == 25_000_000_000 && venue.size(90, Self.perpetual) == 3_125)
    try venue.take(3, 3_125, of: Self.perpetual)
    #expect(venue.balance(3) == 99_625_000_000)
  }
}

/// What it may cost and bind.
@Suite("Limits of the hedge")
struct HedgeLimitTests {
  private let perpetual = HedgeTests.perpetual

  private func ordered(_ changes: [(key: String, value: String)], fund: String = "50000") throws
    -> Int64
  {
    var venue = try HedgeTests.crowded(changes, fund: fund)
    try venue.block()
    return venue.hedge.order?.order.size.steps ?? 0
  }

  @Test("the expected cost may be the most, and not a billionth more")
  func mostCost() throws {
    #expect(try ordered([(key: "hedge.mostCost", value: "0.5%")]) == 7_500)
    #expect(try ordered([(key: "hedge.mostCost", value: "0.4999999%")]) == 0)
    let fees = [(key: "fees.taker", value: "0.04%")]
    #expect(try ordered(fees + [(key: "hedge.mostCost", value: "0.54%")]) == 7_500)
    #expect(try ordered(fees + [(key: "hedge.mostCost", value: "0.5399999%")]) == 0)
  }

  // A step costs 0.08 at worst; 7,500 of them 600, and 64 units on top.
  @Test(
    "an order and a window, to the step",
    arguments: [("600.000064", 7_500), ("600.000063", 7_499), ("0.080064", 1), ("0.080063", 0)])
  func budgets(cost: String, steps: Int64) throws {
    #expect(try ordered([(key: "hedge.orderCost", value: cost)]) == steps)
    #expect(try ordered([(key: "hedge.windowCost", value: cost)]) == steps)
  }

  // One and a half times 5 % of 8 USD a step, and 0.08 USD: 0.68 USD.
  @Test(
    "the capital, and what the fund has, bear the margin and the cost to the step",
    arguments: [("5100.000064", 7_500), ("5100.000063", 7_499), ("0.680064", 1), ("0.680063", 0)])
  func capital(units: String, steps: Int64) throws {
    #expect(try ordered([(key: "hedge.capital", value: units)]) == steps)
    #expect(try ordered([], fund: units) == steps)
  }

  @Test("a window's costs are counted until it is over, and then begin anew")
  func window() throws {
    var venue = try HedgeTests.crowded([
      (key: "hedge.windowCost", value: "100"), (key: "hedge.window", value: "600s"),
    ])
    var spent: Int64 = 0
    for _ in 0..<10 {
      try venue.block()
      guard venue.hedge.order != nil else { break }
      try venue.fill()
      #expect(venue.hedge.windowCost <= 100_000_000)
      spent = venue.hedge.windowCost
    }
    #expect(spent > 99_900_000 && venue.size(90, perpetual) < 1_250)
    let held = venue.size(90, perpetual)
    for _ in 0..<20 where venue.hedge.order == nil { try venue.block() }
    #expect(venue.hedge.order != nil && venue.hedge.windowCost == 0)
    try venue.fill()
    #expect(venue.size(90, perpetual) > held && venue.hedge.cost > 100_000_000)
  }

  @Test("margin is given as long as there is capital; then it gives back what it cannot carry")
  func margin() throws {
    // Lower prices make the imbalance smaller too; by so little nothing is given back.
    var venue = try HedgeTests.crowded([
      (key: "hedge.capital", value: "6000"), (key: "hedge.default.leastOrder", value: "4000"),
    ])
    try venue.block()
    try venue.fill(at: "8000")
    let drawn = venue.hedge.drawn
    // Equity 5,100 − 2,250 against 2,887.5: short, and the rest of the capital comes.
    try venue.block(btc: "7700")
    #expect(venue.hedge.drawn == 6_000_000_000 && drawn < 6_000_000_000)
    #expect(venue.account(90).liquidation == nil && venue.hedge.order == nil)
    // Equity 3,000 against 2,850; at 7,580 it is 2,850 against 2,842.5, at 7,570 2,775 to 2,838.
    try venue.block(btc: "7580")
    #expect(venue.hedge.order == nil)
    try venue.block(btc: "7570")
    let out = try #require(venue.hedge.order)
    #expect(out.isReducing && out.order.size == Size(steps: 7_500))
    #expect(venue.account(90).liquidation == nil)
    try venue.submit(venue.report(out.order, size: 3_000, price: try Price("7570"), with: 2))
    // It stands above its margin again and is not bought anew: that would need half as much more.
    #expect(try !venue.block().contains { $0.isHedging })
  }

  @Test("beyond its capital it is liquidated like others, and the fund pays before anybody else")
  func liquidation() throws {
    var venue = try HedgeTests.crowded([(key: "hedge.capital", value: "6000")])
    try venue.block()
    try venue.fill(at: "8000")
    let winners = (venue.balance(2), venue.balance(3))
    // Down by 900 a coin, 6,750 in all: worth less than nothing at once.
    try venue.block(btc: "7100")
    #expect(venue.hedge.drawn == 6_000_000_000 && venue.hedge.order == nil)
    for _ in 0..<12 {
      guard let order = venue.account(90).liquidation?.order else {
        try venue.block()
        continue
      }
      // It is being liquidated: the maker may take it.
      try venue.submit(venue.report(order, price: venue.mark(perpetual).price))
    }
    #expect(venue.size(90, perpetual) == 0 && venue.account(90).liquidation == nil)
    let causes = venue.records.flatMap(\.events).compactMap { event -> TradeCause? in
      guard case .traded(let trade) = event, [trade.buyer, trade.seller].contains(HedgeTests.hedge)
      else { return nil }
      return trade.cause
    }
    #expect(Set(causes) == [.hedge, .liquidation], "no deleveraging while the fund has anything")
    #expect(venue.insuranceFund() == 50_000_000_000 - 6_750_000_000)
    #expect(venue.balance(90) == 0 && (venue.balance(2), venue.balance(3)) == winners)
  }

  @Test("no order at a price that is not fresh, none of a hedge that is turned off but back")
  func standing() throws {
    var venue = try HedgeTests.crowded()
    try venue.silentBlock()
    #expect(venue.hedge.order == nil)
    try venue.block()
    try venue.fill(at: "8000")
    let off = try ParameterFixture.set(Venue.wideOracle + Venue.noFees)
    try venue.submit(.changeParameters(off))
    try venue.block()
    let out = try #require(venue.hedge.order)
    #expect(out.isReducing && out.order.size == Size(steps: 7_500))
    try venue.fill(at: "8000")
    #expect(venue.balance(90) == 0 && venue.insuranceFund() == 50_000_000_000)
    #expect(try !venue.block().contains { $0.isHedging })
  }

  @Test("a future hedges where the perpetual has no room; its end ends the order and the hedge")
  func expiry() throws {
    for isFilled in [true, false] {
      var venue = try HedgeTests.venue([
        (key: "liquidation.blockShare", value: "50%"),
        (key: "hedge.default.leastOrder", value: "100"),
        (key: "liquidation.orderLife", value: "1h"),
      ])
      try venue.take(1, 10_000, of: Contracts.btcFuture)
      try venue.block()
      let order = try #require(venue.hedge.order?.order)
      #expect(order.instrument == Contracts.btcFuture && order.size == Size(steps: 5_000))
      if isFilled { try venue.fill(at: "8000") }
      var events: [LedgerEvent] = []
      while venue.now < Venue.expiry { events = try venue.block() }
      #expect(
        events.contains(.liquidationOrderClosed(HedgeTests.hedge, order.id, .cancelled))
          == !isFilled)
      #expect(venue.account(90).portfolio.positions.isEmpty && venue.balance(90) == 0)
      #expect(venue.insuranceFund() == 50_000_000_000 && venue.hedge.drawn == 0)
    }
  }
}

extension Venue {
  /// The fund's hedge.
  var hedge: HedgeBook { engine.state.hedge ?? HedgeBook(account: AccountID(0)) }

  /// Fills the hedge's order, at its limit unless a price is stated, by account 2.
  @discardableResult
  mutating func fill(at price: String? = nil) throws -> [LedgerEvent] {
    let order = try #require(hedge.order?.order)
    return try submit(report(order, price: price.map { try Price($0) }, with: 2))
  }

  func imbalance(_ symbol: String = "BTC") throws -> Int64 {
    let balance = try #require(engine.balance())
    return try #require(balance.first { $0.underlying.description == symbol }).imbalance
  }
}

extension LedgerEvent {
  var isHedging: Bool { if case .hedgeOrdered = self { true } else { false } }

  var isReturn: Bool {
    if case .transferred(let transfer) = self { transfer.reason == .hedgeReturn } else { false }
  }
}
