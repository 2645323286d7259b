// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import Quantities
import RiskEngine
import Testing

@testable import Simulation

extension CostTally {
  /// Expects that in every asset the flows add up to the wealth that traders have.
  func expectAllAttributed(
    in engine: Engine, _ name: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for asset in engine.state.listing.collateral.indices {
      let attributed = Flow.allCases.reduce(Int128(0)) { $0 + flow($1, asset: asset) }
      #expect(
        attributed == wealth(in: engine, asset: asset), "\(name), asset \(asset)",
        sourceLocation: sourceLocation)
    }
  }

  /// What traders have of an asset: balances, and positions that settle in it at the marks.
  private func wealth(in engine: Engine, asset: Int) -> Int128 {
    var sum: Int128 = 0
    for account in engine.state.accounts where !outsiders.contains(account.id) {
      sum += Int128(account.portfolio.balances[asset])
      for position in account.portfolio.positions
      where engine.state.settlementIndex(of: position.instrument) == asset {
        guard let index = engine.state.listing.index(of: position.instrument) else { continue }
        sum += Int128(
          position.unrealizedProfit(unitValue: engine.state.marks[index].unitValue))
      }
    }
    return sum
  }
}
