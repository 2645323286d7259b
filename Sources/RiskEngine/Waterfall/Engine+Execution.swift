// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Clearing
import Instruments
import Ledger
import Liquidation
import Margin
import MarketData
import Parameters
import Quantities

// What the book made of a liquidation order.
extension Engine {
  /// Books the fills of an order, charges the penalty and then the fees, and takes the account as
  /// far as it can go.
  ///
  /// Every check comes before the first event; a report for an order that is not waited for
  /// (doubled, late, forged) is refused.
  mutating func execute(_ report: ExecutionReport) throws(StepError) {
    guard let id = waiting[report.order], let index = state.index(of: id) else {
      throw .refused(.unknownOrder(report.order))
    }
    if let sale = state.accounts[index].collateralSale, sale.id == report.order {
      return try execute(report, for: sale, of: index)
    }
    guard let order = state.orderOut(of: index), order.id == report.order else {
      throw .refused(.unknownOrder(report.order))
    }
    guard let instrument = state.listing.index(of: order.instrument) else {
      throw .refused(.unknownInstrument(order.instrument))
    }
    let trades = try checked(report.fills, of: order, state.listing.contracts[instrument])
    let filled = try book(trades, of: order, index)
    if order.stage != .pool, continues(index, order, filled: filled) { try advance(index) }
    try reviewPools()
    try reviewHedge()
  }

  /// The trades of an order's fills, or why they may not be booked.
  mutating func checked(
    _ fills: [ExecutionReport.Fill], of order: LiquidationOrder, _ contract: Contract
  ) throws(StepError) -> [Trade] {
    let trades = try trades(for: order, fills, contract)
    try checkCounterparties(of: trades, order, contract)
    return trades
  }

  /// Books the trades of an order that is out, pays keepers, charges the penalty and then the
  /// fees, and closes the order.
  ///
  /// - Returns: What was filled.
  mutating func book(
    _ trades: [Trade], of order: LiquidationOrder, _ index: Int,
    rewards: [(keeper: AccountID, quote: Int64)] = []
  ) throws(StepError) -> Size {
    let penaltyRate = penaltyRate(index)
    for trade in trades { try emit(.traded(trade)) }
    let filled = trades.reduce(Size.zero) { $0 + $1.size }
    for reward in rewards { try payReward(reward.quote, to: reward.keeper, for: order) }
    try chargePenalty(index, order, filled: filled, trades, rate: penaltyRate)
    for trade in trades {
      try chargeFees(of: trade, maker: order.side == .sell ? trade.buyer : trade.seller)
    }
    if cause(of: order) == .hedge { try chargeHedge(trades) }
    let end: OrderEnd = filled == .zero ? .unfilled : .filled
    try emit(.liquidationOrderClosed(order.account, order.id, end))
    return filled
  }

  /// Whether the account goes on at once: the position is gone, or health is restored.
  ///
  /// Otherwise the next slice waits for the next block, so that
  /// the book can recover.
  mutating func continues(_ index: Int, _ order: LiquidationOrder, filled: Size) -> Bool {
    if filled == order.size,
      state.accounts[index].portfolio.size(of: order.instrument) == .zero
    {
      return true
    }
    guard let valuation, let liquidation = state.accounts[index].liquidation else { return false }
    // Measured first: as an argument it would have the whole engine copied for the question.
    let risk = risk(of: index, valuation)
    return isReleased(risk, liquidation)
  }

  /// Refuses fills that would take a balance out of its field, or a counterparty below what a
  /// trade of its own may, before any of them is booked.
  ///
  /// A counterparty takes risk only above initial margin, and reduces only what leaves it solvent:
  /// otherwise a liquidation would hand the loss of one account to the next. The fee is part of
  /// what it takes.
  private mutating func checkCounterparties(
    of trades: [Trade], _ order: LiquidationOrder, _ contract: Contract
  ) throws(StepError) {
    guard !trades.isEmpty else { return }
    guard let valuation else { throw .refused(.notMarked("the account's instruments")) }
    var memory = takeScratch(valuation)
    do { try checkCounterparties(of: trades, order, contract, valuation, &memory) } catch {
      scratch = consume memory
      throw error
    }
    scratch = consume memory
  }

  /// The same with working memory of the caller's: a question that changed the engine would have
  /// it copied for the checks around it.
  private func checkCounterparties(
    of trades: [Trade], _ order: LiquidationOrder, _ contract: Contract, _ valuation: Valuation,
    _ memory: inout RiskScratch
  ) throws(StepError) {
    let asset = state.listing.index(of: contract.settlementAsset) ?? 0
    var own = state.accounts[try account(order.account)].portfolio.settling(
      order.instrument, asset: asset)
    var touched: [Touched] = []
    for trade in trades {
      let isSale = order.side == .sell
      own.take(isSale ? -trade.size : trade.size, at: trade.unitValue)
      let (id, size) = isSale ? (trade.buyer, trade.size) : (trade.seller, -trade.size)
      let slot = touched.firstIndex { $0.id == id } ?? touched.count
      if slot == touched.count {
        touched.append(Touched(id: id, portfolio: state.accounts[try account(id)].portfolio))
      }
      touched[slot].portfolio.balances[asset] += touched[slot].portfolio.take(
        size, of: trade.instrument, unitValue: trade.unitValue)
      let balances = [own.balance, touched[slot].portfolio.balances[asset]]
      guard balances.allSatisfy({ $0.magnitude <= Amount.limit.magnitude }) else {
        throw .refused(.outsideLimits("a balance"))
      }
      let fee = fee(trade.size, of: contract, unitValue: trade.unitValue, role: .maker)
      touched[slot].fees = min(
        touched[slot].fees + surcharged(max(fee, 0), in: universe(of: trade.instrument)),
        Amount.limit)
    }
    for slot in touched.indices {
      try check(&touched[slot], trades, order, asset: asset, valuation, &memory)
    }
  }

  /// A counterparty as the trades would leave it, and the fees it would then owe.
  private struct Touched {
    let id: AccountID
    var portfolio: Portfolio
    var fees: Int64 = 0
  }

  private func check(
    _ one: inout Touched, _ trades: [Trade], _ order: LiquidationOrder, asset: Int,
    _ valuation: Valuation, _ memory: inout RiskScratch
  ) throws(StepError) {
    let (id, place) = (one.id, try account(one.id))
    let held = state.accounts[place].portfolio.size(of: order.instrument)
    let after = one.portfolio.size(of: order.instrument)
    let reduces = held.sign != -after.sign && after.steps.magnitude < held.steps.magnitude
    guard reduces else {
      one.portfolio.balances[asset] = max(one.portfolio.balances[asset] - one.fees, -Amount.limit)
      let risk = valuation.risk(one.portfolio, &memory)
      try requireInitialMargin(one.portfolio, of: id, at: risk)
      try requireDebtCap(one.portfolio, of: id, before: state.accounts[place].portfolio)
      return
    }
    try requireSolvency(one.portfolio, of: id, at: valuation.risk(one.portfolio, &memory))
    if let mark = valuation.mark(of: order.instrument)?.unitValue,
      trades.contains(where: { $0.isWorse(than: mark, for: id) })
    {
      try requireNoDrain(one.portfolio, since: state.accounts[place])
    }
  }

  private func trades(
    for order: LiquidationOrder, _ fills: [ExecutionReport.Fill], _ contract: Contract
  ) throws(StepError) -> [Trade] {
    guard state.time < order.expiresAt else { throw .refused(.orderTooLate(order.id)) }
    guard fills.count <= 64 else { throw .refused(.outsideLimits("the number of fills")) }
    var remaining = order.size
    var trades: [Trade] = []
    for (place, fill) in fills.enumerated() {
      guard fill.size.steps > 0 else { throw .refused(.notPositive("a fill's size")) }
      guard fill.size <= remaining else { throw .refused(.fillBeyondSize(order.id)) }
      remaining = remaining - fill.size
      guard (0...Price.limit).contains(fill.price.steps) else {
        throw .refused(.outsideLimits("a fill's price"))
      }
      let isBeyond = order.side == .sell ? fill.price < order.limit : fill.price > order.limit
      guard !isBeyond else { throw .refused(.fillBeyondLimit(order.id)) }
      try checkBand(fill.price, of: order, tick: contract.tick)
      guard let unitValue = try? contract.unitValue(at: fill.price) else {
        throw .refused(.outsideLimits("a fill's price"))
      }
      let before = fills[..<place].filter { $0.counterparty == fill.counterparty }
      let taken = before.reduce(fill.size.steps) { $0 + $1.size.steps }
      try checkCounterparty(fill.counterparty, takes: taken, of: order)
      let isSale = order.side == .sell
      trades.append(
        Trade(
          instrument: contract.id, buyer: isSale ? fill.counterparty : order.account,
          seller: isSale ? order.account : fill.counterparty, size: fill.size,
          unitValue: unitValue, price: fill.price,
          cause: cause(of: order)))
    }
    return trades
  }

  private func cause(of order: LiquidationOrder) -> TradeCause {
    guard order.stage == .pool else { return .liquidation }
    return state.isHedge(order.account) ? .hedge : .unwinding
  }

  /// Refuses a price further on the order's good side than the band: what the account in
  /// liquidation would gain its counterparty would lose.
  private func checkBand(
    _ price: Price, of order: LiquidationOrder, tick: Price
  ) throws(StepError) {
    guard let mark = valuation?.mark(of: order.instrument)?.price else { return }
    let gain = -order.side.sign * (price.steps - mark.steps)
    guard gain <= rules.clearing.bandWidth(around: mark, tick: tick) else {
      throw .refused(.priceOutsideBand(price, mark: mark))
    }
  }

  /// - Parameter steps: All that the counterparty takes of the order.
  private func checkCounterparty(
    _ id: AccountID, takes steps: Int64, of order: LiquidationOrder
  ) throws(StepError) {
    let index = try account(id)
    guard id != order.account else { throw .refused(.selfTrade(id)) }
    try requireCustomer(id)
    guard !state.accounts[index].isInLiquidation else {
      throw .refused(.accountInLiquidation(id))
    }
    // Bought from the house a hedge would leave the takers where they are.
    guard cause(of: order) != .hedge || !state.isHouse(index) else {
      throw .refused(.houseAccount(id))
    }
    let held = state.accounts[index].portfolio.size(of: order.instrument).steps
    guard (held - order.side.sign * steps).magnitude <= Size.limit.magnitude else {
      throw .refused(.outsideLimits("a position"))
    }
    // An account with more positions than can be measured could not be watched any more.
    let count = state.accounts[index].portfolio.positions.count
    guard held != 0 || count < RiskScratch.mostPositions else {
      throw .refused(.tooManyPositions(id))
    }
    try checkIsolation(state.accounts[index].portfolio, of: order.instrument, id)
  }

  /// The rate of the account's tier before the fill, or the general one where none states it.
  private mutating func penaltyRate(_ index: Int) -> Rate {
    let rate = valuation.map { risk(of: index, $0).penaltyRate } ?? .zero
    return rate == .zero ? rules.liquidation.penalty : rate
  }

  /// The penalty goes to the insurance fund, but for the keepers' share, and never makes an
  /// account insolvent.
  private mutating func chargePenalty(
    _ index: Int, _ order: LiquidationOrder, filled: Size, _ trades: [Trade], rate: Rate
  ) throws(StepError) {
    // A pool that reduces a position is not being liquidated.
    guard let valuation, filled > .zero, order.stage != .pool,
      let instrument = state.listing.index(of: order.instrument),
      let asset = state.listing.index(of: state.listing.contracts[instrument].settlementAsset)
    else { return }
    let risk = risk(of: index, valuation)
    let penalty = liquidationPenalty(
      notional: valuation.notional(filled, of: order.instrument),
      rate: rate,
      equity: risk.equity)
    let units = min(
      valuation.units(ofQuote: penalty, asset: asset, rounding: .down),
      state.accounts[index].portfolio.balances[asset] + Amount.limit)
    guard units > 0 else { return }
    let left = units - (try payKeepers(units, asset: asset, order, filled: filled, trades))
    let universe = universe(of: order.instrument)
    let taken = min(left, fundSpace(asset, of: universe))
    guard taken > 0 else { return }
    try move(
      taken, asset: asset, from: .account(order.account), to: .fund(of: universe),
      .liquidationPenalty)
  }

  /// Shares the keepers' part of a penalty among those who took the order, by size, rounded down.
  ///
  /// - Returns: What was paid; the rest of the penalty is the fund's.
  private mutating func payKeepers(
    _ penalty: Int64, asset: Int, _ order: LiquidationOrder, filled: Size, _ trades: [Trade]
  ) throws(StepError) -> Int64 {
    let kept = rules.liquidation.pace.keeperShare.share(of: penalty, rounding: .down)
    guard kept > 0 else { return 0 }
    var paid: Int64 = 0
    for trade in trades {
      let keeper = order.side == .sell ? trade.buyer : trade.seller
      let product = Int128(kept) * Int128(trade.size.steps)
      let part = Int64(clamping: product.divided(by: Int128(filled.steps), rounding: .down))
      // A reward that the keeper's field could not hold stays with the fund.
      guard part > 0, let index = state.index(of: keeper),
        state.accounts[index].portfolio.balances[asset] <= Amount.limit - part
      else { continue }
      try move(
        part, asset: asset, from: .account(order.account), to: .account(keeper),
        .liquidationPenalty)
      paid += part
    }
    return paid
  }
}

extension Trade {
  /// Whether a side of the trade loses by it at the mark.
  fileprivate func isWorse(than mark: Int64, for id: AccountID) -> Bool {
    (buyer == id && unitValue > mark) || (seller == id && unitValue < mark)
  }
}
