// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import MarketData
import NumericalMethods
import Quantities

/// Resting orders beside an account's positions.
enum OrderDraft {
  /// One account in seven has orders, one or two of them.
  private static let accountShare = 0.15

  /// Adds orders on perpetuals and futures that the account holds, 1 to 5 % from the mark: half
  /// of them take profit and only reduce, half add to the position at a better price.
  static func addOrders(
    to draft: inout AccountDraft, firstID: OrderID, in market: VenueMarket,
    _ generator: inout SplitMix64
  ) {
    guard generator.chance(accountShare) else { return }
    let holdings = draft.holdings.filter { !market.listing.contracts[$0.instrument].isOption }
    guard !holdings.isEmpty else { return }
    for number in 0..<(1 + generator.below(2)) {
      let holding = holdings[generator.below(holdings.count)]
      let reduces = generator.chance(0.5)
      let isOrdered = draft.orders.contains {
        $0.instrument == market.listing.contracts[holding.instrument].id
      }
      guard !isOrdered else { continue }
      let distance = 0.01 + 0.04 * generator.nextUnit()
      let share = 0.1 + 0.4 * generator.nextUnit()
      let isBuy = (holding.size > .zero) != reduces
      guard let limit = limit(holding, isBuy ? -distance : distance, market) else { continue }
      let steps = max(Int64(Double(holding.size.steps.magnitude) * share), 1)
      draft.orders.append(
        RestingOrder(
          id: OrderID(firstID.number + UInt64(number)),
          instrument: market.listing.contracts[holding.instrument].id,
          side: isBuy ? .buy : .sell, remaining: Size(steps: steps), limit: limit,
          isReduceOnly: reduces))
    }
  }

  /// The mark moved by a share of itself, on the tick.
  private static func limit(
    _ holding: AccountDraft.Holding, _ move: Double, _ market: VenueMarket
  ) -> Price? {
    let contract = market.listing.contracts[holding.instrument]
    let moved = market.marks[holding.instrument].price.value * (1 + move)
    guard let price = try? Price(moved, rounding: .toNearestOrEven) else { return nil }
    let steps = price.steps / contract.tick.steps * contract.tick.steps
    return steps > 0 && steps <= contract.highestPrice.steps ? Price(steps: steps) : nil
  }
}
