// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Kernels
import NumericalMethods
import Testing

@Suite("The error function and the normal distribution have the same bits everywhere")
struct NormalTwinTests {
  static let count = 40_001

  /// FNV-1a over 64-bit words with a fold: any changed bit of any result changes it.
  ///
  /// Computed on x86-64; every machine, build mode and variant must give these numbers.
  static let storedHashes: [NormalFunction: UInt64] = [
    .erfc: 0xfc76_1a19_5ae1_9969,
    .erfcx: 0x3c45_6718_50f2_8d9e,
    .density: 0x0835_8316_46e2_4d98,
    .cumulative: 0x4cd6_d5e8_56e6_f4e6,
    .inverse: 0x195f_3808_45df_37c0,
  ]

  @Test(
    "the Swift function and every variant of its kernel agree on 40,001 inputs and their hash",
    arguments: NormalFunction.allCases)
  func twins(function: NormalFunction) {
    let inputs = inputs(of: function)
    var results: [Double] = []
    results.reserveCapacity(inputs.count)
    for x in inputs { results.append(function(x)) }
    #expect(hash(results) == Self.storedHashes[function])

    defer { plimsoll_force_kernel_variant(PLIMSOLL_KERNEL_VARIANT_AUTOMATIC) }
    for variant in 0..<plimsoll_kernel_variant_count()
    where plimsoll_force_kernel_variant(variant) {
      let kernel = function.kernel(inputs)
      let difference = inputs.indices.first {
        results[$0].bitPattern != kernel[$0].bitPattern
      }
      #expect(difference == nil, "variant \(variant), x = \(inputs[difference ?? 0])")
    }
  }

  /// One third over all bit patterns, one third over the range where the function moves, one
  /// third within it down to the smallest magnitudes.
  private func inputs(of function: NormalFunction) -> [Double] {
    var generator = SplitMix64(seed: 17)
    let range = function.range
    var inputs: [Double] = []
    inputs.reserveCapacity(Self.count)
    for index in 0..<Self.count {
      let unit = generator.nextUnit()
      let pattern = generator.next()
      let even = range.lowerBound + (range.upperBound - range.lowerBound) * unit
      switch index % 3 {
      case 0: inputs.append(Double(bitPattern: pattern))
      case 1: inputs.append(even)
      default:
        let exponent = -Int(pattern >> 54)
        inputs.append(Double(sign: .plus, exponent: exponent, significand: even))
      }
    }
    return inputs
  }

  private func hash(_ results: [Double]) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for result in results {
      hash = (hash ^ result.bitPattern) &* 0x0000_0100_0000_01b3
      // A multiplication never moves a high bit down; this does.
      hash ^= hash >> 32
    }
    return hash
  }
}
