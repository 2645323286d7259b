// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Quantities

/// A rule of the ledger that must hold; named as in the reliability catalogue.
public enum Invariant: String, Error, Hashable, Sendable, CaseIterable {
  // After every event.
  /// P08: every balance is inside its field.
  case balancesAreInsideLimits
  /// P01: balances + fund + fees + clearing = deposits − withdrawals, per asset.
  case moneyIsConserved
  /// P02: the positions of a market sum to zero.
  case marketSumsToZero
  /// P04.
  case insuranceFundIsNotNegative
  // After every block.
  /// The running sums equal a fresh sum over all accounts.
  case runningTotalsAreTrue
  /// A market's clearing balance is minus the cost of its positions.
  case clearingBalancesCost
  /// P21: a liquidation order is its account's own and closes no more than what is held.
  case liquidationsAreConsistent
  /// Sorted by id, one balance per asset, positions sorted and not empty, one instrument in an
  /// isolated account.
  case accountsAreOrdered
}

extension LedgerState {
  /// The first rule broken among those that are cheap enough for every event.
  ///
  /// - Parameter instrument: The dense index of the market an event touched, if any.
  public func brokenAfterEvent(instrument: Int? = nil) -> Invariant? {
    if isOutsideLimits { return .balancesAreInsideLimits }
    for house in houses {
      if house.total != 0 { return .moneyIsConserved }
      if house.insuranceFund < 0 { return .insuranceFundIsNotNegative }
    }
    if let instrument, totals[instrument].netSize != 0 { return .marketSumsToZero }
    return nil
  }

  /// The first rule broken among all of them; one pass over the accounts.
  public func brokenAfterBlock() -> Invariant? {
    if let broken = brokenAfterEvent() { return broken }
    var customers = [Int128](repeating: 0, count: houses.count)
    var costs = [Int128](repeating: 0, count: totals.count)
    var sizes = [Int64](repeating: 0, count: totals.count)
    var longs = [Int64](repeating: 0, count: totals.count)
    var previous: AccountID?
    for account in accounts {
      if let previous, account.id <= previous { return .accountsAreOrdered }
      previous = account.id
      guard isOrdered(account.portfolio), account.portfolio.balances.count == houses.count else {
        return .accountsAreOrdered
      }
      for (asset, units) in account.portfolio.balances.enumerated() {
        customers[asset] += Int128(units)
      }
      for position in account.portfolio.positions {
        guard let instrument = listing.index(of: position.instrument) else {
          return .accountsAreOrdered
        }
        costs[instrument] += Int128(position.cost)
        sizes[instrument] += position.size.steps
        longs[instrument] += max(position.size.steps, 0)
      }
      if let order = account.liquidation?.order, !isConsistent(order, account) {
        return .liquidationsAreConsistent
      }
    }
    for asset in houses.indices where customers[asset] != houses[asset].customers {
      return .runningTotalsAreTrue
    }
    for instrument in totals.indices {
      if sizes[instrument] != 0 { return .marketSumsToZero }
      if longs[instrument] != totals[instrument].openInterest { return .runningTotalsAreTrue }
      if costs[instrument] != -totals[instrument].clearing { return .clearingBalancesCost }
    }
    return nil
  }

  private func isConsistent(_ order: LiquidationOrder, _ account: Account) -> Bool {
    let held = account.portfolio.size(of: order.instrument)
    return order.account == account.id && order.id < nextOrder && held.sign == -order.side.sign
      && order.size.steps > 0 && order.size.steps.magnitude <= held.steps.magnitude
  }

  private func isOrdered(_ portfolio: Portfolio) -> Bool {
    var previous: InstrumentID?
    for position in portfolio.positions {
      if let previous, position.instrument <= previous { return false }
      if position.size == .zero || !position.size.isPermitted { return false }
      previous = position.instrument
    }
    return portfolio.mode != .isolated || portfolio.positions.count <= 1
  }
}
