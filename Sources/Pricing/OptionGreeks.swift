// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// Sensitivities of an option's price, per unit of the underlying.
///
/// The unit of the price, quote units or coin, is that of the function that gives them; the
/// forward is in quote units per coin and the volatility in units of 1.00, not of percent.
@frozen
public struct OptionGreeks: Hashable, Sendable {
  /// Change of the price with the forward: price unit per quote unit.
  public var delta: Double
  /// Change of delta with the forward: price unit per quote unit squared.
  public var gamma: Double
  /// Change of the price with the volatility: price unit per 1.00 of volatility.
  public var vega: Double
  /// Change of the price as time passes, forward and volatility unchanged: price unit per year.
  public var theta: Double
  /// Change of delta with the volatility: price unit per quote unit and 1.00 of volatility.
  public var vanna: Double
  /// Change of vega with the volatility: price unit per 1.00 of volatility squared.
  public var volga: Double

  @inlinable
  public init(
    delta: Double, gamma: Double, vega: Double, theta: Double, vanna: Double, volga: Double
  ) {
    self.delta = delta
    self.gamma = gamma
    self.vega = vega
    self.theta = theta
    self.vanna = vanna
    self.volga = volga
  }
}

/// An option's price and how it changes, per unit of the underlying.
@frozen
public struct OptionValue: Hashable, Sendable {
  /// The price, in quote units or in coin as the function says that gives it.
  public var price: Double
  public var greeks: OptionGreeks

  @inlinable
  public init(price: Double, greeks: OptionGreeks) {
    self.price = price
    self.greeks = greeks
  }
}
