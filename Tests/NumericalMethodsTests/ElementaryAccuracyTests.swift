// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
import Testing

@Suite("Elementary functions are accurate")
struct ElementaryAccuracyTests {
  // Expected: mpmath, 100 digits. Tolerance: the documented bound.
  @Test("within the documented error of the exact value", arguments: ElementaryFunction.allCases)
  func accuracy(function: ElementaryFunction) throws {
    let table = try ElementaryReference.table(of: function)
    #expect(table.count >= 300)
    var largestError = 0.0
    var worst = (x: 0.0, y: 0.0)
    for line in table {
      let error = line.error(of: function(line.x, line.y))
      // Written so that an error that is not a number counts as the largest.
      if !(error <= largestError) {
        largestError = error
        worst = (line.x, line.y)
      }
    }
    #expect(largestError <= function.documentedError, "at \(worst)")
  }

  @Test("within 0.7 ulp for an exponential that is not subnormal")
  func normalExponential() throws {
    let table = try ElementaryReference.table(of: .exp).filter(\.rounded.isNormal)
    #expect(table.count >= 500)
    #expect(table.allSatisfy { $0.error(of: Elementary.exp($0.x)) <= 0.7 })
  }

  @Test("exact where a double holds the power")
  func exactPowers() {
    for base in 2...12 {
      var power = 1
      for exponent in 1...14 {
        power *= base
        guard power < 1 << 53 else { break }
        #expect(Elementary.pow(Double(base), Double(exponent)) == Double(power))
      }
    }
    for root in 1...100 {
      #expect(Elementary.pow(Double(root * root), 0.5) == Double(root))
    }
    for exponent in -1074...1023 {
      let expected = Double(sign: .plus, exponent: exponent, significand: 1)
      #expect(Elementary.pow(2, Double(exponent)) == expected)
    }
  }

  @Test("a correction beyond the leading double moves the exponential by its own size")
  func correctedExponential() {
    // e^300 (1 + 2^-50): the correction is one eighth of an ulp of the argument.
    let plain = Elementary.exp(300)
    let corrected = Elementary.exp(high: 300, low: 0x1p-50)
    #expect(((corrected - plain) / plain - 0x1p-50).magnitude < 0x1p-52)
    #expect(Elementary.exp(high: 300, low: 0).bitPattern == plain.bitPattern)
  }

  @Test("log and exp undo each other to the conditioning of the pair")
  func inversePair() {
    var generator = SplitMix64(seed: 7)
    for _ in 0..<2_000 {
      let x = 1400 * generator.nextUnit() - 700
      // The error of exp, 0.7 ulp, is one of 2^-52 in x; that of log is below 0.75 ulp of x.
      let error = (Elementary.log(Elementary.exp(x)) - x).magnitude
      #expect(error <= 0x1p-52 + x.ulp)
    }
  }
}
