// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// The zone of a count of exceedances.
///
/// Green while so many or fewer have a cumulative probability below 95 %, yellow below 99.99 %.
/// Source: Basel Committee, Supervisory framework for backtesting (1996).
public enum TrafficLight: Hashable, Sendable {
  case green
  case yellow
  case red

  /// - Throws: ``ForecastingError/outOfBounds(_:)``.
  public init(
    exceedances: Int, observations: Int, probability: Double
  ) throws(ForecastingError) {
    let cumulative = try Self.cumulative(
      exceedances, observations: observations, probability: probability)
    self = cumulative < 0.95 ? .green : cumulative < 0.9999 ? .yellow : .red
  }

  /// The binomial probability of at most `count` of `observations`.
  ///
  /// - Returns: 0 to 1; error below 1e-10 up to 100,000 observations.
  public static func cumulative(
    _ count: Int, observations: Int, probability: Double
  ) throws(ForecastingError) -> Double {
    guard probability > 0, probability < 1 else { throw .outOfBounds(.probability) }
    guard (1...100_000).contains(observations), (0...observations).contains(count) else {
      throw .outOfBounds(.observations)
    }
    let odds = Elementary.log(probability) - Elementary.log1p(-probability)
    // Terms as logarithms: the first one may lie below the smallest double.
    var logTerm = Double(observations) * Elementary.log1p(-probability)
    var sum = Elementary.exp(logTerm)
    for k in 0..<count {
      logTerm += Elementary.log(Double(observations - k) / Double(k + 1)) + odds
      sum += Elementary.exp(logTerm)
    }
    return min(1, sum)
  }
}
