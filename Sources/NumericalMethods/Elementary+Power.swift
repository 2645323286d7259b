// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

extension Elementary {
  /// x^y.
  ///
  /// Special cases as in IEEE 754 (2008), section 9.2.1: x^±0 and 1^y are 1 even for NaN; a
  /// negative x needs a whole y, whose oddness gives the sign, and yields NaN for any other
  /// finite y; ±0 and ±∞ are the limits, negative only for a negative x (or -0) and an odd whole
  /// y; (-1)^±∞ is 1; any other NaN gives NaN.
  /// - Parameters:
  ///   - x: The number raised.
  ///   - y: The exponent.
  /// - Returns: The power, within 1.25 ulp; powers that a double holds exactly are exact.
  @inlinable public static func pow(_ x: Double, _ y: Double) -> Double {
    let magnitude = x.magnitude
    var result = positivePower(magnitude, y)
    result = magnitude == 0 ? (y < 0 ? .infinity : 0) : result
    result = magnitude == .infinity ? (y < 0 ? 0 : .infinity) : result

    let exponent = y.magnitude
    let isWhole = isWhole(exponent)
    let isOdd = isWhole && !Elementary.isWhole(0.5 * exponent)
    let sign = x.bitPattern & 0x8000_0000_0000_0000
    result = isOdd ? Double(bitPattern: result.bitPattern ^ sign) : result
    let hasNoRoot = x < 0 && magnitude < .infinity && !isWhole
    result = hasNoRoot || x.isNaN || y.isNaN ? .nan : result
    return x == 1 || y == 0 ? 1 : result
  }

  /// Whether a magnitude is a whole number, as infinity is too.
  @inlinable @inline(__always) static func isWhole(_ magnitude: Double) -> Bool {
    magnitude >= 0x1p52 || (magnitude + 0x1p52) - 0x1p52 == magnitude
  }

  /// x^y for finite positive x, any y.
  @inlinable @inline(__always)
  static func positivePower(_ x: Double, _ y: Double) -> Double {
    let parts = ReducedNumber(any: x)
    let fraction = parts.preciseLogarithmOfFraction
    let k = parts.exponent
    let sum = DoubleDouble.orderedSum(k * ln2High, fraction.high)
    let sumLow = sum.low + (fraction.low + k * ln2Low)
    let logarithm = DoubleDouble.orderedSum(sum.high, sumLow)
    // Beyond 2^64 every power but that of 1 leaves the doubles, and exact products must stay
    // inside.
    var exponent = y > 0x1p64 ? 0x1p64 : y
    exponent = exponent < -0x1p64 ? -0x1p64 : exponent
    let product = DoubleDouble.product(exponent, logarithm.high)
    return exp(high: product.high, low: product.low + exponent * logarithm.low)
  }
}

extension ReducedNumber {
  /// ln(1 + f) to about 2^-65 of itself, for 1 + f between √½ and √2.
  ///
  /// With s = f / (2 + f): 2 s + s³ (2/3 + z (2/5 + …)), z = s²; the series from 2/5 on is
  /// minimax and in one double, all before it in two.
  @inlinable @inline(__always) var preciseLogarithmOfFraction: DoubleDouble {
    let f = fraction
    let divisor = DoubleDouble.orderedSum(2, f)
    let s = f / divisor.high
    let multiple = DoubleDouble.product(s, divisor.high)
    let sLow = (((f - multiple.high) - multiple.low) - s * divisor.low) / divisor.high

    let square = DoubleDouble.product(s, s)
    let z = square.high
    let zLow = square.low + 2 * (s * sLow)
    let factor = DoubleDouble.orderedSum(0x1.5555555555555p-1, z * Self.seriesFromFifth(z))
    let factorLow = factor.low + 0x1.5555555555555p-55
    let quadratic = DoubleDouble.product(z, factor.high)
    let quadraticLow = quadratic.low + (z * factorLow + zLow * factor.high)
    let cubic = DoubleDouble.product(s, quadratic.high)
    let cubicLow = cubic.low + (s * quadraticLow + sLow * quadratic.high)

    let sum = DoubleDouble.orderedSum(2 * s, cubic.high)
    return DoubleDouble(high: sum.high, low: sum.low + (2 * sLow + cubicLow))
  }

  /// 2/5 + 2/7 z + 2/9 z² + …, made minimax.
  @inlinable @inline(__always) static func seriesFromFifth(_ z: Double) -> Double {
    let z2 = z * z
    let p0 = 0x1.9999999999996p-2 + 0x1.2492492493034p-2 * z
    let p2 = 0x1.c71c71c5808bdp-3 + 0x1.745d183241b4cp-3 * z
    let p4 = 0x1.3b1362ba9efc6p-3 + 0x1.1120b4ef8a768p-3 * z
    let p6 = 0x1.de338d331721cp-4 + 0x1.eb103188d9b87p-4 * z
    return (p0 + p2 * z2) + (p4 + p6 * z2) * (z2 * z2)
  }
}
