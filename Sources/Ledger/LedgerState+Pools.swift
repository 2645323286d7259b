// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
public import Quantities

// Backstop pools.
extension LedgerState {
  /// The place of a pool in ``pools``.
  public func poolIndex(of id: AccountID) -> Int? {
    // There are few, and in most venues none.
    pools.isEmpty ? nil : pools.firstIndex { $0.id == id }
  }

  /// Whether an account is a pool's.
  public func isPool(_ id: AccountID) -> Bool { poolIndex(of: id) != nil }

  /// The order that an account waits for: of its liquidation, of a pool that reduces a position, or
  /// of the fund's hedge.
  public func orderOut(of account: Int) -> LiquidationOrder? {
    if let order = accounts[account].liquidationOrder { return order }
    if isHedge(accounts[account].id) { return hedge?.order?.order }
    return poolIndex(of: accounts[account].id).flatMap { pools[$0].order }
  }

  mutating func applyPool(_ event: LedgerEvent) {
    switch event {
    case .poolOpened(let id, let markets):
      open(id, .portfolio)
      pools.append(BackstopPool(id: id, markets: markets))
    case .poolDeposited(let entry): changePool(entry.pool) { $0.deposit(entry) }
    case .poolWithdrawn(let entry): changePool(entry.pool) { $0.withdraw(entry) }
    case .poolWithdrawalRequested(let account, let pool, let tranche, let notice):
      changePool(pool) { $0.setNotice(notice, of: account, tranche) }
    case .poolWithdrawalCancelled(let account, let pool, let tranche):
      changePool(pool) { $0.setNotice(nil, of: account, tranche) }
    case .poolSettled(let settlement): changePool(settlement.pool) { $0.settle(settlement) }
    default: break
    }
  }

  /// - Returns: Whether the order is that of a pool that is not in liquidation itself.
  mutating func applyPoolOrder(_ event: LedgerEvent) -> Bool {
    guard !pools.isEmpty else { return false }
    switch event {
    case .liquidationOrderIssued(let order):
      guard let pool = poolIndex(of: order.account), order.stage == .pool else { return false }
      pools[pool].order = order
      nextOrder = OrderID(max(nextOrder.number, order.id.number + 1))
      return true
    case .liquidationOrderClosed(let id, let order, _):
      guard let pool = poolIndex(of: id), pools[pool].order?.id == order else { return false }
      pools[pool].order = nil
      return true
    default: return false
    }
  }

  private mutating func changePool(_ id: AccountID, _ change: (inout BackstopPool) -> Void) {
    if let place = poolIndex(of: id) { change(&pools[place]) }
  }

  /// Whether every pool's reserve is what its depositors may fetch, and its order closes no more
  /// than it holds.
  var poolsAreConsistent: Bool {
    pools.allSatisfy { pool in
      guard let index = index(of: pool.id) else { return false }
      let unpaid = pool.senior.unpaid.reduce(0, +) + pool.junior.unpaid.reduce(0, +)
      guard pool.reserve == unpaid else { return false }
      if let order = pool.order {
        return !accounts[index].isInLiquidation && isConsistent(order, accounts[index])
      }
      let portfolio = accounts[index].portfolio
      let isAtRest = portfolio.positions.isEmpty && !accounts[index].isInLiquidation
      return !isAtRest || portfolio.balances[0] == pool.total || portfolio.balances[0] < 0
    }
  }
}
