// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Kernels
import Quantities

extension VenueSweep {
  // MARK: Isolated and cross accounts

  func standalone(
    _ order: Int, of rows: borrowing AccountRows, _ scratch: inout SweepScratch
  ) -> AccountRequirement {
    guard !engine.chargesStandaloneSizes, engine.collateral.isPlain else {
      return exact(order, of: rows, &scratch)
    }
    let assets = table.layout.assetCount
    for asset in 0..<assets {
      scratch.net[asset] = rows.held[order * assets + asset]
      scratch.cut[asset] = Int128(scratch.net[asset])
      if scratch.net[asset] != 0, !engine.valuations[asset].isPriced { return .unmeasured }
    }
    var charge = ChargePair.zero
    let start = Int(rows.starts[order])
    for place in start..<start + Int(rows.counts[order]) {
      let index = Int(rows.entries[place] & PLIMSOLL_ENTRY_ROW)
      let steps = Int64(rows.sizes[place])
      guard engine.charges.span[index].isPriced else { return .unmeasured }
      let worth = steps * engine.charges.span[index].unitValue
      let asset = Int(engine.charges.span[index].settlement)
      scratch.net[asset] += worth
      scratch.cut[asset] += Int128(engine.haircutWorth(index, steps, worth))
      charge =
        charge
        + engine.standaloneCharge(
          index, steps: steps, engine.tierPlace(index, steps: steps))
    }
    let haircut = engine.haircutCharge(scratch.cut)
    charge = charge + ChargePair(initial: haircut, maintenance: haircut)
    var equity: Int128 = 0
    for asset in scratch.net.indices where scratch.net[asset] != 0 {
      equity += engine.valuations[asset].worth(Int128(scratch.net[asset]), rounding: .down)
    }
    return AccountRequirement(
      equity: QuoteMoney.clampedEquity(equity), initialMargin: charge.initial,
      maintenanceMargin: charge.maintenance)
  }

  // MARK: The definition itself

  /// The account by ``RequirementEngine``: everything that leaves the bounds of the sweep.
  func exact(
    _ order: Int, of rows: borrowing AccountRows, _ scratch: inout SweepScratch
  ) -> AccountRequirement {
    if rows.kinds[order] == .kept {
      let portfolio = rows.portfolios[rows.keptSlot(order)].portfolio
      return risk(of: portfolio, &scratch)
    }
    return risk(of: portfolio(order, of: rows), &scratch)
  }

  private func risk(
    of portfolio: Portfolio, _ scratch: inout SweepScratch
  ) -> AccountRequirement {
    if let tail, portfolio.mode == .portfolio {
      guard
        let requirement = try? engine.requirement(of: portfolio, tail, scratch: &scratch.exact),
        let shortfall = try? engine.expectedShortfall(
          of: portfolio, tail, scratch: &scratch.exact)
      else { return .unmeasured }
      scratch.shortfall = shortfall
      return requirement
    }
    guard let risk = try? engine.risk(of: portfolio, scratch: &scratch.exact) else {
      return .unmeasured
    }
    return AccountRequirement(risk)
  }

  /// The account as a portfolio without costs, which are in its balances: the risk is the same.
  func portfolio(_ order: Int, of rows: borrowing AccountRows) -> Portfolio {
    let assets = table.layout.assetCount
    let start = Int(rows.starts[order])
    var positions: [Position] = []
    for place in start..<start + Int(rows.counts[order])
    where rows.entries[place] & PLIMSOLL_ENTRY_AMOUNT == 0 {
      positions.append(
        Position(
          instrument: table.layout.instruments[Int(rows.entries[place] & PLIMSOLL_ENTRY_ROW)],
          size: Size(steps: Int64(rows.sizes[place])), cost: 0))
    }
    positions.sort { $0.instrument < $1.instrument }
    let isPortfolio =
      rows.kinds[order] == .portfolio || rows.kinds[order] == .exactPortfolio
    return Portfolio(
      mode: isPortfolio ? .portfolio : .cross,
      balances: Array(rows.held[order * assets..<(order + 1) * assets]), positions: positions)
  }
}
