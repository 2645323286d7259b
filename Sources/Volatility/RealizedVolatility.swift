// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
public import Parameters
public import Quantities

extension RealizedVolatilityParameters {
  /// One step of the exponentially weighted volatility of an index.
  ///
  /// σ'² = w·σ² + (1 − w)·r²/Δt with w = 2^(−Δt ÷ half-life), Δt in years of 365 days, then
  /// clamped to the range.
  /// - Parameters:
  ///   - previous: Volatility before, annualized.
  ///   - logReturn: ln(index ÷ index before).
  ///   - elapsed: Time between the two; zero or less changes nothing but the clamp.
  /// - Returns: Volatility after, rounded half to even.
  public func volatility(
    after previous: Rate, logReturn: Double, elapsed: TimeSpan
  ) -> Rate {
    guard elapsed > .zero, logReturn.isFinite else { return clamped(previous) }
    let halfLives = Double(elapsed.nanoseconds) / Double(halfLife.nanoseconds)
    let weight = Elementary.exp(-0.693_147_180_559_945_3 * halfLives)
    let old = previous.value
    let variance = weight * (old * old) + (1 - weight) * (logReturn * logReturn / elapsed.years)
    // A limit before rounding, so that the largest return still is a rate.
    let limit = highest.value
    let volatility = variance < limit * limit ? variance.squareRoot() : limit
    return clamped(Rate(billionths: Int64((volatility * 1e9).rounded(.toNearestOrEven))))
  }

  /// One step of the volatility from two prices of the index, both positive.
  public func volatility(
    after previous: Rate, from old: Price, to new: Price, elapsed: TimeSpan
  ) -> Rate {
    let logReturn = Elementary.log(Double(new.steps) / Double(old.steps))
    return volatility(after: previous, logReturn: logReturn, elapsed: elapsed)
  }

  private func clamped(_ volatility: Rate) -> Rate { min(max(volatility, lowest), highest) }
}
