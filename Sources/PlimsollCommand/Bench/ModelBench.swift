// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import NumericalMethods
import Pricing

/// Implied volatility, and a slice of options under a model with jumps.
enum ModelBench {
  static func figures() throws -> [Figure] {
    [
      .below("implied volatility", try impliedVolatility(), "ns/option", goal: 150),
      .below("Bates slice, 40 strikes", try batesSlice() / 1_000, "µs/slice", goal: 12),
    ]
  }

  /// Nanoseconds per option, of options out of the money as they are quoted.
  static func impliedVolatility() throws -> Double {
    let count = 4_096
    var generator = SplitMix64(seed: 3)
    var strikes: [Double] = []
    var prices: [Double] = []
    var rights: [OptionRight] = []
    for _ in 0..<count {
      let strike = 50 + 100 * generator.nextUnit()
      let years = 0.02 + 0.48 * generator.nextUnit()
      let volatility = 0.3 + 0.7 * generator.nextUnit()
      let right: OptionRight = strike > 100 ? .call : .put
      strikes.append(strike)
      rights.append(right)
      prices.append(
        try Black76.price(
          forward: 100, strike: strike, totalVariance: volatility * volatility * years,
          right: right))
    }
    var sum = 0.0
    var refused = 0
    let time = bestNanoseconds(per: count, runs: 40) {
      for index in 0..<count {
        let deviation = try? ImpliedVolatility.totalDeviation(
          price: prices[index], forward: 100, strike: strikes[index], right: rights[index])
        if let deviation { sum += deviation } else { refused += 1 }
      }
    }
    guard refused == 0, sum > 0 else { throw BenchError.refused("implied volatility") }
    return time
  }

  /// Nanoseconds for the characteristic function and 40 prices of a 30-day expiry, the calm set
  /// of QuantLib's program.
  static func batesSlice() throws -> Double {
    let model = BatesModel(
      variance: try HestonModel(
        initialVariance: 0.36, meanVariance: 0.30, meanReversion: 4, volatilityOfVariance: 1.2,
        correlation: -0.25),
      jumps: try LogarithmicJumps(intensity: 4, meanJump: -0.03, deviation: 0.10))
    let strikes = (0..<40).map { 60 + 2 * Double($0) }
    var sum = 0.0
    let time = bestNanoseconds(per: 1, runs: 400) {
      let slice = try? FourierSlice(model: model, yearsToExpiry: 30 / 365)
      let prices = try? slice?.prices(forward: 100, strikes: strikes, right: .call)
      sum += prices?[0] ?? .nan
    }
    guard sum > 0 else { throw BenchError.refused("a Bates slice") }
    return time
  }
}

/// Why a figure could not be measured.
enum BenchError: Error, CustomStringConvertible {
  case refused(String)
  /// What was measured is not what was to be measured.
  case unexpected(String)

  var description: String {
    switch self {
    case .refused(let job): "\(job) was refused; this is a defect of plimsoll"
    case .unexpected(let outcome): "\(outcome); this is a defect of plimsoll"
    }
  }
}
