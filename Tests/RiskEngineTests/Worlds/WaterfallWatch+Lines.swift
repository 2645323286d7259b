// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Parameters
import Quantities
import Testing

@testable import RiskEngine

/// What one pool takes over of one account, as the events tell it.
struct TakeoverRun {
  let account: AccountID
  let pool: AccountID
  /// The account before.
  let risk: AccountRisk
}

// P19, P20, P23, P24: whatever is done to an account is done while it is below its line, at prices
// that say so.
extension WaterfallWatch {
  // MARK: Prices

  /// P20: whether an account may be acted on: every market it has a position in has a fresh price,
  /// and it lacks margin even if its coins without one were worth twice as much, and its debts in
  /// them nothing.
  func mayAct(on portfolio: Portfolio, _ risk: AccountRisk) -> Bool {
    guard portfolio.positions.allSatisfy({ isOpen($0.instrument) }) else { return false }
    return hasDoubt(portfolio)
      ? Int128(risk.equity) + doubt(about: portfolio) < Int128(risk.maintenanceMargin) : true
  }

  func hasDoubt(_ portfolio: Portfolio) -> Bool {
    portfolio.balances.indices.contains { portfolio.balances[$0] != 0 && !isFresh($0) }
  }

  /// What coins without a price, and debts in them, were last worth.
  func doubt(about portfolio: Portfolio) -> Int128 {
    portfolio.balances.indices.filter { !isFresh($0) }.reduce(Int128(0)) {
      $0 + Int128((valuation?.quote(portfolio.balances[$1], asset: $1) ?? 0).magnitude)
    }
  }

  /// What an account lacks that has nothing, even if its coins without a price were worth twice as
  /// much, and its debts in them nothing.
  func deficit(of portfolio: Portfolio) -> Int64 {
    let equity = Int128(valuation?.risk(portfolio).equity ?? 0) + doubt(about: portfolio)
    return Int64(clamping: max(-equity, 0))
  }

  mutating func checkPrices(of account: Account, _ what: String) {
    guard let risk = valuation?.risk(account.portfolio) else {
      hold.broken("P20: \(what) without a price")
      return
    }
    let coins = account.portfolio.balances.enumerated()
    if coins.contains(where: { $1 != 0 && !isFresh($0) }) { note("P20 coins without a price") }
    hold(mayAct(on: account.portfolio, risk), "P20: \(what) at prices that do not decide")
  }

  // MARK: The line

  /// P19, P23: nothing is done for somebody who is restored, but where all is closed that was
  /// begun.
  mutating func checkStillBelow(_ account: Account, _ what: String) {
    guard !rules.liquidation.pace.closesAll, let risk = valuation?.risk(account.portfolio)
    else { return }
    note("P23 still below at \(what)")
    let buffer = lineBuffer(of: account.liquidation, risk)
    hold(
      Int128(risk.equity) < Int128(risk.maintenanceMargin) + Int128(buffer),
      "P23: \(what) for \(account.id), who is restored")
  }

  /// How far above maintenance margin a liquidation ends; an auction's own line may be higher.
  func lineBuffer(of liquidation: LiquidationProgress?, _ risk: AccountRisk) -> Int64 {
    guard liquidation?.auction != nil else { return risk.liquidationBuffer }
    let own = rules.liquidation.auction.buffer.share(of: risk.maintenanceMargin, rounding: .up)
    return max(own, risk.liquidationBuffer)
  }

  /// Coins are sold of who has positions only while it lacks margin.
  mutating func checkDecision(_ decision: ConversionDecision) {
    guard let account = account(decision.account) else {
      hold.broken("P26: coins of nobody are for sale")
      return
    }
    hold(account.liquidation != nil, "P28: coins of somebody who is not in liquidation")
    checkPrices(of: account, "a sale of coins")
    if !account.portfolio.positions.isEmpty { checkStillBelow(account, "a sale of coins") }
  }

  // MARK: Pools

  /// The first trade of a takeover: the account is solvent and below its line, whether all is
  /// closed or not.
  mutating func follow(takeover trade: Trade) {
    let isBuyer = state.isPool(trade.buyer)
    let (pool, id) = isBuyer ? (trade.buyer, trade.seller) : (trade.seller, trade.buyer)
    if let run = takeover, run.account == id, run.pool == pool { return }
    guard let account = account(id), let risk = valuation?.risk(account.portfolio) else {
      hold.broken("P24: a takeover of nobody")
      return
    }
    note("P23 still below at a takeover")
    hold(!risk.isRestored, "P23: a pool takes over of \(id), who is restored")
    hold(risk.equity > 0, "P24: a pool takes over of \(id), who is insolvent")
    // What an earlier pool took may have left it where a coin without a price decides.
    hold(
      account.portfolio.positions.allSatisfy { isOpen($0.instrument) },
      "P20: a takeover in a market without a price")
    takers[id] = pool
    takeover = TakeoverRun(account: id, pool: pool, risk: risk)
  }

  /// What a takeover has left, the fee of it deducted.
  mutating func endTakeover(before event: LedgerEvent?) {
    guard let run = takeover else { return }
    var fee: Int64 = 0
    switch event {
    case .traded(let trade) where trade.cause == .pool:
      if Set([trade.buyer, trade.seller]) == [run.account, run.pool] { return }
    case .transferred(let transfer)
    where transfer.reason == .liquidationPenalty && transfer.from == .account(run.account):
      fee = transfer.amount.units
    default: break
    }
    takeover = nil
    guard let valuation, let account = account(run.account), let pool = self.account(run.pool)
    else { return }
    let (stands, carried) = (valuation.risk(account.portfolio), valuation.risk(pool.portfolio))
    note("P24 takeovers")
    hold(stands.equity >= fee, "P24: a takeover has left \(stands.equity) for \(fee)")
    hold(
      stands.maintenanceMargin < run.risk.maintenanceMargin,
      "P22: a takeover frees nothing: \(run.risk) → \(stands)")
    hold(
      account.portfolio.positions.isEmpty || stands.surplus - Int128(fee) > run.risk.surplus,
      "P22: a takeover has made it worse: \(run.risk) → \(stands), \(fee)")
    hold(carried.equity >= carried.initialMargin, "P24: a pool that cannot carry it")
  }
}
