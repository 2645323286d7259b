// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// What an account's net size in one underlying adds to its requirement.
public struct SizeChargeParameters: Hashable, Sendable {
  /// Traded on an ordinary day, millionths of the quote currency.
  ///
  /// A market's own figure stands in for it where a snapshot has one. `nil` only where nothing
  /// here needs it.
  public let dailyVolume: Int64?
  /// The factor Y of the square-root law; 0 leaves the concentration charge out.
  public let impact: Rate
  /// The share of the daily volume that is left in stress.
  public let volumeStress: Rate
  /// Free of the concentration charge, as a share of the stressed daily volume.
  public let freeShare: Rate
  public let gap: GapParameters
  /// Charge on the notional per unit of the index's relative uncertainty; 0 for none.
  public let uncertaintyFactor: Rate
  /// Uncertainty up to this is free.
  public let freeUncertainty: Rate
  public let openInterest: OpenInterestParameters
  /// The share of the stressed daily volume that a liquidation takes in a day; 0 leaves the
  /// charge for liquidations of more than a day out.
  public let horizonShare: Rate

  init(_ owner: TermOwner) throws(ParameterError) {
    dailyVolume = try owner.dailyVolume()
    impact = try owner.rate("size", "impact")
    volumeStress = try owner.rate("size", "volumeStress", else: 1_000_000_000)
    freeShare = try owner.rate("size", "freeShare")
    gap = try GapParameters(owner)
    uncertaintyFactor = try owner.rate("size", "uncertaintyFactor")
    freeUncertainty = try owner.rate("size", "freeUncertainty")
    openInterest = OpenInterestParameters(
      lower: try owner.rate("size", "openInterestLower"),
      upper: try owner.rate("size", "openInterestUpper"),
      highest: try owner.rate("size", "openInterestRate"))
    horizonShare = try owner.rate("size", "horizonShare")
    if openInterest.highest > .zero, openInterest.upper <= openInterest.lower {
      throw .inconsistent(
        key: owner.key("size", "openInterestUpper"), reason: "not above openInterestLower")
    }
    let needsVolume =
      impact > .zero || gap.intensity > .zero || openInterest.highest > .zero
      || horizonShare > .zero
    if needsVolume, dailyVolume == nil {
      throw .missing(key: "book.\(owner.symbol).dailyVolume")
    }
  }
}

/// Jumps of the price, Merton's: Poisson in time, normal in the logarithm of the price; and how
/// long a position is exposed to them.
public struct GapParameters: Hashable, Sendable {
  /// Jumps per year; 0 is a price without jumps.
  public let intensity: Rate
  /// Mean and standard deviation of a jump of the logarithm of the price.
  public let mean: Rate
  public let deviation: Rate
  /// The share of worst outcomes whose mean is the charge.
  public let probability: Rate
  /// Time until a liquidation can begin.
  public let latency: TimeSpan
  /// The share of the volume that a liquidation may take.
  public let volumeShare: Rate

  public init(
    intensity: Rate, mean: Rate, deviation: Rate, probability: Rate, latency: TimeSpan,
    volumeShare: Rate
  ) {
    self.intensity = intensity
    self.mean = mean
    self.deviation = deviation
    self.probability = probability
    self.latency = latency
    self.volumeShare = volumeShare
  }

  init(_ owner: TermOwner) throws(ParameterError) {
    self.init(
      intensity: try owner.rate("size", "gapIntensity"),
      mean: try owner.rate("size", "gapMean"),
      deviation: try owner.rate("size", "gapDeviation", else: 100_000_000),
      probability: try owner.rate("size", "gapProbability", else: 10_000_000),
      latency: try owner.duration("size", "latency"),
      volumeShare: try owner.rate("size", "volumeShare", else: 100_000_000))
  }
}

/// How a market's open interest raises the charge on every position in it.
@frozen
public struct OpenInterestParameters: Hashable, Sendable {
  /// Multiples of the ordinary daily volume between which the charge rises.
  public let lower: Rate
  public let upper: Rate
  /// The charge from ``upper`` on, as a share of the notional; 0 for none.
  public let highest: Rate

  @inlinable
  public init(lower: Rate, upper: Rate, highest: Rate) {
    self.lower = lower
    self.upper = upper
    self.highest = highest
  }
}
