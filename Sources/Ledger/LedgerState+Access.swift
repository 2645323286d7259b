// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Quantities

// Market makers' protection, and moves between accounts of one owner.
extension LedgerState {
  mutating func applyProtection(_ event: LedgerEvent) {
    switch event {
    case .protectionSet(let id, let symbol, let limits):
      guard let index = index(of: id) else { return }
      accounts[index].portfolio.protect(symbol, limits)
    case .quoteFilled(let id, let symbol, let fills):
      let instant = time
      changeProtection(id, symbol) { $0.add(fills, at: instant) }
    case .protectionTriggered(let id, let symbol, let end):
      changeProtection(id, symbol) { $0.trigger(until: end) }
    case .protectionRenewed(let id, let symbol): changeProtection(id, symbol) { $0.renew() }
    default: break
    }
  }

  private mutating func changeProtection(
    _ id: AccountID, _ symbol: AssetSymbol, _ change: (inout QuoteProtection) -> Void
  ) {
    guard let index = index(of: id) else { return }
    accounts[index].portfolio.changeProtection(of: symbol, change)
  }

  /// A position changes hands at what it cost; only what meets an opposite one is realized.
  mutating func apply(_ move: PositionMove) {
    guard let from = index(of: move.from), let to = index(of: move.to),
      let instrument = listing.index(of: move.instrument),
      let asset = listing.index(of: listing.contracts[instrument].settlementAsset)
    else { return }
    let longsBefore = longs(from, move.instrument) + longs(to, move.instrument)
    _ = accounts[from].portfolio.give(move.size, of: move.instrument)
    let realized = accounts[to].portfolio.receive(
      move.size, of: move.instrument, cost: move.cost)
    let longsAfter = longs(from, move.instrument) + longs(to, move.instrument)
    totals[instrument].openInterest += longsAfter - longsBefore
    if !universes.isEmpty { accounts[to].universe = universes[instrument] }
    book(realized, to: to, asset: asset, instrument: instrument)
  }

  private func longs(_ account: Int, _ instrument: InstrumentID) -> Int64 {
    max(accounts[account].portfolio.size(of: instrument).steps, 0)
  }
}
