// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Margin
import MarketData
import NumericalMethods

/// Questions about one account: what if, before a trade, after a fill.
enum MarginAccountBench {
  static func figures(_ venue: MarginVenue) throws -> [Figure] {
    let sweep = VenueSweep(venue.engine, SweepTable(venue.engine))
    let options = try MarginVenue.single(venue.engine, positions: 100..<200)
    let linear = try MarginVenue.single(venue.engine, positions: 1_950..<1_960)
    let whatIf = try checks(sweep, options, contracts: 100..<200)
    let checksLinear = try checks(sweep, linear, contracts: 1_950..<1_960)
    let fills = try fillNanoseconds(venue, sweep)
    return [
      .below("what-if, 100 options, mean", whatIf.mean / 1e3, "µs", goal: 50),
      .below(
        "check before a trade, 100 options, 99th percentile", whatIf.p99 / 1e3, "µs", goal: 20),
      .ratio(
        "check before a trade, 10 perpetuals, mean", checksLinear.mean, "ns", against: "1 µs",
        1_000, goal: 1),
      .below(
        "check before a trade, 10 perpetuals, 99th percentile", checksLinear.p99 / 1e3, "µs",
        goal: 4),
      .below("fill and new measure of one of \(venue.rows.count) accounts", fills, "ns"),
    ]
  }

  private static func checks(
    _ sweep: VenueSweep, _ rows: AccountRows, contracts: Range<Int>
  ) throws -> (mean: Double, p99: Double) {
    var check = PreTradeCheck(sweep, rows)
    var random = SplitMix64(seed: 6)
    let clock = ContinuousClock()
    var times: [Double] = []
    var permitted = 0
    let count = 200_000
    times.reserveCapacity(count)
    let all = try seconds {
      for _ in 0..<count {
        let contract = contracts.lowerBound + Int(random.next() % UInt64(contracts.count))
        let began = clock.now
        let isPermitted = try check.permits(
          0, in: rows, sweep, contract: contract, steps: Int64(random.next() % 21) - 10,
          unitValue: sweep.engine.marks[contract].unitValue)
        times.append((clock.now - began) / .nanoseconds(1))
        permitted += isPermitted ? 1 : 0
      }
    }
    return (all * 1e9 / Double(count), MarginTickBench.percentile(times, 0.99))
  }

  /// Fills all over the venue, in place.
  private static func fillNanoseconds(_ venue: MarginVenue, _ sweep: VenueSweep) throws -> Double {
    var rows = venue.rows
    var scratch = SweepScratch(sweep)
    var random = SplitMix64(seed: 7)
    let count = 100_000
    let elapsed = try seconds {
      for _ in 0..<count {
        let account = Int(random.next() % UInt64(rows.count))
        let contract = rows.contract(at: rows.order(of: account))
        try rows.fill(
          account, contract: contract, steps: 1,
          unitValue: sweep.engine.marks[contract].unitValue)
        _ = sweep.requirement(rows.order(of: account), of: rows, &scratch)
      }
    }
    return elapsed * 1e9 / Double(count)
  }
}
