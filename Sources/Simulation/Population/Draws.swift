// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

// Draws from distributions, each with a fixed number of steps, so that a seed gives the same
// numbers on every machine.
extension SplitMix64 {
  /// Whether an event of this probability happens.
  mutating func chance(_ probability: Double) -> Bool { nextUnit() < probability }

  /// 0 to `count` − 1, each equally likely up to 2^−53 × `count`.
  mutating func below(_ count: Int) -> Int {
    min(Int(nextUnit() * Double(count)), count - 1)
  }

  /// The index of one of some weights, each as likely as its share of the sum.
  mutating func pick(_ weights: [Double]) -> Int {
    var rest = nextUnit() * weights.reduce(0, +)
    for (index, weight) in weights.enumerated() {
      if rest < weight { return index }
      rest -= weight
    }
    return weights.count - 1
  }

  /// A standard normal number.
  mutating func normal() -> Double { Normal.inverse(nextUnit() + 0x1p-54) }

  /// A number whose logarithm is normal with this standard deviation.
  mutating func lognormal(median: Double, deviation: Double) -> Double {
    median * Elementary.exp(deviation * normal())
  }

  /// A number that exceeds `least` × y with probability y^−`exponent`.
  mutating func pareto(least: Double, exponent: Double) -> Double {
    least * Elementary.pow(1 - nextUnit(), -1 / exponent)
  }

  /// 0, 1, 2, … with this mean, each next less likely by the same factor.
  mutating func geometric(mean: Double) -> Int {
    guard mean > 0 else { return 0 }
    let factor = Elementary.log(mean / (1 + mean))
    return Int(min(Elementary.log(1 - nextUnit()) / factor, 1_000))
  }

  /// Puts a list into random order.
  mutating func reorder<Element>(_ list: inout [Element]) {
    for index in stride(from: list.count - 1, to: 0, by: -1) {
      list.swapAt(index, below(index + 1))
    }
  }
}
