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
  /// P04, of every risk universe.
  case insuranceFundIsNotNegative
  /// What the venue has earned in fees is not negative either: rebates come out of fees.
  case feesAreNotNegative
  // After every block.
  /// The running sums equal a fresh sum over all accounts.
  case runningTotalsAreTrue
  /// A market's clearing balance is minus the cost of its positions.
  case clearingBalancesCost
  /// P21: a liquidation order is its account's own and closes no more than what is held, or hedges
  /// options of a portfolio account in a perpetual of their underlying.
  case liquidationsAreConsistent
  /// Sorted by id, one balance per asset, positions sorted and not empty, one instrument in an
  /// isolated account.
  case accountsAreOrdered
  /// What an account holds is of the universe whose fund stands for it.
  case accountsAreInOneUniverse
  /// What a pool owes its depositors is there: its gains in its reserve, and at rest its deposits
  /// in its account; its order closes no more than it holds.
  case poolsCoverTheirClaims
  /// Rebates come out of the fees that were paid for the same underlying.
  case entryPotsAreNotNegative
  /// The order of the fund's hedge is its own, and one that gives back closes no more than is held;
  /// what it has drawn and cost is counted.
  case hedgeIsConsistent
  /// What bidders for rights have locked is there until the sale is over.
  case depositsAreKept
}

extension LedgerState {
  /// The first rule broken among those that are cheap enough for every event.
  ///
  /// - Parameters:
  ///   - instrument: The dense index of the market an event touched, if any.
  ///   - movesFund: Whether the event may have changed the fund of a universe beyond the common
  ///     one: there may be 63, of 64 assets each.
  @inlinable
  public func brokenAfterEvent(instrument: Int? = nil, movesFund: Bool = true) -> Invariant? {
    if isOutsideLimits { return .balancesAreInsideLimits }
    for house in houses {
      if house.total != 0 { return .moneyIsConserved }
      if house.insuranceFund < 0 { return .insuranceFundIsNotNegative }
      if house.fees < 0 { return .feesAreNotNegative }
    }
    if movesFund, losses.isAnyFundNegative { return .insuranceFundIsNotNegative }
    if !balance.pots.allSatisfy({ $0.units >= 0 }) { return .entryPotsAreNotNegative }
    if let instrument, totals[instrument].netSize != 0 { return .marketSumsToZero }
    return nil
  }

  /// The first rule broken among all of them; one pass over the accounts.
  public func brokenAfterBlock() -> Invariant? {
    if let broken = brokenAfterEvent() { return broken }
    var fresh = AccountTotals(assets: houses.count, instruments: totals.count)
    // By index: an account is a large value, and this pass is long.
    let accounts = accounts.span
    for index in accounts.indices {
      if index > 0, accounts[index].id <= accounts[index - 1].id { return .accountsAreOrdered }
      guard isWellFormed(accounts[index].portfolio) else { return .accountsAreOrdered }
      guard isInOneUniverse(index) else { return .accountsAreInOneUniverse }
      fresh.add(
        accounts[index].portfolio.balances, accounts[index].portfolio.positions, 1, listing)
      if let order = accounts[index].liquidationOrder, !isConsistent(order, accounts[index]) {
        return .liquidationsAreConsistent
      }
    }
    return broken(by: fresh)
  }

  /// The same for a state of which all but some accounts were checked before.
  ///
  /// - Parameters:
  ///   - found: What ``broken(among:)`` finds of at least the accounts that have changed since.
  ///   - kept: The sums over all accounts.
  public func brokenAfterBlock(found: Invariant?, kept: AccountTotals) -> Invariant? {
    if let broken = brokenAfterEvent() { return broken }
    guard kept.fits(self) else { return .runningTotalsAreTrue }
    return found ?? broken(by: kept)
  }

  /// The first rule that one of some accounts breaks by itself.
  ///
  /// - Parameter changed: Dense indices, in any order, any number of times.
  public func broken(among changed: ArraySlice<Int>) -> Invariant? {
    let accounts = accounts.span
    for index in changed {
      let id = accounts[index].id
      if index > 0, id <= accounts[index - 1].id { return .accountsAreOrdered }
      if index + 1 < accounts.count, id >= accounts[index + 1].id { return .accountsAreOrdered }
      guard isWellFormed(accounts[index].portfolio) else { return .accountsAreOrdered }
      guard isInOneUniverse(index) else { return .accountsAreInOneUniverse }
      if let order = accounts[index].liquidationOrder, !isConsistent(order, accounts[index]) {
        return .liquidationsAreConsistent
      }
    }
    return nil
  }

  /// The first of the running totals that is not what the accounts come to.
  private func broken(by sums: AccountTotals) -> Invariant? {
    for asset in houses.indices {
      // What pools keep for their depositors, and pots for takers, is customers' money.
      let kept =
        (asset > 0 ? 0 : pools.reduce(Int128(0)) { $0 + Int128($1.reserve) })
        + balance.total(in: listing.collateral[asset].asset)
        + (asset > 0 ? 0 : Int128(execution.deposits))
      guard sums.customers[asset] + kept == houses[asset].customers,
        losses.universeFunds(asset) == houses[asset].universeFunds
      else { return .runningTotalsAreTrue }
    }
    for instrument in totals.indices {
      if sums.sizes[instrument] != 0 { return .marketSumsToZero }
      if sums.longs[instrument] != totals[instrument].openInterest {
        return .runningTotalsAreTrue
      }
      if sums.costs[instrument] != -totals[instrument].clearing { return .clearingBalancesCost }
    }
    if !execution.coversDeposits { return .depositsAreKept }
    if !poolsAreConsistent { return .poolsCoverTheirClaims }
    if !hedgeIsConsistent { return .hedgeIsConsistent }
    return nil
  }

  private func isWellFormed(_ portfolio: borrowing Portfolio) -> Bool {
    guard portfolio.balances.count == houses.count else { return false }
    var previous: InstrumentID?
    for slot in portfolio.positions.indices {
      let position = portfolio.positions[slot]
      if let previous, position.instrument <= previous { return false }
      previous = position.instrument
      guard position.size != .zero, position.size.isPermitted,
        listing.index(of: position.instrument) != nil
      else { return false }
    }
    return portfolio.mode != .isolated || portfolio.positions.count <= 1
  }

  private func isInOneUniverse(_ index: Int) -> Bool {
    guard !universes.isEmpty else { return true }
    return accounts[index].portfolio.positions.allSatisfy { position in
      listing.index(of: position.instrument).map { universes[$0] } == accounts[index].universe
    }
  }

  func isConsistent(_ order: LiquidationOrder, _ account: Account) -> Bool {
    let held = account.portfolio.size(of: order.instrument)
    guard order.account == account.id, order.id < nextOrder, order.size.steps > 0 else {
      return false
    }
    let closes =
      held.sign == -order.side.sign && order.size.steps.magnitude <= held.steps.magnitude
    return closes || isHedge(order, of: account.portfolio)
  }

  private func isHedge(_ order: LiquidationOrder, of portfolio: Portfolio) -> Bool {
    guard portfolio.mode == .portfolio, order.stage == .partial,
      let index = listing.index(of: order.instrument),
      case .perpetual = listing.contracts[index].kind,
      portfolio.size(of: order.instrument).sign != -order.side.sign
    else { return false }
    return portfolio.positions.contains { position in
      listing.index(of: position.instrument).map { held in
        let contract = listing.contracts[held]
        return contract.isOption && contract.underlying == listing.contracts[index].underlying
      } ?? false
    }
  }
}
