// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// How near its liquidation a healthy account is: the steps of the ladder before it.
@frozen
public enum MarginCall: UInt8, Hashable, Sendable, CaseIterable, Comparable {
  case none
  /// The account is told; nothing else changes.
  case warning
  /// Only what lowers its positions is accepted.
  case reduceOnly
  /// Its resting orders that do not reduce have been cancelled.
  case cancelOrders

  @inlinable
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
