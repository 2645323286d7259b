// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Quantities

// The venue's balance.
extension LedgerState {
  /// Whether an account is of the house: a registered maker's, a pool's, the fund's hedge, or under
  /// the hammer.
  ///
  /// Everybody else is a taker, and what takers hold the house has on the other side.
  public func isHouse(_ account: Int) -> Bool {
    accounts[account].isAuctioned || balance.isMaker(accounts[account].id)
      || isEngines(accounts[account].id)
  }

  mutating func applyBalance(_ event: LedgerEvent) {
    switch event {
    case .makerRegistered(let id): balance.register(id)
    case .makerReleased(let id): balance.release(id)
    case .balanceMarked(let marks): balance.marks = marks
    default: break
    }
  }

  /// Pots are customers' money: it came from takers and goes to nobody else.
  mutating func creditPot(_ underlying: AssetSymbol, _ units: Int64, asset: Int) {
    let symbol = listing.collateral[asset].asset
    let before = balance.pot(of: underlying, in: symbol)
    let after = sum(before, units)
    balance.setPot(of: underlying, in: symbol, to: after)
    houses[asset].customers += Int128(after) - Int128(before)
  }
}
