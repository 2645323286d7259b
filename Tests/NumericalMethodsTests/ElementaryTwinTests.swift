// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Kernels
import NumericalMethods
import Testing

@Suite("Elementary functions have the same bits everywhere")
struct ElementaryTwinTests {
  /// Inputs per function: a million over all eight.
  static let count = 125_000

  /// A chained hash of all results in order, so that any changed bit of any of them changes it.
  ///
  /// Computed on x86-64; every machine, build mode and variant must give these numbers.
  static let storedHashes: [ElementaryFunction: UInt64] = [
    .exp: 0xf672_9e9f_af19_5058,
    .expOfSum: 0xe909_66e1_c9d0_3650,
    .expm1: 0x63e8_4859_86a5_4685,
    .log: 0xfafe_56b7_c132_29c1,
    .log1p: 0x29e6_6c69_a1fb_2cb9,
    .sin: 0x8c9f_31a0_44e1_b606,
    .cos: 0xd7fe_c7e5_a88d_8235,
    .pow: 0x5a7e_4fd3_ec78_f7b3,
  ]

  @Test(
    "the Swift function and every variant of its kernel agree on 125,000 patterns and their hash",
    arguments: ElementaryFunction.allCases)
  func twins(function: ElementaryFunction) {
    let inputs = patterns()
    var swift: [Double] = []
    swift.reserveCapacity(Self.count)
    for index in 0..<Self.count { swift.append(function(inputs.x[index], inputs.y[index])) }
    #expect(hash(swift) == Self.storedHashes[function])

    defer { plimsoll_force_kernel_variant(PLIMSOLL_KERNEL_VARIANT_AUTOMATIC) }
    for variant in 0..<plimsoll_kernel_variant_count()
    where plimsoll_force_kernel_variant(variant) {
      let kernel = function.kernel(inputs.x, inputs.y)
      let difference = firstDifference(swift, kernel)
      #expect(difference == nil, "variant \(variant), x = \(inputs.x[difference ?? 0])")
    }
  }

  @Test(
    "every result that is not a number is one bit pattern",
    arguments: ElementaryFunction.allCases)
  func canonicalNaN(function: ElementaryFunction) {
    let strange: [UInt64] = [
      0x7ff0_0000_0000_0001, 0x7ff8_0000_0000_0001, 0x7fff_ffff_ffff_ffff, 0xfff0_0000_0000_0001,
      0xfff8_0000_0000_0000, 0xffff_ffff_ffff_ffff,
    ]
    for pattern in strange {
      let x = Double(bitPattern: pattern)
      #expect(function(x, 0.5).bitPattern == 0x7ff8_0000_0000_0000)
    }
  }

  /// Random patterns: a quarter over all doubles, the rest with exponents from -40 to 11, where
  /// the functions are neither constant nor out of range.
  private func patterns() -> (x: [Double], y: [Double]) {
    var generator = SplitMix64(seed: 2_026)
    var x: [Double] = []
    var y: [Double] = []
    x.reserveCapacity(Self.count)
    y.reserveCapacity(Self.count)
    for index in 0..<Self.count {
      let first = generator.next()
      let second = generator.next()
      let isAny = index % 4 == 0
      x.append(Double(bitPattern: isAny ? first : moderate(first)))
      y.append(Double(bitPattern: isAny ? second : moderate(second)))
    }
    return (x, y)
  }

  private func moderate(_ pattern: UInt64) -> UInt64 {
    let exponent = 983 + (pattern >> 52) % 52
    return (pattern & 0x800f_ffff_ffff_ffff) | (exponent << 52)
  }

  /// FNV-1a, a word at a time; the shift brings the high bits down, which multiplication cannot.
  private func hash(_ results: [Double]) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for result in results {
      hash = (hash ^ result.bitPattern) &* 0x0000_0100_0000_01b3
      hash ^= hash >> 32
    }
    return hash
  }

  private func firstDifference(_ a: [Double], _ b: [Double]) -> Int? {
    if a.count != b.count { return 0 }
    for index in a.indices where a[index].bitPattern != b[index].bitPattern { return index }
    return nil
  }
}
