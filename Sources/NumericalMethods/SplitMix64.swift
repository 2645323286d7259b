// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// A small seeded generator: the same seed gives the same sequence on every machine.
///
/// Not for secrets. Every seed is good, and neighboring seeds give unrelated sequences.
/// Source: G. L. Steele, D. Lea, C. H. Flood, Fast splittable pseudorandom number generators,
/// OOPSLA 2014, 453-472.
@frozen
public struct SplitMix64: RandomNumberGenerator, Equatable, Sendable {
  /// What the next value is made from; storing it and starting from it continues the sequence.
  public var state: UInt64

  @inlinable public init(seed: UInt64) {
    state = seed
  }

  @inlinable public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed &>> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed &>> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed &>> 31)
  }

  /// A multiple of 2^-53 in [0, 1), each equally likely.
  @inlinable public mutating func nextUnit() -> Double {
    Double(next() &>> 11) * 0x1p-53
  }
}
