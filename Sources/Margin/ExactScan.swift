// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Kernels
public import Quantities
public import Volatility

/// Which scenario a loss comes from.
public enum BindingScenario: Hashable, Sendable {
  /// No scenario loses.
  case none
  /// Index in the underlying's grid.
  case scenario(Int)
  /// Spot unchanged, the smile bent, every expiry counted as a loss.
  case skew(SkewState)
}

/// The scenarios of one account and one underlying, in full.
public struct UnderlyingScan: Hashable, Sendable {
  public let underlying: AssetSymbol
  /// Profit of each scenario of the grid, millionths of the quote currency.
  public let profits: [Int64]
  /// Loss of each skew scenario: Σ over expiries of |profit|.
  public let skewLosses: [Int64]
  /// The worst of both, at least 0.
  public let loss: Int64
  public let binding: BindingScenario
}

/// The joint worst loss by plain loops in 128 bits: the twin of the kernel's sweep, for accounts
/// beyond its 64 bits and for everything that is shown.
struct ExactScan {
  /// Underlyings that the account touches, in slot order.
  let underlyings: [UnderlyingScan]
  /// SCAN: their losses, netted.
  let loss: Int64

  init(_ engine: RequirementEngine, _ positionCount: Int, _ scratch: RiskScratch) {
    self.init(
      engine, rows: scratch.rows.prefix(positionCount).map(Int.init),
      sizes: scratch.sizes.prefix(positionCount).map(Int64.init), held: scratch.held)
  }

  /// - Parameters:
  ///   - rows: Dense index of each position.
  ///   - sizes: Steps of each position.
  ///   - held: Ledger units held in each collateral asset: balance − cost.
  init(_ engine: RequirementEngine, rows: [Int], sizes: [Int64], held: [Int128]) {
    let layout = engine.layout
    var scans: [UnderlyingScan] = []
    var slots: [Int] = []
    for slot in layout.underlyings.indices {
      let isTouched =
        rows.contains { engine.charges[$0].underlying == slot }
        || held.indices.contains { held[$0] != 0 && layout.collateralUnderlyings[$0] == slot }
      guard isTouched else { continue }
      let profits = engine.grids[slot].scenarios.indices.map { lane in
        Self.profit(engine, slot, lane: lane, rows, sizes, held)
      }
      let skewLosses = engine.grids[slot].skews.indices.map { skew in
        Self.skewLoss(engine, slot, skew: skew, rows, sizes)
      }
      scans.append(
        UnderlyingScan(
          layout.underlyings[slot], profits, skewLosses, engine.grids[slot].skews))
      slots.append(slot)
    }
    underlyings = scans
    loss = Self.netted(scans, slots: slots, engine.netting)
  }

  static func profit(
    _ engine: RequirementEngine, _ slot: Int, lane: Int, _ rows: [Int], _ sizes: [Int64],
    _ held: [Int128]
  ) -> Int128 {
    let table = engine.table
    var sum: Int128 = 0
    for (row, size) in zip(rows, sizes) where engine.charges[row].underlying == slot {
      sum += Int128(size) * Int128(table.cells[row * table.laneCount + lane])
    }
    for asset in held.indices where engine.layout.collateralUnderlyings[asset] == slot {
      sum += amountProfit(engine, asset, lane: lane, held[asset])
    }
    return sum
  }

  /// Profit of an amount of collateral, rounded to the nearest millionth, ties up.
  static func amountProfit(
    _ engine: RequirementEngine, _ asset: Int, lane: Int, _ amount: Int128
  ) -> Int128 {
    let cell = engine.table.amountCells[asset * engine.table.laneCount + lane]
    let product = Int128(Int64(clamping: amount)) * Int128(cell)
    let bits = Int128(PLIMSOLL_SCENARIO_FRACTION_BITS)
    return (product + (1 << (bits - 1))) >> bits
  }

  private static func skewLoss(
    _ engine: RequirementEngine, _ slot: Int, skew: Int, _ rows: [Int], _ sizes: [Int64]
  ) -> Int128 {
    let table = engine.table
    var loss: Int128 = 0
    for expiry in engine.layout.expiries.indices
    where engine.layout.expiries[expiry].underlying == slot {
      var sum: Int128 = 0
      for (row, size) in zip(rows, sizes) where engine.charges[row].expiry == expiry {
        sum += Int128(size) * Int128(table.skewCells[row * table.skewCount + skew])
      }
      loss += abs(sum)
    }
    return loss
  }
}

extension UnderlyingScan {
  init(
    _ underlying: AssetSymbol, _ profits: [Int128], _ skewLosses: [Int128],
    _ skews: [SkewState]
  ) {
    self.underlying = underlying
    self.profits = profits.map(QuoteMoney.clampedEquity)
    self.skewLosses = skewLosses.map(QuoteMoney.clampedCharge)
    var loss: Int128 = 0
    var binding = BindingScenario.none
    for (index, profit) in profits.enumerated() where -profit > loss {
      loss = -profit
      binding = .scenario(index)
    }
    for (skew, skewLoss) in zip(skews, skewLosses) where skewLoss > loss {
      loss = skewLoss
      binding = .skew(skew)
    }
    self.loss = QuoteMoney.clampedCharge(loss)
    self.binding = binding
  }
}
