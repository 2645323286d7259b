// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Kernels

/// One thread's working memory for the sweep, so that no account takes memory.
public struct SweepScratch: Sendable {
  var runs: [plimsoll_run]
  var runEnds: [UInt32]
  /// What all runs of each account lose together.
  var joints: [plimsoll_joint]
  /// What each collateral asset comes to, ledger units.
  var net: [Int64]
  /// What of it haircuts apply to.
  var cut: [Int128]
  /// 10^−8 of base units short on balance, by underlying; zero between accounts.
  var uncovered: [Int128]
  /// max(SCAN, A_min) of the account that was closed last.
  var scanned: Int64 = 0
  var exact: RiskScratch
  /// The joint profits of each account by wide lane, where the sweep has a tail.
  var jointSums: [Int64]
  let jointLanes: Int
  /// The expected shortfall of the account that was closed last.
  var shortfall: Int64 = 0
  private let hasJoints: Bool
  private let mostEntries: Int

  /// Accounts of one call of the kernel: few enough for their runs to stay in the cache.
  static let accountsAtOnce = 32

  public init(_ sweep: VenueSweep) {
    self.init(sweep, mostEntries: RowLimits.mostEntries)
  }

  /// - Parameter mostEntries: Of one account; who has more is left to the exact twin.
  init(_ sweep: VenueSweep, mostEntries: Int) {
    self.mostEntries = mostEntries
    let empty = plimsoll_run()
    runs = Array(repeating: empty, count: Self.accountsAtOnce * mostEntries)
    runEnds = Array(repeating: 0, count: Self.accountsAtOnce)
    joints = Array(repeating: plimsoll_joint(), count: Self.accountsAtOnce)
    hasJoints = sweep.hasJoints
    jointLanes = sweep.table.shape.wideLanes
    let lanes = sweep.tail == nil ? 0 : Self.accountsAtOnce * jointLanes
    jointSums = Array(repeating: 0, count: lanes)
    net = Array(repeating: 0, count: sweep.table.layout.assetCount)
    cut = Array(repeating: 0, count: sweep.table.layout.assetCount)
    uncovered = Array(repeating: 0, count: sweep.engine.layout.underlyings.count)
    exact = sweep.engine.makeScratch()
  }

  /// Sweeps some accounts into ``runs`` and ``runEnds``.
  ///
  /// - Returns: Whether there was room; more entries than the limit are left to the exact twin.
  mutating func takeRuns(
    _ accounts: Range<Int>, of rows: borrowing AccountRows, _ table: borrowing SweepTable
  ) -> Bool {
    guard accounts.count <= Self.accountsAtOnce else { return false }
    for order in accounts where Int(rows.counts[order]) > mostEntries { return false }
    let assets = table.layout.assetCount
    runs.withUnsafeMutableBufferPointer { runs in
      runEnds.withUnsafeMutableBufferPointer { ends in
        rows.withPointers { starts, counts, entries, sizes, held in
          table.withRows { table in
            guard hasJoints else {
              return plimsoll_scenario_sweep_rows(
                table, starts + accounts.lowerBound, counts + accounts.lowerBound,
                accounts.count, entries, sizes, held + accounts.lowerBound * assets,
                runs.baseAddress, ends.baseAddress, nil)
            }
            jointSums.withUnsafeMutableBufferPointer { sums in
              plimsoll_scenario_sweep_joint_rows(
                table, starts + accounts.lowerBound, counts + accounts.lowerBound,
                accounts.count, entries, sizes, held + accounts.lowerBound * assets,
                runs.baseAddress, ends.baseAddress, &joints,
                sums.isEmpty ? nil : sums.baseAddress)
            }
          }
        }
      }
    }
    return true
  }
}

extension AccountRows {
  /// Lends the arrays to the kernel.
  @inline(__always)
  borrowing func withPointers(
    _ body: (
      UnsafePointer<UInt32>, UnsafePointer<UInt16>, UnsafePointer<UInt32>,
      UnsafePointer<Int32>, UnsafePointer<Int64>
    ) -> Void
  ) {
    starts.withUnsafeBufferPointer { starts in
      counts.withUnsafeBufferPointer { counts in
        entries.withUnsafeBufferPointer { entries in
          sizes.withUnsafeBufferPointer { sizes in
            held.withUnsafeBufferPointer { held in
              guard let starts = starts.baseAddress, let counts = counts.baseAddress,
                let entries = entries.baseAddress, let sizes = sizes.baseAddress,
                let held = held.baseAddress
              else { return }
              body(starts, counts, entries, sizes, held)
            }
          }
        }
      }
    }
  }
}
