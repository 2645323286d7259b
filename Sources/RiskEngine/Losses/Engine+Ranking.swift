// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
public import Liquidation
import MarketData
public import Quantities

/// Where an account stands in the queue of a market.
public struct DeleveragingPlace: Hashable, Sendable {
  public let account: AccountID
  /// Of the position's sign.
  public let size: Size
  /// In the queue of its side; absent for those without a profit at the mark or in liquidation, who
  /// are not touched while others suffice.
  public let queue: QueuePlace?

  /// 1 to 100, 100 for those who are touched first; absent outside the queue.
  public var quantile: Int? { queue?.quantile }
}

extension Engine {
  /// Where every account with a position in a market stands in its side's queue, at the mark.
  ///
  /// A deleveraging at a bankruptcy price may find fewer in profit, and so others first.
  /// - Returns: Sorted by account; none before the venue was marked.
  public func deleveragingPlaces(in id: InstrumentID) -> [DeleveragingPlace] {
    guard let valuation, let instrument = state.listing.index(of: id),
      instrument < valuation.marks.count
    else { return [] }
    var engine = self
    engine.venueIndex.bringUp(instrument, state)
    return engine.places(in: instrument, id, valuation)
  }

  private func places(
    in instrument: Int, _ id: InstrumentID, _ valuation: Valuation
  ) -> [DeleveragingPlace] {
    var places: [DeleveragingPlace] = []
    var found = FoundFigures()
    for side in Side.allCases {
      // As the account in liquidation would hold it: on the other side.
      let queue = Opposition(
        position: Position(instrument: id, size: Size(steps: -side.sign), cost: 0),
        instrument: instrument, unitValue: valuation.marks[instrument].unitValue,
        rule: deleveragingRule(of: AccountID(0), in: instrument))
      let candidates = opposing(queue, valuation, winning: true, &found)
      let queued = deleveragingQueue(
        candidates.map { $0.rank(by: queue.rule, side: side) })
      var ranked = zip(candidates, queued).makeIterator()
      var next = ranked.next()
      for holding in holdings(of: instrument, side) {
        let account = state.accounts[Int(holding.account)].id
        var place: QueuePlace?
        if let (candidate, found) = next, candidate.account == account {
          place = found
          next = ranked.next()
        }
        places.append(
          DeleveragingPlace(account: account, size: holding.position.size, queue: place))
      }
    }
    return places.sorted { $0.account < $1.account }
  }

  private func holdings(of instrument: Int, _ side: Side) -> [Holding] {
    let holders = venueIndex.holdings[instrument]
    return (side == .buy ? holders.longs : holders.shorts).buckets.flatMap(\.holdings)
  }
}
