// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// Elementary functions with the same bits on every machine.
///
/// Built from correctly rounded additions, multiplications, divisions and integer operations in
/// a fixed order, never fused, without the system's mathematics library. The kernels
/// `plimsoll_exp` to `plimsoll_pow` are vector twins of these functions and give the same bits.
///
/// A result that is not a number is always the bit pattern 0x7ff8000000000000. Accuracy is given
/// in units in the last place (ulps) of the result, and holds for subnormal results too.
public enum Elementary {}

extension Elementary {
  /// 1.5 × 2^52: added to a value below 2^51 in magnitude it rounds that value to an integer,
  /// which then stands in the low bits.
  @inlinable static var roundingShift: Double { 0x1.8p52 }

  /// ln 2 in two parts: the first has 42 bits, so that its product with an exponent is exact.
  @inlinable static var ln2High: Double { 0x1.62e42fefa38p-1 }
  @inlinable static var ln2Low: Double { 0x1.ef35793c7673p-45 }
}

extension Double {
  /// The leading 26 bits, whose square is exact.
  @inlinable @inline(__always) var leadingHalf: Double {
    Double(bitPattern: bitPattern & 0xffff_ffff_f800_0000)
  }
}

/// An unevaluated sum of two doubles, the second a correction of the first.
@frozen @usableFromInline struct DoubleDouble {
  @usableFromInline var high: Double
  @usableFromInline var low: Double

  @inlinable @inline(__always) init(high: Double, low: Double) {
    self.high = high
    self.low = low
  }

  /// a + b without error, for |a| ≥ |b| or a = 0.
  ///
  /// Source: T. J. Dekker, Numer. Math. 18 (1971), 224-242.
  @inlinable @inline(__always)
  static func orderedSum(_ a: Double, _ b: Double) -> DoubleDouble {
    let sum = a + b
    return DoubleDouble(high: sum, low: b - (sum - a))
  }

  /// a + b without error.
  ///
  /// Source: D. E. Knuth, The Art of Computer Programming 2, section 4.2.2.
  @inlinable @inline(__always)
  static func sum(_ a: Double, _ b: Double) -> DoubleDouble {
    let sum = a + b
    let added = sum - a
    return DoubleDouble(high: sum, low: (a - (sum - added)) + (b - added))
  }

  /// a × b without error if neither passes 2^970 and the product stays clear of the subnormals.
  ///
  /// Source: T. J. Dekker, Numer. Math. 18 (1971), 224-242, with G. W. Veltkamp's splitting.
  @inlinable @inline(__always)
  static func product(_ a: Double, _ b: Double) -> DoubleDouble {
    let product = a * b
    let aScaled = a * 0x1.0000002p27
    let aHigh = aScaled - (aScaled - a)
    let aLow = a - aHigh
    let bScaled = b * 0x1.0000002p27
    let bHigh = bScaled - (bScaled - b)
    let bLow = b - bHigh
    let error = aLow * bLow - (((product - aHigh * bHigh) - aLow * bHigh) - aHigh * bLow)
    return DoubleDouble(high: product, low: error)
  }
}
