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

  /// - Parameter table: Rebuilt at the engine's block.
  public init(_ engine: RequirementEngine, _ table: SweepTable) {
    self.engine = engine
    self.table = table
  }

  /// Measures the accounts at `range` of the rows' order.
  ///
  /// - Parameter results: As many as the range; no memory is taken for ordinary accounts.
  public func measure(
    _ range: Range<Int>, of rows: borrowing AccountRows, _ scratch: inout SweepScratch,
    into results: UnsafeMutableBufferPointer<AccountRequirement>
  ) {
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

  // MARK: Measures of the kernel itself

  /// The scan alone, without charges and without skipping what passes its bounds: for benchmarks
  /// and for readers of scenario losses.
  ///
  /// - Parameter losses: As many as the range; millionths of the quote currency.
  public func losses(
    _ range: Range<Int>, of rows: borrowing AccountRows,
    into losses: UnsafeMutableBufferPointer<Int64>
  ) {
    precondition(range.upperBound <= rows.portfolioCount, "only portfolio accounts are scanned")
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
  public func readRows(_ range: Range<Int>, of rows: borrowing AccountRows) -> Int64 {
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
