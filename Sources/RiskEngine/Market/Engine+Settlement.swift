// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Clearing
import Instruments
import Ledger
import Margin
import MarketData
import Oracles
import Parameters
import Quantities

// Step 7: funding, profits and expiries; all of them exact sums of zero per market.
extension Engine {
  mutating func settle(at instant: Timestamp, since previous: Timestamp) throws(StepError) {
    guard !state.marks.isEmpty else { return }
    try expire(at: instant)
    let interval = rules.clearing.fundingInterval
    guard crossesInterval(from: previous, to: instant, interval: interval),
      previous.nanoseconds > 0
    else { return }
    var funded: [AssetSymbol] = []
    for (index, contract) in state.listing.contracts.enumerated() {
      guard !state.totals[index].isExpired, !contract.isOption,
        state.totals[index].openInterest > 0,
        let market = state.market(of: contract.underlying), market.status == .open
      else { continue }
      let unitValue = state.marks[index].unitValue
      if case .perpetual = contract.kind {
        let funding = funding(of: contract, market, unitValue: unitValue)
        try emit(
          .fundingSettled(contract.id, rate: funding.rate, unitPayment: funding.payment))
        funded.append(contract.underlying)
      }
      try emit(.profitsSettled(contract.id, unitValue: unitValue))
    }
    try restartSampling(of: funded)
    try chargeGapPremiums(over: interval)
    try accrueInterest(over: interval)
    try repayClaims()
  }

  /// Every healthy account pays the insurance fund for the jumps that may go through its margin
  /// until the next time; never more than its equity.
  private mutating func chargeGapPremiums(over interval: TimeSpan) throws(StepError) {
    guard let valuation else { return }
    var scratch = valuation.makeScratch()
    for index in state.accounts.indices where !state.accounts[index].isInLiquidation {
      let portfolio = state.accounts[index].portfolio
      guard !portfolio.positions.isEmpty else { continue }
      let premium = valuation.gapPremium(portfolio, over: interval, &scratch)
      guard premium > 0 else { continue }
      // The quote currency, the first asset, has six decimals: a millionth is a ledger unit.
      let units = min(premium, valuation.risk(portfolio, &scratch).equity)
      guard units > 0 else { continue }
      try move(
        units, asset: 0, from: .account(state.accounts[index].id),
        to: .fund(of: state.accounts[index].universe), .gapPremium)
    }
  }

  /// Ends every contract whose time has come, at the average of its settlement window; while
  /// there is no such price the contract waits, visibly, for one.
  private mutating func expire(at instant: Timestamp) throws(StepError) {
    for (index, contract) in state.listing.contracts.enumerated() {
      guard !state.totals[index].isExpired, let expiry = contract.kind.expiry,
        expiry <= instant, let market = state.market(of: contract.underlying),
        let rule = rules.underlyings.first(where: { $0.symbol == contract.underlying })
      else { continue }
      guard let window = market.settlement, window.end >= expiry, window.end <= instant,
        let price = window.settlementPrice(parameters: rule.marks),
        let unitValue = try? settlementUnitValue(of: contract, settlementPrice: price)
      else { continue }
      try cancelOrders(in: contract.id)
      try emit(
        .instrumentExpired(contract.id, settlementPrice: price, unitValue: unitValue))
    }
  }

  /// Takes every order on an instrument out of the book, also those of liquidations.
  private mutating func cancelOrders(in instrument: InstrumentID) throws(StepError) {
    for index in state.accounts.indices {
      // Few have an order, and to look at the others they are not copied.
      let isIdle = state.accounts[index].portfolio.orders.isEmpty
      if isIdle, !venueIndex.isInLiquidation(index) { continue }
      let account = state.accounts[index]
      for order in account.portfolio.orders where order.instrument == instrument {
        try emit(.orderRemoved(account.id, order.id, .expired))
      }
      if let order = account.liquidationOrder, order.instrument == instrument {
        try emit(.liquidationOrderClosed(account.id, order.id, .expired))
      }
    }
  }
}
