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
    case .offerTaken: story.taken += 1
    case .offerClosed(_, _, .untaken): story.fallbacks += 1
    case .offerClosed(_, _, .unprofitable): story.unprofitable += 1
    case .traded(let trade): follow(trade, engine)
    case .auctionBidFilled(let fill):
      if let keeper = accounts.firstIndex(of: fill.bidder) { story.keepers[keeper].taken += 1 }
    case .liquidationStarted(let id, _):
      if let keeper = accounts.firstIndex(of: id) { liquidated.append(keeper) }
    case .liquidationEnded(let id, _):
      liquidated.removeAll { accounts[$0] == id }
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

  /// A keeper took something over, or worked something off.
  private mutating func follow(_ trade: Trade, _ engine: Engine) {
    guard let mark = engine.valuation?.mark(of: trade.instrument) else { return }
    if trade.cause == .liquidation, mark.price > .zero {
      story.worstPrice = min(
        story.worstPrice, Double(trade.price.steps) / Double(mark.price.steps))
    }
    for (id, sign) in [(trade.buyer, Int64(1)), (trade.seller, -1)] {
      guard let keeper = accounts.firstIndex(of: id), !liquidated.contains(keeper) else {
        continue
      }
      switch trade.cause {
      case .liquidation:
        story.keepers[keeper].taken += 1
        hold(trade.instrument, keeper, engine)
      // A bid is one transaction, and trades a part of every position.
      case .auction: hold(trade.instrument, keeper, engine)
      case .matching:
        let notional = engine.valuation?.notional(trade.size, of: trade.instrument) ?? 0
        story.keepers[keeper].closedValue = WaterfallCosts.sum(
          story.keepers[keeper].closedValue, notional)
        let lost = Int128(sign * trade.size.steps) * Int128(trade.unitValue - mark.unitValue)
        charge(id, engine.valuation?.quote(Int64(clamping: lost), of: trade.instrument) ?? 0)
        settle(trade, keeper)
      case .transfer, .deleveraging, .pool, .unwinding, .hedge: break
      }
    }
  }

  /// A part of what was due is closed.
  private mutating func settle(_ trade: Trade, _ keeper: Int) {
    let place = holdings.firstIndex {
      $0.keeper == keeper && $0.instrument == trade.instrument
    }
    if let place { holdings[place].due = max(holdings[place].due - trade.size.steps, 0) }
  }

  private mutating func charge(_ id: AccountID, _ value: Int64) {
    guard let keeper = accounts.firstIndex(of: id) else { return }
    story.keepers[keeper].cost = WaterfallCosts.sum(story.keepers[keeper].cost, value)
  }

  private mutating func follow(_ transfer: Transfer, _ engine: Engine) {
    guard let asset = engine.state.listing.index(of: transfer.amount.asset) else { return }
    let value = engine.valuation?.quote(transfer.amount.units, asset: asset) ?? 0
    switch (transfer.reason, transfer.from, transfer.to) {
    case (.keeperReward, _, .account(let id)), (.liquidationPenalty, _, .account(let id)),
      (.auctionDiscount, _, .account(let id)), (.auctionReward, _, .account(let id)):
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
      story.keepers[keeper].rightsPaid = WaterfallCosts.sum(
        story.keepers[keeper].rightsPaid, value)
    case (.tradingFee, .account(let id), _), (.entryFee, .account(let id), _):
      charge(id, value)
    case (.entryRebate, _, .account(let id)), (.makerRebate, _, .account(let id)):
      charge(id, -value)
    case (.rightsForfeit, _, _):
      change { $0.forfeited = WaterfallCosts.sum($0.forfeited, value) }
    default: break
    }
  }

  /// A sale is over: what is still sealed is lost, unless it ended before its time.
  private mutating func settle(_ id: UInt64, _ outcome: RightsOutcome) {
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
