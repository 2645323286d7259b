// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import MarketData
import Parameters
import Quantities
import RiskEngine
import Testing

@Suite("Debts and collateral in coin")
struct InsolvencyTests {
  private let perpetual = Contracts.btcPerpetual

  /// An account with so much of a coin that is long BTC from 8,000, and whose orders the book
  /// answers at the mark until nothing is left.
  private func coinAccount(
    _ amount: String, of coin: Asset, size: Int64, fund: String?, btc: String
  ) throws -> Venue {
    var venue = try Venue.marked()
    if let fund { try venue.fund(fund, of: Coins.usd) }
    try venue.open(1, .cross)
    try venue.deposit(1, amount, of: coin)
    try venue.take(1, size, of: perpetual)
    try venue.block(btc: btc)
    for _ in 0..<10 {
      guard let order = venue.account(1).liquidation?.order else { break }
      try venue.submit(venue.report(order, price: Price(btc)))
      try venue.block()
    }
    return venue
  }

  private func conversions(_ venue: Venue) -> [Transfer] {
    venue.records.flatMap(\.events).compactMap { event in
      guard case .transferred(let transfer) = event,
        [.conversion, .profitPrice].contains(transfer.reason)
      else { return nil }
      return transfer
    }
  }

  @Test("a debt is paid from other collateral, at the index, before anybody else pays")
  func conversion() throws {
    // 3 ETH are worth 600 USD; 1 BTC loses 550 from 8,000 to 7,450.
    let venue = try coinAccount(
      "3", of: Coins.eth, size: 1_000, fund: "10000", btc: "7450")
    let moves = conversions(venue)
    try #require(moves.count == 2)
    #expect(moves[0].to == .insuranceFund && moves[1].from == .insuranceFund)
    // The debt with the penalties, to the unit, for its value in ETH at 200 USD.
    #expect(moves[1].amount.units == moves[0].amount.units * 2)
    #expect(venue.balance(1) == 0)
    #expect(venue.balance(1, 2) > 0)
    #expect(venue.account(1).liquidation == nil)
  }

  @Test("a fund without the asset owed cannot exchange: the account waits and nothing spins")
  func emptyFund() throws {
    var venue = try Venue.marked()
    try venue.open(1, .cross)
    try venue.deposit(1, "3", of: Coins.eth)
    try venue.take(1, 1_000, of: perpetual)
    try venue.submit(venue.trade(perpetual, buyer: 0, seller: 1, size: 1_000, price: "7405"))
    // 5 USD are left beside a debt of 595 USD, less than the haircut on the coins.
    #expect(venue.balance(1) == -595_000_000)
    let events = try venue.block()
    #expect(events.count < 40, "P27: no stage is repeated within a block")
    #expect(venue.account(1).liquidation != nil)
    #expect(try venue.block().count < 40)
    try venue.fund("600", of: Coins.usd)
    try venue.block()
    #expect(venue.account(1).liquidation == nil)
    #expect(venue.balance(1) == 0 && venue.balance(1, 2) == 2_500_000)
  }

  /// A long from 8,000 with so much ETH, closed at 7,405 into a debt of 595 USD, that the fund
  /// cannot exchange; account 2 is short so many steps from 8,000, marked at 7,405.
  private func debtor(
    _ coins: String, winner: Int64, usd: String = "5000",
    market: InstrumentID = Contracts.btcPerpetual
  ) throws -> Venue {
    var venue = try Venue.marked()
    try venue.open(1, .cross)
    try venue.deposit(1, coins, of: Coins.eth)
    try venue.open(2, .cross, usd: usd)
    if winner > 0 { try venue.submit(venue.trade(market, buyer: 0, seller: 2, size: winner)) }
    try venue.take(1, 1_000, of: perpetual)
    try venue.submit(venue.trade(perpetual, buyer: 0, seller: 1, size: 1_000, price: "7405"))
    try venue.block(btc: "7405", eth: "198")
    return venue
  }

  @Test("what the fund does not hold is bought of winners, who are paid as the fund would be")
  func boughtOfWinners() throws {
    // A winner of 0.595 USD a step: 1,000 steps are the debt to the cent.
    let venue = try debtor("3.5", winner: 1_000)
    #expect(venue.account(1).liquidation == nil && venue.balance(1) == 0)
    let moves = conversions(venue)
    try #require(moves.count == 2)
    #expect(moves[0].from == .account(AccountID(2)) && moves[0].to == .account(AccountID(1)))
    #expect(moves[0].amount.units == 595_000_000)
    // 595 USD in coins at 198 USD, rounded up.
    #expect(moves[1].to == .account(AccountID(2)) && moves[1].amount.units == 300_505_051)
    #expect(moves.map(\.reason) == [.conversion, .profitPrice])
    #expect(venue.balance(1, 2) == 350_000_000 - 300_505_051)
    let equity = try venue.equity(2)
    #expect(equity >= 5_595_000_000 && equity <= 5_595_000_002)
    #expect(venue.insuranceFund() == 0 && venue.insuranceFund(2) == 0)
  }

  @Test(
    "a step of profit too little leaves that much owed, which the coins outweigh",
    arguments: [999, 1_000])
  func boughtInPart(winner: Int64) throws {
    // 999 steps have won 594.405 USD; what is not the last of a debt is bought by whole units of
    // the coin, which come to a millionth less.
    var venue = try debtor("3.5", winner: winner)
    #expect(venue.balance(1) == (winner == 999 ? -595_001 : 0))
    #expect(venue.account(1).liquidation == nil)
    // And of nobody who is not asked: without a winner all of it waits.
    venue = try debtor("3.5", winner: 0)
    #expect(venue.balance(1) == -595_000_000 && venue.account(1).liquidation != nil)
    try venue.fund("595", of: Coins.usd)
    try venue.block(btc: "7405", eth: "198")
    #expect(venue.balance(1) == 0 && venue.account(1).liquidation == nil)
  }

  @Test("profit in another market that settles in what is owed will do")
  func otherMarket() throws {
    let venue = try debtor("3.5", winner: 1_100, market: Contracts.btcFuture)
    #expect(venue.balance(1) == 0 && venue.account(1).liquidation == nil)
    #expect(venue.balance(2, 2) == 300_505_051)
  }

  /// The same with a winner who holds a losing future as well.
  private func isBorne(usd units: Int64) throws -> Bool {
    var venue = try Venue.marked()
    try venue.open(1, .cross)
    try venue.deposit(1, "3.5", of: Coins.eth)
    try venue.open(2, .cross)
    try venue.submit(.depositCollateral(AccountID(2), Amount(units: units, asset: Coins.usd)))
    try venue.submit(venue.trade(perpetual, buyer: 0, seller: 2, size: 1_000))
    try venue.take(2, 990, of: Contracts.btcFuture)
    try venue.take(1, 1_000, of: perpetual)
    try venue.submit(venue.trade(perpetual, buyer: 0, seller: 1, size: 1_000, price: "7405"))
    try venue.block(btc: "7405", eth: "198")
    #expect(venue.account(2).liquidation == nil)
    let risk = try #require(venue.engine.valuation).risk(venue.account(2).portfolio)
    #expect(venue.balance(2, 2) == 0 || risk.equity >= risk.initialMargin)
    // Who does not bear all of it bears a part: of its margin's room less is left than 1/1024 of
    // what it was asked for takes.
    let room = risk.equity - risk.initialMargin
    let hasAll = venue.balance(2, 2) == 300_505_051
    #expect(hasAll || room < 595_000_000 / 1_024)
    return hasAll
  }

  @Test("no winner is paid in coins whose haircut would take it below initial margin")
  func notBelowMargin() throws {
    var (no, yes): (Int64, Int64) = (810_000_000, 2_000_000_000)
    #expect(try !isBorne(usd: no) && isBorne(usd: yes))
    while yes - no > 1 {
      let middle = (no + yes) / 2
      if try isBorne(usd: middle) { yes = middle } else { no = middle }
    }
    #expect(try !isBorne(usd: yes - 1) && isBorne(usd: yes))
  }

  @Test("dust of which none alone is worth the unit owed pays it together")
  func dustTogether() throws {
    var venue = try Venue.owingSatoshi(eth: 57, usd: 60, soldAt: "7999.4")
    #expect(venue.balance(1, 1) == -1, "a satoshi")
    // 60 and 114 millionths of a dollar; a satoshi is 170.
    try venue.block(btc: "17000")
    #expect(venue.account(1).liquidation == nil)
    #expect(venue.balance(1, 1) == 0 && venue.insuranceFund(1) == 99_999_999)
    #expect(venue.balance(1) == 0 && venue.balance(1, 2) == 2)
    #expect(venue.insuranceFund() == 60 && venue.insuranceFund(2) == 55)
  }

  @Test("an account with coins alone is never liquidated, whatever their haircut")
  func haircutAlone() throws {
    var venue = try Venue.marked([(key: "margin.collateral.default.haircut", value: "100%")])
    try venue.open(1, .portfolio)
    try venue.deposit(1, "3", of: Coins.eth)
    let risk = try #require(venue.engine.valuation).risk(venue.account(1).portfolio)
    #expect(risk.equity < risk.maintenanceMargin + risk.liquidationBuffer)
    let events = try venue.block(eth: "190")
    #expect(venue.account(1).liquidation == nil && events.count < 40)
  }

  @Test("coins too small to be exchanged do not hold up an account", arguments: 1...5)
  func dust(units: Int64) throws {
    var venue = try Venue.marked()
    try venue.fund("10", of: Coins.usd)
    try venue.fund("1", of: Coins.btc)
    try venue.open(1, .cross, usd: "500")
    try venue.submit(
      .depositCollateral(AccountID(1), Amount(units: units, asset: Coins.eth)))
    try venue.take(1, 1_000, of: perpetual)
    // 0.002 USD short; the coins are worth less than a millionth of a dollar.
    try venue.block(btc: "7499.998", eth: "0.4")
    for _ in 0..<6 {
      guard let order = venue.account(1).liquidation?.order else { break }
      try venue.submit(venue.report(order, price: try Price("7499.998")))
      try venue.block()
    }
    #expect(venue.account(1).liquidation == nil)
    #expect(venue.balance(1) >= 0)
  }

  @Test("nobody pays for a debt that the account's own coins outweigh")
  func ownCoinsCount() throws {
    // The fund cannot exchange the coins, so the account keeps its debt and its coins: 50 USD
    // of equity are not made into 650 by others.
    var venue = try Venue.marked()
    try venue.open(1, .cross)
    try venue.deposit(1, "3", of: Coins.eth)
    try venue.open(2, .cross, usd: "5000")
    try venue.submit(venue.trade(perpetual, buyer: 1, seller: 2, size: 1_000))
    try venue.block(btc: "7440", eth: "200")
    for _ in 0..<6 {
      guard let order = venue.account(1).liquidation?.order else { break }
      try venue.submit(venue.report(order, price: try Price("7440")))
      try venue.block()
    }
    #expect(try venue.equity(1) < 50_000_000)
    let paid = venue.records.flatMap(\.events).contains { event in
      guard case .transferred(let transfer) = event else { return false }
      return transfer.reason == .socializedLoss || transfer.reason == .insuranceCover
    }
    #expect(!paid)
  }

  @Test("a debt does not take what the fund has set aside for an order")
  func setAsideIsKept() throws {
    var venue = try Venue.marked([(key: "insuranceFund.eventCap", value: "100%")])
    try venue.fund("30", of: Coins.usd)
    try venue.open(1, .cross, usd: "500")
    try venue.take(1, 1_000, of: perpetual)
    try venue.open(2, .cross)
    try venue.deposit(2, "3", of: Coins.eth)
    try venue.take(2, 1_000, of: perpetual)
    try venue.submit(venue.trade(perpetual, buyer: 0, seller: 2, size: 1_000, price: "7600"))
    try venue.block(btc: "7400", eth: "130")
    #expect(try venue.order(of: 1).fundShare == 30_000_000)
    #expect(venue.insuranceFund() == 30_000_000)
    #expect(venue.account(2).liquidation != nil && venue.balance(2) == -10_000_000)
    // Its coins, 390 USD, have gone to the winner opposite.
    #expect(venue.balance(2, 2) == 0)
    try venue.submit(venue.report(venue.order(of: 1)))
    #expect(venue.balance(1) == 0 && venue.insuranceFund() == 0)
  }

  @Test("closing a coin-settled position uses the fund's coins")
  func coinFund() throws {
    var venue = try Venue.marked()
    try venue.fund("1000000", of: Coins.usd)
    try venue.fund("0.08", of: Coins.btc)
    try venue.open(1, .cross)
    try venue.deposit(1, "0.1", of: Coins.btc)
    try venue.take(1, 8_000, of: Contracts.btcInverse)
    // A step is worth −12,500 satoshi at 8,000 and −13,889 at 7,200: 0.11112 coins are lost.
    try venue.block(btc: "7200")
    let order = try venue.order(of: 1)
    #expect(order.stage == .insuranceFund)
    #expect(order.fundShare == 2_000_000, "a quarter of 0.08 coins")
    try venue.submit(venue.report(order, price: Price("7200")))
    #expect(venue.account(1).liquidation == nil)
    #expect(venue.balance(1, 1) == 0 && venue.balance(1) == 0)
    #expect(venue.insuranceFund() == 1_000_000_000_000)
    #expect(venue.insuranceFund(1) == 8_000_000 - 1_112_000)
  }

  @Test("a speck of a coin without a price does not shield an account")
  func staleSpeck() throws {
    var venue = try Venue.marked()
    for (id, eth) in [(1 as UInt32, "0.00000001"), (2, "1")] {
      try venue.open(id, .cross, usd: id == 1 ? "500" : "301")
      try venue.deposit(id, eth, of: Coins.eth)
      try venue.take(id, 1_000, of: perpetual)
    }
    try venue.set("BTC", "7601")
    try venue.submit(venue.nextBlock(after: 700, silent: ["ETH"]))
    #expect(venue.engine.state.status(of: try AssetSymbol("ETH")) == .reduceOnly)
    // Both have about 101 USD against 190. Account 2 holds 200 USD of them in ETH, which may
    // have doubled since: it waits for a price.
    #expect(venue.account(1).liquidation != nil)
    #expect(venue.account(2).liquidation == nil)
    try venue.block()
    #expect(venue.account(2).liquidation != nil)
  }

  /// A long from 8,000 at 7,400 beside one ETH whose price, 200 USD, may be old.
  private func besideStaleCoin(usd units: Int64) throws -> Venue {
    var venue = try Venue.marked()
    try venue.open(1, .cross)
    try venue.submit(.depositCollateral(AccountID(1), Amount(units: units, asset: Coins.usd)))
    try venue.deposit(1, "1", of: Coins.eth)
    try venue.take(1, 1_000, of: perpetual)
    try venue.set("BTC", "7400")
    try venue.submit(venue.nextBlock(after: 700, silent: ["ETH"]))
    return venue
  }

  @Test(
    "a coin without a price shields an account as far as it may have doubled: to the unit",
    arguments: [-1 as Int64, 0, 1])
  func staleEdge(offset: Int64) throws {
    let rich = try besideStaleCoin(usd: 5_000_000_000)
    let risk = try #require(rich.engine.valuation).risk(rich.account(1).portfolio)
    let spare = risk.equity + 200_000_000 - risk.maintenanceMargin
    let venue = try besideStaleCoin(usd: 5_000_000_000 - spare + offset)
    #expect((venue.account(1).liquidation != nil) == (offset < 0))
  }

  @Test("an account under water by its debts alone is acted on")
  func debtWithoutPositions() throws {
    var venue = try Venue.marked()
    try venue.open(1, .cross)
    try venue.deposit(1, "3", of: Coins.eth)
    try venue.take(1, 1_000, of: perpetual)
    try venue.submit(venue.trade(perpetual, buyer: 0, seller: 1, size: 1_000, price: "7600"))
    try venue.fund("1000", of: Coins.usd)
    // 3 ETH against 400 USD: at 130 USD they are worth 390.
    try venue.block(eth: "130")
    #expect(venue.account(1).liquidation == nil)
    #expect(venue.balance(1) == 0 && venue.balance(1, 2) == 0)
    #expect(venue.insuranceFund() == 600_000_000 && venue.insuranceFund(2) == 300_000_000)
  }
}
