// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// A likelihood ratio and the probability of one at least as large if the rule is right.
public struct LikelihoodRatio: Hashable, Sendable {
  public let statistic: Double
  public let probability: Double

  init(_ statistic: Double, degreesOfFreedom: Int) throws(ForecastingError) {
    self.statistic = max(0, statistic)
    probability = try IncompleteGamma.chiSquaredTail(
      self.statistic, degreesOfFreedom: degreesOfFreedom)
  }
}

/// How often losses pass the range, and whether they come in clusters.
public struct ExceedanceTest: Hashable, Sendable {
  public let observations: Int
  public let exceedances: Int
  /// Is the frequency the stated one? χ² with 1 degree of freedom.
  ///
  /// Source: P. Kupiec, J. Derivatives 3 (1995), 73-84.
  public let coverage: LikelihoodRatio
  /// Does an exceedance make one the day after more likely? χ² with 1 degree of freedom.
  ///
  /// Source: P. Christoffersen, International Economic Review 39 (1998), 841-862.
  public let independence: LikelihoodRatio
  /// Both at once: χ² with 2 degrees of freedom.
  public let conditionalCoverage: LikelihoodRatio

  /// - Parameters:
  ///   - hits: Whether the loss passed the range, in order of time.
  ///   - probability: The stated probability of that, between 0 and 1.
  /// - Throws: ``ForecastingError/outOfBounds(_:)``, ``ForecastingError/tooFewDays(needed:found:)``
  ///   below two observations.
  public init(hits: [Bool], probability: Double) throws(ForecastingError) {
    guard hits.count >= 2 else { throw .tooFewDays(needed: 2, found: hits.count) }
    observations = hits.count
    exceedances = hits.count(where: { $0 })
    let frequency = try Self.coverageStatistic(
      exceedances: exceedances, observations: observations, probability: probability)
    var counts = [0, 0, 0, 0]
    for (before, after) in zip(hits, hits.dropFirst()) {
      counts[(before ? 2 : 0) + (after ? 1 : 0)] += 1
    }
    let separate =
      Self.logLikelihood(counts[1], of: counts[0] + counts[1])
      + Self.logLikelihood(counts[3], of: counts[2] + counts[3])
    let joint = Self.logLikelihood(counts[1] + counts[3], of: hits.count - 1)
    coverage = try LikelihoodRatio(frequency, degreesOfFreedom: 1)
    independence = try LikelihoodRatio(2 * (separate - joint), degreesOfFreedom: 1)
    conditionalCoverage = try LikelihoodRatio(
      coverage.statistic + independence.statistic, degreesOfFreedom: 2)
  }

  /// Kupiec's −2 ln[pˣ(1 − p)ⁿ⁻ˣ ÷ (x/n)ˣ(1 − x/n)ⁿ⁻ˣ].
  public static func coverageStatistic(
    exceedances: Int, observations: Int, probability: Double
  ) throws(ForecastingError) -> Double {
    guard probability > 0, probability < 1 else { throw .outOfBounds(.probability) }
    guard observations >= 1, observations <= 1_000_000_000, (0...observations).contains(exceedances)
    else { throw .outOfBounds(.observations) }
    let stated =
      Double(exceedances) * Elementary.log(probability)
      + Double(observations - exceedances) * Elementary.log1p(-probability)
    return max(0, 2 * (logLikelihood(exceedances, of: observations) - stated))
  }

  /// The counts that Kupiec's test does not reject at the level.
  ///
  /// - Parameter level: The probability of rejecting a right rule, 0.05 by custom.
  public static func acceptedCounts(
    observations: Int, probability: Double, level: Double = 0.05
  ) throws(ForecastingError) -> ClosedRange<Int> {
    guard (1...100_000).contains(observations) else { throw .outOfBounds(.observations) }
    guard level > 0, level < 1 else { throw .outOfBounds(.probability) }
    func accepts(_ count: Int) throws(ForecastingError) -> Bool {
      let statistic = try coverageStatistic(
        exceedances: count, observations: observations, probability: probability)
      return try IncompleteGamma.chiSquaredTail(statistic, degreesOfFreedom: 1) >= level
    }
    // The statistic is least next to the expected count and rises to both sides.
    let expected = min(observations, Int((Double(observations) * probability).rounded()))
    var low = expected
    var high = expected
    while low > 0, try accepts(low - 1) { low -= 1 }
    while high < observations, try accepts(high + 1) { high += 1 }
    return low...high
  }

  /// ln[(x/n)ˣ(1 − x/n)ⁿ⁻ˣ] with 0 ln 0 = 0.
  private static func logLikelihood(_ count: Int, of observations: Int) -> Double {
    guard count > 0, count < observations else { return 0 }
    let share = Double(count) / Double(observations)
    return Double(count) * Elementary.log(share)
      + Double(observations - count) * Elementary.log1p(-share)
  }
}
