// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
public import Parameters
public import Quantities

// Risk universes: each has a fund of its own, and an account is in one at a time.
//
// So every loss has one universe, and what an account may owe needs no splitting: whoever goes on
// to another universe has no position left and equity above initial margin, and takes no loss
// along. Decision 39.
extension Engine {
  /// The universe of an instrument; the common one for an unknown one.
  public func universe(of instrument: InstrumentID) -> RiskUniverse {
    guard !state.universes.isEmpty, let index = state.listing.index(of: instrument) else {
      return .common
    }
    return state.universes[index]
  }

  /// The universe of an account with this portfolio: where it holds or orders something, else where
  /// it held its last position.
  func universe(of portfolio: borrowing Portfolio, _ id: AccountID) -> RiskUniverse {
    guard !state.universes.isEmpty else { return .common }
    if let held = portfolio.positions.first { return universe(of: held.instrument) }
    if let ordered = portfolio.orders.first { return universe(of: ordered.instrument) }
    return state.index(of: id).map { state.accounts[$0].universe } ?? .common
  }

  /// Every universe with instruments or a fund, ascending.
  public var universes: [RiskUniverse] {
    guard !state.universes.isEmpty || !state.losses.universes.isEmpty else { return [.common] }
    let found = state.universes + state.losses.universes.map(\.universe)
    return (0...RiskUniverse.highest).map(RiskUniverse.init)
      .filter { $0 == .common || found.contains($0) }
  }

  /// How much more of an asset the fund of a universe may hold, ledger units.
  func fundSpace(_ asset: Int, of universe: RiskUniverse) -> Int64 {
    Amount.limit - state.fund(asset, of: universe)
  }

  /// How much of what an account is to pay a fund, of its universe unless stated, the fields of
  /// both can hold, ledger units of an asset; the rest stays with the account.
  func payable(
    _ units: Int64, asset: Int, by index: Int, to universe: RiskUniverse? = nil
  ) -> Int64 {
    min(
      units, fundSpace(asset, of: universe ?? state.accounts[index].universe),
      state.accounts[index].portfolio.balances[asset] + Amount.limit)
  }

  /// Records a fact about the fund of a universe.
  mutating func emit(_ fact: LedgerEvent, in universe: RiskUniverse) throws(StepError) {
    try emit(universe == .common ? fact : .inUniverse(universe, fact))
  }

  // MARK: Checks

  /// Refuses an instrument of another universe than what an account holds and orders.
  func checkUniverse(
    _ portfolio: borrowing Portfolio, of instrument: InstrumentID, _ id: AccountID
  ) throws(StepError) {
    guard !state.universes.isEmpty else { return }
    let wanted = universe(of: instrument)
    for position in portfolio.positions where universe(of: position.instrument) != wanted {
      throw .refused(.otherUniverse(id, universe(of: position.instrument)))
    }
    for order in portfolio.orders where universe(of: order.instrument) != wanted {
      throw .refused(.otherUniverse(id, universe(of: order.instrument)))
    }
  }

  /// Refuses parameters that would leave an account, or a pool, in two universes, or the hedge in
  /// another than the fund that pays for it; or an account whose loss is yet to be paid in another
  /// than its last market, whose winners are asked for it.
  func checkUniverses(under set: ParameterSet) throws(StepError) {
    guard RiskUniverse.isAnyStated(in: set) || !state.universes.isEmpty else { return }
    let found = state.listing.contracts.map { RiskUniverse(of: $0.underlying, in: set) }
    for account in state.accounts {
      guard isKept(account, found) || !leavesLoss(account) else {
        throw .refused(.otherUniverse(account.id, account.universe))
      }
      let isHedge = state.isHedge(account.id)
      var first: RiskUniverse? = isHedge ? .common : nil
      let instruments =
        account.portfolio.positions.map(\.instrument) + account.portfolio.orders.map(\.instrument)
      for instrument in instruments {
        guard let index = state.listing.index(of: instrument) else { continue }
        guard found[index] == first ?? found[index] else {
          throw .refused(.otherUniverse(account.id, first ?? .common))
        }
        first = found[index]
      }
    }
    for pool in state.pools { try checkUniverse(ofPool: pool.id, pool.markets, set) }
  }

  /// Whether an account without positions is in liquidation, or worth less than nothing: what it
  /// lacks is for the fund of the universe that it was in, which nothing but the account names, and
  /// for winners of its last market.
  private func leavesLoss(_ account: Account) -> Bool {
    guard account.portfolio.positions.isEmpty else { return false }
    guard !account.isInLiquidation else { return true }
    guard account.portfolio.balances.contains(where: { $0 < 0 }) else { return false }
    return valuation.map { $0.risk(account.portfolio).equity < 0 } ?? false
  }

  /// Whether the universe of an account is still that of its last market; where it has none, still
  /// one at all.
  private func isKept(_ account: Account, _ found: [RiskUniverse]) -> Bool {
    guard let market = account.liquidation?.market, let last = state.listing.index(of: market)
    else { return account.universe == .common || found.contains(account.universe) }
    return found[last] == account.universe
  }

  /// Refuses a pool for underlyings of two universes: it would bear the losses of both.
  func checkUniverse(
    ofPool id: AccountID, _ markets: [AssetSymbol], _ set: ParameterSet
  ) throws(StepError) {
    let found = markets.map { RiskUniverse(of: $0, in: set) }
    guard let first = found.first, found.contains(where: { $0 != first }) else { return }
    throw .refused(.otherUniverse(id, first))
  }
}
