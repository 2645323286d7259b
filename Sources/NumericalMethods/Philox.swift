// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// Philox4x32-10: random numbers computed from a counter and a key, in any order.
///
/// Every path, step and purpose of a simulation has a counter of its own, so a result does not
/// depend on the order of the work. Not for secrets.
/// Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, Parallel random numbers: as easy
/// as 1, 2, 3, SC11 (2011), doi 10.1145/2063384.2063405.
@frozen
public struct Philox: Hashable, Sendable {
  @usableFromInline let lowKey: UInt32
  @usableFromInline let highKey: UInt32

  @inlinable public init(seed: UInt64) {
    lowKey = UInt32(truncatingIfNeeded: seed)
    highKey = UInt32(truncatingIfNeeded: seed &>> 32)
  }

  /// The four words that belong to a counter, each equally likely.
  @inlinable public func words(at counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
    var x = counter
    var k0 = lowKey
    var k1 = highKey
    for _ in 0..<10 {
      let first = UInt64(x[0]) &* 0xd251_1f53
      let second = UInt64(x[2]) &* 0xcd9e_8d57
      x = SIMD4(
        UInt32(truncatingIfNeeded: second &>> 32) ^ x[1] ^ k0,
        UInt32(truncatingIfNeeded: second),
        UInt32(truncatingIfNeeded: first &>> 32) ^ x[3] ^ k1,
        UInt32(truncatingIfNeeded: first))
      k0 &+= 0x9e37_79b9
      k1 &+= 0xbb67_ae85
    }
    return x
  }

  /// Two numbers in (0, 1) that belong to a counter: odd multiples of 2^-53, equally likely.
  @inlinable public func units(at counter: SIMD4<UInt32>) -> (Double, Double) {
    let x = words(at: counter)
    return (Self.unit(x[0], x[1]), Self.unit(x[2], x[3]))
  }

  @inlinable static func unit(_ high: UInt32, _ low: UInt32) -> Double {
    let word = UInt64(high) &<< 32 | UInt64(low)
    return (Double(word &>> 12) + 0.5) * 0x1p-52
  }
}
