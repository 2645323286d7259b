// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import MarketData
import Parameters
import Quantities

/// One contract's side of its underlying's book, at one moment.
struct Quote {
  /// What an order took.
  struct Taken: Equatable {
    /// Positive.
    let size: Size
    /// The average over the levels taken.
    let price: Price
    /// What is gone from the underlying's book, quote units.
    let notional: Double
  }

  private let contract: Contract
  private let mark: Price
  private let depth: Depth
  /// What one size step takes from the underlying's book, quote units.
  let stepNotional: Double
  /// The change of the contract's price for a cost of the whole underlying's price.
  let priceScale: Double

  /// - Returns: `nil` while the underlying has no market or the contract no mark.
  init?(_ contract: Contract, mark: Price, depth: Depth) {
    guard let market = depth.market, market.index > .zero, mark > .zero || contract.isOption
    else { return nil }
    self.contract = contract
    self.mark = mark
    self.depth = depth
    let index = market.index.value
    let quantity = Double(contract.stepQuantity) / Double(Price.stepsPerOne)
    switch contract.kind {
    case .option(let right, let strike, let expiry):
      let delta = optionDelta(
        right, forward: index, strike: strike.value, volatility: market.volatility.value,
        years: (expiry - depth.time).years)
      let weight = max(delta.magnitude, depth.parameters.leastDelta.value)
      stepNotional = quantity * index * weight
      priceScale = (contract.settlement == .inverse ? 1 : index) * weight
    case .spot, .perpetual, .future:
      stepNotional = contract.isReciprocal ? quantity : quantity * index
      priceScale = mark.value
    }
  }

  /// The largest part of an order whose every level is no worse than its limit; `nil` if none.
  func take(_ size: Size, side: Side, limit: Price) -> Taken? {
    if let floor = discounted(side), floor >= limit { return takeAll(size, floor: floor) }
    let room = Double((limit.steps - mark.steps) * side.sign) / Double(Price.stepsPerOne)
    let steps = min(free(within: room / priceScale, for: side), size.steps)
    guard steps >= 1 else { return nil }
    let taken = taken(Size(steps: steps), side: side)
    // Only rounding can lie beyond the limit; the levels do not.
    let price = side == .sell ? max(taken.price, limit) : min(taken.price, limit)
    return fits(price) ? Taken(size: taken.size, price: price, notional: taken.notional) : nil
  }

  /// How many steps an order of a side can take at levels no worse than a share of the
  /// underlying's price, 0 to `Size.limit`.
  func free(within share: Double, for side: Side) -> Int64 {
    guard let reach = curve(for: side).reach(share) else { return 0 }
    let free = (reach - depth.taken(by: side)) / stepNotional
    return free < Double(Size.limit) ? Int64(max(free, 0)) : Size.limit
  }

  private func curve(for side: Side) -> ImpactCurve {
    depth.curve(isOption: contract.isOption, for: side)
  }

  /// The lowest price at which an option is sold.
  private func discounted(_ side: Side) -> Price? {
    guard contract.isOption, side == .sell else { return nil }
    let given = depth.parameters.optionDiscount.share(of: mark.steps, rounding: .down)
    return Price(steps: mark.steps - given)
  }

  private func takeAll(_ size: Size, floor: Price) -> Taken {
    let taken = taken(size, side: .sell)
    return Taken(size: size, price: max(taken.price, floor), notional: taken.notional)
  }

  private func taken(_ size: Size, side: Side) -> Taken {
    let notional = Double(size.steps) * stepNotional
    let start = depth.taken(by: side)
    let cost = curve(for: side).average(from: start, to: start + notional) * priceScale
    // Rounded against the account in liquidation.
    let move = (min(cost, 1e9) * Double(Price.stepsPerOne)).rounded(.up)
    let steps = min(max(mark.steps + side.sign * Int64(move), 0), Price.limit)
    return Taken(size: size, price: Price(steps: steps), notional: notional)
  }

  private func fits(_ price: Price) -> Bool { (try? contract.unitValue(at: price)) != nil }
}
