// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// At which probability and horizon value at risk is asked for, and what its methods assume.
public struct ValueAtRiskParameters: Hashable, Sendable {
  /// The probability that a loss stays within value at risk.
  public let confidence: Rate
  /// The time ahead at which a book is revalued.
  public let horizon: TimeSpan
  public let paths: Int
  public let stepsPerDay: Int
  /// Relative moves of volatility per unit of ln(F'/F), on falls and on rises.
  public let responseDown: Rate
  public let responseUp: Rate
  /// Standard deviation of one day's relative move of volatility.
  public let volatilityOfVolatility: Rate
  /// Between one day's return and the move of volatility.
  public let correlation: Rate
  public let model: SimulatedModelParameters

  public init(_ set: ParameterSet) throws(ParameterError) {
    confidence = try set.rate("var.confidence")
    horizon = try set.duration("var.horizon")
    paths = Int(try set.raw("var.paths"))
    stepsPerDay = Int(try set.raw("var.stepsPerDay"))
    responseDown = try set.rate("var.response.down")
    responseUp = try set.rate("var.response.up")
    volatilityOfVolatility = try set.rate("var.volatilityOfVolatility")
    correlation = try set.rate("var.correlation")
    model = try SimulatedModelParameters(set)
  }
}

/// A model of random variance with jumps of price and variance, as `SVCJModel` takes them.
public struct SimulatedModelParameters: Hashable, Sendable {
  public let initialVariance: Rate
  public let meanVariance: Rate
  public let meanReversion: Rate
  public let volatilityOfVariance: Rate
  public let correlation: Rate
  public let jumpIntensity: Rate
  public let meanJump: Rate
  public let jumpDeviation: Rate
  public let meanVarianceJump: Rate
  public let jumpCorrelation: Rate

  init(_ set: ParameterSet) throws(ParameterError) {
    initialVariance = try set.rate("var.svcj.initialVariance")
    meanVariance = try set.rate("var.svcj.meanVariance")
    meanReversion = try set.rate("var.svcj.meanReversion")
    volatilityOfVariance = try set.rate("var.svcj.volatilityOfVariance")
    correlation = try set.rate("var.svcj.correlation")
    jumpIntensity = try set.rate("var.svcj.jumpIntensity")
    meanJump = try set.rate("var.svcj.meanJump")
    jumpDeviation = try set.rate("var.svcj.jumpDeviation")
    meanVarianceJump = try set.rate("var.svcj.meanVarianceJump")
    jumpCorrelation = try set.rate("var.svcj.jumpCorrelation")
    guard meanVarianceJump.value * jumpCorrelation.value <= 0.99 else {
      throw .inconsistent(
        key: "var.svcj.jumpCorrelation",
        reason: "times var.svcj.meanVarianceJump above 0.99: the forward has no mean")
    }
  }
}
