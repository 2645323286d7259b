// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Clearing
import Instruments
import Ledger
import Margin
import MarketData
import Parameters
import Quantities

// What the fund's hedge does at the end of a block: it gives back what is not needed, then buys
// what is. One order at a time, so that what it costs and binds is known before the next.
extension Engine {
  mutating func hedgeBalance() throws(StepError) {
    guard state.hedge != nil else { return }
    try reviewHedge()
    guard let valuation, let index = hedgeIndex, state.hedge?.order == nil else { return }
    let risk = measure(state.accounts[index].portfolio, valuation)
    let asked = hedgeQuestions(index, risk, valuation)
    let isShort = risk.equity < risk.initialMargin
    for (underlying, question) in asked {
      let positions = hedgePositions(index, on: underlying, question, valuation)
      guard let trade = question.decideUnwinding(of: positions, isForced: isShort) else { continue }
      return try issue(trade, question, on: underlying, of: index, isReducing: true)
    }
    guard !isShort, rules.hedge.isOn else { return }
    // The furthest beyond its threshold first.
    let urgent = asked.filter { $0.question.excess > 0 }
      .sorted { one, other in
        let (far, near) = (one.question.excess, other.question.excess)
        return far != near ? far > near : one.underlying < other.underlying
      }
    for (underlying, question) in urgent {
      // Of a perpetual or a future the delta has the sign of the position.
      let side: Side = question.imbalance > 0 ? .buy : .sell
      let instruments = hedgeInstruments(index, on: underlying, side, valuation)
      guard let trade = question.decideHedge(with: instruments),
        let fitting = fit(trade, question, index, risk, valuation)
      else { continue }
      try drawHedgeCapital(needed(fitting, index, valuation) - risk.equity, to: index)
      return try issue(fitting, question, on: underlying, of: index, isReducing: false)
    }
  }

  /// Of every underlying that is open and is hedged, or should be, in the order of their symbols.
  private func hedgeQuestions(
    _ index: Int, _ risk: AccountRisk, _ valuation: Valuation
  ) -> [(underlying: AssetSymbol, question: HedgeQuestion)] {
    let positions = state.accounts[index].portfolio.positions
    let budget = HedgeBudget(
      order: rules.hedge.orderCost, window: hedgeWindowLeft,
      fund: Int64(clamping: Int128(hedgeCapitalLeft) + Int128(max(risk.equity, 0))))
    var asked: [(underlying: AssetSymbol, question: HedgeQuestion)] = []
    for rule in rules.underlyings where state.status(of: rule.symbol) == .open {
      let band = rules.hedgeBand(of: rule.symbol)
      let isHeld = positions.contains { valuation.underlying(of: $0.instrument) == rule.symbol }
      guard band != nil || isHeld, let market = state.market(of: rule.symbol) else { continue }
      let balance = balance(of: rule.symbol, valuation)
      asked.append(
        (
          rule.symbol,
          HedgeQuestion(
            imbalance: balance.takers.delta, hedge: balance.hedge.delta,
            index: market.market.index, band: band, mostCost: rules.hedge.mostCost,
            budget: budget)
        ))
    }
    return asked
  }

  private var isHedgeWindowOver: Bool {
    guard let hedge = state.hedge, hedge.windowStart.nanoseconds > 0 else { return true }
    return state.time >= hedge.windowStart + rules.hedge.window
  }

  /// What orders may still cost in this window, or in the one that would begin now.
  private var hedgeWindowLeft: Int64 {
    rules.hedge.windowCost - (isHedgeWindowOver ? 0 : state.hedge?.windowCost ?? 0)
  }

  // MARK: What can be traded

  private func hedgeInstruments(
    _ index: Int, on underlying: AssetSymbol, _ side: Side, _ valuation: Valuation
  ) -> [HedgeInstrument] {
    let portfolio = state.accounts[index].portfolio
    let isFull = portfolio.positions.count >= Int(rules.clearing.positionLimit)
    return state.listing.contracts.indices.compactMap { market in
      let contract = state.listing.contracts[market]
      guard contract.underlying == underlying, isHedgeable(market) else { return nil }
      let held = portfolio.size(of: contract.id)
      guard held != .zero || !isFull, let room = room(for: contract.id, side: side)
      else { return nil }
      let left = Size.limit - held.magnitude.steps
      return hedgeInstrument(market, room: min(room.steps, left), valuation)
    }
  }

  /// What the hedge is made of on an underlying.
  private func hedgePositions(
    _ index: Int, on underlying: AssetSymbol, _ question: HedgeQuestion, _ valuation: Valuation
  ) -> [HedgeInstrument] {
    state.accounts[index].portfolio.positions.compactMap { position in
      guard let market = state.listing.index(of: position.instrument), isHedgeable(market),
        state.listing.contracts[market].underlying == underlying
      else { return nil }
      let part = hedgeInstrument(market, room: position.size.magnitude.steps, valuation)
      let sign = Int128(position.size.sign * part.delta.signum())
      return sign == question.hedge.signum() ? part : nil
    }
  }

  private func hedgeInstrument(
    _ market: Int, room: Int64, _ valuation: Valuation
  ) -> HedgeInstrument {
    let id = state.listing.contracts[market].id
    return HedgeInstrument(
      id: id, delta: valuation.greeks(of: id).delta, unitValue: state.marks[market].unitValue,
      expectedCost: closingCost(of: id), fee: rules.fees.taker, room: room)
  }

  // MARK: What the capital bears

  /// Margin after a trade, and what it costs at worst; millionths of the quote currency.
  private mutating func needed(
    _ trade: HedgeTrade, _ index: Int, _ valuation: Valuation
  ) -> Int64 {
    var after = state.accounts[index].portfolio
    let size = trade.side == .buy ? trade.size : -trade.size
    after.balances[0] += after.take(
      size, of: trade.instrument.id, unitValue: trade.instrument.unitValue)
    let risk = measure(after, valuation)
    let margin = margined(risk.initialMargin)
    return Int64(clamping: Int128(margin) + Int128(trade.worstCost))
  }

  /// The largest part of a trade that the account's equity and the capital bear.
  private mutating func fit(
    _ trade: HedgeTrade, _ question: HedgeQuestion, _ index: Int, _ risk: AccountRisk,
    _ valuation: Valuation
  ) -> HedgeTrade? {
    let most = Int128(risk.equity) + Int128(hedgeCapitalLeft)
    if Int128(needed(trade, index, valuation)) <= most { return trade }
    var (low, high) = (Int64(0), trade.size.steps)
    while low + 1 < high {
      let middle = (low + high) / 2
      let part = trade.resized(to: middle)
      if Int128(needed(part, index, valuation)) <= most { low = middle } else { high = middle }
    }
    let part = trade.resized(to: low)
    return question.permits(part, isClosing: false) ? part : nil
  }

  private mutating func issue(
    _ trade: HedgeTrade, _ question: HedgeQuestion, on underlying: AssetSymbol, of index: Int,
    isReducing: Bool
  ) throws(StepError) {
    guard let market = state.listing.index(of: trade.instrument.id) else { return }
    let contract = state.listing.contracts[market]
    // Rounded so that a fill at the limit is never beyond the value.
    let limit = try? contract.price(
      ofUnitValue: trade.limitUnitValue, rounding: trade.side == .sell ? .up : .down)
    if isHedgeWindowOver { try emit(.hedgeWindowBegun(at: state.time)) }
    let order = LiquidationOrder(
      id: state.nextOrder, account: state.accounts[index].id, instrument: contract.id,
      side: trade.side, size: trade.size,
      limit: limit ?? (trade.side == .buy ? contract.highestPrice : .zero), stage: .pool,
      expiresAt: state.time + rules.liquidation.orderLife)
    try emit(
      .hedgeOrdered(
        HedgeOrder(
          order: order, underlying: underlying,
          imbalance: notional(ofDelta: question.imbalance, underlying),
          unitValue: trade.instrument.unitValue, expectedCost: trade.expectedCost,
          worstCost: trade.worstCost, isReducing: isReducing)))
    try emit(.liquidationOrderIssued(order))
  }
}
