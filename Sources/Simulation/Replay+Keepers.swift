// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import Parameters
import Quantities
import RiskEngine

// What keepers of a replay do besides taking what the engine offers them.
extension Replay {
  /// Whether a venue rests on keepers, by its own parameters or because all is left to them.
  static func hasKeepers(_ plan: ReplayPlan, _ engine: Engine) -> Bool {
    let terms = engine.rules.liquidation
    guard !terms.keeper.isOn else { return true }
    let isPaid = terms.pace.keeperShare > .zero || terms.waterfall.stages.contains(.auction)
    return plan.isLeftToKeepers && isPaid
  }

  /// Whether all who are paid for taking positions over are keepers, and there are any.
  var isLeftToKeepers: Bool { plan.isLeftToKeepers && keepers != nil }

  /// Lets keepers close in the book what they took over in earlier blocks.
  mutating func workOffKeepers() throws {
    for order in keepers?.closings(venue.engine) ?? [] {
      guard let mark = venue.engine.valuation?.mark(of: order.instrument)?.price,
        let fill = book.answer(order, mark: mark).fills.first
      else { continue }
      let (buyer, seller) =
        order.side == .sell
        ? (fill.counterparty, order.account) : (order.account, fill.counterparty)
      try offer(
        .recordTrade(
          TradeReport(
            instrument: order.instrument, buyer: buyer, seller: seller, size: fill.size,
            price: fill.price)))
    }
  }

  /// The bid that reaches the venue: where all is left to keepers, that of the first of them whose
  /// transaction is in a block; `nil` if none is.
  mutating func sent(_ bid: AuctionBid, in offer: AuctionOffer) -> AuctionBid? {
    guard isLeftToKeepers else { return bid }
    return keepers?.send(bid, in: offer, leastReturn: bidders.parameters.leastReturn, venue.engine)
  }
}
