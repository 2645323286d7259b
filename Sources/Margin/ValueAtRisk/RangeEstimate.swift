// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// One of the three ways to a range.
public enum RangeMethod: String, Hashable, Sendable, CaseIterable {
  /// Full revaluation under filtered returns of the past.
  case historical
  /// Delta, gamma and vega, with normal returns and moves of volatility.
  case parametric
  /// Full revaluation on simulated paths with random variance and jumps.
  case monteCarlo
}

/// What a book may lose, by one method; losses are positive, quote units.
public struct RangeEstimate: Hashable, Sendable {
  public let method: RangeMethod
  /// The loss that is passed with the probability 1 − confidence; negative where even that
  /// scenario gains.
  public let valueAtRisk: Double
  /// The mean loss at and beyond it.
  public let expectedShortfall: Double
  /// The chance in both, one standard deviation; of the parametric method a bound on the error of
  /// the inversion instead.
  public let standardErrors: StandardErrors
  /// Holds value at risk with a probability of 95 %, from order statistics; `nil` where nothing
  /// is sampled, or the sample is too small to have both ends.
  public let interval: ClosedRange<Double>?
  /// 0 where nothing is sampled.
  public let scenarioCount: Int
  /// The scenarios that lose most, at most ``mostWorst``, worst first.
  public let worst: [WorstScenario]

  /// How many of the worst scenarios are kept.
  public static let mostWorst = 5

  public struct StandardErrors: Hashable, Sendable {
    public let valueAtRisk: Double
    public let expectedShortfall: Double

    init(_ valueAtRisk: Double, _ expectedShortfall: Double) {
      self.valueAtRisk = valueAtRisk
      self.expectedShortfall = expectedShortfall
    }
  }

  /// One scenario and what is lost in it.
  public struct WorstScenario: Hashable, Sendable {
    /// The day of the history, oldest first, or the path.
    public let place: Int
    public let loss: Double
    /// ln(F'/F) of each underlying.
    public let logMoves: [Double]
  }
}
