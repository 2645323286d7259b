// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Quantities

extension RequirementEngine {
  /// What open orders add to initial margin, millionths of the quote currency.
  ///
  /// The worst subset of fills counts, each at its limit; reduce-only orders are charged nothing,
  /// for they can only lower a position. A fill at a limit worse than the mark is a loss at once:
  /// for a buy remaining × (unit value at the limit − unit value at the mark), for a sell the
  /// reverse.
  func orderCharge(of portfolio: borrowing Portfolio) throws(MarginError) -> Int64 {
    guard portfolio.orders.contains(where: { !$0.isReduceOnly }) else { return 0 }
    switch portfolio.mode {
    case .isolated, .cross:
      var open: [(order: OpenOrder, isQuote: Bool)] = []
      for order in portfolio.orders where !order.isReduceOnly {
        open.append((try OpenOrder(order, self), order.isQuote))
      }
      return worstFills(
        of: open, portfolio.positions, quoteGroups(portfolio.protections))
    case .portfolio: return try WorstFills(self, portfolio).charge(self)
    }
  }

  func lossCharge(_ index: Int, _ units: Int128) -> Int64 {
    let valuation = valuations[Int(charges[index].settlement)]
    return QuoteMoney.clampedCharge(valuation.indexWorth(units, rounding: .up))
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

  init(_ order: RestingOrder, _ engine: borrowing RequirementEngine) throws(MarginError) {
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
