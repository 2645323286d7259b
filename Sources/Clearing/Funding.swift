// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Parameters
public import Quantities

/// The funding rate of one interval for a premium: premium + clamp(interest − premium, ± band),
/// capped either way.
///
/// Source: Binance, “Introduction to Funding Rates”: F = P + clamp(0.01 % − P, ±0.05 %).
/// - Parameter premium: Perpetual ÷ index − 1, averaged over the interval.
public func fundingRate(premium: Rate, _ parameters: ClearingParameters) -> Rate {
  let band = parameters.fundingDeadBand.billionths
  let correction = min(max(parameters.interest.billionths - premium.billionths, -band), band)
  let cap = parameters.fundingCap.billionths
  return Rate(billionths: min(max(premium.billionths + correction, -cap), cap))
}

/// What one long size step pays one short size step at `rate`, in ledger units.
///
/// Rounded once, half to even, per step: so payments are size × this integer and a market's
/// payments sum to zero exactly.
/// - Parameter notional: The value of one size step at the index, in ledger units of the
///   settlement asset, positive.
public func unitFunding(notional: Int64, rate: Rate) -> Int64 {
  rate.share(of: notional, rounding: .halfEven)
}

/// The value of one size step in ledger units of the settlement asset, as a positive number.
public func unitNotional(unitValue: Int64) -> Int64 { abs(unitValue) }

/// Whether a multiple of `interval` lies in (`previous`, `now`].
public func crossesInterval(
  from previous: Timestamp, to now: Timestamp, interval: TimeSpan
) -> Bool {
  now.nanoseconds / interval.nanoseconds > previous.nanoseconds / interval.nanoseconds
}
