// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Quantities

// Market makers' protection: quotes are counted as they fill and withdrawn at a limit.
//
// An account's reserve covers every sequence of fills up to the next trigger. A fill takes from
// the limits left what it adds to the positions, so no fill needs more than was reserved. When an
// interval ends, what may be filled grows again; quotes that the account cannot reserve anew are
// withdrawn in the block that ends it.
extension Engine {
  mutating func protect(
    _ id: AccountID, _ underlying: AssetSymbol, _ limits: QuoteLimits?
  ) throws(StepError) {
    let holder = state.accounts[try account(id)]
    guard state.listing.contracts.contains(where: { $0.underlying == underlying }) else {
      throw .refused(.unknownUnderlying(underlying))
    }
    guard !holder.isInLiquidation else { throw .refused(.accountInLiquidation(id)) }
    let present = holder.portfolio.protection(of: underlying)
    if let limits {
      guard limits.isPermitted else {
        throw .refused(.outsideLimits("a limit, interval or frozen time of a protection"))
      }
    } else if present == nil {
      throw .refused(.unprotected(id, underlying))
    }
    var after = holder.portfolio
    after.protect(underlying, limits)
    let isReached = limits?.areReached(by: present?.filled ?? .zero) ?? false
    if !isReached { try requireReserve(after, since: holder) }
    try emit(.protectionSet(id, underlying, limits))
    if isReached { try trigger(id, underlying) }
  }

  mutating func resetProtection(
    _ id: AccountID, _ underlying: AssetSymbol
  ) throws(StepError) {
    let holder = state.accounts[try account(id)]
    guard !holder.isInLiquidation else { throw .refused(.accountInLiquidation(id)) }
    guard holder.portfolio.protection(of: underlying) != nil else {
      throw .refused(.unprotected(id, underlying))
    }
    var after = holder.portfolio
    after.changeProtection(of: underlying) { $0.renew() }
    try requireReserve(after, since: holder)
    try emit(.protectionRenewed(id, underlying))
  }

  /// Refuses a change of a protection that reserves more than the account has; one that reserves
  /// no more is always permitted.
  private func requireReserve(
    _ after: Portfolio, since holder: Account
  ) throws(StepError) {
    guard after.orders.contains(where: \.isQuote) else { return }
    guard let valuation else { throw .refused(.notMarked("the account's instruments")) }
    func reserve(_ portfolio: Portfolio) -> Int64 {
      // Both are at most 2^61.
      valuation.risk(portfolio).initialMargin + feesOfOrders(portfolio, valuation)
    }
    guard reserve(after) > reserve(holder.portfolio) else { return }
    try requireInitialMargin(after, of: holder.id)
  }

  /// Refuses a quote that no protection covers now.
  func checkQuote(
    _ order: RestingOrder, on underlying: AssetSymbol, _ holder: Account
  ) throws(StepError) {
    guard !order.isReduceOnly else {
      throw .refused(.outsideLimits("a quote that may only reduce"))
    }
    guard let protection = holder.portfolio.protection(of: underlying) else {
      throw .refused(.unprotected(holder.id, underlying))
    }
    if let end = protection.frozenUntil, state.time < end {
      throw .refused(.quotesFrozen(holder.id, underlying, until: end))
    }
  }

  // MARK: Fills

  /// What a portfolio's protection makes of a fill of one of its quotes: it counts, and at a
  /// limit the quotes on the underlying are gone.
  func count(_ order: RestingOrder, filled size: Size, in portfolio: inout Portfolio) {
    guard let (underlying, fills) = quoteFills(order, size, portfolio) else { return }
    portfolio.changeProtection(of: underlying) { $0.add(fills, at: state.time) }
    guard let protection = portfolio.protection(of: underlying),
      protection.limits.areReached(by: protection.filled)
    else { return }
    portfolio.orders.removeAll { isQuote($0, on: underlying) }
    portfolio.changeProtection(of: underlying) { $0.trigger(until: frozenEnd($0)) }
  }

  /// Records that a quote was filled, and what follows from it.
  mutating func countQuote(
    _ order: RestingOrder, filled size: Size, of id: AccountID
  ) throws(StepError) {
    let portfolio = state.accounts[try account(id)].portfolio
    guard let (underlying, fills) = quoteFills(order, size, portfolio) else { return }
    try emit(.quoteFilled(id, underlying, fills))
    guard
      let protection = state.accounts[try account(id)].portfolio.protection(of: underlying),
      protection.limits.areReached(by: protection.filled)
    else { return }
    try trigger(id, underlying)
  }

  /// What a fill counts for; without a valuation as much as reaches every limit.
  private func quoteFills(
    _ order: RestingOrder, _ size: Size, _ portfolio: Portfolio
  ) -> (underlying: AssetSymbol, fills: QuoteFills)? {
    guard order.isQuote, let instrument = state.listing.index(of: order.instrument)
    else { return nil }
    let underlying = state.listing.contracts[instrument].underlying
    guard portfolio.protection(of: underlying) != nil else { return nil }
    let most = QuoteFills(
      quantity: QuoteFills.most, delta: QuoteFills.most, vega: QuoteFills.most)
    return (underlying, valuation?.quoteFills(of: order.instrument, size: size) ?? most)
  }

  private mutating func trigger(
    _ id: AccountID, _ underlying: AssetSymbol
  ) throws(StepError) {
    let portfolio = state.accounts[try account(id)].portfolio
    guard let protection = portfolio.protection(of: underlying) else { return }
    try withdrawQuotes(of: id, on: underlying)
    try emit(.protectionTriggered(id, underlying, frozenUntil: frozenEnd(protection)))
  }

  private func frozenEnd(_ protection: QuoteProtection) -> Timestamp {
    let frozen = protection.limits.frozenTime
    return frozen > .zero ? state.time + frozen : QuoteProtection.untilReset
  }

  private mutating func withdrawQuotes(
    of id: AccountID, on underlying: AssetSymbol
  ) throws(StepError) {
    let portfolio = state.accounts[try account(id)].portfolio
    for order in portfolio.orders where isQuote(order, on: underlying) {
      try emit(.orderRemoved(id, order.id, .protection))
    }
  }

  private func isQuote(_ order: RestingOrder, on underlying: AssetSymbol) -> Bool {
    guard order.isQuote, let instrument = state.listing.index(of: order.instrument)
    else { return false }
    return state.listing.contracts[instrument].underlying == underlying
  }

  // MARK: The block

  /// Ends every interval whose time has come, in a market that is open: the count begins anew,
  /// and quotes stay only where the account reserves all that they may be filled by again.
  mutating func renewProtections() throws(StepError) {
    guard let valuation else { return }
    for index in venueIndex.protectedAccounts {
      let account = state.accounts[index]
      for protection in account.portfolio.protections {
        guard let end = protection.intervalEnd, state.time >= end,
          state.status(of: protection.underlying) == .open
        else { continue }
        try emit(.protectionRenewed(account.id, protection.underlying))
        let portfolio = state.accounts[index].portfolio
        let risk = valuation.risk(portfolio)
        let equity = risk.equity - feesOfOrders(portfolio, valuation)
        guard equity < risk.initialMargin else { continue }
        try withdrawQuotes(of: account.id, on: protection.underlying)
      }
    }
  }
}

/// The fees of quotes under protections, by underlying.
struct QuoteFees {
  private var groups: [Group]

  private struct Group {
    let underlying: AssetSymbol
    let budget: QuoteBudget
    var fees: [Int128] = []
    var fills: [QuoteFills] = []
  }

  init(_ protections: [QuoteProtection]) {
    groups = protections.map { Group(underlying: $0.underlying, budget: QuoteBudget($0)) }
  }

  func group(of underlying: AssetSymbol) -> Int? {
    groups.firstIndex { $0.underlying == underlying }
  }

  mutating func add(_ fee: Int64, _ fills: QuoteFills, _ group: Int) {
    groups[group].fees.append(Int128(fee))
    groups[group].fills.append(fills)
  }

  /// Millionths of the quote currency.
  var most: Int64 {
    groups.reduce(0) { sum, group in
      let fees = group.budget.most(of: group.fees, group.fills)
      return min(sum + Int64(min(fees, Int128(QuoteMoney.limit))), QuoteMoney.limit)
    }
  }
}
