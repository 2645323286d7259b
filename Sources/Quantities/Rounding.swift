// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// The direction in which a quotient of integers is rounded; always spelled out by the caller.
@frozen
public enum RoundingDirection: UInt8, Sendable, CaseIterable {
  /// Toward minus infinity.
  case down
  /// Toward plus infinity.
  case up
  case towardZero
  case awayFromZero
  /// To the nearest integer; a tie goes to the even one.
  case halfEven
}

extension Int128 {
  /// This integer divided by `divisor`, rounded as stated; exact otherwise.
  ///
  /// - Precondition: `divisor` is not zero and the quotient is representable (always so unless
  ///   the dividend is `Int128.min` and the divisor −1).
  @inlinable
  public func divided(by divisor: Int128, rounding direction: RoundingDirection) -> Int128 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    guard remainder != 0 else { return quotient }
    let isNegative = (remainder < 0) != (divisor < 0)
    switch direction {
    case .towardZero: return quotient
    case .down: return isNegative ? quotient - 1 : quotient
    case .up: return isNegative ? quotient : quotient + 1
    case .awayFromZero: return isNegative ? quotient - 1 : quotient + 1
    case .halfEven:
      let twice = remainder.magnitude << 1
      let whole = divisor.magnitude
      let goesOut = twice > whole || (twice == whole && quotient & 1 != 0)
      guard goesOut else { return quotient }
      return isNegative ? quotient - 1 : quotient + 1
    }
  }
}

/// `multiplicand × multiplier ÷ divisor`, computed exactly in 128 bits and rounded once.
///
/// - Throws: ``QuantityError/divisionByZero``, or ``QuantityError/overflow`` when the result
///   does not fit 64 bits.
@inlinable
public func multiplyDivide(
  _ multiplicand: Int64, _ multiplier: Int64, _ divisor: Int64, rounding: RoundingDirection
) throws(QuantityError) -> Int64 {
  guard divisor != 0 else { throw .divisionByZero }
  let product = Int128(multiplicand) * Int128(multiplier)
  guard let result = Int64(exactly: product.divided(by: Int128(divisor), rounding: rounding))
  else { throw .overflow }
  return result
}

/// Ten to the power of `exponent`, for exponents from 0 to 18.
@inlinable
public func powerOfTen(_ exponent: Int) -> Int64 {
  var result: Int64 = 1
  for _ in 0..<exponent { result *= 10 }
  return result
}
