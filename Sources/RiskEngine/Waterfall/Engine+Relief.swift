// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import MarketData
import Quantities

// What a partial liquidation promises: an order filled whole, at its limit or better, leaves the
// account better off.
extension Engine {
  /// ``relieving(_:of:_:)`` for an account whose collateral may be for sale: the order helps
  /// whether the sale comes to something or not.
  ///
  /// - Parameters:
  ///   - account: As it is expected to be once the sale has come in.
  ///   - risk: Of the account; while collateral is for sale, at the worst.
  mutating func relieving(
    _ order: LiquidationOrder, _ account: Account, _ risk: AccountRisk, _ valuation: Valuation
  ) -> LiquidationOrder? {
    let now = account.collateralSale == nil ? risk : nil
    let found = relieving(order, of: account.portfolio, standing: now, valuation)
    guard let found, account.collateralSale != nil, let index = state.index(of: account.id)
    else { return found }
    return relieving(found, of: state.accounts[index].portfolio, valuation)
  }

  /// An order of a partial liquidation, its limit brought to where even a full fill lifts the
  /// account's surplus, equity − maintenance margin − buffer, at the marks of the block; `nil`
  /// where none does, not even one at the mark.
  ///
  /// Searched on the engine's own requirement, for what a fill costs may change that too: coins
  /// that are lost were collateral. What a trade frees is concave in its size wherever the
  /// requirement is convex: there a part that is filled helps as well, but for rounding. Penalty
  /// and fees come on top and never take more than equity. Source: P22, decision 33.
  /// - Parameter now: Where the portfolio stands, if that is known.
  mutating func relieving(
    _ order: LiquidationOrder, of portfolio: Portfolio, standing now: AccountRisk? = nil,
    _ valuation: Valuation
  ) -> LiquidationOrder? {
    var memory = takeScratch(valuation)
    let now = now ?? valuation.risk(portfolio, &memory)
    let relieving = relieving(order, of: portfolio, standing: now, valuation, &memory)
    scratch = consume memory
    return relieving
  }

  private func relieving(
    _ order: LiquidationOrder, of portfolio: Portfolio, standing now: AccountRisk,
    _ valuation: Valuation, _ memory: inout RiskScratch
  ) -> LiquidationOrder? {
    guard let index = state.listing.index(of: order.instrument) else { return nil }
    let contract = state.listing.contracts[index]
    let stood = now.surplus
    func helps(_ unitValue: Int64) -> Bool {
      let after = valuation.standing(
        of: portfolio, trading: order.side == .buy ? order.size : -order.size, of: index,
        at: unitValue, &memory)
      return Int128(after.equity) - Int128(after.target) > stood
    }
    guard let worst = try? contract.unitValue(at: order.limit) else { return nil }
    if helps(worst) { return order }
    var (good, bad) = (valuation.marks[index].unitValue, worst)
    // An order that asks for more than the mark is no better at it.
    let isSale = order.side == .sell
    guard isSale ? good > bad : good < bad, helps(good) else { return nil }
    while abs(good - bad) > 1 {
      let middle = bad + (good - bad) / 2
      if helps(middle) { good = middle } else { bad = middle }
    }
    guard let price = try? contract.price(ofUnitValue: good, rounding: isSale ? .up : .down)
    else { return nil }
    return LiquidationOrder(
      id: order.id, account: order.account, instrument: order.instrument, side: order.side,
      size: order.size, limit: price, stage: order.stage, expiresAt: order.expiresAt,
      fundShare: order.fundShare)
  }
}
