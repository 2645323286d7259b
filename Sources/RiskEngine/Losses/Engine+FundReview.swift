// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import Parameters
import Quantities

// How the fund of each universe stands: what it owes, what it has lost, how large it should be.
extension Engine {
  /// Records, after a block, how far each fund has fallen and, now and then, how large it should
  /// be; nothing unless parameters ask for it.
  mutating func reviewFund() throws(StepError) {
    let parameters = rules.liquidation.losses.fund
    guard parameters.isWatched || parameters.target != nil || !state.losses.isEmpty else { return }
    let universes = universes
    if parameters.isWatched {
      for universe in universes { try recordDrawdowns(of: universe) }
    }
    guard let target = parameters.target else {
      for universe in universes where state.fundReview(of: universe) != nil {
        try emit(.fundReviewed(nil), in: universe)
      }
      return
    }
    guard state.block % target.interval == 0, let valuation,
      let figures = fundTargets(target, of: universes, valuation)
    else { return }
    for (universe, figure) in zip(universes, figures) {
      let balance = fundValue(of: universe, valuation)
      let tightening = FundTightening(
        balance: balance, target: figure.target, largestRise: target.feeRise)
      try emit(
        .fundReviewed(
          FundReview(
            target: figure.target, balance: balance, feeRise: tightening.feeRise,
            marginRise: tightening.lowersLeverage ? target.marginRise : .zero)),
        in: universe)
    }
  }

  private mutating func recordDrawdowns(of universe: RiskUniverse) throws(StepError) {
    for index in state.listing.collateral.indices {
      let asset = state.listing.collateral[index].asset
      let balance = state.fund(index, of: universe)
      let last = state.losses(of: universe).fund(asset)
      let peak = max(last?.peak ?? 0, balance)
      guard peak > 0 else { continue }
      let percent = UInt8(clamping: FundAlarm(balance: balance, peak: peak).rawValue)
      guard last?.peak ?? 0 == 0 || last?.drawdown != percent else { continue }
      try emit(.fundDrawdownChanged(asset, percent: percent, peak: peak), in: universe)
    }
  }

  /// All of a universe's fund at the index, millionths of the quote currency.
  func fundValue(of universe: RiskUniverse, _ valuation: Valuation) -> Int64 {
    let sum = state.houses.indices.reduce(Int128(0)) { sum, asset in
      sum + Int128(valuation.quote(state.fund(asset, of: universe), asset: asset))
    }
    return Int64(clamping: sum)
  }

  // MARK: Claims

  /// Pays winners back what they gave, pro rata, from what the fund of their universe has of an
  /// asset above the line; with every funding, at fresh prices.
  mutating func repayClaims() throws(StepError) {
    guard let line = rules.liquidation.losses.repayAbove, let valuation else { return }
    for universe in universes where !state.losses(of: universe).claims.isEmpty {
      for index in state.listing.collateral.indices where isFresh(index) {
        try repayClaims(index, of: universe, above: line, valuation)
      }
    }
  }

  private mutating func repayClaims(
    _ index: Int, of universe: RiskUniverse, above line: Int64, _ valuation: Valuation
  ) throws(StepError) {
    let asset = state.listing.collateral[index].asset
    let kept = valuation.units(ofQuote: line, asset: index, rounding: .up)
    let surplus = max(freeFund(index, of: universe) - kept, 0)
    let claims = state.losses(of: universe).claims(in: asset).map {
      LossBearer(account: $0.account, profit: $0.units)
    }
    for share in shareLoss(surplus, among: claims, cap: .one) {
      guard let account = state.index(of: share.account),
        state.accounts[account].portfolio.balances[index] <= Amount.limit - share.units
      else { continue }
      try move(
        share.units, asset: index, from: .fund(of: universe), to: .account(share.account),
        .lossRecovery)
    }
  }

  // MARK: At the door

  /// Refuses a withdrawal while accounts in liquidation lack, in any universe, more than its fund
  /// may bear.
  ///
  /// Whoever withdraws is asked for all of them: what it holds in one says nothing of another,
  /// which it may just have left, by closing all and ordering a step here, or by collateral that
  /// came from an account of the same owner.
  func requireOpenGate() throws(StepError) {
    guard let share = rules.liquidation.losses.gateShare, let valuation else { return }
    var lacking = Array(repeating: Int128(0), count: Int(RiskUniverse.highest) + 1)
    var scratch = valuation.makeScratch()
    for index in state.accounts.indices where venueIndex.isInLiquidation(index) {
      let equity = valuation.risk(state.accounts[index].portfolio, &scratch).equity
      lacking[Int(state.accounts[index].universe.number)] += Int128(max(-Int128(equity), 0))
    }
    for universe in universes {
      let limit = Int64(
        clamping: Int128(fundValue(of: universe, valuation)) * Int128(share.billionths)
          / 1_000_000_000)
      let insolvency = lacking[Int(universe.number)]
      guard insolvency <= Int128(limit) else {
        throw .refused(
          .withdrawalsStopped(insolvency: Int64(clamping: insolvency), limit: limit))
      }
    }
  }

  /// A fee with what is paid into the fund on top of it, while that is below its target.
  func surcharged(_ fee: Int64, in universe: RiskUniverse) -> Int64 {
    guard fee > 0, let rise = state.fundReview(of: universe)?.feeRise, rise > .zero
    else { return fee }
    return min(fee, Amount.limit) + rise.share(of: min(fee, Amount.limit), rounding: .up)
  }

  /// Initial margin with what is asked on top of it while the fund is far below its target.
  func raised(_ margin: Int64, in universe: RiskUniverse) -> Int64 {
    guard margin > 0, let rise = state.fundReview(of: universe)?.marginRise, rise > .zero
    else { return margin }
    let added = Int128(margin) * Int128(rise.billionths)
    return Int64(
      clamping: Int128(margin) + added.divided(by: 1_000_000_000, rounding: .up))
  }

  /// Charges what goes into the fund on top of a fee that was paid; never more than the equity that
  /// is left, and nothing of an account in liquidation.
  mutating func surcharge(
    _ paid: Int64, asset: Int, from index: Int, in universe: RiskUniverse
  ) throws(StepError) {
    let owed = surcharged(paid, in: universe) - paid
    guard owed > 0, let valuation, !venueIndex.isInLiquidation(index) else { return }
    let portfolio = state.accounts[index].portfolio
    let equity = max(measure(portfolio, valuation).equity, 0)
    let most = valuation.units(ofQuote: equity, asset: asset, rounding: .down)
    let units = payable(min(owed, most), asset: asset, by: index, to: universe)
    guard units > 0 else { return }
    try move(
      units, asset: asset, from: .account(state.accounts[index].id), to: .fund(of: universe),
      .fundSurcharge)
  }
}
