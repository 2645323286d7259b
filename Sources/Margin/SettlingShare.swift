// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import MarketData
import Quantities

/// What of an expiry's settlement price is fixed already: the average of prices over a window is
/// A = fixed + open·F, with F what the rest of the window will see.
///
/// Only the open share moves with spot. An option on A with strike K is `open` options on F with
/// strike (K − fixed) ÷ open; their time is that to the end of the window, though an average of
/// the rest varies less than its last price (by √3 at most): the mark errs on the side of value.
/// Source of the idea: Derive, portfolio margin, “settlement TWAP”.
struct SettlingShare: Sendable {
  /// Quote units.
  let fixed: Double
  /// From 0 to 1.
  let open: Double
  /// The settlement price if F stayed as it is.
  let expected: Price

  /// - Parameters:
  ///   - window: The window of the expiry.
  ///   - forward: F now.
  /// - Returns: `nil` before the window and while it has seen no price.
  init?(_ window: SettlementWindow, forward: Price, at time: Timestamp) {
    guard time > window.start else { return nil }
    let remaining = max(window.end.nanoseconds - time.nanoseconds, 0)
    let whole = window.covered.nanoseconds + remaining
    guard window.covered.nanoseconds > 0, whole > 0 else { return nil }
    let sum = window.sum + Int128(forward.steps) * Int128(remaining)
    let steps = sum.divided(by: Int128(whole), rounding: .halfEven)
    guard steps > 0, steps <= Int128(Price.limit) else { return nil }
    expected = Price(steps: Int64(steps))
    open = Double(remaining) / Double(whole)
    fixed = expected.value - open * forward.value
  }

  /// An option on the average as one on what is open.
  func option(strike: Double, forward: Double) -> OpenOption {
    guard open > 0 else { return .certain }
    let open = (strike - fixed) / open
    // Below this the call will be exercised whatever happens, and the put will not.
    return open > forward * 1e-6 ? .strike(open) : .certain
  }
}

/// What is left of an option while its settlement price is being averaged.
enum OpenOption {
  /// An option on the open share at this strike.
  case strike(Double)
  /// Its exercise is certain, or its expiry without value.
  case certain
}
