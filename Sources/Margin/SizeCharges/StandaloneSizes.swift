// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Parameters
import Quantities

// Size charges of isolated and cross accounts, where the parameters ask for them: those of a
// portfolio with the same net deltas, by the same curves. The floor of the tiers and the basis
// stay out: every position is charged its tier already, and nothing nets.
extension RequirementEngine {
  var chargesStandaloneSizes: Bool { parameters.terms.chargesStandaloneSizes && sizes.isActive }

  /// What net sizes add; maintenance margin is the share that it is of a portfolio's.
  func standaloneSizeCharge(
    _ positions: [Position], _ scratch: inout RiskScratch
  ) -> ChargePair {
    sumDeltas(of: positions, &scratch)
    var charge: Int64 = 0
    for place in 0..<scratch.sized.count {
      let slot = scratch.sized[place]
      charge = QuoteMoney.sum(charge, sizeCharge(slot, scratch.netDeltas[slot]))
    }
    scratch.sized.removeAll()
    scratch.dated.removeAll()
    return portfolioCharge(charge)
  }

  /// The same as lines, by plain loops.
  func standaloneSizeLines(of portfolio: Portfolio) -> [(ChargeKind, Int64)] {
    layout.underlyings.indices.flatMap { slot in
      let net = netDelta(slot, portfolio.positions)
      return sizeLines(slot, isShort: net < 0, netNotional(slot, net))
    }
  }

  /// What open orders add to initial margin in any mode: ``orderCharge(of:)``, and where isolated
  /// and cross accounts are charged for size, the further end of each net delta.
  func openOrderCharge(of portfolio: borrowing Portfolio) throws(MarginError) -> Int64 {
    let charge = try orderCharge(of: portfolio)
    guard portfolio.mode != .portfolio, chargesStandaloneSizes else { return charge }
    var ranges = [FillRange](repeating: FillRange(), count: layout.underlyings.count)
    for order in portfolio.orders where !order.isReduceOnly {
      let open = try OpenOrder(order, self)
      let delta = Int128(open.steps) * Int128(charges[open.index].deltaQuantity)
      ranges[Int(charges[open.index].underlying)].add(delta, by: 1)
    }
    var sum = charge
    for slot in ranges.indices where ranges[slot].up != 0 || ranges[slot].down != 0 {
      let net = netDelta(slot, portfolio.positions)
      // The curves rise with |delta|, so one end of the range is the worst.
      let worst = max(
        sizeCharge(slot, net + ranges[slot].up), sizeCharge(slot, net - ranges[slot].down))
      sum = QuoteMoney.sum(sum, max(worst - sizeCharge(slot, net), 0))
    }
    return sum
  }

  private func sizeCharge(_ slot: Int, _ delta: Int128) -> Int64 {
    sizes.charge(slot: slot, isShort: delta < 0, notional: netNotional(slot, delta))
  }

  private func netDelta(_ slot: Int, _ positions: [Position]) -> Int128 {
    positions.reduce(0) { sum, position in
      guard let index = layout.index(of: position.instrument), charges[index].underlying == slot
      else { return sum }
      return sum + Int128(position.size.steps) * Int128(charges[index].deltaQuantity)
    }
  }
}
