// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import MarketData
import Parameters
import Quantities

// The right to a slice, sold to keepers by sealed bids: what the venue lets them earn goes back to
// the account as far as they compete for it.
extension Engine {
  /// A winner of lots, who has passed every check.
  private struct RightsWinner {
    let bidder: AccountID
    let trade: Trade
    let lots: Int64
    /// Ledger units of the quote currency.
    let payment: Int64
  }

  /// Opens a sale of the right to a slice.
  mutating func sellRight(
    to order: LiquidationOrder, id: UInt64, reward: Int64
  ) throws(StepError) {
    let terms = rules.liquidation.rights
    let lots = min(terms.lots, order.size.steps)
    let least = terms.reserve.share(of: reward, rounding: .up) / max(lots, 1)
    let closesAt = state.time + terms.commitSpan
    try emit(
      .rightsOffered(
        RightsSale(
          id: id, account: order.account, instrument: order.instrument, side: order.side,
          size: order.size, lots: lots, reward: reward, reserve: max(least, 1),
          deposit: terms.deposit, closesAt: closesAt, settlesAt: closesAt + terms.revealSpan,
          pricing: terms.pricing)))
  }

  // MARK: Bids

  /// Takes a sealed bid and its deposit.
  mutating func commit(
    _ digest: ChainHash, of bidder: AccountID, to id: UInt64
  ) throws(StepError) {
    let (sale, index) = try sale(id, for: bidder)
    let portfolio = state.accounts[index].portfolio
    var batch = try batch(of: sale)
    do {
      try batch.commit(
        digest, of: bidder, available: portfolio.balances[0], at: state.time)
    } catch { throw .refused(.batch(id, error)) }
    var after = portfolio
    after.balances[0] -= sale.deposit
    if after.needsMargin { try requireInitialMargin(after, of: bidder) }
    try move(
      sale.deposit, asset: 0, from: .account(bidder), to: .rightsDeposits, .rightsDeposit)
    try emit(.bidCommitted(id, bidder, digest))
  }

  /// Opens a bid.
  mutating func reveal(
    _ bid: RightsBid, of bidder: AccountID, in id: UInt64
  ) throws(StepError) {
    let (sale, index) = try sale(id, for: bidder)
    let available = Int128(state.accounts[index].portfolio.balances[0]) + Int128(sale.deposit)
    var batch = try batch(of: sale)
    do {
      try batch.reveal(
        SealedBid(bidder: bidder, price: bid.price, lots: bid.lots, salt: bid.salt),
        available: Int64(clamping: available), at: state.time)
    } catch { throw .refused(.batch(id, error)) }
    try emit(.bidRevealed(id, bidder, bid))
  }

  private func sale(
    _ id: UInt64, for bidder: AccountID
  ) throws(StepError) -> (RightsSale, Int) {
    let index = try account(bidder)
    guard let sale = state.execution.sale(id), let seller = state.index(of: sale.account) else {
      let wasOpen = id > 0 && id <= state.execution.last
      throw .refused(wasOpen ? .offerOver(id) : .unknownOffer(id))
    }
    guard state.owner(of: seller) != state.owner(of: index) else {
      throw .refused(.selfTrade(bidder))
    }
    guard !state.accounts[index].isInLiquidation else {
      throw .refused(.accountInLiquidation(bidder))
    }
    return (sale, index)
  }

  /// The batch that a sale is, as the ledger has it.
  ///
  /// What is in the ledger was checked when it came, so here every step of it is admitted.
  private func batch(of sale: RightsSale) throws(StepError) -> LiquidationBatch {
    do {
      let terms = try BatchTerms(
        number: sale.id, account: sale.account, lots: sale.lots, reserve: sale.reserve,
        deposit: sale.deposit, accountClaim: min(sale.reward, Amount.limit),
        closesAt: sale.closesAt, settlesAt: sale.settlesAt, pricing: sale.pricing)
      var batch = LiquidationBatch(terms)
      let opening = Timestamp(nanoseconds: sale.closesAt.nanoseconds - 1)
      for commitment in sale.commitments {
        try batch.commit(
          commitment.digest, of: commitment.bidder, available: sale.deposit, at: opening)
        guard let bid = commitment.bid else { continue }
        try batch.reveal(
          SealedBid(
            bidder: commitment.bidder, price: bid.price, lots: bid.lots, salt: bid.salt),
          available: Amount.limit, at: sale.closesAt)
      }
      return batch
    } catch { throw .refused(.batch(sale.id, error)) }
  }

  // MARK: The end

  /// Waits for a sale, settles it or withdraws it; `nil` where there is none.
  mutating func reviewRights(
    _ index: Int, _ risk: AccountRisk, _ liquidation: LiquidationProgress
  ) throws(StepError) -> Progress? {
    let account = state.accounts[index]
    guard let sale = state.execution.sale(of: account.id) else { return nil }
    let held = account.portfolio.size(of: sale.instrument)
    if isVoid(risk, liquidation) || held.sign != -sale.side.sign {
      try withdraw(sale)
      return .moved
    }
    guard state.time >= sale.settlesAt else { return .waits }
    try settle(sale, index, held: held.magnitude)
    return .moved
  }

  /// Withdraws the sales that are over and could not be settled, for a price is not fresh.
  mutating func lapseRights() throws(StepError) {
    for sale in state.execution.sales where sale.settlesAt <= state.time { try withdraw(sale) }
  }

  private mutating func withdraw(_ sale: RightsSale) throws(StepError) {
    for commitment in sale.commitments { try giveBack(sale.deposit, to: commitment.bidder, sale) }
    try emit(
      .rightsSettled(
        sale.id, sale.account, RightsOutcome(price: 0, lots: 0, isWithdrawn: true)))
  }

  private mutating func settle(
    _ sale: RightsSale, _ index: Int, held: Size
  ) throws(StepError) {
    guard let batch = try? batch(of: sale), let settlement = try? batch.settled(at: state.time),
      let order = order(of: sale, min(sale.size, held), settlement), let valuation,
      relieving(order, of: state.accounts[index].portfolio, valuation) == order
    else {
      try withdraw(sale)
      return
    }
    let winners = rightsWinners(of: sale, settlement, order, in: min(sale.size, held))
    let lost =
      settlement.forfeiting
      + settlement.awards.map(\.bidder).filter { id in !winners.contains { $0.bidder == id } }
    for commitment in sale.commitments {
      if lost.contains(commitment.bidder) {
        try forfeit(sale.deposit, sale)
      } else {
        try giveBack(sale.deposit, to: commitment.bidder, sale)
      }
    }
    let lots = winners.reduce(0) { $0 + $1.lots }
    if !winners.isEmpty {
      try pay(winners, for: sale, claim: sale.reward(for: lots))
      var rewards: [(keeper: AccountID, quote: Int64)] = []
      for winner in winners {
        let most = rewardLimit(of: index, for: order, winner.trade.size)
        rewards.append((winner.bidder, min(sale.reward(for: winner.lots), most)))
      }
      try emit(.liquidationOrderIssued(order))
      _ = try book(winners.map(\.trade), of: order, index, rewards: rewards)
    }
    try emit(
      .rightsSettled(
        sale.id, sale.account, RightsOutcome(price: settlement.price, lots: lots)))
  }

  /// The order that all winners fill together, at the mark.
  private func order(
    of sale: RightsSale, _ size: Size, _ settlement: BatchSettlement
  ) -> LiquidationOrder? {
    guard let mark = valuation?.mark(of: sale.instrument) else { return nil }
    let lots = settlement.awards.reduce(Int64(0)) { $0 + $1.lots }
    let sold = lots == 0 ? size : sale.steps(of: 0..<lots, in: size)
    guard sold > .zero else { return nil }
    return LiquidationOrder(
      id: state.nextOrder, account: sale.account, instrument: sale.instrument,
      side: sale.side, size: sold, limit: mark.price, stage: .partial,
      expiresAt: state.time + rules.liquidation.orderLife)
  }

  /// Those who can carry what they have won and pay for it; who cannot loses the deposit, or a bid
  /// would be free.
  private mutating func rightsWinners(
    of sale: RightsSale, _ settlement: BatchSettlement, _ order: LiquidationOrder, in size: Size
  ) -> [RightsWinner] {
    guard let instrument = state.listing.index(of: sale.instrument) else { return [] }
    let contract = state.listing.contracts[instrument]
    var place: Int64 = 0
    var winners: [RightsWinner] = []
    for award in settlement.awards {
      let places = place..<place + award.lots
      place += award.lots
      let steps = sale.steps(of: places, in: size)
      let fill = ExecutionReport.Fill(
        counterparty: award.bidder, size: steps, price: order.limit)
      guard steps > .zero, let trades = try? checked([fill], of: order, contract),
        let trade = trades.first, canPay(award.payment, sale.deposit, trade, award.bidder)
      else { continue }
      winners.append(
        RightsWinner(bidder: award.bidder, trade: trade, lots: award.lots, payment: award.payment))
    }
    return winners
  }

  private func canPay(
    _ payment: Int64, _ deposit: Int64, _ trade: Trade, _ bidder: AccountID
  ) -> Bool {
    guard let index = state.index(of: bidder),
      let asset = state.settlementIndex(of: trade.instrument)
    else { return false }
    var portfolio = state.accounts[index].portfolio
    guard portfolio.balances[0] + deposit >= payment else { return false }
    portfolio.balances[asset] += portfolio.take(
      trade.buyer == bidder ? trade.size : -trade.size, of: trade.instrument,
      unitValue: trade.unitValue)
    portfolio.balances[0] += deposit - payment
    return (try? requireInitialMargin(portfolio, of: bidder)) != nil
  }

  // MARK: Money

  /// The account's first, up to what it pays for being taken over; the fund's beyond.
  private mutating func pay(
    _ winners: [RightsWinner], for sale: RightsSale, claim: Int64
  ) throws(StepError) {
    var left = claim
    for winner in winners {
      let held = state.index(of: sale.account).map { state.accounts[$0].portfolio.balances[0] }
      let own = max(min(winner.payment, left, Amount.limit - (held ?? Amount.limit)), 0)
      left -= own
      if own > 0 {
        try move(
          own, asset: 0, from: .account(winner.bidder), to: .account(sale.account),
          .rightsPayment)
      }
      let universe = universe(of: sale.instrument)
      let rest = min(winner.payment - own, fundSpace(0, of: universe))
      guard rest > 0 else { continue }
      try move(
        rest, asset: 0, from: .account(winner.bidder), to: .fund(of: universe), .rightsPayment)
    }
  }

  /// What its account could not hold any more is the fund's.
  private mutating func giveBack(
    _ deposit: Int64, to bidder: AccountID, _ sale: RightsSale
  ) throws(StepError) {
    let held = state.index(of: bidder).map { state.accounts[$0].portfolio.balances[0] }
    let room = max(Amount.limit - (held ?? Amount.limit), 0)
    let back = min(deposit, room)
    if back > 0 {
      try move(back, asset: 0, from: .rightsDeposits, to: .account(bidder), .rightsReturn)
    }
    try forfeit(deposit - back, sale)
  }

  private mutating func forfeit(_ deposit: Int64, _ sale: RightsSale) throws(StepError) {
    let universe = universe(of: sale.instrument)
    let units = min(deposit, fundSpace(0, of: universe))
    guard units > 0 else { return }
    try move(units, asset: 0, from: .rightsDeposits, to: .fund(of: universe), .rightsForfeit)
  }
}
