// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import NumericalMethods
import Pricing
import Volatility

/// A quote in the coordinates of a smile's picture.
struct DrawnQuote: Sendable {
  let right: OptionRight
  let strike: Double
  /// ln(K/F).
  let logMoneyness: Double
  /// Volatilities of the two sides; nil where nobody quotes or the price has none.
  let bid: Double?
  let ask: Double?
  /// The volatility of the middle, or of the only side.
  let volatility: Double
  /// Nil for a quote that counts.
  let rejection: QuoteRejection?

  /// The quotes of an expiry that have a volatility, by strike, without those in the money: at
  /// each of their strikes stands an option out of the money.
  static func all(of expiry: ExpiryQuotes, fit: ExpiryFit, forward: Double) -> [DrawnQuote] {
    // Both follow the order of the chain.
    var rejected = fit.rejected[...]
    var drawn: [DrawnQuote] = []
    for quote in expiry.quotes {
      var rejection: QuoteRejection?
      if let next = rejected.first, next.right == quote.right, next.strike == quote.strike {
        rejection = next.rejection
        rejected.removeFirst()
      }
      guard rejection != .inTheMoney, quote.right.sign * (forward - quote.strike) <= 0 else {
        continue
      }
      let place = (forward: forward, years: fit.yearsToExpiry)
      if let quote = DrawnQuote(quote, at: place, rejection: rejection) { drawn.append(quote) }
    }
    return drawn.sorted { left, right in
      left.strike != right.strike
        ? left.strike < right.strike : left.right.rawValue < right.right.rawValue
    }
  }

  private init?(
    _ quote: OptionQuote, at place: (forward: Double, years: Double), rejection: QuoteRejection?
  ) {
    func volatility(_ coins: Double?) -> Double? {
      guard let coins, coins > 0 else { return nil }
      let deviation = try? ImpliedVolatility.totalDeviation(
        price: coins * place.forward, forward: place.forward, strike: quote.strike,
        right: quote.right)
      return deviation.map { $0 / place.years.squareRoot() }
    }
    bid = volatility(quote.bid)
    ask = volatility(quote.ask)
    let middle: Double? =
      if let bid = quote.bid, let ask = quote.ask, bid > 0, ask > 0 { 0.5 * (bid + ask) } else {
        nil
      }
    guard let shown = volatility(middle) ?? ask ?? bid else { return nil }
    self.volatility = shown
    right = quote.right
    strike = quote.strike
    logMoneyness = Elementary.log(quote.strike / place.forward)
    self.rejection = rejection
  }
}
