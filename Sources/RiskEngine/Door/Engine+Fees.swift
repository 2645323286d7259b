// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Clearing
import Instruments
import Ledger
import Margin
import Parameters
import Quantities

// What the venue earns: the fees of the two sides of a trade.
extension Engine {
  /// What one side pays for a trade of so many steps, ledger units of the settlement asset, as
  /// long as nothing limits it; negative for a rebate.
  func fee(
    _ size: Size, of contract: Contract, unitValue: Int64, role: LiquidityRole
  ) -> Int64 {
    let value = abs(size.steps * unitValue)
    guard contract.isOption else {
      return tradingFee(TradeWorth(value: value), role, rules.fees)
    }
    var underlying: Int64 = 0
    if let valuation, let asset = state.listing.index(of: contract.settlementAsset) {
      let notional = valuation.notional(size, of: contract.id)
      underlying = min(
        valuation.units(ofQuote: notional, asset: asset, rounding: .up), Amount.limit)
    }
    return tradingFee(TradeWorth(value: value, underlying: underlying), role, rules.fees)
  }

  /// Charges both sides of a trade that has been booked.
  ///
  /// Nobody pays more than the equity that is left: a fee never makes an account insolvent. A
  /// maker's rebate is a part of what the taker paid, so the venue's fees never fall
  /// by a trade; of what is left the insurance fund has its part.
  /// - Parameter maker: Whose order rested in the book; without one both sides are takers.
  mutating func chargeFees(of trade: Trade, maker: AccountID?) throws(StepError) {
    guard let instrument = state.listing.index(of: trade.instrument) else { return }
    let contract = state.listing.contracts[instrument]
    var collected: Int64 = 0
    for id in [trade.buyer, trade.seller] where id != maker {
      let owed = fee(trade.size, of: contract, unitValue: trade.unitValue, role: .taker)
      collected += try collect(owed, from: id, in: contract)
    }
    if let maker {
      let owed = fee(trade.size, of: contract, unitValue: trade.unitValue, role: .maker)
      collected +=
        owed >= 0
        ? try collect(owed, from: maker, in: contract)
        : -(try rebate(min(-owed, collected), to: maker, in: contract))
    }
    try shareFees(collected, in: contract)
  }

  /// Gives the fund of a contract's universe its part of what is left of a trade's fees, as far as
  /// it can hold that.
  private mutating func shareFees(_ fees: Int64, in contract: Contract) throws(StepError) {
    let share = rules.liquidation.losses.fund.feeShare
    guard share > .zero, fees > 0,
      let asset = state.listing.index(of: contract.settlementAsset)
    else { return }
    let universe = universe(of: contract.id)
    let units = min(share.share(of: fees, rounding: .down), fundSpace(asset, of: universe))
    guard units > 0 else { return }
    try move(units, asset: asset, from: .fees, to: .fund(of: universe), .feeShare)
  }

  /// - Returns: What was paid of a fee.
  private mutating func collect(
    _ fee: Int64, from id: AccountID, in contract: Contract
  ) throws(StepError) -> Int64 {
    guard fee > 0, let valuation, let index = state.index(of: id),
      let asset = state.listing.index(of: contract.settlementAsset)
    else { return 0 }
    let equity = max(risk(of: index, valuation).equity, 0)
    let room = min(
      state.accounts[index].portfolio.balances[asset] + Amount.limit,
      Amount.limit - state.houses[asset].fees)
    let paid = min(
      fee, valuation.units(ofQuote: equity, asset: asset, rounding: .down), room)
    guard paid > 0 else { return 0 }
    try move(paid, asset: asset, from: .account(id), to: .fees, .tradingFee)
    try surcharge(paid, asset: asset, from: index, in: universe(of: contract.id))
    return paid
  }

  /// - Returns: What was given.
  private mutating func rebate(
    _ units: Int64, to id: AccountID, in contract: Contract
  ) throws(StepError) -> Int64 {
    guard let index = state.index(of: id),
      let asset = state.listing.index(of: contract.settlementAsset)
    else { return 0 }
    let room = Amount.limit - state.accounts[index].portfolio.balances[asset]
    let given = min(units, room)
    guard given > 0 else { return 0 }
    try move(given, asset: asset, from: .fees, to: .account(id), .makerRebate)
    return given
  }

  /// What an account's resting orders would pay if all were filled at their limits as takers,
  /// millionths of the quote currency; of quotes under a protection, all that may be filled.
  func feesOfOrders(_ portfolio: Portfolio, _ valuation: Valuation) -> Int64 {
    var fees: Int64 = 0
    var quotes = QuoteFees(portfolio.protections)
    for order in portfolio.orders {
      guard let instrument = state.listing.index(of: order.instrument) else { continue }
      let contract = state.listing.contracts[instrument]
      guard let unitValue = try? contract.unitValue(at: order.limit),
        let asset = state.listing.index(of: contract.settlementAsset)
      else { continue }
      let units = surcharged(
        fee(order.remaining, of: contract, unitValue: unitValue, role: .taker),
        in: universe(of: order.instrument))
      let one = min(valuation.quote(units, asset: asset, rounding: .up), QuoteMoney.limit)
      if order.isQuote, one > 0, let group = quotes.group(of: contract.underlying) {
        quotes.add(one, valuation.quoteFills(of: order.instrument, size: order.remaining), group)
      } else {
        fees = min(fees + one, QuoteMoney.limit)
      }
    }
    return min(fees + quotes.most, QuoteMoney.limit)
  }

  /// What closing at the mark is expected to cost beyond it, as a share of notional, when an
  /// order is sized: impact and the taker's fee.
  func closingCost(of instrument: InstrumentID) -> Rate {
    let isOption =
      state.listing.index(of: instrument).map { state.listing.contracts[$0].isOption } ?? false
    let stated = isOption ? rules.liquidation.sizing.optionCost : nil
    return (stated ?? rules.liquidation.expectedCost) + takerRate(isOption: isOption)
  }

  /// The taker's fee as a share of notional; of an option it is of the underlying's.
  func takerRate(isOption: Bool) -> Rate { isOption ? rules.fees.option : rules.fees.taker }
}
