// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
import Pricing

/// The past of one underlying, filtered: what its next days are drawn from.
public struct FilteredHistory: Hashable, Sendable {
  /// Returns over their own day's forecast, oldest first; the same days for every underlying.
  public let residuals: [Double]
  /// The forecast that falls and rises are scaled with: standard deviation of one day's log return.
  ///
  /// They differ where a ramp holds the two sides apart.
  public let fallVolatility: Double
  public let riseVolatility: Double

  /// The fewest days; as few as a range from history may have.
  public static let leastDays = 20

  public init(residuals: [Double], fallVolatility: Double, riseVolatility: Double) {
    self.residuals = residuals
    self.fallVolatility = fallVolatility
    self.riseVolatility = riseVolatility
  }

  public init(residuals: [Double], volatility: Double) {
    self.init(residuals: residuals, fallVolatility: volatility, riseVolatility: volatility)
  }

  /// The root mean square of one day's scenarios: a volatility for methods that know no tails.
  public var dailyVolatility: Double {
    var sum = 0.0
    for residual in residuals {
      let move = residual * (residual < 0 ? fallVolatility : riseVolatility)
      sum += move * move
    }
    return residuals.isEmpty ? 0 : (sum / Double(residuals.count)).squareRoot()
  }

  fileprivate func check(_ underlying: Int) throws(ValueAtRiskError) {
    guard residuals.count >= Self.leastDays else {
      throw .tooFewReturns(needed: Self.leastDays, found: residuals.count)
    }
    for volatility in [fallVolatility, riseVolatility] where !(volatility > 0 && volatility <= 10) {
      throw .malformedVolatility(underlying: underlying)
    }
  }
}

/// How quoted volatility follows the price: σ' = σ·(1 + β·ln(F'/F)), between a quarter and four
/// times σ, with one β for falls and one for rises.
///
/// The bounds are those of `VolatilitySurface.moved`, whose rule at the money this is with
/// β = R·S/σ.
public struct VolatilityResponse: Hashable, Sendable {
  /// Relative change per unit of ln(F'/F); negative where volatility rises on falls.
  public let down: Double
  public let up: Double

  public static let unchanged = VolatilityResponse(down: 0, up: 0)

  public init(down: Double, up: Double) {
    self.down = down
    self.up = up
  }

  var isMeaningful: Bool { down.magnitude <= 100 && up.magnitude <= 100 }

  func factor(logMove: Double) -> Double {
    let wished = 1 + (logMove < 0 ? down : up) * logMove
    return wished < 0.25 ? 0.25 : wished > 4 ? 4 : wished
  }
}

extension ValueAtRisk {
  /// Filtered historical simulation with full revaluation.
  ///
  /// Each day gives a scenario: every underlying moves by e^(z·σ̂·√h), z its standardized return of
  /// that day and h the horizon in days, and its volatilities by the response. Source: G.
  /// Barone-Adesi, K. Giannopoulos, L. Vosper, J. Futures Markets 19 (1999), 583-602.
  /// - Parameters:
  ///   - histories: One for each underlying of the book, over the same days.
  ///   - responses: The same; what it leaves out stays.
  /// - Throws: ``ValueAtRiskError``.
  public func historical(
    _ histories: [FilteredHistory], responses: [VolatilityResponse]
  ) throws(ValueAtRiskError) -> RangeEstimate {
    try checkCount(histories.count)
    try checkCount(responses.count)
    let days = histories.first?.residuals.count ?? 0
    guard days > 0 else { throw .tooFewReturns(needed: FilteredHistory.leastDays, found: 0) }
    var logMoves: [[Double]] = []
    var moves: [MarketMoves] = []
    for (underlying, history) in histories.enumerated() {
      try history.check(underlying)
      guard history.residuals.count == days else {
        throw .unequalHistories(expected: days, found: history.residuals.count)
      }
      guard responses[underlying].isMeaningful else {
        throw .malformedResponse(underlying: underlying)
      }
      let column = try scaled(history, underlying)
      logMoves.append(column)
      moves.append(
        MarketMoves(
          growth: column.map { Elementary.exp($0) },
          volatility: .factors(column.map { responses[underlying].factor(logMove: $0) })))
    }
    let profits = try revaluation.profits(in: moves, count: days)
    return LossSample(profits).estimate(.historical, confidence: terms.confidence) { day in
      logMoves.map { $0[day] }
    }
  }

  private func scaled(
    _ history: FilteredHistory, _ underlying: Int
  ) throws(ValueAtRiskError) -> [Double] {
    let root = terms.horizonDays.squareRoot()
    var column: [Double] = []
    column.reserveCapacity(history.residuals.count)
    for (place, residual) in history.residuals.enumerated() {
      let volatility = residual < 0 ? history.fallVolatility : history.riseVolatility
      let move = residual * (volatility * root)
      guard move.magnitude <= 10 else {
        throw .malformedReturn(underlying: underlying, place: place)
      }
      column.append(move)
    }
    return column
  }
}
