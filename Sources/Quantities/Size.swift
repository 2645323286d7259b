// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// A signed number of contracts, in the contract's declared size steps; long is positive.
///
/// The field limit of 2^31 − 1 steps keeps every scenario sum exact in 64 bits.
@frozen
public struct Size: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let steps: Int64

  @inlinable
  public static var limit: Int64 { Int64(Int32.max) }
  @inlinable
  public static var zero: Size { Size(steps: 0) }

  @inlinable
  public init(steps: Int64) { self.steps = steps }

  /// Whether this size is inside the field limit.
  @inlinable
  public var isPermitted: Bool { steps.magnitude <= Self.limit.magnitude }

  @inlinable
  public var magnitude: Size { Size(steps: abs(steps)) }

  /// −1, 0 or 1.
  @inlinable
  public var sign: Int64 { steps.signum() }

  @inlinable
  public static func + (left: Size, right: Size) -> Size { Size(steps: left.steps + right.steps) }
  @inlinable
  public static func - (left: Size, right: Size) -> Size { Size(steps: left.steps - right.steps) }
  @inlinable
  public static prefix func - (size: Size) -> Size { Size(steps: -size.steps) }
  @inlinable
  public static func < (left: Self, right: Self) -> Bool { left.steps < right.steps }

  public var description: String { String(steps) }
}
