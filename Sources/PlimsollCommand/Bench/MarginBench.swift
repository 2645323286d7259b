// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Instruments
import Kernels
import Margin
import MarketData
import Parameters
import Quantities

/// The margin of a whole venue: blocks, ticks and single accounts, against plain code and against
/// what the memory allows.
enum MarginBench {
  /// - Parameter plot: Where the cost against the number of accounts is drawn.
  static func figures(
    _ parameters: ParameterSet, accounts: Int, plot: URL? = nil
  ) throws -> [Figure] {
    var figures = try venueFigures(parameters, accounts: accounts, hasFurtherTerms: false)
    // The parameters as they are bundled: netting, size charges, basis, tier floor, twists, sets.
    figures += try venueFigures(parameters, accounts: accounts, hasFurtherTerms: true)
      .map { $0.named("all terms: \($0.name)") }
    let lean = try decades(parameters, accounts: accounts, hasFurtherTerms: false)
    let whole = try decades(parameters, accounts: accounts, hasFurtherTerms: true)
    figures += lean.map { figure($0.accounts, $0.milliseconds) }
    figures += whole.map { sizes in
      let line = figure(sizes.accounts, sizes.milliseconds)
      return line.named("all terms: \(line.name)")
    }
    if let plot {
      let curves = CostPlot(curves: [
        ("scenarios, provisions, haircuts", lean.map { (Double($0.accounts), $0.milliseconds) }),
        ("all terms", whole.map { (Double($0.accounts), $0.milliseconds) }),
      ])
      try Data(curves.svg.utf8).write(to: plot, options: .atomic)
    }
    figures += try AllocationBench.figures(parameters)
    let standalone = try MarginVenue(parameters, accounts: accounts, mode: .cross)
    let sweep = VenueSweep(standalone.engine, SweepTable(standalone.engine))
    figures.append(
      .below(
        "full requirement, cross accounts, 2 threads",
        milliseconds(sweep, standalone.rows, threads: 2), "ms"))
    return figures
  }

  private static func venueFigures(
    _ parameters: ParameterSet, accounts: Int, hasFurtherTerms: Bool
  ) throws -> [Figure] {
    let venue = try MarginVenue(
      parameters, accounts: accounts, hasFurtherTerms: hasFurtherTerms)
    return try block(venue) + MarginTickBench.figures(venue) + MarginAccountBench.figures(venue)
  }

  private static func variant() -> String {
    String(cString: plimsoll_kernel_variant_name(plimsoll_kernel_variant_in_use()))
  }

  // MARK: One block

  private static func block(_ venue: MarginVenue) throws -> [Figure] {
    let sweep = VenueSweep(venue.engine, SweepTable(venue.engine))
    let rows = venue.rows
    let tables = try tableMilliseconds(venue)
    let single = scan(sweep, rows, threads: 1)
    let double = scan(sweep, rows, threads: 2)
    let roof = reading(sweep, rows, threads: 1)
    let roofs = reading(sweep, rows, threads: 2)
    let full = milliseconds(sweep, rows, threads: 2)
    let fullSingle = milliseconds(sweep, rows, threads: 1)
    let objects = objectNanoseconds(sweep, rows)
    let positions = Double(rows.positionCount)
    let twin = objects * positions / 1e6
    let bytes = Double(rows.byteCount + rows.count * MemoryLayout<AccountRequirement>.stride)
    return [
      .below("scenario tables, 2,000 instruments", tables, "ms"),
      .below("exact sweep, \(variant()), 2 threads", double, "ms", goal: 9),
      .below("exact sweep, \(variant()), 1 thread", single * 1e6 / positions, "ns/position"),
      .below(
        "exact sweep ÷ reading its rows, 1 thread", single / roof, "×", goal: 2.2),
      .below(
        "exact sweep ÷ reading its rows, 2 threads", double / roofs, "×", goal: 2.2),
      .below("reading the rows, 1 thread", roof * 1e6 / positions, "ns/position"),
      .ratio(
        "exact sweep, 1 thread", single, "ms", against: "objects and arrays, 1 thread", twin,
        goal: 12),
      .ratio("exact sweep, 2 threads", double, "ms", against: "1 thread", single, goal: 1.7),
      .below("full requirement, 2 threads", full, "ms"),
      .ratio(
        "full requirement, 2 threads", full, "ms", against: "1 thread", fullSingle, goal: 1.7),
      .below("block: tables, sweep, charges, decisions", tables + full, "ms", goal: 60),
      .below(
        "rows and results ÷ allowance", bytes / Double(300 * rows.count + 16 * rows.positionCount),
        "×", goal: 1),
    ]
  }

  private static func tableMilliseconds(_ venue: MarginVenue) throws -> Double {
    var engine = venue.engine
    var table = SweepTable(engine)
    var best = Double.infinity
    for _ in 0..<9 {
      let elapsed = try seconds {
        try engine.advance(to: venue.snapshot)
        table.rebuild(engine)
      }
      best = min(best, elapsed * 1e3)
    }
    return best
  }

  /// Best of several, and the decisions of the last counted.
  private static func milliseconds(
    _ sweep: VenueSweep, _ rows: AccountRows, threads: Int
  ) -> Double {
    let workers = VenueThreads(count: threads)
    var scratches = (0..<threads).map { _ in SweepScratch(sweep) }
    var results = [AccountRequirement](repeating: .unmeasured, count: rows.count)
    var liquidatable: [Int32] = []
    liquidatable.reserveCapacity(rows.count)
    return bestNanoseconds(per: 1_000_000) {
      workers.measure(sweep, rows, &scratches, into: &results)
      liquidatable.removeAll(keepingCapacity: true)
      let results = results.span
      for order in results.indices where results[order].isLiquidatable {
        liquidatable.append(Int32(truncatingIfNeeded: order))
      }
    }
  }

  private static func scan(_ sweep: VenueSweep, _ rows: AccountRows, threads: Int) -> Double {
    var losses = [Int64](repeating: 0, count: rows.count)
    return bestNanoseconds(per: 1_000_000) {
      VenueThreads(count: threads).losses(sweep, rows, into: &losses)
    }
  }

  private static func reading(_ sweep: VenueSweep, _ rows: AccountRows, threads: Int) -> Double {
    var checksums = [Int64](repeating: 0, count: threads)
    return bestNanoseconds(per: 1_000_000) {
      VenueThreads(count: threads).readRows(sweep, rows, into: &checksums)
    }
  }

  /// Plain objects, per position; on every tenth account, with the same losses.
  private static func objectNanoseconds(_ sweep: VenueSweep, _ rows: AccountRows) -> Double {
    let orders = stride(from: 0, to: rows.count, by: 10).map { rows.order(of: $0) }
    let accounts = MarginTwin.accounts(sweep.engine, rows, orders: orders)
    let positions = accounts.reduce(0) { $0 + $1.positions.count }
    var losses = [Int64](repeating: 0, count: accounts.count)
    let nanoseconds = bestNanoseconds(per: positions, runs: 3) {
      for index in accounts.indices { losses[index] = accounts[index].worstLoss() }
    }
    var fast = [Int64](repeating: 0, count: rows.count)
    VenueThreads(count: 1).losses(sweep, rows, into: &fast)
    for (order, loss) in zip(orders, losses) where rows.held(at: order, asset: 1) == 0 {
      precondition(
        rows.held(at: order, asset: 2) != 0 || fast[order] == loss, "the twin disagrees")
    }
    return nanoseconds
  }

  // MARK: Cost against size

  private static func decades(
    _ parameters: ParameterSet, accounts: Int, hasFurtherTerms: Bool
  ) throws -> [(accounts: Int, milliseconds: Double)] {
    var times: [(Int, Double)] = []
    var size = 1_000
    while size <= accounts {
      let venue = try MarginVenue(
        parameters, accounts: size, hasFurtherTerms: hasFurtherTerms)
      let sweep = VenueSweep(venue.engine, SweepTable(venue.engine))
      times.append((size, milliseconds(sweep, venue.rows, threads: 2)))
      size *= 10
    }
    return times
  }

  private static func figure(_ accounts: Int, _ milliseconds: Double) -> Figure {
    .below(
      "full requirement of \(accounts) accounts", milliseconds * 1e6 / Double(accounts),
      "ns/account")
  }
}
