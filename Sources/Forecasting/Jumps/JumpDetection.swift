// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// Finds the days on which a price jumped: those whose return is a multiple of what the days
/// before it would have let one expect.
///
/// The expectation is the bipower variation of the window before a day, (π/2)·mean |r_s·r_{s−1}|,
/// which a single jump hardly moves. Sources: O. Barndorff-Nielsen, N. Shephard, J. Financial
/// Econometrics 2 (2004), for the variation; S. Lee, P. Mykland, Review of Financial Studies 21
/// (2008), for the comparison.
public struct JumpDetection: Hashable, Sendable {
  /// A return of more than so many deviations is a jump.
  public let threshold: Double
  /// Days before a day from which its deviation is taken.
  public let windowDays: Int

  /// - Throws: ``ForecastingError/outOfBounds(_:)`` unless 2 ≤ `threshold` ≤ 20 and
  ///   10 ≤ `windowDays` ≤ 1,000.
  public init(threshold: Double = 4, windowDays: Int = 30) throws(ForecastingError) {
    guard threshold >= 2, threshold <= 20 else { throw .outOfBounds(.threshold) }
    guard (10...1_000).contains(windowDays) else { throw .outOfBounds(.windowDays) }
    self.threshold = threshold
    self.windowDays = windowDays
  }

  /// The days of a series that have a window before them.
  ///
  /// - Parameter from: The first day that may count; its window may lie before it.
  /// - Throws: ``ForecastingError/tooFewDays(needed:found:)`` without such a day.
  public func days(
    of returns: ReturnSeries, from: Int = 0
  ) throws(ForecastingError) -> [JumpDay] {
    let values = returns.logReturns
    let first = max(windowDays, from)
    guard first < values.count else {
      throw .tooFewDays(needed: first + 1, found: values.count)
    }
    return (first..<values.count).map { day in
      var sum = 0.0
      for earlier in day - windowDays + 1..<day {
        sum += (values[earlier] * values[earlier - 1]).magnitude
      }
      let variance = 0.5 * .pi * (sum / Double(windowDays - 1))
      // A window without movement expects as little as a day's variance counts at least.
      let deviation = max(variance, ReturnSeries.leastVariance).squareRoot()
      return JumpDay(
        day: day, logReturn: values[day], deviation: deviation,
        isJump: values[day].magnitude > threshold * deviation)
    }
  }
}

/// A day as ``JumpDetection`` sees it.
public struct JumpDay: Hashable, Sendable {
  /// As in ``ReturnSeries``.
  public let day: Int
  public let logReturn: Double
  /// Expected from the days before.
  public let deviation: Double
  public let isJump: Bool

  public init(day: Int, logReturn: Double, deviation: Double, isJump: Bool) {
    self.day = day
    self.logReturn = logReturn
    self.deviation = deviation
    self.isJump = isJump
  }
}

/// A number from data and its standard error.
@frozen
public struct Estimated: Hashable, Sendable {
  public let value: Double
  public let standardError: Double

  @inlinable
  public init(_ value: Double, standardError: Double) {
    self.value = value
    self.standardError = standardError
  }
}

/// Merton's jumps: how many a year, and mean and standard deviation of a jump of the logarithm of
/// the price.
public struct JumpParameters: Hashable, Sendable {
  public let intensityPerYear: Estimated
  public let mean: Estimated
  public let deviation: Estimated

  public init(intensityPerYear: Estimated, mean: Estimated, deviation: Estimated) {
    self.intensityPerYear = intensityPerYear
    self.mean = mean
    self.deviation = deviation
  }
}
