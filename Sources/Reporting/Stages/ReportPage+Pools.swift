// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Quantities
import Simulation

// Backstop pools: what a share of each tranche was worth, and what the pools took over.

extension ReplayCharts {
  /// Share prices of all runs in one picture, then takeovers, one a run; none without a pool.
  var pools: [Chart] {
    let lines = sharePrices
    guard !lines.isEmpty else { return [] }
    let prices = lines.flatMap { $0.values.compactMap(\.self) }
    let (low, high) = (prices.min() ?? 0, prices.max() ?? 0)
    // A tenth of the range on either side, and a range where there is none.
    let space = max((high - low) / 10, 1_000_000)
    let chart = Chart(
      id: "pool-shares", title: "Share prices of backstop pools",
      caption: "What one unit of the first deposit of each tranche has become: what losses have "
        + "left of it and its gains, positions at their marks. The axis does not begin at zero.",
      summary: zip(lines, lines.map { $0.values.compactMap(\.self).last ?? 0 }).map { line, last in
        "\(line.name) ends at \(NumberText.percentage(billionths: last, shown: 2))"
      }.joined(separator: "; ") + ".",
      kind: .lines(
        LineChart(
          unit: ChartUnit(kind: .percentage), axes: axes, lines: lines,
          range: max(low - space, 0)...(high + space))),
      isWide: true)
    return [chart] + takeovers
  }

  private var sharePrices: [ChartLine] {
    let colors = [PoolTranche.senior: "--c0", .junior: "--c5"]
    return runs.results.indices.flatMap { run in
      let result = runs.results[run]
      return result.pools.pools.flatMap { pool in
        pool.tranches.compactMap { tranche -> ChartLine? in
          guard tranche.prices.count == result.points.count, !result.points.isEmpty
          else { return nil }
          var name = tranche.tranche.title
          if result.pools.pools.count > 1 { name += " of \(pool.id)" }
          return ChartLine(
            name: runs.isComparison ? "\(name), \(runs.names[run])" : name,
            color: colors[tranche.tranche] ?? "--c8", weight: run == 0 ? .normal : .dashed,
            axis: run, values: thinnings[run].thin(tranche.prices.map { $0?.billionths }))
        }
      }
    }
  }

  private var takeovers: [Chart] {
    runs.results.indices.compactMap { run in
      let result = runs.results[run]
      let pools = result.pools.pools.filter { $0.taken.count == result.points.count }
      guard !pools.isEmpty else { return nil }
      let flows = Flows(result.points, most: 97, kinds: pools.map { pool in { pool.taken[$0] } })
      let taken = runs.money.short(flows.sums.reduce(0, WaterfallCosts.plus))
      return Chart(
        id: "pool-takeovers-\(run)",
        title: "Taken over by pools" + (runs.isComparison ? ": \(runs.names[run])" : ""),
        caption: "Positions of accounts in liquidation in each "
          + "\(flows.intervals.length.readable), at their marks.",
        summary: "In all \(taken).",
        kind: .bars(
          BarChart(
            unit: moneyUnit, starts: flows.intervals.starts, interval: flows.intervals.length,
            series: zip(pools, flows.series).enumerated().map { place, pair in
              (name: "\(pair.0.id)", color: "--c\((place + 6) % 10)", values: pair.1)
            }, top: flows.top)),
        isWide: !runs.isComparison)
    }
  }
}

extension ReportPage {
  /// Pools with their tranches; nothing where no run has one.
  var poolSection: Markup {
    guard !pools.isEmpty else { return "" }
    let tables = zip(runs.names, runs.results).map { name, result -> Markup in
      guard !result.pools.pools.isEmpty else { return "" }
      return table(of: result.pools, runs.isComparison ? ": \(name)" : "")
    }
    return PageFrame.section("pools", "Backstop pools", figures(pools) + tables.joined())
  }

  private func table(of history: PoolHistory, _ who: Markup) -> Markup {
    var table = HTMLTable(
      "Pools and their tranches\(who)",
      [
        .short("Pool"), .number("Taken over"), .number("Held at the end"), .short("Tranche"),
        .number("Deposited"), .number("Withdrawn"), .number("Result"), .number("Share price"),
        .number("Lowest"),
      ])
    for pool in history.pools {
      for (place, tranche) in pool.tranches.enumerated() {
        let whole: [Markup] =
          place == 0
          ? ["\(pool.id)", amountOrNone(pool.takenValue), amountOrNone(pool.heldValue)]
          : ["", "", ""]
        table.append(
          whole + [
            "\(tranche.tranche.title)", amountOrNone(tranche.deposited),
            amountOrNone(tranche.withdrawn), amountOrNone(tranche.result),
            Self.price(tranche.lastPrice), Self.price(tranche.lowestPrice),
          ])
      }
    }
    return table.markup
  }

  private static func price(_ price: Rate?) -> Markup {
    price.map { "\(NumberText.percentage(billionths: $0.billionths, shown: 3))" } ?? .none
  }
}

extension PoolTranche {
  /// The tranche's name for people.
  var title: String {
    switch self {
    case .senior: "senior"
    case .junior: "junior"
    }
  }
}

// MARK: Terminal and JSON

extension ReplaySummary {
  /// Tranches with their share prices; nothing where no run has a pool.
  var pools: String {
    zip(runs.names, runs.results).compactMap { name, result in
      guard !result.pools.pools.isEmpty else { return nil }
      let title = "Backstop pools" + (runs.isComparison ? ", \(TextTable.visible(name))" : "")
      var table = TextTable([
        (title, .left), ("Tranche", .left), ("Deposited", .right), ("Result", .right),
        ("Share price", .right), ("Lowest", .right),
      ])
      for pool in result.pools.pools {
        for tranche in pool.tranches {
          let prices = [tranche.lastPrice, tranche.lowestPrice].map { price in
            price.map { NumberText.percentage(billionths: $0.billionths, shown: 3) } ?? "–"
          }
          table.append(
            [
              "\(pool.id)", tranche.tranche.title, runs.money.short(tranche.deposited),
              runs.money.short(tranche.result),
            ] + prices)
        }
      }
      return table.text
    }.joined(separator: "\n")
  }
}

extension PoolHistory {
  /// - Parameter points: Of the same replay.
  func json(_ points: [ReplayPoint]) -> JSONText {
    .array(
      pools.map { pool in
        .object([
          ("pool", .integer(Int64(pool.id.number))),
          ("markets", .array(pool.markets.map { .string("\($0)") })),
          ("takenValue", .money(pool.takenValue)), ("heldValue", .money(pool.heldValue)),
          ("tranches", .array(pool.tranches.map { $0.json(points) })),
        ])
      })
  }
}

extension PoolHistory.Tranche {
  /// With its share price where it changes, from the first on.
  fileprivate func json(_ points: [ReplayPoint]) -> JSONText {
    var changes: [JSONText] = []
    var last: Rate?
    for (point, price) in zip(points, prices) {
      guard let price, price != last else { continue }
      last = price
      changes.append(
        .object([
          ("at", .time(point.time)), ("price", .decimal(price.billionths, decimals: 9)),
        ]))
    }
    func price(_ price: Rate?) -> JSONText {
      price.map { .decimal($0.billionths, decimals: 9) } ?? .null
    }
    return .object([
      ("tranche", .string(tranche.title)), ("deposited", .money(deposited)),
      ("withdrawn", .money(withdrawn)), ("result", .money(result)),
      ("sharePrice", price(lastPrice)), ("lowestSharePrice", price(lowestPrice)),
      ("sharePrices", .array(changes)),
    ])
  }
}
