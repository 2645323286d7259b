// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// Random variance and jumps of the forward, independent of each other.
///
/// Source: D. S. Bates, Review of Financial Studies 9 (1996), 69-107. Without jumps it is
/// ``HestonModel``, without volatility of variance ``MertonModel`` with the mean variance.
@frozen
public struct BatesModel: CharacteristicModel {
  public let variance: HestonModel
  public let jumps: LogarithmicJumps

  @inlinable public init(variance: HestonModel, jumps: LogarithmicJumps) {
    self.variance = variance
    self.jumps = jumps
  }

  public static var parameters: [ModelParameter] {
    HestonModel.parameters + MertonModel.parameters
  }

  public var general: SVCJModel { SVCJModel(variance: variance, jumps: jumps) }
}

/// Random variance, and jumps of forward and variance at the same times.
///
/// A jump adds an exponentially distributed Z to the variance and a normal number with mean
/// μ + ρ_J Z and deviation δ to the logarithm of the forward.
/// Source: D. Duffie, J. Pan, K. Singleton, Econometrica 68 (2000), 1343-1376.
@frozen
public struct SVCJModel: CharacteristicModel {
  public let variance: HestonModel
  public let jumps: LogarithmicJumps
  /// μ_v: the mean of Z, variance per year.
  public let meanVarianceJump: Double
  /// ρ_J: what a unit of Z adds to the logarithm of the forward.
  public let jumpCorrelation: Double

  /// - Parameters:
  ///   - variance: The variance between jumps.
  ///   - jumps: Intensity of all jumps; mean and deviation of the forward's at Z = 0.
  ///   - meanVarianceJump: μ_v, variance per year, from 0 to 100; 0 gives ``BatesModel`` exactly.
  ///   - jumpCorrelation: ρ_J, from -10 to 10, with μ_v ρ_J at most 0.99: at 1 the forward has
  ///     no mean.
  /// - Throws: ``PricingError/outOfDomain(_:value:)`` with the field.
  public init(
    variance: HestonModel, jumps: LogarithmicJumps, meanVarianceJump: Double,
    jumpCorrelation: Double
  ) throws(PricingError) {
    try Black76.check(meanVarianceJump, upTo: 100, .meanVarianceJump)
    try Black76.check(jumpCorrelation, from: -10, upTo: 10, .jumpCorrelation)
    guard meanVarianceJump * jumpCorrelation <= 0.99 else {
      throw .outOfDomain(.jumpCorrelation, value: jumpCorrelation)
    }
    self.variance = variance
    self.jumps = jumps
    self.meanVarianceJump = meanVarianceJump
    self.jumpCorrelation = jumpCorrelation
  }

  init(variance: HestonModel, jumps: LogarithmicJumps) {
    self.variance = variance
    self.jumps = jumps
    (meanVarianceJump, jumpCorrelation) = (0, 0)
  }

  public static var parameters: [ModelParameter] { ModelParameter.allCases }

  public var general: SVCJModel { self }
}
