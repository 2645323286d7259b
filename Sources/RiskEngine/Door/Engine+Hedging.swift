// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import Quantities

// Trades that add to a position and yet lower the risk of the account that makes them.
extension Engine {
  /// Refuses a trade that adds to a position unless the account has the initial margin for it and
  /// is neither called to reduce nor in liquidation; or unless it lowers the account's risk.
  ///
  /// At a price worse than the mark it may take no more out of an account than a reduction may.
  /// - Parameters:
  ///   - portfolio: As the trade would leave it, its fees paid.
  ///   - size: What the account takes.
  ///   - known: Where the portfolio stands, if it has been measured.
  func requireMargin(
    _ portfolio: Portfolio, since holder: Account, after size: Size, _ trade: Trade,
    at known: AccountRisk?
  ) throws(StepError) {
    do throws(StepError) {
      guard !holder.isInLiquidation else { throw .refused(.accountInLiquidation(holder.id)) }
      try requireNoCall(holder)
      try requireInitialMargin(portfolio, of: holder.id, at: known)
    } catch {
      // Who goes on to another universe takes no loss along.
      guard holder.universe == universe(of: trade.instrument),
        lowersRisk(portfolio, since: holder, at: known)
      else { throw error }
      try requireSolvency(portfolio, since: holder, after: size, trade)
    }
  }

  /// Whether an account in liquidation may still put things right by itself: nothing of it has
  /// been offered to anybody.
  func isInGrace(_ account: Account) -> Bool {
    account.liquidation?.stage == .cancelOrders
  }

  /// Whether a portfolio is less of a risk than what the account holds, though a position of it is
  /// larger: initial and maintenance margin are lower, more equity is left above the one, and no
  /// less above the other and the buffer.
  ///
  /// At the marks of the block, the trade's price and fees in the equity. So neither what it loses
  /// against the mark nor what it frees by filling an order that was reserved for counts as a
  /// hedge. Equity ÷ maintenance margin, on which the steps of a call are drawn, cannot fall where
  /// it was at least 1. Only between positions of a portfolio account does one lower what another
  /// requires. Where a price is not fresh, nothing can be said, and nothing is a hedge.
  private func lowersRisk(
    _ after: Portfolio, since holder: Account, at known: AccountRisk?
  ) -> Bool {
    guard after.mode == .portfolio, let valuation, (try? requireFreshPrices(after)) != nil,
      (try? requireFreshPrices(holder.portfolio)) != nil
    else { return false }
    let (stood, stands) = (valuation.risk(holder.portfolio), known ?? valuation.risk(after))
    return stands.initialMargin < stood.initialMargin
      && stands.maintenanceMargin < stood.maintenanceMargin
      && stands.room > stood.room
      && stands.surplus >= stood.surplus
  }
}

extension AccountRisk {
  /// Equity above initial margin, millionths of the quote currency.
  fileprivate var room: Int128 { Int128(equity) - Int128(initialMargin) }
}
