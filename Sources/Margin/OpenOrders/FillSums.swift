// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Kernels
import Quantities

/// How far fills may move a sum: by at most `up` above and `down` below it.
struct FillRange: Sendable {
  var up: Int128 = 0
  var down: Int128 = 0

  /// Where everything is held or filled.
  var sum: Int128 { up - down }

  mutating func add(_ change: Int128, by sign: Int128) {
    if change > 0 { up += sign * change } else { down -= sign * change }
  }
}

/// What the requirement needs to know of a set of holdings or orders, summed.
struct FillSums: Sendable {
  /// By underlying slot, then lane: profits of holdings, losses (not above 0) of orders.
  private(set) var profits: [Int128]
  private(set) var isTouched: [Bool]
  /// By expiry slot, then skew.
  private(set) var skews: [FillRange]
  /// 10^−8 of base units by strike slot.
  private(set) var strikes: [FillRange]
  /// Deltas in 10^−8 of base units: by underlying slot, of what has no expiry, by expiry slot.
  private(set) var deltas: [FillRange]
  private(set) var spots: [FillRange]
  private(set) var expiries: [FillRange]
  /// Steps of each contract that occurs.
  private(set) var contracts: [(index: Int, range: FillRange)] = []

  init(_ engine: borrowing RequirementEngine) {
    let layout = engine.layout
    let none = FillRange()
    profits = Array(repeating: 0, count: layout.underlyings.count * engine.table.laneCount)
    isTouched = Array(repeating: false, count: layout.underlyings.count)
    skews = Array(repeating: none, count: layout.expiries.count * engine.table.skewCount)
    strikes = Array(repeating: none, count: layout.strikes.count)
    deltas = Array(repeating: none, count: layout.underlyings.count)
    spots = deltas
    expiries = Array(repeating: none, count: layout.expiries.count)
  }

  func contains(_ index: Int) -> Bool { contracts.contains { $0.index == index } }

  func steps(of index: Int) -> Int128 {
    contracts.first { $0.index == index }?.range.sum ?? 0
  }

  // MARK: Holdings

  mutating func add(_ index: Int, steps: Int64, _ engine: RequirementEngine) {
    let slot = Int(engine.charges[index].underlying)
    isTouched[slot] = true
    for lane in 0..<engine.table.laneCount {
      let cell = engine.table.cells[index * engine.table.laneCount + lane]
      profits[slot * engine.table.laneCount + lane] += Int128(steps) * Int128(cell)
    }
    addTerms(index, steps: steps, by: 1, engine)
  }

  /// - Parameter held: Ledger units held in each collateral asset: balance − cost.
  mutating func add(held: [Int128], _ engine: RequirementEngine) {
    for asset in held.indices where held[asset] != 0 {
      let slot = engine.layout.collateralUnderlyings[asset]
      guard slot >= 0 else { continue }
      isTouched[slot] = true
      for lane in 0..<engine.table.laneCount {
        profits[slot * engine.table.laneCount + lane] +=
          ExactScan.amountProfit(engine, asset, lane: lane, held[asset])
      }
    }
  }

  // MARK: Orders

  /// Adds (or, with a sign of −1, takes away) an order; of its profits only losses count.
  mutating func add(_ order: OpenOrder, by sign: Int128, _ engine: RequirementEngine) {
    let contract = engine.charges[order.index]
    let slot = Int(contract.underlying)
    let asset = Int(contract.settlement)
    let coin = engine.layout.collateralUnderlyings[asset]
    isTouched[slot] = true
    if coin >= 0 { isTouched[coin] = true }
    for lane in 0..<engine.table.laneCount {
      let lost = Self.losses(order, lane: lane, engine)
      profits[slot * engine.table.laneCount + lane] += sign * lost.own
      if coin >= 0, coin != slot {
        profits[coin * engine.table.laneCount + lane] += sign * lost.coin
      }
    }
    addTerms(order.index, steps: order.steps, by: sign, engine)
  }

  /// What filling an order makes in one scenario of its underlying, and in that of the coin it
  /// settles in where that is another; not above 0.
  static func losses(
    _ order: OpenOrder, lane: Int, _ engine: RequirementEngine
  ) -> (own: Int128, coin: Int128) {
    let contract = engine.charges[order.index]
    let asset = Int(contract.settlement)
    let coin = engine.layout.collateralUnderlyings[asset]
    // A fill's cost at the limit, or at the mark where the limit is better. What is lost at once
    // is charged apart; what the coins lost would have gained or lost after it counts here.
    let held = -Int128(order.steps) * Int128(contract.unitValue) - order.loss
    let cell = engine.table.cells[order.index * engine.table.laneCount + lane]
    let profit = Int128(order.steps) * Int128(cell)
    guard coin >= 0 else { return (min(profit, 0), 0) }
    let moved = amountProfit(engine, asset, lane: lane, held)
    guard coin == Int(contract.underlying) else { return (min(profit, 0), min(moved, 0)) }
    return (min(profit + moved, 0), 0)
  }

  /// Rounded down, so that fills one by one never come to more than all of them together.
  private static func amountProfit(
    _ engine: RequirementEngine, _ asset: Int, lane: Int, _ amount: Int128
  ) -> Int128 {
    let cell = engine.table.amountCells[asset * engine.table.laneCount + lane]
    return (Int128(Int64(clamping: amount)) * Int128(cell))
      >> Int128(PLIMSOLL_SCENARIO_FRACTION_BITS)
  }

  // MARK: Everything but profits

  private mutating func addTerms(
    _ index: Int, steps: Int64, by sign: Int128, _ engine: RequirementEngine
  ) {
    let contract = engine.charges[index]
    let steps = Int128(steps)
    let delta = steps * Int128(contract.deltaQuantity)
    deltas[Int(contract.underlying)].add(delta, by: sign)
    if contract.expiry < 0 {
      spots[Int(contract.underlying)].add(delta, by: sign)
    } else {
      expiries[Int(contract.expiry)].add(delta, by: sign)
    }
    if contract.isOption {
      strikes[Int(contract.strike)].add(steps * Int128(contract.stepQuantity), by: sign)
      for skew in 0..<engine.table.skewCount {
        let cell = engine.table.skewCells[index * engine.table.skewCount + skew]
        skews[Int(contract.expiry) * engine.table.skewCount + skew]
          .add(steps * Int128(cell), by: sign)
      }
    }
    if let place = contracts.firstIndex(where: { $0.index == index }) {
      contracts[place].range.add(steps, by: sign)
    } else {
      var range = FillRange()
      range.add(steps, by: sign)
      contracts.append((index, range))
    }
  }
}
