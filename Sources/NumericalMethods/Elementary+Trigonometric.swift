// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

extension Elementary {
  /// The sine.
  ///
  /// - Parameter x: Radians, at most 2^20 in magnitude; beyond, the result is NaN, because the
  ///   reduction to one quadrant is exact only that far. A zero gives itself.
  /// - Returns: The sine, within 0.95 ulp, also next to multiples of π.
  @inlinable public static func sin(_ x: Double) -> Double {
    let result = advancedSine(x, quadrants: 0)
    return x.magnitude < 0x1p-30 ? x : result
  }

  /// The cosine.
  ///
  /// - Parameter x: Radians, at most 2^20 in magnitude; beyond, the result is NaN, because the
  ///   reduction to one quadrant is exact only that far.
  /// - Returns: The cosine, within 0.95 ulp, also next to odd multiples of π/2.
  @inlinable public static func cos(_ x: Double) -> Double {
    advancedSine(x, quadrants: 1)
  }

  /// The sine of an angle that lies `quadrants` right angles further than x.
  @inlinable @inline(__always)
  static func advancedSine(_ x: Double, quadrants: UInt64) -> Double {
    let angle = ReducedAngle(x)
    let quadrant = angle.quadrant &+ quadrants
    let unsigned = quadrant & 1 != 0 ? angle.cosine : angle.sine
    let result = Double(bitPattern: unsigned.bitPattern ^ ((quadrant & 2) &<< 62))
    return x.magnitude <= 0x1p20 ? result : .nan
  }
}

/// An angle as quadrant × π/2 + (high + low), |high| at most π/4; only the quadrant's two lowest
/// bits matter.
@frozen @usableFromInline struct ReducedAngle {
  @usableFromInline var high: Double
  @usableFromInline var low: Double
  @usableFromInline var quadrant: UInt64

  /// Takes out multiples of π/2, for |x| at most 2^20.
  ///
  /// π/2 comes in three parts of 33 bits, whose products with the 20-bit multiple are exact, and
  /// a rest: 152 bits in all. The double of the domain nearest to a multiple is 2^-60.5 away from
  /// 29 of them (all multiples tried), so the remainder keeps more digits than a double holds.
  @inlinable @inline(__always) init(_ x: Double) {
    let shifted = x * 0x1.45f306dc9c883p-1 + Elementary.roundingShift
    let k = shifted - Elementary.roundingShift
    let first = x - k * 0x1.921fb544p+0
    let second = DoubleDouble.sum(first, -(k * 0x1.0b4611a6p-34))
    let third = DoubleDouble.sum(second.high, -(k * 0x1.3198a2ep-69))
    let rest = (second.low + third.low) - k * 0x1.b839a252049c1p-104
    let angle = DoubleDouble.orderedSum(third.high, rest)
    high = angle.high
    low = angle.low
    quadrant = shifted.bitPattern
  }

  @inlinable @inline(__always) var sine: Double {
    let z = high * high
    let z2 = z * z
    let p0 = -0x1.5555555555549p-3 + 0x1.111111110f881p-7 * z
    let p2 = -0x1.a01a019c126cbp-13 + 0x1.71de35787511bp-19 * z
    let p4 = -0x1.ae5e66d5086a8p-26 + 0x1.5d932f3df8f7dp-33 * z
    let series = (p0 + p2 * z2) + p4 * (z2 * z2)
    return high + ((z * high) * series + low * (1 - 0.5 * z))
  }

  @inlinable @inline(__always) var cosine: Double {
    let z = high * high
    let z2 = z * z
    let p0 = 0x1.555555555554cp-5 + -0x1.6c16c16c15184p-10 * z
    let p2 = 0x1.a01a019cb26f4p-16 + -0x1.27e4f80a764bap-22 * z
    let p4 = 0x1.1ee9ec478b5e3p-29 + -0x1.8faecf10e8a03p-37 * z
    let series = (p0 + p2 * z2) + p4 * (z2 * z2)
    let leading = high.leadingHalf
    let square = (0.5 * leading) * leading
    let squareLow = (0.5 * (high - leading)) * (high + leading)
    let sum = DoubleDouble.orderedSum(1, -square)
    return sum.high + (sum.low + ((z2 * series - squareLow) - high * low))
  }
}
