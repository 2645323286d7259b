// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import MarketData
import Parameters
import Quantities
import Testing

@testable import RiskEngine

/// One step of a position that a pool could take over.
private struct PooledStep {
  let contract: Contract
  /// 1 for a long position of the account.
  let sign: Int64
  let held: Int64
  let unitValue: Int64
}

// P30: when the stage of pools is left, none of them could take over a step more.
extension WaterfallWatch {
  /// Each pool is asked once, in the order of ids: what one that was asked before another took
  /// something could take now is not held against it.
  mutating func checkPoolsTakeNothing(of account: Account) {
    guard let risk = valuation?.risk(account.portfolio), risk.equity > 0, !risk.isRestored,
      !state.isPool(account.id)
    else { return }
    for pool in state.pools where pool.id > takers[account.id] ?? AccountID(0) {
      guard let step = step(of: account, for: pool, risk) else { continue }
      note("P30 pools take no more")
      hold(
        !isTaken(step, of: account, by: pool),
        "P30: \(pool.id) could take \(step.contract.name) of \(account.id)")
    }
  }

  /// A step of the largest position that a pool covers, where a search that halves what it asks
  /// for comes to that step alone: the others are less than half as large.
  private func step(
    of account: Account, for pool: BackstopPool, _ risk: AccountRisk
  ) -> PooledStep? {
    guard let own = self.account(pool.id), own.liquidation == nil,
      own.portfolio.positions.allSatisfy({ isOpen($0.instrument) }),
      own.portfolio.balances.indices.allSatisfy({ own.portfolio.balances[$0] == 0 || isFresh($0) })
    else { return nil }
    let steps = account.portfolio.positions.compactMap { position -> PooledStep? in
      guard let contract = contract(position.instrument), pool.covers(contract.underlying),
        asset(of: contract.id) == 0, contract.kind.expiry.map({ $0 > state.time }) ?? true,
        let mark = valuation?.mark(of: contract.id)?.unitValue,
        let value = takeoverUnitValue(
          of: contract, size: position.size, unitValue: mark,
          bankruptcyUnitValue: bankruptcyValue(of: contract.id, in: account.portfolio),
          discount: rules.pool.discount),
        // A unit more than what is asked for, for a bankruptcy value may be rounded otherwise.
        abs(mark - value) > rules.pool.leastDiscount.share(of: abs(mark), rounding: .up)
          || rules.pool.leastDiscount == .zero
      else { return nil }
      return PooledStep(
        contract: contract, sign: position.size.sign, held: abs(position.size.steps),
        unitValue: value)
    }
    guard let largest = steps.max(by: { $0.held < $1.held }),
      steps.filter({ $0.held * 2 >= largest.held }).count == 1
    else { return nil }
    return largest
  }

  /// Millionths by which a step must miss every line to be held against a pool.
  private static let missed: Int128 = 1_000

  private func isTaken(
    _ step: PooledStep, of account: Account, by pool: BackstopPool
  ) -> Bool {
    guard let valuation, let own = self.account(pool.id) else { return false }
    let (stood, had) = (valuation.risk(account.portfolio), valuation.risk(own.portfolio))
    guard had.equity >= had.initialMargin, had.equity > 0 else { return false }
    var (left, carried) = (account.portfolio, own.portfolio)
    let size = Size(steps: step.sign)
    left.balances[0] += left.take(-size, of: step.contract.id, unitValue: step.unitValue)
    carried.balances[0] += carried.take(size, of: step.contract.id, unitValue: step.unitValue)
    let (leaves, stands) = (valuation.risk(left), valuation.risk(carried))
    let notional = valuation.notional(Size(steps: 1), of: step.contract.id)
    let fee = Int128(rules.pool.fee.share(of: notional, rounding: .up))
    guard Int128(leaves.equity) - fee >= Self.missed,
      Int128(leaves.maintenanceMargin) + Self.missed < Int128(stood.maintenanceMargin),
      leaves.surplus - fee > stood.surplus + Self.missed
    else { return false }
    return Int128(stands.equity) >= Int128(stands.initialMargin) + Self.missed
      && isWithin(stands, had, of: carried) && keepsOrder(pool, carried)
      && isCapped(carried, since: own.portfolio, step.contract.underlying)
  }

  private func isWithin(
    _ stands: AccountRisk, _ had: AccountRisk, of carried: Portfolio
  ) -> Bool {
    let bound = Int128(stands.initialMargin) - Int128(had.initialMargin)
    let most = rules.pool.eventShare.share(of: had.equity, rounding: .down)
    let allowed = Int128(rules.pool.leverage.billionths) * Int128(stands.equity)
    return bound + Self.missed <= Int128(most)
      && (gross(carried) + Self.missed) * 1_000_000_000 <= allowed
      && carried.positions.count <= Int(rules.clearing.positionLimit)
      && carried.positions.allSatisfy(\.size.isPermitted)
  }

  private func isCapped(
    _ carried: Portfolio, since own: Portfolio, _ underlying: AssetSymbol
  ) -> Bool {
    gross(carried, on: underlying) <= Int128(rules.pool.marketCap)
      || gross(carried, on: underlying) <= gross(own, on: underlying)
  }

  private func keepsOrder(_ pool: BackstopPool, _ carried: Portfolio) -> Bool {
    guard let order = pool.order else { return true }
    let left = carried.size(of: order.instrument)
    return left.sign == -order.side.sign && left.magnitude >= order.size
  }

  private func gross(_ portfolio: Portfolio, on underlying: AssetSymbol? = nil) -> Int128 {
    portfolio.positions.reduce(Int128(0)) { sum, position in
      let isCounted = underlying.map { contract(position.instrument)?.underlying == $0 } ?? true
      let notional = valuation?.notional(position.size, of: position.instrument) ?? 0
      return isCounted ? sum + Int128(notional) : sum
    }
  }
}
