// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import NumericalMethods
import Pricing

/// What the parametric method knows of one underlying.
public struct ParametricMoves: Hashable, Sendable {
  /// Standard deviation of one day's log return.
  public let dailyVolatility: Double
  /// Standard deviation of one day's relative move of quoted volatility, the same at all expiries.
  public let volatilityOfVolatility: Double
  /// Between the two, from −1 to 1.
  public let correlation: Double

  public init(dailyVolatility: Double, volatilityOfVolatility: Double, correlation: Double) {
    self.dailyVolatility = dailyVolatility
    self.volatilityOfVolatility = volatilityOfVolatility
    self.correlation = correlation
  }

  fileprivate func check(_ underlying: Int) throws(ValueAtRiskError) {
    guard dailyVolatility > 0, dailyVolatility <= 10 else {
      throw .malformedVolatility(underlying: underlying)
    }
    guard volatilityOfVolatility >= 0, volatilityOfVolatility <= 10, correlation.magnitude <= 1
    else { throw .malformedResponse(underlying: underlying) }
  }
}

extension ValueAtRisk {
  /// Delta, gamma and vega: the book's expansion around the horizon, its distribution inverted.
  ///
  /// P = θ + Δx + ½Γx² + νv in x = ln(F'/F), normal with variance s² = σ²h and mean −s²/2, and the
  /// relative move v of volatility, normal with deviation ψ√h and correlated with x. θ is what time
  /// takes, Δ and Γ are derivatives in x. P is a quadratic in independent normal numbers, and
  /// its distribution is inverted, not approximated by moments: see `QuadraticProfit`. What it
  /// leaves out is vanna, volga and all third derivatives, and fat tails.
  /// Source of the form: T. Mina, A. Ulmer, Delta-Gamma Four Ways, RiskMetrics (1999).
  /// - Parameters:
  ///   - moves: One for each underlying of the book.
  ///   - joint: Whether all underlyings follow the same pair of normal numbers.
  /// - Throws: ``ValueAtRiskError``.
  public func parametric(
    _ moves: [ParametricMoves], joint: JointMoves = .independent
  ) throws(ValueAtRiskError) -> RangeEstimate {
    try checkCount(moves.count)
    var profit = QuadraticProfit()
    var common = QuadraticTerm(slope: 0, curvature: 0)
    var commonSlope = 0.0
    for (underlying, move) in moves.enumerated() {
      try move.check(underlying)
      let part = try expansion(underlying, move)
      profit.constant += part.constant
      switch joint {
      case .independent: profit.add(part.term, independentSlope: part.independentSlope)
      case .together:
        common.slope += part.term.slope
        common.curvature += part.term.curvature
        commonSlope += part.independentSlope
      }
    }
    if joint == .together { profit.add(common, independentSlope: commonSlope) }
    guard profit.constant.magnitude <= 1e30, profit.deviation <= 1e30 else {
      throw .outOfRange("the book")
    }
    let tail = profit.tail(probability: 1 - terms.confidence)
    return RangeEstimate(
      method: .parametric, valueAtRisk: tail.valueAtRisk,
      expectedShortfall: tail.expectedShortfall,
      standardErrors: RangeEstimate.StandardErrors(tail.error, tail.error), interval: nil,
      scenarioCount: 0, worst: [])
  }

  private struct Expansion {
    var constant = 0.0
    var term = QuadraticTerm(slope: 0, curvature: 0)
    /// On the part of volatility's move that the price does not explain.
    var independentSlope = 0.0
  }

  private func expansion(
    _ underlying: Int, _ move: ParametricMoves
  ) throws(ValueAtRiskError) -> Expansion {
    var first = revaluation.slopes[underlying]
    var second = first
    var vega = 0.0
    var decay = 0.0
    for option in revaluation.options where option.underlying == underlying {
      do throws(PricingError) {
        let value = try Black76.value(
          forward: option.forward, strike: option.strike, volatility: option.volatility,
          yearsToExpiry: option.years, right: option.right)
        let delta = option.scale * (value.greeks.delta * option.forward)
        first += delta
        second += delta + option.scale * (value.greeks.gamma * (option.forward * option.forward))
        vega += option.scale * (value.greeks.vega * option.volatility)
        decay += option.scale * (value.price - option.price)
      } catch { throw .outOfRange(option.name) }
    }
    let root = terms.horizonDays.squareRoot()
    let spread = move.dailyVolatility * root
    let square = spread * spread
    let swing = vega * (move.volatilityOfVolatility * root)
    let rho = move.correlation
    return Expansion(
      constant: decay - 0.5 * (first * square) + 0.125 * (second * (square * square)),
      term: QuadraticTerm(
        slope: first * spread - 0.5 * (second * (square * spread)) + swing * rho,
        curvature: second * square),
      independentSlope: swing * (1 - rho * rho).squareRoot())
  }
}
