// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// 2^k (high + low), with k shifted as `Elementary.scale` takes it.
@frozen @usableFromInline struct ScaledValue {
  @usableFromInline var value: DoubleDouble
  @usableFromInline var shiftedExponent: Double

  /// e^(high + low), unrounded; |high| at most 760.
  @inlinable @inline(__always) init(exponentialOf high: Double, _ low: Double) {
    let r = ReducedExponent(high, low)
    let sum = DoubleDouble.orderedSum(1, r.high)
    let tail = r.exponentialTail
    value = DoubleDouble.orderedSum(sum.high, sum.low + tail)
    shiftedExponent = r.shiftedExponent
  }
}

extension DoubleDouble {
  /// The quotient with a relative error near 2^-104.
  @inlinable @inline(__always) func divided(by divisor: DoubleDouble) -> DoubleDouble {
    let quotient = high / divisor.high
    let back = DoubleDouble.product(quotient, divisor.high)
    let rest = ((high - back.high) - back.low) + (low - quotient * divisor.low)
    return DoubleDouble(high: quotient, low: rest / divisor.high)
  }

  /// The product, unrounded, as far as two doubles go.
  @inlinable @inline(__always) func times(_ other: DoubleDouble) -> DoubleDouble {
    let product = DoubleDouble.product(high, other.high)
    return DoubleDouble(
      high: product.high, low: product.low + (high * other.low + low * other.high))
  }
}
