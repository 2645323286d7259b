// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Quantities

// Open orders, charged to initial margin for their worst fills.
//
// A fill at a limit worse than the mark is a loss at once: for a buy Σ remaining × (unit value at
// the limit − unit value at the mark) where positive, for a sell the reverse. Reduce-only orders
// are charged nothing.
//
// Isolated and cross: per instrument, the most of three stand-alone initial margins counts: that
// of the position, of the position with all buys filled plus the buys' losses, of the position
// with all sells filled plus the sells' losses. Tiered charges rise with size on either side, so
// no subset of fills needs more.
//
// Portfolio: every order is reserved as if it stood alone: max(its SCAN, its A_min) + its
// provision + its loss. SCAN and A_min of a whole are at most the sum of those of its parts, so
// no subset of fills needs more; what orders would offset is not credited.
extension RequirementEngine {
  /// What open orders add to initial margin, millionths of the quote currency.
  func orderCharge(
    _ positions: [Position], _ orders: [RestingOrder], _ mode: MarginMode
  ) throws(MarginError) -> Int64 {
    var open: [OpenOrder] = []
    for order in orders where !order.isReduceOnly {
      open.append(try OpenOrder(order, self))
    }
    switch mode {
    case .portfolio:
      return open.reduce(0) { QuoteMoney.sum($0, reservation(for: $1)) }
    case .isolated, .cross:
      return worstFills(of: open, positions)
    }
  }

  // MARK: Portfolio

  func reservation(for order: OpenOrder) -> Int64 {
    let contract = charges[order.index]
    var held = [Int128](repeating: 0, count: valuations.count)
    // A fill's cost is what it is worth at the mark; what the limit adds is charged apart.
    held[Int(contract.settlement)] = -Int128(order.steps) * Int128(contract.unitValue)
    let scan = ExactScan(self, rows: [order.index], sizes: [order.steps], held: held).loss
    var uncovered = [Int128](repeating: 0, count: layout.underlyings.count)
    if contract.isOption, order.steps < 0 {
      uncovered[Int(contract.underlying)] =
        Int128(-order.steps) * Int128(contract.stepQuantity)
    }
    let provision = provisionCharge(provision(order.index, order.steps))
    let charge = QuoteMoney.sum(max(scan, minimumCharge(uncovered)), provision)
    return QuoteMoney.sum(charge, lossCharge(order.index, order.loss))
  }

  private func lossCharge(_ index: Int, _ units: Int128) -> Int64 {
    let valuation = valuations[Int(charges[index].settlement)]
    return QuoteMoney.clampedCharge(valuation.worth(units, rounding: .up))
  }

  // MARK: Isolated and cross

  private func worstFills(of orders: [OpenOrder], _ positions: [Position]) -> Int64 {
    // By instrument, so that each is summed once; the order of equals does not matter.
    let sorted = orders.sorted { $0.index < $1.index }
    var charge: Int64 = 0
    var start = 0
    while start < sorted.count {
      let index = sorted[start].index
      var fills = InstrumentFills()
      while start < sorted.count, sorted[start].index == index {
        fills.add(sorted[start])
        start += 1
      }
      let instrument = layout.listing.contracts[index].id
      let size = positions.first { $0.instrument == instrument }?.size.steps ?? 0
      charge = QuoteMoney.sum(charge, worstFills(fills, index, size))
    }
    return charge
  }

  /// How much more than the position itself the worst fills need.
  private func worstFills(_ fills: InstrumentFills, _ index: Int, _ size: Int64) -> Int64 {
    let held = standaloneCharge(index, steps: size).initial
    let bought = QuoteMoney.sum(
      standaloneCharge(index, steps: size + fills.bought).initial,
      lossCharge(index, fills.buyLoss))
    let sold = QuoteMoney.sum(
      standaloneCharge(index, steps: size - fills.sold).initial,
      lossCharge(index, fills.sellLoss))
    return max(held, bought, sold) - held
  }
}

/// An order that may add risk, checked and measured against the mark.
struct OpenOrder {
  /// Dense index of its contract.
  let index: Int
  /// Steps to fill, positive for a buy.
  let steps: Int64
  /// What filling all of it at the limit loses against the mark, ledger units, at least 0.
  let loss: Int128

  init(_ order: RestingOrder, _ engine: RequirementEngine) throws(MarginError) {
    guard let index = engine.layout.index(of: order.instrument) else {
      throw .unlisted(order.instrument)
    }
    let contract = engine.layout.listing.contracts[index]
    guard engine.charges[index].isPriced else { throw .unpriced(contract.name) }
    let remaining = order.remaining.steps
    guard order.remaining.isPermitted, remaining > 0,
      let limitValue = try? contract.unitValue(at: order.limit)
    else { throw .malformedOrder(order.id) }
    self.index = index
    steps = order.side.sign * remaining
    let paid = Int128(limitValue) - Int128(engine.charges[index].unitValue)
    loss = max(Int128(steps) * paid, 0)
  }
}

/// All orders of one instrument.
private struct InstrumentFills {
  var bought: Int64 = 0
  var sold: Int64 = 0
  var buyLoss: Int128 = 0
  var sellLoss: Int128 = 0

  mutating func add(_ order: OpenOrder) {
    if order.steps > 0 {
      bought += order.steps
      buyLoss += order.loss
    } else {
      sold -= order.steps
      sellLoss += order.loss
    }
  }
}
