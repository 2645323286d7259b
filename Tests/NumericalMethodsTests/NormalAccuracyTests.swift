// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
import Testing

@Suite("The error function and the normal distribution are accurate")
struct NormalAccuracyTests {
  // Expected: mpmath, 60 digits. Tolerance: the documented bound.
  @Test("within the documented error of the exact value", arguments: NormalFunction.allCases)
  func accuracy(function: NormalFunction) throws {
    let table = try NormalReference.table(of: function)
    #expect(table.count >= 300)
    var largestError = 0.0
    var worst = 0.0
    for line in table {
      let error = line.error(of: function(line.x))
      // Written so that an error that is not a number counts as the largest.
      if !(error <= largestError) {
        largestError = error
        worst = line.x
      }
    }
    #expect(largestError <= function.documentedError, "at \(worst)")
  }

  @Test("the table reaches the subnormal results", arguments: NormalFunction.allCases)
  func subnormalResults(function: NormalFunction) throws {
    let results = try NormalReference.table(of: function).map(\.rounded)
    let extreme =
      switch function {
      case .inverse: results.filter { $0 < -38.4 }
      case .erfc, .erfcx, .density, .cumulative: results.filter(\.isSubnormal)
      }
    #expect(!extreme.isEmpty)
  }

  @Test("quantile and probability undo each other in both tails")
  func inversePair() {
    var generator = SplitMix64(seed: 5)
    for _ in 0..<2_000 {
      let x = -38 * generator.nextUnit()
      let back = Normal.inverse(Normal.cumulative(x))
      // 1.75 ulp of the probability are 1.75 × 2^-52 N(x) / φ(x) in x; then 1.2 ulp of x. A
      // subnormal probability has fewer digits.
      let probability = Normal.cumulative(x)
      let conditioning = probability.ulp / Normal.density(x)
      #expect((back - x).magnitude <= 1.75 * conditioning + 1.2 * x.ulp)
    }
  }

  @Test("the lower and the upper quantile mirror one another exactly")
  func symmetry() {
    var generator = SplitMix64(seed: 6)
    for _ in 0..<2_000 {
      // A multiple of 2^-53, so that 1 - p is exact.
      let p = (generator.nextUnit() * 0x1p53).rounded(.down) * 0x1p-53
      guard p > 0, p < 1 else { continue }
      #expect(Normal.inverse(1 - p) == -Normal.inverse(p))
    }
  }

  @Test("probabilities never fall from one step to the next by more than their error")
  func monotonicity() {
    for start in [-38.4, -20, -1, -1e-9, 0, 1e-9, 0.5, 8] {
      var x = start
      for _ in 0..<500 {
        let next = x.nextUp
        #expect(Normal.cumulative(next) >= Normal.cumulative(x) - 3 * Normal.cumulative(x).ulp)
        #expect(ErrorFunction.erfc(next) <= ErrorFunction.erfc(x) + 3 * ErrorFunction.erfc(x).ulp)
        x = next
      }
    }
  }
}
