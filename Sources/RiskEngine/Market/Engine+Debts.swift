// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Clearing
import Instruments
import Ledger
import Margin
import Parameters
import Quantities

// Negative cash: what it costs, how large it may be, and when other collateral is sold for it.
extension Engine {
  /// What an account has of an asset after the premiums of its long options, which are held at
  /// cost and paid when they are closed; ledger units, a debt below zero.
  ///
  /// - Parameter withOrders: Whether resting orders to buy options count as filled at their
  ///   limits.
  func cash(_ portfolio: borrowing Portfolio, _ asset: Int, withOrders: Bool = false) -> Int128 {
    var cash = Int128(portfolio.balances[asset])
    for position in portfolio.positions where position.size > .zero {
      guard isOption(position.instrument, settledIn: asset) else { continue }
      cash -= Int128(max(position.cost, 0))
    }
    guard withOrders else { return cash }
    for order in portfolio.orders where order.side == .buy && !order.isReduceOnly {
      guard isOption(order.instrument, settledIn: asset),
        let index = state.listing.index(of: order.instrument),
        let unitValue = try? state.listing.contracts[index].unitValue(at: order.limit)
      else { continue }
      cash -= Int128(order.remaining.steps) * Int128(unitValue)
    }
    return cash
  }

  private func isOption(_ instrument: InstrumentID, settledIn asset: Int) -> Bool {
    guard let index = state.listing.index(of: instrument) else { return false }
    let contract = state.listing.contracts[index]
    return contract.isOption
      && contract.settlementAsset == state.listing.collateral[asset].asset
  }

  // MARK: The cap

  /// Refuses a portfolio that owes more of an asset than its cap.
  ///
  /// - Parameter before: What the account holds now; a debt that is not larger than now is no
  ///   reason. `nil` refuses every debt above the cap.
  func requireDebtCap(
    _ portfolio: borrowing Portfolio, of id: AccountID, before: Portfolio? = nil
  ) throws(StepError) {
    guard let valuation else { return }
    for asset in rules.debts.indices {
      guard let cap = rules.debts[asset].cap else { continue }
      let cash = cash(portfolio, asset, withOrders: true)
      guard cash < 0 else { continue }
      if let before, self.cash(before, asset, withOrders: true) <= cash { continue }
      let debt = valuation.quote(Int64(clamping: -cash), asset: asset, rounding: .up)
      guard debt <= cap else {
        let symbol = state.listing.collateral[asset].asset.symbol
        throw .refused(.debtAboveCap(id, symbol, debt: debt, cap: cap))
      }
    }
  }

  // MARK: Interest

  /// Every healthy account pays the insurance fund for what it owes, in the asset owed; never
  /// more than its equity.
  mutating func accrueInterest(over span: TimeSpan) throws(StepError) {
    guard let valuation, rules.debts.contains(where: { $0.interest > .zero }) else { return }
    var scratch = valuation.makeScratch()
    for index in state.accounts.indices where !state.accounts[index].isInLiquidation {
      let universe = state.accounts[index].universe
      for asset in rules.debts.indices where rules.debts[asset].interest > .zero {
        let cash = cash(state.accounts[index].portfolio, asset)
        guard cash < 0 else { continue }
        let interest = debtInterest(
          debt: Int64(clamping: -cash), rate: rules.debts[asset].interest, over: span)
        let equity = valuation.risk(state.accounts[index].portfolio, &scratch).equity
        let most = valuation.units(ofQuote: max(equity, 0), asset: asset, rounding: .down)
        let paid = payable(min(interest, most), asset: asset, by: index)
        guard paid > 0 else { continue }
        try move(
          paid, asset: asset, from: .account(state.accounts[index].id),
          to: .fund(of: universe), .interest)
      }
    }
  }

  // MARK: Conversion

  /// Sells other collateral of every account that owes more of an asset than its threshold.
  mutating func convertDebts() throws(StepError) {
    guard valuation != nil, rules.debts.contains(where: { $0.threshold != nil }) else { return }
    for index in state.accounts.indices { try convertDebts(of: index, above: true) }
  }

  /// Sells other collateral of one account for what it owes of assets with a threshold.
  ///
  /// - Parameter isLimited: Whether a debt up to the threshold is left.
  /// - Returns: Whether anything was sold.
  @discardableResult
  mutating func convertDebts(of index: Int, above isLimited: Bool) throws(StepError) -> Bool {
    // An order that is out was priced with the account as it stands.
    guard let valuation, state.accounts[index].liquidationOrder == nil,
      state.accounts[index].collateralSale == nil
    else { return false }
    var hasSold = false
    for asset in rules.debts.indices {
      guard let threshold = rules.debts[asset].threshold else { continue }
      let debt = -cash(state.accounts[index].portfolio, asset)
      guard debt > 0, isFresh(asset) else { continue }
      let value = valuation.quote(Int64(clamping: debt), asset: asset, rounding: .up)
      guard !isLimited || value > threshold else { continue }
      for other in rules.conversionOrder where other != asset && isFresh(other) {
        if try sell(other, of: index, for: asset, valuation) { hasSold = true }
      }
    }
    return hasSold
  }

  /// Exchanges one asset of an account for what it owes of another, through the fund as far as the
  /// fund holds that: what is owed at the index, what is sold at its price as collateral less the
  /// cost of selling it.
  ///
  /// Rounded up for what is paid and down for what is received. The cost stays in the fund; an
  /// account whose equity does not cover it is charged none.
  private mutating func sell(
    _ other: Int, of index: Int, for asset: Int, _ valuation: Valuation
  ) throws(StepError) -> Bool {
    let portfolio = state.accounts[index].portfolio
    let universe = state.accounts[index].universe
    let debt = Int64(clamping: -cash(portfolio, asset))
    let available = Int64(clamping: cash(portfolio, other))
    guard debt > 0, available > 0 else { return false }
    let owed = min(debt, freeFund(asset, of: universe), Amount.limit - portfolio.balances[asset])
    let room = min(available, fundSpace(other, of: universe))
    guard owed > 0, room > 0 else { return false }
    let price = valuation.quote(owed, asset: asset, rounding: .up)
    var cost = rules.debts[other].conversionCost
    if valuation.risk(portfolio).equity < Self.gross(price, cost) - price { cost = .zero }
    let asked = valuation.units(
      ofQuote: Self.gross(price, cost), collateral: other, rounding: .up)
    let paid = min(asked, room)
    let kept = Rate.one - cost
    let worth = kept.share(
      of: min(valuation.quote(paid, collateral: other), QuoteMoney.limit), rounding: .down)
    let bought = valuation.units(ofQuote: worth, asset: asset, rounding: .down)
    let received = paid == asked ? owed : min(owed, bought)
    guard received > 0, paid > 0 else { return false }
    let id = state.accounts[index].id
    try move(paid, asset: other, from: .account(id), to: .fund(of: universe), .conversion)
    try move(received, asset: asset, from: .fund(of: universe), to: .account(id), .conversion)
    return true
  }

  /// What has to be sold for a price, so that the price is left after the cost; rounded up, at
  /// most the limit of requirements.
  private static func gross(_ price: Int64, _ cost: Rate) -> Int64 {
    let whole = Int128(Rate.one.billionths)
    let gross = (Int128(price) * whole).divided(
      by: whole - Int128(cost.billionths), rounding: .up)
    return Int64(min(gross, Int128(QuoteMoney.limit)))
  }
}
