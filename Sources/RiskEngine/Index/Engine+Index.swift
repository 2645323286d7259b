// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Quantities

// What is kept beside the ledger's state, told of every event.
//
// Trades and transfers, of which a crash makes the most, are told by the places of their accounts:
// with the whole state each call would take a copy of it.
extension Engine {
  /// Before an event is applied.
  mutating func expect(_ event: LedgerEvent) {
    switch event {
    case .traded(let trade):
      expectChange(of: trade.buyer)
      expectChange(of: trade.seller)
    case .transferred(let transfer):
      if case .account(let id) = transfer.from { expectChange(of: id) }
      if case .account(let id) = transfer.to { expectChange(of: id) }
    case .liquidationOrderClosed:
      venueIndex.expect(event, state)
      changes.expect(event, state)
    default: changes.expect(event, state)
    }
  }

  private mutating func expectChange(of id: AccountID) {
    guard let index = state.index(of: id), !changes.noteAgain(index) else { return }
    changes.note(index, state)
  }

  /// After an event was applied.
  mutating func follow(_ event: LedgerEvent) {
    switch event {
    case .traded(let trade):
      guard let market = state.listing.index(of: trade.instrument) else { return }
      followPosition(of: trade.buyer, market)
      followPosition(of: trade.seller, market)
    case .transferred(let transfer):
      followBalance(of: transfer.from)
      followBalance(of: transfer.to)
    default: venueIndex.follow(event, state)
    }
  }

  private mutating func followPosition(of id: AccountID, _ market: Int) {
    guard let index = state.index(of: id), venueIndex.follow(index, market) else { return }
    venueIndex.bringUp(market, state)
  }

  private mutating func followBalance(of ledgerAccount: LedgerAccount) {
    guard case .account(let id) = ledgerAccount, let index = state.index(of: id) else { return }
    venueIndex.change(index)
  }
}
