// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
import Quantities

extension SplitMix64 {
  /// A deviate with mean 0 and variance 1, bounded by ±6: the sum of twelve uniform ones.
  ///
  /// The bound keeps a bridge from leaping; additions in a fixed order give the same bits on
  /// every machine.
  mutating func nextDeviate() -> Double {
    var sum = -6.0
    for _ in 0..<12 { sum += nextUnit() }
    return sum
  }

  /// A generator for one purpose: the parts are mixed one after the other, in order.
  init(parts: UInt64...) {
    var seed: UInt64 = 0
    for part in parts {
      var mixer = SplitMix64(seed: seed ^ part)
      seed = mixer.next()
    }
    self.init(seed: seed)
  }
}

/// Where a made path may go: prices on a grid, between a lowest and a highest.
struct PathRange {
  let lowest: Price
  let highest: Price
  /// The distance of two prices of the grid, in steps of 10^−8: a power of ten that leaves the
  /// lowest price at least five digits.
  let tick: Int64

  private let lowestLogarithm: Double
  private let highestLogarithm: Double

  /// - Parameter reference: The price that sets the grid; by default the lowest.
  init(_ range: ClosedRange<Price>, gridOf reference: Price? = nil) {
    lowest = range.lowerBound
    highest = range.upperBound
    lowestLogarithm = Elementary.log(range.lowerBound.value)
    highestLogarithm = Elementary.log(range.upperBound.value)
    var tick: Int64 = 1
    while (reference ?? lowest).steps / (tick * 10) >= 100_000 { tick *= 10 }
    self.tick = tick
  }

  /// e^`logarithm`, rounded half to even to the grid.
  ///
  /// A path that would leave the range is mirrored at its end, and keeps one tick away from
  /// it where there is room: the ends are touched only where a figure says so.
  func price(ofLogarithm logarithm: Double) -> Price {
    var inside = logarithm
    if inside < lowestLogarithm { inside = lowestLogarithm + (lowestLogarithm - inside) }
    if inside > highestLogarithm { inside = highestLogarithm - (inside - highestLogarithm) }
    let steps = Elementary.exp(inside) * Double(Price.stepsPerOne)
    let ticks = (steps / Double(tick)).rounded(.toNearestOrEven)
    let hasRoom = highest.steps - lowest.steps >= 2 * tick
    let margin = hasRoom ? tick : 0
    let least = lowest.steps + margin
    let most = highest.steps - margin
    guard let count = Int64(exactly: ticks), count <= Price.limit / tick else {
      return Price(steps: most)
    }
    return Price(steps: min(max(count * tick, least), most))
  }
}
