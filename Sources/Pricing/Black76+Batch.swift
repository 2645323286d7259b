// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Kernels

/// Options settled in the quote currency, as columns of equal length.
public struct OptionColumns: Sendable {
  /// Forward prices at expiry, quote units.
  public var forward: [Double]
  /// Strikes, quote units.
  public var strike: [Double]
  /// Volatilities, per square root of a year.
  public var volatility: [Double]
  /// Years to expiry.
  public var yearsToExpiry: [Double]
  /// 1 for a call, -1 for a put: `OptionRight.sign`.
  public var sign: [Double]

  public init(
    forward: [Double], strike: [Double], volatility: [Double], yearsToExpiry: [Double],
    sign: [Double]
  ) {
    self.forward = forward
    self.strike = strike
    self.volatility = volatility
    self.yearsToExpiry = yearsToExpiry
    self.sign = sign
  }
}

/// Prices and Greeks of many options, as columns of equal length; units as in ``OptionGreeks``.
public struct OptionValueColumns: Sendable {
  public var price: [Double]
  public var delta: [Double]
  public var gamma: [Double]
  public var vega: [Double]
  public var theta: [Double]
  public var vanna: [Double]
  public var volga: [Double]

  /// Room for the values of `count` options, all 0.
  public init(count: Int) {
    let zeros = [Double](repeating: 0, count: count)
    (price, delta, gamma, vega) = (zeros, zeros, zeros, zeros)
    (theta, vanna, volga) = (zeros, zeros, zeros)
  }

  public subscript(index: Int) -> OptionValue {
    OptionValue(
      price: price[index],
      greeks: OptionGreeks(
        delta: delta[index], gamma: gamma[index], vega: vega[index], theta: theta[index],
        vanna: vanna[index], volga: volga[index]))
  }

  fileprivate func hasCount(_ count: Int) -> Bool {
    price.count == count && delta.count == count && gamma.count == count && vega.count == count
      && theta.count == count && vanna.count == count && volga.count == count
  }
}

extension Black76 {
  /// Prices many options; ``price(forward:strike:totalVariance:right:)`` for each, same bits.
  ///
  /// Allocates nothing. All spans have the same length.
  /// - Parameters:
  ///   - forwards: Forward prices at expiry, quote units.
  ///   - strikes: Strikes, quote units.
  ///   - totalVariances: σ²τ of each option.
  ///   - signs: 1 for a call, -1 for a put: `OptionRight.sign`.
  ///   - prices: Receives the prices, quote units.
  /// - Throws: ``PricingError/outOfDomain(_:value:)`` for the first option outside the domain;
  ///   its price is NaN then, and those of the others are right.
  public static func price(
    forwards: Span<Double>, strikes: Span<Double>, totalVariances: Span<Double>,
    signs: Span<Double>, into prices: inout MutableSpan<Double>
  ) throws(PricingError) {
    let count = prices.count
    precondition(
      forwards.count == count && strikes.count == count && totalVariances.count == count
        && signs.count == count, "columns of equal length")
    forwards.withUnsafeBufferPointer { forward in
      strikes.withUnsafeBufferPointer { strike in
        totalVariances.withUnsafeBufferPointer { variance in
          signs.withUnsafeBufferPointer { sign in
            prices.withUnsafeMutableBufferPointer { price in
              plimsoll_black76_price(
                forward.baseAddress, strike.baseAddress, variance.baseAddress,
                sign.baseAddress, price.baseAddress, count)
            }
          }
        }
      }
    }
    guard let refused = firstRefusal(prices.span) else { return }
    _ = try terms(forwards[refused], strikes[refused], totalVariances[refused])
    throw .outOfDomain(.right, value: signs[refused])
  }

  /// Prices many options and their Greeks;
  /// ``value(forward:strike:volatility:yearsToExpiry:right:)`` for each, same bits.
  ///
  /// Allocates nothing if `results` holds its columns alone. All columns have the same length.
  /// - Throws: ``PricingError/outOfDomain(_:value:)`` for the first option outside the domain;
  ///   its results are NaN then, and those of the others are right.
  public static func value(
    of options: OptionColumns, into results: inout OptionValueColumns
  ) throws(PricingError) {
    let count = options.forward.count
    precondition(
      options.strike.count == count && options.volatility.count == count
        && options.yearsToExpiry.count == count && options.sign.count == count
        && results.hasCount(count), "columns of equal length")
    plimsoll_black76(
      options.forward, options.strike, options.volatility, options.yearsToExpiry, options.sign,
      &results.price, &results.delta, &results.gamma, &results.vega, &results.theta,
      &results.vanna, &results.volga, count)
    guard let refused = firstRefusal(results.price.span) else { return }
    _ = try value(
      forward: options.forward[refused], strike: options.strike[refused],
      volatility: options.volatility[refused], yearsToExpiry: options.yearsToExpiry[refused],
      right: .call)
    throw .outOfDomain(.right, value: options.sign[refused])
  }

  /// The kernels give NaN for an option outside the domain, and only for that.
  private static func firstRefusal(_ prices: Span<Double>) -> Int? {
    var isWhole = true
    for index in prices.indices { isWhole = isWhole && prices[index] == prices[index] }
    return isWhole ? nil : prices.indices.first { prices[$0].isNaN }
  }
}
