// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
import Ledger
public import Liquidation
import MarketData
public import Quantities
public import RiskEngine

/// Where everybody with a position in one market stands in the queues for deleveraging.
public struct MarketRanking: Sendable {
  public let time: Timestamp
  public let block: UInt64
  public let contract: Contract
  public let mark: Price
  /// Longs before shorts, each by place, those outside the queue last; ties by account.
  public let rows: [Row]

  /// One account's position.
  public struct Row: Hashable, Sendable {
    public let account: AccountID
    public let side: Side
    /// Steps, positive.
    public let size: Size
    /// At the mark, millionths of the quote currency.
    public let value: Int64
    /// Absent outside the queue: without a profit at the mark, or in liquidation.
    public let queue: QueuePlace?
  }

  /// A size in the unit of the contract: coins, or quote units for inverse futures.
  public func sizeText(_ size: Size) -> String {
    decimalText(Int128(size.steps) * Int128(contract.stepQuantity), decimals: 8)
  }

  /// The markets of a venue in which somebody holds something, in the order of their listing.
  ///
  /// - Parameters:
  ///   - contract: The name of the only market asked for.
  ///   - account: Whose rows alone are wanted; a place says how many stand in the queue anyway.
  /// - Returns: None before the venue was marked.
  public static func markets(
    of engine: Engine, contract: String? = nil, account: AccountID? = nil
  ) -> [MarketRanking] {
    guard let valuation = engine.valuation else { return [] }
    return zip(engine.state.listing.contracts, engine.state.marks).compactMap { terms, mark in
      guard terms.name == contract ?? terms.name else { return nil }
      let rows = engine.deleveragingPlaces(in: terms.id)
        .filter { $0.account == account ?? $0.account }
        .map { place in
          Row(
            account: place.account, side: place.size.sign > 0 ? .buy : .sell,
            size: place.size.magnitude, value: valuation.notional(place.size, of: terms.id),
            queue: place.queue)
        }
        .sorted { $0.precedes($1) }
      guard !rows.isEmpty else { return nil }
      return MarketRanking(
        time: engine.state.time, block: engine.state.block, contract: terms, mark: mark.price,
        rows: rows)
    }
  }
}

extension MarketRanking.Row {
  fileprivate func precedes(_ other: Self) -> Bool {
    if side != other.side { return side == .buy }
    let (place, otherPlace) = (queue?.place ?? .max, other.queue?.place ?? .max)
    return place != otherPlace ? place < otherPlace : account < other.account
  }
}
