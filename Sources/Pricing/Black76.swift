// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments

/// European options on a forward, undiscounted, by the formula of Black (1976).
///
/// Source: F. Black, J. Financial Economics 3 (1976), 167-179.
///
/// The algorithm is that of the kernels `plimsoll_black76` and `plimsoll_black76_price`, which
/// give the same bits. Conventions:
///
/// - Prices and Greeks are per unit of the underlying and not discounted; volatility is per
///   square root of a year, and 1.00 means 100 percent.
/// - Without variance (zero volatility, zero time, or σ²τ below 2^-400) the price is the
///   intrinsic value exactly; the delta of a call is 1 above the strike, 0 below it and 1/2 at
///   it, that of a put one less; the other Greeks are 0.
/// - Forward and strike lie between 2^-500 and 2^500, volatility and years between 0 and 2^200,
///   total variance between 0 and 2^600. Anything else is refused.
public enum Black76 {
  /// The price of an option settled in the quote currency.
  ///
  /// - Parameters:
  ///   - forward: Forward price at expiry, quote units, positive.
  ///   - strike: Strike, quote units, positive.
  ///   - totalVariance: σ²τ, dimensionless, at least 0; 0 gives intrinsic value.
  ///   - right: Call or put.
  /// - Returns: Price in quote units; never below intrinsic value; absolute error below
  ///   1e-15 × (price + the smaller of forward and strike).
  /// - Throws: ``PricingError/outOfDomain(_:value:)``.
  public static func price(
    forward: Double, strike: Double, totalVariance: Double, right: OptionRight
  ) throws(PricingError) -> Double {
    try terms(forward, strike, totalVariance).price(sign: right.sign)
  }

  /// The price and the Greeks of an option settled in the quote currency.
  ///
  /// - Parameters:
  ///   - forward: Forward price at expiry, quote units, positive.
  ///   - strike: Strike, quote units, positive.
  ///   - volatility: σ, per square root of a year, at least 0.
  ///   - yearsToExpiry: τ, years, at least 0.
  ///   - right: Call or put.
  /// - Returns: The price as by ``price(forward:strike:totalVariance:right:)`` for σ × σ × τ, in
  ///   quote units, and its Greeks, whose relative error is below 1e-15 × (4 + d²), d the larger of
  ///   |d1| and |d2|; for vanna and volga that is relative to their size away from their zeros.
  /// - Throws: ``PricingError/outOfDomain(_:value:)``.
  public static func value(
    forward: Double, strike: Double, volatility: Double, yearsToExpiry: Double,
    right: OptionRight
  ) throws(PricingError) -> OptionValue {
    try check(volatility, upTo: 0x1p200, .volatility)
    try check(yearsToExpiry, upTo: 0x1p200, .yearsToExpiry)
    let variance = (volatility * volatility) * yearsToExpiry
    return try terms(forward, strike, variance)
      .value(volatility: volatility, years: yearsToExpiry, sign: right.sign)
  }

  static func terms(
    _ forward: Double, _ strike: Double, _ totalVariance: Double
  ) throws(PricingError) -> Black76Terms {
    try check(forward, from: 0x1p-500, upTo: 0x1p500, .forward)
    try check(strike, from: 0x1p-500, upTo: 0x1p500, .strike)
    try check(totalVariance, upTo: 0x1p600, .totalVariance)
    return Black76Terms(forward: forward, strike: strike, totalVariance: totalVariance)
  }

  static func check(
    _ value: Double, from lowest: Double = 0, upTo highest: Double, _ field: PricingField
  ) throws(PricingError) {
    // Written so that NaN is refused.
    guard value >= lowest, value <= highest else { throw .outOfDomain(field, value: value) }
  }
}

extension OptionRight {
  /// 1 for a call, -1 for a put: the sign of forward - strike that pays.
  @inlinable public var sign: Double {
    switch self {
    case .call: 1
    case .put: -1
    }
  }
}

extension Black76Terms {
  /// Price and Greeks; the twin of `plimsoll_black76_scalar`, operation by operation.
  func value(volatility: Double, years: Double, sign: Double) -> OptionValue {
    let inverseForward = 1 / forward
    // A / F times the exponential is √(2π) times the density at d1, whichever side is out.
    let d1 = isCallOut ? upper : lower
    let d2 = isCallOut ? -lower : -upper
    let ratio = isCallOut ? 1 : strike * inverseForward
    let power = exponential * ratio
    let tail = power * (isCallOut ? upperTail : lowerTail)
    let signedDelta = sign * d1 > 0 ? 1 - tail : tail
    let density = power * 0x1.9884533d43651p-2
    let rootOfYears = (volatility * years) * inverseRoot
    let inverseVolatility = rootOfYears * inverseRoot
    let vega = (forward * density) * rootOfYears
    let steepness = density * inverseRoot
    let slope = 0.5 * (volatility * volatility)
    let greeks = OptionGreeks(
      // Sums with 0 give a positive zero where there is no variance.
      delta: 0 + sign * signedDelta,
      gamma: steepness * inverseForward,
      vega: vega,
      theta: 0 - (forward * steepness) * slope,
      vanna: 0 - (density * d2) * inverseVolatility,
      volga: 0 + (vega * inverseVolatility) * (d1 * d2))
    return OptionValue(price: price(sign: sign), greeks: greeks)
  }
}
