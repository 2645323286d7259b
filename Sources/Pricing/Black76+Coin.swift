// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments

// Inverse options pay max(F_T - K, 0) / F_T coins. With the coin as numeraire the price in coin
// is the price in quote units divided by the forward:
//
//     c = N(d1) - (K/F) N(d2),  p = (K/F) N(-d2) - N(-d1),  c - p = 1 - K/F
//
// Source: C. Alexander, D. Chen, A. Imeraj, Crypto quanto and inverse options, Mathematical
// Finance 33 (2023), doi 10.1111/mafi.12410.
extension Black76 {
  /// The price of an inverse option, in coin.
  ///
  /// - Parameters:
  ///   - forward: Forward price at expiry, quote units per coin, positive.
  ///   - strike: Strike, quote units per coin, positive.
  ///   - totalVariance: σ²τ, dimensionless, at least 0; 0 gives intrinsic value.
  ///   - right: Call or put.
  /// - Returns: Price in coin per coin of underlying; absolute error below 1e-15 × (price + 1).
  /// - Throws: ``PricingError/outOfDomain(_:value:)``.
  public static func coinPrice(
    forward: Double, strike: Double, totalVariance: Double, right: OptionRight
  ) throws(PricingError) -> Double {
    try price(forward: forward, strike: strike, totalVariance: totalVariance, right: right)
      / forward
  }

  /// The net delta of an inverse option: coins of the underlying that hedge it.
  ///
  /// N(d1) - c = (K/F) N(d2) for a call, -N(-d1) - p = -(K/F) N(-d2) for a put: the delta of the
  /// quote value less the coins that the option itself is worth, also called premium-adjusted.
  /// - Parameters: As for ``coinPrice(forward:strike:totalVariance:right:)``.
  /// - Returns: Coins per coin of underlying; positive for a call, negative for a put.
  /// - Throws: ``PricingError/outOfDomain(_:value:)``.
  public static func netCoinDelta(
    forward: Double, strike: Double, totalVariance: Double, right: OptionRight
  ) throws(PricingError) -> Double {
    try terms(forward, strike, totalVariance).netCoinDelta(right)
  }

  /// The price of an inverse option and the Greeks of that coin price.
  ///
  /// - Parameters: As for ``value(forward:strike:volatility:yearsToExpiry:right:)``.
  /// - Returns: The price in coin and its derivatives. Delta is ∂c/∂F = (K/F²) N(d2), in coin per
  ///   quote unit; for hedging see ``netCoinDelta(forward:strike:totalVariance:right:)``. Unlike
  ///   that of a quote price, gamma may be negative. Limits without variance: as for the price
  ///   in quote units, with gamma the curvature -2 delta / F of the intrinsic value.
  /// - Throws: ``PricingError/outOfDomain(_:value:)``.
  public static func coinValue(
    forward: Double, strike: Double, volatility: Double, yearsToExpiry: Double,
    right: OptionRight
  ) throws(PricingError) -> OptionValue {
    let quoted = try value(
      forward: forward, strike: strike, volatility: volatility, yearsToExpiry: yearsToExpiry,
      right: right)
    let variance = (volatility * volatility) * yearsToExpiry
    let net = try netCoinDelta(
      forward: forward, strike: strike, totalVariance: variance, right: right)
    let greeks = OptionGreeks(
      delta: net / forward,
      gamma: quoted.greeks.gamma / forward - 2 * net / forward / forward,
      vega: quoted.greeks.vega / forward,
      theta: quoted.greeks.theta / forward,
      vanna: (quoted.greeks.vanna - quoted.greeks.vega / forward) / forward,
      volga: quoted.greeks.volga / forward)
    return OptionValue(price: quoted.price / forward, greeks: greeks)
  }
}

extension Black76Terms {
  /// (K/F) N(d2) for a call and -(K/F) N(-d2) for a put, without cancellation in the tails.
  func netCoinDelta(_ right: OptionRight) -> Double {
    let ratio = strike / forward
    // N(h + t) and its complement, or (K/F) N(h - t), of which e^(-(h+t)²/2) ψ(t - h) is a form.
    let tail = exponential * upperTail
    switch right {
    case .call where isCallOut: return exponential * lowerTail
    case .put where isCallOut: return exponential * lowerTail - ratio
    case .call: return ratio * (upper > 0 ? tail : 1 - tail)
    case .put: return 0 - ratio * (upper > 0 ? 1 - tail : tail)
    }
  }
}
