// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
public import Parameters
import Quantities

/// A volatility surface from one number, for dates without recorded option prices.
///
/// At the money, σ(τ) = σ∞ + (σ₃₀ − σ∞)·(30 days ÷ τ)^p, inside a floor and a cap; with p ≤ ½
/// total variance rises with τ. Around it every expiry has the same smile per standard
/// deviation, z = ln(K/F) ÷ (σ√τ):
///
///     σ(z)² = σ² · ½·{1 + ρφz + √((φz + ρ)² + 1 − ρ²)}
///
/// This is the surface of J. Gatheral and A. Jacquier, Quantitative Finance 14 (2014), 59-71,
/// with φ(θ) = φ/√θ: free of butterfly arbitrage while φ²(1 + |ρ|) ≤ 4 and φσ√τ·(1 + |ρ|) < 4,
/// and of calendar arbitrage while σ²τ rises, both as long as no floor or cap binds.
public struct ParametricSurface: Hashable, Sendable {
  private let longRun: Double
  private let exponents: TermExponents
  private let shortestYears: Double
  private let correlation: Double
  private let width: Double
  private let lowest: Double
  private let highest: Double
  private let spotResponse: SpotResponse

  public init(_ parameters: SurfaceParameters) {
    longRun = parameters.longRunVolatility.value
    exponents = TermExponents(parameters.termExponents)
    shortestYears = parameters.shortestExpiry.years
    correlation = parameters.smileCorrelation.value
    width = parameters.smileWidth.value
    lowest = parameters.lowestVolatility.value
    highest = parameters.highestVolatility.value
    spotResponse = SpotResponse(
      down: parameters.spotResponseDown.value, up: parameters.spotResponseUp.value)
  }

  /// The smile of one expiry.
  ///
  /// - Parameters:
  ///   - level: At-the-money volatility for 30 days, annualized, positive.
  ///   - yearsToExpiry: Zero or below stands for expiry itself.
  public func smile(level: Double, yearsToExpiry: Double) -> Smile {
    let years = yearsToExpiry > shortestYears ? yearsToExpiry : shortestYears
    let scaled = longRun + (level - longRun) * exponents.scale(yearsToExpiry: years)
    return Smile(
      atTheMoney: clamped(scaled), yearsToExpiry: yearsToExpiry, correlation: correlation,
      width: width, skewYears: years, range: lowest...highest, spotResponse: spotResponse)
  }

  private func clamped(_ volatility: Double) -> Double {
    let floored = volatility > lowest ? volatility : lowest
    return floored < highest ? floored : highest
  }
}

/// How far volatility follows spot, in multiples of the skew.
struct SpotResponse: Hashable, Sendable {
  let down: Double
  let up: Double
}

/// The volatilities of one expiry, by log-moneyness.
public struct Smile: Hashable, Sendable {
  /// Volatility at the forward, annualized.
  public let atTheMoney: Double
  public let yearsToExpiry: Double
  private let correlation: Double
  private let width: Double
  /// z per unit of log-moneyness; zero at expiry, where volatility no longer matters.
  private let deviationsPerMoneyness: Double
  /// dσ/dk at the forward.
  public let skew: Double
  private let lowest: Double
  private let highest: Double
  private let spotResponse: SpotResponse

  init(
    atTheMoney: Double, yearsToExpiry: Double, correlation: Double, width: Double,
    skewYears: Double, range: ClosedRange<Double>, spotResponse: SpotResponse
  ) {
    self.atTheMoney = atTheMoney
    self.yearsToExpiry = yearsToExpiry
    self.correlation = correlation
    self.width = width
    let deviation = yearsToExpiry > 0 ? atTheMoney * yearsToExpiry.squareRoot() : 0
    deviationsPerMoneyness = deviation > 0 ? 1 / deviation : 0
    skew = correlation * width / (2 * skewYears.squareRoot())
    lowest = range.lowerBound
    highest = range.upperBound
    self.spotResponse = spotResponse
  }

  /// The volatility of a strike with `logMoneyness` = ln(K/F).
  public func volatility(logMoneyness: Double) -> Double {
    clamped(unclampedVolatility(logMoneyness))
  }

  /// The volatility after spot has moved: σ'(k') = σ(k') + R·(dσ/dk)·ln(F'/F).
  ///
  /// The smile moves with the forward, and its level by R times the skew, more on the way down
  /// than up: measured on Deribit, R is 2.5 to 3 on falls and −0.3 to 0.7 on rises.
  /// - Parameters:
  ///   - logMoneyness: ln(K/F) before the move.
  ///   - logMove: ln(F'/F).
  public func volatility(logMoneyness: Double, afterMove logMove: Double) -> Double {
    let response = logMove < 0 ? spotResponse.down : spotResponse.up
    let shift = response * (skew * logMove)
    return clamped(unclampedVolatility(logMoneyness - logMove) + shift)
  }

  private func unclampedVolatility(_ logMoneyness: Double) -> Double {
    let deviations = width * (logMoneyness * deviationsPerMoneyness)
    let shifted = deviations + correlation
    let root = (shifted * shifted + (1 - correlation * correlation)).squareRoot()
    let square = 0.5 * ((1 + correlation * deviations) + root)
    return atTheMoney * (square > 0 ? square : 0).squareRoot()
  }

  private func clamped(_ volatility: Double) -> Double {
    let floored = volatility > lowest ? volatility : lowest
    return floored < highest ? floored : highest
  }
}
