// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Quantities

/// One quote under a protection, measured against the market.
struct ProtectedQuote: Sendable {
  let id: OrderID
  let order: OpenOrder
  let fills: QuoteFills
  /// Millionths of the quote currency.
  let lossCharge: Int64
  /// What filling it loses in each scenario of its underlying, not negative.
  let losses: [Int128]
  /// The same in the coin it settles in, where that is another; else empty.
  let coinLosses: [Int128]
  /// Underlying slot of that coin, −1 if none.
  let coin: Int
}

/// The quotes of one underlying under one protection.
struct QuoteGroup: Sendable {
  /// Underlying slot.
  let slot: Int
  let budget: QuoteBudget
  var quotes: [ProtectedQuote] = []

  /// The most that fills of these quotes may come to.
  func most(_ value: (ProtectedQuote) -> Int128) -> Int128 {
    budget.most(of: quotes.map(value), quotes.map(\.fills))
  }
}

/// An account's quotes under protection, beside all that it reserves in full.
struct ProtectedQuotes: Sendable {
  /// Orders that no protection limits.
  private(set) var firm: FillSums
  private(set) var firmLosses: Int128 = 0
  private var groups: [QuoteGroup]

  /// - Returns: `nil` for an account without protections.
  init?(_ engine: borrowing RequirementEngine, _ protections: [QuoteProtection]) {
    guard !protections.isEmpty else { return nil }
    firm = FillSums(engine)
    groups = engine.quoteGroups(protections)
  }

  mutating func change(
    _ resting: RestingOrder, _ order: OpenOrder, by sign: Int128, _ engine: RequirementEngine
  ) {
    let slot = Int(engine.charges[order.index].underlying)
    guard resting.isQuote, let group = groups.firstIndex(where: { $0.slot == slot }) else {
      firm.add(order, by: sign, engine)
      firmLosses += sign * Int128(engine.lossCharge(order.index, order.loss))
      return
    }
    guard sign > 0 else {
      groups[group].quotes.removeAll { $0.id == resting.id }
      return
    }
    groups[group].quotes.append(engine.protectedQuote(resting.id, order))
  }

  /// The most that fills of quotes on an underlying may come to.
  func most(_ slot: Int, _ value: (ProtectedQuote) -> Int128) -> Int128 {
    groups.first { $0.slot == slot }?.most(value) ?? 0
  }

  /// The same over all underlyings.
  func most(_ value: (ProtectedQuote) -> Int128) -> Int128 {
    groups.reduce(0) { $0 + $1.most(value) }
  }

  /// What the worst fills make in one scenario of an underlying, not above 0.
  func profit(_ slot: Int, lane: Int, _ laneCount: Int) -> Int128 {
    var profit = firm.profits[slot * laneCount + lane]
    for group in groups {
      if group.slot == slot { profit -= group.most { $0.losses[lane] } }
      if group.quotes.contains(where: { $0.coin == slot }) {
        profit -= group.most { $0.coin == slot ? $0.coinLosses[lane] : 0 }
      }
    }
    return profit
  }

  /// How far fills may move an underlying's net delta.
  func deltas(_ slot: Int, _ engine: RequirementEngine) -> FillRange {
    var range = firm.deltas[slot]
    range.up += most(slot) { max($0.delta(engine), 0) }
    range.down += most(slot) { max(-$0.delta(engine), 0) }
    return range
  }
}

extension ProtectedQuote {
  /// 10^−8 of base units, as the net deltas of the account count it.
  func delta(_ engine: RequirementEngine) -> Int128 {
    Int128(order.steps) * Int128(engine.charges[order.index].deltaQuantity)
  }

  /// The size of what it moves an expiry by under a bent smile; none of what has no expiry.
  func skew(_ skew: Int, _ engine: RequirementEngine) -> Int128 {
    guard engine.charges[order.index].isOption else { return 0 }
    let cell = engine.table.skewCells[order.index * engine.table.skewCount + skew]
    return abs(Int128(order.steps) * Int128(cell))
  }

  /// What it sells of options, 10^−8 of base units.
  func sold(_ engine: RequirementEngine) -> Int128 {
    let contract = engine.charges[order.index]
    return contract.isOption ? max(-Int128(order.steps) * Int128(contract.stepQuantity), 0) : 0
  }

  /// What it moves between expiries, weighted as the basis charge does.
  func basis(_ engine: RequirementEngine) -> Int128 {
    let contract = engine.charges[order.index]
    let weight =
      contract.expiry < 0
      ? engine.bases.spots[Int(contract.underlying)]
      : engine.bases.expiries[Int(contract.expiry)]
    return RequirementEngine.weighted(delta(engine), weight)
  }
}

extension RequirementEngine {
  /// One empty group for each protected underlying that is listed.
  func quoteGroups(_ protections: [QuoteProtection]) -> [QuoteGroup] {
    protections.compactMap { protection in
      layout.underlyings.firstIndex(of: protection.underlying).map {
        QuoteGroup(slot: $0, budget: QuoteBudget(protection))
      }
    }
  }

  fileprivate func protectedQuote(_ id: OrderID, _ order: OpenOrder) -> ProtectedQuote {
    let slot = Int(charges[order.index].underlying)
    let coin = layout.collateralUnderlyings[Int(charges[order.index].settlement)]
    var losses: [Int128] = []
    var coinLosses: [Int128] = []
    for lane in 0..<table.laneCount {
      let lost = FillSums.losses(order, lane: lane, self)
      losses.append(-lost.own)
      if coin >= 0, coin != slot { coinLosses.append(-lost.coin) }
    }
    return ProtectedQuote(
      id: id, order: order, fills: quoteFills(order.index, steps: order.steps),
      lossCharge: lossCharge(order.index, order.loss), losses: losses, coinLosses: coinLosses,
      coin: coin == slot ? -1 : coin)
  }
}
