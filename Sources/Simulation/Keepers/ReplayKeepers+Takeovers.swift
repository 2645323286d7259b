// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import MarketData
import NumericalMethods
import Parameters
import Quantities
import RiskEngine

// Keepers of a replay in venues that have nobody else: who is first takes a slice at the mark for
// its part of the penalty, and auctions have only bids that got into a block of the chain.
extension ReplayKeepers {
  /// What becomes of an order that only keepers take: filled at the mark, as far as the first of
  /// them has room for it, or not at all.
  mutating func answer(
    _ order: LiquidationOrder, _ engine: Engine, _ book: SimulatedBook
  ) -> ExecutionReport {
    let nobody = ExecutionReport(order: order.id, fills: [])
    guard let mark = engine.valuation?.mark(of: order.instrument)?.price,
      order.side == .sell ? mark >= order.limit : mark <= order.limit
    else { return nobody }
    let sizes = accounts.map { id in
      id == order.account
        ? .zero : room(for: order.size, of: order.instrument, order.side, id, engine)
    }
    let margins = sizes.map { size in
      margin(
        Slice(instrument: order.instrument, side: order.side, size: size),
        reward: penaltyShare(of: order, size, engine), waiting: Self.latencySeconds, engine, book)
    }
    let first = reached(order.id.number, engine, isRace: true) { keeper, gas in
      sizes[keeper] > .zero && margins[keeper].map { $0 > 0 && $0 >= gas } ?? false
    }.first
    guard let first else { return nobody }
    return ExecutionReport(
      order: order.id,
      fills: [
        ExecutionReport.Fill(counterparty: accounts[first], size: sizes[first], price: mark)
      ])
  }

  /// What taking a size over will be paid, millionths of the quote currency: the keepers' part of
  /// the penalty, which is never more than the account has.
  private func penaltyShare(
    of order: LiquidationOrder, _ size: Size, _ engine: Engine
  ) -> Int64 {
    guard let index = engine.state.index(of: order.account), let valuation = engine.valuation
    else { return 0 }
    let risk = valuation.risk(engine.state.accounts[index].portfolio)
    let terms = engine.rules.liquidation
    let penalty = liquidationPenalty(
      notional: valuation.notional(size, of: order.instrument),
      rate: risk.penaltyRate == .zero ? terms.penalty : risk.penaltyRate, equity: risk.equity)
    return terms.pace.keeperShare.share(of: penalty, rounding: .down)
  }

  /// The bid of the keeper whose transaction is first in a block of this minute, of those to whom
  /// what the bid brings is worth its gas and who have room for a part of it.
  ///
  /// - Parameter leastReturn: What of the notional a bid's own price leaves its bidder.
  mutating func send(
    _ bid: AuctionBid, in offer: AuctionOffer, leastReturn: Rate, _ engine: Engine
  ) -> AuctionBid? {
    let notional = Double(offer.notional) * 1e-6
    guard notional > 0 else { return nil }
    let shares = accounts.map { id -> Double in
      id == offer.account ? 0 : min(bid.share.value, free(id, engine) / notional)
    }
    let earned = offer.reward.value - bid.leastReward.value + leastReturn.value
    let number = UInt64(offer.account.number) << 24 | UInt64(offer.progress.bids)
    let first = reached(number, engine, isRace: true) { keeper, gas in
      shares[keeper] > 0 && shares[keeper] * notional * earned >= gas
    }.first
    guard let first else { return nil }
    let share = min(bid.share, Rate(billionths: Int64(shares[first] * 1e9)))
    guard share > .zero else { return nil }
    return AuctionBid(
      bidder: accounts[first], share: share, leastReward: bid.leastReward,
      seenBids: bid.seenBids, receivedAt: bid.receivedAt, expiresAt: bid.expiresAt)
  }

  /// How much more a keeper may hold, quote units; not negative.
  func free(_ keeper: AccountID, _ engine: Engine) -> Double {
    guard let index = engine.state.index(of: keeper), let valuation = engine.valuation,
      !engine.state.accounts[index].isInLiquidation
    else { return 0 }
    let portfolio = engine.state.accounts[index].portfolio
    let held = Double(valuation.heldNotional(of: portfolio))
    let risk = valuation.risk(portfolio)
    guard Double(risk.initialMargin) <= Self.mostMargin * Double(risk.equity) else { return 0 }
    return max(Self.mostHeld * Double(risk.equity) - held, 0) * 1e-6
  }
}
