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
}
