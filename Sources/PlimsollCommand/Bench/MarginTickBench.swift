// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Margin
import MarketData
import NumericalMethods
import Quantities

/// Ticks through the trigger intervals, and what it costs when they do not help.
///
/// A tick is a new market with one underlying moved, whose marks and rows are made outside the
/// timing: it finds who must be measured, measures them, and gives them new intervals. The engine
/// revalues all instruments, which the figure “scenario tables” states.
enum MarginTickBench {
  static func figures(_ venue: MarginVenue) throws -> [Figure] {
    var run = TickRun(venue)
    let armed = seconds { run.arm() }
    let calm = Double(run.rows.count - run.restless) / Double(run.rows.count)
    let sweep = run.sweepMicroseconds()
    var figures: [Figure] = [
      .below("making all intervals", armed, "s"),
      .below("accounts without an interval", 1 - calm, "share"),
      .below("intervals", Double(run.bytes) / Double(run.rows.count), "bytes/account"),
    ]
    for (points, count) in [(1.0, 300), (5, 300), (10, 300), (50, 60)] {
      try run.restart()
      let times = try run.ticks(count, deviation: points * 1e-4)
      let mean = times.reduce(0, +) / Double(times.count)
      let name = "tick of \(Int(points)) basis points"
      figures.append(
        .ratio(
          "\(name), mean", mean, "µs", against: "a full sweep, 2 threads", sweep,
          goal: points == 10 ? 100 : nil))
      figures.append(
        .ratio(
          "\(name), 99th percentile", percentile(times, 0.99), "µs",
          against: "a full sweep, 2 threads", sweep, goal: points == 10 ? 6 : nil))
    }
    let worst = try run.jumps().max() ?? 0
    figures.append(.below("worst tick of any size ÷ a sweep", worst / sweep, "×", goal: 1.5))
    return figures
  }

  static func percentile(_ values: [Double], _ share: Double) -> Double {
    let sorted = values.sorted()
    return sorted[min(Int(Double(sorted.count) * share), sorted.count - 1)]
  }
}

/// A venue whose market is moved tick by tick.
private struct TickRun {
  let rows: AccountRows
  private let start: MarketSnapshot
  private var engine: RequirementEngine
  private var table: SweepTable
  private var intervals: TriggerIntervals?
  private var scratch: SweepScratch
  private var scratches: [SweepScratch]
  private var results: [AccountRequirement]
  private var random = SplitMix64(seed: 5)
  private var markets: [UnderlyingMarket]

  init(_ venue: MarginVenue) {
    rows = venue.rows
    start = venue.snapshot
    engine = venue.engine
    table = SweepTable(engine)
    markets = start.underlyings
    let sweep = VenueSweep(engine, table)
    scratch = SweepScratch(sweep)
    scratches = [SweepScratch(sweep), SweepScratch(sweep)]
    results = Array(repeating: .unmeasured, count: rows.count)
  }

  var restless: Int {
    (0..<rows.count).count { intervals?.isRestless($0) ?? true }
  }
  var bytes: Int { intervals?.byteCount ?? 0 }

  mutating func arm() {
    intervals = TriggerIntervals(VenueSweep(engine, table), of: rows, &scratch)
  }

  mutating func sweepMicroseconds() -> Double {
    let sweep = VenueSweep(engine, table)
    return bestNanoseconds(per: 1_000) {
      VenueThreads(count: 2).measure(sweep, rows, &scratches, into: &results)
    }
  }

  /// Gaussian moves of an underlying drawn by activity; microseconds each.
  mutating func ticks(_ count: Int, deviation: Double) throws -> [Double] {
    var times: [Double] = []
    for _ in 0..<count {
      let draw = random.next() % 100
      let slot = draw < 45 ? 0 : draw < 75 ? 1 : draw < 85 ? 2 : 3 + Int(draw) % 200
      let move = deviation * Normal.inverse(random.nextUnit() * 0.999_98 + 0.000_01)
      try advance(slot, move)
      times.append(tick())
    }
    return times
  }

  /// Moves of all sizes, from one basis point to a third, each from a fresh start.
  mutating func jumps() throws -> [Double] {
    var times: [Double] = []
    for size in [0.001, -0.002, 0.004, -0.007, 0.01, -0.019, -0.3] {
      try restart()
      try advance(0, size)
      times.append(tick())
    }
    return times
  }

  /// The first market again, and all intervals from it.
  mutating func restart() throws {
    markets = start.underlyings
    try advance(0, 0)
    arm()
  }

  private mutating func advance(_ slot: Int, _ move: Double) throws {
    let market = markets[slot]
    markets[slot] = UnderlyingMarket(
      underlying: market.underlying,
      index: try Price(market.index.value * (1 + move), rounding: .toNearestOrEven),
      basis: market.basis, volatility: market.volatility)
    try engine.advance(to: MarketSnapshot(time: start.time, underlyings: markets))
    table.rebuild(engine)
  }

  /// One tick, timed; what an out-of-reach market asks for afterwards is not part of it.
  private mutating func tick() -> Double {
    guard var intervals else { return 0 }
    self.intervals = nil
    let sweep = VenueSweep(engine, table)
    var waking = TriggerIntervals.Waking.restless(0)
    var liquidatable = 0
    let elapsed = seconds {
      waking = intervals.wake(at: engine)
      switch waking {
      case .restless:
        intervals.recheck(sweep, of: rows, &scratch) { _, requirement in
          if requirement.isLiquidatable { liquidatable += 1 }
        }
      case .everyone:
        VenueThreads(count: 2).measure(sweep, rows, &scratches, into: &results)
      }
    }
    switch waking {
    case .restless: break
    case .everyone(true): intervals.rebuild(sweep, of: rows, &scratch)
    case .everyone(false): _ = intervals.absorb(sweep, of: rows, &scratch)
    }
    self.intervals = intervals
    return elapsed * 1e6
  }
}
