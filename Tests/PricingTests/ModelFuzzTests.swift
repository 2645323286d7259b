// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Instruments
import NumericalMethods
import Pricing
import Testing

@Suite("Whatever is asked of a model, it answers or refuses")
struct ModelFuzzTests {
  /// With `PLIMSOLL_FULL=1` a million requests, a fifth of them answered, not a hundredth.
  private static let isFull = ProcessInfo.processInfo.environment["PLIMSOLL_FULL"] == "1"

  @Test("100,000 strange requests: no trap, no NaN, and prices within their bounds")
  func strange() throws {
    var source = StrangeSource(seed: 2_026, strangeEighths: Self.isFull ? 2 : 7)
    var counts = (answered: 0, refused: 0, unresolved: 0)
    for _ in 0..<(Self.isFull ? 1_000_000 : 100_000) {
      do {
        try ask(&source)
        counts.answered += 1
      } catch PricingError.outOfDomain {
        counts.refused += 1
      } catch PricingError.unresolved {
        counts.unresolved += 1
      }
    }
    // The draws are such that every kind of answer is tried often.
    #expect(counts.answered > 100 && counts.refused > 50_000 && counts.unresolved > 100)
  }

  @Test("simulated paths are finite wherever a model is taken")
  func paths() throws {
    var source = StrangeSource(seed: 77, strangeEighths: 3)
    var walked = 0
    for _ in 0..<4_000 {
      guard let model = try? source.model(),
        let paths = try? SVCJPaths(
          model: model, yearsToExpiry: source.number(0.1), stepCount: 3, seed: 1),
        // For the sake of time.
        paths.yearsToExpiry * model.jumps.intensity < 1_000
      else { continue }
      walked += 1
      for number in 0..<3 as Range<UInt32> {
        for point in paths.path(number, isMirrored: number == 2) {
          #expect(
            point.logarithmicReturn.isFinite && point.variance.isFinite && point.variance >= 0,
            "\(model), \(paths.yearsToExpiry)")
        }
      }
    }
    #expect(walked > 100)
  }

  private func ask(_ source: inout StrangeSource) throws {
    let years = source.number(0.1)
    let (forward, strike) = (source.number(100), source.number(110))
    let right: OptionRight = source.generator.next() & 1 == 0 ? .call : .put
    let model = try source.model()
    switch source.generator.next() % 3 {
    case 0:
      let price = try LewisIntegral.price(
        model: model, forward: forward, strike: strike, yearsToExpiry: years, right: right)
      expectSound(price, forward, strike, right)
    case 1:
      let slice = try FourierSlice(model: model, yearsToExpiry: years)
      let price = try slice.price(forward: forward, strike: strike, right: right)
      expectSound(price, forward, strike, right)
    default:
      let greeks = try FourierGreeks(model: model, yearsToExpiry: years)
      let quoted = try greeks.value(forward: forward, strike: strike, right: right)
      expectSound(quoted.price, forward, strike, right)
      expectFinite(quoted)
      expectFinite(try greeks.coinValue(forward: forward, strike: strike, right: right))
    }
  }

  private func expectSound(
    _ price: Double, _ forward: Double, _ strike: Double, _ right: OptionRight
  ) {
    let intrinsic = max(0, right.sign * (forward - strike))
    let most = right == .call ? forward : strike
    #expect(price >= intrinsic && price <= most * (1 + 0x1p-51))
  }

  private func expectFinite(_ value: ModelValue) {
    let greeks = value.greeks
    let numbers =
      [
        value.price, value.netCoinDelta, greeks.delta, greeks.gamma, greeks.vega, greeks.theta,
        greeks.vanna, greeks.volga,
      ] + ModelParameter.allCases.compactMap { value.sensitivities[$0] }
    #expect(numbers.allSatisfy { $0.isFinite }, "\(numbers)")
  }
}

/// Usual parameters with strange ones among them.
private struct StrangeSource {
  var generator: SplitMix64

  /// How many eighths of the numbers are strange.
  let strangeEighths: UInt64

  init(seed: UInt64, strangeEighths: UInt64) {
    generator = SplitMix64(seed: seed)
    self.strangeEighths = strangeEighths
  }

  private static let strange: [Double] = [
    .nan, .infinity, -.infinity, 0, -0.0, -1, 1, 0x1p-1074, 1e-12, 1e-6, 1e-3, 0.5, 20, 100, 999,
    1e6, 1e9, 1e300,
  ]

  /// Mostly near the usual size, now and then anything.
  mutating func number(_ usual: Double) -> Double {
    let draw = generator.next()
    if draw % 8 < strangeEighths {
      return Self.strange[Int((draw >> 8) % UInt64(Self.strange.count))]
    }
    return usual * Elementary.exp(4 * generator.nextUnit() - 2)
  }

  mutating func signed(_ usual: Double) -> Double {
    let size = number(usual)
    return generator.next() & 1 == 0 ? size : 0 - size
  }

  mutating func jumps() throws(PricingError) -> LogarithmicJumps {
    try LogarithmicJumps(
      intensity: number(4), meanJump: signed(0.05), deviation: number(0.1))
  }

  mutating func heston() throws(PricingError) -> HestonModel {
    try HestonModel(
      initialVariance: number(0.3), meanVariance: number(0.3), meanReversion: number(4),
      volatilityOfVariance: number(1), correlation: signed(0.3))
  }

  mutating func model() throws(PricingError) -> SVCJModel {
    switch generator.next() % 4 {
    case 0: return try MertonModel(volatility: number(0.5), jumps: jumps()).general
    case 1: return try heston().general
    case 2: return try BatesModel(variance: heston(), jumps: jumps()).general
    default:
      return try SVCJModel(
        variance: heston(), jumps: jumps(), meanVarianceJump: number(0.3),
        jumpCorrelation: signed(0.2))
    }
  }
}
