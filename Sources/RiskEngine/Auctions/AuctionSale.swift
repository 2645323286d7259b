// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import Parameters
import Quantities

/// An auction that is open now, with what is for sale in it.
struct AuctionSale {
  let progress: AuctionProgress
  /// Whose fund pays bidders once the account is worth nothing.
  let universe: RiskUniverse
  let risk: AccountRisk
  let lot: AuctionedPortfolio
  /// What can be traded now.
  let positions: [AuctionedPosition]
  /// The largest part a bid may take.
  let mostShare: Rate

  /// What the account gives for a part of itself; nothing once it is worth nothing.
  func terms(_ share: Rate) -> AuctionTerms {
    guard progress.round.phase == .solvent else {
      return AuctionTerms(
        on: AuctionedPortfolio(value: 0, requirement: 0, reserved: 0), share: share, at: .one)
    }
    return AuctionTerms(on: lot, share: share, at: progress.factor)
  }
}

extension Engine {
  /// The sale of an account's portfolio as it stands, or why there is none.
  func sale(
    of index: Int, _ risk: AccountRisk, _ valuation: Valuation
  ) throws(StepError) -> AuctionSale {
    let account = state.accounts[index]
    // Where the auction is the last stage, what nobody bids for is offered to the book in the end:
    // while that order is out, the positions it closes are not sold a second time.
    guard let auction = account.liquidation?.auction, account.liquidation?.order == nil,
      isActionable(account.portfolio, risk, valuation), auction.pricedAt == state.time
    else { throw .refused(.noAuction(account.id)) }
    let positions = auctioned(account.portfolio, valuation)
    let isSolvent = auction.round.phase == .solvent
    // A bidder has to carry the positions, and the fund may pay him for it. Coins stay.
    let lot = AuctionedPortfolio(
      value: risk.equity,
      requirement: isSolvent
        ? auctionLine(risk) : valuation.margin(ofTaking: positions, account.portfolio.mode),
      reserved: isSolvent ? auction.reserved : 0)
    let notional = positions.reduce(Int128(0)) { $0 + Int128($1.notional) }
    var most = isSolvent ? largestBid(on: lot, at: auction.factor) : .one
    if most > .zero, notional <= Int128(rules.liquidation.auction.wholeNotional) { most = .one }
    // Between two looks at it a portfolio may change its phase; then nothing is sold before the
    // next block has seen it.
    let isPhase = isSolvent == (risk.equity > 0)
    guard isPhase, most > .zero, !positions.isEmpty else {
      throw .refused(.nothingForSale(account.id))
    }
    return AuctionSale(
      progress: auction, universe: account.universe, risk: risk, lot: lot,
      positions: positions, mostShare: most)
  }

  private func auctioned(
    _ portfolio: Portfolio, _ valuation: Valuation
  ) -> [AuctionedPosition] {
    portfolio.positions.compactMap { position in
      guard let instrument = state.listing.index(of: position.instrument),
        state.listing.contracts[instrument].kind.expiry.map({ $0 > state.time }) ?? true
      else { return nil }
      return AuctionedPosition(
        instrument: position.instrument, size: position.size,
        notional: valuation.notional(position.size, of: position.instrument))
    }
  }
}
