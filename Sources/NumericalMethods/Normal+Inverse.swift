// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

extension Normal {
  /// The x below which a standard normal number falls with a given probability.
  ///
  /// - Parameter probability: From 0, which gives -∞, to 1, which gives ∞; elsewhere the result
  ///   is NaN.
  /// - Returns: The quantile, within 1.2 ulp.
  @inlinable public static func inverse(_ probability: Double) -> Double {
    guard probability > 0, probability < 1 else {
      return probability == 0 ? -.infinity : probability == 1 ? .infinity : .nan
    }
    let q = probability - 0.5
    if q.magnitude <= 0.25 { return centralQuantile(q) }
    let distance = tailQuantile(q < 0 ? probability : 1 - probability)
    return q < 0 ? -distance : distance
  }

  /// The quantile of 1/2 + q for |q| ≤ 1/4, by the minimax polynomial in q² of quantile / q.
  @inlinable @inline(__always) static func centralQuantile(_ q: Double) -> Double {
    let u = q * q
    let u2 = u * u
    let u4 = u2 * u2
    let b0 = ErrorFunction.cubic(
      0x1.4ffddeaa22e48p+1, 0x1.71713082c9aa0p+2,
      0x1.f55d0d8590112p+3, 0x1.7849485d37ae5p+5, u, u2)
    let b1 = ErrorFunction.cubic(
      0x1.2ba92c33dec7dp+7, 0x1.f03935092da60p+8,
      0x1.a7270870d9e37p+10, 0x1.689fe247590d8p+12, u, u2)
    let b2 = ErrorFunction.cubic(
      0x1.6f1eb8fcff449p+14, 0x1.76fe002d7cf8bp+14,
      0x1.ae617c562fcc1p+19, -0x1.bf83afea222f2p+21, u, u2)
    let upper = 0x1.49ce14502fb38p+24 * u4 + b2
    let series = (upper * u4 + b1) * u4 + b0
    let leading = DoubleDouble.product(q, 0x1.40d931ff62706p+1)
    return leading.high + (leading.low + q * (u * series - 0x1.a6a0d6f814637p-53))
  }

  /// The x > 0 with N(-x) = p for 0 < p ≤ 1/4: an estimate and one step of Halley's method.
  @inlinable @inline(__always) static func tailQuantile(_ p: Double) -> Double {
    let x = tailQuantileEstimate((-Elementary.log(p)).squareRoot())
    // Far out both sides are held 2^512 higher, clear of the subnormal numbers.
    let scaled = p < 0x1p-500 ? p * 0x1p512 : p
    let power = exponential(x)
    let exponent = power.shiftedExponent + (p < 0x1p-500 ? 512 : 0)
    let tail = power.value.times(scaledTail(x))
    let high = Elementary.scale(0.5 * tail.high, exponent)
    let low = Elementary.scale(0.5 * tail.low, exponent)
    let excess = (high - scaled) + low
    let density = Elementary.scale(power.value.high, exponent) * inverseRootOf2Pi
    let step = excess / density
    return x + (step + (0.5 * x) * (step * step))
  }

  /// The x > 0 with N(-x) = p, to eight digits, from r = √(-ln p), for p ≤ 1/4.
  @inlinable @inline(__always) static func tailQuantileEstimate(_ r: Double) -> Double {
    var numerator = 0x1.911688cd27092p-4
    numerator = numerator * r + 0x1.3473a13e840c8p+1
    numerator = numerator * r + 0x1.562517cc7a59cp+3
    numerator = numerator * r + 0x1.6b3da86fb58efp+2
    numerator = numerator * r - 0x1.39d7b5cb0c3b0p+3
    numerator = numerator * r - 0x1.9160c266e27b3p+1
    var denominator = 0x1.1b9a20fd31e55p-4
    denominator = denominator * r + 0x1.b459f95ff41d7p+0
    denominator = denominator * r + 0x1.f01bec8590b49p+2
    denominator = denominator * r + 0x1.c35705fc09dbep+2
    denominator = denominator * r + 1
    return numerator / denominator
  }
}
