// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import Quantities

/// What a random book is.
public enum OptionBookKind: String, CaseIterable, Hashable, Sendable {
  case shortCall = "short call"
  case shortPut = "short put"
  case longOption = "long option"
  case vertical
  case straddle
  case strangle
  case calendar
  case riskReversal = "risk reversal"
  case butterfly
  case covered
  case mixed

  /// Books of this kind in a hundred.
  ///
  /// House: single shorts, what venues' option rules are made for, are a quarter; books of many
  /// legs, what portfolio margin is made for, a sixth; the rest are the standard combinations.
  public var weight: Int {
    switch self {
    case .shortCall, .shortPut, .vertical: 12
    case .longOption, .butterfly: 6
    case .straddle, .strangle, .calendar, .riskReversal: 8
    case .covered: 8
    case .mixed: 12
    }
  }

  /// What it holds, in words.
  public var composition: String {
    switch self {
    case .shortCall: "one call sold"
    case .shortPut: "one put sold"
    case .longOption: "one call or put bought"
    case .vertical: "two strikes of one expiry, bought and sold"
    case .straddle: "call and put at one strike, three in four sold"
    case .strangle: "put below and call above the forward, three in four sold"
    case .calendar: "one strike in two expiries, bought and sold"
    case .riskReversal: "put below and call above the forward, one bought, one sold"
    case .butterfly: "one, two and one of three strikes, the middle sold or bought"
    case .covered: "a future with a call sold, a put sold or a put bought against it"
    case .mixed: "3 to 20 options and futures of one underlying or of all"
    }
  }
}

/// A random book: positions in contracts of a pair's first chain, settled in the quote currency.
public struct OptionBook: Hashable, Sendable {
  public struct Leg: Hashable, Sendable {
    enum Terms: Hashable, Sendable {
      case future
      /// Value in quote units per coin, volatility annualized.
      case option(OptionRight, strike: Double, value: Double, volatility: Double)
    }
    /// Its place among the pair's underlyings, and that of its expiry.
    let underlying: Int
    let expiry: Int
    let terms: Terms
    /// Coins, negative for a short; not rounded to lots.
    var quantity: Double
  }
  public let kind: OptionBookKind
  public internal(set) var legs: [Leg]

  /// Σ|quantity| × index that every book is scaled to, quote units: requirements compare.
  public static let notional = 100_000.0

  /// What the book loses from the first chain of the pair to the second, quote units.
  ///
  /// Negative for a gain. Nothing is traded, no fee is paid.
  /// - Parameter surfaces: By underlying, kept from one book of the pair to the next.
  func loss(
    over pair: OptionPair, surfaces: inout [MarketSurface?]
  ) throws(OptionBacktestError) -> Double {
    var loss = 0.0
    for leg in legs {
      let expiry = pair.first[leg.underlying].expiries[leg.expiry]
      let later = pair.second[leg.underlying]
      switch leg.terms {
      case .future:
        loss += leg.quantity * (expiry.forward - later.forward(of: expiry.time))
      case .option(let right, let strike, let value, _):
        let then = try later.value(
          of: right, strike: strike, expiry: expiry.time, on: &surfaces[leg.underlying])
        loss += leg.quantity * (value - then)
      }
    }
    return loss
  }

  /// The book as margin models read it: marks and forwards of the first chain, no interest, no
  /// cash.
  ///
  /// Requirements count all options at their marks in equity, so a requirement is the loss that
  /// an account just at it can bear.
  func modelBook(in markets: [OptionMarket]) -> ModelBook {
    var underlyings: [Int] = []
    var expiries: [(underlying: Int, expiry: Int)] = []
    var book = ModelBook(underlyings: [])
    for leg in legs {
      let market = markets[leg.underlying]
      let expiry = market.expiries[leg.expiry]
      if !underlyings.contains(leg.underlying) {
        underlyings.append(leg.underlying)
        book.underlyings.append(.init(symbol: market.underlying, index: market.index))
      }
      let slot = underlyings.firstIndex(of: leg.underlying) ?? 0
      let key = (underlying: leg.underlying, expiry: leg.expiry)
      if !expiries.contains(where: { $0 == key }) {
        expiries.append(key)
        book.expiries.append(
          .init(underlying: slot, forward: expiry.forward, years: expiry.years))
      }
      let place = expiries.firstIndex { $0 == key } ?? 0
      book.positions.append(leg.position(slot, place, forward: expiry.forward))
    }
    return book
  }
}

extension OptionBook.Leg {
  fileprivate func position(
    _ underlying: Int, _ expiry: Int, forward: Double
  ) -> ModelBook.Position {
    switch terms {
    case .future:
      .init(
        name: "future", underlying: underlying, kind: .future(expiry: expiry),
        quantity: quantity, mark: forward)
    case .option(let right, let strike, let value, let volatility):
      .init(
        name: "option", underlying: underlying,
        kind: .option(right, strike: strike, expiry: expiry, volatility: volatility),
        quantity: quantity, mark: value)
    }
  }
}
