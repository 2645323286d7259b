// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
import NumericalMethods

/// European options on a spot price with constant carry: ``Black76`` on the forward
/// S·e^((r−q)τ), discounted by e^(−rτ).
///
/// Source: F. Black, M. Scholes, J. Political Economy 81 (1973), 637-654; R. C. Merton, Bell J.
/// Economics 4 (1973), 141-183, for the yield.
public struct BlackScholes: Hashable, Sendable {
  /// S, quote units.
  public let spot: Double
  /// r, per year, continuously compounded.
  public let rate: Double
  /// q: what holding the underlying pays, per year, continuously compounded.
  public let yield: Double

  /// - Parameters:
  ///   - spot: From 2^-400 to 2^400.
  ///   - rate: From -10 to 10.
  ///   - yield: From -10 to 10.
  /// - Throws: ``PricingError/outOfDomain(_:value:)`` with the field.
  public init(spot: Double, rate: Double, yield: Double = 0) throws(PricingError) {
    try Black76.check(spot, from: 0x1p-400, upTo: 0x1p400, .spot)
    try Black76.check(rate, from: -10, upTo: 10, .rate)
    try Black76.check(yield, from: -10, upTo: 10, .yield)
    self.spot = spot
    self.rate = rate
    self.yield = yield
  }

  /// The forward price at expiry, quote units.
  ///
  /// - Throws: ``PricingError/outOfDomain(_:value:)`` for years outside 0 to 10.
  public func forward(yearsToExpiry: Double) throws(PricingError) -> Double {
    try Black76.check(yearsToExpiry, upTo: 10, .yearsToExpiry)
    return spot * Elementary.exp((rate - yield) * yearsToExpiry)
  }

  /// What the option is worth now and how that changes.
  ///
  /// - Parameters: As for ``Black76/value(forward:strike:volatility:yearsToExpiry:right:)``, the
  ///   years at most 10.
  /// - Returns: Discounted price; delta, gamma and vanna by spot; theta as time passes at the same
  ///   spot; errors as there, and 1e-15 more for each of the two exponentials.
  /// - Throws: ``PricingError/outOfDomain(_:value:)``.
  public func value(
    strike: Double, volatility: Double, yearsToExpiry: Double, right: OptionRight
  ) throws(PricingError) -> CarriedOptionValue {
    let forward = try forward(yearsToExpiry: yearsToExpiry)
    let discount = Elementary.exp(-rate * yearsToExpiry)
    let quoted = try Black76.value(
      forward: forward, strike: strike, volatility: volatility, yearsToExpiry: yearsToExpiry,
      right: right)
    let growth = forward / spot
    let price = discount * quoted.price
    let delta = discount * growth * quoted.greeks.delta
    let carried = (rate - yield) * spot * delta
    let greeks = OptionGreeks(
      delta: delta,
      gamma: discount * (growth * growth) * quoted.greeks.gamma,
      vega: discount * quoted.greeks.vega,
      theta: discount * quoted.greeks.theta + (rate * price - carried),
      vanna: discount * growth * quoted.greeks.vanna,
      volga: discount * quoted.greeks.volga)
    return CarriedOptionValue(
      price: price, greeks: greeks, rho: yearsToExpiry * (spot * delta - price),
      yieldRho: -yearsToExpiry * spot * delta)
  }
}

/// What an option on a spot price is worth.
@frozen
public struct CarriedOptionValue: Hashable, Sendable {
  /// Quote units, discounted.
  public let price: Double
  public let greeks: OptionGreeks
  /// Change of the price with the rate, per 1.00.
  public let rho: Double
  /// Change of the price with the yield, per 1.00.
  public let yieldRho: Double
}
