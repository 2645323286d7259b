// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
public import Quantities

/// What a cascade came to, counted from its events.
public struct CascadeResult: Hashable, Sendable {
  public internal(set) var blocks = 0
  public internal(set) var events = 0
  public internal(set) var liquidations = 0
  public internal(set) var endedLiquidations = 0
  /// Accounts whose equity was below zero when the crash had been measured.
  public internal(set) var insolvent = 0
  /// What they lacked, millionths of the quote currency.
  public internal(set) var deficit: Int128 = 0
  /// Sold into the book, millionths of the quote currency at the marks.
  public internal(set) var sold: Int128 = 0
  /// Closed against winners, millionths of the quote currency at the marks.
  public internal(set) var deleveraged: Int128 = 0
  public internal(set) var deleveragingFills = 0
  /// Accounts that were deleveraged, and their leverage before, in order of their first fill.
  public internal(set) var deleveragedAccounts: Set<AccountID> = []
  /// Shared among winners, ledger units.
  public internal(set) var socialized: Int128 = 0
  /// Paid by the fund, ledger units.
  public internal(set) var fundDraw: Int128 = 0
  /// Positions of winners that a deleveraging has turned round; there must be none.
  public internal(set) var overshoots = 0

  /// - Parameter state: After all events of the step.
  mutating func take(_ event: LedgerEvent, _ state: LedgerState) {
    events += 1
    switch event {
    case .blockStarted: blocks += 1
    case .liquidationStarted: liquidations += 1
    case .liquidationEnded: endedLiquidations += 1
    case .traded(let trade): take(trade, state)
    case .transferred(let transfer):
      if transfer.reason == .socializedLoss { socialized += Int128(transfer.amount.units) }
      if transfer.reason == .insuranceCover { fundDraw += Int128(transfer.amount.units) }
    default: break
    }
  }

  private mutating func take(_ trade: Trade, _ state: LedgerState) {
    guard let market = state.listing.index(of: trade.instrument) else { return }
    // Ledger units of the quote currency are its millionths.
    let notional = Int128(trade.size.steps) * Int128(state.marks[market].unitValue)
    switch trade.cause {
    case .liquidation: sold += notional
    case .deleveraging:
      deleveraged += notional
      deleveragingFills += 1
      // The crash takes longs: the winners are short and buy, and none may end up long.
      deleveragedAccounts.insert(trade.buyer)
      if let index = state.index(of: trade.buyer),
        state.accounts[index].portfolio.size(of: trade.instrument) > .zero
      {
        overshoots += 1
      }
    default: break
    }
  }

  public init() {}
}
