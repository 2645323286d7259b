// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Clearing
import Instruments
import Ledger
import Margin
import MarketData
import Parameters
import Quantities

// The account by which the insurance fund hedges: what it is given, and what it gives back.
extension Engine {
  mutating func openHedge(_ id: AccountID) throws(StepError) {
    try checkNew(id)
    guard state.hedge == nil else { throw .refused(.alreadyExists("the hedge account")) }
    try emit(.hedgeOpened(id))
  }

  /// What the fund may still give the hedge, ledger units of the quote currency: within the
  /// capital, what is set aside for orders, and the window of draws.
  var hedgeCapitalLeft: Int64 {
    guard let hedge = state.hedge else { return 0 }
    return max(min(rules.hedge.capital - hedge.drawn, drawable(0, of: .common)), 0)
  }

  /// The margin that the hedge is given for its positions.
  func margined(_ initialMargin: Int64) -> Int64 {
    let product = Int128(initialMargin) * Int128(rules.hedge.margin.billionths)
    return Int64(clamping: product.divided(by: 1_000_000_000, rounding: .up))
  }

  /// Gives the hedge margin before anybody is looked at: as long as there is capital it is not
  /// liquidated.
  mutating func supportHedge() throws(StepError) {
    guard let valuation, let index = hedgeIndex else { return }
    let portfolio = state.accounts[index].portfolio
    guard !portfolio.positions.isEmpty else { return }
    let risk = measure(portfolio, valuation)
    guard risk.equity < risk.initialMargin, risk.initialMargin < QuoteMoney.limit,
      isActionable(portfolio, risk, valuation)
    else { return }
    let lack = Int64(clamping: Int128(margined(risk.initialMargin)) - Int128(risk.equity))
    try drawHedgeCapital(min(lack, hedgeCapitalLeft), to: index)
  }

  mutating func drawHedgeCapital(_ units: Int64, to index: Int) throws(StepError) {
    let account = state.accounts[index]
    let given = min(units, Amount.limit - max(account.portfolio.balances[0], 0))
    guard given > 0 else { return }
    try move(given, asset: 0, from: .insuranceFund, to: .account(account.id), .hedgeCapital)
  }

  /// The dense index of the hedge's account, unless it is in liquidation.
  var hedgeIndex: Int? {
    guard let hedge = state.hedge, let index = state.index(of: hedge.account),
      !state.accounts[index].isInLiquidation
    else { return nil }
    return index
  }

  /// Ends an order that is too late or can no longer be filled, and returns to the fund what the
  /// hedge has at rest.
  mutating func reviewHedge() throws(StepError) {
    guard let index = hedgeIndex else { return }
    if let order = state.hedge?.order {
      let isBorne = bears(order, state.accounts[index].portfolio)
      if state.time >= order.order.expiresAt || !isBorne {
        try emit(
          .liquidationOrderClosed(
            order.order.account, order.order.id, isBorne ? .expired : .cancelled))
      }
    }
    try returnHedgeCapital(index)
  }

  /// Whether an order's contract is still there, and what it closes.
  private func bears(_ order: HedgeOrder, _ portfolio: Portfolio) -> Bool {
    guard let market = state.listing.index(of: order.order.instrument),
      isHedgeable(market)
    else { return false }
    guard order.isReducing else { return true }
    let held = portfolio.size(of: order.order.instrument)
    return held.sign == -order.order.side.sign && held.magnitude >= order.order.size
  }

  private mutating func returnHedgeCapital(_ index: Int) throws(StepError) {
    guard state.hedge?.order == nil, state.accounts[index].portfolio.positions.isEmpty else {
      return
    }
    let account = state.accounts[index]
    for (asset, units) in account.portfolio.balances.enumerated() {
      let returned = min(units, Amount.limit - state.houses[asset].insuranceFund)
      guard returned > 0 else { continue }
      try move(
        returned, asset: asset, from: .account(account.id), to: .insuranceFund, .hedgeReturn)
    }
  }

  /// Counts what fills of the hedge's order have cost against the mark at which it was decided,
  /// fees included; an order that gained has cost nothing.
  mutating func chargeHedge(_ trades: [Trade]) throws(StepError) {
    guard let order = state.hedge?.order,
      let market = state.listing.index(of: order.order.instrument)
    else { return }
    let contract = state.listing.contracts[market]
    var cost: Int128 = 0
    for trade in trades {
      let slippage = order.order.side.sign * (trade.unitValue - order.unitValue)
      cost += Int128(trade.size.steps) * Int128(slippage)
      cost += Int128(fee(trade.size, of: contract, unitValue: trade.unitValue, role: .taker))
    }
    if cost > 0 { try emit(.hedgeCharged(units: Int64(clamping: cost))) }
  }

  /// Whether a contract can hedge: what it is worth moves with its underlying one for one, and what
  /// it gains and loses is quote currency.
  func isHedgeable(_ market: Int) -> Bool {
    let contract = state.listing.contracts[market]
    guard state.settlementIndex(of: contract.id) == 0, market < state.marks.count,
      !state.totals[market].isExpired, contract.kind.expiry.map({ $0 > state.time }) ?? true
    else { return false }
    switch contract.kind {
    case .perpetual, .future: return !contract.isReciprocal
    case .option, .spot: return false
    }
  }
}
