// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Kernels

/// One block's requirement of many accounts: the fast twin of
/// ``RequirementEngine/risk(of:scratch:)``, equal to it to the last unit.
///
/// The sweep starts no threads. Callers cut the accounts into ranges of equal work by
/// ``ranges(of:count:)``, give each range to a thread with a scratch of its own, and get results
/// that depend on nothing but the rows and the block.
public struct VenueSweep: Sendable {
  public let engine: RequirementEngine
  public let table: SweepTable
  /// What expected shortfall is the mean of; `nil` leaves it out.
  public let tail: ScenarioTail?
  /// The tail's weights by wide lane.
  let tailWeights: [Int64]

  /// - Parameters:
  ///   - table: Rebuilt at the engine's block, of the same listing.
  ///   - tail: Adds the expected shortfall to the pass, and with a factor to the requirement.
  public init(_ engine: RequirementEngine, _ table: SweepTable, tail: ScenarioTail? = nil) {
    precondition(
      table.chargeCells.count == engine.charges.count * 2 * Int(PLIMSOLL_CHARGE_CELLS),
      "a table of the engine's listing")
    self.engine = engine
    self.table = table
    self.tail = tail
    tailWeights = tail.map { table.shape.laneWeights($0.weights) } ?? []
  }

  /// Measures the accounts at `range` of the rows' order.
  ///
  /// - Parameter results: As many as the range; no memory is taken for ordinary accounts.
  /// - Precondition: The rows are of the table's listing, and `results` has room.
  public func measure(
    _ range: Range<Int>, of rows: borrowing AccountRows, _ scratch: inout SweepScratch,
    into results: UnsafeMutableBufferPointer<AccountRequirement>
  ) {
    precondition(rows.layout.fingerprint == table.layout.fingerprint, "rows of the listing")
    precondition(results.count >= range.count, "room for every result")
    let swept = range.clamped(to: 0..<rows.portfolioCount)
    if canSweep {
      sweep(swept, of: rows, &scratch, first: range.lowerBound, into: results)
    } else {
      for order in swept {
        results[order - range.lowerBound] = exact(order, of: rows, &scratch)
      }
    }
    for order in range where order >= rows.portfolioCount {
      let isStandalone = rows.kinds[order] == .standalone
      results[order - range.lowerBound] =
        isStandalone
        ? standalone(order, of: rows, &scratch) : exact(order, of: rows, &scratch)
    }
  }

  /// Measures one account at its place in the rows; no memory is taken for an ordinary one.
  ///
  /// - Precondition: The rows are of the table's listing.
  public func requirement(
    _ order: Int, of rows: borrowing AccountRows, _ scratch: inout SweepScratch
  ) -> AccountRequirement {
    switch rows.kinds[order] {
    case .standalone: return standalone(order, of: rows, &scratch)
    case .portfolio where canSweep:
      guard scratch.takeRuns(order..<order + 1, of: rows, table) else {
        return exact(order, of: rows, &scratch)
      }
      return closeOut(order, of: rows, 0..<Int(scratch.runEnds[0]), joint: 0, &scratch)
    default: return exact(order, of: rows, &scratch)
    }
  }

  /// Whether the block and the rules leave portfolio accounts to the kernel; otherwise
  /// ``RequirementEngine`` measures them one by one, with the same results.
  public var canSweep: Bool { table.isSwept && engine.hasOnlySweptTerms }

  /// Whether the kernel sums runs over each account.
  var hasJoints: Bool { engine.hasFurtherTerms || tail != nil }

  /// Ranges that follow one another and have about equal numbers of entries.
  public static func ranges(of rows: AccountRows, count: Int) -> [Range<Int>] {
    let total = rows.positionCount + rows.count
    var ranges: [Range<Int>] = []
    var start = 0
    var seen = 0
    for part in 1...max(count, 1) {
      var end = start
      while end < rows.count, seen < total * part / max(count, 1) {
        seen += Int(rows.counts[end]) + 1
        end += 1
      }
      if part == max(count, 1) { end = rows.count }
      ranges.append(start..<end)
      start = end
    }
    return ranges
  }

  /// The expected shortfalls of the accounts at `range`, of their requirement apart; those of
  /// isolated and cross accounts, which have no scenarios, are 0.
  ///
  /// - Parameter shortfalls: As many as the range; millionths of the quote currency.
  /// - Precondition: The sweep has a tail, the rows are of its listing, and `shortfalls` has room.
  public func shortfalls(
    _ range: Range<Int>, of rows: borrowing AccountRows, _ scratch: inout SweepScratch,
    into shortfalls: UnsafeMutableBufferPointer<Int64>
  ) {
    precondition(tail != nil, "a sweep with a tail")
    precondition(rows.layout.fingerprint == table.layout.fingerprint, "rows of the listing")
    precondition(shortfalls.count >= range.count, "room for every shortfall")
    for order in range {
      scratch.shortfall = 0
      _ = requirement(order, of: rows, &scratch)
      shortfalls[order - range.lowerBound] = scratch.shortfall
    }
  }

  // MARK: Measures of the kernel itself

  /// The scan alone, without charges and without skipping what passes its bounds: for benchmarks
  /// and for readers of scenario losses.
  ///
  /// - Parameter losses: As many as the range; millionths of the quote currency.
  /// - Precondition: The rows are of the table's listing, and `losses` has room.
  public func losses(
    _ range: Range<Int>, of rows: borrowing AccountRows,
    into losses: UnsafeMutableBufferPointer<Int64>
  ) {
    precondition(range.upperBound <= rows.portfolioCount, "only portfolio accounts are scanned")
    precondition(rows.layout.fingerprint == table.layout.fingerprint, "rows of the listing")
    precondition(losses.count >= range.count, "room for every loss")
    let assets = table.layout.assetCount
    rows.withPointers { starts, counts, entries, sizes, held in
      table.withRows { table in
        plimsoll_scenario_sweep_losses(
          table, starts + range.lowerBound, counts + range.lowerBound, range.count, entries,
          sizes, held + range.lowerBound * assets, losses.baseAddress)
      }
    }
  }

  /// Reads the rows that ``losses(_:of:into:)`` reads, and nothing else.
  ///
  /// - Precondition: The rows are of the table's listing.
  public func readRows(_ range: Range<Int>, of rows: borrowing AccountRows) -> Int64 {
    precondition(rows.layout.fingerprint == table.layout.fingerprint, "rows of the listing")
    var checksum: Int64 = 0
    rows.withPointers { starts, counts, entries, _, _ in
      table.withRows { table in
        plimsoll_scenario_read_rows(
          table, starts + range.lowerBound, counts + range.lowerBound, range.count, entries,
          &checksum)
      }
    }
    return checksum
  }
}
