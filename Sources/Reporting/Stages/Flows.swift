// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Simulation

/// What was paid in each interval, by kind; what goes out, or is given back, is negative.
struct Flows {
  let intervals: Intervals
  /// By kind, then by interval.
  let series: [[Int64]]

  /// - Parameters:
  ///   - kinds: What a block paid of each.
  ///   - most: No more intervals than this.
  init(_ points: [ReplayPoint], most: Int, kinds: [(_ block: Int) -> Int64]) {
    let intervals = Intervals(points, most: most)
    self.intervals = intervals
    series = kinds.map { kind in
      intervals.ranges.map { $0.reduce(0) { WaterfallCosts.plus($0, kind($1)) } }
    }
  }

  /// Of each kind.
  var sums: [Int64] { series.map { $0.reduce(0, WaterfallCosts.plus) } }
  var top: Int64 { ends { max($0, 0) }.max() ?? 0 }
  var bottom: Int64 { ends { min($0, 0) }.min() ?? 0 }

  private func ends(_ part: (Int64) -> Int64) -> [Int64] {
    intervals.starts.indices.map { index in
      series.reduce(0) { WaterfallCosts.plus($0, part($1[index])) }
    }
  }
}

extension Flows {
  /// What came into the fund and went out of it, in the order of `ReplayCharts.fundFlowKinds`.
  init(_ history: FundHistory, _ points: [ReplayPoint], most: Int = 97) {
    self.init(
      points, most: most,
      kinds: ReplayCharts.fundFlowKinds.map { kind in { history.points[$0][kind.flow] } })
  }

  /// What each side paid, in the order of `ReplayCharts.balancePayments`.
  init(_ history: BalanceHistory, _ points: [ReplayPoint], most: Int = 97) {
    self.init(
      points, most: most,
      kinds: ReplayCharts.balancePayments.map { kind in { kind.value(history.points[$0]) } })
  }
}
