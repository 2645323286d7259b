// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
import Testing

@Suite("Philox")
struct PhiloxTests {
  // Expected: the known answers that the authors publish with Random123, philox4x32, 10 rounds.
  @Test("gives the published answers")
  func answers() {
    let zero = Philox(seed: 0).words(at: SIMD4(repeating: 0))
    #expect(zero == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    let full = Philox(seed: .max).words(at: SIMD4(repeating: .max))
    #expect(full == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    let digitsOfPi = Philox(seed: 0x299f_31d0_a409_3822)
      .words(at: SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344))
    #expect(digitsOfPi == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  @Test("units are odd multiples of 2^-53 inside (0, 1), with the mean of their distribution")
  func units() {
    let generator = Philox(seed: 7)
    var sum = 0.0
    for index in 0..<10_000 as Range<UInt32> {
      let (first, second) = generator.units(at: SIMD4(index, 0, 0, 0))
      for unit in [first, second] {
        #expect(unit > 0 && unit < 1)
        #expect((unit * 0x1p53).truncatingRemainder(dividingBy: 2) == 1)
        #expect(1 - (1 - unit) == unit)
        sum += unit
      }
    }
    // Six standard errors: 6 / sqrt(12 * 20,000).
    #expect((sum / 20_000 - 0.5).magnitude < 0.0123)
  }

  @Test("seeds and counters give unrelated words")
  func independence() {
    let words = (0..<64 as Range<UInt64>).flatMap { seed in
      (0..<64 as Range<UInt32>).map { Philox(seed: seed).words(at: SIMD4($0, 0, 0, 0)) }
    }
    #expect(Set(words).count == 4_096)
    // Bits of all words: six standard deviations of a fair count.
    var ones = 0
    for word in words {
      for index in 0..<4 { ones += word[index].nonzeroBitCount }
    }
    #expect(abs(ones - 262_144) < 2_173)
  }
}
