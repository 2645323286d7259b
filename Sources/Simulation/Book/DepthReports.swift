// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import Parameters
import Quantities
import RiskEngine

extension SimulatedBook {
  /// How far depth is counted where the venue states no distance of its own.
  private static let usualDistance = Rate(billionths: 10_000_000)

  /// What the book holds of every open contract, as the venue is told once a block.
  ///
  /// A contract has its underlying's book: up to a share of the underlying's price from the mark,
  /// less what orders took and has not come back. Recorded depth where there is any, and the law
  /// of impact where there is none.
  /// - Returns: By instrument; empty while nothing is marked.
  func depthReports(_ engine: Engine) -> [DepthReport] {
    guard let valuation = engine.valuation else { return [] }
    let stated = engine.rules.liquidation.depth.distance
    let distance = (stated > .zero ? stated : Self.usualDistance).value
    var reports: [DepthReport] = []
    for (contract, totals) in zip(engine.state.listing.contracts, engine.state.totals)
    where !totals.isExpired && contract.kind != .spot {
      guard let mark = valuation.mark(of: contract.id), let depth = depth(of: contract.underlying),
        let quote = Quote(contract, mark: mark.price, depth: depth)
      else { continue }
      reports.append(
        DepthReport(
          instrument: contract.id, bids: Size(steps: quote.free(within: distance, for: .sell)),
          asks: Size(steps: quote.free(within: distance, for: .buy))))
    }
    return reports
  }
}
