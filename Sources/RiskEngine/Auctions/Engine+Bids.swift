// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import MarketData
import Parameters
import Quantities

// Bids in an auction: what each may take, what it is checked against, and how it is booked.
extension Engine {
  /// The most bids one command may carry.
  public static let mostBids = 16_384

  /// What is booked of a bid once it has passed every check.
  private struct Deal {
    let fill: AuctionFill
    /// Whose fund pays the reward.
    let universe: RiskUniverse
    let trades: [Trade]
    let discount: [(asset: Int, units: Int64)]
    let reward: [(asset: Int, units: Int64)]
  }

  /// Serves the bids of one instant, the best price first.
  ///
  /// All bids are at the factor of the block, so a place in the list is worth nothing; the order is
  /// that of ``/Ledger/AuctionBid/precedes(_:)``. Bids that may not be filled are passed over.
  /// - Throws: The first bid's refusal, if none could be filled.
  mutating func bid(in id: AccountID, _ bids: [AuctionBid]) throws(StepError) {
    let index = try account(id)
    guard !bids.isEmpty else { throw .refused(.notPositive("the number of bids")) }
    guard bids.count <= Self.mostBids else {
      throw .refused(.outsideLimits("the number of bids"))
    }
    let seen = state.accounts[index].liquidation?.auction?.bids ?? 0
    // What is for sale changes only with a fill; once nothing is, no further bid is looked at.
    var sale: AuctionSale? = try openSale(of: index)
    var first: StepError?
    var isFilled = false
    for bid in bids.sorted(by: { $0.precedes($1) }) {
      guard let open = sale else { break }
      let deal: Deal
      do { deal = try decide(bid, in: open, of: index, seen: seen) } catch {
        first = first ?? error
        continue
      }
      try book(deal)
      isFilled = true
      sale = try? openSale(of: index)
    }
    guard isFilled else { throw first ?? .refused(.noAuction(id)) }
    try advance(index)
  }

  private mutating func openSale(of index: Int) throws(StepError) -> AuctionSale {
    let account = state.accounts[index]
    guard let valuation else { throw .refused(.noAuction(account.id)) }
    // Measured before it is asked for: an argument that changes the engine has the engine copied.
    let risk = measure(account.portfolio, valuation)
    return try sale(of: index, risk, valuation)
  }

  private mutating func book(_ deal: Deal) throws(StepError) {
    let fill = deal.fill
    try emit(.auctionBidFilled(fill))
    for trade in deal.trades { try emit(.traded(trade)) }
    for (asset, units) in deal.discount {
      try move(
        units, asset: asset, from: .account(fill.account), to: .account(fill.bidder),
        .auctionDiscount)
    }
    for (asset, units) in deal.reward {
      try move(
        units, asset: asset, from: .fund(of: deal.universe), to: .account(fill.bidder),
        .auctionReward)
    }
  }

  private mutating func decide(
    _ bid: AuctionBid, in sale: AuctionSale, of index: Int, seen: UInt32
  ) throws(StepError) -> Deal {
    let proposal = try propose(bid, in: sale, of: index, seen: seen)
    try checkStanding(proposal, sale, of: index)
    return proposal.deal
  }

  /// What a bid would take and be paid, and the two portfolios after it.
  private struct Proposal {
    let deal: Deal
    let seller: Portfolio
    let buyer: Portfolio
    /// The bidder's place among the accounts.
    let place: Int
  }

  /// All that a bid comes to, which changes nothing: whoever is measured is measured after it.
  private func propose(
    _ bid: AuctionBid, in sale: AuctionSale, of index: Int, seen: UInt32
  ) throws(StepError) -> Proposal {
    let account = state.accounts[index]
    guard let valuation else { throw .refused(.noAuction(account.id)) }
    let bidder = try self.account(bid.bidder)
    try checkBidder(bid, bidder, of: account, index, seen: seen)
    let least = min(rules.liquidation.auction.leastShare, sale.mostShare)
    let share = min(bid.share, sale.mostShare)
    let slice = AuctionSlice(
      of: sale.positions, share: share, isAll: bid.share >= sale.mostShare)
    guard bid.share >= least, let slice, slice.share > .zero else {
      throw .refused(.bidTooSmall(account.id, least: least))
    }
    let terms = sale.terms(slice.share)
    let reward = fundPayments(of: fundReward(sale, slice.share), by: sale.universe, valuation)
    try checkReward(bid, of: account.id, terms.discount, reward.paid, slice.notional)
    let trades = try trades(of: slice, from: account.id, to: bid.bidder, valuation)
    var seller = account.portfolio
    var buyer = state.accounts[bidder].portfolio
    for trade in trades { try take(trade, from: account.id, &seller, &buyer, bid.bidder) }
    let discount = payments(of: terms.discount, from: seller.balances, valuation)
    for (asset, units) in discount {
      seller.balances[asset] -= units
      buyer.balances[asset] += units
    }
    for (asset, units) in reward.payments { buyer.balances[asset] += units }
    let deal = Deal(
      fill: fill(bid, account.id, sale, slice, terms, reward.paid),
      universe: sale.universe, trades: trades, discount: discount, reward: reward.payments)
    return Proposal(deal: deal, seller: seller, buyer: buyer, place: bidder)
  }

  private func fill(
    _ bid: AuctionBid, _ id: AccountID, _ sale: AuctionSale, _ slice: AuctionSlice,
    _ terms: AuctionTerms, _ fundPaid: Int64
  ) -> AuctionFill {
    let auction = sale.progress
    let gone = slice.share.share(of: auction.left.billionths, rounding: .down)
    let isSolvent = auction.round.phase == .solvent
    let reserved = isSolvent ? Int128(auction.reserved) + Int128(terms.paid) : 0
    return AuctionFill(
      account: id, bidder: bid.bidder, share: slice.share, factor: auction.factor,
      notional: slice.notional, discount: terms.discount, fundPaid: fundPaid,
      left: Rate(billionths: auction.left.billionths - gone),
      reserved: Int64(clamping: reserved),
      extended: rules.liquidation.auction.extended(
        auction.round.phase, at: auction.elapsed, extended: auction.extended))
  }

  // MARK: Checks

  private func checkBidder(
    _ bid: AuctionBid, _ bidder: Int, of account: Account, _ index: Int, seen: UInt32
  ) throws(StepError) {
    guard state.owner(of: bidder) != state.owner(of: index) else {
      throw .refused(.selfTrade(bid.bidder))
    }
    guard !state.accounts[bidder].isInLiquidation else {
      throw .refused(.accountInLiquidation(bid.bidder))
    }
    guard bid.share > .zero else { throw .refused(.notPositive("a bid's share")) }
    guard bid.share <= .one else { throw .refused(.outsideLimits("a bid's share")) }
    let isLate = state.time >= bid.expiresAt
    guard !isLate, bid.seenBids.map({ $0 == seen }) ?? true else {
      throw .refused(.bidStale(account.id, bid.bidder))
    }
  }

  /// Refuses a bid whose price the auction has not come down to.
  private func checkReward(
    _ bid: AuctionBid, of id: AccountID, _ discount: Int64, _ fundPaid: Int64,
    _ notional: Int64
  ) throws(StepError) {
    let reward = (Int128(discount) + Int128(fundPaid)) * 1_000_000_000
    guard reward >= Int128(bid.leastReward.billionths) * Int128(notional) else {
      let offered = reward.divided(by: Int128(max(notional, 1)), rounding: .down)
      throw .refused(
        .auctionPriceTooHigh(
          id, reward: Rate(billionths: Int64(clamping: offered)), least: bid.leastReward))
    }
  }

  private func trades(
    of slice: AuctionSlice, from id: AccountID, to bidder: AccountID, _ valuation: Valuation
  ) throws(StepError) -> [Trade] {
    var trades: [Trade] = []
    for piece in slice.pieces {
      guard let mark = valuation.mark(of: piece.instrument) else {
        throw .refused(.unknownInstrument(piece.instrument))
      }
      let isSale = piece.size.sign > 0
      trades.append(
        Trade(
          instrument: piece.instrument, buyer: isSale ? bidder : id,
          seller: isSale ? id : bidder, size: piece.size.magnitude,
          unitValue: mark.unitValue, price: mark.price, cause: .auction))
    }
    return trades
  }

  /// Books a trade in copies of the two portfolios, and refuses it where one could not hold it.
  private func take(
    _ trade: Trade, from id: AccountID, _ seller: inout Portfolio, _ buyer: inout Portfolio,
    _ bidder: AccountID
  ) throws(StepError) {
    guard let asset = state.settlementIndex(of: trade.instrument) else {
      throw .refused(.unknownInstrument(trade.instrument))
    }
    try checkIsolation(buyer, of: trade.instrument, bidder)
    let held = buyer.size(of: trade.instrument)
    let taken = trade.buyer == bidder ? trade.size : -trade.size
    guard (held + taken).isPermitted else { throw .refused(.outsideLimits("a position")) }
    guard held != .zero || buyer.positions.count < Int(rules.clearing.positionLimit) else {
      throw .refused(.tooManyPositions(bidder))
    }
    buyer.balances[asset] += buyer.take(
      taken, of: trade.instrument, unitValue: trade.unitValue)
    seller.balances[asset] += seller.take(
      -taken, of: trade.instrument, unitValue: trade.unitValue)
    for balance in [buyer.balances[asset], seller.balances[asset]]
    where balance.magnitude > Amount.limit.magnitude {
      throw .refused(.outsideLimits("a balance"))
    }
  }

  /// Refuses a bid whose bidder could not carry what he takes, or that leaves the account further
  /// below its line than it was.
  private mutating func checkStanding(
    _ proposal: Proposal, _ sale: AuctionSale, of index: Int
  ) throws(StepError) {
    let (seller, buyer) = (proposal.seller, proposal.buyer)
    for balances in [seller.balances, buyer.balances]
    where balances.contains(where: { $0.magnitude > Amount.limit.magnitude }) {
      throw .refused(.outsideLimits("a balance"))
    }
    let id = state.accounts[index].id
    guard let valuation else { throw .refused(.noAuction(id)) }
    let before = Int128(sale.risk.equity) - Int128(auctionLine(sale.risk))
    let stands = measure(seller, valuation)
    guard Int128(stands.equity) - Int128(auctionLine(stands)) >= before else {
      throw .refused(.bidLowersExcess(id))
    }
    let bidder = proposal.deal.fill.bidder
    let carries = measure(buyer, valuation)
    try requireInitialMargin(buyer, of: bidder, at: carries)
    try requireDebtCap(
      buyer, of: bidder, before: state.accounts[proposal.place].portfolio)
  }

  /// Money of a universe's fund in the assets it has, in the order of the listing.
  private func fundPayments(
    of value: Int64, by universe: RiskUniverse, _ valuation: Valuation
  ) -> (payments: [(asset: Int, units: Int64)], paid: Int64) {
    var (left, paid): (Int64, Int64) = (value, 0)
    var payments: [(asset: Int, units: Int64)] = []
    for asset in state.listing.collateral.indices where isFresh(asset) && left > 0 {
      let wanted = valuation.units(ofQuote: left, asset: asset, rounding: .down)
      let units = min(wanted, freeFund(asset, of: universe))
      guard units > 0 else { continue }
      let worth = min(valuation.quote(units, asset: asset, rounding: .up), left)
      payments.append((asset, units))
      left -= worth
      paid += worth
    }
    return (payments, paid)
  }
}
