// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import NumericalMethods
import Parameters
import Quantities
import Testing

@testable import RiskEngine

@Suite("Debts paid from other coins, and profit bought for them")
struct ProfitBoughtTests {
  private let perpetual = Contracts.btcPerpetual

  @Test("what is left without positions pays what it owes, whether it lacks margin or not")
  func ownDebt() throws {
    // What an order would leave is closed with it.
    var venue = try Venue.marked([(key: "liquidation.leastLeft", value: "100000")])
    try venue.open(1, .cross)
    try venue.deposit(1, "6", of: Coins.eth)
    try venue.open(2, .cross, usd: "5000")
    try venue.submit(venue.trade(perpetual, buyer: 1, seller: 2, size: 1_000))
    // 388 USD are too little for the position, and enough for the haircut on the coins.
    try venue.block(btc: "7200", eth: "198")
    let order = try venue.order(of: 1)
    try #require(order.size.steps == 1_000)
    try venue.submit(venue.report(order, price: Price("7200")))
    #expect(venue.size(1, perpetual) == 0 && venue.account(1).liquidation == nil)
    // Debt and penalty, some 800 USD, in coins at 198.
    #expect(venue.balance(1) == 0 && venue.balance(2, 2) > 404_000_000)
    #expect(venue.balance(1, 2) + venue.balance(2, 2) + venue.insuranceFund(2) == 600_000_000)
    #expect(try venue.equity(1) > 300_000_000)
  }

  @Test("winners of another risk universe are not asked", arguments: ["1", "2"])
  func otherUniverse(ofFuture universe: String) throws {
    // All that is of BTC is in one universe; a winner on ETH has USD as well.
    var venue = try Venue.marked([
      (key: "insuranceFund.universe.BTC", value: "1"),
      (key: "insuranceFund.universe.ETH", value: universe),
    ])
    try venue.open(1, .cross)
    try venue.deposit(1, "3.5", of: Coins.eth)
    try venue.open(2, .cross, usd: "5000")
    try venue.open(3, .cross, usd: "100000")
    try venue.submit(venue.trade(Contracts.ethPerpetual, buyer: 2, seller: 3, size: 50_000))
    try venue.take(1, 1_000, of: perpetual)
    try venue.submit(venue.trade(perpetual, buyer: 0, seller: 1, size: 1_000, price: "7405"))
    try venue.block(btc: "7405", eth: "202")
    let hasSold = venue.balance(2, 2) > 0
    #expect(hasSold == (universe == "1"))
    #expect((venue.account(1).liquidation == nil) == hasSold)
  }

  @Test("coins pay together, rounded once: what they are worth of a unit is not lost between them")
  func roundedOnce() throws {
    var venue = try Venue.owingSatoshi(eth: 391, usd: 935, soldAt: "7993.7")
    try #require(venue.balance(1, 1) == -10)
    // 935 and 782 millionths of a dollar, 5.5 and 4.6 satoshi at 170.
    try venue.block(btc: "17000")
    #expect(venue.account(1).liquidation == nil)
    #expect(venue.balance(1, 1) == 0 && venue.insuranceFund(1) == 99_999_990)
    #expect(venue.balance(1) == 0 && venue.balance(1, 2) == 391 - 383)
    #expect(venue.insuranceFund() == 935 && venue.insuranceFund(2) == 383)
  }

  @Test("the fund takes no coin at a price that may be old")
  func stale() throws {
    var venue = try Venue.marked(
      LastStages.changes([.deleveraging, .insuranceFund])
        + [(key: "deleveraging.price", value: "1")])
    try venue.fund("1000", of: Coins.usd)
    try venue.open(1, .cross, usd: "500")
    try venue.deposit(1, "0.5", of: Coins.eth)
    try venue.open(2, .cross, usd: "10000")
    try venue.submit(venue.trade(perpetual, buyer: 1, seller: 2, size: 1_000))
    try venue.set("BTC", "7200")
    // 300 USD are owed. The coins were 100 USD and may be 200; what they cannot be worth the fund
    // pays.
    try venue.submit(venue.nextBlock(after: 700, silent: ["ETH"]))
    try #require(venue.size(1, perpetual) == 0)
    #expect(venue.balance(1) == -200_000_000 && venue.balance(1, 2) == 50_000_000)
    #expect(venue.account(1).liquidation != nil)
    #expect(venue.insuranceFund() == 900_000_000 && venue.insuranceFund(2) == 0)
    // It pays all that is owed, and has for it what the coins are worth of that.
    for (eth, left) in [("100", 0), ("400", 0), ("500", 10_000_000)] as [(String, Int64)] {
      var later = venue
      try later.block(btc: "7200", eth: eth)
      #expect(later.account(1).liquidation == nil && later.balance(1) == 0)
      #expect(later.balance(1, 2) == left && later.insuranceFund(2) == 50_000_000 - left)
      #expect(later.insuranceFund() == 700_000_000)
    }
  }

  // Winners are asked once: asked for what is certain alone, they could not be asked for the rest.
  @Test("winners are asked when all that is owed is known, a part of it or not")
  func staleLoss() throws {
    var venue = try Venue.marked(LastStages.changes([.socializedLoss]))
    try venue.open(1, .cross, usd: "500")
    try venue.deposit(1, "0.5", of: Coins.eth)
    try venue.open(2, .cross, usd: "10000")
    try venue.open(7, .cross, usd: "100000")
    try venue.submit(venue.trade(perpetual, buyer: 1, seller: 2, size: 1_000))
    try venue.set("BTC", "7200")
    // 300 USD are owed, 100 of them whatever the coins are worth.
    try venue.submit(venue.nextBlock(after: 700, silent: ["ETH"]))
    var late = venue
    let events = try late.submit(
      late.report(late.order(of: 1), price: Price("7200"), with: 7))
    #expect(late.size(1, perpetual) == 0 && late.account(1).liquidation != nil)
    #expect(late.balance(1) == -300_000_000 && late.balance(2) == 10_000_000_000)
    #expect(!events.contains { if case .liquidationStageEntered = $0 { true } else { false } })
    // The account's coins buy profit at their price, and the rest is shared.
    for (eth, shared) in [("100", 250), ("400", 100), ("600", 0)] as [(String, Int64)] {
      var later = late
      let events = try later.block(btc: "7200", eth: eth)
      #expect(Auctions.moved(events, .socializedLoss) == shared * 1_000_000)
      #expect(later.account(1).liquidation == nil && later.balance(1) == 0)
    }
  }

  // Of 300 USD at most 300 ÷ 102 may be in doubt: coins worth v leave 300 − 2 v certain.
  @Test(
    "a speck of a coin without a price does not keep winners from being asked",
    arguments: [(1, true), (1_470_587, true), (1_470_588, true), (1_470_589, false)])
  func speck(units: Int64, isAsked: Bool) throws {
    var venue = try Venue.marked(LastStages.changes([.socializedLoss]))
    try venue.open(1, .cross, usd: "500")
    try venue.submit(
      .depositCollateral(AccountID(1), Amount(units: units, asset: Coins.eth)))
    try venue.open(2, .cross, usd: "10000")
    try venue.open(7, .cross, usd: "100000")
    try venue.submit(venue.trade(perpetual, buyer: 1, seller: 2, size: 1_000))
    try venue.set("BTC", "7200")
    try venue.submit(venue.nextBlock(after: 700, silent: ["ETH"]))
    let events = try venue.submit(
      venue.report(venue.order(of: 1), price: Price("7200"), with: 7))
    let certain = 300_000_000 - 4 * units
    #expect(Auctions.moved(events, .socializedLoss) == (isAsked ? certain : 0))
  }

  @Test("a winner gives no more than it is paid, and is not paid a coin's unit for next to nothing")
  func exchanges() throws {
    let venue = try Venue.marked()
    let valuation = try #require(venue.engine.valuation)
    var random = SplitMix64(seed: 7)
    var (wholes, parts, nothings) = (0, 0, 0)
    for _ in 0..<4_000 {
      let asset = Int(random.next() % 3)
      let other = (asset + 1 + Int(random.next() % 2)) % 3
      let scale = Int64(1) << Int64(random.next() % 40)
      func draw() -> Int64 { 1 + Int64(random.next() % UInt64(scale)) }
      let owed = draw()
      let profit = random.next() % 2 == 0 ? owed : draw()
      let offer = ProfitOffer(
        market: perpetual, asset: asset, other: other, owed: owed, profit: profit, purse: draw())
      guard let exchange = offer.whole(valuation) else {
        nothings += 1
        continue
      }
      let paid = valuation.quote(exchange.paid, collateral: other)
      let given = valuation.quote(exchange.given, asset: asset)
      let unit = valuation.quote(1, collateral: other, rounding: .up)
      let own = valuation.quote(1, asset: asset, rounding: .up)
      #expect(exchange.paid <= offer.purse && given <= paid)
      if exchange.given == owed {
        wholes += 1
        #expect(paid - given <= unit + 1)
      } else {
        parts += 1
        #expect(exchange.given <= min(owed, profit) && paid - given <= own + 1)
      }
    }
    #expect(wholes > 200 && parts > 200 && nothings > 200)
  }
}
