// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Parameters
public import Quantities
public import Volatility

/// One joint move of spot, volatility and time, and how much of its profit or loss counts.
@frozen
public struct Scenario: Hashable, Sendable {
  /// Relative move of index and forwards, above −1.
  public let spotShift: Double
  public let volatility: VolatilityState
  /// Share of the profit or loss that counts, usually 1.
  public let damper: Double
  /// Times every volatility, after ``volatility``; usually 1.
  public let volatilityFactor: Double
  /// Time that has passed: options are worth what they are with so much less to expiry.
  public let elapsed: TimeSpan
  /// The row of the parameters that states this scenario by itself, counted from 1; 0 for none.
  public let row: Int

  @inlinable
  public init(
    spotShift: Double, volatility: VolatilityState, damper: Double = 1,
    volatilityFactor: Double = 1, elapsed: TimeSpan = .zero, row: Int = 0
  ) {
    self.spotShift = spotShift
    self.volatility = volatility
    self.damper = damper
    self.volatilityFactor = volatilityFactor
    self.elapsed = elapsed
    self.row = row
  }

  fileprivate var isWellFormed: Bool {
    spotShift > -1 && spotShift.isFinite && damper >= 0 && damper.isFinite
      && volatilityFactor >= 0 && volatilityFactor.isFinite && elapsed >= .zero
  }

  /// Whether both are the same state of the factor that moves all underlyings, their ranges
  /// apart.
  fileprivate func isAligned(with other: Scenario) -> Bool {
    (spotShift < 0) == (other.spotShift < 0) && (spotShift > 0) == (other.spotShift > 0)
      && volatility == other.volatility && volatilityFactor == other.volatilityFactor
      && elapsed == other.elapsed
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
      guard scenario.isWellFormed else { throw .malformedScenario(index) }
    }
    self.scenarios = scenarios
    self.skews = skews
    self.volatilityFollowsSpot = volatilityFollowsSpot
  }

  /// The grid of the parameters for one underlying.
  ///
  /// Spot ± range in equal steps, from the lowest up, each with volatility up, unchanged and
  /// down; then the tails, volatility up, damped by damper × range ÷ |shift|; then the rows that
  /// are stated by themselves. Tilt and bend, then term and smile where they move anything.
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
    for (row, place) in zip(parameters.rows, 1...) {
      scenarios.append(
        Scenario(
          spotShift: row.shift.value, volatility: .unchanged,
          volatilityFactor: row.volatilityFactor.value, elapsed: row.elapsed, row: place))
    }
    var skews: [SkewState] = [.tilt, .bend]
    if parameters.twists.term > .zero { skews.append(.term) }
    if parameters.twists.smile > .zero { skews.append(.smile) }
    try self.init(
      scenarios: scenarios, skews: skews,
      volatilityFollowsSpot: parameters.volatilityFollowsSpot)
  }

  /// Whether scenario s is the same state of the common factor here and there, for every s.
  func isAligned(with other: ScenarioGrid) -> Bool {
    scenarios.count == other.scenarios.count
      && zip(scenarios, other.scenarios).allSatisfy { $0.isAligned(with: $1) }
  }
}
