// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities
import Simulation

/// The charts of a report, made from its replays.
struct ReplayCharts {
  let runs: ReplayRuns
  let thinnings: [Thinning]

  init(_ runs: ReplayRuns) {
    self.runs = runs
    thinnings = runs.results.map { Thinning($0.points) }
  }

  var axes: [[Timestamp]] { thinnings.map(\.times) }

  /// One color per run; the second one is dashed as well.
  static let runColors = ["--c0", "--c5", "--c2", "--c3"]

  /// One line per run of something every block has.
  func perRun(_ value: (ReplayPoint) -> Int64) -> [ChartLine] {
    runs.results.indices.map { run in
      ChartLine(
        name: runs.names[run], color: Self.runColors[run % Self.runColors.count],
        weight: run == 0 ? .normal : .dashed, axis: run,
        values: thinnings[run].thin(runs.results[run].points.map { value($0) }))
    }
  }

  /// Several lines per run; in a comparison each name says its run.
  func perRun(
    _ series: [(name: String, color: String, value: (ReplayPoint) -> Int64)]
  ) -> [ChartLine] {
    runs.results.indices.flatMap { run in
      series.map { name, color, value in
        ChartLine(
          name: runs.isComparison ? "\(name), \(runs.names[run])" : name, color: color,
          weight: run == 0 ? .normal : .dashed, axis: run,
          values: thinnings[run].thin(runs.results[run].points.map { value($0) }))
      }
    }
  }

  var moneyUnit: ChartUnit { ChartUnit(kind: .money(runs.money)) }

  /// Says of every run what a figure did.
  private func told(_ sentence: (ReplayResult) -> String) -> String {
    zip(runs.names, runs.results).map { name, result in
      runs.isComparison ? "\(name): \(sentence(result))" : sentence(result)
    }.joined(separator: "; ") + "."
  }
}

// MARK: The venue through time

extension ReplayCharts {
  var accountsInLiquidation: Chart {
    Chart(
      id: "in-liquidation", title: "Accounts in liquidation",
      caption: "Accounts whose liquidation has begun and not ended, after each block.",
      summary: told { result in
        let most = result.points.map(\.accountsInLiquidation).max() ?? 0
        return "at most \(NumberText.grouped(Int64(most))) accounts at once"
      },
      kind: .lines(
        LineChart(
          unit: ChartUnit(kind: .count), axes: axes,
          lines: perRun { Int64($0.accountsInLiquidation) })),
      isWide: true)
  }

  var insuranceFund: Chart {
    Chart(
      id: "insurance-fund", title: "Insurance fund",
      caption: "What the fund holds in all collateral assets, valued at the accepted prices, "
        + "and what insolvent accounts owe that nobody has paid yet." + fundCaption,
      summary: told { result in
        let totals = result.totals
        return "from \(runs.money.short(totals.fundAtStart)) to "
          + "\(runs.money.short(totals.fundAtEnd)), lowest \(runs.money.short(totals.lowestFund))"
      },
      kind: .lines(
        LineChart(
          unit: moneyUnit, axes: axes,
          lines: perRun([
            ("insurance fund", "--c0", \.insuranceFundValue),
            ("owed, not covered", "--c5", \.uncoveredValue),
          ]) + fundLevels, marks: fundAlarms, marksName: "alarm")),
      isWide: !fundLevels.isEmpty)
  }

  var coverage: Chart {
    Chart(
      id: "coverage", title: "Losses covered by margin",
      caption: "What accounts lost from one block to the next, and how much of it went beyond "
        + "the maintenance margin each was required to hold at the first.",
      summary: told { result in
        let coverage = result.totals.coverage
        return "\(NumberText.grouped(Int64(coverage.beyondMaintenanceCount))) of "
          + "\(NumberText.grouped(Int64(coverage.accounts))) times an account lost more in a block "
          + "than its maintenance margin, \(runs.money.short(coverage.beyondMaintenance)) of "
          + "\(runs.money.short(coverage.losses)) lost"
      },
      kind: .lines(
        LineChart(
          unit: moneyUnit, axes: axes,
          lines: perRun([
            ("losses", "--c0", \.coverage.losses),
            ("beyond maintenance margin", "--c5", \.coverage.beyondMaintenance),
          ]))),
      isWide: true)
  }

  var lossesShared: Chart {
    Chart(
      id: "losses-shared", title: "Deleveraged and socialized",
      caption: "Since the start: the value of positions closed by auto-deleveraging, and the "
        + "losses that winners shared.",
      summary: told { result in
        "\(runs.money.short(result.totals.deleveragedValue)) deleveraged and "
          + "\(runs.money.short(result.totals.socializedValue)) socialized in the end"
      },
      kind: .lines(
        LineChart(
          unit: moneyUnit, axes: axes,
          lines: perRun([
            ("deleveraged", "--c3", \.deleveragedValue),
            ("socialized", "--c5", \.socializedValue),
          ]))))
  }

  var openInterest: Chart {
    Chart(
      id: "open-interest", title: "Open interest",
      caption: "The value of all open positions, one side of each counted, at the marks.",
      summary: told { result in
        let values = result.points.map(\.openInterestValue)
        return "from \(runs.money.short(values.first ?? 0)) to "
          + runs.money.short(values.last ?? 0)
      },
      kind: .lines(
        LineChart(unit: moneyUnit, axes: axes, lines: perRun(\.openInterestValue))))
  }

  var volatility: Chart {
    let underlyings = runs.underlyings
    let lines = runs.results.indices.prefix(1).flatMap { run in
      underlyings.enumerated().map { position, underlying in
        let values = runs.results[run].points.map { point in
          point.markets.first { $0.underlying == underlying }?.volatility.billionths
        }
        return ChartLine(
          name: underlying.description, color: "--c\(position % 10)", axis: run,
          values: thinnings[run].thin(values))
      }
    }
    return Chart(
      id: "volatility", title: "Volatility used for options",
      caption: "At the money for 30 days, annualized. Option marks and the volatility moves of "
        + "the margin scenarios start from it.",
      summary: "One line for each of \(underlyings.count) underlyings.",
      kind: .lines(LineChart(unit: ChartUnit(kind: .percentage), axes: axes, lines: lines)))
  }
}

// MARK: Flows and distribution

extension ReplayCharts {
  /// One chart per run, all with the same top.
  var liquidationFlows: [Chart] {
    let flows = runs.results.map { LiquidationFlow($0.points) }
    let top = flows.flatMap(\.sums).max() ?? 0
    return runs.results.indices.map { run in
      let flow = flows[run]
      return Chart(
        id: "liquidations-\(run)",
        title: "Liquidations by stage" + (runs.isComparison ? ": \(runs.names[run])" : ""),
        caption: "Value closed in each \(flow.intervals.length.readable): in the book, by "
          + "auto-deleveraging, and losses shared among winners.",
        summary: "In all \(runs.money.short(runs.results[run].totals.liquidatedValue)) closed in "
          + "the book and \(runs.money.short(runs.results[run].totals.deleveragedValue)) "
          + "deleveraged.",
        kind: .bars(
          BarChart(
            unit: moneyUnit, starts: flow.intervals.starts, interval: flow.intervals.length,
            series: [
              ("closed in the book", "--c0", flow.closed),
              ("deleveraged", "--c3", flow.deleveraged),
              ("socialized", "--c5", flow.socialized),
            ], top: top)),
        isWide: !runs.isComparison)
    }
  }

  /// One heat map per run, all with the same shades.
  var marginRatios: [Chart] {
    let maps = runs.results.map { RatioMap($0.points) }
    let most = maps.flatMap(\.counts).flatMap { $0 }.max() ?? 0
    return runs.results.indices.map { run in
      let map = maps[run]
      let worst = map.counts.prefix(RatioMap.liquidatedClasses).flatMap { $0 }.max() ?? 0
      return Chart(
        id: "margin-ratios-\(run)",
        title: "Margin ratios" + (runs.isComparison ? ": \(runs.names[run])" : ""),
        caption: "How many accounts have which margin ratio (equity ÷ maintenance margin), on "
          + "average over each \(map.intervals.length.readable), rounded up. Below 1 an account "
          + "is liquidated. Accounts without a requirement are not counted.",
        summary: "At most \(NumberText.grouped(Int64(worst))) accounts in one class below 1.",
        kind: .heatMap(
          HeatMapChart(
            starts: map.intervals.starts,
            end: (map.intervals.starts.last ?? Timestamp(seconds: 0)) + map.intervals.length,
            classes: RatioMap.classes, counts: map.counts,
            thresholds: RatioMap.thresholds(upTo: most), boundary: RatioMap.liquidatedClasses,
            boundaryName: "maintenance margin")),
        isWide: !runs.isComparison)
    }
  }
}

/// What was closed in each interval, from the running sums of the points.
struct LiquidationFlow {
  let intervals: Intervals
  let closed: [Int64]
  let deleveraged: [Int64]
  let socialized: [Int64]

  /// - Parameter most: No more intervals than this.
  init(_ points: [ReplayPoint], most: Int = 97) {
    let intervals = Intervals(points, most: most)
    func flow(_ sum: (ReplayPoint) -> Int64) -> [Int64] {
      intervals.ranges.map { range in
        let before = range.lowerBound > 0 ? sum(points[range.lowerBound - 1]) : 0
        return sum(points[range.upperBound - 1]) - before
      }
    }
    self.intervals = intervals
    closed = flow(\.liquidatedValue)
    deleveraged = flow(\.deleveragedValue)
    socialized = flow(\.socializedValue)
  }

  var sums: [Int64] { closed.indices.map { closed[$0] + deleveraged[$0] + socialized[$0] } }
}

/// Accounts by margin ratio, averaged over intervals.
struct RatioMap {
  let intervals: Intervals
  /// By class, then by interval.
  let counts: [[Int]]

  /// - Parameter most: No more intervals than this.
  init(_ points: [ReplayPoint], most: Int = 289) {
    let intervals = Intervals(points, most: most)
    self.intervals = intervals
    counts = ReplayResult.ratioBins.indices.map { bin in
      intervals.ranges.map { range in
        let sum = range.reduce(0) { $0 + (points[$1].ratioCounts[safely: bin] ?? 0) }
        return (sum + range.count - 1) / range.count
      }
    }
  }

  /// The classes below a margin ratio of 1.
  static var liquidatedClasses: Int { ReplayResult.ratioBins.count { $0 < 1 } }

  static var classes: [String] {
    let edges = ReplayResult.ratioBins.map(edgeText)
    return edges.indices.map { bin in
      if bin == 0 { return "below \(edges[1])" }
      return bin + 1 < edges.count ? "\(edges[bin]) – \(edges[bin + 1])" : "\(edges[bin]) or more"
    }
  }

  private static func edgeText(_ edge: Double) -> String {
    NumberText.grouped(Int64((edge * 100).rounded()), decimals: 2)
  }

  /// Eight shades whose steps suit the highest count.
  static func thresholds(upTo most: Int) -> [Int] {
    switch most {
    case ..<30: [1, 2, 3, 5, 8, 12, 16, 22]
    case ..<600: [1, 2, 5, 10, 25, 50, 100, 250]
    case ..<10_000: [1, 3, 10, 30, 100, 300, 1_000, 3_000]
    default: [1, 10, 30, 100, 300, 1_000, 3_000, 10_000]
    }
  }
}

extension Array {
  fileprivate subscript(safely index: Int) -> Element? {
    indices.contains(index) ? self[index] : nil
  }
}
