// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import MarketData
import Parameters
import Quantities

// Who takes collateral of an account in liquidation: reports of the spot market, and bids.
extension Engine {
  /// A part that has passed every check.
  private struct Deal {
    let buyer: AccountID
    /// Ledger units of the asset.
    var units: Int64
    /// Ledger units of the quote currency.
    var paid: Int64
  }

  // MARK: The spot market

  /// Books the fills of an order for collateral: money and coins change hands, nothing else.
  ///
  /// Every check comes before the first event. What is not filled is not offered again before
  /// positions were tried; after a part was, the book has until the next block to recover.
  mutating func execute(
    _ report: ExecutionReport, for sale: CollateralSale, of index: Int
  ) throws(StepError) {
    let deals = try deals(report, sale)
    var units: Int64 = 0
    var paid: Int64 = 0
    for deal in deals {
      try checkBuyer(deal, from: index, sale)
      units += deal.units
      paid += deal.paid
    }
    try checkSeller(index, sale, gives: units, for: paid)
    if units > 0 { try checkWorth(index, sale, gives: units, for: paid) }
    for deal in deals { try book(deal, sale) }
    try chargeFee(on: paid, of: index)
    try closeSale(of: sale.account, units > 0 ? .filled : .unfilled)
    if units == 0 { passedOver = sale.account }
    guard units == 0 || units >= sale.left || isReleased(index) else { return }
    try advance(index)
  }

  /// What the fills come to, those of one counterparty together.
  private func deals(
    _ report: ExecutionReport, _ sale: CollateralSale
  ) throws(StepError) -> [Deal] {
    guard state.time < sale.expiresAt else { throw .refused(.orderTooLate(sale.id)) }
    guard report.fills.count <= 64 else { throw .refused(.outsideLimits("the number of fills")) }
    guard let asset = state.listing.index(of: sale.asset), let market = spotMarket(of: asset),
      market.contract.id == sale.market
    else { throw .refused(.unknownOrder(sale.id)) }
    let limit = max(sale.limit, limit(of: asset))
    var left = sale.left / market.unitsPerStep
    var deals: [Deal] = []
    for fill in report.fills {
      guard fill.size.steps > 0 else { throw .refused(.notPositive("a fill's size")) }
      guard fill.size.steps <= left else { throw .refused(.fillBeyondSize(sale.id)) }
      left -= fill.size.steps
      guard (0...Price.limit).contains(fill.price.steps) else {
        throw .refused(.outsideLimits("a fill's price"))
      }
      guard fill.price >= limit else { throw .refused(.fillBeyondLimit(sale.id)) }
      if let mark = valuation?.mark(of: market.contract.id)?.price,
        fill.price.steps - mark.steps
          > rules.clearing.bandWidth(around: mark, tick: market.contract.tick)
      {
        throw .refused(.priceOutsideBand(fill.price, mark: mark))
      }
      guard let value = try? market.contract.unitValue(at: fill.price), value > 0 else {
        throw .refused(.outsideLimits("a fill's price"))
      }
      let slot = deals.firstIndex { $0.buyer == fill.counterparty } ?? deals.count
      if slot == deals.count { deals.append(Deal(buyer: fill.counterparty, units: 0, paid: 0)) }
      deals[slot].units += fill.size.steps * market.unitsPerStep
      deals[slot].paid += fill.size.steps * value
    }
    return deals
  }

  /// Refuses fills that cost an account more than a sale offered now could: with positions, what
  /// leaves it further below its line or insolvent; without, more than is its own, or than the
  /// sale had to cost anyhow.
  ///
  /// A step's value has whole units, so an order filled at its limit may lack one unit a step.
  private mutating func checkWorth(
    _ index: Int, _ sale: CollateralSale, gives units: Int64, for paid: Int64
  ) throws(StepError) {
    guard let valuation, let asset = state.listing.index(of: sale.asset),
      let market = spotMarket(of: asset)
    else { return }
    var after = state.accounts[index].portfolio
    let now = measure(after, valuation)
    let fee = rules.liquidation.conversion.fee.share(of: paid, rounding: .down)
    let dust = Int128(units / market.unitsPerStep)
    after.balances[asset] -= units
    after.balances[0] += paid
    guard after.positions.isEmpty else {
      after.balances[0] -= fee
      let then = measure(after, valuation)
      guard then.equity >= 0, then.surplus + dust >= now.surplus else {
        throw .refused(.fillBeyondLimit(sale.id))
      }
      return
    }
    // The fee is never more than equity.
    let then = measure(after, valuation).equity
    let worth = valuation.quote(units, collateral: asset)
    let borne =
      now.equity >= 0
      ? Int128(then) + dust >= 0
      : Int128(paid) + Int128(saleCost(worth: worth, of: asset)) + dust >= Int128(worth)
    guard borne else { throw .refused(.fillBeyondLimit(sale.id)) }
  }

  // MARK: Bids

  /// Serves the bids of one instant for collateral under the hammer, the highest limit first; all
  /// pay what the block asks.
  ///
  /// - Throws: The first bid's refusal, if none could be filled.
  mutating func bid(
    for id: AccountID, _ order: OrderID, _ bids: [CollateralBid]
  ) throws(StepError) {
    let index = try account(id)
    guard !bids.isEmpty else { throw .refused(.notPositive("the number of bids")) }
    guard bids.count <= Self.mostBids else {
      throw .refused(.outsideLimits("the number of bids"))
    }
    guard let sale = state.accounts[index].collateralSale, sale.id == order else {
      throw .refused(.unknownOrder(order))
    }
    var first: StepError?
    var isFilled = false
    for bid in bids.sorted(by: { $0.precedes($1) }) {
      guard let open = state.accounts[index].collateralSale, open.left > 0 else { break }
      let deal: Deal
      do { deal = try decide(bid, open, of: index) } catch {
        first = first ?? error
        continue
      }
      try book(deal, open)
      try chargeFee(on: deal.paid, of: index)
      isFilled = true
    }
    guard isFilled else { throw first ?? .refused(.nothingForSale(id)) }
    if state.accounts[index].liquidation?.sale?.left == 0 { try closeSale(of: id, .filled) }
    try advance(index)
  }

  private mutating func decide(
    _ bid: CollateralBid, _ sale: CollateralSale, of index: Int
  ) throws(StepError) -> Deal {
    let portfolio = state.accounts[index].portfolio
    guard let valuation, sale.market == nil, sale.pricedAt == state.time else {
      throw .refused(.nothingForSale(sale.account))
    }
    let risk = measure(portfolio, valuation)
    let debt = portfolio.positions.isEmpty ? -portfolio.balances[0] : Amount.limit
    guard isActionable(portfolio, risk, valuation), debt > 0, !isReleased(index) else {
      throw .refused(.nothingForSale(sale.account))
    }
    guard bid.units > 0 else { throw .refused(.notPositive("a bid's size")) }
    guard sale.price <= bid.limit else {
      throw .refused(.askAboveLimit(sale.account, asked: sale.price, limit: bid.limit))
    }
    let asked = AssetWorth(price: sale.price.steps, unitsPerWhole: sale.asset.unitsPerWhole)
    let whole = Int128(sale.asset.unitsPerWhole) * 100
    let needed = (Int128(debt) * whole).divided(by: Int128(sale.price.steps), rounding: .up)
    let units = min(bid.units, sale.left, Int64(clamping: needed))
    // Paid for in whole units of the quote currency, rounded up: no dust is free.
    let deal = Deal(buyer: bid.bidder, units: units, paid: asked(units, rounding: .up))
    let least = min(rules.liquidation.conversion.leastWorth, asked(sale.left))
    guard deal.paid >= min(least, debt) else { throw .refused(.outsideLimits("a bid's size")) }
    try checkBuyer(deal, from: index, sale)
    try checkSeller(index, sale, gives: units, for: deal.paid)
    try checkExcess(index, deal, sale, risk, valuation)
    return deal
  }

  /// Refuses a bid that would leave an account with positions further below its line, or one
  /// without with a debt that its coins at the mark would have paid: the fund buys those at the
  /// mark, and would bear the discount.
  private mutating func checkExcess(
    _ index: Int, _ deal: Deal, _ sale: CollateralSale, _ risk: AccountRisk,
    _ valuation: Valuation
  ) throws(StepError) {
    var after = state.accounts[index].portfolio
    guard let asset = state.listing.index(of: sale.asset) else { return }
    guard !after.positions.isEmpty else {
      // The fee is never more than equity.
      after.balances[asset] -= deal.units
      after.balances[0] += deal.paid
      guard measure(after, valuation).equity >= min(risk.equity, 0) else {
        throw .refused(.bidLowersExcess(sale.account))
      }
      return
    }
    let fee = rules.liquidation.conversion.fee.share(of: deal.paid, rounding: .down)
    after.balances[asset] -= deal.units
    after.balances[0] += deal.paid - fee
    let stands = measure(after, valuation)
    guard stands.surplus >= risk.surplus, stands.equity >= 0 else {
      throw .refused(.bidLowersExcess(sale.account))
    }
  }

  // MARK: Both

  private mutating func isReleased(_ index: Int) -> Bool {
    let account = state.accounts[index]
    guard let valuation, let liquidation = account.liquidation,
      !account.portfolio.positions.isEmpty
    else { return false }
    let risk = measure(account.portfolio, valuation)
    return isReleased(risk, liquidation)
  }

  /// Refuses a buyer who may not trade with the account, cannot pay out of what he has, or would
  /// have less than his initial margin.
  private mutating func checkBuyer(
    _ deal: Deal, from index: Int, _ sale: CollateralSale
  ) throws(StepError) {
    let buyer = try account(deal.buyer)
    guard state.owner(of: buyer) != state.owner(of: index) else {
      throw .refused(.selfTrade(deal.buyer))
    }
    guard !state.isPool(deal.buyer) else { throw .refused(.poolAccount(deal.buyer)) }
    guard !state.accounts[buyer].isInLiquidation else {
      throw .refused(.accountInLiquidation(deal.buyer))
    }
    guard let asset = state.listing.index(of: sale.asset) else {
      throw .refused(.unknownAsset(sale.asset.symbol))
    }
    var portfolio = state.accounts[buyer].portfolio
    let money = cash(portfolio, 0, withOrders: true)
    guard money >= Int128(deal.paid) else {
      throw .refused(.insufficientBalance(deal.buyer, has: Int64(clamping: money)))
    }
    guard portfolio.balances[asset] <= Amount.limit - deal.units else {
      throw .refused(.outsideLimits("a balance"))
    }
    portfolio.balances[0] -= deal.paid
    portfolio.balances[asset] += deal.units
    // Measured first: as an argument it would have the whole engine copied for the question.
    let known = valuation.map { measure(portfolio, $0) }
    try requireInitialMargin(portfolio, of: deal.buyer, at: known)
  }

  /// Refuses what the account does not have, or could not take in.
  private func checkSeller(
    _ index: Int, _ sale: CollateralSale, gives units: Int64, for paid: Int64
  ) throws(StepError) {
    let portfolio = state.accounts[index].portfolio
    let held = state.listing.index(of: sale.asset).map { cash(portfolio, $0) } ?? 0
    guard held >= Int128(units) else {
      throw .refused(.insufficientBalance(sale.account, has: Int64(clamping: held)))
    }
    guard portfolio.balances[0] <= Amount.limit - paid else {
      throw .refused(.outsideLimits("a balance"))
    }
  }

  private mutating func book(_ deal: Deal, _ sale: CollateralSale) throws(StepError) {
    guard let asset = state.listing.index(of: sale.asset) else { return }
    try emit(
      .collateralSold(
        CollateralFill(
          sale: sale.id, account: sale.account, buyer: deal.buyer, units: deal.units,
          paid: deal.paid)))
    try move(
      deal.units, asset: asset, from: .account(sale.account), to: .account(deal.buyer),
      .collateralSale)
    try move(
      deal.paid, asset: 0, from: .account(deal.buyer), to: .account(sale.account),
      .collateralSale)
  }

  /// The fund's part of what was paid: never more than equity, so it makes nobody insolvent.
  private mutating func chargeFee(on paid: Int64, of index: Int) throws(StepError) {
    guard let valuation else { return }
    let account = state.accounts[index]
    let equity = measure(account.portfolio, valuation).equity
    let owed = rules.liquidation.conversion.fee.share(of: paid, rounding: .down)
    let fee = payable(min(owed, max(equity, 0)), asset: 0, by: index)
    guard fee > 0 else { return }
    try move(
      fee, asset: 0, from: .account(account.id), to: .fund(of: account.universe), .conversionFee)
  }
}
