// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// A price: quote units per base unit (or coin per coin, for coin-quoted options), in 10^−8.
///
/// Contracts declare a coarser tick for orders; marks and indices use the full step.
@frozen
public struct Price: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let steps: Int64

  /// Steps in a price of one.
  @inlinable
  public static var stepsPerOne: Int64 { 100_000_000 }
  /// The largest price, 10^9 quote units.
  @inlinable
  public static var limit: Int64 { 1_000_000_000 * stepsPerOne }
  @inlinable
  public static var zero: Price { Price(steps: 0) }

  @inlinable
  public init(steps: Int64) { self.steps = steps }

  /// Rounds model output to the step.
  /// - Throws: ``QuantityError/notRepresentable`` for NaN, negatives and prices above 10^9.
  public init(
    _ value: Double, rounding rule: FloatingPointRoundingRule
  ) throws(QuantityError) {
    let scaled = (value * Double(Self.stepsPerOne)).rounded(rule)
    guard let steps = Int64(exactly: scaled), (0...Self.limit).contains(steps)
    else { throw .notRepresentable }
    self.init(steps: steps)
  }

  /// Reads a non-negative decimal number with at most 8 decimals.
  public init(_ text: String) throws(QuantityError) {
    let steps = try unitsFromDecimal(text, decimals: 8)
    guard (0...Self.limit).contains(steps) else { throw .overflow }
    self.init(steps: steps)
  }

  /// The nearest floating-point number.
  @inlinable
  public var value: Double { Double(steps) / Double(Self.stepsPerOne) }

  @inlinable
  public static func < (left: Self, right: Self) -> Bool { left.steps < right.steps }

  public var description: String { decimalText(steps, decimals: 8) }
}
