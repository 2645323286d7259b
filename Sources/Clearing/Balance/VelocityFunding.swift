// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// Funding that moves with the imbalance of a market instead of standing at it.
///
///     r ← clamp(r + V · clamp(S ÷ S_max, ± 1) · Δt, ± r_max)
///
/// While one side is crowded the rate rises until somebody takes the other side; in balance it
/// stays where it is, and the premium term brings it back. Source: Synthetix v3, `PerpsMarket`,
/// with a cap on the rate besides.
public struct VelocityFunding: Hashable, Sendable {
  /// Change of the rate of one interval, per hour, at the largest imbalance.
  public let velocity: Rate
  /// The imbalance beyond which the velocity grows no more, in the unit of imbalances, positive.
  public let largestImbalance: Int64
  /// The largest rate of one interval, either way.
  public let cap: Rate

  /// - Returns: `nil` unless all are positive and the rates at most one.
  public init?(velocity: Rate, largestImbalance: Int64, cap: Rate) {
    let permitted = 1...Int64(1_000_000_000)
    guard permitted.contains(velocity.billionths), permitted.contains(cap.billionths),
      largestImbalance > 0
    else { return nil }
    self.velocity = velocity
    self.largestImbalance = largestImbalance
    self.cap = cap
  }

  /// The rate after a time at an imbalance, rounded to even.
  public func rate(after elapsed: TimeSpan, from rate: Rate, imbalance: Int64) -> Rate {
    // 2^63 × 2^30 in 128 bits; then at most 2^30 × 2^63.
    let skew = min(max(Int128(imbalance), -Int128(largestImbalance)), Int128(largestImbalance))
    let speed = (skew * Int128(velocity.billionths))
      .divided(by: Int128(largestImbalance), rounding: .halfEven)
    let change = (speed * Int128(max(elapsed.nanoseconds, 0)))
      .divided(by: Int128(TimeSpan.hour.nanoseconds), rounding: .halfEven)
    let limit = Int128(cap.billionths)
    return Rate(billionths: Int64(min(max(Int128(rate.billionths) + change, -limit), limit)))
  }

  /// The same of a rate in 10^−18, for steps of seconds at small imbalances, which in billionths
  /// would round to nothing.
  ///
  /// - Parameter fine: Billionths of billionths, of any size.
  public func fineRate(after elapsed: TimeSpan, from fine: Int64, imbalance: Int64) -> Int64 {
    // 2^63 × 2^60 in 128 bits; then at most 2^60 × 2^63.
    let skew = min(max(Int128(imbalance), -Int128(largestImbalance)), Int128(largestImbalance))
    let speed = (skew * Int128(velocity.billionths) * 1_000_000_000)
      .divided(by: Int128(largestImbalance), rounding: .halfEven)
    let change = (speed * Int128(max(elapsed.nanoseconds, 0)))
      .divided(by: Int128(TimeSpan.hour.nanoseconds), rounding: .halfEven)
    let limit = Int128(cap.billionths) * 1_000_000_000
    return Int64(min(max(Int128(fine) + change, -limit), limit))
  }

  /// The rate of one interval: what the imbalance has made it, and a part of the premium; capped.
  ///
  /// - Parameters:
  ///   - fine: Billionths of billionths.
  ///   - premium: The mean of the impact premiums sampled since the last interval.
  public func settledRate(_ fine: Int64, premium: Rate, weight: Rate) -> Rate {
    let rate = Int128(fine).divided(by: 1_000_000_000, rounding: .halfEven)
    let part = (Int128(premium.billionths) * Int128(weight.billionths))
      .divided(by: 1_000_000_000, rounding: .halfEven)
    let limit = Int128(cap.billionths)
    return Rate(billionths: Int64(min(max(rate + part, -limit), limit)))
  }
}

/// The premium that is left when a stated size has paid for its way into the book.
///
///     max(0, bid − index) − max(0, index − ask), over the index
///
/// Inside the cost of that size a premium is nobody's: whoever traded on it would lose it.
/// Source: Binance, “Introduction to Funding Rates”, with the impact prices at
/// premium ∓ cost.
/// - Parameters:
///   - premium: Perpetual ÷ index − 1.
///   - selling: What selling the size costs against the bids, as a share of it, not negative.
///   - buying: What buying it costs against the asks.
public func impactPremium(_ premium: Rate, selling: Rate, buying: Rate) -> Rate {
  let bid = premium.billionths - selling.billionths
  let ask = premium.billionths + buying.billionths
  return Rate(billionths: max(bid, 0) - max(-ask, 0))
}
