// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
public import Quantities

// The fund's hedge.
extension LedgerState {
  /// Whether an account is the one by which the fund hedges.
  public func isHedge(_ id: AccountID) -> Bool { hedge?.account == id }

  /// Whether only the engine acts for an account: a pool's, or the fund's hedge.
  public func isEngines(_ id: AccountID) -> Bool { isHedge(id) || isPool(id) }

  mutating func applyHedge(_ event: LedgerEvent) {
    switch event {
    case .hedgeOpened(let id):
      // All it holds of an underlying is on one side: there is nothing to net.
      open(id, .cross)
      hedge = HedgeBook(account: id)
    case .hedgeOrdered(let order): hedge?.order = order
    case .hedgeCharged(let units): hedge?.charge(units)
    case .hedgeWindowBegun(let instant):
      hedge?.windowStart = instant
      hedge?.windowCost = 0
    default: break
    }
  }

  /// - Returns: Whether the order is the hedge's, which is in no liquidation.
  mutating func applyHedgeOrder(_ event: LedgerEvent) -> Bool {
    guard let order = hedge?.order?.order else { return false }
    switch event {
    case .liquidationOrderIssued(order):
      nextOrder = OrderID(max(nextOrder.number, order.id.number + 1))
      return true
    case .liquidationOrderClosed(order.account, order.id, _):
      hedge?.order = nil
      return true
    default: return false
    }
  }

  /// Follows a transfer that was applied.
  mutating func followHedge(_ transfer: Transfer, asset: Int) {
    guard let hedge, asset == 0 else { return }
    if transfer.reason == .hedgeCapital {
      let drawn = sum(hedge.drawn, transfer.amount.units)
      self.hedge?.drawn = drawn
    }
    // What goes back is back under any name, such as a premium for gaps, but for an exchange. A
    // gain is the fund's: it is no capital for the next hedge.
    guard transfer.from == .account(hedge.account), transfer.to == .insuranceFund,
      transfer.reason != .conversion
    else { return }
    self.hedge?.drawn = max(hedge.drawn - transfer.amount.units, 0)
  }

  /// Whether the hedge's order is of its own account, and one that reduces closes no more than is
  /// held.
  var hedgeIsConsistent: Bool {
    guard let hedge else { return true }
    guard let index = index(of: hedge.account), hedge.drawn >= 0, hedge.windowCost >= 0,
      hedge.cost >= hedge.windowCost
    else { return false }
    guard let order = hedge.order else { return true }
    let account = accounts[index]
    guard order.order.account == hedge.account, order.order.id < nextOrder,
      order.order.size.steps > 0, !account.isInLiquidation
    else { return false }
    return !order.isReducing || isConsistent(order.order, account)
  }
}
