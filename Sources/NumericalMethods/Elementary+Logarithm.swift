// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

extension Elementary {
  /// The natural logarithm.
  ///
  /// - Parameter x: At least 0; a zero of either sign gives -∞, a negative value NaN.
  /// - Returns: The logarithm, within 0.75 ulp.
  @inlinable public static func log(_ x: Double) -> Double {
    var result = ReducedNumber(any: x).logarithm(correction: 0)
    result = x == .infinity ? x : result
    result = x == 0 ? -.infinity : result
    return x >= 0 ? result : .nan
  }

  /// The natural logarithm of 1 + x, without the loss of digits near zero.
  ///
  /// - Parameter x: At least -1, which gives -∞; below, the result is NaN. A zero gives itself.
  /// - Returns: The logarithm, within 0.75 ulp.
  @inlinable public static func log1p(_ x: Double) -> Double {
    let oneMore = 1 + x
    let lost = x > 1 ? 1 - (oneMore - x) : x - (oneMore - 1)
    var parts = ReducedNumber(normal: oneMore)
    // Without a power of two to take out, x itself is the fraction and nothing was lost.
    let isSmall = x > -0.29 && x < 0.41
    parts.exponent = isSmall ? 0 : parts.exponent
    parts.fraction = isSmall ? x : parts.fraction
    var result = parts.logarithm(correction: isSmall ? 0 : lost / oneMore)
    result = x == 0 ? x : result
    result = x == .infinity ? x : result
    result = x == -1 ? -.infinity : result
    return x >= -1 ? result : .nan
  }
}

/// A positive number as 2^exponent (1 + fraction), 1 + fraction between √½ and √2.
@frozen @usableFromInline struct ReducedNumber {
  @usableFromInline var exponent: Double
  @usableFromInline var fraction: Double

  /// Takes a positive, finite, normal number apart.
  @inlinable @inline(__always) init(normal x: Double) {
    let rootOfHalf: UInt64 = 0x3fe6_a09e_667f_3bcd
    let bias: UInt64 = 1024 << 52
    let bits = x.bitPattern
    let biased = (bits &- rootOfHalf &+ bias) &>> 52
    let mantissa = Double(bitPattern: bits &- (biased &<< 52) &+ bias)
    // The integer, put into the low bits of 2^52, becomes a double without a conversion.
    exponent = Double(bitPattern: biased | 0x4330_0000_0000_0000) - (0x1p52 + 1024)
    fraction = mantissa - 1
  }

  /// Takes a positive, finite number apart, subnormal numbers included.
  @inlinable @inline(__always) init(any x: Double) {
    self.init(normal: x < 0x1p-1022 ? x * 0x1p54 : x)
    exponent -= x < 0x1p-1022 ? 54 : 0
  }

  /// ln(2^k (1 + f)) + correction, by the odd series in s = f / (2 + f) made minimax.
  ///
  /// f - f²/2 is carried without error; the series starts at the third power.
  @inlinable @inline(__always) func logarithm(correction: Double) -> Double {
    let k = exponent
    let f = fraction
    let s = f / (2 + f)
    let z = s * s
    let z2 = z * z
    let p0 = 0x1.5555555555592p-1 + 0x1.999999997fdb7p-2 * z
    let p2 = 0x1.24924941f1292p-2 + 0x1.c71c52095beb7p-3 * z
    let p4 = (0x1.74663ee875c1p-3 + 0x1.39a1bab8506b2p-3 * z) + 0x1.2f05637d789aep-3 * z2
    let series = (p0 + p2 * z2) + p4 * (z2 * z2)
    let leading = f.leadingHalf
    let square = (0.5 * leading) * leading
    let squareLow = (0.5 * (f - leading)) * (f + leading)
    let third = s * ((square + squareLow) + z * series)
    let linear = DoubleDouble.orderedSum(f, -square)
    let sum = DoubleDouble.orderedSum(k * Elementary.ln2High, linear.high)
    let low = (third - squareLow) + (k * Elementary.ln2Low + correction)
    return sum.high + ((sum.low + linear.low) + low)
  }
}
