// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// The standard normal distribution with the same bits on every machine.
///
/// The kernels `plimsoll_normal_density`, `plimsoll_normal_cumulative` and
/// `plimsoll_normal_inverse` are vector twins and give the same bits. A result that is not a
/// number is always the bit pattern 0x7ff8000000000000. Accuracy is given in units in the last
/// place (ulps) of the result and holds for subnormal results too.
public enum Normal {
  /// The density e^(-x²/2) / √(2π).
  ///
  /// - Parameter x: Any value; ±∞ gives 0.
  /// - Returns: The density, within 0.7 ulp.
  @inlinable public static func density(_ x: Double) -> Double {
    let power = exponential(x.magnitude > 39 ? 39 : x.magnitude)
    let constant = DoubleDouble(high: inverseRootOf2Pi, low: -0x1.cbc0d30ebfd15p-56)
    let product = power.value.times(constant)
    let result = Elementary.scale(product.high + product.low, power.shiftedExponent)
    return result.isNaN ? .nan : result
  }

  /// The probability that a standard normal number is at most x.
  ///
  /// - Parameter x: Any value; -∞ gives 0, ∞ gives 1.
  /// - Returns: A probability, within 1.75 ulp, in the far lower tail too.
  @inlinable public static func cumulative(_ x: Double) -> Double {
    let y = x.magnitude > 39 ? 39 : x.magnitude
    let power = exponential(y)
    let product = power.value.times(scaledTail(y))
    let tail = Elementary.scale(0.5 * (product.high + product.low), power.shiftedExponent)
    let result = x > 0 ? 1 - tail : tail
    return result.isNaN ? .nan : result
  }

  @inlinable static var inverseRootOf2Pi: Double { 0x1.9884533d43651p-2 }

  /// e^(-x²/2), unrounded; |x| at most 39.
  @inlinable @inline(__always) static func exponential(_ x: Double) -> ScaledValue {
    let square = DoubleDouble.product(x, x)
    return ScaledValue(exponentialOf: -0.5 * square.high, -0.5 * square.low)
  }

  /// 2 e^(x²/2) N(-x), unrounded; x from 0 to 2^30.
  @inlinable @inline(__always) static func scaledTail(_ x: Double) -> DoubleDouble {
    let rootOf2 = DoubleDouble(high: 0x1.6a09e667f3bcdp+0, low: -0x1.bdd3413b26456p-54)
    return ErrorFunction.scaledComplement(x, middle: 0x1.0f876ccdf6cd9p+2, slope: rootOf2)
  }
}
