// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
public import Quantities

/// How the asking price of a falling auction moves with time, as a factor on what is sold.
public enum PricePath: Hashable, Sendable {
  /// From `start` to `end` over `duration`, then `end`.
  case linear(start: Rate, end: Rate, duration: TimeSpan)
  /// Two lines: fast from `start` to `knee`, then slowly to `end`. Source: Derive, DutchAuction.sol
  case twoSpeed(start: Rate, knee: Rate, fast: TimeSpan, end: Rate, slow: TimeSpan)
  /// Multiplied by `cut` after every `step`. Source: Maker, `StairstepExponentialDecrease`.
  case stairs(start: Rate, cut: Rate, step: TimeSpan)
  /// start · e^(−rate · seconds), the rate in billionths per second.
  case exponential(start: Rate, rate: Rate)

  /// The factor after so long, rounded down to a billionth.
  ///
  /// Before the auction begins it is that of the beginning. Stairs are rounded down at every step,
  /// as a chain of integers would be; the exponential is evaluated in binary floating point, with
  /// the same bits on every machine, and rounded once.
  public func factor(after elapsed: TimeSpan) -> Rate {
    let time = max(elapsed.nanoseconds, 0)
    switch self {
    case .linear(let start, let end, let duration):
      return Self.line(start, end, duration, at: time)
    case .twoSpeed(let start, let knee, let fast, let end, let slow):
      return time < fast.nanoseconds
        ? Self.line(start, knee, fast, at: time)
        : Self.line(knee, end, slow, at: time - fast.nanoseconds)
    case .stairs(let start, let cut, let step):
      return Self.stairs(start, cut, steps: step.nanoseconds > 0 ? time / step.nanoseconds : 0)
    case .exponential(let start, let rate):
      let exponent = Double(max(rate.billionths, 0)) * 1e-9 * (Double(time) * 1e-9)
      let factor = Elementary.exp(-exponent) * Double(start.billionths)
      return Rate(billionths: Int64(min(factor, 0x1p63.nextDown).rounded(.down)))
    }
  }

  private static func line(
    _ start: Rate, _ end: Rate, _ duration: TimeSpan, at time: Int64
  ) -> Rate {
    guard time < duration.nanoseconds else { return end }
    let fall = (Int128(start.billionths) - Int128(end.billionths)) * Int128(time)
    let fallen = fall.divided(by: Int128(duration.nanoseconds), rounding: .up)
    return Rate(billionths: start.billionths - Int64(fallen))
  }

  private static func stairs(_ start: Rate, _ cut: Rate, steps: Int64) -> Rate {
    var factor = start.billionths
    var left = steps
    // A factor of billionths is gone after so many cuts, unless they do not cut at all.
    while left > 0, factor > 0, cut.billionths < 1_000_000_000 {
      factor = Int64(Int128(factor) * Int128(cut.billionths) / 1_000_000_000)
      left -= 1
    }
    return Rate(billionths: factor)
  }
}

/// How fast an exponential auction should fall.
public struct AuctionSpeed: Hashable, Sendable {
  /// λ*, per second.
  public let rate: Double
  /// When the price is expected to reach what a bidder would pay, seconds.
  public let expectedTime: Double

  /// The speed at which overshooting by one tick costs as much as the risk of waiting.
  ///
  ///     λ* = (φ σ √B ÷ Δ)^(2/3),  t* = B ÷ λ*,  B = ln(start ÷ fair)
  ///
  /// A fall faster by λ gives away λΔ/2 in the tick in which a bidder takes it; a slower one leaves
  /// the seller with the market's variance for B/λ. The time is held between `bounds`, and the
  /// speed with it. Derived for this engine; worked: φ = 2.67, σ = 60 % a year, Δ = 12 s, B = 0.20
  /// gives 4.83·10⁻⁴ a second.
  /// - Parameters:
  ///   - premium: B, positive: how far above the fair price the auction starts, as a logarithm.
  ///   - volatility: σ per square root of a second, positive.
  ///   - tick: Δ, seconds between two chances to bid, positive.
  ///   - aversion: φ, the weight of the risk of waiting (2.67: expected shortfall at 99 %).
  /// - Returns: `nil` unless all are positive and finite.
  public init?(
    premium: Double, volatility: Double, tick: Double, aversion: Double,
    bounds: ClosedRange<Double>
  ) {
    guard premium > 0, volatility > 0, tick > 0, aversion > 0, bounds.lowerBound > 0 else {
      return nil
    }
    let base = aversion * volatility * premium.squareRoot() / tick
    let free = Elementary.exp(Elementary.log(base) * 2 / 3)
    let time = min(max(premium / free, bounds.lowerBound), bounds.upperBound)
    guard free.isFinite, free > 0, time.isFinite else { return nil }
    expectedTime = time
    rate = premium / time
  }
}
