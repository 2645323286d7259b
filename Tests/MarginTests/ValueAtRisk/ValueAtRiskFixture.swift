// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import NumericalMethods
import Pricing
import Quantities

/// Books and markets of the tests of value at risk: one underlying at 10,000.
enum RangeFixture {
  static let price = 10_000.0
  static let dailyVolatility = 0.04

  static func book(
    _ positions: [ModelBook.Position], years: Double = 0.1, cash: Double = 0
  ) throws -> ModelBook {
    ModelBook(
      underlyings: [.init(symbol: try AssetSymbol("BTC"), index: price)],
      expiries: [.init(underlying: 0, forward: price, years: years)], positions: positions,
      cash: cash)
  }

  static func perpetual(_ quantity: Double) -> ModelBook.Position {
    ModelBook.Position(name: "BTC-PERP", kind: .perpetual, quantity: quantity, mark: price)
  }

  static func option(
    _ right: OptionRight, strike: Double, quantity: Double, volatility: Double = 0.8,
    isInverse: Bool = false
  ) -> ModelBook.Position {
    ModelBook.Position(
      name: "\(right) \(strike)",
      kind: .option(right, strike: strike, expiry: 0, volatility: volatility),
      isInverse: isInverse, quantity: quantity, mark: 1)
  }

  /// Short of both wings, the book of the documentation.
  static var strangle: [ModelBook.Position] {
    [option(.put, strike: 8_500, quantity: -10), option(.call, strike: 12_000, quantity: -10)]
  }

  /// Quantiles of the standard normal distribution at evenly spaced probabilities: a sample whose
  /// own quantiles are nearly exact.
  static func normalResiduals(_ count: Int) -> [Double] {
    (0..<count).map { Normal.inverse((Double($0) + 0.5) / Double(count)) }
  }

  /// Black's model, as a case of the general one.
  static func black(dailyVolatility: Double = dailyVolatility) throws -> SVCJModel {
    let variance = dailyVolatility * dailyVolatility * 365
    return try SVCJModel(
      variance: HestonModel(
        initialVariance: variance, meanVariance: variance, meanReversion: 0,
        volatilityOfVariance: 0, correlation: 0),
      jumps: .none, meanVarianceJump: 0, jumpCorrelation: 0)
  }

  /// BTC, median of snapshots from December 2025: specification, section 1.2 (a).
  static func svcj() throws -> SVCJModel {
    try SVCJModel(
      variance: HestonModel(
        initialVariance: 0.224903, meanVariance: 0.108179, meanReversion: 13.376951,
        volatilityOfVariance: 0.940205, correlation: -0.425279),
      jumps: LogarithmicJumps(intensity: 1.287897, meanJump: -0.067601, deviation: 0.157563),
      meanVarianceJump: 0.737491, jumpCorrelation: -0.030299)
  }

  static let still = ParametricMoves(
    dailyVolatility: dailyVolatility, volatilityOfVolatility: 0, correlation: 0)

  /// Three short calls on three underlyings: value_at_risk.csv of the reference values, mpmath with
  /// 40 digits.
  static let threeCalls = (valueAtRisk: 95.857_162_535_378_675, shortfall: 111.822_352_333_429_56)

  static func normalMarket(_ count: Int = 20_001) throws -> RangeMarket {
    RangeMarket(
      history: FilteredHistory(
        residuals: normalResiduals(count), volatility: dailyVolatility),
      response: .unchanged, parametric: still, model: try black())
  }
}
