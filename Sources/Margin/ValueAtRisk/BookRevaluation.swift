// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import NumericalMethods
import Pricing

/// A book ready to be revalued at a horizon: what moves with the price alone, and its options.
///
/// All forwards, marks and the index of an underlying move by one factor; interest, basis, funding
/// and the stable coin stay. Options have the horizon less to live and are settled at what the
/// scenario's forward is worth where they would expire before it. An average price that settles an
/// expiry keeps the share that is fixed today. Positions settled in coin, and the coins held, are
/// worth what their coins are worth in the scenario.
struct BookRevaluation: Sendable {
  /// Quote units per unit of F'/F, by underlying.
  private(set) var slopes: [Double]
  private(set) var options: [RevaluedOption] = []

  /// - Throws: ``ValueAtRiskError``.
  init(_ book: ModelBook, years: Double) throws(ValueAtRiskError) {
    do throws(ModelError) { try book.check() } catch { throw .book(error) }
    slopes = Array(repeating: 0, count: book.underlyings.count)
    for position in book.positions { try take(position, book, years) }
    for holding in book.holdings {
      if let underlying = holding.underlying {
        slopes[underlying] += holding.amount * holding.price
      }
    }
  }

  private mutating func take(
    _ position: ModelBook.Position, _ book: ModelBook, _ years: Double
  ) throws(ValueAtRiskError) {
    guard position.rowProfits.isEmpty else { throw .withoutModel(position.name) }
    let index = book.underlyings[position.underlying].index
    switch position.kind {
    case .perpetual: break
    case .future(let expiry):
      guard book.expiries[expiry].years > 0 else { throw .expiredLeg(position.name) }
    case .option(_, let strike, let expiry, let volatility):
      let terms = book.expiries[expiry]
      guard terms.years > 0 else { throw .expiredLeg(position.name) }
      guard volatility > 0 else { throw .withoutVolatility(position.name) }
      // An inverse option is worth discount × Black ÷ forward coins.
      let coin = position.isInverse ? index / terms.forward : 1
      let scale = position.quantity * terms.discount * terms.open * coin
      let rest = terms.open > 0 ? (strike - terms.fixed) / terms.open : 0
      try takeOption(position, terms, rest: rest, scale: scale, volatility, years)
      return
    }
    if position.isInverse {
      // Coins now and what they gain: (profit + n − n/g)·g·index − profit·index, n = size ÷ mark.
      slopes[position.underlying] += index * (position.profit + position.quantity / position.mark)
    } else if case .future(let expiry) = position.kind, book.expiries[expiry].open < 1 {
      let terms = book.expiries[expiry]
      slopes[position.underlying] += position.quantity * terms.open * terms.forward
    } else {
      slopes[position.underlying] += position.quantity * position.mark
    }
  }

  private mutating func takeOption(
    _ position: ModelBook.Position, _ terms: ModelBook.Expiry, rest: Double, scale: Double,
    _ volatility: Double, _ years: Double
  ) throws(ValueAtRiskError) {
    guard case .option(let right, _, _, _) = position.kind, scale != 0 else { return }
    // Exercise is certain where what is fixed already passes the strike.
    guard rest > terms.forward * 1e-6 else {
      if right == .call { slopes[position.underlying] += scale * terms.forward }
      return
    }
    let variance = (volatility * volatility) * terms.years
    do throws(PricingError) {
      let price = try Black76.price(
        forward: terms.forward, strike: rest, totalVariance: variance, right: right)
      options.append(
        RevaluedOption(
          name: position.name, underlying: position.underlying, right: right, scale: scale,
          forward: terms.forward, strike: rest, volatility: volatility,
          years: terms.years > years ? terms.years - years : 0, price: price))
    } catch { throw .outOfRange(position.name) }
  }

  /// Profits of the whole book in scenarios.
  ///
  /// - Parameter moves: One for each underlying, all with as many scenarios.
  func profits(
    in moves: [MarketMoves], count: Int
  ) throws(ValueAtRiskError) -> [Double] {
    var profits = Array(repeating: 0.0, count: count)
    for (underlying, move) in moves.enumerated() {
      let slope = slopes[underlying]
      for scenario in 0..<count { profits[scenario] += slope * (move.growth[scenario] - 1) }
    }
    var columns = RevaluationColumns(count: count)
    for option in options {
      try columns.add(option, moves[option.underlying], to: &profits)
    }
    for profit in profits where !(profit.magnitude <= 1e30) { throw .outOfRange("the book") }
    return profits
  }
}

/// One option position of a book, to be revalued.
struct RevaluedOption: Sendable {
  let name: String
  let underlying: Int
  let right: OptionRight
  /// Position × discount × open share, and index ÷ forward of an inverse one.
  let scale: Double
  let forward: Double
  let strike: Double
  let volatility: Double
  /// Left at the horizon.
  let years: Double
  /// Undiscounted, now.
  let price: Double
}

/// Room to price one option in all scenarios at once.
private struct RevaluationColumns {
  private var forwards: [Double]
  private var strikes: [Double]
  private var variances: [Double]
  private var signs: [Double]
  private var prices: [Double]

  init(count: Int) {
    forwards = Array(repeating: 1, count: count)
    (strikes, variances, signs, prices) = (forwards, forwards, forwards, forwards)
  }

  mutating func add(
    _ option: RevaluedOption, _ move: MarketMoves, to profits: inout [Double]
  ) throws(ValueAtRiskError) {
    let variance = (option.volatility * option.volatility) * option.years
    let law = move.law(yearsLeft: option.years)
    for scenario in forwards.indices {
      forwards[scenario] = option.forward * move.growth[scenario]
      strikes[scenario] = option.strike
      signs[scenario] = option.right.sign
      variances[scenario] = variance * law.varianceFactor(scenario)
    }
    // Moved out and back: the pricer writes to it while it reads the other columns.
    var values = prices
    prices = []
    do throws(PricingError) {
      var results = values.mutableSpan
      try Black76.price(
        forwards: forwards.span, strikes: strikes.span, totalVariances: variances.span,
        signs: signs.span, into: &results)
    } catch { throw .outOfRange(option.name) }
    for scenario in profits.indices {
      profits[scenario] += option.scale * (values[scenario] - option.price)
    }
    prices = values
  }
}
