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
}
