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
  /// What the venue has earned in fees is not negative either: rebates come out of fees.
  case feesAreNotNegative
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
      if house.fees < 0 { return .feesAreNotNegative }
    }
    if let instrument, totals[instrument].netSize != 0 { return .marketSumsToZero }
    return nil
  }

  /// The first rule broken among all of them; one pass over the accounts.
  public func brokenAfterBlock() -> Invariant? {
    if let broken = brokenAfterEvent() { return broken }
    var fresh = FreshTotals(assets: houses.count, instruments: totals.count)
    var previous: AccountID?
    // By index: an account is a large value, and this pass runs every block.
    let accounts = accounts.span
    for index in accounts.indices {
      if let previous, accounts[index].id <= previous { return .accountsAreOrdered }
      previous = accounts[index].id
      guard add(accounts[index].portfolio, to: &fresh) else { return .accountsAreOrdered }
      guard accounts[index].liquidation != nil else { continue }
      if let order = accounts[index].liquidation?.order, !isConsistent(order, accounts[index]) {
        return .liquidationsAreConsistent
      }
    }
    for asset in houses.indices where fresh.customers[asset] != houses[asset].customers {
      return .runningTotalsAreTrue
    }
    for instrument in totals.indices {
      if fresh.sizes[instrument] != 0 { return .marketSumsToZero }
      if fresh.longs[instrument] != totals[instrument].openInterest {
        return .runningTotalsAreTrue
      }
      if fresh.costs[instrument] != -totals[instrument].clearing { return .clearingBalancesCost }
    }
    return nil
  }

  /// Adds one account to the sums.
  ///
  /// - Returns: Whether its portfolio is well-formed.
  private func add(_ portfolio: borrowing Portfolio, to fresh: inout FreshTotals) -> Bool {
    guard portfolio.balances.count == houses.count else { return false }
    for asset in portfolio.balances.indices {
      fresh.customers[asset] += Int128(portfolio.balances[asset])
    }
    var previous: InstrumentID?
    for slot in portfolio.positions.indices {
      let position = portfolio.positions[slot]
      if let previous, position.instrument <= previous { return false }
      previous = position.instrument
      guard position.size != .zero, position.size.isPermitted,
        let instrument = listing.index(of: position.instrument)
      else { return false }
      fresh.costs[instrument] += Int128(position.cost)
      fresh.sizes[instrument] += position.size.steps
      fresh.longs[instrument] += max(position.size.steps, 0)
    }
    return portfolio.mode != .isolated || portfolio.positions.count <= 1
  }

  private func isConsistent(_ order: LiquidationOrder, _ account: Account) -> Bool {
    let held = account.portfolio.size(of: order.instrument)
    return order.account == account.id && order.id < nextOrder && held.sign == -order.side.sign
      && order.size.steps > 0 && order.size.steps.magnitude <= held.steps.magnitude
  }
}

/// Sums over all accounts, taken anew.
private struct FreshTotals {
  /// By collateral asset.
  var customers: [Int128]
  /// By instrument.
  var costs: [Int128]
  var sizes: [Int64]
  var longs: [Int64]

  init(assets: Int, instruments: Int) {
    customers = Array(repeating: 0, count: assets)
    costs = Array(repeating: 0, count: instruments)
    sizes = Array(repeating: 0, count: instruments)
    longs = Array(repeating: 0, count: instruments)
  }
}
