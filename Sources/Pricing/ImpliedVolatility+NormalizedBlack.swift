// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// Black's formula as a part of the smaller of forward and strike, by total deviation.
///
/// With m = |ln(K/F)|, a = m / s and t = s / 2 the part is e^(-(a-t)²/2)·(Ψ(a-t) - Ψ(a+t)), its
/// derivative by s is the density at a - t, and the next two derivatives are simple multiples of
/// the first: ∂²/∂ = a²/s - s/4, ∂³/∂ = (∂²/∂)² - 3a²/s² - 1/4.
struct NormalizedBlack {
  /// |ln(K/F)|, from 0 to 694.
  let magnitude: Double

  /// Values at one total deviation.
  struct Point {
    /// 1 / s.
    let inverse: Double
    /// m / s.
    let a: Double
    /// s / 2.
    let t: Double
    /// e^(-(a-t)²/2): the derivative by s times √(2π).
    let exponential: Double
    /// The part itself where it is below a half, else one less the part; without cancellation.
    let value: Double
  }

  /// Values at one total deviation of the lowest branch, where a > t.
  struct LowPoint {
    let s: Double
    let inverse: Double
    let a: Double
    let t: Double
    /// Ψ(a-t) - Ψ(a+t).
    let difference: Double
    let inverseDifference: Double
  }

  static var inverseRootOf2Pi: Double { 0x1.9884533d43651p-2 }
  static var rootOf2Pi: Double { 0x1.40d931ff62706p+1 }

  /// The part at a deviation below the upper branch.
  ///
  /// - Parameter isRough: Whether the exponential may be off by 4e-8, as the first step's may.
  @inline(__always) func part(at s: Double, isRough: Bool = false) -> Point {
    let inverse = 1 / s
    let a = magnitude * inverse
    let t = 0.5 * s
    let near = a - t
    let square = 0.5 * (near * near)
    let exponential =
      isRough && square <= 1 ? Self.roughExponential(-square) : Elementary.exp(-square)
    // Both arguments nearly alike: the difference by its series in t.
    if t < 0.05, a * t < 0.25 {
      let value = exponential * Self.narrowDifference(a, t)
      return Point(inverse: inverse, a: a, t: t, exponential: exponential, value: value)
    }
    let p = Self.scaledTail(near.magnitude)
    let q = Self.scaledTail(a + t)
    let pNumerator = near < 0 ? -p.numerator : p.numerator
    let difference =
      (pNumerator * q.denominator - q.numerator * p.denominator)
      / (p.denominator * q.denominator)
    let value = (near < 0 ? 1 : 0) + exponential * difference
    return Point(inverse: inverse, a: a, t: t, exponential: exponential, value: value)
  }

  /// One less the part, at a deviation of the upper branch: a < t.
  @inline(__always) func rest(at s: Double) -> Point {
    let inverse = 1 / s
    let a = magnitude * inverse
    let t = 0.5 * s
    let near = t - a
    let exponential = Elementary.exp(-0.5 * (near * near))
    let p = Self.scaledTail(near)
    let q = Self.scaledTail(a + t)
    let sum =
      (p.numerator * q.denominator + q.numerator * p.denominator)
      / (p.denominator * q.denominator)
    return Point(inverse: inverse, a: a, t: t, exponential: exponential, value: exponential * sum)
  }

  @inline(__always) func lowPoint(at s: Double) -> LowPoint {
    let inverse = 1 / s
    let a = magnitude * inverse
    let t = 0.5 * s
    if t < 0.05, a * t < 0.25 {
      let difference = Self.narrowDifference(a, t)
      return LowPoint(
        s: s, inverse: inverse, a: a, t: t, difference: difference,
        inverseDifference: 1 / difference)
    }
    let p = Self.scaledTail(a - t)
    let q = Self.scaledTail(a + t)
    let numerator = p.numerator * q.denominator - q.numerator * p.denominator
    let denominator = p.denominator * q.denominator
    let both = 1 / (numerator * denominator)
    return LowPoint(
      s: s, inverse: inverse, a: a, t: t, difference: (numerator * numerator) * both,
      inverseDifference: (denominator * denominator) * both)
  }

  /// Ψ(a-t) - Ψ(a+t) for t below 0.05 and a·t below 0.25, by the odd derivatives of Ψ.
  ///
  /// They alternate in sign; their magnitudes are E₀ = Ψ(a), E₁ = 1/√(2π) - a E₀ and
  /// Eₙ₊₁ = n Eₙ₋₁ - a Eₙ. What E₁ loses at large a, the volatility does not see: a price that is
  /// off by δ there moves it by δ / a².
  private static func narrowDifference(_ a: Double, _ t: Double) -> Double {
    let tail = scaledTail(a)
    let e0 = tail.numerator / tail.denominator
    let e1 = inverseRootOf2Pi - a * e0
    let e2 = e0 - a * e1
    let e3 = 2 * e1 - a * e2
    let e4 = 3 * e2 - a * e3
    let e5 = 4 * e3 - a * e4
    let e6 = 5 * e4 - a * e5
    let e7 = 6 * e5 - a * e6
    let e8 = 7 * e6 - a * e7
    let e9 = 8 * e7 - a * e8
    let z = t * t
    let last = e5 + z * (1.0 / 42) * (e7 + z * (1.0 / 72) * e9)
    return 2 * t * (e1 + z * (1.0 / 6) * (e3 + z * (1.0 / 20) * last))
  }

  /// ln(a/b) for a ≥ b, to full relative accuracy near 1 too.
  ///
  /// Up to √2 by the odd series in r = (a-b)/(a+b) with the coefficients of ``Black76Terms``; there
  /// the difference is exact.
  static func logarithm(ofRatio a: Double, to b: Double) -> Double {
    guard a <= 0x1.6a09e667f3bccp+0 * b else { return Elementary.log(a / b) }
    let r = (a - b) / (a + b)
    let z = r * r
    let z2 = z * z
    let p0 = 0x1.5555555555558p-1 + 0x1.99999999952a7p-2 * z
    let p2 = 0x1.2492492df7074p-2 + 0x1.c71c62defc55cp-3 * z
    let p4 = (0x1.7462b656802afp-3 + 0x1.39fe2df14938dp-3 * z) + 0x1.2b5a86727152cp-3 * z2
    let series = (p0 + p2 * z2) + p4 * (z2 * z2)
    return 2 * r + (r * z) * series
  }

  /// ln(x) within 2e-6 for a positive normal x, by a Chebyshev series cut after the sixth degree.
  ///
  /// Coefficients: implied_volatility_coefficients.py among the reference values.
  @inline(__always) static func roughLogarithm(_ x: Double) -> Double {
    let exponent = Double(Int(truncatingIfNeeded: x.bitPattern >> 52) &- 1023)
    let significand = x.bitPattern & 0x000f_ffff_ffff_ffff | 0x3ff0_0000_0000_0000
    let f = Double(bitPattern: significand) - 1.5
    let z = f * f
    let even = 0.4054652915 + z * (-0.2222453974 + z * (-0.04892903467 - z * 0.01741407752))
    let odd = 0.6666836726 + z * (0.09823154226 + z * 0.03044900454)
    return exponent * 0.693_147_180_559_945_3 + (even + f * odd)
  }

  /// e^x within 4e-8 of itself for x from -1 to 0, in the same way.
  @inline(__always) static func roughExponential(_ x: Double) -> Double {
    let z = x * x
    let even = 0.9999999847 + z * (0.4999754847 + z * (0.04122652936 + z * 0.0008499546045))
    let odd = 0.9999984877 + z * (0.1665168383 + z * 0.007657171867)
    return even + x * odd
  }

  /// Ψ(y) as a quotient, relative error 1.9e-16 for y from 0 to 64; the same quotient as
  /// ``Black76Terms`` has.
  @inline(__always)
  static func scaledTail(_ y: Double) -> (numerator: Double, denominator: Double) {
    let z = y * y
    let z2 = z * z
    let p0 = 0.5 + 0x1.37761385ccd28p-1 * z
    let p2 = 0x1.a31eadf5dc8b4p-4 + 0x1.1fe3722188e4cp-8 * z
    let p = p0 + (p2 + 0x1.5a6c4353ec621p-15 * z2) * z2
    let pOdd0 = 0x1.91c02b5b31f12p-1 + 0x1.32c5f4343b8fdp-2 * z
    let pOdd2 = 0x1.9a4e44b4784acp-6 + 0x1.18484ff5d1480p-11 * z
    let pOdd = pOdd0 + (pOdd2 + 0x1.a4bed63a4fed2p-20 * z2) * z2
    let q0 = 1 + 0x1.4d7e472e57243p+1 * z
    let q2 = 0x1.9f4578fcecbe2p-1 + 0x1.0693dcacece88p-4 * z
    let q4 = 0x1.604fd9bea1498p-10 + 0x1.07a9c1dc5fab9p-18 * z
    let q = q0 + (q2 + q4 * z2) * z2
    let qOdd0 = 0x1.2f012a7ce9cfdp+1 + 0x1.c2a5807b0633bp+0 * z
    let qOdd2 = 0x1.11b5368e695efp-2 + 0x1.6c34e92843fdbp-7 * z
    let qOdd = qOdd0 + (qOdd2 + 0x1.b22d3d96402a9p-14 * z2) * z2
    return (p + pOdd * y, q + qOdd * y)
  }

  /// Ψ(y), y from 0 to 64.
  @inline(__always) static func scaledTailValue(_ y: Double) -> Double {
    let tail = scaledTail(y)
    return tail.numerator / tail.denominator
  }
}
