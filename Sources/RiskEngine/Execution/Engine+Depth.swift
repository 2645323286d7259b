// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Parameters
import Quantities

// How deep the books are, and for how long: what a slice is cut to.
extension Engine {
  /// Takes in the depth of markets as whoever keeps their books counts it.
  mutating func takeDepth(_ reports: [DepthReport]) throws(StepError) {
    let terms = rules.liquidation.depth
    guard terms.isOn else { throw .refused(.notInUse("liquidation.depthWindow")) }
    guard !reports.isEmpty else { throw .refused(.notPositive("the number of reports")) }
    var last: InstrumentID?
    for report in reports {
      guard state.listing.index(of: report.instrument) != nil else {
        throw .refused(.unknownInstrument(report.instrument))
      }
      if let last, report.instrument <= last {
        throw .refused(.notIncreasing("an instrument in a report of depth"))
      }
      last = report.instrument
      for size in [report.bids, report.asks] where !(0...Size.limit).contains(size.steps) {
        throw .refused(.outsideLimits("a depth"))
      }
    }
    try emit(.depthReported(reports, window: terms.window))
  }

  /// How many steps an order of a side could have taken all through the window; `nil` where depth
  /// is not looked at or was never reported.
  func standingDepth(of instrument: InstrumentID, side: Side) -> Int64? {
    let terms = rules.liquidation.depth
    guard terms.isOn, let market = state.execution.depth(of: instrument) else { return nil }
    return Liquidation.standingDepth(of: market, side: side, at: state.time, terms)
  }
}

extension Rate {
  /// The rate, or what taking from a depth costs, if that is more.
  func raised(by depth: Int64?, _ size: Size, _ distance: Rate) -> Rate {
    guard let depth else { return self }
    return max(self, costOfDepth(size, of: depth, distance: distance))
  }
}
