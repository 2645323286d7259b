// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities
import Simulation

extension ReplayCharts {
  /// How much of the fund's highest balance is left when an alarm is given, with the alarm's name.
  private static let levels: [(left: Int64, name: String)] = [
    (75, "25 % gone"), (50, "50 % gone"), (25, "75 % gone"),
  ]

  /// The histories that have a point for each block.
  private var histories: [(run: Int, history: FundHistory)] {
    runs.results.enumerated().compactMap { run, result in
      result.fund.points.count == result.points.count && !result.points.isEmpty
        ? (run, result.fund) : nil
    }
  }

  /// Target and alarm levels, of runs that have them.
  var fundLevels: [ChartLine] {
    histories.flatMap { run, history in levels(of: history, run) }
  }

  private func levels(of history: FundHistory, _ run: Int) -> [ChartLine] {
    func line(
      _ name: String, _ color: String, _ value: (FundHistory.Point) -> Int64?
    ) -> ChartLine? {
      let values = history.points.map(value)
      guard values.contains(where: { $0 != nil }) else { return nil }
      return ChartLine(
        name: runs.isComparison ? "\(name), \(runs.names[run])" : name, color: color,
        weight: .dashed, axis: run, values: thinnings[run].thin(values))
    }
    let alarms = zip(Self.levels, ["--c1", "--c3", "--c9"]).map { level, color in
      line(level.name, color) { point in
        point.peak.map { peak in
          Int64((Int128(peak) * Int128(level.left)).divided(by: 100, rounding: .halfEven))
        }
      }
    }
    return ([line("target", "--c2") { $0.target }] + alarms).compactMap(\.self)
  }

  /// Where the fund had lost a quarter, a half or three quarters of an asset, and had it again.
  var fundAlarms: [ChartMark] {
    histories.flatMap { run, history in marks(of: history, run) }
  }

  private func marks(of history: FundHistory, _ run: Int) -> [ChartMark] {
    history.alarms.map { alarm in
      let universe = alarm.universe.map { ", \($0)" } ?? ""
      let run = runs.isComparison ? ", \(runs.names[run])" : ""
      return ChartMark(
        time: alarm.time, value: alarm.balance,
        text: "\(alarm.percent) % of the highest balance in \(alarm.asset) gone\(universe)\(run)")
    }
  }

  /// The fund of each risk universe, run by run; none where nothing is set apart.
  var universeFunds: [Chart] {
    runs.results.enumerated().flatMap { run, result in
      result.universeFunds.filter { $0.history.points.count == result.points.count }
        .map { universeFund($0, run) }
    }
  }

  private func universeFund(_ fund: UniverseFund, _ run: Int) -> Chart {
    let ofRun = runs.isComparison ? ": \(runs.names[run])" : ""
    let balance = ChartLine(
      name: "insurance fund", color: "--c0", axis: run,
      values: thinnings[run].thin(fund.history.points.map { $0.balance }))
    return Chart(
      id: "insurance-fund-\(run)-universe-\(fund.number)",
      title: "Insurance fund: \(fund.name)\(ofRun)",
      caption: "What this fund alone holds, its own target and where a part of its own highest "
        + "balance is gone. It pays for no loss in another universe.",
      summary: "from \(runs.money.short(fund.start)) to \(runs.money.short(fund.end)), "
        + "\(fund.history.alarms.count) alarms",
      kind: .lines(
        LineChart(
          unit: moneyUnit, axes: axes, lines: [balance] + levels(of: fund.history, run),
          marks: marks(of: fund.history, run), marksName: "alarm")))
  }

  var fundCaption: String {
    guard !fundLevels.isEmpty || !universeFunds.isEmpty else {
      return " The venue sets no target for it and watches no alarms."
    }
    let count = fundAlarms.count
    let given =
      count == 0
      ? "No alarm was given." : "Crosses: where the alarm of an asset changed (\(count))."
    guard runs.results.allSatisfy(\.universeFunds.isEmpty) else {
      return " All universes' funds together; dashed: how large they should be in all. \(given) "
        + "Each fund is drawn by itself below."
    }
    return " Dashed: how large it should be, and where a part of its highest balance is gone, at "
      + "the prices of the moment. \(given)"
  }

  /// What comes in and goes out, of one kind.
  static let fundFlowKinds: [(flow: FundHistory.Flow, name: String, color: String)] = [
    (.penalty, "penalties", "--c0"), (.gapPremium, "gap premiums", "--c4"),
    (.interest, "interest", "--c6"), (.surcharge, "surcharges on fees", "--c2"),
    (.fees, "part of fees", "--c10"), (.contribution, "contributions", "--c8"),
    (.conversion, "assets exchanged", "--c7"),
    (.cover, "debts paid", "--c5"), (.auctionReward, "paid to bidders", "--c1"),
    (.recovery, "paid back to winners", "--c3"), (.hedge, "capital of the hedge", "--soft"),
    (.collateralSale, "sales of collateral", "--ink"),
    (.rights, "rights to slices", "--c9"), (.other, "other", "--rule"),
  ]

  /// What came into the fund and went out of it, one chart per run, all with the same ends.
  var fundFlows: [Chart] {
    let all = histories.map { run, history in (run, Flows(history, runs.results[run].points)) }
    let top = all.map(\.1.top).max() ?? 0
    let bottom = all.map(\.1.bottom).min() ?? 0
    guard top > 0 || bottom < 0 else { return [] }
    return all.map { run, flows in
      Chart(
        id: "fund-flows-\(run)",
        title: "Into the fund and out of it"
          + (runs.isComparison ? ": \(runs.names[run])" : ""),
        caption: "By kind in each \(flows.intervals.length.readable), at the prices of the moment; "
          + "what goes out is below the axis. The table has the sums.",
        summary: "In all \(runs.money.short(flows.sums.filter { $0 > 0 }.reduce(0, +))) came in "
          + "and \(runs.money.short(-flows.sums.filter { $0 < 0 }.reduce(0, +))) went out.",
        kind: .bars(
          BarChart(
            unit: moneyUnit, starts: flows.intervals.starts, interval: flows.intervals.length,
            series: zip(Self.fundFlowKinds, flows.series).filter { $1.contains { $0 != 0 } }
              .map { (name: $0.name, color: $0.color, values: $1) },
            top: top, bottom: bottom)),
        isWide: !runs.isComparison)
    }
  }
}

extension ReportPage {
  /// The sums of what came into the fund and went out of it, one column per run.
  var fundTable: Markup {
    let shown = ReplayCharts.fundFlowKinds.filter { kind in
      runs.results.contains { $0.fund[kind.flow] != 0 }
    }
    guard !shown.isEmpty else { return "" }
    var table = HTMLTable(
      "Into the fund and out of it",
      [.text("For what")]
        + runs.names.map { .number(runs.isComparison ? "\($0)" : "Amount") })
    table.append(["at the start"] + runs.results.map { amount($0.totals.fundAtStart) })
    for kind in shown {
      table.append(["\(kind.name)"] + runs.results.map { amountOrNone($0.fund[kind.flow]) })
    }
    table.append(
      ["change of the prices of its assets"] + runs.results.map { amountOrNone($0.fundRevaluation) }
    )
    table.footer = ["at the end"] + runs.results.map { amount($0.totals.fundAtEnd) }
    return table.markup
  }

  /// What came into the fund of each universe and went out of it; nothing where none is apart.
  var universeTable: Markup {
    let rows = zip(runs.names, runs.results).flatMap { name, result in
      result.universeFunds.map { (name: name, fund: $0) }
    }
    guard !rows.isEmpty else { return "" }
    var table = HTMLTable(
      "Funds of the risk universes",
      [
        .text("Universe"), .number("At the start"), .number("In"), .number("Out"),
        .number("Prices"), .number("At the end"), .number("Target"), .number("Alarms"),
      ])
    for (name, fund) in rows {
      let sums = FundHistory.Flow.allCases.map { fund.history[$0] }
      let run = runs.isComparison ? ", \(name)" : ""
      table.append([
        "\(fund.name)\(run)", amount(fund.start),
        amountOrNone(sums.filter { $0 > 0 }.reduce(0, WaterfallCosts.plus)),
        amountOrNone(sums.filter { $0 < 0 }.reduce(0, WaterfallCosts.plus)),
        amountOrNone(fund.revaluation), amount(fund.end),
        fund.history.points.last?.target.map { amount($0) } ?? .none,
        "\(fund.history.alarms.count)",
      ])
    }
    return table.markup
  }
}

extension ReplayResult {
  /// What prices, and rounding, made of what the fund holds.
  var fundRevaluation: Int64 {
    FundHistory.Flow.allCases.reduce(totals.fundAtEnd - totals.fundAtStart) { $0 - fund[$1] }
  }
}

extension UniverseFund {
  /// With what is listed in it.
  fileprivate var name: String {
    let listed = underlyings.map { "\($0)" }.joined(separator: ", ")
    return listed.isEmpty ? "\(universe)" : "\(universe) (\(listed))"
  }
}
