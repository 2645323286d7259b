// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities

extension RequirementEngine {
  /// SCAN of the swept underlyings, from their stand-alone losses and the sums of the sweep.
  func nettedLoss(_ scratch: inout RiskScratch) -> Int64 {
    let count = scratch.swept.count
    guard netting.isActive, count > 1 else {
      var loss: Int64 = 0
      for place in 0..<count {
        loss = QuoteMoney.sum(loss, scratch.losses[scratch.swept[place]])
      }
      return loss
    }
    var loss: Int64 = 0
    for place in 0..<count {
      let group = netting.groups[scratch.swept[place]]
      // Once per group, at its first member.
      var earlier = 0
      while earlier < place, netting.groups[scratch.swept[earlier]] != group { earlier += 1 }
      guard earlier == place else { continue }
      loss = QuoteMoney.sum(loss, nettedLoss(of: group, from: place, &scratch))
    }
    return loss
  }

  private func nettedLoss(
    of group: Int32, from first: Int, _ scratch: inout RiskScratch
  ) -> Int64 {
    var parts = NettedGroup()
    var members = 0
    for place in first..<scratch.swept.count {
      let slot = scratch.swept[place]
      guard netting.groups[slot] == group else { continue }
      parts.add(scratch.losses[slot], slot: slot, netting)
      members += 1
    }
    guard members > 1 else { return scratch.losses[scratch.swept[first]] }
    for lane in 0..<table.laneCount {
      scratch.factorProfits[lane] = 0
      scratch.jointProfits[lane] = 0
    }
    for place in first..<scratch.swept.count {
      let slot = scratch.swept[place]
      guard netting.groups[slot] == group else { continue }
      addProfits(of: slot, scratch.sums, &scratch.factorProfits, &scratch.jointProfits)
    }
    var factorLoss: Int128 = 0
    var jointLoss: Int64 = 0
    for lane in 0..<table.laneCount {
      factorLoss = max(factorLoss, -scratch.factorProfits[lane])
      jointLoss = max(jointLoss, -scratch.jointProfits[lane])
    }
    return parts.charge(factorLoss: factorLoss, jointLoss: Int128(jointLoss))
  }

  private func addProfits(
    of slot: Int, _ sums: [Int64], _ factorProfits: inout [Int128],
    _ jointProfits: inout [Int64]
  ) {
    let share = Int128(netting.factorShares[slot])
    let start = slot * table.laneCount
    let sums = sums.span
    var factor = factorProfits.mutableSpan
    var joint = jointProfits.mutableSpan
    for lane in 0..<table.laneCount {
      let profit = sums[start + lane]
      factor[lane] += Int128(profit) * share
      // All profits together stay below 2^61, as fitsKernel has found.
      joint[lane] += profit
    }
  }
}

extension ExactScan {
  /// The same by plain loops over whole grids: the twin of the sweep's netting.
  ///
  /// - Parameter slots: Of the scans, in the same order.
  static func netted(
    _ scans: [UnderlyingScan], slots: [Int], _ netting: NettingTable
  ) -> Int64 {
    guard netting.isActive else {
      return scans.reduce(0) { QuoteMoney.sum($0, $1.loss) }
    }
    var loss: Int64 = 0
    for group in Set(slots.map { netting.groups[$0] }).sorted() {
      let members = zip(scans, slots).filter { netting.groups[$0.1] == group }
      var parts = NettedGroup()
      for (scan, slot) in members { parts.add(scan.loss, slot: slot, netting) }
      func worst(_ share: (Int) -> Int64) -> Int128 {
        let losses = (members.first?.0.profits ?? []).indices.map { lane in
          -members.reduce(Int128(0)) { sum, member in
            sum + Int128(share(member.1)) * Int128(member.0.profits[lane])
          }
        }
        return max(losses.max() ?? 0, 0)
      }
      loss = QuoteMoney.sum(
        loss,
        parts.charge(
          factorLoss: worst { netting.factorShares[$0] }, jointLoss: worst { _ in 1 }))
    }
    return loss
  }
}
