// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// An account of the venue; sub-accounts are accounts with an owner.
@frozen
public struct AccountID: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let number: UInt32
  @inlinable
  public init(_ number: UInt32) { self.number = number }
  @inlinable
  public static func < (left: Self, right: Self) -> Bool { left.number < right.number }
  public var description: String { "account \(number)" }
}

/// A listed instrument.
@frozen
public struct InstrumentID: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let number: UInt32
  @inlinable
  public init(_ number: UInt32) { self.number = number }
  @inlinable
  public static func < (left: Self, right: Self) -> Bool { left.number < right.number }
  public var description: String { "instrument \(number)" }
}

/// An order, resting or of a liquidation; unique for the life of a venue.
@frozen
public struct OrderID: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let number: UInt64
  @inlinable
  public init(_ number: UInt64) { self.number = number }
  @inlinable
  public static func < (left: Self, right: Self) -> Bool { left.number < right.number }
  public var description: String { "order \(number)" }
}
