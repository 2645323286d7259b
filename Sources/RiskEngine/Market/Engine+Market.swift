// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Oracles
import Parameters
import Quantities
import Volatility

// Steps 1 to 3: samples to index prices, index prices to marks, marks to the scenario table.
extension Engine {
  /// The accepted index of each feed that has one in this block.
  mutating func sample(
    _ samples: [PriceSample], at instant: Timestamp
  ) throws(StepError) -> [(base: AssetSymbol, index: IndexPrice)] {
    let states = rules.feeds.map { feed in
      state.feeds.first { $0.feed == feed.id } ?? newFeed(feed.id)
    }
    let decision = decideFeeds(
      states, samples: samples, parameters: rules.feeds.map(\.parameters), now: instant)
    var indices: [(base: AssetSymbol, index: IndexPrice)] = []
    for rejected in decision.unrouted { try emit(.sampleRejected(rejected)) }
    for feed in decision.feeds {
      for rejected in feed.rejected { try emit(.sampleRejected(rejected)) }
      try emit(.feedUpdated(feed.update))
      if let index = feed.index { indices.append((feed.update.feed.base, index)) }
    }
    return indices
  }

  private func newFeed(_ id: FeedID) -> FeedState {
    var feed = FeedState(id)
    if let restartedAt = state.restartedAt { feed.restart(at: restartedAt) }
    return feed
  }

  /// Marks every underlying and every instrument; below quorum the last marks stay and the
  /// market is reduce-only.
  mutating func mark(
    _ indices: [(base: AssetSymbol, index: IndexPrice)], at instant: Timestamp,
    since previous: Timestamp
  ) throws(StepError) {
    let before = state.markets
    let unmarked = state.withoutAccounts
    for rule in rules.underlyings {
      let index = indices.first { $0.base == rule.symbol }?.index
      let perpetual = rule.perpetualFeed.flatMap { base in
        indices.first { $0.base == base }?.index.price
      }
      let last = state.market(of: rule.symbol)
      guard let marked = next(rule, last, index: index, perpetual: perpetual, at: instant)
      else { continue }
      // A first index that leaves a contract out of its limits is none: there would be no last
      // one to keep, and all markets would halt.
      guard last != nil || admits(marked, after: unmarked) else { continue }
      try emit(.marketMarked(marked))
    }
    try markCollateral(indices, since: unmarked.collateralMarks, at: instant)
    // A venue begins when every underlying has a price; later listings wait for their own.
    guard state.markets.count == rules.underlyings.count || !state.marks.isEmpty else { return }
    var failure = advanceValuation()
    // An index at which some contract leaves its limits: its market keeps the last one and halts,
    // and the others go on.
    while let (last, marked) = failure.flatMap({ moved($0, since: before) }) {
      try emit(
        .marketMarked(
          MarkedMarket(
            market: last.market, status: .reduceOnly, freshAt: last.freshAt,
            premium: last.premium, settlement: marked.settlement,
            openInterest: last.openInterest, uncertainty: last.uncertainty)))
      // What was made of the rejected index goes with it.
      try markCollateral(indices, since: unmarked.collateralMarks, at: instant)
      failure = advanceValuation()
    }
    if let valuation {
      try emit(.instrumentsMarked(valuation.marks))
      return
    }
    // Not for one market's index alone: nothing is acted on.
    for marked in state.markets where marked.status == .open {
      try emit(.marketMarked(marked.halted))
    }
  }

  /// Whether everything listed on an underlying stays inside its limits at a first market.
  ///
  /// A venue that was never marked begins as a whole and is not asked.
  private func admits(_ marked: MarkedMarket, after earlier: LedgerState) -> Bool {
    guard !earlier.marks.isEmpty else { return true }
    var trial = earlier
    trial.apply(.marketMarked(marked))
    do {
      _ = try Valuation(state: trial, rules: rules)
      return true
    } catch { return !underlyings(of: error).contains(marked.market.underlying) }
  }

  /// The first market that an error may lie with and that is not as it was.
  private func moved(
    _ error: MarginError, since before: [MarkedMarket]
  ) -> (last: MarkedMarket, marked: MarkedMarket)? {
    for symbol in underlyings(of: error) {
      guard let last = before.first(where: { $0.market.underlying == symbol }),
        let marked = state.market(of: symbol), marked.market != last.market
      else { continue }
      return (last, marked)
    }
    return nil
  }

  /// The underlyings at whose index a contract or collateral may leave its limits: a contract's
  /// own first, then that of the coin it settles in.
  private func underlyings(of error: MarginError) -> [AssetSymbol] {
    switch error {
    case .markOutOfRange(let name), .cellOutOfRange(let name):
      guard let contract = state.listing.contracts.first(where: { $0.name == name }) else {
        return state.markets.map(\.market.underlying).filter { $0.description == name }
      }
      let coin = state.listing.index(of: contract.settlementAsset)
        .flatMap { state.listing.collateral[$0].underlying }
      return [contract.underlying] + [coin].compactMap { $0 }.filter { $0 != contract.underlying }
    case .collateralOutOfRange(let asset):
      return state.listing.collateral.filter { $0.asset.symbol == asset }.compactMap(\.underlying)
    default: return []
    }
  }

  private func next(
    _ rule: UnderlyingRule, _ last: MarkedMarket?, index accepted: IndexPrice?,
    perpetual: Price?, at instant: Timestamp
  ) -> MarkedMarket? {
    let window = nextWindow(rule, last, index: accepted?.price, at: instant)
    guard let accepted else {
      guard let last else { return nil }
      return MarkedMarket(
        market: last.market, status: .reduceOnly, freshAt: last.freshAt, premium: last.premium,
        settlement: window, openInterest: last.openInterest, uncertainty: last.uncertainty)
    }
    let index = accepted.price
    var premium = last?.premium ?? .unobserved
    if let perpetual {
      premium = smoothPremium(
        premium, perpetual: perpetual, index: index, now: instant, parameters: rule.marks)
    }
    var volatility = rules.surface.longRunVolatility
    if let last {
      volatility = rules.surface.realized.volatility(
        after: last.market.volatility, from: last.market.index, to: index,
        elapsed: instant - last.freshAt)
    }
    let market = UnderlyingMarket(
      underlying: rule.symbol, index: index, basis: premium.basis, volatility: volatility)
    return MarkedMarket(
      market: market, status: .open, freshAt: instant, premium: premium, settlement: window,
      openInterest: openInterest(of: rule.symbol, at: index),
      uncertainty: accepted.relativeConfidence)
  }

  /// One side of all open positions of an underlying at an index, millionths of the quote
  /// currency, rounded down and clamped to 64 bits; spot has none.
  private func openInterest(of underlying: AssetSymbol, at index: Price) -> Int64 {
    var sum: Int128 = 0
    for (contract, totals) in zip(state.listing.contracts, state.totals) {
      guard contract.underlying == underlying, !totals.isExpired, contract.kind != .spot
      else { continue }
      let quantity = Int128(totals.openInterest) * Int128(contract.stepQuantity)
      guard !contract.isReciprocal else {
        sum += quantity / 100
        continue
      }
      let (value, overflows) = quantity.multipliedReportingOverflow(by: Int128(index.steps))
      guard !overflows else { return .max }
      sum += value / 10_000_000_000
    }
    return Int64(clamping: sum)
  }

  /// The running settlement average of the next expiry of an underlying, if one is near.
  ///
  /// A window that ends with too few prices is followed by another of the same length, which
  /// begins with the next fresh index: settlement comes late, but it comes.
  private func nextWindow(
    _ rule: UnderlyingRule, _ last: MarkedMarket?, index: Price?, at instant: Timestamp
  ) -> SettlementWindow? {
    guard let expiry = nextExpiry(of: rule.symbol) else { return nil }
    var window = SettlementWindow.before(expiry, parameters: rule.marks)
    if let open = last?.settlement, open.end >= expiry {
      window = open
    } else if instant < window.start - .hour {
      return nil
    }
    let observed = window.observing(index, now: instant, parameters: rule.marks)
    guard index != nil, instant >= observed.end,
      observed.settlementPrice(parameters: rule.marks) == nil
    else { return observed }
    return SettlementWindow(start: instant, end: instant + rule.marks.settlementWindow)
      .observing(index, now: instant, parameters: rule.marks)
  }

  private func nextExpiry(of underlying: AssetSymbol) -> Timestamp? {
    var next: Timestamp?
    for (contract, totals) in zip(state.listing.contracts, state.totals) {
      guard contract.underlying == underlying, !totals.isExpired,
        let expiry = contract.kind.expiry
      else { continue }
      next = min(next ?? expiry, expiry)
    }
    return next
  }
}
