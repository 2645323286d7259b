// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import NumericalMethods
import Quantities
import Testing

@Suite("The check before a trade")
struct PreTradeTests {
  @Test("says what the portfolio's risk is after the fill", arguments: [1, 2] as [UInt64])
  func equality(seed: UInt64) throws {
    let books = try RandomBooks()
    let accounts = VenueFixture.portfolios(books, count: 120, seed: seed + 40)
    let rows = try VenueFixture.rows(accounts, books.engine)
    let sweep = VenueSweep(books.engine, SweepTable(books.engine))
    var check = PreTradeCheck(sweep, rows)
    var random = SplitMix64(seed: seed)
    for _ in 0..<1_000 {
      let account = Int.random(in: accounts.indices, using: &random)
      let contract = Int.random(in: books.contracts.indices, using: &random)
      let steps = books.steps(&random)
      let unitValue =
        books.engine.marks[contract].unitValue + Int64.random(in: -9...9, using: &random)
      var after = accounts[account]
      let profit = after.take(
        Size(steps: steps), of: books.contracts[contract].id, unitValue: unitValue)
      let asset = books.world.listing.index(of: books.contracts[contract].settlementAsset) ?? 0
      after.balances[asset] += profit
      let risk = try books.engine.risk(of: after)
      let answer = try check.requirement(
        of: account, in: rows, sweep, contract: contract, steps: steps, unitValue: unitValue)
      #expect(answer.equity == risk.equity)
      #expect(answer.initialMargin == risk.initialMargin)
      #expect(answer.maintenanceMargin == risk.maintenanceMargin)
      let isPermitted = try check.permits(
        account, in: rows, sweep, contract: contract, steps: steps, unitValue: unitValue)
      #expect(isPermitted == (risk.equity >= risk.initialMargin))
    }
    #expect(
      VenueFixture.measure(sweep, rows, threads: 1)
        == (try VenueFixture.expected(accounts, books.engine)))
  }
}
