// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import Quantities
import RiskEngine

// What became of what keepers of a replay were offered.
extension ReplayKeepers {
  /// Follows what the engine decided.
  mutating func follow(_ event: LedgerEvent, _ engine: Engine) {
    switch event {
    case .keeperOffered: story.offered += 1
    case .offerTaken(_, let id, _):
      story.taken += 1
      if let keeper = accounts.firstIndex(of: id) { story.keepers[keeper].taken += 1 }
    case .offerClosed(_, _, .untaken): story.fallbacks += 1
    case .offerClosed(_, _, .unprofitable): story.unprofitable += 1
    case .traded(let trade) where trade.cause == .liquidation:
      guard let mark = engine.valuation?.mark(of: trade.instrument), mark.price > .zero else {
        return
      }
      story.worstPrice = min(
        story.worstPrice, Double(trade.price.steps) / Double(mark.price.steps))
    case .transferred(let transfer): follow(transfer, engine)
    case .rightsOffered(let sale):
      change {
        $0.sales += 1
        $0.lots += Int(clamping: sale.lots)
      }
    case .bidCommitted(let id, _, _):
      unopened[id, default: 0] += 1
      change { $0.bids += 1 }
    case .bidRevealed(let id, _, _):
      unopened[id, default: 0] -= 1
      change { $0.opened += 1 }
    case .rightsSettled(let id, _, let outcome): settle(id, outcome)
    default: break
    }
  }

  private mutating func follow(_ transfer: Transfer, _ engine: Engine) {
    guard let asset = engine.state.listing.index(of: transfer.amount.asset) else { return }
    let value = engine.valuation?.quote(transfer.amount.units, asset: asset) ?? 0
    switch (transfer.reason, transfer.from, transfer.to) {
    case (.keeperReward, _, .account(let id)):
      guard let keeper = accounts.firstIndex(of: id) else { return }
      story.keepers[keeper].rewards = WaterfallCosts.sum(story.keepers[keeper].rewards, value)
    case (.rightsPayment, .account(let id), let payee):
      let isOwner = if case .account = payee { true } else { false }
      change {
        if isOwner {
          $0.toAccounts = WaterfallCosts.sum($0.toAccounts, value)
        } else {
          $0.toFund = WaterfallCosts.sum($0.toFund, value)
        }
      }
      guard let keeper = accounts.firstIndex(of: id) else { return }
      if !payers.contains(keeper) { payers.append(keeper) }
      story.keepers[keeper].rightsPaid = WaterfallCosts.sum(
        story.keepers[keeper].rightsPaid, value)
    case (.rightsForfeit, _, _):
      change { $0.forfeited = WaterfallCosts.sum($0.forfeited, value) }
    default: break
    }
  }

  /// A sale is over: what is still sealed is lost, unless it ended before its time.
  private mutating func settle(_ id: UInt64, _ outcome: RightsOutcome) {
    for keeper in payers { story.keepers[keeper].taken += 1 }
    payers = []
    let left = unopened.removeValue(forKey: id) ?? 0
    change {
      if outcome.isWithdrawn {
        $0.withdrawn += 1
      } else {
        $0.unsold += outcome.lots == 0 ? 1 : 0
        $0.unopened += left
      }
      $0.lotsSold += Int(clamping: outcome.lots)
    }
    sealed.removeAll { $0.sale == id && (outcome.isWithdrawn || $0.opensAt == nil) }
  }

  private mutating func change(_ change: (inout RightsFigures) -> Void) {
    var rights = story.rights ?? RightsFigures()
    change(&rights)
    story.rights = rights
  }
}
