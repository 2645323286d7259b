// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import MarketData
import Parameters
import Quantities

// What a partial liquidation trades: the reduction or hedge that frees most for its cost, and how
// much liquidations may trade together.
extension Engine {
  /// Sends the best trade that helps at its limit to the book, or passes the account on if none
  /// does.
  mutating func issueBestTrade(
    _ account: Account, _ risk: AccountRisk, _ valuation: Valuation
  ) throws(StepError) -> Progress {
    var left = directions(account, risk, valuation)
    // What has expired waits for its settlement.
    guard !left.isEmpty else { return .waits }
    var best = bestTrade(account, risk, valuation, among: left)
    if isBetterTogether(account, risk, valuation, than: best) {
      return try enterNext(account.id, after: .partial)
    }
    while let trade = best {
      let direction = trade.direction
      guard let room = room(for: direction.instrument, side: direction.side) else {
        return .waits
      }
      let sizes = leavingNoDust(
        min(trade.size, room), of: direction.instrument, direction.side, account.portfolio, room,
        valuation)
      for size in sizes {
        guard let order = order(direction, size, account, risk, valuation) else { return .waits }
        if let relieving = relieving(order, account, risk, valuation) {
          return try send(relieving, valuation)
        }
      }
      left.removeAll { $0 == direction }
      best = bestTrade(account, risk, valuation, among: left)
    }
    // Collateral that is for sale may yet help.
    guard account.collateralSale == nil else { return .waits }
    return try enterNext(account.id, after: .partial)
  }

  /// The sizes of an order to be tried in turn: first all that is held, where the rest would be
  /// worth too little to be kept, for nobody is paid for closing a speck, and it would be called
  /// again; then the size itself.
  ///
  /// All that is held may exceed a slice. It may also undo what the size alone would free: a hedge
  /// that is gone to its last step bares what it hedged.
  /// - Parameter room: What liquidations may order of the market now; more is not ordered.
  func leavingNoDust(
    _ size: Size, of instrument: InstrumentID, _ side: Side, _ portfolio: Portfolio, _ room: Size,
    _ valuation: Valuation
  ) -> [Size] {
    let held = portfolio.size(of: instrument)
    let whole = held.magnitude
    guard held.sign == -side.sign, size < whole, whole <= room else { return [size] }
    let left = valuation.notional(whole - size, of: instrument)
    return left < rules.liquidation.pace.leastLeft ? [whole, size] : [size]
  }

  /// The reduction or hedge that frees most for its cost; `nil` if none helps.
  mutating func bestTrade(
    _ account: Account, _ risk: AccountRisk, _ valuation: Valuation,
    among stated: [TradeDirection]? = nil
  ) -> SizedTrade? {
    let directions = stated ?? directions(account, risk, valuation)
    // Asked for here: a question that looked at the engine would copy it.
    let listed = directions.compactMap { direction in
      costTerms(of: direction).map { (direction: direction, terms: $0) }
    }
    let portfolio = account.portfolio
    var memory = takeScratch(valuation)
    let best = chooseTrade(
      among: listed.map(\.direction), from: risk.maintenanceMargin + risk.liquidationBuffer
    ) { place, size in
      let (direction, terms) = listed[place]
      return terms.outcome(of: direction, size, for: portfolio, valuation, &memory)
    }
    scratch = consume memory
    return best
  }

  private func directions(
    _ account: Account, _ risk: AccountRisk, _ valuation: Valuation
  ) -> [TradeDirection] {
    let share = rules.liquidation.slice(
      equity: risk.equity, maintenanceMargin: risk.maintenanceMargin)
    return directions(account.portfolio, share, valuation)
  }

  /// What trading in a direction is expected to cost; `nil` for what is not listed.
  func costTerms(of direction: TradeDirection) -> TradeCostTerms? {
    guard let index = state.listing.index(of: direction.instrument) else { return nil }
    let underlying = state.listing.contracts[index].underlying
    var impact: TradeImpact?
    let factor = rules.liquidation.sizing.impact.value
    if factor > 0, let market = state.market(of: underlying),
      let traded = rules.margin.terms.size[underlying].dailyVolume
    {
      // Variance is counted in years of 365 days, without closing hours.
      impact = TradeImpact(
        factor: factor * (market.market.volatility.value / 365.0.squareRoot()),
        volume: Double(traded))
    }
    return TradeCostTerms(
      index: index, rate: closingCost(of: direction.instrument),
      depth: standingDepth(of: direction.instrument, side: direction.side),
      distance: rules.liquidation.depth.distance, impact: impact)
  }

  /// Every position's reduction, and for a portfolio account both sides of the perpetual of every
  /// underlying it holds, as far as its notional there goes.
  ///
  /// - Parameter share: The largest part that one order may take.
  func directions(
    _ portfolio: Portfolio, _ share: Rate, _ valuation: Valuation
  ) -> [TradeDirection] {
    var directions: [TradeDirection] = []
    for position in portfolio.positions {
      guard let index = state.listing.index(of: position.instrument), isTraded(index) else {
        continue
      }
      directions.append(
        TradeDirection(closing: position, most: slice(of: position, share, valuation)))
    }
    guard portfolio.mode == .portfolio else { return directions }
    for hedge in hedges(portfolio) {
      let contract = state.listing.contracts[hedge]
      let held = portfolio.size(of: contract.id)
      let isFull = portfolio.positions.count >= Int(rules.clearing.positionLimit)
      guard held != .zero || !isFull else { continue }
      let most = hedgeLimit(hedge, portfolio, share, valuation)
      for side in [Side.buy, .sell] where held.sign != -side.sign {
        directions.append(TradeDirection(instrument: contract.id, side: side, most: most))
      }
    }
    return directions
  }

  func isTraded(_ index: Int) -> Bool {
    let contract = state.listing.contracts[index]
    let isOver = contract.kind.expiry.map { $0 <= state.time } ?? false
    return !isOver && !state.totals[index].isExpired && index < state.marks.count
  }

  /// The most steps one order may take from a position.
  private func slice(of position: Position, _ share: Rate, _ valuation: Valuation) -> Int64 {
    let whole = position.size.magnitude
    let notional = valuation.notional(whole, of: position.instrument)
    guard notional > rules.liquidation.wholeSliceNotional else { return whole.steps }
    return max(share.share(of: whole.steps, rounding: .up), 1)
  }

  /// The perpetuals of the underlyings in which a portfolio holds options, by dense index.
  private func hedges(_ portfolio: Portfolio) -> [Int] {
    var hedges: [Int] = []
    for position in portfolio.positions {
      guard let index = state.listing.index(of: position.instrument),
        state.listing.contracts[index].isOption
      else { continue }
      let underlying = state.listing.contracts[index].underlying
      let perpetual = state.listing.contracts.firstIndex { contract in
        guard case .perpetual = contract.kind else { return false }
        return contract.underlying == underlying && contract.settlement == .linear
      }
      if let perpetual, isTraded(perpetual), !hedges.contains(perpetual) {
        hedges.append(perpetual)
      }
    }
    return hedges
  }

  /// As many steps of a perpetual as have the notional of all that is held of its underlying, in
  /// slices as positions are.
  private func hedgeLimit(
    _ hedge: Int, _ portfolio: Portfolio, _ share: Rate, _ valuation: Valuation
  ) -> Int64 {
    let contract = state.listing.contracts[hedge]
    var notional: Int128 = 0
    for position in portfolio.positions {
      guard let index = state.listing.index(of: position.instrument),
        state.listing.contracts[index].underlying == contract.underlying
      else { continue }
      notional += Int128(valuation.notional(position.size, of: position.instrument))
    }
    if notional > Int128(rules.liquidation.wholeSliceNotional) {
      notional = max(
        (notional * Int128(share.billionths)).divided(by: 1_000_000_000, rounding: .down),
        Int128(rules.liquidation.wholeSliceNotional))
    }
    let step = Int128(max(valuation.notional(Size(steps: 1), of: contract.id), 1))
    let held = Int128(portfolio.size(of: contract.id).steps.magnitude)
    return Int64(clamping: min(notional / step, Int128(Size.limit) - held))
  }

  /// The order for a trade; its limit is the price at which it would use up its share of equity.
  private func order(
    _ direction: TradeDirection, _ size: Size, _ account: Account, _ risk: AccountRisk,
    _ valuation: Valuation
  ) -> LiquidationOrder? {
    guard let index = state.listing.index(of: direction.instrument) else { return nil }
    let contract = state.listing.contracts[index]
    let held = account.portfolio.size(of: contract.id)
    let isReducing = held.sign == -direction.side.sign
    // A hedge is priced as if it closed a position of its own.
    let closed = isReducing ? held : (direction.side == .sell ? size : -size)
    guard
      let terms = valuation.terms(
        for: contract.id, in: account.portfolio, equity: risk.equity, fund: 0, size: closed,
        requirement: risk.maintenanceMargin)
    else { return nil }
    let limit = try? contract.price(
      ofUnitValue: terms.limitUnitValue, rounding: direction.side == .sell ? .up : .down)
    return LiquidationOrder(
      id: state.nextOrder, account: account.id, instrument: contract.id, side: direction.side,
      size: size, limit: limit ?? (direction.side == .sell ? contract.highestPrice : .zero),
      stage: .partial, expiresAt: state.time + rules.liquidation.orderLife)
  }

  // MARK: How much at once

  /// Begins a new window when the last has ended.
  mutating func countLiquidations() throws(StepError) {
    let sizing = rules.liquidation.sizing
    guard sizing.isThrottled || rules.liquidation.depth.isOn else { return }
    if let flow = state.liquidationFlow {
      guard sizing.windowShare != nil, state.time >= flow.since + sizing.window else { return }
    }
    try emit(.liquidationWindowBegun(at: state.time))
  }

  /// How many steps of a market a liquidation order may have now; `nil` for none.
  ///
  /// A market always has room for one step, so that no limit stops a liquidation for good.
  func room(for instrument: InstrumentID, side: Side) -> Size? {
    let sizing = rules.liquidation.sizing
    let depth = standingDepth(of: instrument, side: side)
    guard sizing.isThrottled || depth != nil, let flow = state.liquidationFlow,
      let index = state.listing.index(of: instrument)
    else { return Size(steps: Size.limit) }
    let (inBlock, inWindow) = flow.ordered(instrument)
    let openInterest = state.totals[index].openInterest
    var room = Size.limit
    if let depth {
      let part = rules.liquidation.depth.part.share(of: depth, rounding: .down)
      room = max(part, 1) - inBlock
    }
    for (share, used) in [(sizing.blockShare, inBlock), (sizing.windowShare, inWindow)] {
      guard let share else { continue }
      room = min(room, max(share.share(of: openInterest, rounding: .up), 1) - used)
    }
    return room > 0 ? Size(steps: room) : nil
  }
}
