// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Quantities

// What is remembered of losses, claims and the fund.
extension LedgerState {
  mutating func applyLosses(_ event: LedgerEvent) {
    switch event {
    case .claimsGranted(let claims): losses.grant(claims)
    case .fundWindowOpened(let asset, let opening):
      let instant = time
      losses.changeFund(asset) { standing in
        standing.windowStart = instant
        standing.opening = opening
        standing.drawn = 0
      }
    case .fundDrawdownChanged(let asset, let percent, let peak):
      losses.changeFund(asset) { standing in
        standing.peak = peak
        standing.drawdown = percent
      }
    case .fundReviewed(let review): losses.review = review
    default: break
    }
  }

  /// Follows a transfer that was applied.
  mutating func followLosses(_ transfer: Transfer, asset: Int) {
    guard !losses.isEmpty else { return }
    if transfer.reason == .lossRecovery, case .account(let id) = transfer.to {
      losses.repay(transfer.amount.units, of: transfer.amount.asset, to: id)
    }
    guard transfer.from == .insuranceFund || transfer.to == .insuranceFund else { return }
    losses.follow(transfer, balance: houses[asset].insuranceFund)
  }
}
