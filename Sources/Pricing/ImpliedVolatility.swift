// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments

/// The volatility at which ``Black76`` gives an option's price.
///
/// Method: P. Jäckel, Let's be rational, Wilmott 2015 (75), 40-53: four branches, each with a
/// rational cubic as its first estimate, then two steps of Householder's method of the third
/// order, the same number for every input. Only the time value is inverted, which call and put
/// of one strike share, as a part p of the smaller of forward and strike:
///
///     p = e^(-(a-t)²/2) · (Ψ(a-t) - Ψ(a+t)),  Ψ(y) = e^(y²/2) N(-y)
///
/// with a = |ln(K/F)| / s, t = s / 2 and s = σ√τ, the total deviation. In p the problem has no
/// unit and no direction, and neither very small prices nor far strikes leave the doubles.
///
/// Accuracy: an error δ of p moves s by δ ÷ (∂p/∂s); a price that has δ from its last digit
/// carries no more information. The result is within 1e-14 relative plus four times that. Over
/// log-moneyness from -10 to 10 and s from 1e-4 to 10 this stays below 1e-13 wherever
/// (s/p)·(∂p/∂s) is above 0.005. Prices of options in the money carry their time value with the
/// digits that the difference from the intrinsic value leaves.
///
/// Domain: as for ``Black76``; time values down to 2^-1022 of the smaller of forward and strike.
public enum ImpliedVolatility {
  /// The total deviation σ√τ of an option settled in the quote currency.
  ///
  /// - Parameters:
  ///   - price: Undiscounted price, quote units; between the option's bounds, both excluded.
  ///   - forward: Forward price at expiry, quote units, between 2^-500 and 2^500.
  ///   - strike: Strike, quote units, between 2^-500 and 2^500.
  ///   - right: Call or put.
  /// - Returns: σ√τ, positive; the accuracy is that of ``ImpliedVolatility``.
  /// - Throws: ``ImpliedVolatilityRefusal``.
  public static func totalDeviation(
    price: Double, forward: Double, strike: Double, right: OptionRight
  ) throws(ImpliedVolatilityRefusal) -> Double {
    try check(forward, from: 0x1p-500, upTo: 0x1p500, .forward)
    try check(strike, from: 0x1p-500, upTo: 0x1p500, .strike)
    guard price >= 0, price < .infinity else { throw .malformedPrice(price) }
    let isForwardLower = forward <= strike
    let smaller = isForwardLower ? forward : strike
    let gain = right == .call ? forward - strike : strike - forward
    let intrinsic = gain > 0 ? gain : 0
    let bound = right == .call ? forward : strike
    guard price < bound else { throw .notBelowUpperBound(price: price, bound: bound) }
    guard price >= intrinsic else { throw .belowIntrinsicValue(price: price, bound: intrinsic) }
    let part = timeValue(price, forward, strike, right, isInside: gain > 0) / smaller
    guard part >= 0x1p-1022 else { throw .withoutTimeValue(price: price) }
    // From the far bound: near it the part itself has lost these digits.
    let rest = (bound - price) / smaller
    let magnitude = NormalizedBlack.logarithm(
      ofRatio: isForwardLower ? strike : forward, to: smaller)
    return NormalizedBlack(magnitude: magnitude).totalDeviation(part: part, rest: rest)
  }

  /// The volatility of an option settled in the quote currency.
  ///
  /// - Parameters:
  ///   - price: As for ``totalDeviation(price:forward:strike:right:)``, as are the others.
  ///   - yearsToExpiry: τ, years, between 2^-100 and 2^200.
  /// - Returns: σ, per square root of a year.
  /// - Throws: ``ImpliedVolatilityRefusal``.
  public static func volatility(
    price: Double, forward: Double, strike: Double, yearsToExpiry: Double, right: OptionRight
  ) throws(ImpliedVolatilityRefusal) -> Double {
    try check(yearsToExpiry, from: 0x1p-100, upTo: 0x1p200, .yearsToExpiry)
    return try totalDeviation(price: price, forward: forward, strike: strike, right: right)
      / yearsToExpiry.squareRoot()
  }

  /// The volatility of an inverse option, priced in coin.
  ///
  /// - Parameters:
  ///   - coinPrice: Price in coin per coin of underlying. Multiplied by the forward it is the
  ///     price in quote units, rounded once more.
  ///   - forward: Quote units per coin; the other parameters are as for
  ///     ``volatility(price:forward:strike:yearsToExpiry:right:)``.
  /// - Returns: σ, per square root of a year.
  /// - Throws: ``ImpliedVolatilityRefusal``; prices and bounds in it are in quote units.
  public static func volatility(
    coinPrice: Double, forward: Double, strike: Double, yearsToExpiry: Double,
    right: OptionRight
  ) throws(ImpliedVolatilityRefusal) -> Double {
    try volatility(
      price: coinPrice * forward, forward: forward, strike: strike,
      yearsToExpiry: yearsToExpiry, right: right)
  }

  /// Price less intrinsic value; the digits that forward less strike loses count, because the time
  /// value of an option in the money may be no larger.
  private static func timeValue(
    _ price: Double, _ forward: Double, _ strike: Double, _ right: OptionRight, isInside: Bool
  ) -> Double {
    guard isInside else { return price }
    let larger = forward > strike ? forward : strike
    let smaller = forward > strike ? strike : forward
    let gain = larger - smaller
    // Exact, after T. J. Dekker, Numer. Math. 18 (1971), 224-242.
    let lost = (larger - gain) - smaller
    return (price - gain) - lost
  }

  private static func check(
    _ value: Double, from lowest: Double, upTo highest: Double, _ field: PricingField
  ) throws(ImpliedVolatilityRefusal) {
    // Written so that NaN is refused.
    guard value >= lowest, value <= highest else { throw .outOfDomain(field, value: value) }
  }
}

/// Why a price has no implied volatility.
public enum ImpliedVolatilityRefusal: Error, Equatable, Sendable, CustomStringConvertible {
  /// Forward, strike or time outside the domain; an infinity or NaN always is, and so is no time.
  case outOfDomain(PricingField, value: Double)
  /// A price that is negative, infinite or NaN.
  case malformedPrice(Double)
  /// Less than exercise is worth: an arbitrage.
  case belowIntrinsicValue(price: Double, bound: Double)
  /// Exactly what exercise is worth, or within 2^-1022 of it: every small volatility fits.
  case withoutTimeValue(price: Double)
  /// A call at or above its forward, a put at or above its strike: no volatility is large enough.
  case notBelowUpperBound(price: Double, bound: Double)

  public var description: String {
    switch self {
    case .outOfDomain(let field, let value):
      "\(field.rawValue) \(value) is outside the domain of implied volatility"
    case .malformedPrice(let price):
      "\(price) is not a price"
    case .belowIntrinsicValue(let price, let bound):
      "the price \(price) is below the intrinsic value \(bound)"
    case .withoutTimeValue(let price):
      "the price \(price) is the intrinsic value; it has no volatility of its own"
    case .notBelowUpperBound(let price, let bound):
      "the price \(price) is not below the option's upper bound \(bound)"
    }
  }
}
