// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// A variance that returns to its mean and is itself random.
///
/// dv = κ (θ - v) dt + σ √v dW, correlated with the forward by ρ. The Feller condition
/// 2κθ ≥ σ² is not required. Source: S. L. Heston, Review of Financial Studies 6 (1993), 327-343.
@frozen
public struct HestonModel: CharacteristicModel {
  /// v0: the variance per year now.
  public let initialVariance: Double
  /// θ: the variance per year it returns to.
  public let meanVariance: Double
  /// κ: the rate of return, per year.
  public let meanReversion: Double
  /// σ: per square root of a year and of variance.
  public let volatilityOfVariance: Double
  /// ρ: between the forward and its variance.
  public let correlation: Double

  /// - Parameters:
  ///   - initialVariance: v0, per year, from 0 to 100.
  ///   - meanVariance: θ, per year, from 0 to 100.
  ///   - meanReversion: κ, per year, from 0 to 1,000.
  ///   - volatilityOfVariance: σ, from 0 to 100; 0 gives ``Black76`` with the mean variance,
  ///     exactly.
  ///   - correlation: ρ, at most 0.9999 in magnitude: at ±1 the transform hardly decays.
  /// - Throws: ``PricingError/outOfDomain(_:value:)`` with the field.
  public init(
    initialVariance: Double, meanVariance: Double, meanReversion: Double,
    volatilityOfVariance: Double, correlation: Double
  ) throws(PricingError) {
    try Black76.check(initialVariance, upTo: 100, .initialVariance)
    try Black76.check(meanVariance, upTo: 100, .meanVariance)
    try Black76.check(meanReversion, upTo: 1_000, .meanReversion)
    try Black76.check(volatilityOfVariance, upTo: 100, .volatilityOfVariance)
    try Black76.check(correlation, from: -0.9999, upTo: 0.9999, .correlation)
    self.initialVariance = initialVariance
    self.meanVariance = meanVariance
    self.meanReversion = meanReversion
    self.volatilityOfVariance = volatilityOfVariance
    self.correlation = correlation
  }

  init(constantVariance: Double) {
    initialVariance = constantVariance
    (meanVariance, meanReversion, volatilityOfVariance, correlation) = (0, 0, 0, 0)
  }

  public static var parameters: [ModelParameter] {
    [.initialVariance, .meanVariance, .meanReversion, .volatilityOfVariance, .correlation]
  }

  public var general: SVCJModel { SVCJModel(variance: self, jumps: .none) }

  /// The expected variance, summed over the years: (v0 - θ) (1 - e^(-κτ)) / κ + θτ.
  ///
  /// - Parameter years: τ, at least 0.
  /// - Returns: A total variance; v0 τ exactly where κτ is below 2^-60.
  public func meanTotalVariance(years: Double) -> Double {
    // Below, the quotient has lost its digits and its limit is exact.
    guard meanReversion * years > 0x1p-60 else { return initialVariance * years }
    let decay = 0 - Elementary.expm1(0 - meanReversion * years)
    let weight = decay / meanReversion
    return initialVariance * weight + meanVariance * (years - weight)
  }
}
