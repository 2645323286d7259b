// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import Parameters
import Quantities
import RiskEngine
import Testing

@Suite("An account is in one risk universe at a time")
struct UniverseDoorTests {
  private let btc = Contracts.btcPerpetual
  private let eth = Contracts.ethPerpetual

  private func venue(_ changes: [(key: String, value: String)] = Universes.changes) throws -> Venue
  {
    var venue = try Venue.marked(changes)
    for id: UInt32 in 1...3 { try venue.open(id, .cross, usd: "100000") }
    return venue
  }

  private func order(_ id: UInt64, _ instrument: InstrumentID, _ limit: String) throws
    -> RestingOrder
  {
    RestingOrder(
      id: OrderID(id), instrument: instrument, side: .buy, remaining: Size(steps: 1),
      limit: try Price(limit), isReduceOnly: false)
  }

  @Test("neither a trade nor an order of another universe is taken until everything is closed")
  func trades() throws {
    var venue = try venue()
    let other = Refusal.otherUniverse(AccountID(1), Universes.btc)
    try venue.submit(.placeOrder(AccountID(1), order(1, btc, "7900")))
    let trade = try venue.trade(eth, buyer: 1, seller: 2, size: 10)
    #expect(venue.refusal(of: trade) == other)
    try venue.submit(.cancelOrder(AccountID(1), OrderID(1)))
    try venue.take(1, 100, of: btc)
    #expect(venue.refusal(of: trade) == other)
    #expect(try venue.refusal(of: .placeOrder(AccountID(1), order(2, eth, "190"))) == other)
    // Everything on BTC is one universe.
    try venue.take(1, 10, of: Contracts.btcFuture)
    try venue.take(1, -10, of: Contracts.btcFuture)
    try venue.take(1, -99, of: btc)
    #expect(venue.refusal(of: trade) == other, "a step is left")
    try venue.take(1, -1, of: btc)
    #expect(venue.account(1).universe == Universes.btc)
    try venue.submit(trade)
    #expect(
      venue.account(1).universe == Universes.eth && venue.account(2).universe == Universes.eth)
    #expect(other.code == "other-universe" && other.description.contains("universe 1"))
  }

  @Test("underlyings of one number are one universe, and without a number all are")
  func oneUniverse() throws {
    for changes in [
      [(key: "insuranceFund.universe.default", value: "3")],
      [(key: "insuranceFund.universe.BTC", value: "0")], [],
    ] {
      var venue = try venue(changes)
      try venue.take(1, 100, of: btc)
      try venue.take(1, 10, of: eth)
      let isApart = changes.first?.value == "3"
      #expect(venue.account(1).universe == (isApart ? RiskUniverse(3) : .common))
    }
  }

  @Test("a position of another universe is not moved in, nor taken by bid or fill")
  func moves() throws {
    var venue = try venue()
    try venue.open(4, .cross, usd: "500")
    try venue.submit(.openSubaccount(AccountID(9), under: AccountID(1), .cross))
    try venue.deposit(9, "10000", of: Coins.usd)
    try venue.take(1, 100, of: btc)
    try venue.submit(venue.trade(eth, buyer: 9, seller: 2, size: 10))
    let move = Command.movePosition(
      from: AccountID(1), to: AccountID(9), btc, Size(steps: 50))
    #expect(venue.refusal(of: move) == .otherUniverse(AccountID(9), Universes.eth))
    try venue.take(4, 1_000, of: btc)
    try venue.block(btc: "7650")
    let order = try venue.order(of: 4)
    #expect(
      venue.refusal(of: venue.report(order, with: 2))
        == .otherUniverse(AccountID(2), Universes.eth))
    try venue.submit(venue.report(order, with: 3))
    var auction = try Auctions.solvent(Universes.changes)
    for id: UInt32 in 3...4 { try auction.open(id, .cross, usd: "1000000") }
    try auction.submit(auction.trade(eth, buyer: 2, seller: 3, size: 10))
    try auction.block()
    #expect(
      auction.refusal(of: Auctions.command(try Auctions.bid(auction)))
        == .otherUniverse(AccountID(2), Universes.eth))
    try auction.submit(Auctions.command(Auctions.bid(auction, by: 4)))
    #expect(auction.size(4, btc) > 0 && auction.account(4).universe == Universes.btc)
  }

  @Test("parameters that would leave an account in two universes are refused")
  func parameters() throws {
    var venue = try venue([])
    let apart = try ParameterSet(
      name: "apart", date: venue.engine.state.parameters.date,
      values: venue.engine.state.parameters.values + [
        ParameterSet.read(key: "insuranceFund.universe.BTC", text: "1", source: "test")
      ])
    try venue.take(1, 100, of: btc)
    try venue.submit(venue.trade(eth, buyer: 1, seller: 2, size: 1))
    #expect(
      venue.refusal(of: .changeParameters(apart))
        == .otherUniverse(AccountID(1), Universes.btc))
    try venue.submit(venue.trade(eth, buyer: 2, seller: 1, size: 1))
    try venue.submit(.changeParameters(apart))
    #expect(venue.account(1).universe == Universes.btc && venue.account(2).universe == .common)
    // And back: what its fund has stays its own.
    try venue.submit(Universes.contribution("5", to: Universes.btc))
    let together = try apart.setting("insuranceFund.universe.BTC", to: "0", source: "test")
    try venue.submit(.changeParameters(together))
    #expect(venue.account(1).universe == .common && venue.insuranceFund() == 0)
    #expect(venue.engine.state.fund(0, of: Universes.btc) == 5_000_000)
    #expect(
      try venue.refusal(of: Universes.contribution("5", to: Universes.btc))
        == .unknownUniverse(Universes.btc))
    let state = venue.engine.state
    #expect(try LedgerState(canonicalBytes: state.canonicalBytes) == state)
  }

  @Test("a pool is for one universe, and the hedge for the common one")
  func houseAccounts() throws {
    var venue = try venue()
    let markets = [try AssetSymbol("BTC"), try AssetSymbol("ETH")]
    #expect(
      venue.refusal(of: .openPool(AccountID(60), markets: markets))
        == .otherUniverse(AccountID(60), Universes.btc))
    try venue.submit(.openPool(AccountID(60), markets: [markets[0]]))
    let hedged = [
      (key: "hedge.capital", value: "1000"), (key: "hedge.default.threshold", value: "100"),
    ]
    #expect(throws: StepError.self) { _ = try Venue.marked(Universes.changes + hedged) }
    _ = try Venue.marked(hedged)
  }

  @Test("a contribution names a universe that is stated, and an amount that fits")
  func contributions() throws {
    var venue = try venue()
    let usd = try Coins.usd
    let unknown = Refusal.unknownUniverse(RiskUniverse(3))
    #expect(try venue.refusal(of: Universes.contribution("1", to: RiskUniverse(3))) == unknown)
    #expect(unknown.code == "unknown-universe" && unknown.description.contains("universe 3"))
    // The common one has a command of its own; under this name no record could hold it.
    #expect(Refusal.unknownUniverse(.common).description.contains("of its own"))
    for changes in [Universes.changes, []] {
      var plain = try self.venue(changes)
      #expect(
        try plain.refusal(of: Universes.contribution("1", to: .common)) == .unknownUniverse(.common)
      )
    }
    for units: Int64 in [0, -1, .min] {
      #expect(
        venue.refusal(of: .contributeToUniverse(Universes.btc, Amount(units: units, asset: usd)))
          == .notPositive("an amount"))
    }
    try venue.submit(Universes.contribution("1", to: Universes.btc))
    // The fund is set apart from customers' cash: nobody can take it out.
    #expect(venue.engine.state.houses[0].allFunds == 1_000_000 && venue.insuranceFund() == 0)
  }

  @Test(
    "a universe is a number from 0 to 63, of a symbol",
    arguments: [
      ("insuranceFund.universe.BTC", "64"), ("insuranceFund.universe.BTC", "-1"),
      ("insuranceFund.universe.BTC", "one"), ("insuranceFund.universe.", "1"),
      ("insuranceFund.universe.ABCDEFGHI", "1"), ("insuranceFund.universe.BTC.ETH", "1"),
    ])
  func numbers(key: String, value: String) throws {
    #expect(throws: ParameterError.self) {
      _ = try ParameterSet.read(key: key, text: value, source: "test")
    }
    let last = try ParameterSet.read(
      key: "insuranceFund.universe.ABCDEFGH", text: "63", source: "test")
    #expect(last.raw == 63)
  }
}
