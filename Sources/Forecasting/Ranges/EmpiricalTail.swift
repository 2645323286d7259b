// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// A sample in rising order, and what its lower tail says.
public struct EmpiricalTail: Hashable, Sendable {
  public private(set) var sorted: [Double]

  /// - Throws: ``ForecastingError/tooFewDays(needed:found:)`` without a value,
  ///   ``ForecastingError/malformedValue(day:)`` for a value that is not finite.
  public init(_ sample: some Sequence<Double>) throws(ForecastingError) {
    let values = Array(sample)
    guard !values.isEmpty else { throw .tooFewDays(needed: 1, found: 0) }
    if let day = values.firstIndex(where: { !$0.isFinite }) { throw .malformedValue(day: day) }
    sorted = values.sorted()
  }

  /// Puts a value in the place of one that the sample has: a window moves on by a day.
  ///
  /// - Throws: ``ForecastingError/malformedValue(day:)`` with 0 when the value is not finite or the
  ///   sample does not have the old one; the sample stays as it was.
  public mutating func replace(_ old: Double, with new: Double) throws(ForecastingError) {
    let place = firstIndex(notBelow: old)
    guard new.isFinite, place < sorted.count, sorted[place] == old else {
      throw .malformedValue(day: 0)
    }
    sorted.remove(at: place)
    sorted.insert(new, at: firstIndex(notBelow: new))
  }

  /// Adds a value: a window grows by a day.
  ///
  /// - Throws: ``ForecastingError/malformedValue(day:)`` with 0 when the value is not finite; the
  ///   sample stays as it was.
  public mutating func insert(_ value: Double) throws(ForecastingError) {
    guard value.isFinite else { throw .malformedValue(day: 0) }
    sorted.insert(value, at: firstIndex(notBelow: value))
  }

  private func firstIndex(notBelow value: Double) -> Int {
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The value below which a share of the sample lies, linear between order statistics.
  ///
  /// Source: R. Hyndman, Y. Fan, American Statistician 50 (1996), 361-365, definition 7.
  /// - Parameter probability: 0 to 1; beyond, the least or greatest value.
  public func quantile(_ probability: Double) -> Double {
    let place = max(0, min(1, probability)) * Double(sorted.count - 1)
    let below = Int(place)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (place - Double(below)) * (sorted[above] - sorted[below])
  }

  /// The mean of the values at or below ``quantile(_:)``.
  public func tailMean(_ probability: Double) -> Double {
    let limit = quantile(probability)
    var sum = 0.0
    var count = 0
    for value in sorted {
      guard value <= limit else { break }
      sum += value
      count += 1
    }
    // The least value is at or below every quantile, but interpolation may round below it.
    return count > 0 ? sum / Double(count) : limit
  }
}
