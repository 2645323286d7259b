// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import Parameters
import Quantities

// Accounts with positions for which the usual stages have nothing left, in any order of stages.
extension Engine {
  /// Offers an account in the stage of socialized losses to the book, down to the edge of the band
  /// around the mark, whatever the fund has: its winners bear the loss when its positions are gone.
  ///
  /// What earlier deleveraging can now close is closed first.
  mutating func offer(
    _ account: Account, _ risk: AccountRisk, _ valuation: Valuation, isExhausted: Bool
  ) throws(StepError) -> Progress {
    if rules.stages(before: .socializedLoss).contains(.deleveraging),
      try deleverage(account, risk, valuation)
    {
      return .moved
    }
    if isExhausted, rules.stage(after: .socializedLoss) != nil {
      return try enterNext(account.id, after: .socializedLoss)
    }
    return try issueOrder(account, risk, valuation, stage: .socializedLoss)
  }

  /// After the last stage an account stays where it is: counterparties are looked for in every
  /// block, and its positions are on offer.
  mutating func waitInSight(
    _ id: AccountID, at stage: LiquidationStage
  ) throws(StepError) -> Progress {
    guard let valuation, let index = state.index(of: id) else { return .waits }
    let account = state.accounts[index]
    guard !account.portfolio.positions.isEmpty else { return .waits }
    let risk = measure(account.portfolio, valuation)
    if rules.has(.deleveraging), try deleverage(account, risk, valuation) { return .moved }
    // An order of the stage of pools is a pool's own, and one of a partial liquidation must help;
    // this one closes what it can at the terms that follow a last stage.
    let offered: LiquidationStage =
      stage == .pool || stage == .partial ? .socializedLoss : stage
    return try issueOrder(account, risk, valuation, stage: offered)
  }

  /// What the fund may add to closing an account's positions that settle in the same asset as
  /// an instrument, ledger units of that asset; without limit where the winners will bear it.
  func budget(_ stage: LiquidationStage, for instrument: InstrumentID) -> Int64 {
    guard stage != .partial else { return 0 }
    return rules.isBorneByWinners(at: stage) ? .max : fundBudget(for: instrument)
  }

  /// What the fund itself may pay for one account's positions that settle in the same asset as an
  /// instrument, ledger units of that asset.
  func fundBudget(for instrument: InstrumentID) -> Int64 {
    guard rules.has(.insuranceFund), let asset = state.settlementIndex(of: instrument)
    else { return 0 }
    let universe = universe(of: instrument)
    let free = freeFund(asset, of: universe)
    return min(
      rules.liquidation.fundEventCap.share(of: free, rounding: .down),
      drawable(asset, of: universe))
  }

  /// What the fund sets aside for an order: nothing for one whose loss winners will bear.
  func fundShare(of terms: ClosingTerms, _ size: Size, at stage: LiquidationStage) -> Int64 {
    guard !rules.isBorneByWinners(at: stage) else { return 0 }
    return terms.fundPerStep * size.steps
  }
}
