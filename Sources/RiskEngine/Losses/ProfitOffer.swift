// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Quantities

/// What a winner is asked to sell.
struct ProfitOffer {
  /// Into how many parts an offer can be cut.
  static let parts: Int64 = 1_024

  let market: InstrumentID
  /// In which the market settles.
  let asset: Int
  /// In which it is paid.
  let other: Int
  /// What is left of the debt, ledger units of the asset.
  let owed: Int64
  /// What the winner has, the same.
  let profit: Int64
  /// What the buyer may spend, ledger units of the other.
  let purse: Int64

  struct Exchange {
    /// Ledger units of the asset.
    let given: Int64
    /// Ledger units of the other.
    let paid: Int64
  }

  /// All that is bought: what is owed, at most the profit and what the purse buys.
  func whole(_ valuation: Valuation) -> Exchange? { exchange(of: min(owed, profit), valuation) }

  /// What is paid for so much, as far as the purse goes, and what is given for that.
  ///
  /// Whole units of the other asset buy no more than they are worth; only the last of a debt is
  /// rounded up, once, so that no winner is paid a unit for next to nothing.
  func exchange(of units: Int64, _ valuation: Valuation) -> Exchange? {
    let value = valuation.quote(units, asset: asset, rounding: .up)
    let isLast = units == owed
    let asked = valuation.units(
      ofQuote: value, collateral: other, rounding: isLast ? .up : .down)
    if isLast, asked <= purse { return Exchange(given: units, paid: asked) }
    let paid = min(asked, purse)
    let worth = valuation.quote(paid, collateral: other)
    let bought = valuation.units(ofQuote: worth, asset: asset, rounding: .down)
    let given = min(units, bought)
    return given > 0 ? Exchange(given: given, paid: paid) : nil
  }
}
