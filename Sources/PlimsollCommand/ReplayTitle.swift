// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Quantities

/// How a run of recorded prices is called.
enum ReplayTitle {
  static func text(_ prices: RecordedMarket) -> String {
    let symbols = prices.underlyings.map(\.description).joined(separator: " and ")
    return "\(symbols), \(day(prices.window.lowerBound)) to \(day(prices.window.upperBound)) UTC"
  }

  /// Without seconds, and without a time at midnight.
  private static func day(_ instant: Timestamp) -> String {
    let parts = instant.description.split(separator: "T")
    return parts[1].hasPrefix("00:00") ? "\(parts[0])" : "\(parts[0]) \(parts[1].prefix(5))"
  }
}
