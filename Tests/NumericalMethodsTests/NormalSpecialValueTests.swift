// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
import Testing

@Suite("The error function and the normal distribution at the edges")
struct NormalSpecialValueTests {
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

  // Expected: the limits; mpmath, 40 digits: erfc falls to half the least double at 27.2260171...
  @Test(
    "complementary error function",
    arguments: [
      (0, 1), (-0.0, 1), (infinity, 0), (-infinity, 2), (greatest, 0), (-greatest, 2), (least, 1),
      (-least, 1), (27.22601711110836, least), (27.22601711110837, 0), (-6, 2), (strangeNaN, .nan),
    ])
  func complement(x: Double, expected: Double) {
    expect(ErrorFunction.erfc(x), is: expected)
  }

  // Expected: mpmath, 40 digits: 2 e^(x^2) passes the greatest double at x = -26.6287357137514...
  @Test(
    "scaled complementary error function",
    arguments: [
      (0, 1), (-0.0, 1), (infinity, 0), (-infinity, infinity), (-greatest, infinity), (least, 1),
      (-27, infinity), (-26.628735713751493, infinity), (strangeNaN, .nan),
    ])
  func scaledComplement(x: Double, expected: Double) {
    expect(ErrorFunction.erfcx(x), is: expected)
  }

  @Test("the scaled complement is finite before it overflows and positive at the greatest double")
  func endsOfScaledComplement() {
    #expect(ErrorFunction.erfcx(-26.628735713751486).isFinite)
    // 1 / (sqrt(pi) x), mpmath: 3.13840873398544e-309.
    #expect((ErrorFunction.erfcx(Self.greatest) / 0x1p-1026 - 2.25676).magnitude < 1e-5)
  }

  // Expected: 1 / sqrt(2 pi) = 0.398942280401432677...
  @Test(
    "density",
    arguments: [
      (0, 0.3989422804014327), (-0.0, 0.3989422804014327), (infinity, 0), (-infinity, 0),
      (greatest, 0), (-greatest, 0), (least, 0.3989422804014327), (39, 0), (strangeNaN, .nan),
    ])
  func density(x: Double, expected: Double) {
    expect(Normal.density(x), is: expected)
  }

  // Expected: mpmath, 40 digits: N(x) falls to half the least double at -38.4854083...
  @Test(
    "cumulative probability",
    arguments: [
      (0, 0.5), (-0.0, 0.5), (infinity, 1), (-infinity, 0), (greatest, 1), (-greatest, 0),
      (least, 0.5), (-least, 0.5), (-38.4854, least), (-38.4855, 0), (9, 1), (strangeNaN, .nan),
    ])
  func cumulative(x: Double, expected: Double) {
    expect(Normal.cumulative(x), is: expected)
  }

  // Expected: mpmath, 40 digits, for the least double and its neighbor of 1.
  @Test(
    "quantile",
    arguments: [
      (0, -infinity), (-0.0, -infinity), (1, infinity), (0.5, 0), (-least, .nan),
      ((1.0).nextUp, .nan), (infinity, .nan), (-infinity, .nan), (strangeNaN, .nan),
      (least, -38.467405617144344), ((1.0).nextDown, 8.209536151601387),
    ])
  func quantile(probability: Double, expected: Double) {
    expect(Normal.inverse(probability), is: expected)
  }
}
