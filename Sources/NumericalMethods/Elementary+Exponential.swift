// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

extension Elementary {
  /// e^x.
  ///
  /// - Parameter x: Any value; e^-∞ is 0 and e^∞ is ∞.
  /// - Returns: The exponential, within 0.7 ulp; within 0.85 ulp if it is subnormal.
  @inlinable public static func exp(_ x: Double) -> Double {
    exp(high: x, low: 0)
  }

  /// e^(high + low), for an argument known more precisely than one double can hold.
  ///
  /// - Parameters:
  ///   - high: The leading part, any value.
  ///   - low: The correction, at most 2^-30 in magnitude.
  /// - Returns: The exponential of the exact sum, within 0.7 ulp; 0.85 ulp if it is subnormal.
  @inlinable public static func exp(high: Double, low: Double) -> Double {
    var x = high < -746 ? -746 : high
    x = x > 710 ? 710 : x
    let keptLow = x == high ? low : 0
    let r = ReducedExponent(x, keptLow)
    let sum = DoubleDouble.orderedSum(1, r.high)
    let tail = r.exponentialTail
    let result = scale(sum.high + (sum.low + tail), r.shiftedExponent)
    return result.isNaN ? .nan : result
  }

  /// e^x - 1, without the loss of digits near zero.
  ///
  /// - Parameter x: Any value; -∞ gives -1, a zero gives itself.
  /// - Returns: The exponential less one, within 1.25 ulp.
  @inlinable public static func expm1(_ x: Double) -> Double {
    var clamped = x < -40 ? -40 : x
    clamped = clamped > 710 ? 710 : clamped
    let r = ReducedExponent(clamped, 0)
    // 2^k (1 - 2^-k + high + tail): the one is taken off before scaling, without error.
    let k = r.exponent > 60 ? 60 : r.exponent
    let inverseScale = scale(1, roundingShift - k)
    let offset = DoubleDouble.orderedSum(1, -inverseScale)
    let sum = DoubleDouble.orderedSum(offset.high, r.high)
    let tail = r.exponentialTail
    let value = sum.high + ((sum.low + offset.low) + tail)
    var result = scale(value, r.shiftedExponent)
    result = x == 0 ? x : result
    return result.isNaN ? .nan : result
  }

  /// value × 2^k, rounded once; k stands shifted, between -1100 and 1100.
  @inlinable @inline(__always)
  static func scale(_ value: Double, _ shiftedExponent: Double) -> Double {
    let biased = shiftedExponent.bitPattern &- roundingShift.bitPattern &+ 2048
    let half = biased &>> 1
    let rest = biased &- half
    let first = Double(bitPattern: (half &- 1) &<< 52)
    let second = Double(bitPattern: (rest &- 1) &<< 52)
    return (value * first) * second
  }
}

/// An exponent's argument as k ln 2 + (high + low), |high| at most ln(2)/2.
@frozen @usableFromInline struct ReducedExponent {
  @usableFromInline var high: Double
  @usableFromInline var low: Double
  @usableFromInline var exponent: Double
  @usableFromInline var shiftedExponent: Double

  @inlinable @inline(__always) init(_ x: Double, _ low: Double) {
    let shifted = x * 0x1.71547652b82fep+0 + Elementary.roundingShift
    let k = shifted - Elementary.roundingShift
    let remainder = x - k * Elementary.ln2High
    let correction = k * Elementary.ln2Low - low
    self.high = remainder - correction
    self.low = (remainder - high) - correction
    self.exponent = k
    self.shiftedExponent = shifted
  }

  /// e^(high + low) - 1 - high, by the minimax polynomial of (e^r - 1 - r) / r².
  @inlinable @inline(__always) var exponentialTail: Double {
    let r = high
    let r2 = r * r
    let r4 = r2 * r2
    let r8 = r4 * r4
    let p0a = 0.5 + 0x1.555555555555bp-3 * r
    let p0b = 0x1.5555555555503p-5 + 0x1.111111110ec65p-7 * r
    let p4a = 0x1.6c16c16c30413p-10 + 0x1.a01a01b37b264p-13 * r
    let p4b = 0x1.a01a0136aa324p-16 + 0x1.71ddf02898502p-19 * r
    let p8a = 0x1.27e5b41e8fc3fp-22 + 0x1.af6bda1b670b8p-26 * r
    let p8 = p8a + 0x1.1e3d5459058d5p-29 * r2
    let p = ((p0a + p0b * r2) + (p4a + p4b * r2) * r4) + p8 * r8
    return r2 * p + (low + low * high)
  }
}
