// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// What price and Greeks have in common: the kernel's algorithm, operation by operation.
///
/// The twins are `plimsoll_black76_distances_of` and `plimsoll_black76_tails_of` in black76.h; they
/// must agree to the bit. Only the option out of the money is priced; the other is that plus its
/// intrinsic value. With A ≤ B the
/// smaller and larger of forward and strike, h = ln(A/B) / s, t = s / 2 and s the root of the
/// total variance, it is A N(h + t) - B N(h - t) for call and put alike. Because
/// A e^(-(h+t)²/2) = B e^(-(h-t)²/2), one exponential serves both, and N(-x) = e^(-x²/2) ψ(x)
/// keeps its relative accuracy in the tails with a rational ψ.
struct Black76Terms {
  let forward: Double
  let strike: Double
  /// 1/s, or 0 without variance.
  let inverseRoot: Double
  /// h + t.
  let upper: Double
  /// t - h, at least 0.
  let lower: Double
  /// e^(-(h + t)² / 2).
  let exponential: Double
  /// ψ(|h + t|).
  let upperTail: Double
  /// ψ(t - h).
  let lowerTail: Double
  /// The price of the option that is out of the money.
  let outOfTheMoney: Double

  /// Whether the call is the one out of the money: forward ≤ strike.
  var isCallOut: Bool { forward <= strike }

  init(forward: Double, strike: Double, totalVariance: Double) {
    self.forward = forward
    self.strike = strike
    let smaller = forward <= strike ? forward : strike
    let larger = forward <= strike ? strike : forward
    // Without variance: far below the strike, or exactly at it.
    let isCertain = totalVariance < 0x1p-400
    let root = (isCertain ? 1 : totalVariance).squareRoot()
    inverseRoot = isCertain ? 0 : 1 / root
    let scale = isCertain ? 0x1p500 : inverseRoot
    // The clamps keep every later product finite; the exponential is 0 long before them.
    var h = Self.logarithm(ofRatio: smaller, to: larger) * scale
    h = h < -64 ? -64 : h
    var t = isCertain ? 0 : 0.5 * root
    t = t > 64 ? 64 : t
    upper = h + t
    lower = t - h
    exponential = Self.exponential(-0.5 * (upper * upper))
    let a = Self.scaledTail(upper.magnitude)
    let b = Self.scaledTail(lower)
    let divisor = 1 / (a.denominator * b.denominator)
    let aPart = a.numerator * b.denominator
    let bPart = b.numerator * a.denominator
    upperTail = aPart * divisor
    lowerTail = bPart * divisor
    let difference = (upper > 0 ? -aPart : aPart) - bPart
    let probability = (upper > 0 ? 1 : 0) + exponential * (difference * divisor)
    let value = smaller * probability
    outOfTheMoney = value > 0 ? value : 0
  }

  /// The price of the call (sign 1) or put (sign -1).
  func price(sign: Double) -> Double {
    let gain = sign * (forward - strike)
    return (gain > 0 ? gain : 0) + outOfTheMoney
  }

  /// e^x for x ≤ 0, 0 below -708: relative error 3e-16, half the operations of the public one.
  private static func exponential(_ x: Double) -> Double {
    let kept = x < -708 ? -708 : x
    let shift = 0x1.8p52
    let shifted = kept * 0x1.71547652b82fep+0 + shift
    let k = shifted - shift
    let r = (kept - k * 0x1.62e42fefa38p-1) - k * 0x1.ef35793c7673p-45
    let r2 = r * r
    let r4 = r2 * r2
    let p0 =
      (0.5 + 0x1.555555555555bp-3 * r) + (0x1.5555555555503p-5 + 0x1.111111110ec65p-7 * r) * r2
    let p4 =
      (0x1.6c16c16c30413p-10 + 0x1.a01a01b37b264p-13 * r)
      + (0x1.a01a0136aa324p-16 + 0x1.71ddf02898502p-19 * r) * r2
    let p8 = (0x1.27e5b41e8fc3fp-22 + 0x1.af6bda1b670b8p-26 * r) + 0x1.1e3d5459058d5p-29 * r2
    let value = 1 + (r + r2 * (p0 + (p4 + p8 * r4) * r4))
    let scale = Double(bitPattern: (shifted.bitPattern &+ 1023) &<< 52)
    return x < -708 ? 0 : value * scale
  }

  /// ψ(x) = e^(x²/2) N(-x) as a quotient, relative error 1.9e-16 for 0 ≤ x ≤ 64, exact at 0.
  ///
  /// Coefficients: normal_coefficients.py among the reference values.
  private static func scaledTail(_ x: Double) -> (numerator: Double, denominator: Double) {
    // Even and odd powers apart: chains of half the length.
    let z = x * x
    var p = 0x1.5a6c4353ec621p-15
    p = p * z + 0x1.1fe3722188e4cp-8
    p = p * z + 0x1.a31eadf5dc8b4p-4
    p = p * z + 0x1.37761385ccd28p-1
    p = p * z + 0.5
    var pOdd = 0x1.a4bed63a4fed2p-20
    pOdd = pOdd * z + 0x1.18484ff5d1480p-11
    pOdd = pOdd * z + 0x1.9a4e44b4784acp-6
    pOdd = pOdd * z + 0x1.32c5f4343b8fdp-2
    pOdd = pOdd * z + 0x1.91c02b5b31f12p-1
    var q = 0x1.07a9c1dc5fab9p-18
    q = q * z + 0x1.604fd9bea1498p-10
    q = q * z + 0x1.0693dcacece88p-4
    q = q * z + 0x1.9f4578fcecbe2p-1
    q = q * z + 0x1.4d7e472e57243p+1
    q = q * z + 1
    var qOdd = 0x1.b22d3d96402a9p-14
    qOdd = qOdd * z + 0x1.6c34e92843fdbp-7
    qOdd = qOdd * z + 0x1.11b5368e695efp-2
    qOdd = qOdd * z + 0x1.c2a5807b0633bp+0
    qOdd = qOdd * z + 0x1.2f012a7ce9cfdp+1
    return (p + pOdd * x, q + qOdd * x)
  }

  /// ln(a / b) for positive normal numbers, to full relative accuracy near a = b too.
  private static func logarithm(ofRatio a: Double, to b: Double) -> Double {
    let significand: UInt64 = 0x000f_ffff_ffff_ffff
    let one: UInt64 = 0x3ff0_0000_0000_0000
    var m = Double(bitPattern: (a.bitPattern & significand) | one)
    var n = Double(bitPattern: (b.bitPattern & significand) | one)
    let powers = Int(truncatingIfNeeded: a.bitPattern >> 52) &- Int(b.bitPattern >> 52)
    var exponent = Double(powers)
    // The ratio of significands comes between the root of one half and the root of two.
    let isHigh = m > n * 0x1.6a09e667f3bcdp+0
    let isLow = n > m * 0x1.6a09e667f3bcdp+0
    m = isHigh ? 0.5 * m : m
    exponent = isHigh ? exponent + 1 : exponent
    n = isLow ? 0.5 * n : n
    exponent = isLow ? exponent - 1 : exponent
    let r = (m - n) / (m + n)
    let z = r * r
    let z2 = z * z
    let p0 = 0x1.5555555555558p-1 + 0x1.99999999952a7p-2 * z
    let p2 = 0x1.2492492df7074p-2 + 0x1.c71c62defc55cp-3 * z
    let p4 = (0x1.7462b656802afp-3 + 0x1.39fe2df14938dp-3 * z) + 0x1.2b5a86727152cp-3 * z2
    let series = (p0 + p2 * z2) + p4 * (z2 * z2)
    let small = exponent * 0x1.ef35793c7673p-45 + (r * z) * series
    return exponent * 0x1.62e42fefa38p-1 + (2 * r + small)
  }
}
