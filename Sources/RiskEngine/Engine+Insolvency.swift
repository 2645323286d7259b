// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import MarketData
import Parameters
import Quantities

// The last stages: deleveraging, the fund's cover, and the loss that is left.
extension Engine {
  /// Closes the account's positions against opposite, profitable ones at the bankruptcy price.
  ///
  /// - Returns: Whether anything was closed; if not, the account waits for counterparties.
  mutating func deleverage(
    _ account: Account, _ risk: AccountRisk, _ valuation: Valuation
  ) throws(StepError) -> Bool {
    var closedAny = false
    for position in account.portfolio.positions {
      guard let instrument = state.listing.index(of: position.instrument),
        state.listing.contracts[instrument].kind.expiry.map({ $0 > state.time }) ?? true,
        let terms = valuation.terms(
          for: position.instrument, in: account.portfolio, equity: risk.equity, fund: 0)
      else { continue }
      let unitValue = terms.bankruptcyUnitValue
      let candidates = opposing(position, valuation, unitValue: unitValue)
      let price = try? state.listing.contracts[instrument].price(
        ofUnitValue: unitValue, rounding: .halfEven)
      for cut in allocateDeleveraging(of: position.size.magnitude, among: candidates) {
        let sells = position.size.sign > 0
        let trade = Trade(
          instrument: position.instrument, buyer: sells ? cut.account : account.id,
          seller: sells ? account.id : cut.account, size: cut.size, unitValue: unitValue,
          price: price ?? state.marks[instrument].price, cause: .deleveraging)
        try emit(.traded(trade))
        closedAny = true
      }
    }
    return closedAny
  }

  /// The healthy accounts on the other side of a position, as they would stand with all of it
  /// closed at `unitValue`.
  private func opposing(
    _ position: Position, _ valuation: Valuation, unitValue: Int64
  ) -> [DeleveragingCandidate] {
    guard let market = state.listing.index(of: position.instrument),
      let asset = state.settlementIndex(of: position.instrument)
    else { return [] }
    let mark = valuation.marks[market].unitValue
    let isOption = state.listing.contracts[market].isOption
    var candidates: [DeleveragingCandidate] = []
    var scratch = valuation.makeScratch()
    let isLong = position.size.sign < 0
    venueIndex.holdings[market].forEachWinner(long: isLong, at: unitValue) { holding in
      let other = holding.position
      let index = Int(holding.account)
      guard !venueIndex.isInLiquidation(index) else { return }
      let profit = other.unrealizedProfit(unitValue: unitValue)
      let change = other.size.steps * (unitValue - mark)
      let equity = standing(index, valuation, &scratch).equity
      let notional =
        isOption
        ? valuation.notional(other.size, of: position.instrument)
        : valuation.quote(abs(other.size.steps * mark), asset: asset)
      candidates.append(
        DeleveragingCandidate(
          account: state.accounts[index].id, size: other.size.magnitude,
          profit: valuation.quote(profit, asset: asset), notional: notional,
          equity: Int64(
            clamping: Int128(equity) + Int128(valuation.quote(change, asset: asset)))))
    }
    return candidates
  }

  /// Clears an account that has no position left: debts are paid from its other collateral,
  /// then by the fund, in the asset owed or by buying it, then by the winners of its last market.
  ///
  /// - Returns: Whether the liquidation has ended; if not, the account waits for a price, or for
  ///   the fund to hold what is owed or what its collateral can be exchanged for.
  mutating func settleInsolvency(_ index: Int) throws(StepError) -> Bool {
    let id = state.accounts[index].id
    for asset in state.listing.collateral.indices {
      try convertCollateral(of: index, into: asset)
    }
    for asset in state.listing.collateral.indices {
      try coverFromFund(index, asset: asset)
    }
    guard let valuation else { return false }
    for asset in state.listing.collateral.indices {
      try buyFromWinners(index, asset: asset, valuation)
    }
    let isShared = state.accounts[index].liquidation?.stage == .socializedLoss
    if !isShared, measure(state.accounts[index].portfolio, valuation).equity < 0 {
      let market = state.accounts[index].liquidation?.market
      // The winners are asked once, at a fresh price.
      guard market.map(isOpen) ?? true else { return false }
      try emit(.liquidationStageEntered(id, .socializedLoss))
      for asset in state.listing.collateral.indices {
        try socialize(index, asset: asset, valuation)
      }
    }
    let portfolio = state.accounts[index].portfolio
    if !portfolio.balances.contains(where: { $0 < 0 }) {
      try emit(.liquidationEnded(id, .closed))
      return true
    }
    guard measure(portfolio, valuation).isRestored else { return false }
    try emit(.liquidationEnded(id, .restored))
    return true
  }

  /// Pays a debt in one asset with what the account has of others, through the fund at the
  /// index, what is paid at its price as collateral, as far as the fund holds the asset.
  private mutating func convertCollateral(of index: Int, into asset: Int) throws(StepError) {
    guard state.accounts[index].portfolio.balances[asset] < 0, let valuation else { return }
    let id = state.accounts[index].id
    for other in state.listing.collateral.indices where other != asset {
      let balances = state.accounts[index].portfolio.balances
      guard balances[asset] < 0, balances[other] > 0 else { continue }
      let owed = min(-balances[asset], freeFund(asset))
      // Rounded up both times: what is paid in full is worth the debt to its last unit.
      let price = valuation.quote(owed, asset: asset, rounding: .up)
      let paid = min(
        valuation.units(ofQuote: price, collateral: other, rounding: .up), balances[other])
      let worth = valuation.units(
        ofQuote: valuation.quote(paid, collateral: other), asset: asset, rounding: .down)
      let received = min(owed, worth)
      guard received > 0, paid > 0 else { continue }
      try move(paid, asset: other, from: .account(id), to: .insuranceFund, .conversion)
      try move(received, asset: asset, from: .insuranceFund, to: .account(id), .conversion)
    }
  }

  private mutating func coverFromFund(_ index: Int, asset: Int) throws(StepError) {
    guard state.accounts[index].portfolio.balances[asset] < 0, let valuation else { return }
    let account = state.accounts[index]
    let debt = -account.portfolio.balances[asset]
    let deficit = -measure(account.portfolio, valuation).equity
    guard debt > 0, deficit > 0 else { return }
    let needed = min(debt, valuation.units(ofQuote: deficit, asset: asset, rounding: .up))
    let covered = min(needed, freeFund(asset))
    guard covered > 0 else { return }
    try move(
      covered, asset: asset, from: .insuranceFund, to: .account(account.id), .insuranceCover)
  }

  /// Pays a debt in one asset with what the fund holds of others: it buys the asset, at the index,
  /// from winners of the account's last market, who give up profit and lose nothing.
  ///
  /// So nobody bears a loss while the fund has anything at all. The largest profits sell first, so
  /// that few accounts are touched.
  private mutating func buyFromWinners(
    _ index: Int, asset: Int, _ valuation: Valuation
  ) throws(StepError) {
    let account = state.accounts[index]
    guard let market = account.liquidation?.market, isOpen(market),
      state.listing.collateral.indices.contains(where: { $0 != asset && freeFund($0) > 0 })
    else { return }
    var left = loss(of: account, in: market, asset: asset, valuation)
    guard left > 0 else { return }
    var sellers = RankedDraw(winners(of: market, asset: asset, valuation)) { one, other in
      one.profit != other.profit ? one.profit > other.profit : one.account < other.account
    }
    while left > 0, let seller = sellers.next(), seller.profit > 0 {
      guard state.listing.collateral.indices.contains(where: { $0 != asset && freeFund($0) > 0 })
      else { return }
      left -= try buy(
        min(left, seller.profit), asset: asset, from: seller.account, for: account.id,
        in: market, valuation)
    }
  }

  /// - Returns: How many ledger units the fund could pay for.
  private mutating func buy(
    _ units: Int64, asset: Int, from seller: AccountID, for debtor: AccountID,
    in market: InstrumentID, _ valuation: Valuation
  ) throws(StepError) -> Int64 {
    var left = units
    for other in state.listing.collateral.indices where other != asset && left > 0 {
      let free = isFresh(other) ? freeFund(other) : 0
      guard let index = state.index(of: seller) else { continue }
      let balances = state.accounts[index].portfolio.balances
      // A payment that the seller's field could not hold is not made.
      guard balances[other] <= Amount.limit - free, balances[asset] <= Amount.limit - left
      else { continue }
      let affordable = valuation.units(
        ofQuote: valuation.quote(free, asset: other), asset: asset, rounding: .down)
      let bought = min(left, affordable)
      guard bought > 0 else { continue }
      let price = valuation.units(
        ofQuote: valuation.quote(bought, asset: asset, rounding: .up), asset: other,
        rounding: .up)
      try emit(.profitRealized(seller, market, units: bought))
      try move(bought, asset: asset, from: .account(seller), to: .account(debtor), .conversion)
      try move(
        min(price, free), asset: other, from: .insuranceFund, to: .account(seller),
        .insuranceCover)
      left -= bought
    }
    return units - left
  }

  /// What an account owes in an asset and its equity does not cover, if its last market settles in
  /// that asset.
  private mutating func loss(
    of account: Account, in market: InstrumentID, asset: Int, _ valuation: Valuation
  ) -> Int64 {
    let debt = -account.portfolio.balances[asset]
    guard debt > 0, state.settlementIndex(of: market) == asset else { return 0 }
    let deficit = -measure(account.portfolio, valuation).equity
    guard deficit > 0 else { return 0 }
    return min(debt, valuation.units(ofQuote: deficit, asset: asset, rounding: .up))
  }

  /// Lets the winners of an account's last market bear its deficit, if the debt is in the asset
  /// of that market.
  private mutating func socialize(
    _ index: Int, asset: Int, _ valuation: Valuation
  ) throws(StepError) {
    let account = state.accounts[index]
    guard let market = account.liquidation?.market else { return }
    let loss = loss(of: account, in: market, asset: asset, valuation)
    guard loss > 0 else { return }
    let shares = shareLoss(
      loss, among: winners(of: market, asset: asset, valuation),
      cap: rules.liquidation.socializedShare)
    for share in shares {
      // What is given is taken out of the profit, so that no profit bears two losses.
      try emit(.profitRealized(share.account, market, units: share.units))
      try move(
        share.units, asset: asset, from: .account(share.account), to: .account(account.id),
        .socializedLoss)
    }
  }

  private func isOpen(_ instrument: InstrumentID) -> Bool {
    state.listing.index(of: instrument).map {
      state.status(of: state.listing.contracts[$0].underlying) == .open
    } ?? false
  }

  /// The healthy accounts with a profit in a market, and what each could give: its profit, but
  /// never more than its equity.
  private func winners(
    of market: InstrumentID, asset: Int, _ valuation: Valuation
  ) -> [LossBearer] {
    guard let mark = valuation.mark(of: market),
      let instrument = state.listing.index(of: market)
    else { return [] }
    var bearers: [LossBearer] = []
    var scratch = valuation.makeScratch()
    for isLong in [true, false] {
      venueIndex.holdings[instrument].forEachWinner(long: isLong, at: mark.unitValue) { holding in
        let index = Int(holding.account)
        // A pool has stood for others' losses already, and has its account in one asset only.
        guard !venueIndex.isInLiquidation(index), !state.isPool(state.accounts[index].id)
        else { return }
        let profit = holding.position.unrealizedProfit(unitValue: mark.unitValue)
        let equity = standing(index, valuation, &scratch).equity
        let most = valuation.units(ofQuote: equity, asset: asset, rounding: .down)
        bearers.append(LossBearer(account: state.accounts[index].id, profit: min(profit, most)))
      }
    }
    return bearers
  }

  /// Where an account stands: as it was measured in this block, if nothing has changed since.
  private func standing(
    _ account: Int, _ valuation: Valuation, _ scratch: inout RiskScratch
  ) -> AccountRisk {
    account < risks.count && venueIndex.isUnchanged(account)
      ? risks[account] : valuation.risk(state.accounts[account].portfolio, &scratch)
  }

  mutating func move(
    _ units: Int64, asset: Int, from: LedgerAccount, to: LedgerAccount, _ reason: TransferReason
  ) throws(StepError) {
    let amount = Amount(units: units, asset: state.listing.collateral[asset].asset)
    try emit(.transferred(Transfer(from: from, to: to, amount: amount, reason: reason)))
  }
}
