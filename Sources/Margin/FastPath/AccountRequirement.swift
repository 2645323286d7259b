// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// What a block decides about one account; money in millionths of the quote currency.
@frozen
public struct AccountRequirement: Hashable, Sendable {
  public var equity: Int64
  public var initialMargin: Int64
  public var maintenanceMargin: Int64

  @inlinable
  public init(equity: Int64, initialMargin: Int64, maintenanceMargin: Int64) {
    self.equity = equity
    self.initialMargin = initialMargin
    self.maintenanceMargin = maintenanceMargin
  }

  /// Whether a liquidation starts: equity below maintenance margin.
  @inlinable
  public var isLiquidatable: Bool { equity < maintenanceMargin }

  /// An account that holds something without a price: it may neither take risk nor be liquidated.
  public static let unmeasured = AccountRequirement(
    equity: 0, initialMargin: QuoteMoney.limit, maintenanceMargin: 0)
}

extension AccountRequirement {
  init(_ risk: AccountRisk) {
    self.init(
      equity: risk.equity, initialMargin: risk.initialMargin,
      maintenanceMargin: risk.maintenanceMargin)
  }
}
