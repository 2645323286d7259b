// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities
import Simulation

// Who stands on which side of each underlying, what that costs each side, and the fund's hedge.
extension ReplayCharts {
  /// The histories that have a point for each block.
  private var balances: [(run: Int, history: BalanceHistory)] {
    runs.results.enumerated().compactMap { run, result in
      result.balanceHistory.points.count == result.points.count && !result.points.isEmpty
        ? (run, result.balanceHistory) : nil
    }
  }

  /// The underlyings of which anybody of the house holds anything in any run, sorted.
  private var balancedUnderlyings: [AssetSymbol] {
    Set(balances.flatMap(\.history.underlyings)).sorted()
  }

  /// Of each underlying the deltas, one chart per run, then gamma and vega of the takers; then
  /// payments, and size and cost of the hedge; without those that would be empty.
  var balance: [Chart] {
    balancedUnderlyings.flatMap { underlying in
      balances.map { deltas(of: underlying, $0.run, $0.history) }
        + [gamma(of: underlying), vega(of: underlying)].compactMap(\.self)
    } + payments + hedge
  }

  private func suffix(_ run: Int) -> String {
    runs.isComparison ? ": \(runs.names[run])" : ""
  }

  private static func id(_ name: String, _ underlying: AssetSymbol) -> String {
    "\(name)-\(underlying.description.lowercased().replacing(".", with: "-"))"
  }

  private func values(
    of underlying: AssetSymbol, _ run: Int, _ history: BalanceHistory,
    _ value: (BalanceRow) -> Int64
  ) -> [Int64?] {
    thinnings[run].thin(
      history.points.map { point in
        point.rows.first { $0.underlying == underlying }.map { BalanceRow.millionths(value($0)) }
      })
  }

  private func unit(_ underlying: AssetSymbol) -> ChartUnit {
    ChartUnit(kind: .quantity(MoneyFormat(currency: underlying)))
  }
}

// MARK: Greeks

extension ReplayCharts {
  /// Who holds a delta, in the order of the legend.
  static var balanceGroups: [(name: String, color: String, delta: (BalanceRow) -> Int64)] {
    [
      ("takers", "--c0", \.takersDelta), ("registered makers", "--c2", \.makersDelta),
      ("pools", "--c4", \.poolsDelta), ("under the hammer", "--c5", \.auctionsDelta),
      ("hedge of the fund", "--c3", \.hedgeDelta),
      ("coins of the fund (no one's other side)", "--c8", \.fundDelta),
    ]
  }

  private func deltas(
    of underlying: AssetSymbol, _ run: Int, _ history: BalanceHistory
  ) -> Chart {
    let lines = Self.balanceGroups.enumerated().compactMap { place, group -> ChartLine? in
      let values = values(of: underlying, run, history, group.delta)
      guard place == 0 || values.contains(where: { ($0 ?? 0) != 0 }) else { return nil }
      return ChartLine(
        name: group.name, color: group.color,
        weight: place == 0 ? .thick : group.name.hasPrefix("coins") ? .dashed : .normal,
        axis: run, values: values)
    }
    let last = history.points.last?.rows.first { $0.underlying == underlying }
    let money = MoneyFormat(currency: underlying)
    return Chart(
      id: "\(Self.id("balance", underlying))-\(run)",
      title: "Delta of \(underlying) by group" + suffix(run),
      caption: "Net delta of each group in \(underlying) after each block, long above the axis: "
        + "positions net to zero, so takers hold the opposite of the house.",
      summary: last.map { "Takers end at \(money.short(BalanceRow.millionths($0.takersDelta)))." }
        ?? "At the end nobody is of the house.",
      kind: .lines(LineChart(unit: unit(underlying), axes: axes, lines: lines)),
      isWide: !runs.isComparison)
  }

  private func gamma(of underlying: AssetSymbol) -> Chart? {
    takers(
      "Gamma", of: underlying, unit(underlying), \.takersGamma,
      caption: "What their delta gains, in \(underlying), when prices rise by 1 %; the house has "
        + "the opposite.")
  }

  private func vega(of underlying: AssetSymbol) -> Chart? {
    takers(
      "Vega", of: underlying, moneyUnit, \.takersVega,
      caption: "What they gain, in \(runs.first.quote), when volatility rises by one point (0.01); "
        + "the house has the opposite.")
  }

  /// One line per run; `nil` where takers never have any.
  private func takers(
    _ name: String, of underlying: AssetSymbol, _ unit: ChartUnit,
    _ value: (BalanceRow) -> Int64, caption: String
  ) -> Chart? {
    let lines = balances.map { run, history in
      ChartLine(
        name: runs.isComparison ? "takers, \(runs.names[run])" : "takers",
        color: Self.runColors[run % Self.runColors.count], weight: run == 0 ? .normal : .dashed,
        axis: run, values: values(of: underlying, run, history, value))
    }
    guard lines.contains(where: { $0.values.contains { ($0 ?? 0) != 0 } }) else { return nil }
    return Chart(
      id: Self.id(name.lowercased(), underlying), title: "\(name) of takers in \(underlying)",
      caption: caption, summary: "One line for each run.",
      kind: .lines(LineChart(unit: unit, axes: axes, lines: lines)))
  }
}

// MARK: Payments

extension ReplayCharts {
  /// What one side pays the other, or the pot of its underlying; given back below the axis.
  static var balancePayments:
    [(name: String, color: String, value: (BalanceHistory.Point) -> Int64)]
  {
    [
      ("funding paid by longs", "--c0", \.longsPaid),
      ("funding paid by shorts", "--c5", \.shortsPaid),
      ("entry fees of buyers", "--c2", \.buyersPaid),
      ("entry fees of sellers", "--c3", \.sellersPaid),
      ("given back for a better balance", "--c4", { -$0.rebates }),
    ]
  }

  /// One chart per run, all with the same ends.
  private var payments: [Chart] {
    let flows = balances.map { run, history in
      (run: run, flow: Flows(history, runs.results[run].points))
    }
    let top = flows.map(\.flow.top).max() ?? 0
    let bottom = flows.map(\.flow.bottom).min() ?? 0
    guard top > 0 || bottom < 0 else { return [] }
    return flows.map { run, flow in
      let sums = zip(Self.balancePayments, flow.sums).filter { $1 != 0 }.map { payment, sum in
        "\(payment.name) \(runs.money.short(abs(sum)))"
      }
      return Chart(
        id: "balance-payments-\(run)", title: "Funding and entry fees by side" + suffix(run),
        caption: "Paid in each \(flow.intervals.length.readable) on all markets, at the prices of "
          + "the moment: funding by one side to the other, entry fees by whoever takes an "
          + "underlying further out of balance.",
        summary: sums.isEmpty ? "Nothing was paid." : "In all: \(sums.joined(separator: ", ")).",
        kind: .bars(
          BarChart(
            unit: moneyUnit, starts: flow.intervals.starts, interval: flow.intervals.length,
            series: zip(Self.balancePayments, flow.series).filter { $1.contains { $0 != 0 } }
              .map { (name: $0.name, color: $0.color, values: $1) },
            top: top, bottom: bottom)),
        isWide: !runs.isComparison)
    }
  }
}

// MARK: The hedge

extension ReplayCharts {
  private var hedge: [Chart] {
    let hedged = balances.filter { $0.history.points.contains { $0.hedge != nil } }
    guard !hedged.isEmpty else { return [] }
    return [hedgeSize(hedged), hedgeCost(hedged)]
  }

  private func named(_ name: String, _ run: Int) -> String {
    runs.isComparison ? "\(name), \(runs.names[run])" : name
  }

  private func hedgeSize(_ hedged: [(run: Int, history: BalanceHistory)]) -> Chart {
    let lines = hedged.flatMap { run, history in
      history.underlyings.enumerated().compactMap { place, underlying -> ChartLine? in
        let values = zip(history.points, runs.results[run].points).map { point, block -> Int64? in
          guard let row = point.rows.first(where: { $0.underlying == underlying }),
            let index = block.markets.first(where: { $0.underlying == underlying })?.index
          else { return nil }
          // 10^−8 of base units × 10^−8 of the quote currency, in millionths.
          let worth = (Int128(row.hedgeDelta) * Int128(index.steps)).divided(
            by: 10_000_000_000, rounding: .halfEven)
          return Int64(clamping: worth)
        }
        guard values.contains(where: { ($0 ?? 0) != 0 }) else { return nil }
        return ChartLine(
          name: named("\(underlying)", run), color: "--c\(place % 10)",
          weight: run == 0 ? .normal : .dashed, axis: run, values: thinnings[run].thin(values))
      }
    }
    return Chart(
      id: "hedge-size", title: "Hedge of the fund: size",
      caption: "Its delta at the index, bought above the axis and sold below it; where an index "
        + "has no quorum the line is broken.",
      summary: lines.isEmpty ? "The hedge never held anything." : "One line an underlying.",
      kind: .lines(LineChart(unit: moneyUnit, axes: axes, lines: lines)))
  }

  private func hedgeCost(_ hedged: [(run: Int, history: BalanceHistory)]) -> Chart {
    let shown: [(name: String, color: String, value: (BalanceHistory.HedgeStanding) -> Int64)] = [
      ("cost so far", "--c5", \.cost), ("capital of the fund in it", "--c0", \.drawn),
      ("worth of its account", "--c3", \.equity),
    ]
    let lines = hedged.flatMap { run, history in
      shown.map { name, color, value in
        ChartLine(
          name: named(name, run), color: color, weight: run == 0 ? .normal : .dashed, axis: run,
          values: thinnings[run].thin(history.points.map { $0.hedge.map(value) }))
      }
    }
    let costs = hedged.map { run, history in
      named(runs.money.short(history.points.compactMap { $0.hedge?.cost }.last ?? 0), run)
    }
    return Chart(
      id: "hedge-cost", title: "Hedge of the fund: cost and capital",
      caption: "What its fills have cost against the marks at which they were decided, fees "
        + "included, with what the fund has in it and what it is worth.",
      summary: "It cost \(costs.joined(separator: "; ")).",
      kind: .lines(LineChart(unit: moneyUnit, axes: axes, lines: lines)))
  }
}
