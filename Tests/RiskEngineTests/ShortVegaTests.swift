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

/// An account that is short two puts of thirty days at the money, BTC at 8,000, and has what
/// initial margin asks of it and no more.
@Suite("A spot that stands still while volatility rises")
struct ShortVegaTests {
  private static let put = InstrumentID(8)

  private func venue(_ changes: [(key: String, value: String)] = []) throws -> Venue {
    var venue = try Venue.marked(changes)
    try venue.submit(
      .listInstrument(
        Contracts.contract(
          8, "BTC-30D-8000-P", "BTC",
          .option(.put, strike: Price("8000"), expiry: Venue.start + TimeSpan(seconds: 2_592_000)),
          .linear, Coins.usd, 100_000, "500000")))
    try venue.block()
    try venue.open(1, .portfolio, usd: "10000")
    try venue.take(1, -2_000, of: Self.put)
    let risk = try risk(venue)
    try venue.submit(
      .withdrawCollateral(
        AccountID(1), Amount(units: risk.equity - risk.initialMargin, asset: Coins.usd)))
    return venue
  }

  private func risk(_ venue: Venue) throws -> AccountRisk {
    try #require(venue.engine.valuation).risk(venue.account(1).portfolio)
  }

  private func started(_ events: [LedgerEvent]) -> LiquidationCause? {
    for case .liquidationStarted(AccountID(1), let cause) in events { return cause }
    return nil
  }

  @Test("brings a short-vega account to liquidation, by a level that a parameter raises")
  func stated() throws {
    var venue = try venue()
    let calm = try risk(venue)
    #expect(calm.equity == calm.initialMargin)
    // Nothing happens while volatility stands still as well.
    for _ in 0..<3 { #expect(started(try venue.block()) == nil) }
    let mark = venue.mark(Self.put).price
    for level in ["75%", "80%"] {
      let set = venue.engine.state.parameters
      try venue.submit(
        .changeParameters(try set.setting("surface.realized.lowest", to: level, source: "test")))
      #expect(started(try venue.block()) == nil, "\(level)")
    }
    #expect(venue.mark(Self.put).price > mark)
    let set = venue.engine.state.parameters
    try venue.submit(
      .changeParameters(try set.setting("surface.realized.lowest", to: "120%", source: "test")))
    let cause = try #require(started(try venue.block()))
    let btc = try AssetSymbol("BTC")
    #expect(venue.engine.state.market(of: btc)?.market.index == (try Price("8000")))
    #expect(venue.engine.state.market(of: btc)?.market.volatility == (try Rate("120%")))
    #expect(cause.equity < cause.maintenanceMargin)
    #expect(cause.equity < calm.equity)
    #expect(cause.maintenanceMargin > calm.maintenanceMargin)
    #expect(venue.account(1).liquidation != nil)
  }

  // One tenth of a percent up and back every second is an annual volatility of 560 %, of which a
  // half-life of an hour takes over 0.02 % a block. Half of the blocks stand at 8,000 exactly;
  // at 8,008 a short put is better off.
  @Test("brings it there by what the index realizes, at the price where it began")
  func realized() throws {
    var venue = try venue([(key: "surface.realized.halfLife", value: "1h")])
    var before = try risk(venue)
    #expect(!before.isLiquidatable)
    var cause: LiquidationCause?
    var blocks = 0
    while cause == nil, blocks < 400 {
      blocks += 1
      cause = started(try venue.block(btc: blocks % 2 == 0 ? "8000" : "8008", after: 1))
      if cause == nil, blocks % 20 == 0 {
        let next = try risk(venue)
        #expect(next.equity < before.equity)
        #expect(next.maintenanceMargin > before.maintenanceMargin)
        before = next
      }
    }
    let found = try #require(cause)
    #expect(venue.price(of: "BTC") == (try Price("8000")))
    #expect(found.equity < found.maintenanceMargin)
    #expect(blocks > 20)
  }
}
