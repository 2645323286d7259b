// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// The exponentially weighted mean of daily variances: h' = λh + (1 − λ)v.
///
/// Begins with the mean of the first 30 days.
/// Source: J.P. Morgan, RiskMetrics technical document, 4th edition (1996).
public struct ExponentialWeighting: Hashable, Sendable {
  /// What a day says of its variance.
  public enum Observation: Hashable, Sendable {
    case squaredReturn
    case dailyVariance
  }

  /// The share λ of the past.
  public let decay: Double
  public let observation: Observation

  static let firstDays = 30

  /// - Throws: ``ForecastingError/outOfBounds(_:)`` unless 0 < `decay` < 1.
  public init(decay: Double, of observation: Observation) throws(ForecastingError) {
    guard decay > 0, decay < 1 else { throw .outOfBounds(.decay) }
    self.decay = decay
    self.observation = observation
  }

  public func forecast(_ returns: ReturnSeries) throws(ForecastingError) -> VolatilityPath {
    let first = Self.firstDays
    guard returns.count >= first else { throw .tooFewDays(needed: first, found: returns.count) }
    let observed =
      switch observation {
      case .squaredReturn: returns.logReturns.map { $0 * $0 }
      case .dailyVariance: returns.dailyVariances
      }
    var variance = observed[..<first].reduce(0, +) / Double(first)
    var values = [variance.squareRoot()]
    for value in observed[first...] {
      variance = decay * variance + (1 - decay) * value
      values.append(variance.squareRoot())
    }
    return try VolatilityPath(firstDay: first, values: values)
  }
}
