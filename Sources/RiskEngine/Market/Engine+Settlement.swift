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
    var largest = largestBalances()
    for (index, contract) in state.listing.contracts.enumerated() {
      guard !state.totals[index].isExpired, !contract.isOption,
        state.totals[index].openInterest > 0,
        let market = state.market(of: contract.underlying), market.status == .open
      else { continue }
      let unitValue = state.marks[index].unitValue
      var funding: UnitFunding?
      if case .perpetual = contract.kind {
        funding = self.funding(of: contract, market, unitValue: unitValue)
      }
      let payment = funding?.payment ?? 0
      guard
        hasRoom(index, payment: payment, beside: &largest)
          || canBook(index, at: unitValue, payment: payment)
      else { continue }
      if let funding {
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
      let equity = valuation.risk(portfolio, &scratch).equity
      let units = payable(min(premium, equity), asset: 0, by: index)
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
        let unitValue = try? settlementUnitValue(of: contract, settlementPrice: price),
        canBook(index, at: unitValue)
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

// MARK: Fields

extension Engine {
  /// Whether every holder of a contract could hold what a settlement brings or takes.
  ///
  /// Where one could not, the contract waits: a block that cannot be booked would be refused, and
  /// all markets with it.
  /// - Parameter payment: Funding of a step, paid before profits.
  private func canBook(_ instrument: Int, at unitValue: Int64, payment: Int64 = 0) -> Bool {
    let id = state.listing.contracts[instrument].id
    guard let asset = state.settlementIndex(of: id) else { return false }
    let permitted = -Int128(Amount.limit)...Int128(Amount.limit)
    let accounts = state.accounts.span
    for index in accounts.indices {
      let slot = accounts[index].portfolio.slot(of: id)
      guard slot.isHeld else { continue }
      let position = accounts[index].portfolio.positions[slot.index]
      let funded =
        Int128(accounts[index].portfolio.balances[asset])
        - Int128(position.size.steps) * Int128(payment)
      let settled = funded + Int128(position.unrealizedProfit(unitValue: unitValue))
      guard permitted.contains(funded), permitted.contains(settled) else { return false }
    }
    return true
  }

  /// Whether all of a contract's open interest could come to the account with the largest balance:
  /// then no holder need be asked.
  ///
  /// A step is worth and has cost at most 2^29 units each.
  /// - Parameter largest: Of each asset, of either sign; what the contract may move is added.
  private func hasRoom(
    _ instrument: Int, payment: Int64, beside largest: inout [Int128]
  ) -> Bool {
    let id = state.listing.contracts[instrument].id
    guard let asset = state.settlementIndex(of: id) else { return false }
    let step = Int128(1 << 30) + Int128(payment.magnitude)
    largest[asset] += Int128(state.totals[instrument].openInterest) * step
    return largest[asset] <= Int128(Amount.limit)
  }

  private func largestBalances() -> [Int128] {
    var largest = [Int128](repeating: 0, count: state.listing.collateral.count)
    let accounts = state.accounts.span
    for index in accounts.indices {
      for asset in largest.indices {
        largest[asset] = max(
          largest[asset], Int128(abs(accounts[index].portfolio.balances[asset])))
      }
    }
    return largest
  }
}
