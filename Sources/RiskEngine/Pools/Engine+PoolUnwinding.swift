// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import MarketData
import Parameters
import Quantities

// What pools do at the end of a block: they reduce what they took over, and settle when they are
// at rest.
extension Engine {
  /// Lets every pool without an order send the next one.
  mutating func unwindPools() throws(StepError) {
    guard !state.pools.isEmpty else { return }
    try reviewPools()
    for place in state.pools.indices { try unwind(place) }
  }

  /// Ends orders that are too late or that the position no longer bears, and shares the results of
  /// pools that are at rest.
  mutating func reviewPools() throws(StepError) {
    for place in state.pools.indices {
      let id = state.pools[place].id
      guard let index = state.index(of: id) else { continue }
      if let order = state.pools[place].order {
        let held = state.accounts[index].portfolio.size(of: order.instrument)
        let isBorne = held.sign == -order.side.sign && held.magnitude >= order.size
        if state.time >= order.expiresAt || !isBorne {
          try emit(.liquidationOrderClosed(id, order.id, isBorne ? .expired : .cancelled))
        }
      }
      try settle(place, of: index)
    }
  }

  /// Sends the order that reduces the position whose closing frees most margin.
  private mutating func unwind(_ place: Int) throws(StepError) {
    let pool = state.pools[place]
    guard pool.order == nil, let valuation, let index = state.index(of: pool.id),
      !state.accounts[index].isInLiquidation,
      !state.accounts[index].portfolio.positions.isEmpty
    else { return }
    let portfolio = state.accounts[index].portfolio
    var memory = takeScratch(valuation)
    let risk = valuation.risk(portfolio, &memory)
    let closable = valuation.closable(portfolio, risk: risk, at: state.time, &memory)
    scratch = memory
    let open = closable.map(\.position).filter { position in
      valuation.underlying(of: position.instrument).map { state.status(of: $0) } == .open
    }
    // Below maintenance margin its positions are for the waterfall, from the next block on.
    guard !risk.isLiquidatable else { return }
    let best = open.max { one, other in
      if one.relief != other.relief { return one.relief < other.relief }
      if one.notional != other.notional { return one.notional < other.notional }
      return one.instrument > other.instrument
    }
    guard let best, let market = state.listing.index(of: best.instrument) else { return }
    let slice = UnwindingSlice(
      of: best.size, in: state.listing.contracts[market], mark: state.marks[market].price,
      share: rules.pool.unwindShare, slippage: rules.pool.unwindSlippage)
    try emit(
      .liquidationOrderIssued(
        LiquidationOrder(
          id: state.nextOrder, account: pool.id, instrument: best.instrument,
          side: best.size.sign > 0 ? .sell : .buy, size: slice.size, limit: slice.limit,
          stage: .pool, expiresAt: state.time + rules.liquidation.orderLife)))
  }

  /// Shares what a pool has gained or lost since it was last at rest; a gain goes into its reserve,
  /// out of reach of later losses.
  private mutating func settle(_ place: Int, of index: Int) throws(StepError) {
    let pool = state.pools[place]
    let account = state.accounts[index]
    guard account.portfolio.positions.isEmpty, !account.isInLiquidation, pool.order == nil
    else { return }
    let profit = account.portfolio.balances[0] - pool.total
    // A debt is for the waterfall, and so it cannot be more than there was.
    guard profit != 0, account.portfolio.balances[0] >= 0 else { return }
    guard pool.total > 0 else {
      // Nobody is there to have it.
      let taken = payable(profit, asset: 0, by: index)
      guard taken > 0 else { return }
      try move(
        taken, asset: 0, from: .account(pool.id), to: .fund(of: account.universe), .poolGain)
      return
    }
    if profit > 0 {
      try move(profit, asset: 0, from: .account(pool.id), to: .pool(pool.id), .poolGain)
    }
    try emit(.poolSettled(pool.divided(profit, juniorShare: rules.pool.juniorShare)))
  }
}
