// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Clearing
import Instruments
import Ledger
import Margin
import Quantities

/// What a trade of the book does to the balance of its underlying, and who pays for it.
struct EntryCharge {
  /// The side that is not of the house.
  let taker: AccountID
  let underlying: AssetSymbol
  let asset: Int
  /// Ledger units of the settlement asset; negative for what is given back.
  let units: Int64

  /// What an account owes for the trade.
  func owed(by id: AccountID) -> Int64 { id == taker ? max(units, 0) : 0 }
}

// What a taker pays for taking an underlying out of balance, and gets for bringing it back.
//
// The fee is a difference of a potential of the takers' net delta: however a trade is cut up, it
// comes to the same, but for roundings, each of which is the venue's. Two takers who trade with
// each other leave the balance as it is, and so do two of the house.
extension Engine {
  /// What a trade that is not booked yet would cost.
  func entryCharge(of trade: Trade, _ contract: Contract) -> EntryCharge? {
    guard trade.cause == .matching,
      let potential = rules.balanceRule(of: contract.underlying)?.potential, let valuation,
      let asset = state.listing.index(of: contract.settlementAsset),
      let buyer = state.index(of: trade.buyer), let seller = state.index(of: trade.seller),
      state.isHouse(buyer) != state.isHouse(seller)
    else { return nil }
    let isPurchase = state.isHouse(seller)
    let change =
      Int128(isPurchase ? trade.size.steps : -trade.size.steps)
      * Int128(valuation.greeks(of: contract.id).delta)
    let before = balance(of: contract.underlying, valuation).takers.delta
    let pot = state.balance.pot(of: contract.underlying, in: contract.settlementAsset)
    let fee = potential.fee(
      from: notional(ofDelta: before, contract.underlying),
      to: notional(ofDelta: before + change, contract.underlying),
      pot: valuation.quote(pot, asset: asset))
    let units =
      fee < 0
      ? -min(valuation.units(ofQuote: -fee, asset: asset, rounding: .down), pot)
      : min(valuation.units(ofQuote: fee, asset: asset, rounding: .up), Amount.limit)
    return EntryCharge(
      taker: isPurchase ? trade.buyer : trade.seller, underlying: contract.underlying,
      asset: asset, units: units)
  }

  /// Charges it for a trade that has been booked.
  ///
  /// Like every fee it never makes an account insolvent; a rebate comes from the underlying's pot
  /// and from nowhere else.
  mutating func settle(_ charge: EntryCharge) throws(StepError) {
    guard charge.units != 0, let valuation, let index = state.index(of: charge.taker) else {
      return
    }
    let portfolio = state.accounts[index].portfolio
    let asset = state.listing.collateral[charge.asset].asset
    let pot = state.balance.pot(of: charge.underlying, in: asset)
    if charge.units < 0 {
      let room = Amount.limit - portfolio.balances[charge.asset]
      let given = min(-charge.units, pot, room)
      guard given > 0 else { return }
      try move(
        given, asset: charge.asset, from: .entryPot(charge.underlying),
        to: .account(charge.taker), .entryRebate)
      return
    }
    let equity = max(measure(portfolio, valuation).equity, 0)
    let paid = min(
      charge.units, valuation.units(ofQuote: equity, asset: charge.asset, rounding: .down),
      portfolio.balances[charge.asset] + Amount.limit, Amount.limit - pot)
    guard paid > 0 else { return }
    try move(
      paid, asset: charge.asset, from: .account(charge.taker),
      to: .entryPot(charge.underlying), .entryFee)
  }
}
