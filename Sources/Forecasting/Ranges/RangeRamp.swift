// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// How far a range may move from one day to the next.
///
/// The first day is not bounded. Source: the ramp limits procyclicality as Murphy, Vasios and
/// Vause measure it (Bank of England, Financial Stability Paper 29, 2014).
public struct RangeRamp: Hashable, Sendable {
  /// The largest ratio of a day's range to the one before.
  public let largestRise: Double
  /// The smallest such ratio.
  public let smallestFall: Double

  /// - Throws: ``ForecastingError/outOfBounds(_:)`` unless 1 < `largestRise` ≤ 100 and
  ///   0 ≤ `smallestFall` < 1.
  public init(largestRise: Double, smallestFall: Double) throws(ForecastingError) {
    guard largestRise > 1, largestRise <= 100 else { throw .outOfBounds(.largestRise) }
    guard smallestFall >= 0, smallestFall < 1 else { throw .outOfBounds(.smallestFall) }
    self.largestRise = largestRise
    self.smallestFall = smallestFall
  }

  /// The range of a day from the one before and what the day's forecast asks for.
  public func next(after previous: Double, target: Double) -> Double {
    min(max(target, smallestFall * previous), highest(after: previous))
  }

  /// The largest range whose ratio to the one before is no more than the largest rise.
  func highest(after previous: Double) -> Double {
    let bound = largestRise * previous
    // The product rounds to nearest: one double less where it came out above.
    return bound / previous > largestRise ? bound.nextDown : bound
  }

  func bounded(_ targets: [Double]) -> [Double] {
    guard var previous = targets.first else { return [] }
    var bounded = [previous]
    for target in targets.dropFirst() {
      previous = next(after: previous, target: target)
      bounded.append(previous)
    }
    return bounded
  }
}
