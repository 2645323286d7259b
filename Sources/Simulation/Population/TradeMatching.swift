// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import NumericalMethods
import Quantities

/// Pairs the wanted positions of one instrument, so that its market sums to zero.
struct TradeMatching {
  let instrument: InstrumentID
  let price: Price
  /// They take what is left on either side, in turn.
  let makers: [AccountID]

  /// One side's wants, each used up from the front.
  private struct Queue {
    var wants: [(account: AccountID, steps: Int64)]
    var front = 0

    var isEmpty: Bool { front == wants.count }

    mutating func take(_ steps: Int64) {
      wants[front].steps -= steps
      if wants[front].steps == 0 { front += 1 }
    }
  }

  /// The trades that give every account the size it wants, and the makers the opposite of the
  /// sum.
  ///
  /// Longs and shorts meet in random order.
  func trades(
    _ wants: [(account: AccountID, size: Size)], _ generator: inout SplitMix64
  ) -> [TradeReport] {
    var longs = wants.filter { $0.size > .zero }.map { ($0.account, $0.size.steps) }
    var shorts = wants.filter { $0.size < .zero }.map { ($0.account, -$0.size.steps) }
    generator.reorder(&longs)
    generator.reorder(&shorts)
    var buyers = Queue(wants: longs)
    var sellers = Queue(wants: shorts)
    var trades: [TradeReport] = []
    var turn = Int(instrument.number)
    while !buyers.isEmpty || !sellers.isEmpty {
      guard !buyers.isEmpty, !sellers.isEmpty else {
        guard !makers.isEmpty else { break }
        let maker = makers[turn % makers.count]
        turn += 1
        let isBuy = !buyers.isEmpty
        let want = isBuy ? buyers.wants[buyers.front] : sellers.wants[sellers.front]
        trades.append(
          report(isBuy ? want.account : maker, isBuy ? maker : want.account, want.steps))
        if isBuy { buyers.take(want.steps) } else { sellers.take(want.steps) }
        continue
      }
      let (buyer, seller) = (buyers.wants[buyers.front], sellers.wants[sellers.front])
      let steps = min(buyer.steps, seller.steps)
      trades.append(report(buyer.account, seller.account, steps))
      buyers.take(steps)
      sellers.take(steps)
    }
    return trades
  }

  private func report(_ buyer: AccountID, _ seller: AccountID, _ steps: Int64) -> TradeReport {
    TradeReport(
      instrument: instrument, buyer: buyer, seller: seller, size: Size(steps: steps),
      price: price, origin: .transfer)
  }
}
