// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Quantities
import RiskEngine
import TestFixtures
import Testing

@Suite("Backstop pools in the waterfall")
struct PoolStageTests {
  private let perpetual = Contracts.btcPerpetual
  private let pool = AccountID(50)

  /// The pool comes first, takes at half a per cent from the mark, and reduces in one order.
  static let first = [
    (key: "waterfall.partial.rank", value: "0"), (key: "waterfall.pool.rank", value: "2"),
    (key: "pool.discount", value: "0.5%"), (key: "pool.unwindShare", value: "100%"),
    (key: "pool.notice", value: "0s"),
  ]

  /// An account long 1 BTC from 8,000 with 500 USD, and a pool that 40 and 41 have filled.
  static func venue(
    _ changes: [(key: String, value: String)] = [], senior: String? = "60000",
    junior: String? = "40000", markets: [String] = ["BTC"]
  ) throws -> Venue {
    var venue = try Venue.marked(
      first.filter { old in !changes.contains { $0.key == old.key } } + changes)
    try venue.open(1, .cross, usd: "500")
    try venue.take(1, 1_000, of: Contracts.btcPerpetual)
    try venue.open(40, .cross, usd: "1000000")
    try venue.open(41, .cross, usd: "1000000")
    try venue.submit(
      .openPool(AccountID(50), markets: markets.map { try AssetSymbol($0) }))
    if let senior { try venue.fill(40, .senior, senior) }
    if let junior { try venue.fill(41, .junior, junior) }
    return venue
  }

  private func takeovers(_ events: [LedgerEvent]) -> [Trade] {
    events.compactMap { event in
      guard case .traded(let trade) = event, trade.cause == .pool else { return nil }
      return trade
    }
  }

  // 1,000 steps at 7.60 USD, equity 100. With x steps gone at 0.038 below the mark, equity is
  // 100 − 0.038 x against 1.2 · 2.5 % · 7.60 · (1,000 − x): x ≥ 673.7.
  @Test("takes what restores the account, at the discount, and no step more")
  func worked() throws {
    var venue = try Self.venue()
    let trades = takeovers(try venue.block(btc: "7600"))
    #expect(trades.map(\.size.steps) == [674])
    #expect(trades.map(\.unitValue) == [7_562_000] && trades[0].buyer == pool)
    #expect(try trades[0].price == Price("7562"))
    #expect(venue.account(1).liquidation == nil)
    #expect(try venue.equity(1) == 74_388_000)
    #expect(venue.size(1, perpetual) == 326 && venue.size(50, perpetual) == 674)
    #expect(venue.insuranceFund() == 0)
  }

  @Test("a gain of the pool is shared by its tranches when it is at rest, and is safe there")
  func gain() throws {
    var venue = try Self.venue()
    try venue.block(btc: "7600")
    let order = try #require(venue.pool.order)
    #expect(order.stage == .pool && order.side == .sell && order.size == Size(steps: 674))
    #expect(try order.limit == Price("7562"), "half a per cent below the mark")
    let events = try venue.submit(venue.report(order, price: try Price("7600")))
    // 674 · 0.038 USD.
    #expect(
      events.last
        == .poolSettled(PoolSettlement(pool: pool, senior: 12_806_000, junior: 12_806_000)))
    #expect(
      venue.pool.worth(of: AccountID(40), .senior)
        == .init(units: 60_000_000_000, gains: [12_806_000]))
    #expect(venue.pool.reserve == 25_612_000 && venue.balance(50) == 100_000_000_000)
  }

  @Test("a loss falls on the junior tranche, and the pool's own order pays no penalty")
  func loss() throws {
    var venue = try Self.venue()
    try venue.block(btc: "7600")
    let order = try #require(venue.pool.order)
    let late = venue.report(order, price: try Price("7600"))
    try venue.block(btc: "7000")
    #expect(venue.refusal(of: late) == .unknownOrder(order.id))
    let next = try #require(venue.pool.order)
    let events = try venue.submit(venue.report(next, price: try Price("7000")))
    // 674 · (7.562 − 7.000) USD.
    #expect(
      events.last == .poolSettled(PoolSettlement(pool: pool, senior: 0, junior: -378_788_000)))
    #expect(venue.pool.worth(of: AccountID(41), .junior).units == 40_000_000_000 - 378_788_000)
    #expect(!events.contains { if case .transferred = $0 { true } else { false } })
  }

  @Test("never beyond the bankruptcy price: the last dollar is taken, and no debt is left")
  func bankruptcy() throws {
    var venue = try Self.venue([(key: "pool.fee", value: "1%")])
    // Equity 10 USD on 1,000 steps: a hundredth of a dollar below the mark, not 0.0375.
    let events = try venue.block(btc: "7510")
    let trades = takeovers(events)
    #expect(trades.map(\.unitValue) == [7_500_000] && trades[0].size == Size(steps: 1_000))
    #expect(venue.balance(1) == 0 && venue.insuranceFund() == 0, "no fee from what is not there")
    #expect(events.contains(.liquidationEnded(AccountID(1), .closed)))
  }

  @Test("an account without equity is not taken over, one with a unit is")
  func noEquity() throws {
    var none = try Self.venue()
    #expect(takeovers(try none.block(btc: "7500")).isEmpty)
    var some = try Self.venue()
    #expect(takeovers(try some.block(btc: "7500.001")).map(\.size.steps) == [1_000])
  }

  // By hand: half a per cent of 7.537689 USD is 0.03768845, and 0.037689 above 7.50; a micro-dollar
  // less leaves 0.037688.
  @Test("what gives less than the least discount is left to the next stage")
  func leastDiscount() throws {
    let least = (key: "pool.leastDiscount", value: "0.5%")
    let values: [(price: String, unitValues: [Int64])] = [
      ("7537.688", []), ("7537.689", [7_500_000]), ("7537.69", [7_500_001]),
    ]
    for (price, unitValues) in values {
      var venue = try Self.venue([least])
      let events = try venue.block(btc: price)
      #expect(takeovers(events).map(\.unitValue) == unitValues, "\(price)")
      #expect(takeovers(events).allSatisfy { $0.size.steps == 1_000 })
      let deleveraging = LedgerEvent.liquidationStageEntered(AccountID(1), .deleveraging)
      #expect(events.contains(deleveraging) == unitValues.isEmpty)
    }
    var usual = try Self.venue()
    #expect(takeovers(try usual.block(btc: "7537.688")).map(\.size.steps) == [1_000])
  }

  @Test("the fee goes to the fund and is part of what restores the account")
  func fee() throws {
    var venue = try Self.venue([(key: "pool.fee", value: "0.5%")])
    let trades = takeovers(try venue.block(btc: "7600"))
    // 100 − 0.076 x ≥ 0.228 (1,000 − x): x ≥ 842.1.
    #expect(trades.map(\.size.steps) == [843])
    #expect(venue.insuranceFund() == 843 * 38_000)
    #expect(venue.account(1).liquidation == nil)
  }

  @Test(
    "a cap is reached to the step and never passed",
    arguments: [("760", 100), ("759.999999", 99), ("760.000001", 100), ("0", 0)])
  func marketCap(cap: String, steps: Int64) throws {
    var venue = try Self.venue([(key: "pool.marketCap", value: cap)])
    let trades = takeovers(try venue.block(btc: "7600"))
    #expect(trades.reduce(0) { $0 + $1.size.steps } == steps)
    #expect(venue.size(50, perpetual) == steps)
    #expect(venue.account(1).portfolio.size(of: perpetual).steps <= 1_000 - steps)
  }

  @Test(
    "the leverage limit is reached to the step and never passed",
    arguments: [("7600", 100), ("7599.999999", 99), ("7600.000001", 100)])
  func leverage(deposit: String, steps: Int64) throws {
    var venue = try Self.venue(
      [(key: "pool.leverage", value: "0.1"), (key: "pool.discount", value: "0")],
      senior: deposit, junior: nil)
    #expect(takeovers(try venue.block(btc: "7600")).reduce(0) { $0 + $1.size.steps } == steps)
  }

  @Test(
    "one account binds no more than the stated share of the pool's equity, and one step more would")
  func eventShare() throws {
    func offered(_ share: String) throws -> (venue: Venue, steps: Int64) {
      var venue = try Self.venue(
        [(key: "pool.eventShare", value: share), (key: "pool.discount", value: "0")],
        senior: "50000", junior: nil)
      let trades = takeovers(try venue.block(btc: "7600"))
      return (venue, trades.reduce(0) { $0 + $1.size.steps })
    }
    let (venue, taken) = try offered("0.3%")
    #expect(taken > 0 && taken < 674)
    let valuation = try #require(venue.engine.valuation)
    func margin(_ steps: Int64) -> Int64 {
      var portfolio = Portfolio(mode: .portfolio, balances: [50_000_000_000, 0, 0])
      _ = portfolio.take(Size(steps: steps), of: perpetual, unitValue: 7_600_000)
      return valuation.risk(portfolio).initialMargin
    }
    #expect(margin(taken) <= 150_000_000 && margin(taken + 1) > 150_000_000)
    // A billionth of the equity is 50 units.
    let least = (margin(taken) + 49) / 50
    for (share, steps) in [(least - 1, taken - 1), (least, taken), (least + 1, taken)] {
      #expect(try offered(decimalText(share, decimals: 9)).steps == steps)
    }
  }

  @Test("a pool without the market, without capital or in liquidation takes nothing")
  func others() throws {
    var elsewhere = try Self.venue(markets: ["ETH"])
    #expect(takeovers(try elsewhere.block(btc: "7600")).isEmpty)
    var empty = try Self.venue(senior: nil, junior: nil)
    #expect(takeovers(try empty.block(btc: "7600")).isEmpty)
    var out = try Self.venue([
      (key: "waterfall.pool.rank", value: "0"), (key: "waterfall.partial.rank", value: "1"),
    ])
    #expect(takeovers(try out.block(btc: "7600")).isEmpty)
  }

  @Test("a hedged portfolio is taken pro rata, and what settles in coin stays")
  func hedged() throws {
    var venue = try Self.venue()
    try venue.open(60, .portfolio, usd: "3000")
    try venue.take(60, 2_000, of: perpetual)
    try venue.take(60, -1_000, of: Contracts.btcFuture)
    var trades: [Trade] = []
    for price in stride(from: 7_000, to: 5_000, by: -50) where trades.isEmpty {
      trades = takeovers(try venue.block(btc: String(price), after: 20))
        .filter { [$0.buyer, $0.seller].contains(AccountID(60)) }
    }
    let sizes = trades.map { ($0.instrument, $0.size.steps) }
    try #require(sizes.count == 2)
    let (long, short) = (sizes[0].1, sizes[1].1)
    #expect(sizes[0].0 == perpetual && sizes[1].0 == Contracts.btcFuture)
    #expect(abs(long - 2 * short) <= 1, "two to one, as held")
  }

  @Test("a pool that falls below maintenance goes through the waterfall itself, and no other pool")
  func poolInLiquidation() throws {
    var venue = try Self.venue(
      [(key: "pool.eventShare", value: "100%"), (key: "pool.leverage", value: "10")],
      senior: "1600", junior: nil)
    try venue.submit(.openPool(AccountID(51), markets: [try AssetSymbol("BTC")]))
    try venue.block(btc: "7600")
    #expect(venue.size(50, perpetual) == 674)
    try venue.fill(40, .senior, "50000", pool: 51)
    // A fall by 2,300: the pool has lost all it had and stands in debt, others' profits cover it.
    try venue.block(btc: "5000")
    #expect(venue.size(50, perpetual) == 0)
    #expect(venue.size(51, perpetual) == 0, "no pool bears another's loss")
    let causes = venue.records.flatMap(\.events).compactMap { event -> TradeCause? in
      guard case .traded(let trade) = event, [trade.buyer, trade.seller].contains(pool) else {
        return nil
      }
      return trade.cause
    }
    #expect(causes == [.pool, .deleveraging])
    // What the bankruptcy price was rounded by, less than a unit for each of its 674 steps.
    #expect(venue.pool.worth(of: AccountID(40), .senior).units < 674)
    #expect(venue.account(50).liquidation == nil && venue.balance(50) == venue.pool.total)
  }
}

extension Venue {
  /// The first pool.
  var pool: BackstopPool { engine.state.pools[0] }

  mutating func fill(
    _ id: UInt32, _ tranche: PoolTranche, _ text: String, pool: UInt32 = 50
  ) throws {
    try submit(
      .depositToPool(AccountID(id), AccountID(pool), tranche, Amount(text, of: Coins.usd)))
  }
}
