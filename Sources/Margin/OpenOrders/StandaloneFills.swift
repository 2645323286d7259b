// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Quantities

// Open orders of isolated and cross accounts.
//
// Per instrument, the most of three stand-alone initial margins counts: that of the position, of
// the position with all buys filled, of the position with all sells filled; and all that fills
// lose at their limits. Tiered charges rise with size on either side, so no subset of fills needs
// more. Of quotes under a protection, what may be filled before it is triggered counts, for each
// instrument and side by itself.
extension RequirementEngine {
  func worstFills(
    of orders: [(order: OpenOrder, isQuote: Bool)], _ positions: [Position],
    _ groups: [QuoteGroup]
  ) -> Int64 {
    // By instrument, so that each is summed once; the order of equals does not matter.
    let sorted = orders.sorted { $0.order.index < $1.order.index }
    var charge: Int64 = 0
    var start = 0
    while start < sorted.count {
      let index = sorted[start].order.index
      let group = groups.first { $0.slot == Int(charges[index].underlying) }
      var fills = InstrumentFills()
      var quotes: [OpenOrder] = []
      while start < sorted.count, sorted[start].order.index == index {
        if sorted[start].isQuote, group != nil {
          quotes.append(sorted[start].order)
        } else {
          fills.add(sorted[start].order)
        }
        start += 1
      }
      if let group {
        fills.add(quotes, quotes.map { quoteFills(index, steps: $0.steps) }, group.budget)
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
    let bought = standaloneCharge(index, steps: size + fills.bought).initial
    let sold = QuoteMoney.sum(
      standaloneCharge(index, steps: size - fills.sold).initial,
      receivedHaircut(index, steps: min(fills.sold, max(size, 0))))
    let losses = QuoteMoney.sum(
      lossCharge(index, fills.buyLoss), lossCharge(index, fills.sellLoss))
    return QuoteMoney.sum(max(held, bought, sold) - held, losses)
  }

  /// What the coins count less for which a held option is sold.
  ///
  /// Its own charge, which knew no haircut, is gone with it. All of the coins count for nothing
  /// where the haircut depends on the amount.
  private func receivedHaircut(_ index: Int, steps: Int64) -> Int64 {
    let asset = Int(charges[index].settlement)
    guard charges[index].isOption, steps > 0, isCharged(asset) else { return 0 }
    let units = Int128(steps) * Int128(charges[index].unitValue)
    let worth = QuoteMoney.clampedCharge(valuations[asset].worth(units, rounding: .up))
    return QuoteMoney.charge(worth, rate: collateral.isPlain ? haircuts[asset] : 1_000_000_000)
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

  /// Adds what may be filled of quotes.
  mutating func add(_ quotes: [OpenOrder], _ fills: [QuoteFills], _ budget: QuoteBudget) {
    func most(_ value: (OpenOrder) -> Int128) -> Int128 {
      budget.most(of: quotes.map(value), fills)
    }
    bought += Int64(most { max(Int128($0.steps), 0) })
    sold += Int64(most { max(-Int128($0.steps), 0) })
    buyLoss += most { $0.steps > 0 ? $0.loss : 0 }
    sellLoss += most { $0.steps < 0 ? $0.loss : 0 }
  }
}
