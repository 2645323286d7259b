// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Clearing
import Instruments
import Ledger
import Margin
import MarketData
import Parameters
import Quantities

// What the matching engine reports: trades and resting orders.
extension Engine {
  /// The furthest that an order's id may lie ahead of the next one, so that ids last.
  static let widestOrderGap: UInt64 = 1 << 32

  mutating func record(_ report: TradeReport) throws(StepError) {
    guard report.buyer != report.seller else { throw .refused(.selfTrade(report.buyer)) }
    let (contract, unitValue) = try tradable(report.instrument, at: report.price)
    guard report.size.steps > 0 else { throw .refused(.notPositive("a size")) }
    guard report.size.isPermitted else { throw .refused(.outsideLimits("a size")) }
    let buyer = try account(report.buyer)
    let seller = try account(report.seller)
    guard state.owner(of: buyer) != state.owner(of: seller) else {
      throw .refused(.selfTrade(report.buyer))
    }
    let taken = try restingOrder(report)
    if let taken, report.origin == .transfer {
      throw .refused(.transferOfAnOrder(taken.order.id))
    }
    let trade = Trade(
      instrument: contract.id, buyer: report.buyer, seller: report.seller, size: report.size,
      unitValue: unitValue, price: report.price,
      cause: report.origin == .book ? .matching : .transfer)
    let entry = entryCharge(of: trade, contract)
    try check(trade, from: seller, to: buyer, contract, order: taken, entry)
    try emit(.traded(trade))
    if trade.cause == .matching { try chargeFees(of: trade, maker: taken?.account) }
    if let entry { try settle(entry) }
    guard let taken else { return }
    if taken.order.remaining > report.size {
      try emit(.orderFilled(taken.account, taken.order.id, report.size))
    } else {
      try emit(.orderRemoved(taken.account, taken.order.id, .filled))
    }
    try countQuote(taken.order, filled: report.size, of: taken.account)
  }

  mutating func place(_ order: RestingOrder, for id: AccountID) throws(StepError) {
    let index = try account(id)
    let (contract, _) = try tradable(order.instrument, at: order.limit)
    guard order.remaining.steps > 0 else { throw .refused(.notPositive("a size")) }
    guard order.remaining.isPermitted else { throw .refused(.outsideLimits("a size")) }
    guard order.limit.steps % contract.tick.steps == 0 else {
      throw .refused(.outsideLimits("a price that is no multiple of the tick"))
    }
    guard order.id >= state.nextOrder else { throw .refused(.notIncreasing("an order's id")) }
    guard order.id.number - state.nextOrder.number <= Self.widestOrderGap else {
      throw .refused(.outsideLimits("an order's id"))
    }
    let holder = state.accounts[index]
    let reduces = onlyReduces(order, holder.portfolio)
    // What the engine has sent to the book must still be there when the report comes; and as it
    // lowers positions by itself, what reduces now must promise to do no more later.
    let isSent = holder.liquidationOrder?.instrument == order.instrument
    guard !holder.isInLiquidation || (reduces && order.isReduceOnly && !isSent) else {
      throw .refused(.accountInLiquidation(id))
    }
    guard holder.portfolio.orders.count < Int(rules.clearing.orderLimit) else {
      throw .refused(.tooManyOrders(id))
    }
    if order.isQuote { try checkQuote(order, on: contract.underlying, holder) }
    if order.isReduceOnly, !reduces { throw .refused(.notReducing(id)) }
    if state.status(of: contract.underlying) == .reduceOnly, !reduces {
      throw .refused(.marketIsReduceOnly(contract.underlying))
    }
    // What others of the account's orders may do before it, a resting order cannot hedge.
    if !reduces { try requireNoCall(holder) }
    try checkIsolation(holder.portfolio, of: contract.id, id)
    // A quote that reduces may still raise what the others may be filled by.
    var after = holder.portfolio
    if !reduces || order.isQuote {
      after.orders.append(order)
      var stands: AccountRisk?
      if let valuation { stands = measure(after, valuation) }
      try requireInitialMargin(after, of: id, at: stands)
      try requireDebtCap(after, of: id)
    } else {
      // An order that only reduces reserves nothing; here it counts as if it did.
      after.orders.append(order.reserving)
      try requireHedges(after, since: holder)
    }
    try emit(.orderPlaced(id, order))
  }

  /// Whether an order would lower the position even after all earlier ones of its side.
  private func onlyReduces(_ order: RestingOrder, _ portfolio: Portfolio) -> Bool {
    let held = portfolio.size(of: order.instrument)
    var closing = order.remaining.steps
    for other in portfolio.orders
    where other.instrument == order.instrument && other.side == order.side {
      closing += other.remaining.steps
    }
    return held.sign == -order.side.sign && held.steps.magnitude >= closing.magnitude
  }

  mutating func cancel(_ order: OrderID, of id: AccountID) throws(StepError) {
    let index = try account(id)
    guard state.accounts[index].portfolio.orders.contains(where: { $0.id == order }) else {
      throw .refused(.unknownOrder(order))
    }
    try emit(.orderRemoved(id, order, .cancelled))
  }

  /// A contract that can be traded now, and the unit value at a price inside the band.
  func tradable(
    _ id: InstrumentID, at price: Price
  ) throws(StepError) -> (contract: Contract, unitValue: Int64) {
    guard let instrument = state.listing.index(of: id) else {
      throw .refused(.unknownInstrument(id))
    }
    let contract = state.listing.contracts[instrument]
    let isOver = contract.kind.expiry.map { $0 <= state.time } ?? false
    guard !state.totals[instrument].isExpired, !isOver else { throw .refused(.expired(id)) }
    if case .spot = contract.kind { throw .refused(.outsideLimits("a spot position")) }
    guard instrument < state.marks.count, state.market(of: contract.underlying) != nil else {
      throw .refused(.notMarked(contract.name))
    }
    guard (0...Price.limit).contains(price.steps) else { throw .refused(.outsideLimits("a price")) }
    let mark = state.marks[instrument].price
    let distance = abs(price.steps - mark.steps)
    guard distance <= rules.clearing.bandWidth(around: mark, tick: contract.tick) else {
      throw .refused(.priceOutsideBand(price, mark: mark))
    }
    do { return (contract, try contract.unitValue(at: price)) } catch {
      throw .refused(.outsideLimits("a price of \(contract.name)"))
    }
  }

  /// Whether both sides may trade so.
  private mutating func check(
    _ trade: Trade, from seller: Int, to buyer: Int, _ contract: Contract,
    order: (account: AccountID, order: RestingOrder)?, _ entry: EntryCharge?
  ) throws(StepError) {
    var memory = valuation.map { takeScratch($0) }
    defer { scratch = memory ?? scratch }
    try check(buyer, takes: trade.size, trade, contract, order: order, entry, &memory)
    try check(seller, takes: -trade.size, trade, contract, order: order, entry, &memory)
  }

  /// Whether an account may change its position so; what lowers one may, unless it bares another.
  private func check(
    _ index: Int, takes size: Size, _ trade: Trade, _ contract: Contract,
    order: (account: AccountID, order: RestingOrder)?, _ entry: EntryCharge?,
    _ memory: inout RiskScratch?
  ) throws(StepError) {
    let holder = state.accounts[index]
    let held = holder.portfolio.size(of: contract.id)
    let after = held + size
    guard after.isPermitted else { throw .refused(.outsideLimits("a position")) }
    guard let asset = state.listing.index(of: contract.settlementAsset) else {
      throw .refused(.unknownAsset(contract.settlementAsset.symbol))
    }
    var portfolio = holder.portfolio
    portfolio.balances[asset] += portfolio.take(
      size, of: contract.id, unitValue: trade.unitValue)
    guard portfolio.balances[asset].magnitude <= Amount.limit.magnitude else {
      throw .refused(.outsideLimits("a balance"))
    }
    // What the engine has sent to the book must still be there when the report comes.
    guard holder.liquidationOrder?.instrument != contract.id else {
      throw .refused(.accountInLiquidation(holder.id))
    }
    if let order, order.account == holder.id {
      portfolio.fill(order.order.id, by: size.magnitude)
      count(order.order, filled: size.magnitude, in: &portfolio)
    }
    let reduces = held.sign == -size.sign && held.steps.magnitude >= size.steps.magnitude
    if reduces {
      try requireSolvency(portfolio, since: holder, after: size, trade)
      try requireHedges(portfolio, since: holder)
      return
    }
    if let order, order.account == holder.id, order.order.isReduceOnly {
      throw .refused(.notReducing(holder.id))
    }
    guard !holder.isInLiquidation || isInGrace(holder) else {
      throw .refused(.accountInLiquidation(holder.id))
    }
    guard state.status(of: contract.underlying) == .open else {
      throw .refused(.marketIsReduceOnly(contract.underlying))
    }
    try checkIsolation(holder.portfolio, of: contract.id, holder.id)
    let isNew = held == .zero
    guard !isNew || holder.portfolio.positions.count < Int(rules.clearing.positionLimit) else {
      throw .refused(.tooManyPositions(holder.id))
    }
    if trade.cause == .matching {
      let role: LiquidityRole = order?.account == holder.id ? .maker : .taker
      let fee = fee(trade.size, of: contract, unitValue: trade.unitValue, role: role)
      let charge =
        surcharged(max(fee, 0), in: universe(of: contract.id))
        + (entry?.owed(by: holder.id) ?? 0)
      portfolio.balances[asset] = max(portfolio.balances[asset] - charge, -Amount.limit)
    }
    try requireMargin(
      portfolio, since: holder, after: size, trade, at: standing(of: portfolio, &memory))
    try requireDebtCap(portfolio, of: holder.id, before: holder.portfolio)
  }

  /// Where a portfolio stands, once the venue is marked.
  private func standing(
    of portfolio: borrowing Portfolio, _ memory: inout RiskScratch?
  ) -> AccountRisk? {
    guard let valuation, var own = memory.take() else { return nil }
    defer { memory = own }
    return valuation.risk(portfolio, &own)
  }

  /// Refuses a second instrument in an isolated account, and a second universe in any.
  func checkIsolation(
    _ portfolio: Portfolio, of instrument: InstrumentID, _ id: AccountID
  ) throws(StepError) {
    try checkUniverse(portfolio, of: instrument, id)
    guard portfolio.mode == .isolated else { return }
    let others = portfolio.positions.contains { $0.instrument != instrument }
    let ordered = portfolio.orders.contains { $0.instrument != instrument }
    if others || ordered { throw .refused(.isolatedAccountHoldsAnother(id)) }
  }

  private func restingOrder(
    _ report: TradeReport
  ) throws(StepError) -> (account: AccountID, order: RestingOrder)? {
    guard let id = report.order else { return nil }
    for owner in [report.buyer, report.seller] {
      guard let index = state.index(of: owner) else { continue }
      let orders = state.accounts[index].portfolio.orders
      guard let order = orders.first(where: { $0.id == id }) else { continue }
      let side: Side = owner == report.buyer ? .buy : .sell
      guard order.instrument == report.instrument, order.side == side,
        order.remaining >= report.size
      else { throw .refused(.fillBeyondSize(id)) }
      let isBeyond = side == .buy ? report.price > order.limit : report.price < order.limit
      guard !isBeyond else { throw .refused(.fillBeyondLimit(id)) }
      return (owner, order)
    }
    throw .refused(.unknownOrder(id))
  }

  /// Refuses a reduction at a price worse than the mark that leaves a position without margin:
  /// what it loses its counterparty would win, and others would have to pay.
  func requireSolvency(
    _ portfolio: Portfolio, since holder: Account, after size: Size, _ trade: Trade
  ) throws(StepError) {
    guard let valuation, let mark = valuation.mark(of: trade.instrument) else {
      throw .refused(.notMarked("the account's instruments"))
    }
    guard size.steps * (mark.unitValue - trade.unitValue) < 0 else { return }
    try requireSolvency(portfolio, of: holder.id)
    try requireNoDrain(portfolio, since: holder)
  }

  /// Refuses a reduction that takes more out of an account than the margin it frees, unless all
  /// that is left has its initial margin or nothing is left.
  ///
  /// Otherwise an owner of two accounts could empty one into the other at a price far from the
  /// mark and keep a position without equity, a claim on the fund that has cost him nothing.
  /// Where a price is not fresh nothing can be said of margin, and what lowers a position passes.
  func requireNoDrain(_ after: Portfolio, since holder: Account) throws(StepError) {
    guard let valuation, !after.positions.isEmpty, (try? requireFreshPrices(after)) != nil,
      (try? requireFreshPrices(holder.portfolio)) != nil
    else { return }
    let stands = valuation.risk(after)
    guard stands.equity < stands.initialMargin else { return }
    let stood = valuation.risk(holder.portfolio)
    guard stands.equity - stands.maintenanceMargin < stood.equity - stood.maintenanceMargin
    else { return }
    throw .refused(
      .belowInitialMargin(
        holder.id, equity: stands.equity, initialMargin: stands.initialMargin))
  }

  /// Refuses what lowers one position of a portfolio and so bares another: below initial margin,
  /// and further below than before.
  ///
  /// Where a price is not fresh nothing can be said of hedges, and what lowers a position passes.
  private func requireHedges(_ after: Portfolio, since holder: Account) throws(StepError) {
    guard after.mode == .portfolio, let valuation, (try? requireFreshPrices(after)) != nil,
      (try? requireFreshPrices(holder.portfolio)) != nil
    else { return }
    let (stands, stood) = (valuation.risk(after), valuation.risk(holder.portfolio))
    let room = stands.equity - stands.initialMargin
    guard room < 0 || room < feesOfOrders(after, valuation),
      room < stood.equity - stood.initialMargin
    else { return }
    throw .refused(
      .belowInitialMargin(
        holder.id, equity: stands.equity, initialMargin: stands.initialMargin))
  }

  /// Refuses a portfolio that is worth less than nothing.
  ///
  /// - Parameter known: Where the portfolio stands, if it has been measured.
  func requireSolvency(
    _ portfolio: Portfolio, of id: AccountID, at known: AccountRisk? = nil
  ) throws(StepError) {
    guard let valuation else { throw .refused(.notMarked("the account's instruments")) }
    let risk = known ?? valuation.risk(portfolio)
    guard risk.equity >= 0 else {
      throw .refused(
        .belowInitialMargin(id, equity: risk.equity, initialMargin: risk.initialMargin))
    }
  }

  /// Refuses unless a portfolio's equity, at fresh prices, covers its initial margin.
  ///
  /// - Parameter known: Where the portfolio stands, if it has been measured.
  func requireInitialMargin(
    _ portfolio: Portfolio, of id: AccountID, withoutProfits: Bool = false,
    at known: AccountRisk? = nil
  ) throws(StepError) {
    guard let valuation else { throw .refused(.notMarked("the account's instruments")) }
    try requireFreshPrices(portfolio)
    let risk = known ?? valuation.risk(portfolio)
    var equity = risk.equity - feesOfOrders(portfolio, valuation)
    if withoutProfits {
      equity -= valuation.unrealizedGains(portfolio)
      if rules.clearing.withdrawsStressedProfit { equity += valuation.stressedGains(portfolio) }
    }
    let required =
      withoutProfits
      ? risk.initialMargin : raised(risk.initialMargin, in: universe(of: portfolio, id))
    guard equity >= required else {
      throw .refused(.belowInitialMargin(id, equity: equity, initialMargin: required))
    }
  }

  /// Refuses when an underlying that a portfolio's equity depends on has no fresh price.
  func requireFreshPrices(_ portfolio: Portfolio) throws(StepError) {
    for position in portfolio.positions {
      guard let index = state.listing.index(of: position.instrument) else { continue }
      let underlying = state.listing.contracts[index].underlying
      guard state.status(of: underlying) == .open else {
        throw .refused(.marketIsReduceOnly(underlying))
      }
    }
    for (index, units) in portfolio.balances.enumerated() where units != 0 {
      guard let underlying = state.listing.collateral[index].underlying else { continue }
      guard isFresh(index) else { throw .refused(.marketIsReduceOnly(underlying)) }
    }
  }
}

extension RestingOrder {
  /// The same order without its promise to reduce.
  fileprivate var reserving: RestingOrder {
    RestingOrder(
      id: id, instrument: instrument, side: side, remaining: remaining, limit: limit,
      isReduceOnly: false)
  }
}

extension Portfolio {
  /// Takes so many steps from a resting order; a filled one is gone.
  fileprivate mutating func fill(_ id: OrderID, by size: Size) {
    guard let slot = orders.firstIndex(where: { $0.id == id }) else { return }
    orders[slot].remaining = orders[slot].remaining - size
    if orders[slot].remaining.steps <= 0 { orders.remove(at: slot) }
  }
}
