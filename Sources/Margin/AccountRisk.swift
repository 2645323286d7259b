// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// Where one account stands; money in millionths of the quote currency.
@frozen
public struct AccountRisk: Hashable, Sendable {
  /// Collateral at the index plus unrealized profits, without haircuts: bankruptcy is 0.
  public let equity: Int64
  /// What the account must hold to take more risk, open orders included.
  public let initialMargin: Int64
  /// Below this the account is liquidated.
  public let maintenanceMargin: Int64
  /// A liquidation ends this far above ``maintenanceMargin``.
  public let liquidationBuffer: Int64
  /// The highest penalty rate of its positions' tiers.
  public let penaltyRate: Rate

  @inlinable
  public init(
    equity: Int64, initialMargin: Int64, maintenanceMargin: Int64, liquidationBuffer: Int64,
    penaltyRate: Rate
  ) {
    self.equity = equity
    self.initialMargin = initialMargin
    self.maintenanceMargin = maintenanceMargin
    self.liquidationBuffer = liquidationBuffer
    self.penaltyRate = penaltyRate
  }

  /// Whether a liquidation starts: equity below maintenance margin.
  @inlinable
  public var isLiquidatable: Bool { equity < maintenanceMargin }

  /// Whether a liquidation ends: equity at maintenance margin + buffer, or above.
  @inlinable
  public var isRestored: Bool { equity >= maintenanceMargin + liquidationBuffer }

  /// Equity above initial margin, what may be withdrawn or put at risk; 0 if there is none.
  @inlinable
  public var excess: Int64 { max(equity - initialMargin, 0) }

  /// Equity above the line at which a liquidation ends, millionths of the quote currency; negative
  /// below it.
  @inlinable
  public var surplus: Int128 {
    Int128(equity) - Int128(maintenanceMargin) - Int128(liquidationBuffer)
  }

  /// Maintenance margin above equity, positive when there is any.
  @inlinable
  public var shortfall: Int64 { max(maintenanceMargin - equity, 0) }

  /// Equity ÷ maintenance margin, rounded down to a billionth and clamped to the field of a
  /// rate; `nil` without maintenance margin.
  public var marginRatio: Rate? {
    guard maintenanceMargin > 0 else { return nil }
    let scaled = Int128(equity) * 1_000_000_000
    let ratio = scaled.divided(by: Int128(maintenanceMargin), rounding: .down)
    let limit = Int128(Rate.limit)
    return Rate(billionths: Int64(min(max(ratio, -limit), limit)))
  }
}
