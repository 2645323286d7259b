// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// Normally distributed jumps of the logarithm of the forward, arriving as a Poisson process.
@frozen
public struct LogarithmicJumps: Hashable, Sendable {
  /// λ: jumps per year.
  public let intensity: Double
  /// μ: the mean jump of the logarithm.
  public let meanJump: Double
  /// δ: the standard deviation of a jump of the logarithm.
  public let deviation: Double

  /// - Parameters:
  ///   - intensity: Jumps per year, from 0 to 1,000.
  ///   - meanJump: Mean of the logarithm, from -5 to 5.
  ///   - deviation: Standard deviation of the logarithm, from 0 to 5.
  /// - Throws: ``PricingError/outOfDomain(_:value:)`` with the field.
  public init(
    intensity: Double, meanJump: Double, deviation: Double
  ) throws(PricingError) {
    try Black76.check(intensity, upTo: 1_000, .jumpIntensity)
    try Black76.check(meanJump, from: -5, upTo: 5, .meanJump)
    try Black76.check(deviation, upTo: 5, .jumpDeviation)
    self.init(unchecked: intensity, meanJump, deviation)
  }

  init(unchecked intensity: Double, _ meanJump: Double, _ deviation: Double) {
    self.intensity = intensity
    self.meanJump = meanJump
    self.deviation = deviation
  }

  /// No jumps at all.
  public static let none = LogarithmicJumps(unchecked: 0, 0, 0)
}

/// Constant volatility with normally distributed jumps of the logarithm.
///
/// Source: R. C. Merton, J. Financial Economics 3 (1976), 125-144. Zero intensity gives
/// ``Black76`` exactly.
@frozen
public struct MertonModel: CharacteristicModel {
  /// σ, per square root of a year, of the diffusion alone.
  public let volatility: Double
  public let jumps: LogarithmicJumps

  /// - Parameters:
  ///   - volatility: Of the diffusion alone, from 0 to 10.
  ///   - jumps: Intensity, mean and deviation of the jumps.
  /// - Throws: ``PricingError/outOfDomain(_:value:)`` with the field.
  public init(volatility: Double, jumps: LogarithmicJumps) throws(PricingError) {
    try Black76.check(volatility, upTo: 10, .volatility)
    self.volatility = volatility
    self.jumps = jumps
  }

  public static var parameters: [ModelParameter] { [.jumpIntensity, .meanJump, .jumpDeviation] }

  public var general: SVCJModel {
    SVCJModel(
      variance: HestonModel(constantVariance: volatility * volatility), jumps: jumps)
  }
}
