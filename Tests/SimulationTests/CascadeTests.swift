// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import Parameters
import Quantities
import RiskEngine
import Simulation
import Testing

@Suite("A cascade like that of 10 October 2025")
struct CascadeTests {
  /// A hundred-and-fiftieth of it.
  private static func small(seed: UInt64 = 20_251_010) -> CascadePlan {
    let whole = CascadePlan.october2025
    let part = whole.scaled(accounts: 2_900, markets: 6)
    return CascadePlan(
      accounts: part.accounts, markets: part.markets, liquidations: part.liquidations,
      insolvencies: 4, meanNotional: part.meanNotional,
      meanInsolventNotional: part.meanInsolventNotional, deficitShare: part.deficitShare,
      meanWinnerNotional: part.meanWinnerNotional, winnerLeverage: part.winnerLeverage, seed: seed)
  }

  private static func plain() throws -> ParameterSet {
    try WaterfallFile.load("plain").over(ParameterFile.bundled()).set
  }

  private static func run(_ plan: CascadePlan, threads: Int = 1) throws -> Cascade {
    var cascade = try Cascade(plan, parameters: plain(), workers: .threads(threads))
    try cascade.open()
    try cascade.crash()
    try cascade.settle()
    return cascade
  }

  @Test("who is meant to fail fails, and everybody is resolved", arguments: [20_251_010, 7])
  func resolved(seed: UInt64) throws {
    let plan = Self.small(seed: seed)
    let cascade = try Self.run(plan)
    let result = cascade.result
    #expect(result.liquidations == plan.liquidations)
    #expect(result.endedLiquidations == result.liquidations)
    #expect(result.insolvent == plan.insolvencies && result.deficit > 0)
    #expect(cascade.engine.state.accounts.allSatisfy { $0.liquidation == nil })
    let valuation = try #require(cascade.engine.valuation)
    for account in cascade.engine.state.accounts {
      let risk = valuation.risk(account.portfolio)
      #expect(risk.equity >= risk.maintenanceMargin)
    }
  }

  @Test("what insolvent accounts held is closed against winners to the unit")
  func noOvershoot() throws {
    let plan = Self.small()
    var cascade = try Cascade(plan, parameters: Self.plain())
    try cascade.open()
    try cascade.crash()
    let valuation = try #require(cascade.engine.valuation)
    let sold = cascade.result
    #expect(sold.deleveragingFills > plan.insolvencies && sold.overshoots == 0)
    // Everything they held, and no more: their deficits were the winners' profits.
    for (account, risk) in zip(cascade.engine.state.accounts, cascade.engine.risks)
    where risk.equity < 0 {
      #expect(account.portfolio.positions.isEmpty)
      // The bankruptcy price is rounded in the account's favor: less than a unit a step is left.
      let left = valuation.risk(account.portfolio).equity
      #expect(left >= 0 && left < 10_000_000)
    }
    let longs = cascade.engine.state.totals.allSatisfy { $0.netSize == 0 }
    #expect(longs)
  }

  @Test("two threads decide what one decides")
  func threads() throws {
    let one = try Self.run(Self.small())
    let two = try Self.run(Self.small(), threads: 2)
    #expect(one.engine.hash == two.engine.hash && one.result == two.result)
  }

  @Test("the plan of the whole crash is that of the published figures")
  func published() {
    let plan = CascadePlan.october2025
    #expect(plan.accounts == 437_723 && plan.markets == 162)
    #expect(plan.liquidations == 63_637 && plan.insolvencies == 302)
    let solvent = Double(plan.liquidations - plan.insolvencies) * plan.meanNotional
    let insolvent = Double(plan.insolvencies) * plan.meanInsolventNotional
    // 5.51 billion, of which 35.4 % are deleveraged; 23.19 million are lacking.
    #expect(abs((solvent + insolvent) / 5.51e9 - 1) < 0.01)
    #expect(abs(insolvent / (solvent + insolvent) - 0.354) < 0.002)
    #expect(abs(insolvent * plan.deficitShare / 23.19e6 - 1) < 0.01)
  }
}
