// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Kernels
import Quantities

// What nets, and what depends on net deltas, from the records of the kernel. Whatever is no more
// than a bound here decides only that the exact number cannot matter.
extension VenueSweep {
  /// SCAN from the losses of the runs and from what they lose together: `NettingTable`.
  ///
  /// - Parameter total: The sum of the losses.
  @inline(__always)
  func nettedLoss(
    _ total: Int64, _ range: Range<Int>, joint: Int, _ scratch: borrowing SweepScratch
  ) -> Int64 {
    var offsets = 0
    var offset: UInt128 = 0
    var largest: UInt128 = 0
    var squares = 0.0
    for place in range {
      let loss = scratch.runs[place].loss
      let slot = Int(scratch.runs[place].underlying)
      let own = Double(loss) * table.terms.underlyings.span[slot].ownShare
      squares += own * own
      let cap = table.terms.underlyings.span[slot].offsetCap
      guard cap > 0, loss > 0 else { continue }
      offsets += 1
      let share = UInt128(cap) * UInt128(loss)
      offset += share
      largest = max(largest, share)
    }
    // One underlying's cap offsets nothing: the losses add up.
    guard offsets > 1 else { return min(total, QuoteMoney.limit) }
    let record = scratch.joints[joint]
    // C rounded up is the total less what is offset, rounded down.
    let capped = total - Int64((offset - largest) / 1_000_000_000)
    let most = min(max(capped, record.loss), total)
    let factor = SweepTerms.factorBound(
      record.factor_high, record.factor_low, squares: squares, count: range.count)
    guard factor * (1 + 0x1p-40) < Double(most) else {
      return factorLoss(range, record, scratch)
    }
    return min(most, QuoteMoney.limit)
  }

  /// SCAN where the common factor may decide.
  @inline(never)
  private func factorLoss(
    _ range: Range<Int>, _ record: plimsoll_joint, _ scratch: borrowing SweepScratch
  ) -> Int64 {
    var parts = NettedGroup()
    for place in range {
      let run = scratch.runs[place]
      parts.add(min(run.loss, QuoteMoney.limit), slot: Int(run.underlying), engine.netting)
    }
    let factor =
      Int128(record.factor_high) << Int128(PLIMSOLL_FACTOR_LOW_BITS) + Int128(record.factor_low)
    return parts.charge(factorLoss: -factor, jointLoss: Int128(record.loss))
  }

  /// The charges on the net deltas of the runs: ``RequirementEngine/deltaCharges(_:_:)``.
  ///
  /// - Parameter scan: The floor counts only above it.
  @inline(__always)
  func deltaCharges(
    _ range: Range<Int>, above scan: Int64, _ scratch: borrowing SweepScratch
  ) -> DeltaCharges {
    var result = DeltaCharges()
    var bound = 0.0
    for place in range {
      let run = scratch.runs[place]
      let slot = Int(run.underlying)
      let delta = run.delta
      if table.terms.hasBasis {
        result.added = QuoteMoney.sum(result.added, basisCharge(slot, run, delta))
      }
      guard delta != 0 else { continue }
      let notional = netNotional(slot, delta)
      if table.terms.hasSizes {
        let size = table.terms.sizeCharge(slot, isShort: delta < 0, notional: notional)
        result.added = QuoteMoney.sum(result.added, size)
      }
      if table.terms.hasFloor {
        let isBounded = table.terms.underlyings.span[slot].isFloorBounded
        bound += isBounded ? table.terms.floorBound(slot, notional: notional) : .infinity
      }
    }
    if bound * (1 + 0x1p-40) >= Double(scan) { result.floor = tierFloor(range, scratch) }
    return result
  }

  @inline(never)
  private func tierFloor(_ range: Range<Int>, _ scratch: borrowing SweepScratch) -> Int64 {
    var floor: Int64 = 0
    for place in range {
      let slot = Int(scratch.runs[place].underlying)
      let delta = scratch.runs[place].delta
      let share = engine.tierFloor(slot, Int128(delta), netNotional(slot, delta))
      floor = QuoteMoney.sum(floor, share)
    }
    return floor
  }

  /// A net delta at the index, rounded up to a millionth.
  @inline(__always)
  func netNotional(_ slot: Int, _ delta: Int64) -> Int64 {
    let underlying = table.terms.underlyings.span[slot]
    guard
      let (quotient, remainder) = scaled(
        delta.magnitude, UInt64(underlying.price), divisor: 10_000_000_000, inverse: 1e-10)
    else { return engine.netNotional(slot, Int128(delta)) }
    return quotient + (remainder > 0 ? 1 : 0)
  }

  /// A_basis of one run; no product leaves 128 bits, nor the sum, by ``RowLimits``.
  @inline(__always)
  func basisCharge(_ slot: Int, _ run: plimsoll_run, _ delta: Int64) -> Int64 {
    let weight = UInt64(table.terms.underlyings.span[slot].basis)
    let net = delta.magnitude.multipliedFullWidth(by: weight)
    let (low, borrows) = run.basis_low.subtractingReportingOverflow(net.low)
    let (part, isLess) = run.basis_high.subtractingReportingOverflow(net.high)
    let (high, isBelow) = part.subtractingReportingOverflow(borrows ? 1 : 0)
    guard !isLess, !isBelow else { return 0 }
    let (rounded, carries) = low.addingReportingOverflow((1 << 40) - 1)
    let top = high + (carries ? 1 : 0)
    guard top < 1 << 37 else { return QuoteMoney.limit }
    return min(Int64(bitPattern: top << 24 | rounded >> 40), QuoteMoney.limit)
  }
}

extension plimsoll_run {
  /// The net delta, 10^−8 of base units.
  @inline(__always)
  var delta: Int64 { charges.5 << RowLimits.provisionBits + charges.4 }
}
