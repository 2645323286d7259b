// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Parameters
public import Quantities
public import Volatility

/// One joint move of spot and volatility, and how much of its profit or loss counts.
@frozen
public struct Scenario: Hashable, Sendable {
  /// Relative move of index and forwards, above −1.
  public let spotShift: Double
  public let volatility: VolatilityState
  /// Share of the profit or loss that counts, usually 1.
  public let damper: Double

  @inlinable
  public init(spotShift: Double, volatility: VolatilityState, damper: Double = 1) {
    self.spotShift = spotShift
    self.volatility = volatility
    self.damper = damper
  }
}

/// The scenarios of one underlying, in a fixed order: any venue's list.
public struct ScenarioGrid: Hashable, Sendable {
  public let scenarios: [Scenario]
  /// Scenarios of the smile with spot unchanged, in which each expiry counts as a loss.
  public let skews: [SkewState]
  /// Whether volatility follows spot, besides the shocks.
  public let volatilityFollowsSpot: Bool

  /// The most scenarios of one grid, so that a table row has a sane size.
  public static let mostScenarios = 1_024

  /// - Throws: ``MarginError/malformedScenario(_:)`` or
  ///   ``MarginError/tooManyScenarios(_:)``.
  public init(
    scenarios: [Scenario], skews: [SkewState] = [], volatilityFollowsSpot: Bool = false
  ) throws(MarginError) {
    guard scenarios.count <= Self.mostScenarios else { throw .tooManyScenarios(scenarios.count) }
    for (index, scenario) in scenarios.enumerated() {
      guard scenario.spotShift > -1, scenario.spotShift.isFinite, scenario.damper >= 0,
        scenario.damper.isFinite
      else { throw .malformedScenario(index) }
    }
    self.scenarios = scenarios
    self.skews = skews
    self.volatilityFollowsSpot = volatilityFollowsSpot
  }

  /// The grid of the parameters for one underlying.
  ///
  /// Spot ± range in equal steps, from the lowest up, each with volatility up, unchanged and
  /// down; then the tails, volatility up, damped by damper × range ÷ |shift|; then both skew
  /// scenarios.
  public init(_ parameters: ScanParameters, underlying: AssetSymbol) throws(MarginError) {
    let range = parameters.ranges[underlying].value
    let steps = parameters.stepsPerSide
    var scenarios: [Scenario] = []
    for step in -steps...steps {
      let shift = range * (Double(step) / Double(steps))
      for state in VolatilityState.allCases {
        scenarios.append(Scenario(spotShift: shift, volatility: state))
      }
    }
    for tail in parameters.tailShifts {
      let damper = parameters.tailDamper.value * range / tail.value.magnitude
      scenarios.append(Scenario(spotShift: tail.value, volatility: .up, damper: damper))
    }
    try self.init(
      scenarios: scenarios, skews: SkewState.allCases,
      volatilityFollowsSpot: parameters.volatilityFollowsSpot)
  }
}
