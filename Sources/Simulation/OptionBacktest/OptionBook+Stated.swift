// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import Quantities

extension OptionBook {
  /// One contract of a stated book.
  public struct Holding: Hashable, Sendable {
    public let underlying: AssetSymbol
    /// `nil` for a future.
    public let option: Option?
    public let expiry: Timestamp
    /// Coins, negative for a short.
    public let quantity: Double

    public struct Option: Hashable, Sendable {
      public let right: OptionRight
      /// Quote units per coin.
      public let strike: Double

      public init(_ right: OptionRight, strike: Double) {
        self.right = right
        self.strike = strike
      }
    }

    public init(
      _ underlying: AssetSymbol, _ option: Option? = nil, expiry: Timestamp, quantity: Double
    ) {
      self.underlying = underlying
      self.option = option
      self.expiry = expiry
      self.quantity = quantity
    }
  }

  /// A book of stated contracts, its size as it is.
  ///
  /// - Parameter markets: The first ones of a pair.
  /// - Throws: ``OptionBacktestError/unlisted(_:expiry:)``.
  public init(
    kind: OptionBookKind = .mixed, _ holdings: [Holding], in markets: [OptionMarket]
  ) throws(OptionBacktestError) {
    var legs: [Leg] = []
    for holding in holdings {
      guard
        let underlying = markets.firstIndex(where: { $0.underlying == holding.underlying }),
        let expiry = markets[underlying].expiries.firstIndex(where: { $0.time == holding.expiry })
      else { throw .unlisted(holding.underlying, expiry: holding.expiry) }
      var terms = Leg.Terms.future
      if let option = holding.option {
        guard
          let quote = markets[underlying].expiries[expiry].quote(
            option.right, strike: option.strike)
        else { throw .unlisted(holding.underlying, expiry: holding.expiry) }
        terms = .option(
          option.right, strike: option.strike, value: quote.value, volatility: quote.volatility)
      }
      legs.append(
        Leg(underlying: underlying, expiry: expiry, terms: terms, quantity: holding.quantity))
    }
    self.init(kind: kind, legs: legs)
  }
}
