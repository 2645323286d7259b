// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// A dimensionless ratio in billionths: margin rates, haircuts, funding, weights, volatilities.
@frozen
public struct Rate: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let billionths: Int64

  @inlinable
  public static var one: Rate { Rate(billionths: 1_000_000_000) }
  @inlinable
  public static var zero: Rate { Rate(billionths: 0) }
  /// The largest magnitude, one million.
  @inlinable
  public static var limit: Int64 { 1_000_000 * 1_000_000_000 }

  @inlinable
  public init(billionths: Int64) { self.billionths = billionths }

  /// Rounds model output half to even.
  /// - Throws: ``QuantityError/notRepresentable``.
  public init(_ value: Double) throws(QuantityError) {
    let scaled = (value * 1e9).rounded(.toNearestOrEven)
    guard let billionths = Int64(exactly: scaled), billionths.magnitude <= Self.limit.magnitude
    else { throw .notRepresentable }
    self.init(billionths: billionths)
  }

  /// Reads a decimal number with at most 9 decimals (`0.025`), or a percentage (`2.5%`).
  public init(_ text: String) throws(QuantityError) {
    let isPercentage = text.hasSuffix("%")
    let number = isPercentage ? String(text.dropLast()) : text
    let billionths = try unitsFromDecimal(number, decimals: isPercentage ? 7 : 9)
    guard billionths.magnitude <= Self.limit.magnitude else { throw .overflow }
    self.init(billionths: billionths)
  }

  /// The nearest floating-point number.
  @inlinable
  public var value: Double { Double(billionths) / 1e9 }

  /// This share of `units`, rounded as stated.
  ///
  /// - Precondition: |`units`| ≤ 2^62 and the rate is at most one million, so that the product
  ///   fits 128 bits; the result must fit 64 bits.
  @inlinable
  public func share(of units: Int64, rounding: RoundingDirection) -> Int64 {
    let product = Int128(units) * Int128(billionths)
    return Int64(product.divided(by: 1_000_000_000, rounding: rounding))
  }

  @inlinable
  public static func + (left: Rate, right: Rate) -> Rate {
    Rate(billionths: left.billionths + right.billionths)
  }
  @inlinable
  public static func - (left: Rate, right: Rate) -> Rate {
    Rate(billionths: left.billionths - right.billionths)
  }
  @inlinable
  public static prefix func - (rate: Rate) -> Rate { Rate(billionths: -rate.billionths) }
  @inlinable
  public static func < (left: Self, right: Self) -> Bool { left.billionths < right.billionths }

  public var description: String { decimalText(billionths, decimals: 9) }
}
