// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// With which probability and for how long a range holds.
public struct RangeTerms: Hashable, Sendable {
  /// The probability that the loss stays within value at risk, above 0 and below 1.
  public let confidence: Double
  /// Days of 24 hours until the book is revalued.
  public let horizonDays: Double

  /// The longest horizon, in days; that of ranges from history.
  public static let mostDays = 100.0

  /// - Throws: ``ValueAtRiskError/confidenceOutOfBounds(_:)``,
  ///   ``ValueAtRiskError/horizonOutOfBounds(_:)``.
  public init(confidence: Double, horizonDays: Double) throws(ValueAtRiskError) {
    // Written so that NaN is refused.
    guard confidence > 0, confidence < 1 else { throw .confidenceOutOfBounds(confidence) }
    guard horizonDays > 0, horizonDays <= Self.mostDays else {
      throw .horizonOutOfBounds(horizonDays)
    }
    self.confidence = confidence
    self.horizonDays = horizonDays
  }

  public var horizonYears: Double { horizonDays / 365 }
}

/// How many paths a simulation takes, and from which seed.
public struct PathTerms: Hashable, Sendable {
  public let paths: Int
  /// Steps of the variance's time grid, per day of the horizon; at least one step is taken.
  public let stepsPerDay: Int
  public let seed: UInt64

  public static let leastPaths = 10_000
  public static let mostPaths = 1_000_000
  public static let mostSteps = 1_000

  /// - Throws: ``ValueAtRiskError/pathCountOutOfBounds(_:)``,
  ///   ``ValueAtRiskError/stepsOutOfBounds(_:)``.
  public init(paths: Int, stepsPerDay: Int, seed: UInt64) throws(ValueAtRiskError) {
    guard (Self.leastPaths...Self.mostPaths).contains(paths) else {
      throw .pathCountOutOfBounds(paths)
    }
    guard (1...Self.mostSteps).contains(stepsPerDay) else { throw .stepsOutOfBounds(stepsPerDay) }
    self.paths = paths
    self.stepsPerDay = stepsPerDay
    self.seed = seed
  }
}

/// How several underlyings move, where a method has to assume it; history has it from its days.
public enum JointMoves: String, Hashable, Sendable, CaseIterable {
  /// Each by its own random numbers.
  case independent
  /// All by the same random numbers, each with its own parameters: nothing diversifies but hedges.
  case together
}
