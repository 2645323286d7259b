// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// The error function's complements with the same bits on every machine.
///
/// The kernels `plimsoll_erfc` and `plimsoll_erfcx` are vector twins and give the same bits. A
/// result that is not a number is always the bit pattern 0x7ff8000000000000. Accuracy is given in
/// units in the last place (ulps) of the result and holds for subnormal results too.
public enum ErrorFunction {
  /// The complementary error function, 2/√π times the integral of e^(-t²) from x upwards.
  ///
  /// - Parameter x: Any value; -∞ gives 2, ∞ gives 0.
  /// - Returns: A value between 0 and 2, within 1.75 ulp.
  @inlinable public static func erfc(_ x: Double) -> Double {
    let y = x.magnitude > 27.5 ? 27.5 : x.magnitude
    let square = DoubleDouble.product(y, y)
    let power = ScaledValue(exponentialOf: -square.high, -square.low)
    let product = power.value.times(scaledComplement(y))
    let upper = Elementary.scale(product.high + product.low, power.shiftedExponent)
    let result = x < 0 ? 2 - upper : upper
    return result.isNaN ? .nan : result
  }

  /// The scaled complementary error function e^(x²) erfc(x).
  ///
  /// - Parameter x: Any value; ∞ gives 0, and from -26.64 downwards the result is ∞.
  /// - Returns: A positive value, within 1.75 ulp.
  @inlinable public static func erfcx(_ x: Double) -> Double {
    let scaled = scaledComplement(x.magnitude > 0x1p30 ? 0x1p30 : x.magnitude)
    var upper = scaled.high + scaled.low
    // Beyond 2^30 the next term of the series is below 2^-61.
    upper = x.magnitude > 0x1p30 ? 0x1.20dd750429b6dp-1 / x.magnitude : upper
    // Below 0: 2 e^(x²) - erfcx(|x|), infinite from -26.64 down.
    let z = x.magnitude > 27 ? 27 : x.magnitude
    let square = DoubleDouble.product(z, z)
    let power = ScaledValue(exponentialOf: square.high, square.low)
    let twice = Elementary.scale(2 * power.value.high, power.shiftedExponent)
    let twiceLow = Elementary.scale(2 * power.value.low, power.shiftedExponent)
    let difference = DoubleDouble.orderedSum(twice, -scaled.high)
    var lower = difference.high + (difference.low + (twiceLow - scaled.low))
    lower = twice == .infinity ? twice : lower
    let result = x < 0 ? lower : upper
    return result.isNaN ? .nan : result
  }

  /// e^(x²) erfc(x), unrounded; x from 0 to 2^30.
  @inlinable @inline(__always) static func scaledComplement(_ x: Double) -> DoubleDouble {
    scaledComplement(x, middle: 3, slope: DoubleDouble(high: 2, low: 0))
  }
}

// Everything is e^(-y²) times the scaled complement e^(y²) erfc(y), which is smooth; both are
// carried in two doubles and rounded once. Coefficients: normal_coefficients.py among the
// reference values.
extension ErrorFunction {
  /// e^(y²) erfc(y) for y = x or y = x / √2: `middle` is 3 and `slope` 2 in terms of y.
  @inlinable @inline(__always)
  static func scaledComplement(
    _ x: Double, middle: Double, slope: DoubleDouble
  ) -> DoubleDouble {
    let t = DoubleDouble.sum(x, -middle).divided(by: DoubleDouble.sum(x, middle))
    let rise = DoubleDouble.product(x, slope.high)
    var divisor = DoubleDouble.sum(1, rise.high)
    divisor.low += rise.low + x * slope.low
    return leveledComplement(t).divided(by: divisor)
  }

  /// (1 + 2y) e^(y²) erfc(y) at t = (y - 3) / (y + 3), between 1 and 1.26.
  @inlinable @inline(__always)
  static func leveledComplement(_ t: DoubleDouble) -> DoubleDouble {
    let u = t.high
    let u2 = u * u
    let u4 = u2 * u2
    let b0 = cubic(
      -0x1.15c084bb9e8f2p-3, -0x1.85a15c58aa5e6p-5,
      0x1.098366a5b466cp-3, -0x1.e88b803a49228p-4, u, u2)
    let b1 = cubic(
      0x1.17ca2877f2532p-4, -0x1.8574c40bd189cp-6,
      0x1.4b884e41eebcbp-9, 0x1.ef1bdd4ca47a3p-10, u, u2)
    let b2 = cubic(
      -0x1.98db50d72f6fdp-11, -0x1.b91279aaf4f8dp-14,
      0x1.065a34115a389p-13, 0x1.4c2781340ddffp-18, u, u2)
    let b3 = cubic(
      -0x1.513b482a54a1dp-16, -0x1.88ba0a324beaap-21,
      0x1.d20f41dbcb1c9p-19, 0x1.7f26fd7caec6cp-22, u, u2)
    let b4 = cubic(
      -0x1.4b0fad3f74c42p-21, -0x1.3015c7bf14f85p-23,
      0x1.b58741910ab39p-24, 0x1.67206d83c9b4dp-25, u, u2)
    let b5 = cubic(
      -0x1.c9e3f1cd92f5bp-27, -0x1.24124a7979a5cp-27,
      0x1.0fbd1ff90e1c8p-30, 0x1.e750cac4778d3p-31, u, u2)
    let upper = ((b5 * u4 + b4) * u4 + b3) * u4 + b2
    let series = (upper * u4 + b1) * u4 + b0
    // The derivative, good to two digits: it only multiplies the rounding error of t.
    let slope = cubic(-0.1356, -0.0561, 0.3857, -0.6377, u, u2) + 0.3563 * u4
    let sum = DoubleDouble.orderedSum(0x1.40c522d7e4987p+0, u * series)
    return DoubleDouble(
      high: sum.high, low: sum.low + (slope * t.low + 0x1.a19969d5cf11fp-55))
  }

  /// (c0 + c1 t) + (c2 + c3 t) t².
  @inlinable @inline(__always)
  static func cubic(
    _ c0: Double, _ c1: Double, _ c2: Double, _ c3: Double, _ t: Double, _ t2: Double
  ) -> Double {
    (c0 + c1 * t) + (c2 + c3 * t) * t2
  }
}
