// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import MarketData
import Parameters
import Quantities

// Collateral that is sold before positions are reduced, or beside them.
extension Engine {
  /// Sells collateral of an account where that frees more margin than it costs, and where the
  /// venue asks for it no less for its cost than reducing positions.
  ///
  /// - Returns: `nil` if positions are to be reduced instead.
  mutating func convertFirst(
    _ account: Account, _ risk: AccountRisk, _ valuation: Valuation
  ) throws(StepError) -> Progress? {
    let choice = rules.liquidation.conversion.choice
    guard choice != .never else { return nil }
    if let sale = account.collateralSale {
      return try reduce(beside: sale, account, valuation)
    }
    guard passedOver != account.id else { return nil }
    let order = convertible(account, valuation)
    guard !order.isEmpty else { return nil }
    let rival = choice == .cheapest ? rival(account, risk, valuation) : nil
    let before = Standing(
      equity: risk.equity, target: risk.maintenanceMargin + risk.liquidationBuffer)
    var memory = takeScratch(valuation)
    let chosen = chooseCollateral(inOrder: order, before: before, against: rival) {
      outcome(ofSelling: $1, of: $0, account.portfolio, valuation, &memory)
    }
    scratch = memory
    guard let chosen else { return nil }
    return try sell(chosen, rival, account, valuation)
  }

  /// Offers collateral of an account without positions for what it owes, where that is not for the
  /// fund to buy.
  ///
  /// - Returns: `nil` if its debts are for the fund now.
  mutating func raiseDebts(
    _ account: Account, _ risk: AccountRisk, _ valuation: Valuation
  ) throws(StepError) -> Progress? {
    let terms = rules.liquidation.conversion
    guard terms.choice != .never, terms.execution != .mark else { return nil }
    if account.collateralSale != nil {
      guard account.portfolio.balances[0] >= 0 else { return .waits }
      try closeSale(of: account.id, .cancelled)
      return .moved
    }
    guard passedOver != account.id else { return nil }
    let raised = raiseDebt(
      -account.portfolio.balances[0], inOrder: convertible(account, valuation)
    ) { proceeds(ofSelling: $1, of: $0, valuation) }
    guard let raised else { return nil }
    let worth = valuation.quote(raised.units, collateral: raised.asset)
    let cost = min(saleCost(worth: worth, of: raised.asset), worth)
    let decision = ConversionDecision(
      account: account.id, asset: state.listing.collateral[raised.asset].asset,
      units: raised.units, worth: worth, freed: 0, cost: cost, rivalFreed: 0, rivalCost: 0)
    // Of somebody's own while there is any; and then no more than it had to cost anyhow.
    let loss = risk.equity >= 0 ? risk.equity : cost
    return try offer(decision, raised.asset, mostLoss: loss, valuation) ? .waits : nil
  }

  // MARK: What can be sold

  /// What an account may sell, in the venue's order: coins at a fresh price, beyond what its
  /// positions have lost in them and what its options still owe.
  private func convertible(
    _ account: Account, _ valuation: Valuation
  ) -> [ConvertibleBalance] {
    let portfolio = account.portfolio
    var order: [ConvertibleBalance] = []
    for asset in rules.conversionOrder where asset != 0 && isFresh(asset) {
      let held = spare(asset, of: portfolio, valuation)
      guard held > 0 else { continue }
      let least = valuation.units(
        ofQuote: rules.liquidation.conversion.leastWorth, collateral: asset, rounding: .up)
      let most = most(of: held, asset, account, valuation)
      // Dust that is all whoever takes it can pay for is not worth a sale either.
      guard most > 0, most >= min(held, least) else { continue }
      order.append(ConvertibleBalance(asset: asset, most: most, least: least))
    }
    return order
  }

  /// What an account has of an asset beyond losses that would be taken out of it.
  private func spare(
    _ asset: Int, of portfolio: Portfolio, _ valuation: Valuation
  ) -> Int64 {
    var lost: Int128 = 0
    for position in portfolio.positions {
      guard let index = state.listing.index(of: position.instrument),
        state.settlementIndex(of: position.instrument) == asset,
        !(state.listing.contracts[index].isOption && position.size > .zero)
      else { continue }
      lost += Int128(position.unrealizedProfit(unitValue: valuation.marks[index].unitValue))
    }
    return Int64(clamping: cash(portfolio, asset) + min(lost, 0))
  }

  /// How much of what is held whoever takes it can take at once.
  private func most(
    of held: Int64, _ asset: Int, _ account: Account, _ valuation: Valuation
  ) -> Int64 {
    switch rules.liquidation.conversion.execution {
    case .mark:
      let space = Amount.limit - max(account.portfolio.balances[0], 0)
      let money = min(freeFund(0, of: account.universe), space)
      let bought = valuation.units(ofQuote: money, collateral: asset, rounding: .down)
      return min(held, bought, fundSpace(asset, of: account.universe))
    case .book:
      guard let market = spotMarket(of: asset) else { return 0 }
      return min(held / market.unitsPerStep, Size.limit) * market.unitsPerStep
    case .auction: return held
    }
  }

  // MARK: What it comes to

  /// What selling a worth is expected to cost, millionths, rounded up: the asset's stated cost, and
  /// where it is not the fund that buys, the fee and Y σ √(worth ÷ V).
  func saleCost(worth: Int64, of asset: Int) -> Int64 {
    let terms = rules.liquidation.conversion
    let stated = rules.debts[asset].conversionCost
    guard terms.execution != .mark else { return stated.share(of: worth, rounding: .up) }
    let plain = (stated + terms.fee).share(of: worth, rounding: .up)
    let collateral = state.listing.collateral[asset]
    guard terms.impact > .zero, let underlying = collateral.underlying,
      let market = state.market(of: underlying),
      let volume = rules.margin.terms.size[underlying].dailyVolume
    else { return plain }
    // As for positions: variance is counted in years of 365 days, without closing hours.
    let daily = market.market.volatility.value / 365.0.squareRoot()
    let share = terms.impact.value * daily * (Double(worth) / Double(volume)).squareRoot()
    let impact = min(share * Double(worth), 0x1p62).rounded(.up)
    return Int64(clamping: Int128(plain) + Int128(impact))
  }

  /// What so much of an asset is expected to bring, millionths: the quote currency's own units.
  private func proceeds(ofSelling units: Int64, of asset: Int, _ valuation: Valuation) -> Int64 {
    let worth = valuation.quote(units, collateral: asset)
    return max(worth - saleCost(worth: worth, of: asset), 0)
  }

  private func outcome(
    ofSelling units: Int64, of asset: Int, _ portfolio: Portfolio, _ valuation: Valuation,
    _ memory: inout RiskScratch
  ) -> TradeOutcome {
    let received = proceeds(ofSelling: units, of: asset, valuation)
    var after = portfolio
    after.balances[asset] -= units
    after.balances[0] = min(after.balances[0] + min(received, Amount.limit), Amount.limit)
    let risk = valuation.risk(after, &memory)
    return TradeOutcome(
      standing: Standing(
        equity: risk.equity, target: risk.maintenanceMargin + risk.liquidationBuffer),
      cost: valuation.quote(units, collateral: asset) - received)
  }

  /// What the best reduction of positions frees, and what it costs with the penalty.
  private mutating func rival(
    _ account: Account, _ risk: AccountRisk, _ valuation: Valuation
  ) -> MarginOffer? {
    guard let best = bestTrade(account, risk, valuation) else { return nil }
    let rate = risk.penaltyRate == .zero ? rules.liquidation.penalty : risk.penaltyRate
    let notional = valuation.notional(best.size, of: best.direction.instrument)
    let cost = Int128(best.cost) + Int128(rate.share(of: notional, rounding: .up))
    return MarginOffer(freed: best.freed, cost: Int64(clamping: cost))
  }

  // MARK: Selling it

  private mutating func sell(
    _ chosen: SizedConversion, _ rival: MarginOffer?, _ account: Account, _ valuation: Valuation
  ) throws(StepError) -> Progress? {
    let asset = chosen.asset
    let decision = ConversionDecision(
      account: account.id, asset: state.listing.collateral[asset].asset, units: chosen.units,
      worth: valuation.quote(chosen.units, collateral: asset), freed: chosen.freed,
      cost: chosen.cost, rivalFreed: rival?.freed ?? 0, rivalCost: rival?.cost ?? 0)
    guard rules.liquidation.conversion.execution == .mark else {
      // No price may take as much as the sale frees, or more than there is.
      let equity = max(valuation.risk(account.portfolio).equity, 0)
      guard
        try offer(decision, asset, mostLoss: min(chosen.freed, equity), valuation),
        let index = state.index(of: account.id), let sale = state.accounts[index].collateralSale
      else { return nil }
      return try reduce(beside: sale, state.accounts[index], valuation)
    }
    let received = decision.worth - chosen.cost
    guard received > 0 else { return nil }
    try emit(.conversionDecided(decision))
    let fund = LedgerAccount.fund(of: account.universe)
    try move(chosen.units, asset: asset, from: .account(account.id), to: fund, .conversion)
    try move(received, asset: 0, from: fund, to: .account(account.id), .conversion)
    return .moved
  }

  /// Goes on with positions while collateral is for sale, as far as the sale is not expected to
  /// restore the account; at prices that it could pay if the sale came out as badly as it may.
  private mutating func reduce(
    beside sale: CollateralSale, _ account: Account, _ valuation: Valuation
  ) throws(StepError) -> Progress {
    guard let asset = state.listing.index(of: sale.asset),
      let liquidation = account.liquidation,
      // What they lose would be taken out of what is for sale.
      !account.portfolio.positions.contains(where: {
        state.settlementIndex(of: $0.instrument) == asset
      })
    else { return .waits }
    let brought = proceeds(ofSelling: sale.left, of: asset, valuation)
    var expected = account
    expected.portfolio.balances[asset] -= sale.left
    let balance = Int128(expected.portfolio.balances[0]) + Int128(brought)
    expected.portfolio.balances[0] = Int64(min(balance, Int128(Amount.limit)))
    let risk = measure(expected.portfolio, valuation)
    guard risk.equity < line(of: liquidation, risk) else { return .waits }
    let least = AssetWorth(price: sale.limit.steps, unitsPerWhole: sale.asset.unitsPerWhole)(
      sale.left)
    let fee = rules.liquidation.conversion.fee.share(of: least, rounding: .up)
    let shortfall = max(Int128(brought) - Int128(least - fee), 0)
    let atWorst = AccountRisk(
      equity: Int64(clamping: Int128(risk.equity) - shortfall), initialMargin: risk.initialMargin,
      maintenanceMargin: risk.maintenanceMargin, liquidationBuffer: risk.liquidationBuffer,
      penaltyRate: risk.penaltyRate)
    return try reducePositions(expected, atWorst, valuation)
  }
}
