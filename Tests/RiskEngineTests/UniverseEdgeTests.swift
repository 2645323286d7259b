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

@Suite("No loss goes from one risk universe to another")
struct UniverseEdgeTests {
  private let btc = Contracts.btcPerpetual
  private let eth = Contracts.ethPerpetual

  /// Account 9, a portfolio of the owner of 1, owes what it lost on ETH, and has fallen below
  /// initial margin with its two coins of BTC; 1 is short 20 steps of BTC at the mark.
  private func indebted(_ changes: [(key: String, value: String)]) throws -> Venue {
    var venue = try Venue.marked(changes)
    try venue.open(1, .cross, usd: "100000")
    try venue.submit(.openSubaccount(AccountID(9), under: AccountID(1), .portfolio))
    try venue.deposit(9, "2", of: Coins.btc)
    try venue.take(9, 20_000, of: eth)
    try venue.block(eth: "160")
    try venue.take(9, -20_000, of: eth)
    var price = 6_000
    while try room(venue) > -50_000_000 {
      price -= 25
      try venue.block(btc: "\(price)")
      try #require(price > 4_000 && !venue.account(9).isInLiquidation)
    }
    try venue.take(1, -20, of: btc)
    return venue
  }

  private let move = Command.movePosition(
    from: AccountID(1), to: AccountID(9), Contracts.btcPerpetual, Size(steps: 20))

  /// Equity of account 9 above initial margin, with so many steps of BTC more at the mark.
  private func room(_ venue: Venue, taking steps: Int64 = 0) throws -> Int64 {
    var portfolio = venue.account(9).portfolio
    if steps != 0 {
      _ = portfolio.take(
        Size(steps: steps), of: btc, unitValue: venue.mark(btc).unitValue)
    }
    let risk = try #require(venue.engine.valuation).risk(portfolio)
    return risk.equity - risk.initialMargin
  }

  @Test(
    "a position moves into another universe only to who has initial margin for it, to the unit",
    arguments: [-1 as Int64, 0, 1])
  func moved(offset: Int64) throws {
    var apart = try indebted(Universes.changes)
    #expect(apart.account(9).universe == Universes.eth && apart.balance(9) < 0)
    let lack = try -room(apart, taking: -20)
    try #require(lack > 0)
    #expect(try -room(apart) > lack, "it hedges the coins")
    #expect(apart.refusal(of: move)?.code == "below-initial-margin")
    let added = Amount(units: lack + offset, asset: try Coins.usd)
    try apart.submit(.depositCollateral(AccountID(9), added))
    guard offset >= 0 else {
      #expect(apart.refusal(of: move)?.code == "below-initial-margin")
      #expect(apart.account(9).universe == Universes.eth)
      return
    }
    try apart.submit(move)
    #expect(apart.size(9, btc) == -20 && apart.account(9).universe == Universes.btc)
  }

  @Test("in its own universe who stands better by a position takes it below initial margin, too")
  func movedWithin() throws {
    var together = try indebted([])
    try together.submit(move)
    #expect(together.size(9, btc) == -20)
    // All of it in universe 2.
    var one = try indebted([(key: "insuranceFund.universe.default", value: "2")])
    try one.submit(move)
    #expect(one.account(9).universe == RiskUniverse(2))
  }

  /// Parameters in which the underlyings are in these universes.
  private func change(_ venue: Venue, btc: String, eth: String) throws -> Command {
    let state = venue.engine.state
    return .changeParameters(
      try state.parameters
        .setting("insuranceFund.universe.BTC", to: btc, source: "test")
        .setting("insuranceFund.universe.ETH", to: eth, source: "test"))
  }

  @Test("no parameters leave a loss that is yet to be paid without its universe: to the unit")
  func unstated() throws {
    var venue = try Venue.marked(
      LastStages.changes([.deleveraging, .insuranceFund]) + Universes.changes
        + [(key: "deleveraging.price", value: "1")])
    try venue.open(1, .cross, usd: "500")
    try venue.open(2, .cross, usd: "10000")
    try venue.submit(venue.trade(btc, buyer: 1, seller: 2, size: 1_000))
    // 100 USD are owed, and the fund of universe 1 never had anything.
    try venue.block(btc: "7400")
    try #require(venue.size(1, btc) == 0 && venue.balance(1) == -100_000_000)
    try #require(venue.account(1).isInLiquidation)
    #expect(venue.engine.state.losses.universes.isEmpty)
    let refused = Refusal.otherUniverse(AccountID(1), Universes.btc)
    // Nor with another underlying in it: its winners are those of BTC.
    let changes = [
      try change(venue, btc: "6", eth: "2"), try change(venue, btc: "0", eth: "0"),
      try change(venue, btc: "6", eth: "1"),
    ]
    for command in changes { #expect(venue.refusal(of: command) == refused) }
    try venue.deposit(1, "99.999999", of: Coins.usd)
    try venue.block()
    for command in changes { #expect(venue.refusal(of: command) == refused) }
    // What its last market is not may go anywhere.
    try venue.submit(change(venue, btc: "1", eth: "6"))
    #expect(venue.account(1).universe == Universes.btc)
    #expect(venue.refusal(of: try change(venue, btc: "6", eth: "6")) == refused)
    try venue.deposit(1, "0.000001", of: Coins.usd)
    try venue.block()
    #expect(!venue.account(1).isInLiquidation && venue.balance(1) == 0)
    try venue.submit(change(venue, btc: "0", eth: "0"))
    #expect(venue.account(1).universe == .common)
  }
}
