// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
import Testing

@Suite("Elementary functions at the edges of the doubles")
struct ElementarySpecialValueTests {
  static let infinity = Double.infinity
  static let least = Double.leastNonzeroMagnitude
  static let greatest = Double.greatestFiniteMagnitude
  /// A signaling pattern with a sign and a payload: nothing of it may come through.
  static let strangeNaN = Double(bitPattern: 0xfff4_0000_0000_1234)

  /// Equality of bit patterns, so that zeros have signs and NaN has one form.
  private func expect(
    _ result: Double, is expected: Double, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(result.bitPattern == expected.bitPattern, sourceLocation: sourceLocation)
  }

  // Expected: the limits; thresholds from mpmath, 40 digits: 1024 ln 2 = 709.782712893383996...,
  // 1075 ln 2 = 745.133219101941108...
  @Test(
    "exponential",
    arguments: [
      (0, 1), (-0.0, 1), (infinity, infinity), (-infinity, 0), (greatest, infinity),
      (-greatest, 0), (least, 1), (-least, 1), (709.7827128933841, infinity),
      (-745.1332191019411, least), (-745.1332191019412, 0), (strangeNaN, .nan),
    ])
  func exponential(x: Double, expected: Double) {
    expect(Elementary.exp(x), is: expected)
    expect(Elementary.exp(high: x, low: 0), is: expected)
  }

  @Test("the last exponent before overflow still gives a number")
  func lastExponent() {
    #expect((709.782712893384).nextUp == 709.7827128933841)
    #expect(Elementary.exp(709.782712893384).isFinite)
    #expect(Elementary.expm1(709.782712893384).isFinite)
  }

  @Test("the correction of an exponent out of range is of no consequence")
  func correctionOutOfRange() {
    expect(Elementary.exp(high: .infinity, low: .nan), is: .infinity)
    expect(Elementary.exp(high: -800, low: 1e300), is: 0)
    expect(Elementary.exp(high: 0, low: .nan), is: .nan)
  }

  @Test(
    "exponential less one",
    arguments: [
      (0, 0), (-0.0, -0.0), (infinity, infinity), (-infinity, -1), (-greatest, -1),
      (greatest, infinity), (least, least), (-least, -least), (0x1p-1022, 0x1p-1022),
      (-0x1p-1030, -0x1p-1030), (-38, -1), (709.7827128933841, infinity), (strangeNaN, .nan),
    ])
  func exponentialLessOne(x: Double, expected: Double) {
    expect(Elementary.expm1(x), is: expected)
  }

  // ln(2^-1074) = -1074 ln 2 = -744.4400719213812, ln(greatest) = 1024 ln 2 = 709.782712893384.
  @Test(
    "logarithm",
    arguments: [
      (1, 0), (0, -infinity), (-0.0, -infinity), (infinity, infinity), (-infinity, .nan),
      (-1, .nan), (-least, .nan), (least, -744.4400719213812), (greatest, 709.782712893384),
      (strangeNaN, .nan),
    ])
  func logarithm(x: Double, expected: Double) {
    expect(Elementary.log(x), is: expected)
  }

  // 2^-53 - 1 is the double next to -1: -53 ln 2 = -36.7368005696771.
  @Test(
    "logarithm of one more",
    arguments: [
      (0, 0), (-0.0, -0.0), (-1, -infinity), ((-1.0).nextUp, -36.7368005696771),
      ((-1.0).nextDown, .nan), (-infinity, .nan), (infinity, infinity), (least, least),
      (-least, -least), (-0x1p-1030, -0x1p-1030), (greatest, 709.782712893384),
      (strangeNaN, .nan),
    ])
  func logarithmOfOneMore(x: Double, expected: Double) {
    expect(Elementary.log1p(x), is: expected)
  }

  @Test(
    "sine and cosine",
    arguments: [
      (0, 0, 1), (-0.0, -0.0, 1), (least, least, 1), (-least, -least, 1),
      (0x1p-30, 0x1p-30, 1), (infinity, .nan, .nan), (-infinity, .nan, .nan),
      ((0x1p20).nextUp, .nan, .nan), (-(0x1p20).nextUp, .nan, .nan), (greatest, .nan, .nan),
      (strangeNaN, .nan, .nan),
    ])
  func sineAndCosine(x: Double, sine: Double, cosine: Double) {
    expect(Elementary.sin(x), is: sine)
    expect(Elementary.cos(x), is: cosine)
  }

  @Test("sine is odd and cosine even, to the bit, up to the end of the domain")
  func symmetry() {
    var generator = SplitMix64(seed: 11)
    for x in [0x1p20] + (0..<1_000).map({ _ in 0x1p20 * generator.nextUnit() }) {
      expect(Elementary.sin(-x), is: -Elementary.sin(x))
      expect(Elementary.cos(-x), is: Elementary.cos(x))
      #expect(Elementary.sin(x).magnitude <= 1)
    }
  }
}
