// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Margin

/// Brings the threads to the sweep: a range of about equal work and a scratch for each.
struct VenueThreads {
  let count: Int

  /// The requirements of all accounts in the order of the rows.
  func measure(_ sweep: VenueSweep, _ rows: AccountRows) -> [AccountRequirement] {
    var results = [AccountRequirement](repeating: .unmeasured, count: rows.count)
    var scratches = (0..<count).map { _ in SweepScratch(sweep) }
    measure(sweep, rows, &scratches, into: &results)
    return results
  }

  /// The same into memory that is there.
  func measure(
    _ sweep: VenueSweep, _ rows: AccountRows, _ scratches: inout [SweepScratch],
    into results: inout [AccountRequirement]
  ) {
    let ranges = VenueSweep.ranges(of: rows, count: count)
    results.withUnsafeMutableBufferPointer { results in
      scratches.withUnsafeMutableBufferPointer { scratches in
        // Each thread has a range and a scratch to itself.
        nonisolated(unsafe) let results = results
        nonisolated(unsafe) let scratches = scratches
        each(ranges) { part, range in
          sweep.measure(
            range, of: rows, &scratches[part],
            into: UnsafeMutableBufferPointer(rebasing: results[range]))
        }
      }
    }
  }

  /// The scans of all accounts, all in portfolio mode.
  func losses(_ sweep: VenueSweep, _ rows: AccountRows, into losses: inout [Int64]) {
    let ranges = VenueSweep.ranges(of: rows, count: count)
    losses.withUnsafeMutableBufferPointer { losses in
      nonisolated(unsafe) let losses = losses
      each(ranges) { _, range in
        sweep.losses(
          range, of: rows, into: UnsafeMutableBufferPointer(rebasing: losses[range]))
      }
    }
  }

  /// Reads the rows of all accounts and nothing else.
  func readRows(_ sweep: VenueSweep, _ rows: AccountRows, into checksums: inout [Int64]) {
    let ranges = VenueSweep.ranges(of: rows, count: count)
    checksums.withUnsafeMutableBufferPointer { checksums in
      nonisolated(unsafe) let checksums = checksums
      each(ranges) { part, range in checksums[part] = sweep.readRows(range, of: rows) }
    }
  }

  private func each(_ ranges: [Range<Int>], _ body: @Sendable (Int, Range<Int>) -> Void) {
    guard ranges.count > 1 else { return body(0, ranges[0]) }
    DispatchQueue.concurrentPerform(iterations: ranges.count) { body($0, ranges[$0]) }
  }
}
