// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Parameters
import Quantities
import RiskEngine

extension Replay {
  /// The commands that open a backstop pool in an opened venue, one for each risk universe, and
  /// give it its opening share of the open interest there that settles in the quote currency:
  /// nothing unless the waterfall has the stage and the share is stated.
  ///
  /// The pool and the account that fills it are numbered after all others; all is in the senior
  /// tranche but for the part that parameters give the junior one.
  static func poolOpening(of engine: Engine) -> [Command] {
    guard engine.rules.pool.openingShare > .zero,
      engine.rules.liquidation.waterfall.stages.contains(.pool),
      var last = engine.state.accounts.last?.id.number
    else { return [] }
    var commands: [Command] = []
    for universe in engine.universes {
      let opening = poolOpening(of: engine, in: universe, after: last)
      if !opening.isEmpty { last += 2 }
      commands += opening
    }
    return commands
  }

  private static func poolOpening(
    of engine: Engine, in universe: RiskUniverse, after last: UInt32
  ) -> [Command] {
    let state = engine.state
    guard let valuation = engine.valuation, last <= .max - 2 else { return [] }
    var interest: Int128 = 0
    var markets: [AssetSymbol] = []
    for (contract, totals) in zip(state.listing.contracts, state.totals)
    where contract.settlementAsset == state.listing.quote
      && engine.universe(of: contract.id) == universe
    {
      let size = Size(steps: totals.openInterest)
      interest += Int128(valuation.notional(size, of: contract.id))
      if !markets.contains(contract.underlying) { markets.append(contract.underlying) }
    }
    // A quarter of the largest amount leaves room for every later profit.
    let most = Int128(Amount.limit / 4)
    let share = engine.rules.pool.openingShare
    let units = share.share(of: Int64(min(interest, most)), rounding: .down)
    guard units > 0, markets.count <= BackstopPool.mostMarkets else { return [] }
    let amount = Amount(units: units, asset: state.listing.quote)
    let (backer, pool) = (AccountID(last + 1), AccountID(last + 2))
    let junior = engine.rules.pool.openingJuniorShare.share(of: units, rounding: .down)
    let deposits = [(PoolTranche.senior, units - junior), (.junior, junior)].filter { $1 > 0 }
    return [
      .openAccount(backer, .cross), .depositCollateral(backer, amount),
      .openPool(pool, markets: markets.sorted()),
    ]
      + deposits.map { tranche, units in
        .depositToPool(backer, pool, tranche, Amount(units: units, asset: state.listing.quote))
      }
  }
}
