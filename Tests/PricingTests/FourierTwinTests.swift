// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Kernels
import NumericalMethods
import Pricing
import Testing

@Suite("Slices have the same bits everywhere")
struct FourierTwinTests {
  /// FNV-1a over 64-bit words with a fold: any changed bit of any price changes it.
  ///
  /// Computed on x86-64; every machine, build mode and variant must give this number.
  static let storedHash: UInt64 = 0xc54d_7999_4a65_62da

  @Test("the Swift code and every variant of the kernels agree on 300 slices and a hash")
  func variants() throws {
    var source = ModelSource(seed: 256)
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for number in 0..<300 {
      let (model, years) = (try source.model(), source.years())
      // Counts that fill blocks of strikes and leave some over.
      let strikes = (0..<(number % 70)).map { _ in source.strike(model, years) }
      guard let plain = try? FourierSlice(model: model, yearsToExpiry: years, path: .plain),
        plain.termCount < 600
      else { continue }
      let expected = try strikes.map {
        try plain.price(forward: 100, strike: $0, right: .put).bitPattern
      }
      for pattern in expected {
        hash = (hash ^ pattern) &* 0x0000_0100_0000_01b3
        // A multiplication never moves a high bit down; this does.
        hash ^= hash >> 32
      }
      try inEveryVariant { variant in
        let slice = try FourierSlice(model: model, yearsToExpiry: years)
        let found = try slice.prices(forward: 100, strikes: strikes, right: .put)
        #expect(found.map(\.bitPattern) == expected, "variant \(variant), \(model), \(years)")
        let mixed = try strikes.map { try slice.price(forward: 100, strike: $0, right: .put) }
        #expect(mixed == found)
      }
    }
    #expect(hash == Self.storedHash, "0x\(String(hash, radix: 16))")
  }

  private func inEveryVariant(_ body: (Int32) throws -> Void) rethrows {
    defer { plimsoll_force_kernel_variant(PLIMSOLL_KERNEL_VARIANT_AUTOMATIC) }
    for variant in 0..<plimsoll_kernel_variant_count()
    where plimsoll_force_kernel_variant(variant) {
      try body(variant)
    }
  }
}
