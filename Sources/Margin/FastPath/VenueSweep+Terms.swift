// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Kernels
import Quantities

// What nets, and what depends on net deltas, from the records of the kernel.
extension VenueSweep {
  /// SCAN from the losses of the runs and from what they lose together.
  ///
  /// - Parameter total: The sum of the losses.
  func nettedLoss(
    _ total: Int64, _ range: Range<Int>, joint: Int, _ scratch: borrowing SweepScratch
  ) -> Int64 {
    var parts = NettedGroup()
    var offsets = 0
    for place in range {
      let slot = Int(scratch.runs[place].underlying)
      let loss = min(scratch.runs[place].loss, QuoteMoney.limit)
      parts.add(loss, slot: slot, engine.netting)
      if loss > 0, engine.netting.caps[slot] > 0 { offsets += 1 }
    }
    // One underlying's cap offsets nothing: the losses add up.
    guard offsets > 1 else { return min(total, QuoteMoney.limit) }
    let joint = scratch.joints[joint]
    let factor =
      Int128(joint.factor_high) << Int128(PLIMSOLL_FACTOR_LOW_BITS)
      + Int128(joint.factor_low)
    return parts.charge(factorLoss: -factor, jointLoss: Int128(joint.loss))
  }

  /// The charges on the net deltas of the runs.
  func deltaCharges(
    _ range: Range<Int>, _ scratch: borrowing SweepScratch
  ) -> DeltaCharges {
    var result = DeltaCharges()
    for place in range {
      let run = scratch.runs[place]
      let slot = Int(run.underlying)
      let delta = run.delta
      if engine.bases.isActive {
        let gross = Int128(run.basis_high) << 64 + Int128(run.basis_low)
        result.added = QuoteMoney.sum(
          result.added, engine.basisCharge(slot, gross, net: Int128(delta)))
      }
      let notional = engine.netNotional(slot, Int128(delta))
      let size = engine.sizes.charge(slot: slot, isShort: delta < 0, notional: notional)
      result.added = QuoteMoney.sum(result.added, size)
      result.floor = QuoteMoney.sum(
        result.floor, engine.tierFloor(slot, Int128(delta), notional))
    }
    return result
  }
}

extension plimsoll_run {
  /// The net delta, 10^−8 of base units.
  @inline(__always)
  var delta: Int64 { charges.5 << RowLimits.provisionBits + charges.4 }
}
