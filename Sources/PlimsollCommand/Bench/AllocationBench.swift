// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import AllocationCounter
import Margin
import MarketData
import Parameters
import Quantities

/// How often the hot path asks the system for memory, in steady state, on a venue with all terms.
///
/// Each kind of event runs a while before it is counted, so that what grows once has grown.
enum AllocationBench {
  private static let accounts = 1_000
  private static let events = 10_000

  static func figures(_ parameters: ParameterSet) throws -> [Figure] {
    guard plimsoll_thread_allocations() >= 0 else { return [] }
    let venue = try MarginVenue(parameters, accounts: accounts, hasFurtherTerms: true)
    let counted: [(String, Int64)] = [
      ("account of a sweep", sweep(venue)),
      ("tick and the accounts it wakes", try tick(venue)),
      ("fill in place and new measure", try fill(venue)),
      ("check before a trade", try check(venue)),
      ("table and rows of a block", try block(venue)),
    ]
    return counted.map { name, count in
      .below("allocations, \(name)", Double(count) / Double(events), "per event", goal: 0)
    }
  }

  /// The second of two runs of all events.
  private static func second(_ work: (Int) throws -> Void) rethrows -> Int64 {
    for number in 0..<events { try work(number) }
    let before = plimsoll_thread_allocations()
    for number in 0..<events { try work(number) }
    return plimsoll_thread_allocations() - before
  }

  private static func sweep(_ venue: MarginVenue) -> Int64 {
    let sweep = VenueSweep(venue.engine, SweepTable(venue.engine))
    let rows = venue.rows
    var scratch = SweepScratch(sweep)
    var results = [AccountRequirement](repeating: .unmeasured, count: 1)
    return results.withUnsafeMutableBufferPointer { results in
      second { number in
        let order = number % rows.count
        sweep.measure(order..<order + 1, of: rows, &scratch, into: results)
      }
    }
  }

  /// The first underlying to and fro by one and a half per cent.
  private static func tick(_ venue: MarginVenue) throws -> Int64 {
    var moved = venue.engine
    var markets = venue.snapshot.underlyings
    let first = markets[0]
    markets[0] = UnderlyingMarket(
      underlying: first.underlying,
      index: try Price(first.index.value * 1.015, rounding: .toNearestOrEven), basis: first.basis,
      volatility: first.volatility)
    try moved.advance(to: MarketSnapshot(time: venue.snapshot.time, underlyings: markets))
    let here = VenueSweep(venue.engine, SweepTable(venue.engine))
    let there = VenueSweep(moved, SweepTable(moved))
    let rows = venue.rows
    var scratch = SweepScratch(here)
    var intervals = TriggerIntervals(here, of: rows, &scratch, mostWoken: accounts)
    var measured = 0
    let count = second { number in
      let sweep = number % 2 == 0 ? there : here
      _ = intervals.wake(at: sweep.engine)
      measured += intervals.recheck(sweep, of: rows, &scratch) { _, _ in }
    }
    precondition(measured > 0, "a tick that wakes nobody shows nothing")
    return count
  }

  private static func fill(_ venue: MarginVenue) throws -> Int64 {
    let sweep = VenueSweep(venue.engine, SweepTable(venue.engine))
    var rows = venue.rows
    var scratch = SweepScratch(sweep)
    return try second { number in
      let order = rows.order(of: number % accounts)
      let contract = rows.contract(at: order)
      try rows.fill(
        number % accounts, contract: contract, steps: number / accounts % 2 == 0 ? 1 : -1,
        unitValue: venue.engine.marks[contract].unitValue)
      _ = sweep.requirement(order, of: rows, &scratch)
    }
  }

  private static func check(_ venue: MarginVenue) throws -> Int64 {
    let sweep = VenueSweep(venue.engine, SweepTable(venue.engine))
    let rows = venue.rows
    var check = PreTradeCheck(sweep, rows)
    return try second { number in
      let contract = number % venue.engine.marks.count
      _ = try check.permits(
        number % accounts, in: rows, sweep, contract: contract, steps: 3,
        unitValue: venue.engine.marks[contract].unitValue)
    }
  }

  /// Of the block's rows; marks and scenario table are the engine's.
  private static func block(_ venue: MarginVenue) throws -> Int64 {
    var table = SweepTable(venue.engine)
    let rebuilds = 20
    table.rebuild(venue.engine)
    let before = plimsoll_thread_allocations()
    for _ in 0..<rebuilds { table.rebuild(venue.engine) }
    return (plimsoll_thread_allocations() - before) * Int64(events / rebuilds)
  }
}
