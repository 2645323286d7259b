// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import Ledger
import Liquidation
import Margin
import MarketData
import Parameters
public import Quantities

/// What is for sale in an auction now: everything a bidder may know, and nothing else.
public struct AuctionOffer: Sendable {
  public let account: AccountID
  public let progress: AuctionProgress
  /// What may be taken over, as the account holds it.
  public let positions: [Position]
  /// Of the positions at the marks, millionths of the quote currency.
  public let notional: Int64
  /// Equity of the account.
  public let value: Int64
  /// Of an account worth something the line that bids may lift it to; of one worth nothing the
  /// margin of its positions, of which the fund pays a part.
  public let requirement: Int64
  /// The largest part a bid may take.
  public let mostShare: Rate
  /// What taking that part is worth to a bidder, as a part of the notional he takes.
  public let reward: Rate
}

// The auction of an account's whole portfolio: when it begins, its clock, and when it is over.
//
// A bidder takes a part of every position over at the marks and is paid the discount of the moment
// out of the account's collateral. Nothing but money of the account and of the fund moves, so a
// bid conserves what every trade conserves. Source: Derive v2, DutchAuction.sol; decision 22.
extension Engine {
  /// The accounts whose portfolios are under the hammer, ascending.
  public var accountsInAuction: [AccountID] {
    state.accounts.indices.compactMap { index in
      guard venueIndex.isInLiquidation(index),
        state.accounts[index].isAuctioned
      else { return nil }
      return state.accounts[index].id
    }
  }

  /// What an auction offers now; `nil` where nothing can be bought.
  public func auctionOffer(of id: AccountID) -> AuctionOffer? {
    guard let index = state.index(of: id), let valuation,
      let sale = try? sale(of: index, valuation.risk(state.accounts[index].portfolio), valuation)
    else { return nil }
    let account = state.accounts[index]
    let slice = AuctionSlice(of: sale.positions, share: sale.mostShare, isAll: true)
    guard let slice, slice.notional > 0 else { return nil }
    let terms = sale.terms(slice.share)
    let reward = Int128(terms.discount) + Int128(fundReward(sale, slice.share))
    let perNotional = (reward * 1_000_000_000)
      .divided(by: Int128(slice.notional), rounding: .down)
    return AuctionOffer(
      account: id, progress: sale.progress,
      positions: account.portfolio.positions.filter { position in
        sale.positions.contains { $0.instrument == position.instrument }
      },
      notional: sale.positions.reduce(0) { $0 + $1.notional }, value: sale.lot.value,
      requirement: sale.lot.requirement, mostShare: sale.mostShare,
      reward: Rate(billionths: Int64(clamping: perNotional)))
  }

  // MARK: The stage

  /// Takes an auction as far as it can go without a bid.
  mutating func pursueAuction(
    _ account: Account, _ risk: AccountRisk, _ valuation: Valuation
  ) throws(StepError) -> Progress {
    let phase: AuctionPhase = risk.equity > 0 ? .solvent : .insolvent
    guard var auction = account.liquidation?.auction else {
      guard phase == .solvent || fundRoom(of: account.universe, for: risk, paid: 0) > 0 else {
        return try enterNext(account.id, after: .auction)
      }
      try emit(.auctionStarted(account.id, round(phase, account, valuation)))
      if phase == .solvent { try chargeAuctionFee(account, risk, valuation) }
      return .moved
    }
    if auction.pricedAt < state.time {
      let tick = min(state.time - auction.pricedAt, rules.liquidation.auction.longestTick)
      auction.elapsed = TimeSpan(
        nanoseconds: auction.elapsed.nanoseconds + max(tick.nanoseconds, 0))
      try priceAuction(account.id, auction, elapsed: auction.elapsed)
    }
    let isBroke =
      phase == .insolvent && fundRoom(of: account.universe, for: risk, paid: auction.fundPaid) <= 0
    let end = rules.liquidation.auction.duration(of: auction.round.phase)
    let isOver = auction.elapsed.nanoseconds >= end.nanoseconds + auction.extended.nanoseconds
    guard isOver || isBroke || phase != auction.round.phase else { return .waits }
    return try closeRound(account, auction, phase, isBroke: isBroke, valuation)
  }

  /// Begins another round, or leaves the stage.
  ///
  /// A round is held again if too little was bid for: it may be that nobody could reach the venue.
  /// It is also held again when the portfolio's value has changed its sign. Both use up restarts,
  /// so that every auction ends.
  private mutating func closeRound(
    _ account: Account, _ auction: AuctionProgress, _ phase: AuctionPhase, isBroke: Bool,
    _ valuation: Valuation
  ) throws(StepError) -> Progress {
    let terms = rules.liquidation.auction
    let sold = Rate.one - auction.left
    let isWanted = sold >= terms.leastParticipation && phase == auction.round.phase
    guard !isWanted, !isBroke, Int64(auction.restarts) < terms.restarts else {
      return try enterNext(account.id, after: .auction)
    }
    try emit(.auctionRestarted(account.id, round(phase, account, valuation)))
    return .moved
  }

  /// The clock of an auction stands still while a market of its account is not open.
  mutating func holdAuction(_ account: Account) throws(StepError) {
    guard let auction = account.liquidation?.auction, auction.pricedAt < state.time
    else { return }
    try emit(
      .auctionPriced(account.id, elapsed: auction.elapsed, factor: auction.factor))
  }

  private mutating func priceAuction(
    _ id: AccountID, _ auction: AuctionProgress, elapsed: TimeSpan
  ) throws(StepError) {
    let factor = rules.liquidation.auction.factor(
      of: auction.round.phase, after: elapsed, speed: auction.round.speed)
    try emit(.auctionPriced(id, elapsed: elapsed, factor: factor))
  }

  private func round(
    _ phase: AuctionPhase, _ account: Account, _ valuation: Valuation
  ) -> AuctionRound {
    let terms = rules.liquidation.auction
    let heaviest = account.portfolio.positions.max { one, other in
      valuation.notional(one.size, of: one.instrument)
        < valuation.notional(other.size, of: other.instrument)
    }
    let underlying = heaviest.flatMap { position in
      state.listing.index(of: position.instrument)
        .map { state.listing.contracts[$0].underlying }
    }
    let volatility = underlying.flatMap { state.market(of: $0)?.market.volatility } ?? .zero
    let speed = phase == .solvent ? terms.startingSpeed(volatility: volatility) : .zero
    return AuctionRound(
      phase: phase, startedAt: state.time,
      factor: terms.factor(of: phase, after: .zero, speed: speed), speed: speed)
  }

  /// The fee of an auction, once: a part of what could be sold at the full value when it begins,
  /// into the insurance fund; it never takes more than equity.
  ///
  /// Source: Derive v2, `_startAuction`.
  private mutating func chargeAuctionFee(
    _ account: Account, _ risk: AccountRisk, _ valuation: Valuation
  ) throws(StepError) {
    let lot = AuctionedPortfolio(
      value: risk.equity, requirement: auctionLine(risk), reserved: 0)
    let sold = largestBid(on: lot, at: .one).share(of: max(risk.equity, 0), rounding: .down)
    let fee = rules.liquidation.auction.fee.share(of: sold, rounding: .down)
    guard fee > 0, let index = state.index(of: account.id) else { return }
    let balances = state.accounts[index].portfolio.balances
    for (asset, units) in payments(of: fee, from: balances, valuation) {
      let paid = payable(units, asset: asset, by: index)
      guard paid > 0 else { continue }
      try move(
        paid, asset: asset, from: .account(account.id), to: .fund(of: account.universe),
        .liquidationPenalty)
    }
  }

  // MARK: What is for sale

  /// The equity at which a liquidation ends.
  func line(of liquidation: LiquidationProgress, _ risk: AccountRisk) -> Int64 {
    liquidation.auction == nil
      ? risk.maintenanceMargin + risk.liquidationBuffer : auctionLine(risk)
  }

  /// The line that bids may lift an account to: the venue's, or the auction's own if it is higher.
  func auctionLine(_ risk: AccountRisk) -> Int64 {
    let buffer = rules.liquidation.auction.buffer.share(
      of: risk.maintenanceMargin, rounding: .up)
    return risk.maintenanceMargin + max(buffer, risk.liquidationBuffer)
  }

  /// What the fund of a universe may still pay bidders of one auction, millionths of the quote
  /// currency: the part of it that one event may cost, and never what the account's own debt will
  /// need.
  func fundRoom(of universe: RiskUniverse, for risk: AccountRisk, paid: Int64) -> Int64 {
    guard let valuation else { return 0 }
    var value: Int128 = 0
    for asset in state.listing.collateral.indices where isFresh(asset) {
      value += Int128(valuation.quote(freeFund(asset, of: universe), asset: asset))
    }
    let whole = Int64(clamping: min(value + Int128(paid), Int128(Int64.max >> 2)))
    let most = rules.liquidation.fundEventCap.share(of: whole, rounding: .down) - paid
    let debt = max(-Int128(risk.equity), 0)
    return Int64(clamping: max(min(Int128(most), value - debt), 0))
  }

  /// What the fund pays for a part of a portfolio that is worth nothing.
  func fundReward(_ sale: AuctionSale, _ share: Rate) -> Int64 {
    guard sale.progress.round.phase == .insolvent else { return 0 }
    let reward = insolventReward(
      on: sale.lot, share: share, progress: sale.progress.factor)
    return min(
      reward, fundRoom(of: sale.universe, for: sale.risk, paid: sale.progress.fundPaid))
  }

  /// Money of an account in its assets, in the order of the listing as far as each has a fresh
  /// price; what they do not cover it owes in the quote currency.
  func payments(
    of value: Int64, from balances: [Int64], _ valuation: Valuation
  ) -> [(asset: Int, units: Int64)] {
    var left = value
    var payments: [(asset: Int, units: Int64)] = []
    for asset in balances.indices where balances[asset] > 0 && isFresh(asset) && left > 0 {
      let wanted = valuation.units(ofQuote: left, asset: asset, rounding: .down)
      let units = min(wanted, balances[asset])
      guard units > 0 else { continue }
      payments.append((asset, units))
      left -= min(valuation.quote(units, asset: asset, rounding: .up), left)
    }
    guard left > 0 else { return payments }
    if let first = payments.first, first.asset == 0 {
      payments[0].units = first.units + left
    } else {
      payments.insert((0, left), at: 0)
    }
    return payments
  }
}
