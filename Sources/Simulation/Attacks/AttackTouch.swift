// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Quantities

/// What of a venue an attack came to touch; a search is worth as much as it reaches.
public enum AttackTouch: Int, Sendable, CaseIterable {
  /// Took an order of an own account.
  case ownOrder
  /// Won in an auction.
  case auction
  /// Was taken over by a pool, or took part in its result.
  case takeover, poolResult
  /// Took an offer to keepers, or the right to one was settled.
  case offer, right
  /// A request for quotes was filled.
  case request
  /// Bought collateral of an own account.
  case collateral
  /// Sold the fund its hedge.
  case hedge
  /// Paid or got back an entry fee, or paid or received funding.
  case entryFee, funding
  /// Was cut for another's failure, or shared its loss.
  case deleveraging, sharing
  /// The fund paid a debt.
  case cover
  /// Moved a position between own accounts.
  case move

  /// Whether an event is one, and one of the attacker's.
  init?(_ event: LedgerEvent) {
    func isOwn(_ id: AccountID) -> Bool { AttackWorld.attackers.contains(id) }
    switch event {
    case .traded(let trade):
      guard isOwn(trade.buyer) || isOwn(trade.seller) else { return nil }
      self.init(trade.cause, isBoth: isOwn(trade.buyer) && isOwn(trade.seller))
    case .auctionBidFilled(let fill) where isOwn(fill.bidder): self = .auction
    case .poolSettled: self = .poolResult
    case .offerTaken(_, let keeper, _) where isOwn(keeper): self = .offer
    case .rightsSettled(_, _, let outcome) where outcome.lots > 0: self = .right
    case .requestClosed(_, let filled) where filled > .zero: self = .request
    case .collateralSold(let fill) where isOwn(fill.buyer): self = .collateral
    case .positionMoved: self = .move
    case .fundingSettled: self = .funding
    case .transferred(let transfer):
      switch transfer.reason {
      case .entryFee, .entryRebate: self = .entryFee
      case .socializedLoss: self = .sharing
      case .insuranceCover: self = .cover
      default: return nil
      }
    default: return nil
    }
  }

  private init?(_ cause: TradeCause, isBoth: Bool) {
    switch cause {
    case .liquidation where isBoth: self = .ownOrder
    case .deleveraging: self = .deleveraging
    case .pool: self = .takeover
    case .hedge: self = .hedge
    case .matching, .liquidation, .transfer, .auction, .unwinding: return nil
    }
  }
}
