// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
import Testing

@Suite("Power at the edges of the doubles")
struct ElementaryPowerTests {
  static let infinity = Double.infinity
  static let least = Double.leastNonzeroMagnitude
  static let greatest = Double.greatestFiniteMagnitude
  static let nan = Double.nan

  // Expected: IEEE 754 (2008), section 9.2.1, function pow.
  @Test(
    "follows the standard's table",
    arguments: [
      // The empty product, and one, win over everything.
      (nan, 0, 1), (nan, -0.0, 1), (0, 0, 1), (infinity, -0.0, 1), (-3, 0, 1), (1, nan, 1),
      (1, infinity, 1), (1, -greatest, 1), (-1, infinity, 1), (-1, -infinity, 1),
      // Zeros.
      (0, 3, 0), (-0.0, 3, -0.0), (0, -3, infinity), (-0.0, -3, -infinity), (-0.0, 2, 0),
      (-0.0, -2, infinity), (-0.0, 0.5, 0), (-0.0, -0.5, infinity), (0, infinity, 0),
      (-0.0, -infinity, infinity), (-0.0, 0x1p53, 0), (-0.0, 0x1p53 - 1, -0.0),
      // Infinities.
      (infinity, 2, infinity), (infinity, -2, 0), (-infinity, 3, -infinity),
      (-infinity, 2, infinity), (-infinity, -3, -0.0), (-infinity, -2, 0),
      (-infinity, 0.5, infinity), (-infinity, -0.5, 0), (infinity, least, infinity),
      (2, infinity, infinity), (2, -infinity, 0), (0.5, infinity, 0), (0.5, -infinity, infinity),
      (-2, infinity, infinity), (-0.5, infinity, 0), (infinity, infinity, infinity),
      // Negative numbers.
      (-2, 3, -8), (-2, 2, 4), (-2, -1, -0.5), (-8, 1.0 / 3.0, nan), (-least, 0.5, nan),
      (-2, 1023, -0x1p1023), (-2, 1025, -infinity), (-2, -1075, -0.0), (-1, 0x1p53 + 2, 1),
      (-1, 0x1p53 - 1, -1), (-1, greatest, 1), (-greatest, 1.5, nan),
      // Ends of the range.
      (2, 1024, infinity), (2, -1074, least), (2, -1075, 0), (least, 1, least),
      (greatest, 1, greatest), (greatest, -1, 0x1p-1024), (greatest, greatest, infinity),
      (greatest, -greatest, 0), (least, 0.5, 0x1p-537), (2, least, 1),
      (1.0 + 0x1p-52, greatest, infinity), (1.0 - 0x1p-53, greatest, 0), (4, 0.5, 2),
      // Not numbers.
      (nan, 1, nan), (2, nan, nan), (0, nan, nan), (nan, infinity, nan), (-nan, -1, nan),
    ] as [(Double, Double, Double)])
  func specialValue(x: Double, y: Double, expected: Double) {
    #expect(Elementary.pow(x, y).bitPattern == expected.bitPattern)
  }
}
