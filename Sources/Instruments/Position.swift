// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// An account's holding of one contract.
@frozen
public struct Position: Hashable, Sendable {
  public let instrument: InstrumentID
  public var size: Size
  /// What the holding cost: Σ size × unit value at entry, ledger units of the settlement asset.
  ///
  /// Unrealized profit = size × current unit value − cost.
  public var cost: Int64

  @inlinable
  public init(instrument: InstrumentID, size: Size, cost: Int64) {
    self.instrument = instrument
    self.size = size
    self.cost = cost
  }

  /// Profit or loss not yet in the balance, in ledger units, exact.
  ///
  /// In 64 bits: |size| < 2^31, |unit value| ≤ 2^29 and |cost| ≤ 2^60 by the field limits.
  @inlinable
  public func unrealizedProfit(unitValue: Int64) -> Int64 { size.steps * unitValue - cost }

  /// Applies a trade of `traded` steps at `unitValue`; average-cost accounting.
  ///
  /// - Returns: The profit realized by the part that closes, to be credited to the balance
  ///   (rounded down; what rounding leaves stays in the cost of what remains open, so
  ///   profit + open cost is exact).
  public mutating func trade(_ traded: Size, unitValue: Int64) -> Int64 {
    let proceeds = traded.steps * unitValue
    if size.sign * traded.sign >= 0 {
      cost += proceeds
      size = size + traded
      return 0
    }
    let closing = min(size.steps.magnitude, traded.steps.magnitude)
    let closedCost =
      closing == size.steps.magnitude
      ? cost
      : Int64(
        (Int128(cost) * Int128(closing))
          .divided(by: Int128(size.steps.magnitude), rounding: .up))
    let closedValue = Int64(closing) * size.sign * unitValue
    let remainingTrade = traded.steps + Int64(closing) * size.sign
    cost = cost - closedCost + remainingTrade * unitValue
    size = size + traded
    return closedValue - closedCost
  }

  /// Joins with `moved` steps of the same contract that cost `cost`.
  ///
  /// - Returns: The profit of what closes: opposite steps end at what both sides cost, each
  ///   side's share rounded up, and no price is involved; zero of the same side. Profit + open
  ///   cost is exact.
  public mutating func receive(_ moved: Size, cost movedCost: Int64) -> Int64 {
    guard size.sign * moved.sign < 0 else {
      size = size + moved
      cost += movedCost
      return 0
    }
    let closing = Int128(min(size.steps.magnitude, moved.steps.magnitude))
    func closed(_ cost: Int64, _ size: Size) -> Int64 {
      let share = Int128(cost) * closing
      return Int64(share.divided(by: Int128(size.steps.magnitude), rounding: .up))
    }
    let ended = closed(cost, size) + closed(movedCost, moved)
    cost += movedCost - ended
    size = size + moved
    return -ended
  }
}
