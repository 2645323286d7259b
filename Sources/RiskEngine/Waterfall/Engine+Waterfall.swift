// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import MarketData
import Parameters
import Quantities

// Step 6: one account as far through the waterfall as it can go before it must wait.
extension Engine {
  /// What one look at an account in liquidation leads to.
  enum Progress {
    /// Something changed: look again.
    case moved
    /// The account waits for a report, for a price or for a time.
    case waits
  }

  /// The most moves of one account in one step; reached only if a stage did not end.
  private static let mostMoves = 4_096

  mutating func advance(_ index: Int) throws(StepError) {
    defer { passedOver = nil }
    for _ in 0..<Self.mostMoves {
      guard try move(index) == .moved else { return }
    }
  }

  private mutating func move(_ index: Int) throws(StepError) -> Progress {
    guard let valuation else { return .waits }
    let account = state.accounts[index]
    let risk = risk(of: index, valuation)
    guard isActionable(account.portfolio, risk, valuation) else {
      try holdAuction(account)
      try holdSale(account)
      return .waits
    }
    guard let liquidation = account.liquidation else {
      guard risk.equity < risk.maintenanceMargin, account.portfolio.isReducible,
        mayBeginLiquidation
      else { return .waits }
      try start(account, risk)
      return .moved
    }
    if let sale = liquidation.sale, try review(sale, of: account, valuation) { return .moved }
    if let order = liquidation.order {
      guard state.time >= order.expiresAt else { return .waits }
      try emit(.liquidationOrderClosed(account.id, order.id, .expired))
      return .moved
    }
    if let progress = try reviewOffers(index, risk, liquidation, valuation) { return progress }
    if account.portfolio.positions.isEmpty {
      if let progress = try raiseDebts(account, risk, valuation) { return progress }
      return try settleInsolvency(index) ? .moved : .waits
    }
    if isReleased(risk, liquidation) {
      try closeSale(of: account.id, .cancelled)
      try emit(.liquidationEnded(account.id, .restored))
      return .moved
    }
    return try pursue(liquidation, account, risk, valuation)
  }

  /// Whether an account may be acted on: every market it has a position in has a fresh price,
  /// and what it holds in coins without one decides nothing.
  ///
  /// Such coins may have doubled, and such debts may be gone, since their last price: only an
  /// account that is below maintenance margin even then does not wait. So neither a stale price
  /// nor a speck of a stale coin decides about an account.
  func isActionable(
    _ portfolio: Portfolio, _ risk: AccountRisk, _ valuation: Valuation
  ) -> Bool {
    for position in portfolio.positions {
      guard let instrument = state.listing.index(of: position.instrument),
        state.status(of: state.listing.contracts[instrument].underlying) == .open
      else { return false }
    }
    guard let doubt = doubt(about: portfolio, valuation) else { return true }
    return Int128(risk.equity) + doubt < Int128(risk.maintenanceMargin)
  }

  /// What balances without a fresh price, positive and negative, were last worth, ledger units of
  /// the quote currency; `nil` if every balance has one.
  func doubt(about portfolio: borrowing Portfolio, _ valuation: Valuation) -> Int128? {
    var doubt: Int128?
    for asset in portfolio.balances.indices where portfolio.balances[asset] != 0 {
      guard !isFresh(asset) else { continue }
      let worth = valuation.quote(portfolio.balances[asset], asset: asset)
      doubt = (doubt ?? 0) + Int128(worth.magnitude)
    }
    return doubt
  }

  /// How far an account is below nothing, ledger units of the quote currency, even if its coins
  /// without a fresh price have doubled and such debts are gone; not negative.
  mutating func deficit(of portfolio: borrowing Portfolio, _ valuation: Valuation) -> Int64 {
    let equity = Int128(measure(portfolio, valuation).equity)
    return max(Int64(clamping: -(equity + (doubt(about: portfolio, valuation) ?? 0))), 0)
  }

  /// Whether nothing is left to close of an account, or it is released.
  private mutating func isPastClosing(_ id: AccountID, _ valuation: Valuation) -> Bool {
    guard let index = state.index(of: id), let liquidation = state.accounts[index].liquidation
    else { return true }
    let portfolio = state.accounts[index].portfolio
    let risk = measure(portfolio, valuation)
    return portfolio.positions.isEmpty || isReleased(risk, liquidation)
  }

  /// Whether an account's liquidation may end: its health is restored, and the venue is not one
  /// that closes all once it has begun to.
  func isReleased(_ risk: AccountRisk, _ liquidation: LiquidationProgress) -> Bool {
    guard risk.equity >= line(of: liquidation, risk) else { return false }
    return liquidation.stage == .cancelOrders || !rules.liquidation.pace.closesAll
  }

  /// Whether an account that lacks margin may be called now.
  private var mayBeginLiquidation: Bool {
    isMarginCheck || rules.liquidation.pace.checkInterval == .zero
  }

  private mutating func start(_ account: Account, _ risk: AccountRisk) throws(StepError) {
    let cause = LiquidationCause(
      equity: risk.equity, maintenanceMargin: risk.maintenanceMargin, time: state.time)
    if let place = state.poolIndex(of: account.id), let order = state.pools[place].order {
      try emit(.liquidationOrderClosed(account.id, order.id, .liquidation))
    }
    if let order = state.hedge?.order?.order, order.account == account.id {
      try emit(.liquidationOrderClosed(account.id, order.id, .liquidation))
    }
    try emit(.liquidationStarted(account.id, cause))
    for order in account.portfolio.orders where !stays(order, account.portfolio) {
      try emit(.orderRemoved(account.id, order.id, .liquidation))
    }
  }

  /// Whether an order stays in the book while its account is liquidated: where the venue says so,
  /// one that can only lower a position.
  ///
  /// While the engine has an order out in the instrument a fill of it is refused, as any other
  /// trade of the account there, and so is one beyond what is left of the position.
  private func stays(_ order: RestingOrder, _ portfolio: Portfolio) -> Bool {
    rules.liquidation.pace.keepsReducing && order.isReduceOnly
      && portfolio.size(of: order.instrument).sign == -order.side.sign
  }

  private mutating func pursue(
    _ liquidation: LiquidationProgress, _ account: Account, _ risk: AccountRisk,
    _ valuation: Valuation
  ) throws(StepError) -> Progress {
    let isExhausted = Int64(liquidation.emptyHanded) >= rules.liquidation.patience
    switch liquidation.stage {
    case .cancelOrders:
      guard state.time >= liquidation.cause.time + rules.liquidation.pace.grace else {
        return .waits
      }
      return try enterNext(account.id, after: .cancelOrders)
    case .partial:
      let line = rules.liquidation.pace.handover.share(of: risk.maintenanceMargin, rounding: .down)
      // An order at a fillable price waits at it: the price comes down as the account sinks.
      let isPassedOn = isExhausted && rules.liquidation.sizing.fillable == nil
      if risk.equity <= line || isPassedOn {
        try closeSale(of: account.id, .cancelled)
        if let index = state.index(of: account.id),
          try convertDebts(of: index, above: false)
        {
          return .moved
        }
        return try enterNext(account.id, after: .partial)
      }
      if let progress = try convertFirst(account, risk, valuation) { return progress }
      return try reducePositions(account, risk, valuation)
    case .insuranceFund:
      if isExhausted || !fundReaches(account.portfolio) {
        return try enterNext(account.id, after: .insuranceFund)
      }
      return try issueOrder(account, risk, valuation, stage: .insuranceFund)
    case .deleveraging:
      if try deleverage(account, risk, valuation) { return .moved }
      if rules.goesOnAfterDeleveraging { return try enterNext(account.id, after: .deleveraging) }
      // Nobody is left to close against: what the fund has since earned is tried again.
      return try issueOrder(account, risk, valuation, stage: .deleveraging)
    case .auction: return try pursueAuction(account, risk, valuation)
    case .pool:
      // A venue that closes all goes on with what the pools have left of an account they restored.
      if try offerToPools(account.id), isPastClosing(account.id, valuation) { return .moved }
      return try enterNext(account.id, after: .pool)
    case .socializedLoss:
      return try offer(account, risk, valuation, isExhausted: isExhausted)
    }
  }

  /// Sends the order of a partial liquidation.
  mutating func reducePositions(
    _ account: Account, _ risk: AccountRisk, _ valuation: Valuation
  ) throws(StepError) -> Progress {
    if isInfeasible(account, risk, valuation) { return try enterNext(account.id, after: .partial) }
    switch rules.liquidation.sizing.choice {
    case .mostRelief: return try issueOrder(account, risk, valuation, stage: .partial)
    case .bestPerCost, .bestOfThree: return try issueBestTrade(account, risk, valuation)
    }
  }

  /// Enters the stage that the venue's waterfall has next; after the last one, the account waits
  /// where it is, and its positions are offered to the book.
  mutating func enterNext(
    _ id: AccountID, after stage: LiquidationStage
  ) throws(StepError) -> Progress {
    try closeSale(of: id, .cancelled)
    guard let next = rules.stage(after: stage) else { return try waitInSight(id, at: stage) }
    try emit(.liquidationStageEntered(id, next))
    return .moved
  }

  /// Sends the next order to the book; the account then waits for its report.
  ///
  /// A partial liquidation takes the first position whose order helps the account, in the order of
  /// what closing each would free, and passes the account on if none does; later stages take the
  /// first.
  mutating func issueOrder(
    _ account: Account, _ risk: AccountRisk, _ valuation: Valuation, stage: LiquidationStage
  ) throws(StepError) -> Progress {
    var memory = takeScratch(valuation)
    var left = valuation.closable(account.portfolio, risk: risk, at: state.time, &memory)
    scratch = consume memory
    // What has expired waits for its settlement.
    guard !left.isEmpty else { return .waits }
    while let decided = decideSize(among: left, account.portfolio, risk, valuation) {
      let held = account.portfolio.size(of: decided.instrument)
      let side: Side = held.sign > 0 ? .sell : .buy
      guard let room = room(for: decided.instrument, side: side) else { return .waits }
      let sizes = leavingNoDust(
        min(decided.size, room), of: decided.instrument, side, account.portfolio, room, valuation)
      for size in sizes {
        let sized = PartialSize(instrument: decided.instrument, size: size)
        guard let order = order(sized, account, risk, valuation, stage) else { return .waits }
        guard stage == .partial else { return try send(order, valuation) }
        if let relieving = relieving(order, account, risk, valuation) {
          return try send(relieving, valuation)
        }
      }
      left.removeAll { $0.position.instrument == decided.instrument }
    }
    // Collateral that is for sale may yet help.
    guard stage == .partial, account.collateralSale == nil else { return .waits }
    return try enterNext(account.id, after: .partial)
  }

  /// Which of some positions to reduce next and by how much, at the expected cost.
  private mutating func decideSize(
    among positions: [Closable], _ portfolio: Portfolio, _ risk: AccountRisk,
    _ valuation: Valuation
  ) -> PartialSize? {
    var memory = takeScratch(valuation)
    let decided = decideSize(among: positions, portfolio, risk, valuation, &memory)
    scratch = consume memory
    return decided
  }

  private func decideSize(
    among positions: [Closable], _ portfolio: Portfolio, _ risk: AccountRisk,
    _ valuation: Valuation, _ memory: inout RiskScratch
  ) -> PartialSize? {
    var trial = portfolio
    // Asked for here: a question that looked at the engine would copy it.
    let costs = positions.map { closable in
      let position = closable.position
      return (
        closable: closable, rate: closingCost(of: position.instrument),
        depth: standingDepth(
          of: position.instrument, side: position.size.sign > 0 ? .sell : .buy)
      )
    }
    let distance = rules.liquidation.depth.distance
    let slice = rules.liquidation.slice(
      equity: risk.equity, maintenanceMargin: risk.maintenanceMargin)
    let now = Standing(
      equity: risk.equity, target: risk.maintenanceMargin + risk.liquidationBuffer)
    return decidePartialSize(
      positions.map(\.position), rules.liquidation, slice: slice, now: now
    ) { instrument, size in
      let found = costs.first { $0.closable.position.instrument == instrument }
      let cost = found?.rate.raised(by: found?.depth, size, distance) ?? .zero
      // All of it was asked for when it was looked at whether it can be closed.
      if let closable = found?.closable, closable.position.size.magnitude == size {
        let expected = cost.share(of: closable.position.notional, rounding: .up)
        return Standing(
          equity: closable.without.equity - expected, target: closable.without.target)
      }
      return valuation.standing(
        of: &trial, closing: size, of: instrument, cost: cost, &memory)
    }
  }

  /// The order for a size at the terms of a stage, with what the fund sets aside for it.
  private func order(
    _ sized: PartialSize, _ account: Account, _ risk: AccountRisk, _ valuation: Valuation,
    _ stage: LiquidationStage
  ) -> LiquidationOrder? {
    // What winners will bear is offered as far as the band reaches.
    let requirement = stage == .socializedLoss ? nil : risk.maintenanceMargin
    func terms(_ fund: Int64) -> ClosingTerms? {
      valuation.terms(
        for: sized.instrument, in: account.portfolio, equity: risk.equity, fund: fund,
        requirement: requirement)
    }
    let fund = budget(stage, for: sized.instrument)
    guard var found = terms(fund), let asset = state.settlementIndex(of: sized.instrument)
    else { return nil }
    // A share in whole units a step may come out a unit a step too high: what the fund has not it
    // does not promise.
    if fundShare(of: found, sized.size, at: stage)
      > freeFund(asset, of: universe(of: sized.instrument)),
      let less = terms(max(fund - abs(account.portfolio.size(of: sized.instrument).steps), 0))
    {
      found = less
    }
    return order(sized, account, found, stage)
  }

  func order(
    _ sized: PartialSize, _ account: Account, _ terms: ClosingTerms, _ stage: LiquidationStage
  ) -> LiquidationOrder? {
    guard let instrument = state.listing.index(of: sized.instrument) else { return nil }
    let contract = state.listing.contracts[instrument]
    let isLong = account.portfolio.size(of: sized.instrument).sign > 0
    // The price of the limit value, rounded so that a fill at it is never beyond the value; where
    // that leaves the contract's prices, the last of them.
    let limit = try? contract.price(
      ofUnitValue: terms.limitUnitValue, rounding: isLong ? .up : .down)
    let last = isLong ? contract.highestPrice : Price.zero
    return LiquidationOrder(
      id: state.nextOrder, account: account.id, instrument: sized.instrument,
      side: isLong ? .sell : .buy, size: sized.size, limit: limit ?? last,
      stage: stage, expiresAt: state.time + rules.liquidation.orderLife,
      fundShare: fundShare(of: terms, sized.size, at: stage))
  }

  /// Whether the fund may still spend any of an asset in which one of the positions settles.
  private func fundReaches(_ portfolio: Portfolio) -> Bool {
    portfolio.positions.contains { position in
      let universe = universe(of: position.instrument)
      return state.settlementIndex(of: position.instrument)
        .map { state.fund($0, of: universe) > 0 && windowRoom($0, of: universe) > 0 } ?? false
    }
  }

  /// What the fund of a universe holds of an asset beyond what it has set aside for orders that are
  /// out.
  func freeFund(_ asset: Int, of universe: RiskUniverse) -> Int64 {
    venueIndex.free(of: state.fund(asset, of: universe), asset: asset, universe)
  }
}

extension Portfolio {
  /// Whether there is something to close or a debt to pay.
  fileprivate var isReducible: Bool {
    !positions.isEmpty || balances.contains { $0 < 0 }
  }
}
