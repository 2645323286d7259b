// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Kernels
import NumericalMethods
import Pricing
import Testing

@Suite("Black-76 has the same bits everywhere")
struct Black76TwinTests {
  static let count = 20_003

  /// FNV-1a over 64-bit words with a fold: any changed bit of any result changes it.
  ///
  /// Computed on x86-64; every machine, build mode and variant must give this number.
  static let storedHash: UInt64 = 0xcc67_33e2_3225_ab91

  @Test("the Swift function and every variant of the kernel agree on 20,003 options and a hash")
  func greeks() {
    let options = options(seed: 76)
    let expected = (0..<Self.count).map { index in
      (try? Black76.value(
        forward: options.forward[index], strike: options.strike[index],
        volatility: options.volatility[index], yearsToExpiry: options.yearsToExpiry[index],
        right: options.sign[index] == 1 ? .call : .put)).map(patterns)
        ?? [UInt64](repeating: 0x7ff8_0000_0000_0000, count: 7)
    }
    #expect(hash(expected) == Self.storedHash)
    #expect(expected.filter { $0[0] == 0x7ff8_0000_0000_0000 }.count > Self.count / 50)

    inEveryVariant { variant in
      var results = OptionValueColumns(count: Self.count)
      plimsoll_black76(
        options.forward, options.strike, options.volatility, options.yearsToExpiry, options.sign,
        &results.price, &results.delta, &results.gamma, &results.vega, &results.theta,
        &results.vanna, &results.volga, Self.count)
      let difference = (0..<Self.count).first { expected[$0] != patterns(results[$0]) }
      #expect(difference == nil, "variant \(variant), option \(difference ?? 0)")
    }
  }

  @Test("the price alone has the bits of the price with its Greeks, in every variant")
  func prices() {
    let options = options(seed: 77)
    let variances = (0..<Self.count).map {
      options.volatility[$0] * options.volatility[$0] * options.yearsToExpiry[$0]
    }
    let expected = (0..<Self.count).map { index in
      (try? Black76.price(
        forward: options.forward[index], strike: options.strike[index],
        totalVariance: variances[index], right: options.sign[index] == 1 ? .call : .put))
        ?? .nan
    }
    for index in 0..<Self.count {
      let value = try? Black76.value(
        forward: options.forward[index], strike: options.strike[index],
        volatility: options.volatility[index], yearsToExpiry: options.yearsToExpiry[index],
        right: options.sign[index] == 1 ? .call : .put)
      if let value { #expect(value.price.bitPattern == expected[index].bitPattern) }
    }
    inEveryVariant { variant in
      var prices = [Double](repeating: 0, count: Self.count)
      plimsoll_black76_price(
        options.forward, options.strike, variances, options.sign, &prices, Self.count)
      let difference = (0..<Self.count).first {
        prices[$0].bitPattern != expected[$0].bitPattern
      }
      #expect(difference == nil, "variant \(variant), option \(difference ?? 0)")
    }
  }

  @Test("a sign other than 1 and -1 gives NaN in every output of that option alone")
  func strangeSign() {
    let signs: [Double] = [1, 0, -1, 2, .nan, 1 + 0x1p-52, -0.5, 1]
    let isRight = [true, false, true, false, false, false, false, true]
    let usual = [Double](repeating: 1, count: signs.count)
    inEveryVariant { variant in
      var results = OptionValueColumns(count: signs.count)
      plimsoll_black76(
        usual, usual, usual, usual, signs, &results.price, &results.delta, &results.gamma,
        &results.vega, &results.theta, &results.vanna, &results.volga, signs.count)
      for index in signs.indices {
        let strange = patterns(results[index]).filter { $0 == 0x7ff8_0000_0000_0000 }
        #expect(strange.count == (isRight[index] ? 0 : 7), "variant \(variant)")
      }
    }
  }

  private func inEveryVariant(_ body: (Int32) -> Void) {
    defer { plimsoll_force_kernel_variant(PLIMSOLL_KERNEL_VARIANT_AUTOMATIC) }
    for variant in 0..<plimsoll_kernel_variant_count()
    where plimsoll_force_kernel_variant(variant) {
      body(variant)
    }
  }

  private func patterns(_ value: OptionValue) -> [UInt64] {
    let greeks = value.greeks
    return [
      value.price, greeks.delta, greeks.gamma, greeks.vega, greeks.theta, greeks.vanna,
      greeks.volga,
    ].map(\.bitPattern)
  }

  private func hash(_ results: [[UInt64]]) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for pattern in results.joined() {
      hash = (hash ^ pattern) &* 0x0000_0100_0000_01b3
      // A multiplication never moves a high bit down; this does.
      hash ^= hash >> 32
    }
    return hash
  }

  /// Mostly options as they are traded, some at the edges of the domain and beyond.
  private func options(seed: UInt64) -> OptionColumns {
    let strange: [Double] = [
      0, -0.0, -1, 0x1p-1074, 0x1p-500, 0x1p500, 0x1p200, 1e300, .infinity, .nan, 1,
    ]
    var source = OptionSource(seed: seed)
    var options = OptionColumns(
      forward: [], strike: [], volatility: [], yearsToExpiry: [], sign: [])
    for _ in 0..<Self.count {
      let (forward, strike, variance) = source.next()
      let years = source.uniform(0.001, 3)
      var inputs = [forward, strike, (variance / years).squareRoot(), years]
      let draw = source.generator.next()
      if draw % 16 == 0 {
        inputs[Int(draw >> 8) % 4] = strange[Int(draw >> 16) % strange.count]
      }
      if draw % 16 == 1 { inputs[1] = inputs[0] }
      options.forward.append(inputs[0])
      options.strike.append(inputs[1])
      options.volatility.append(inputs[2])
      options.yearsToExpiry.append(inputs[3])
      options.sign.append(draw & 1 << 40 == 0 ? 1 : -1)
    }
    return options
  }
}
