// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Kernels
import Quantities

extension VenueSweep {
  func sweep(
    _ range: Range<Int>, of rows: borrowing AccountRows, _ scratch: inout SweepScratch,
    first: Int, into results: UnsafeMutableBufferPointer<AccountRequirement>
  ) {
    var start = range.lowerBound
    while start < range.upperBound {
      let end = min(start + SweepScratch.accountsAtOnce, range.upperBound)
      let fits = scratch.takeRuns(start..<end, of: rows, table)
      var run = 0
      for order in start..<end {
        let next = fits ? Int(scratch.runEnds[order - start]) : 0
        results[order - first] =
          fits && rows.kinds[order] == .portfolio
          ? closeOut(order, of: rows, run..<next, joint: order - start, &scratch)
          : exact(order, of: rows, &scratch)
        run = next
      }
      start = end
    }
  }

  /// Equity and requirements of a portfolio account from its runs.
  ///
  /// - Parameter joint: The place of the account among those swept with it.
  @inline(__always)
  func closeOut(
    _ order: Int, of rows: borrowing AccountRows, _ range: Range<Int>, joint: Int,
    _ scratch: inout SweepScratch
  ) -> AccountRequirement {
    let assets = table.layout.assetCount
    for asset in 0..<assets { scratch.net[asset] = rows.held[order * assets + asset] }
    var scan: Int64 = 0
    var provisionLow: Int64 = 0
    var provisionHigh: Int64 = 0
    var hasUncovered = false
    for place in range {
      let run = scratch.runs[place]
      scan += run.loss
      provisionLow += run.charges.2
      provisionHigh += run.charges.3
      scratch.net[0] += run.charges.0
      if run.charges.1 != 0 {
        scratch.net[Int(table.layout.coins[Int(run.underlying)])] += run.charges.1
      }
      hasUncovered = hasUncovered || run.uncovered > 0
    }
    if engine.netting.isActive { scan = nettedLoss(scan, range, joint: joint, scratch) }
    if hasUncovered, leastCharge(range, scratch) >= Double(scan) {
      scan = max(scan, minimumCharge(range, &scratch))
    }
    let provision =
      (Int128(provisionHigh) << Int128(RowLimits.provisionBits)) + Int128(provisionLow)
    let (equity, haircut) = worth(&scratch)
    if let tail {
      let start = joint * scratch.jointLanes
      scratch.shortfall = tail.shortfall(
        scratch.jointSums.span.extracting(start..<start + scratch.jointLanes),
        weights: tailWeights.span)
      scan = max(scan, tail.charge(scratch.shortfall))
    }
    scratch.scanned = scan
    if engine.hasDeltaTerms {
      let terms = deltaCharges(range, above: scan, scratch)
      scan = QuoteMoney.sum(max(scan, terms.floor), terms.added)
    }
    var core = QuoteMoney.sum(scan, haircut)
    core = QuoteMoney.sum(core, engine.provisionCharge(provision))
    let charge = engine.portfolioCharge(core)
    return AccountRequirement(
      equity: equity, initialMargin: charge.initial, maintenanceMargin: charge.maintenance)
  }

  /// An upper bound of the minimum charge, in place of divisions of 128 bits where it is far
  /// below the scan: each of a few roundings of doubles is within 2^-52, and each underlying is
  /// rounded up by less than one.
  private func leastCharge(_ range: Range<Int>, _ scratch: borrowing SweepScratch) -> Double {
    var bound = 0.0
    for place in range {
      let run = scratch.runs[place]
      bound += Double(run.uncovered) * table.minimums[Int(run.underlying)] + 1
    }
    return bound * (1 + 0x1p-40) + 1
  }

  private func minimumCharge(_ range: Range<Int>, _ scratch: inout SweepScratch) -> Int64 {
    for place in range {
      scratch.uncovered[Int(scratch.runs[place].underlying)] =
        Int128(scratch.runs[place].uncovered)
    }
    let charge = engine.minimumCharge(scratch.uncovered)
    for place in range { scratch.uncovered[Int(scratch.runs[place].underlying)] = 0 }
    return charge
  }

  /// Equity, and the haircuts on what the collateral comes to.
  @inline(__always)
  private func worth(_ scratch: inout SweepScratch) -> (equity: Int64, haircut: Int64) {
    var equity: Int128 = 0
    var haircut: Int64 = 0
    for asset in scratch.net.indices where scratch.net[asset] != 0 {
      let units = scratch.net[asset]
      let worth = engine.valuations[asset].worth(Int128(units), rounding: .down)
      equity += worth
      if units > 0, engine.haircuts[asset] > 0 {
        haircut = QuoteMoney.sum(
          haircut,
          QuoteMoney.charge(QuoteMoney.clampedCharge(worth), rate: engine.haircuts[asset]))
      }
    }
    return (QuoteMoney.clampedEquity(equity), haircut)
  }
}
