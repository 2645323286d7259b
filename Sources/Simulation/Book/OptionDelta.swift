// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import NumericalMethods

/// The forward delta of an option, N(d₁) or N(d₁) − 1, by one volatility for all strikes.
///
/// Source: F. Black, J. Financial Economics 3 (1976), 167-179. Hedges and the cost of quoting
/// need no smile; what an account owes is priced by Pricing.
/// - Parameters:
///   - forward: Quote units, positive.
///   - strike: Quote units, positive.
///   - volatility: Annualised, at least 0.
///   - years: To expiry; zero or below, or no volatility, gives the delta at expiry.
/// - Returns: −1 to 1.
func optionDelta(
  _ right: OptionRight, forward: Double, strike: Double, volatility: Double, years: Double
) -> Double {
  let deviation = years > 0 ? volatility * years.squareRoot() : 0
  let call: Double
  if deviation > 0 {
    call = Normal.cumulative(Elementary.log(forward / strike) / deviation + 0.5 * deviation)
  } else {
    call = forward > strike ? 1 : 0
  }
  return right == .call ? call : call - 1
}
