// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Quantities
import RiskEngine

// What keepers of a replay hold.
//
// Decisions, with their reasons:
// - A keeper stops taking when it holds so many times its equity, longs and shorts together, or
//   when its initial margin would need so much of it: who is full cannot take the next slice, and
//   who has nothing left above margin is liquidated himself.
// - What brings its own holding nearer to zero it always has room for.
extension ReplayKeepers {
  /// Of its equity: what a keeper holds at most, at the marks.
  static let mostHeld = 5.0
  /// Of its equity: what initial margin may need.
  static let mostMargin = 0.75

  /// How much of a slice a keeper has room for.
  ///
  /// - Parameter side: Of the account in liquidation: a sale is bought by the keeper.
  func room(
    for size: Size, of instrument: InstrumentID, _ side: Side, _ keeper: AccountID,
    _ engine: Engine
  ) -> Size {
    guard let index = engine.state.index(of: keeper), let valuation = engine.valuation,
      !engine.state.accounts[index].isInLiquidation
    else { return .zero }
    let portfolio = engine.state.accounts[index].portfolio
    let equity = Double(valuation.risk(portfolio).equity)
    var steps = size.steps
    while steps > 0 {
      let taken = Size(steps: side == .sell ? steps : -steps)
      if isBorne(taken, of: instrument, portfolio, equity: equity, engine, valuation) { break }
      steps /= 2
    }
    return Size(steps: steps)
  }

  private func isBorne(
    _ taken: Size, of instrument: InstrumentID, _ portfolio: Portfolio, equity: Double,
    _ engine: Engine, _ valuation: Valuation
  ) -> Bool {
    let held = portfolio.size(of: instrument)
    let isReduced = held.sign == -taken.sign && held.magnitude >= taken.magnitude
    guard !isReduced else { return true }
    guard let mark = valuation.mark(of: instrument),
      let listed = engine.state.listing.index(of: instrument),
      let asset = engine.state.listing.index(
        of: engine.state.listing.contracts[listed].settlementAsset)
    else { return false }
    var after = portfolio
    after.balances[asset] += after.take(taken, of: instrument, unitValue: mark.unitValue)
    let notional = after.positions.reduce(0.0) {
      $0 + Double(valuation.notional($1.size, of: $1.instrument))
    }
    return notional <= Self.mostHeld * equity
      && Double(valuation.risk(after).initialMargin) <= Self.mostMargin * equity
  }
}
