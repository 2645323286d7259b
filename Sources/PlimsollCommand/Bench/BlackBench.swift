// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Kernels
import NumericalMethods
import Pricing

/// Price and all Greeks in every variant of the kernel, against a scalar loop over the system's
/// functions.
struct BlackBench {
  private static let count = 4_096
  /// At least so many times the scalar loop, by the name of the variant.
  private static let goals = ["sse2": 1.9, "avx2": 4, "avx512": 8]

  private var options: OptionColumns
  private var values = OptionValueColumns(count: Self.count)

  private init() {
    var generator = SplitMix64(seed: 3)
    let column = { (from: Double, to: Double) in
      (0..<Self.count).map { _ in from + (to - from) * generator.nextUnit() }
    }
    options = OptionColumns(
      forward: [Double](repeating: 100, count: Self.count), strike: column(50, 150),
      volatility: column(0.3, 1), yearsToExpiry: column(0.02, 0.5),
      sign: (0..<Self.count).map { $0 % 2 == 0 ? 1 : -1 })
  }

  static func figures() -> [Figure] {
    var bench = BlackBench()
    let system = bestNanoseconds(per: count, runs: 60) { bench.fillBySystem() }
    defer { plimsoll_force_kernel_variant(PLIMSOLL_KERNEL_VARIANT_AUTOMATIC) }
    return (0..<plimsoll_kernel_variant_count()).compactMap { variant in
      guard plimsoll_force_kernel_variant(variant) else { return nil }
      let name = String(cString: plimsoll_kernel_variant_name(variant))
      let kernel = bestNanoseconds(per: count, runs: 200) { bench.fillByKernel() }
      return .ratio(
        "Black-76 price and 6 Greeks, \(name)", kernel, "ns/option",
        against: "scalar loop over the system's libm", system, goal: goals[name])
    }
  }

  /// Nanoseconds per option in the widest variant of this machine.
  static func bestKernel() -> Double {
    var bench = BlackBench()
    return bestNanoseconds(per: count, runs: 200) { bench.fillByKernel() }
  }

  private mutating func fillByKernel() {
    plimsoll_black76(
      options.forward, options.strike, options.volatility, options.yearsToExpiry, options.sign,
      &values.price, &values.delta, &values.gamma, &values.vega, &values.theta, &values.vanna,
      &values.volga, Self.count)
  }

  /// What one would write without this library.
  private mutating func fillBySystem() {
    for index in 0..<Self.count {
      let (forward, strike) = (options.forward[index], options.strike[index])
      let (volatility, sign) = (options.volatility[index], options.sign[index])
      let root = options.yearsToExpiry[index].squareRoot()
      let deviation = volatility * root
      let d1 = Foundation.log(forward / strike) / deviation + 0.5 * deviation
      let d2 = d1 - deviation
      let first = 0.5 * Foundation.erfc(-sign * d1 * 0.5.squareRoot())
      let second = 0.5 * Foundation.erfc(-sign * d2 * 0.5.squareRoot())
      let density = Foundation.exp(-0.5 * d1 * d1) * 0.398_942_280_401_432_7
      let vega = forward * density * root
      values.price[index] = sign * (forward * first - strike * second)
      values.delta[index] = sign * first
      values.gamma[index] = density / (forward * deviation)
      values.vega[index] = vega
      values.theta[index] = -forward * density * volatility / (2 * root)
      values.vanna[index] = -density * d2 / volatility
      values.volga[index] = vega * d1 * d2 / volatility
    }
  }
}
