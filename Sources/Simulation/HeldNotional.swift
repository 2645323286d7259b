// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import RiskEngine

extension Valuation {
  /// What a portfolio holds at the marks, longs and shorts together; millionths of the quote
  /// currency.
  func heldNotional(_ portfolio: Portfolio) -> Int64 {
    portfolio.positions.reduce(0) {
      WaterfallCosts.sum($0, notional($1.size, of: $1.instrument))
    }
  }
}
