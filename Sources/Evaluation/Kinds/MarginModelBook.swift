// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import Pricing
import Quantities

/// One account and its market as a request states them: inputs of models, so plain numbers.
struct ModelBookDraft {
  let book: ModelBook

  init(_ request: inout RequestObject) throws(EvaluationRefusal) {
    let underlyings = try request.objects("underlyings", atMost: 64) {
      object throws(EvaluationRefusal) in try ModelBook.Underlying(&object)
    }
    let symbols = underlyings.map(\.symbol.description)
    try request.refuseRepeated("underlyings", symbols)
    let expiries = try request.objects("expiries", atMost: 512, isOptional: true) {
      object throws(EvaluationRefusal) in try ModelBook.Expiry(&object, symbols)
    }
    var book = ModelBook(underlyings: underlyings, expiries: expiries)
    book.cash = try request.number("cash", default: 0)
    book.stableIndex = try request.number("stableIndex", default: 1)
    book.holdings = try request.objects("collateral", atMost: 64, isOptional: true) {
      object throws(EvaluationRefusal) in try ModelBook.Holding(&object, underlyings)
    }
    let market = book
    book.positions = try request.objects("positions", atMost: 512, isOptional: true) {
      object throws(EvaluationRefusal) in try ModelBook.Position(&object, market)
    }
    try request.refuseRepeated("positions", book.positions.map(\.name))
    self.book = book
  }
}

extension ModelBook.Underlying {
  fileprivate init(_ request: inout RequestObject) throws(EvaluationRefusal) {
    self.init(
      symbol: try request.symbol("symbol"), index: try request.number("index"),
      basis: try request.number("basis", default: 0),
      confidence: try request.number("confidence", default: 1),
      perpetualConfidence: try request.number("perpetualConfidence", default: 1),
      openInterest: try request.number("openInterest", default: 0))
  }
}

extension ModelBook.Expiry {
  fileprivate init(
    _ request: inout RequestObject, _ symbols: [String]
  ) throws(EvaluationRefusal) {
    self.init(
      underlying: try request.underlying(among: symbols), forward: try request.number("forward"),
      years: try request.number("years"),
      discount: try request.number("discount", default: 1),
      confidence: try request.number("confidence", default: 1),
      fixed: try request.number("fixed", default: 0), open: try request.number("open", default: 1))
  }
}

extension ModelBook.Holding {
  /// An asset that is an underlying moves with it, and takes its index where it has no price.
  fileprivate init(
    _ request: inout RequestObject, _ underlyings: [ModelBook.Underlying]
  ) throws(EvaluationRefusal) {
    let symbol = try request.symbol("asset")
    let place = underlyings.firstIndex { $0.symbol == symbol }
    let amount = try request.number("amount")
    let price: Double
    if let place {
      price = try request.number("price", default: underlyings[place].index)
    } else {
      price = try request.number("price")
    }
    self.init(
      symbol: symbol, amount: amount, price: price, underlying: place,
      confidence: try request.number("confidence", default: 1))
  }
}

extension ModelBook.Position {
  fileprivate init(
    _ request: inout RequestObject, _ market: ModelBook
  ) throws(EvaluationRefusal) {
    let name = try request.instrumentName()
    let underlying = try request.underlying(among: market.underlyings.map(\.symbol.description))
    let isInverse = try request.choice(
      "settlement", [("linear", false), ("inverse", true)], default: false)
    let shape = try request.instrumentShape()
    let kind: ModelBook.Kind
    switch shape {
    case .perpetual: kind = .perpetual
    case .future: kind = .future(expiry: try request.expiry(of: market, underlying))
    case .option:
      kind = .option(
        try request.optionRight(), strike: try request.number("strike"),
        expiry: try request.expiry(of: market, underlying),
        volatility: try request.volatility())
    }
    self.init(
      name: name, underlying: underlying, kind: kind, isInverse: isInverse,
      quantity: try request.number("size"),
      mark: try request.mark(of: kind, market, underlying, isInverse),
      profit: try request.optionalNumber("profit"),
      funding: try request.number("funding", default: 0),
      delta: try request.optionalNumber("delta"),
      rowProfits: try request.numbers(
        "rowProfits", atMost: ScenarioGrid.mostScenarios, isOptional: true))
  }
}

extension RequestObject {
  fileprivate mutating func underlying(
    among symbols: [String]
  ) throws(EvaluationRefusal) -> Int {
    let symbol = try symbol("underlying").description
    guard let place = symbols.firstIndex(of: symbol) else {
      throw refusal(.unpriced, "underlying", "\(symbol) is not among `underlyings`")
    }
    return place
  }

  fileprivate mutating func expiry(
    of market: ModelBook, _ underlying: Int
  ) throws(EvaluationRefusal) -> Int {
    let place = Int(try integer("expiry", in: 0...511))
    guard place < market.expiries.count, market.expiries[place].underlying == underlying else {
      throw refusal(
        .inconsistent, "expiry", "\(place) is no place in `expiries` of the same underlying")
    }
    return place
  }

  /// The stated mark; else the expiry's price or, of an option, its value at its volatility.
  fileprivate mutating func mark(
    of kind: ModelBook.Kind, _ market: ModelBook, _ underlying: Int, _ isInverse: Bool
  ) throws(EvaluationRefusal) -> Double {
    if states("mark") { return try number("mark") }
    _ = optional("mark")
    switch kind {
    case .perpetual:
      let terms = market.underlyings[underlying]
      return terms.index * (1 + terms.basis)
    case .future(let expiry):
      let terms = market.expiries[expiry]
      return terms.fixed + terms.open * terms.forward
    case .option(let right, let strike, let expiry, let volatility):
      do throws(ModelError) {
        let value = try market.optionMark(
          right, strike: strike, expiry: expiry, volatility: volatility)
        return isInverse ? value / market.expiries[expiry].forward : value
      } catch { throw EvaluationRefusal(.outOfDomain, error.description, field: place("strike")) }
    }
  }

  fileprivate mutating func optionalNumber(
    _ name: String
  ) throws(EvaluationRefusal) -> Double? {
    guard states(name) else {
      _ = optional(name)
      return nil
    }
    return try number(name)
  }
}
