// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import Parameters
import Quantities

// The ladder before liquidation: a warning, reduce-only, orders cancelled.
extension Engine {
  /// Moves every healthy account to its step of the ladder.
  mutating func callMargins() throws(StepError) {
    guard rules.liquidation.marginCall.isDrawn, let valuation else { return }
    for index in risks.indices where !venueIndex.isInLiquidation(index) {
      let risk = risks[index]
      let account = state.accounts[index]
      let next = marginCall(
        equity: risk.equity, maintenanceMargin: risk.maintenanceMargin,
        current: account.marginCall, rules.liquidation.marginCall)
      guard next != account.marginCall, isActionable(account.portfolio, risk, valuation)
      else { continue }
      let cause = LiquidationCause(
        equity: risk.equity, maintenanceMargin: risk.maintenanceMargin, time: state.time)
      try emit(.marginCalled(account.id, next, cause))
      guard next == .cancelOrders else { continue }
      for order in account.portfolio.orders where !order.isReduceOnly {
        try emit(.orderRemoved(account.id, order.id, .marginCall))
      }
    }
  }

  /// Refuses what raises the risk of an account that was called to reduce, unless what it has done
  /// since would end the call.
  func requireNoCall(_ account: Account) throws(StepError) {
    guard account.marginCall >= .reduceOnly, let valuation else { return }
    let risk = valuation.risk(account.portfolio)
    let step = marginCall(
      equity: risk.equity, maintenanceMargin: risk.maintenanceMargin,
      current: account.marginCall, rules.liquidation.marginCall)
    guard step < .reduceOnly else { throw .refused(.calledToReduce(account.id)) }
  }
}
