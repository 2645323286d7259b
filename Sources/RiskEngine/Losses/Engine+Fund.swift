// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import Parameters
import Quantities

// What the insurance fund pays, and how much it may: of each account the fund of its universe.
extension Engine {
  /// Pays a debt in one asset with what the account has of others, through the fund at the index,
  /// what is paid at its price as collateral, as far as the fund holds the asset.
  ///
  /// All of them together, and rounded once: what several are worth of a unit is not lost between
  /// them. A price that may be old pays nothing; what it stands for waits.
  mutating func convertCollateral(of index: Int, into asset: Int) throws(StepError) {
    let balances = state.accounts[index].portfolio.balances
    guard balances[asset] < 0, isFresh(asset), let valuation else { return }
    let (id, universe) = (state.accounts[index].id, state.accounts[index].universe)
    let owed = min(-balances[asset], freeFund(asset, of: universe))
    // Rounded up both times: what is paid in full is worth the debt to its last unit.
    let price = valuation.quote(owed, asset: asset, rounding: .up)
    var (left, payments) = (price, [(asset: Int, units: Int64)]())
    for other in balances.indices where other != asset && left > 0 && isFresh(other) {
      let asked = valuation.units(ofQuote: left, collateral: other, rounding: .up)
      let paid = min(asked, balances[other], fundSpace(other, of: universe))
      let worth = valuation.quote(paid, collateral: other)
      guard paid > 0, worth > 0 else { continue }
      payments.append((other, paid))
      left -= worth
    }
    let worth = valuation.units(ofQuote: price - left, asset: asset, rounding: .down)
    let received = left > 0 ? min(owed, worth) : owed
    guard received > 0 else { return }
    for payment in payments {
      try move(
        payment.units, asset: payment.asset, from: .account(id), to: .fund(of: universe),
        .conversion)
    }
    try move(received, asset: asset, from: .fund(of: universe), to: .account(id), .conversion)
  }

  /// Pays what an account's equity does not cover of its debt in one asset, as far as the fund may.
  ///
  /// A debt whose price may be old waits.
  mutating func coverFromFund(_ index: Int, asset: Int) throws(StepError) {
    guard state.accounts[index].portfolio.balances[asset] < 0, isFresh(asset), let valuation
    else { return }
    let account = state.accounts[index]
    let debt = -account.portfolio.balances[asset]
    let deficit = deficit(of: account.portfolio, valuation)
    guard deficit > 0 else { return }
    let needed = min(debt, valuation.units(ofQuote: deficit, asset: asset, rounding: .up))
    let covered = min(needed, drawable(asset, of: account.universe))
    guard covered > 0 else { return }
    try draw(covered, asset: asset, of: account.universe, for: account.id)
  }

  // MARK: What it may spend

  /// What the fund of a universe holds of an asset beyond what it has set aside for orders that are
  /// out, as far as the window of draws leaves it.
  func drawable(_ asset: Int, of universe: RiskUniverse) -> Int64 {
    let free = freeFund(asset, of: universe)
    let setAside = state.fund(asset, of: universe) - free
    return max(min(free, windowRoom(asset, of: universe) - setAside), 0)
  }

  /// What all draws may still take of an asset in the present window; all there is without one.
  func windowRoom(_ asset: Int, of universe: RiskUniverse) -> Int64 {
    let balance = state.fund(asset, of: universe)
    guard let allowance else { return balance }
    return allowance.draw(
      wanted: balance, balance: balance, at: state.time, window(asset, of: universe)
    ).units
  }

  private var allowance: FundAllowance? {
    rules.liquidation.losses.fund.window.map {
      FundAllowance(eventCap: .one, windowCap: $0.cap, window: $0.length)
    }
  }

  /// The last window of an asset; `nil` before the first.
  private func window(_ asset: Int, of universe: RiskUniverse) -> FundAllowance.Window? {
    let losses = state.losses(of: universe)
    guard let standing = losses.fund(state.listing.collateral[asset].asset),
      standing.windowStart.nanoseconds > 0
    else { return nil }
    return FundAllowance.Window(
      start: standing.windowStart, opening: standing.opening, drawn: standing.drawn)
  }

  /// Takes from the fund of a universe for an account, in a window that is begun if the last has
  /// ended.
  mutating func draw(
    _ units: Int64, asset: Int, of universe: RiskUniverse, for id: AccountID
  ) throws(StepError) {
    if let allowance {
      let balance = state.fund(asset, of: universe)
      let last = window(asset, of: universe)
      let now = allowance.draw(wanted: 0, balance: balance, at: state.time, last).window
      if now.start != last?.start {
        let symbol = state.listing.collateral[asset].asset
        try emit(.fundWindowOpened(symbol, opening: balance), in: universe)
      }
    }
    try move(
      units, asset: asset, from: .fund(of: universe), to: .account(id), .insuranceCover)
  }
}
