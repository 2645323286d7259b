// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import Parameters
import Quantities

// How the fund stands: what it owes, what it has lost, how large it should be.
extension Engine {
  /// Records, after a block, how far the fund has fallen and, now and then, how large it should be;
  /// nothing unless parameters ask for it.
  mutating func reviewFund() throws(StepError) {
    let parameters = rules.liquidation.losses.fund
    if parameters.isWatched { try recordDrawdowns() }
    guard let target = parameters.target else {
      if state.losses.review != nil { try emit(.fundReviewed(nil)) }
      return
    }
    guard state.block % target.interval == 0, let valuation,
      let figures = fundTarget(target, valuation)
    else { return }
    let balance = fundValue(valuation)
    let tightening = FundTightening(
      balance: balance, target: figures.target, largestRise: target.feeRise)
    try emit(
      .fundReviewed(
        FundReview(
          target: figures.target, balance: balance, feeRise: tightening.feeRise,
          marginRise: tightening.lowersLeverage ? target.marginRise : .zero)))
  }

  private mutating func recordDrawdowns() throws(StepError) {
    for index in state.listing.collateral.indices {
      let asset = state.listing.collateral[index].asset
      let balance = state.houses[index].insuranceFund
      let last = state.losses.fund(asset)
      let peak = max(last?.peak ?? 0, balance)
      guard peak > 0 else { continue }
      let percent = UInt8(clamping: FundAlarm(balance: balance, peak: peak).rawValue)
      guard last?.peak ?? 0 == 0 || last?.drawdown != percent else { continue }
      try emit(.fundDrawdownChanged(asset, percent: percent, peak: peak))
    }
  }

  /// All of the fund at the index, millionths of the quote currency.
  func fundValue(_ valuation: Valuation) -> Int64 {
    let sum = state.houses.indices.reduce(Int128(0)) { sum, asset in
      sum + Int128(valuation.quote(state.houses[asset].insuranceFund, asset: asset))
    }
    return Int64(clamping: sum)
  }

  // MARK: Claims

  /// Pays winners back what they gave, pro rata, from what the fund has of an asset above the line;
  /// with every funding, at fresh prices.
  mutating func repayClaims() throws(StepError) {
    guard let line = rules.liquidation.losses.repayAbove, let valuation,
      !state.losses.claims.isEmpty
    else { return }
    for index in state.listing.collateral.indices where isFresh(index) {
      let asset = state.listing.collateral[index].asset
      let kept = valuation.units(ofQuote: line, asset: index, rounding: .up)
      let surplus = max(freeFund(index) - kept, 0)
      let claims = state.losses.claims(in: asset).map {
        LossBearer(account: $0.account, profit: $0.units)
      }
      for share in shareLoss(surplus, among: claims, cap: .one) {
        guard let account = state.index(of: share.account),
          state.accounts[account].portfolio.balances[index] <= Amount.limit - share.units
        else { continue }
        try move(
          share.units, asset: index, from: .insuranceFund, to: .account(share.account),
          .lossRecovery)
      }
    }
  }

  // MARK: At the door

  /// Refuses withdrawals while accounts in liquidation lack more than the fund may bear.
  func requireOpenGate() throws(StepError) {
    guard let share = rules.liquidation.losses.gateShare, let valuation else { return }
    var insolvency: Int128 = 0
    var scratch = valuation.makeScratch()
    for index in state.accounts.indices where venueIndex.isInLiquidation(index) {
      let equity = valuation.risk(state.accounts[index].portfolio, &scratch).equity
      insolvency += Int128(max(-Int128(equity), 0))
    }
    let limit = Int64(
      clamping: Int128(fundValue(valuation)) * Int128(share.billionths) / 1_000_000_000)
    guard insolvency <= Int128(limit) else {
      throw .refused(
        .withdrawalsStopped(insolvency: Int64(clamping: insolvency), limit: limit))
    }
  }

  /// A fee with what is paid into the fund on top of it, while that is below its target.
  func surcharged(_ fee: Int64) -> Int64 {
    guard fee > 0, let rise = state.losses.review?.feeRise, rise > .zero else { return fee }
    return min(fee, Amount.limit) + rise.share(of: min(fee, Amount.limit), rounding: .up)
  }

  /// Initial margin with what is asked on top of it while the fund is far below its target.
  func raised(_ margin: Int64) -> Int64 {
    guard margin > 0, let rise = state.losses.review?.marginRise, rise > .zero else {
      return margin
    }
    let added = Int128(margin) * Int128(rise.billionths)
    return Int64(
      clamping: Int128(margin) + added.divided(by: 1_000_000_000, rounding: .up))
  }

  /// Charges what goes into the fund on top of a fee that was paid; never more than the equity that
  /// is left, and nothing of an account in liquidation.
  mutating func surcharge(_ paid: Int64, asset: Int, from index: Int) throws(StepError) {
    let owed = surcharged(paid) - paid
    guard owed > 0, let valuation, !venueIndex.isInLiquidation(index) else { return }
    let portfolio = state.accounts[index].portfolio
    let equity = max(measure(portfolio, valuation).equity, 0)
    let units = min(
      owed, valuation.units(ofQuote: equity, asset: asset, rounding: .down),
      portfolio.balances[asset] + Amount.limit, Amount.limit - state.houses[asset].insuranceFund)
    guard units > 0 else { return }
    try move(
      units, asset: asset, from: .account(state.accounts[index].id), to: .insuranceFund,
      .fundSurcharge)
  }
}
