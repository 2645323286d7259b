// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import MarketData
import Quantities

/// An account as it was drawn, not yet funded or traded.
struct AccountDraft {
  let mode: MarginMode
  /// Notional ÷ collateral at which the account wants to stand.
  var leverage: Double
  /// Of accounts settled in quote currency, the share of their collateral held in a coin.
  var coinShare = 0.0
  /// By dense index of the instrument, each once, no size zero.
  private(set) var holdings: [Holding] = []
  var orders: [RestingOrder] = []

  struct Holding {
    let instrument: Int
    var size: Size
    /// Quote units at the index.
    var notional: Double
  }

  init(mode: MarginMode, leverage: Double) {
    self.mode = mode
    self.leverage = leverage
  }

  /// Σ of the holdings' notionals, quote units.
  var notional: Double { holdings.reduce(0) { $0 + $1.notional } }

  func holds(_ instrument: Int) -> Bool { holdings.contains { $0.instrument == instrument } }

  /// Adds a holding of about so many quote units, at least one size step; a second one of the
  /// same instrument, or one without a price, is passed over.
  mutating func hold(
    _ instrument: Int, notional: Double, sign: Int64, in market: VenueMarket
  ) {
    guard !holds(instrument), let perStep = market.stepNotional(of: instrument), perStep > 0,
      market.marks[instrument].unitValue != 0
    else { return }
    let wanted = min((notional / perStep).rounded(.toNearestOrEven), 0x1p30)
    let steps = max(Int64(wanted), 1)
    holdings.append(
      Holding(
        instrument: instrument, size: Size(steps: sign * steps),
        notional: Double(steps) * perStep))
  }

  /// Puts the holdings into the order in which they are traded.
  mutating func sortHoldings() { holdings.sort { $0.instrument < $1.instrument } }
}
