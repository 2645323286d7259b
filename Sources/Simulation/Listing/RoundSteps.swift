// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities

/// Numbers as venues choose them for their steps, found from a price.
enum RoundSteps {
  /// The number nearest to `value`, by ratio, among 1, 2, 2.5 and 5 times a power of ten.
  ///
  /// - Parameter value: At least 1; so is the result.
  static func nearest(to value: Int64) -> Int64 {
    var below: Int64 = 1
    for exponent in 0...18 {
      for (factor, divisor) in [(1, 1), (2, 1), (25, 10), (5, 1)] as [(Int64, Int64)] {
        let (product, overflows) = powerOfTen(exponent).multipliedReportingOverflow(by: factor)
        guard !overflows, product % divisor == 0 else { continue }
        let candidate = product / divisor
        guard candidate >= value else {
          below = max(below, candidate)
          continue
        }
        let isNearer = Int128(candidate) * Int128(below) < Int128(value) * Int128(value)
        return isNearer || below > value ? candidate : below
      }
    }
    return below
  }

  /// `value` rounded up to one significant digit.
  static func roundedUp(_ value: Int64) -> Int64 {
    var unit: Int64 = 1
    while value / unit >= 10 { unit *= 10 }
    return (value + unit - 1) / unit * unit
  }

  /// The largest power of ten, from 1 to 10^12, for which `fits` holds; 1 if for none.
  static func largestPowerOfTen(where fits: (Int64) -> Bool) -> Int64 {
    for exponent in stride(from: 12, through: 1, by: -1) where fits(powerOfTen(exponent)) {
      return powerOfTen(exponent)
    }
    return 1
  }
}
