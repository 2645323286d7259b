// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
import Testing

@Suite("SplitMix64")
struct SplitMix64Tests {
  // Expected: the algorithm of the cited paper in exact integers of Python.
  @Test("gives the published sequence")
  func sequence() {
    var generator = SplitMix64(seed: 1_234_567)
    #expect(generator.next() == 6_457_827_717_110_365_317)
    #expect(generator.next() == 3_203_168_211_198_807_973)
    #expect(generator.next() == 9_817_491_932_198_370_423)
    var zero = SplitMix64(seed: 0)
    #expect(zero.next() == 0xe220_a839_7b1d_cdaf)
  }

  @Test("continues from its state")
  func state() {
    var first = SplitMix64(seed: 5)
    _ = first.next()
    var second = SplitMix64(seed: first.state)
    #expect(first == second)
    #expect(first.next() == second.next())
  }

  @Test("units are multiples of 2^-53 below one, with the mean of their distribution")
  func units() {
    var generator = SplitMix64(seed: 9)
    var sum = 0.0
    for _ in 0..<10_000 {
      let unit = generator.nextUnit()
      #expect(unit >= 0 && unit < 1)
      #expect((unit * 0x1p53).truncatingRemainder(dividingBy: 1) == 0)
      sum += unit
    }
    // Six standard errors: 6 / sqrt(12 * 10,000).
    #expect((sum / 10_000 - 0.5).magnitude < 0.0174)
  }

  @Test("serves the standard library's drawing without bias at the ends")
  func drawing() {
    var generator = SplitMix64(seed: 3)
    let draws = (0..<6_000).map { _ in Int.random(in: 1...6, using: &generator) }
    // Six standard deviations of a count: 6 * sqrt(6,000 * 5 / 36).
    for face in 1...6 { #expect(abs(draws.count { $0 == face } - 1_000) < 174) }
  }
}
