// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
public import Ledger
import Liquidation
import Margin
import MarketData
import Parameters
public import Quantities

// Collateral for sale outside the fund: how it is offered, its clock, and when that is over.
extension Engine {
  /// The spot market of an asset against the quote currency.
  struct SpotMarket {
    let contract: Contract
    /// Ledger units of the asset in one step.
    let unitsPerStep: Int64
  }

  /// The first listed spot market of an asset, if its steps are whole units.
  func spotMarket(of asset: Int) -> SpotMarket? {
    let listed = state.listing.collateral[asset].asset
    let index = state.listing.contracts.firstIndex { contract in
      contract.kind == .spot && contract.underlying == listed.symbol
        && contract.settlementAsset == state.listing.quote
    }
    guard let index, index < state.marks.count else { return nil }
    let contract = state.listing.contracts[index]
    // A step is so many 10^−8 of a coin, and an asset has at most 8 decimals.
    let perUnit = 100_000_000 / listed.unitsPerWhole
    let (units, rest) = contract.stepQuantity.quotientAndRemainder(dividingBy: perUnit)
    guard units > 0, rest == 0 else { return nil }
    return SpotMarket(contract: contract, unitsPerStep: units)
  }

  /// How many steps of its spot market are left of a sale; `nil` for one under the hammer.
  public func stepsLeft(of sale: CollateralSale) -> Size? {
    guard sale.market != nil, let asset = state.listing.index(of: sale.asset),
      let market = spotMarket(of: asset)
    else { return nil }
    return Size(steps: sale.left / market.unitsPerStep)
  }

  /// Puts collateral up for sale, in its spot market or under the hammer.
  ///
  /// - Parameter mostLoss: What the sale may cost the account in all, millionths.
  /// - Returns: `false` if there is no price at which it could be sold.
  mutating func offer(
    _ decision: ConversionDecision, _ asset: Int, mostLoss: Int64, _ valuation: Valuation
  ) throws(StepError) -> Bool {
    let terms = rules.liquidation.conversion
    guard decision.worth > 0 else { return false }
    let fee = terms.fee.share(of: decision.worth, rounding: .up)
    let slip = terms.slippage.share(of: decision.worth, rounding: .down)
    let loss = min(slip, mostLoss - fee, decision.worth)
    guard loss >= 0 else { return false }
    let price = valuation.collateralPrices[asset]
    var limit = Self.part(decision.worth - loss, of: decision.worth, price)
    var (asked, market): (Price, SpotMarket?) = (limit, nil)
    var units = decision.units
    var end = state.time + rules.liquidation.orderLife
    if terms.execution == .book {
      guard let spot = spotMarket(of: asset), limit <= spot.contract.highestPrice else {
        return false
      }
      market = spot
      units = (units - 1) / spot.unitsPerStep * spot.unitsPerStep + spot.unitsPerStep
    } else {
      let whole = Rate.one.billionths
      limit = max(limit, Self.part(terms.auctionReserve.billionths, of: whole, price))
      asked = max(limit, Self.part(terms.auctionStart.billionths, of: whole, price))
      end = state.time + terms.auctionDuration
    }
    try emit(.conversionDecided(decision))
    try emit(
      .collateralOffered(
        CollateralSale(
          id: state.nextOrder, account: decision.account, asset: decision.asset,
          market: market?.contract.id, units: units, limit: limit, price: asked,
          startedAt: state.time, expiresAt: end)))
    return true
  }

  /// The least price for a whole of an asset that the venue permits a sale in the book now.
  func limit(of asset: Int) -> Price {
    guard let valuation else { return .zero }
    let kept = Rate.one.billionths - rules.liquidation.conversion.slippage.billionths
    return Self.part(kept, of: Rate.one.billionths, valuation.collateralPrices[asset])
  }

  /// A part of a price, rounded up.
  private static func part(_ share: Int64, of whole: Int64, _ price: Price) -> Price {
    let steps = (Int128(price.steps) * Int128(share)).divided(by: Int128(whole), rounding: .up)
    return Price(steps: Int64(min(steps, Int128(Price.limit))))
  }

  /// Ends a sale that is over or that the account no longer bears, and lets the price of one under
  /// the hammer fall.
  ///
  /// What ends so is not offered again before something else was tried.
  /// - Returns: Whether anything has changed.
  mutating func review(
    _ sale: CollateralSale, of account: Account, _ valuation: Valuation
  ) throws(StepError) -> Bool {
    let terms = rules.liquidation.conversion
    guard let asset = state.listing.index(of: sale.asset) else { return false }
    let isBorne = cash(account.portfolio, asset) >= Int128(sale.left)
    // The last price is asked for a block, as every other.
    let isOver =
      sale.market == nil
      ? sale.elapsed >= terms.auctionDuration && sale.pricedAt < state.time
      : state.time >= sale.expiresAt
    guard isBorne, !isOver else {
      passedOver = account.id
      try closeSale(of: account.id, isBorne ? .expired : .cancelled)
      return true
    }
    guard sale.market == nil, sale.pricedAt < state.time else { return false }
    let tick = min(state.time - sale.pricedAt, rules.liquidation.auction.longestTick)
    let elapsed = TimeSpan(
      nanoseconds: sale.elapsed.nanoseconds + max(tick.nanoseconds, 0))
    let factor = PricePath.linear(
      start: terms.auctionStart, end: terms.auctionReserve, duration: terms.auctionDuration
    ).factor(after: elapsed)
    let price = Self.part(
      factor.billionths, of: Rate.one.billionths, valuation.collateralPrices[asset])
    try emit(.collateralPriced(account.id, elapsed: elapsed, price: max(price, sale.limit)))
    return true
  }

  /// The clock of a sale under the hammer stands still while the account may not be acted on.
  mutating func holdSale(_ account: Account) throws(StepError) {
    guard let sale = account.collateralSale, sale.market == nil, sale.pricedAt < state.time
    else { return }
    try emit(.collateralPriced(account.id, elapsed: sale.elapsed, price: sale.price))
  }

  /// Takes what is left of a sale back, if there is one.
  mutating func closeSale(of id: AccountID, _ end: OrderEnd) throws(StepError) {
    guard let index = state.index(of: id), let sale = state.accounts[index].collateralSale
    else { return }
    try emit(.collateralSaleClosed(id, sale.id, end))
  }
}
