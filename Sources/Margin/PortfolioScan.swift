// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Kernels
import Quantities

// The joint worst loss of a portfolio, by the kernel. ExactScan.swift is its plain twin, which
// also takes over for accounts so large that a sum might leave 64 bits.
extension RequirementEngine {
  /// max(SCAN, A_min), millionths of the quote currency.
  ///
  /// SCAN is, per underlying, the worst scenario loss or skew loss, whichever is larger, at
  /// least 0; underlyings net as ``NettingTable`` says. Without a table nothing is known: the
  /// limit.
  func scanCharge(_ positionCount: Int, _ scratch: inout RiskScratch) -> Int64 {
    guard hasScenarios else { return QuoteMoney.limit }
    let scan =
      fitsKernel(positionCount, scratch)
      ? scanLoss(positionCount, &scratch)
      : ExactScan(self, positionCount, scratch).loss
    return scratch.hasOptions ? max(scan, minimumCharge(positionCount, &scratch)) : scan
  }

  /// Whether no sum of the kernel can leave 64 bits: every partial sum is at most
  /// Σ |size| × largest |cell| + Σ |amount| × largest amount cell + 1 per asset.
  private func fitsKernel(_ positionCount: Int, _ scratch: RiskScratch) -> Bool {
    var bound: Int128 = 0
    for place in 0..<positionCount {
      let magnitude = table.magnitudes[Int(scratch.rows[place])]
      bound += Int128(Int64(scratch.sizes[place]).magnitude) * Int128(magnitude)
    }
    for asset in scratch.held.indices where layout.collateralUnderlyings[asset] >= 0 {
      guard let amount = Int64(exactly: scratch.held[asset]) else { return false }
      let product = Int128(amount.magnitude) * Int128(table.amountMagnitudes[asset])
      bound += (product >> Int128(PLIMSOLL_SCENARIO_FRACTION_BITS)) + 1
    }
    // One bit to spare: no profit of the kernel then needs the clamp of the plain twin.
    return bound < 1 << 61
  }

  private func scanLoss(_ positionCount: Int, _ scratch: inout RiskScratch) -> Int64 {
    sweepPositions(positionCount, &scratch)
    sweepAmounts(&scratch)
    if scratch.hasOptions { sweepSkews(positionCount, &scratch) }
    for place in 0..<scratch.swept.count {
      let slot = scratch.swept[place]
      scratch.losses[slot] = min(worstLoss(slot, scratch), QuoteMoney.limit)
    }
    let loss = nettedLoss(&scratch)
    scratch.swept.removeAll()
    return loss
  }

  /// Sums every run of positions of one underlying in one go.
  private func sweepPositions(_ positionCount: Int, _ scratch: inout RiskScratch) {
    var start = 0
    while start < positionCount {
      let slot = charges[Int(scratch.rows[start])].underlying
      var end = start + 1
      while end < positionCount, charges[Int(scratch.rows[end])].underlying == slot { end += 1 }
      touch(Int(slot), &scratch)
      let lanes = table.laneCount
      scratch.sums.withUnsafeMutableBufferPointer { sums in
        scratch.rows.withUnsafeBufferPointer { rows in
          scratch.sizes.withUnsafeBufferPointer { sizes in
            guard let sums = sums.baseAddress, let rows = rows.baseAddress,
              let sizes = sizes.baseAddress
            else { return }
            plimsoll_scenario_accumulate(
              table.cells, lanes, rows + start, sizes + start, end - start,
              sums + Int(slot) * lanes)
          }
        }
      }
      start = end
    }
  }

  /// Adds what is held in coin: it gains and loses with the index of its own underlying.
  private func sweepAmounts(_ scratch: inout RiskScratch) {
    let lanes = table.laneCount
    for asset in scratch.held.indices where scratch.held[asset] != 0 {
      let slot = layout.collateralUnderlyings[asset]
      guard slot >= 0 else { continue }
      touch(slot, &scratch)
      let amount = Int64(scratch.held[asset])
      scratch.sums.withUnsafeMutableBufferPointer { sums in
        table.amountCells.withUnsafeBufferPointer { cells in
          guard let sums = sums.baseAddress, let cells = cells.baseAddress else { return }
          plimsoll_scenario_add_amount(
            cells + asset * lanes, lanes, amount, sums + slot * lanes)
        }
      }
    }
  }

  private func touch(_ slot: Int, _ scratch: inout RiskScratch) {
    guard scratch.swept.insert(slot) else { return }
    let lanes = table.laneCount
    scratch.sums.withUnsafeMutableBufferPointer { sums in
      sums.extracting(slot * lanes..<(slot + 1) * lanes).update(repeating: 0)
    }
    for skew in slot * table.skewCount..<(slot + 1) * table.skewCount {
      scratch.skewLosses[skew] = 0
    }
  }

  /// Sums the skew scenarios by expiry; each expiry is a loss, whatever its sign.
  private func sweepSkews(_ positionCount: Int, _ scratch: inout RiskScratch) {
    let count = table.skewCount
    let charges = charges.span
    let cells = table.skewCells.span
    for place in 0..<positionCount {
      let index = Int(scratch.rows[place])
      guard charges[index].isOption else { continue }
      let slot = Int(charges[index].expiry)
      let isFirst = scratch.bent.insert(slot)
      let size = Int64(scratch.sizes[place])
      for skew in 0..<count {
        let sum = isFirst ? 0 : scratch.skewSums[slot * count + skew]
        scratch.skewSums[slot * count + skew] = sum + size * Int64(cells[index * count + skew])
      }
    }
    for place in 0..<scratch.bent.count {
      let slot = scratch.bent[place]
      let underlying = layout.expiries[slot].underlying
      for skew in 0..<count {
        scratch.skewLosses[underlying * count + skew] +=
          abs(scratch.skewSums[slot * count + skew])
      }
    }
    scratch.bent.removeAll()
  }

  /// The loss of one underlying, at least 0.
  private func worstLoss(_ slot: Int, _ scratch: borrowing RiskScratch) -> Int64 {
    var worst: Int64 = 0
    var lane = 0
    scratch.sums.withUnsafeBufferPointer { sums in
      guard let sums = sums.baseAddress else { return }
      plimsoll_scenario_worst(
        sums + slot * table.laneCount, table.laneCount, &worst, &lane)
    }
    var loss = max(-worst, 0)
    for skew in slot * table.skewCount..<(slot + 1) * table.skewCount {
      loss = max(loss, scratch.skewLosses[skew])
    }
    return loss
  }

  // MARK: Minimum charge

  /// A_min: a share of the notional of options short on balance, calls and puts of one strike
  /// and expiry together; rounded up once per underlying.
  func minimumCharge(_ positionCount: Int, _ scratch: inout RiskScratch) -> Int64 {
    let charges = charges.span
    for place in 0..<positionCount {
      let index = Int(scratch.rows[place])
      guard charges[index].isOption else { continue }
      let slot = Int(charges[index].strike)
      let quantity = Int128(scratch.sizes[place]) * Int128(charges[index].stepQuantity)
      let sum = scratch.counted.insert(slot) ? 0 : scratch.strikeQuantities[slot]
      scratch.strikeQuantities[slot] = sum + quantity
    }
    for underlying in scratch.uncovered.indices { scratch.uncovered[underlying] = 0 }
    for place in 0..<scratch.counted.count {
      let slot = scratch.counted[place]
      let quantity = scratch.strikeQuantities[slot]
      let underlying = layout.expiries[layout.strikes[slot].expiry].underlying
      if quantity < 0 { scratch.uncovered[underlying] -= quantity }
    }
    scratch.counted.removeAll()
    return minimumCharge(scratch.uncovered)
  }

  /// A_min of uncovered quantities, 10^−8 of base units by underlying slot.
  func minimumCharge(_ uncovered: [Int128]) -> Int64 {
    var charge: Int64 = 0
    for underlying in uncovered.indices where uncovered[underlying] > 0 {
      let (product, overflows) =
        uncovered[underlying].multipliedReportingOverflow(by: minimumCharges[underlying])
      guard !overflows else { return QuoteMoney.limit }
      // 10^−8 base units × 10^−8 quote × 10^−9 to millionths.
      let exact = product.divided(by: 10_000_000_000_000_000_000, rounding: .up)
      charge = QuoteMoney.sum(charge, QuoteMoney.clampedCharge(exact))
    }
    return charge
  }
}
