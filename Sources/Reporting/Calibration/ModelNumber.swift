// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities

extension NumberText {
  /// A number of a model with exactly `decimals` digits, half to even; a dash for one that has no
  /// such text.
  public static func fixed(_ value: Double, decimals: Int) -> String {
    guard let units = value.units(decimals: decimals) else { return "–" }
    return rounded(units, decimals: decimals, shown: decimals)
  }

  /// A volatility of 0.4512 as `45.12 %`.
  public static func percentage(_ value: Double, decimals: Int = 2) -> String {
    fixed(value * 100, decimals: decimals) + " %"
  }
}

extension Double {
  /// The nearest number of units of 10^−`decimals`; nil where an integer cannot hold it.
  func units(decimals: Int) -> Int64? {
    Int64(exactly: (self * Double(powerOfTen(decimals))).rounded(.toNearestOrEven))
  }

  /// For a picture's script.
  func json(decimals: Int) -> JSONText {
    units(decimals: decimals).map { .decimal($0, decimals: decimals) } ?? .null
  }
}
