// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Simulation

/// The charts of a comparison through time: one line a waterfall.
struct WaterfallCharts {
  let runs: [WaterfallRun]
  let results: ReplayRuns

  var all: [Chart] {
    [
      chart(
        "fund", "Insurance fund",
        "What the fund holds, valued at the accepted prices.", \.insuranceFundValue),
      chart(
        "owed", "Owed and not covered",
        "The sum of negative equities after each block.", \.uncoveredValue),
      chart(
        "deleveraged", "Deleveraged since the start",
        "The value of positions closed by auto-deleveraging.", \.deleveragedValue),
      chart(
        "closed", "Closed in the book since the start",
        "The value of positions that liquidation orders closed.", \.liquidatedValue),
    ]
  }

  private func chart(
    _ id: String, _ title: String, _ caption: String, _ value: (ReplayPoint) -> Int64
  ) -> Chart {
    let thinnings = runs.map { Thinning($0.result.points, limit: 600) }
    let lines = runs.indices.map { index in
      ChartLine(
        name: runs[index].name, color: "--c\(index % 10)",
        weight: index == 0 ? .thick : index < 10 ? .normal : .dashed, axis: index,
        values: thinnings[index].thin(runs[index].result.points.map { value($0) }))
    }
    return Chart(
      id: id, title: title, caption: caption,
      summary: "One line for each of \(runs.count) waterfalls.",
      kind: .lines(
        LineChart(
          unit: ChartUnit(kind: .money(results.money)), axes: thinnings.map(\.times),
          lines: lines, namesEnds: true)),
      isWide: true)
  }
}
