// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
import NumericalMethods

extension MertonModel {
  /// The price as Merton's series: Black's prices given each number of jumps, by their probability.
  ///
  /// Shares nothing with the transform, and also serves where nothing diffuses. With n jumps the
  /// forward is F e^(n(μ + δ²/2) - λτm) and the total variance σ²τ + nδ². The terms start at the
  /// likeliest n and end on both sides where their probability is 1e-21 of that one's; at most
  /// about 20 √(λτ) + 50 of them.
  /// - Parameters:
  ///   - forward: Forward price at expiry, quote units, from 2^-500 to 2^500.
  ///   - strike: Strike, quote units, from 2^-500 to 2^500.
  ///   - yearsToExpiry: From 0 to 100.
  ///   - right: Call or put.
  /// - Returns: Price in quote units, never below intrinsic value; relative error of the option
  ///   out of the money below 1e-13 where that of its Black prices is.
  /// - Throws: ``PricingError``; ``PricingError/unresolved(termLimit:)`` if jumps take the forward
  ///   out of the domain of ``Black76``.
  public func seriesPrice(
    forward: Double, strike: Double, yearsToExpiry: Double, right: OptionRight
  ) throws(PricingError) -> Double {
    try SVCJModel.check(years: yearsToExpiry)
    let diffused = (volatility * volatility) * yearsToExpiry
    let arrivals = jumps.intensity * yearsToExpiry
    let plain = try Black76.price(
      forward: forward, strike: strike, totalVariance: arrivals == 0 ? diffused : 0, right: right)
    if arrivals == 0 { return plain }
    let square = jumps.deviation * jumps.deviation
    let growth = jumps.meanJump + 0.5 * square
    let drift = arrivals * Elementary.expm1(growth)
    let out: OptionRight = strike >= forward ? .call : .put

    func term(_ count: Double) throws(PricingError) -> Double {
      let moved = forward * Elementary.exp(count * growth - drift)
      guard moved >= 0x1p-500, moved <= 0x1p500 else {
        throw .unresolved(termLimit: FourierSlice.termLimit)
      }
      return try Black76.price(
        forward: moved, strike: strike, totalVariance: diffused + count * square, right: out)
    }

    let likeliest = arrivals.rounded(.down)
    var sum = try term(likeliest)
    var total = 1.0
    var weight = 1.0
    var count = likeliest
    while weight > 1e-21 {
      count += 1
      weight *= arrivals / count
      sum += weight * (try term(count))
      total += weight
    }
    (weight, count) = (1, likeliest)
    while weight > 1e-21, count > 0 {
      weight *= count / arrivals
      count -= 1
      sum += weight * (try term(count))
      total += weight
    }
    return plain + sum / total
  }
}
