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

@Suite("Backstop pools at the door")
struct PoolDoorTests {
  private let pool = AccountID(50)
  private let one = AccountID(40)

  private func deposit(_ text: String, _ id: UInt32 = 40, of asset: Asset? = nil) throws -> Command
  {
    .depositToPool(
      AccountID(id), pool, .senior, try Amount(text, of: asset ?? Coins.usd))
  }

  private func request(_ units: Int64) -> Command {
    .requestPoolWithdrawal(one, pool, .senior, units: units)
  }

  private var withdrawal: Command { .withdrawFromPool(one, pool, .senior) }

  @Test("openings are checked")
  func openings() throws {
    var venue = try Venue.marked()
    let btc = try AssetSymbol("BTC")
    let doge = try AssetSymbol("DOGE")
    #expect(
      venue.refusal(of: .openPool(pool, markets: []))
        == .outsideLimits("the number of a pool's markets"))
    #expect(venue.refusal(of: .openPool(pool, markets: [doge])) == .unknownUnderlying(doge))
    #expect(
      venue.refusal(of: .openPool(pool, markets: [btc, btc]))
        == .alreadyExists("BTC in a pool's markets"))
    #expect(
      venue.refusal(of: .openPool(AccountID(0), markets: [btc])) == .alreadyExists("account 0"))
    for id in 1...UInt32(64) { try venue.submit(.openPool(AccountID(id), markets: [btc])) }
    #expect(
      venue.refusal(of: .openPool(AccountID(65), markets: [btc]))
        == .outsideLimits("the number of pools"))
  }

  @Test("deposits are checked to the unit")
  func deposits() throws {
    var venue = try PoolStageTests.venue(senior: nil, junior: nil)
    #expect(try venue.refusal(of: deposit("0")) == .notPositive("an amount"))
    #expect(
      try venue.refusal(of: deposit("1", of: Coins.btc)) == .unknownAsset(AssetSymbol("BTC")))
    #expect(
      try venue.refusal(of: deposit("1000000.000001"))
        == .insufficientBalance(one, has: 1_000_000_000_000))
    #expect(try venue.refusal(of: deposit("1", 99)) == .unknownAccount(AccountID(99)))
    let nowhere = Command.depositToPool(
      one, AccountID(41), .senior, try Amount("1", of: Coins.usd))
    #expect(venue.refusal(of: nowhere) == .unknownPool(AccountID(41)))
    try venue.submit(try deposit("1000000"))
    // Initial margin of 1 BTC is 400 USD; unrealized profit does not leave.
    #expect(try venue.refusal(of: deposit("100.000001", 1))?.code == "below-initial-margin")
    try venue.submit(try deposit("100", 1))
    try venue.block(btc: "7900")
    #expect(try venue.refusal(of: deposit("0.000001", 1))?.code == "below-initial-margin")
  }

  @Test("a withdrawal needs notice, its time and a pool at rest")
  func withdrawals() throws {
    var venue = try PoolStageTests.venue([
      (key: "pool.notice", value: "600s"), (key: "pool.window", value: "300s"),
    ])
    #expect(venue.refusal(of: withdrawal) == .withdrawalNotRequested(one, pool))
    #expect(
      venue.refusal(of: .withdrawFromPool(one, pool, .junior)) == .noClaim(one, pool))
    #expect(venue.refusal(of: request(0)) == .notPositive("an amount"))
    #expect(
      venue.refusal(of: request(60_000_000_001))
        == .claimTooSmall(one, pool, has: 60_000_000_000))
    try venue.submit(request(60_000_000_000))
    let due = venue.now + TimeSpan(seconds: 600)
    try venue.block(after: 599)
    #expect(venue.refusal(of: withdrawal) == .noticeNotOver(pool, due: due))
    try venue.block(after: 1)
    var paid = venue
    try paid.submit(withdrawal)
    #expect(paid.balance(40) == 1_000_000_000_000 && paid.pool.claim(of: one, .senior) == nil)
    var last = venue
    try last.block(after: 300)
    try last.submit(withdrawal)
    try venue.block(after: 301)
    #expect(venue.refusal(of: withdrawal) == .noticeLapsed(pool, due: due))
    try venue.submit(.cancelPoolWithdrawal(one, pool, .senior))
    #expect(
      venue.refusal(of: .cancelPoolWithdrawal(one, pool, .senior))
        == .withdrawalNotRequested(one, pool))
  }

  @Test("nobody comes or goes while the pool holds a position")
  func engaged() throws {
    var venue = try PoolStageTests.venue()
    try venue.submit(request(1_000_000))
    try venue.block(btc: "7600")
    #expect(venue.refusal(of: withdrawal) == .poolIsEngaged(pool))
    #expect(try venue.refusal(of: deposit("1")) == .poolIsEngaged(pool))
    let order = try #require(venue.pool.order)
    try venue.submit(venue.report(order, size: 673, price: try Price("7600")))
    #expect(venue.refusal(of: withdrawal) == .poolIsEngaged(pool))
    try venue.block()
    let last = try #require(venue.pool.order)
    #expect(last.size == Size(steps: 1))
    try venue.submit(venue.report(last, price: try Price("7600")))
    let before = venue.balance(40)
    try venue.submit(withdrawal)
    #expect(venue.balance(40) == before + 1_000_000 + 12_806_000, "with the gains")
    #expect(venue.pool.reserve == 12_806_000, "the junior tranche's")
    try venue.submit(try deposit("1"))
  }

  @Test("nobody comes or goes while positions may yet come")
  func awaited() throws {
    // First the book: the account waits for a report with the pool still before it.
    var venue = try PoolStageTests.venue([
      (key: "waterfall.partial.rank", value: "1"), (key: "liquidation.patience", value: "1"),
    ])
    try venue.submit(request(1_000_000))
    var before = venue
    try before.submit(deposit("1"))
    try venue.block(btc: "7600")
    let order = try venue.order(of: 1)
    #expect(venue.size(50, Contracts.btcPerpetual) == 0)
    #expect(venue.refusal(of: withdrawal) == .poolIsEngaged(pool))
    #expect(try venue.refusal(of: deposit("1")) == .poolIsEngaged(pool))
    try venue.submit(venue.report(order, size: 0))
    try venue.block()
    #expect(venue.size(50, Contracts.btcPerpetual) > 0)
  }

  @Test("a pool's account does nothing of itself")
  func account() throws {
    var venue = try PoolStageTests.venue()
    let perpetual = Contracts.btcPerpetual
    let usd = try Amount("1", of: Coins.usd)
    let commands: [Command] = [
      .depositCollateral(pool, usd), .withdrawCollateral(pool, usd),
      try venue.trade(perpetual, buyer: 50, seller: 0, size: 1),
      try venue.trade(perpetual, buyer: 0, seller: 50, size: 1),
      .openSubaccount(AccountID(70), under: pool, .cross),
      .moveCollateral(from: pool, to: one, usd), .moveCollateral(from: one, to: pool, usd),
      .movePosition(from: pool, to: one, perpetual, Size(steps: 1)),
      .changeMarginMode(pool, .cross), .depositToPool(pool, pool, .senior, usd),
      .placeOrder(
        pool,
        RestingOrder(
          id: OrderID(900), instrument: perpetual, side: .buy, remaining: Size(steps: 1),
          limit: try Price("7000"), isReduceOnly: false)),
      .cancelOrder(pool, OrderID(1)), .protectQuotes(pool, try AssetSymbol("BTC"), nil),
      .resetProtection(pool, try AssetSymbol("BTC")), .withdrawFromPool(pool, pool, .senior),
      .requestPoolWithdrawal(pool, pool, .senior, units: 1),
      .cancelPoolWithdrawal(pool, pool, .senior),
    ]
    for command in commands { #expect(venue.refusal(of: command) == .poolAccount(pool)) }
    // Nor does the book find it as a counterparty.
    try venue.submit(
      .changeParameters(
        try ParameterFixture.set(Venue.wideOracle + Venue.noFees)))
    try venue.block(btc: "7600")
    let order = try venue.order(of: 1)
    #expect(venue.refusal(of: venue.report(order, with: 50)) == .poolAccount(pool))
  }
}
