// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// How an account's risks are put together.
@frozen
public enum MarginMode: UInt8, Hashable, Sendable, CaseIterable {
  /// One instrument, with collateral of its own: nothing else is at risk.
  case isolated
  /// All positions share the collateral; each is charged by its own tiers.
  case cross
  /// All positions share the collateral and are charged by their joint worst scenario.
  case portfolio
}

/// The side of an order.
@frozen
public enum Side: UInt8, Hashable, Sendable, CaseIterable {
  case buy
  case sell

  /// 1 for a buy, −1 for a sell.
  @inlinable
  public var sign: Int64 { self == .buy ? 1 : -1 }
}
