// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// The devices that regulators name against margins that rise with the market's fear, each on a
/// series of ranges.
///
/// Source: Commission Delegated Regulation (EU) 153/2013, article 28(1)(a) and (b). Device (c), a
/// floor, needs no more than `max`.
public enum ProcyclicalityDevice {
  /// Ranges with a buffer that is used up when they rise: max(R, (1 + b)·min(R, R̄)) with the mean
  /// R̄ of the `calmDays` ranges before, of R itself on the first day.
  ///
  /// A range below its mean has the whole buffer, one (1 + b) times the mean has used it up.
  /// - Parameters:
  ///   - ranges: By day, positive.
  ///   - share: The buffer b, at least 0.
  ///   - calmDays: At least 1; fewer where there are fewer before.
  /// - Throws: ``ForecastingError/outOfBounds(_:)``.
  public static func buffered(
    _ ranges: [Double], share: Double, calmDays: Int
  ) throws(ForecastingError) -> [Double] {
    guard share >= 0, share.isFinite else { throw .outOfBounds(.buffer) }
    guard calmDays >= 1 else { throw .outOfBounds(.windowDays) }
    return ranges.indices.map { day in
      let before = ranges[max(0, day - calmDays)..<day]
      let calm = before.isEmpty ? ranges[day] : before.reduce(0, +) / Double(before.count)
      return max(ranges[day], (1 + share) * min(ranges[day], calm))
    }
  }

  /// Ranges with a weight on stressed ones: (1 − w)R + wS.
  ///
  /// - Parameters:
  ///   - stressed: As many as there are ranges.
  ///   - weight: The weight w, 0 to 1.
  /// - Throws: ``ForecastingError``.
  public static func weighted(
    _ ranges: [Double], stressed: some Collection<Double>, weight: Double
  ) throws(ForecastingError) -> [Double] {
    guard weight >= 0, weight <= 1 else { throw .outOfBounds(.stressedWeight) }
    guard stressed.count == ranges.count else {
      throw .lengthMismatch(expected: ranges.count, found: stressed.count)
    }
    return zip(ranges, stressed).map { (1 - weight) * $0 + weight * $1 }
  }

  /// The widest of the ranges up to each day: stress is the worst time seen so far.
  public static func widest(_ ranges: [Double]) -> [Double] {
    var widest = 0.0
    return ranges.map { range in
      widest = max(widest, range)
      return widest
    }
  }
}
