// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import Quantities
import RiskEngine
import Testing

// Seen while the attack search was built: an owner of two accounts closes a part of one position
// far off the mark against the other, withdraws there, and keeps the rest without equity.
@Suite("A reduction off the mark does not empty an account that keeps a position")
struct DrainTests {
  private let perpetual = Contracts.btcPerpetual

  /// One coin long against account 2, at 8,000, with 2,000 dollars.
  private func venue() throws -> Venue {
    var venue = try Venue.marked()
    try venue.open(1, .cross, usd: "2000")
    try venue.open(2, .cross, usd: "20000")
    try venue.submit(venue.trade(perpetual, buyer: 1, seller: 2, size: 1_000))
    return venue
  }

  private func risk(_ venue: Venue) throws -> AccountRisk {
    try #require(venue.engine.valuation).risk(venue.account(1).portfolio)
  }

  @Test("half of it at half the mark, which leaves no equity, is refused")
  func refused() throws {
    var venue = try venue()
    let drain = try venue.trade(perpetual, buyer: 2, seller: 1, size: 500, price: "4000")
    guard case .belowInitialMargin(AccountID(1), 0, _) = venue.refusal(of: drain) else {
      Issue.record("another refusal")
      return
    }
    // All of it may go down to the last unit of equity, for nothing is left to be paid for.
    _ = venue.refusal(
      of: try venue.trade(perpetual, buyer: 2, seller: 1, size: 1_000, price: "5999.999"))
    try venue.submit(venue.trade(perpetual, buyer: 2, seller: 1, size: 1_000, price: "6000"))
    #expect(try venue.equity(1) == 0 && venue.size(1, perpetual) == 0)
  }

  @Test("down to initial margin it is accepted, one tick further it is not")
  func threshold() throws {
    let opened = try venue()
    var (low, high) = (Int64(400_000_000), Int64(800_000_000))
    func after(_ ticks: Int64) throws -> Venue? {
      var trial = opened
      let price = Price(steps: ticks * 1_000).description
      let trade = try trial.trade(perpetual, buyer: 2, seller: 1, size: 500, price: price)
      return try trial.attempt(trade) ? trial : nil
    }
    while low + 1 < high {
      let middle = (low + high) / 2
      if try after(middle) != nil { high = middle } else { low = middle }
    }
    let stands = try risk(#require(try after(high)))
    #expect(stands.equity >= stands.initialMargin)
    // 500 steps of a thousandth of a coin: a tick of 10^−5 dollars is 5 units of 10^−6.
    #expect(stands.equity - stands.initialMargin < 5)
  }

  @Test("below initial margin, what costs less than it frees may always be closed")
  func slippage() throws {
    var venue = try venue()
    var price = 8_000
    while try risk(venue).equity >= risk(venue).initialMargin {
      price -= 10
      try venue.block(btc: String(price))
    }
    try #require(venue.account(1).liquidation == nil)
    let stood = try risk(venue)
    _ = venue.refusal(
      of: try venue.trade(
        perpetual, buyer: 2, seller: 1, size: 100, price: String(price * 9 / 10)))
    try venue.submit(
      venue.trade(perpetual, buyer: 2, seller: 1, size: 100, price: String(price - 4)))
    let stands = try risk(venue)
    #expect(stands.equity < stood.equity)
    #expect(
      stands.equity - stands.maintenanceMargin >= stood.equity - stood.maintenanceMargin)
  }
}
