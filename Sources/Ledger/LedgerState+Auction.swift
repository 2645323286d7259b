// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities

// Auctions of portfolios.
extension LedgerState {
  mutating func applyAuction(_ event: LedgerEvent) {
    switch event {
    case .auctionStarted(let id, let round):
      guard let index = index(of: id) else { return }
      accounts[index].liquidation?.auction = AuctionProgress(round)
    case .auctionRestarted(let id, let round): changeAuction(id) { $0.restart(round) }
    case .auctionPriced(let id, let elapsed, let factor):
      let instant = time
      changeAuction(id) {
        $0.elapsed = elapsed
        $0.pricedAt = instant
        $0.factor = factor
      }
    case .auctionBidFilled(let fill): changeAuction(fill.account) { $0.fill(fill) }
    default: break
    }
  }

  private mutating func changeAuction(
    _ id: AccountID, _ change: (inout AuctionProgress) -> Void
  ) {
    guard let index = index(of: id), var auction = accounts[index].liquidation?.auction
    else { return }
    change(&auction)
    accounts[index].liquidation?.auction = auction
  }
}
