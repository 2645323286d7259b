// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Kernels
import NumericalMethods
import Pricing

/// Vector kernels against their scalar Swift twins, which give the same bits.
enum KernelBench {
  private static let count = 4_096

  static func figures() -> [Figure] {
    elementary() + [blackPrice()] + BlackBench.figures()
  }

  private static func elementary() -> [Figure] {
    var generator = SplitMix64(seed: 1)
    let inputs = (0..<count).map { _ in generator.nextUnit() * 20 + 1e-3 }
    var outputs = [Double](repeating: 0, count: count)
    let kernels: [(String, (inout [Double]) -> Void, (Double) -> Double)] = [
      ("exp", { plimsoll_exp(inputs, &$0, count) }, Elementary.exp),
      ("log", { plimsoll_log(inputs, &$0, count) }, Elementary.log),
      ("normal cdf", { plimsoll_normal_cumulative(inputs, &$0, count) }, Normal.cumulative),
    ]
    return kernels.map { name, vector, scalar in
      let kernel = bestNanoseconds(per: count) { vector(&outputs) }
      let twin = bestNanoseconds(per: count) {
        for index in 0..<count { outputs[index] = scalar(inputs[index]) }
      }
      return .ratio("\(name) kernel", kernel, "ns/value", against: "scalar Swift twin", twin)
    }
  }

  private static func blackPrice() -> Figure {
    var generator = SplitMix64(seed: 2)
    let forwards = [Double](repeating: 100, count: count)
    let strikes = (0..<count).map { _ in 50 + 100 * generator.nextUnit() }
    let variances = (0..<count).map { _ in 0.001 + 0.3 * generator.nextUnit() }
    let signs = (0..<count).map { $0 % 2 == 0 ? 1.0 : -1.0 }
    var prices = [Double](repeating: 0, count: count)
    let kernel = bestNanoseconds(per: count) {
      plimsoll_black76_price(forwards, strikes, variances, signs, &prices, count)
    }
    let libm = bestNanoseconds(per: count) {
      for index in 0..<count {
        prices[index] = systemBlack(
          forwards[index], strikes[index], variances[index], signs[index])
      }
    }
    return .ratio(
      "Black-76 price", kernel, "ns/option", against: "scalar loop over the system's libm", libm,
      goal: 2)
  }

  /// What one would write without this library: the system's own functions.
  private static func systemBlack(
    _ forward: Double, _ strike: Double, _ variance: Double, _ sign: Double
  ) -> Double {
    let deviation = variance.squareRoot()
    let d1 = Foundation.log(forward / strike) / deviation + deviation / 2
    let d2 = d1 - deviation
    let first = 0.5 * Foundation.erfc(-sign * d1 / 2.0.squareRoot())
    let second = 0.5 * Foundation.erfc(-sign * d2 / 2.0.squareRoot())
    return sign * (forward * first - strike * second)
  }
}
