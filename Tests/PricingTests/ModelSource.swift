// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import NumericalMethods
import Pricing
import Testing

/// Random models and options within the usual ranges and out to their edges.
struct ModelSource {
  var source: OptionSource

  init(seed: UInt64) {
    source = OptionSource(seed: seed)
  }

  mutating func spread(_ low: Double, _ high: Double) -> Double {
    Elementary.exp(source.uniform(Elementary.log(low), Elementary.log(high)))
  }

  mutating func jumps() throws -> LogarithmicJumps {
    try LogarithmicJumps(
      intensity: spread(0.05, 30), meanJump: source.uniform(-0.2, 0.1),
      deviation: spread(0.001, 0.3))
  }

  /// Half of them violate Feller's condition, some have next to no volatility of variance.
  mutating func heston() throws -> HestonModel {
    try HestonModel(
      initialVariance: spread(0.02, 2), meanVariance: spread(0.02, 1),
      meanReversion: spread(0.3, 20), volatilityOfVariance: spread(1e-5, 4),
      correlation: source.uniform(-0.9, 0.9))
  }

  mutating func model() throws -> SVCJModel {
    switch source.generator.next() % 4 {
    case 0: try MertonModel(volatility: spread(0.1, 1.5), jumps: jumps()).general
    case 1: try heston().general
    case 2: try BatesModel(variance: heston(), jumps: jumps()).general
    default:
      try SVCJModel(
        variance: heston(), jumps: jumps(), meanVarianceJump: spread(0.01, 1),
        jumpCorrelation: source.uniform(-0.9, 0.5))
    }
  }

  /// From one day to ten years.
  mutating func years() -> Double { spread(1 / 365.0, 10) }

  /// Out to six standard deviations of the variance now.
  mutating func strike(_ model: SVCJModel, _ years: Double) -> Double {
    let total = model.variance.meanTotalVariance(years: years)
    let root = total.squareRoot() < 1 ? total.squareRoot() : 1
    return 100 * Elementary.exp(source.uniform(-6, 6) * root)
  }
}
