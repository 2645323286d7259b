// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Margin

extension RequestObject {
  /// `history`: standardized returns, and the volatility that scales them.
  mutating func filteredHistory() throws(EvaluationRefusal) -> FilteredHistory {
    var history = try object("history")
    var residuals: [Double] = []
    for value in try history.list("residuals", atMost: 10_000) {
      guard case .number(let text) = value, let number = Double(text), number.isFinite else {
        throw history.refusal(
          .wrongType, "residuals", "expected numbers, not \(value.typeName)")
      }
      residuals.append(number)
    }
    let fall = try history.number("volatility")
    let rise = try history.number("riseVolatility", default: fall)
    try history.end()
    return FilteredHistory(residuals: residuals, fallVolatility: fall, riseVolatility: rise)
  }
}
