// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Liquidation
import Quantities
import TestFixtures
import Testing

@Suite("Deleveraging to one leverage")
struct LeverageDrainingTests {
  private static let unit: Int64 = 1 << 32

  private func candidate(
    _ id: UInt32, _ size: Int64, equity: Int64, exposure: Int64? = nil, profit: Int64 = 1
  ) -> DeleveragingCandidate {
    DeleveragingCandidate(
      account: AccountID(id), size: Size(steps: size), profit: profit, notional: size * 100,
      equity: equity, exposure: exposure)
  }

  private func cuts(_ size: Int64, _ candidates: [DeleveragingCandidate]) -> [[Int64]] {
    drainLeverage(of: Size(steps: size), among: candidates).cuts
      .map { [Int64($0.account.number), $0.size.steps] }
  }

  // Leverages 10, 5 and 2: 100 steps of 100 on 1,000, 2,000 and 5,000.
  private var three: [DeleveragingCandidate] {
    [
      candidate(1, 100, equity: 1_000), candidate(2, 100, equity: 2_000),
      candidate(3, 100, equity: 5_000),
    ]
  }

  @Test("the highest leverage is drained first, then those that reach it, together")
  func water() {
    // Down to 5: 50 steps of account 1 alone.
    #expect(cuts(50, three) == [[1, 50]])
    // From 5 to 2 the two lose 10 and 20 steps per unit of leverage: 30 and 60 more.
    #expect(cuts(140, three) == [[1, 80], [2, 60]])
    // Half a unit below 2 all three: 5, 10 and 25.
    #expect(cuts(180, three) == [[1, 85], [2, 70], [3, 25]])
    // The level is 2 less at most one step of 100 on 2,000.
    let level = drainLeverage(of: Size(steps: 140), among: three).level
    #expect(level <= 2 * Self.unit && level > 2 * Self.unit - Self.unit / 20)
    #expect(cuts(300, three) == [[1, 100], [2, 100], [3, 100]])
    #expect(cuts(301, three) == [[1, 100], [2, 100], [3, 100]], "no more than there is")
  }

  @Test("a hedged pair is broken only when nothing else is left")
  func hedges() {
    let hedged = candidate(1, 100, equity: 100, exposure: 0)
    let over = candidate(2, 100, equity: 100, exposure: -5_000)
    let plain = candidate(3, 100, equity: 1_000_000)
    #expect(cuts(100, [hedged, over, plain]) == [[3, 100]])
    #expect(cuts(150, [hedged, over, plain]) == [[1, 50], [3, 100]])
    #expect(cuts(250, [hedged, over, plain]) == [[1, 100], [2, 50], [3, 100]])
  }

  @Test("losers, insolvent accounts and empty positions are not touched")
  func eligible() {
    #expect(cuts(5, [candidate(1, 10, equity: 5, profit: 0)]).isEmpty)
    #expect(cuts(5, [candidate(1, 10, equity: 0), candidate(2, 10, equity: -1)]).isEmpty)
    #expect(cuts(5, [candidate(1, 0, equity: 5)]).isEmpty)
    #expect(cuts(5, []).isEmpty && cuts(0, three).isEmpty)
    #expect(cuts(5, [candidate(1, 10, equity: 1)]) == [[1, 5]])
  }

  @Test("what whole steps leave over comes from the lowest account")
  func remainders() {
    let equal = [7, 3, 5].map { candidate(UInt32($0), 10, equity: 100) }
    #expect(cuts(1, equal) == [[3, 1]])
    #expect(cuts(10, equal) == [[3, 4], [5, 3], [7, 3]])
    #expect(cuts(29, equal) == [[3, 10], [5, 10], [7, 9]])
  }

  @Test("the largest numbers are shared to the unit")
  func extremes() {
    let wide = [
      DeleveragingCandidate(
        account: AccountID(1), size: Size(steps: Size.limit), profit: .max, notional: .max,
        equity: .max),
      DeleveragingCandidate(
        account: AccountID(2), size: Size(steps: Size.limit), profit: .max, notional: 1,
        equity: 1, exposure: .min),
      DeleveragingCandidate(
        account: AccountID(3), size: Size(steps: 5), profit: 1, notional: .max, equity: 1),
    ]
    for wanted in [1, 5, 6, Size.limit, Size.limit + 5, 2 * Size.limit + 4, 2 * Size.limit + 5] {
      let sum = cuts(wanted, wide).reduce(0) { $0 + $1[1] }
      #expect(sum == wanted)
    }
  }

  // A guess at the ceiling: the bracket is then wider than 64 bits.
  @Test("a level anywhere between the ends is found")
  func ceiling() {
    let candidates = [
      DeleveragingCandidate(
        account: AccountID(1), size: Size(steps: 10), profit: 1, notional: 10, equity: 1,
        exposure: 3_000_000_000),
      DeleveragingCandidate(
        account: AccountID(2), size: Size(steps: 10), profit: 1, notional: 1_000, equity: 200),
    ]
    #expect(cuts(10, candidates) == [[1, 10]])
    #expect(cuts(15, candidates) == [[1, 10], [2, 5]])
  }

  @Test("one level explains every cut, whatever the order", arguments: 0..<100)
  func properties(seed: UInt64) {
    var random = Seeded(seed)
    let scale = Int64.random(in: 1...100_000, using: &random)
    let candidates = (0..<UInt32.random(in: 1...40, using: &random)).map { id in
      let size = Int64.random(in: 0...500, using: &random)
      return DeleveragingCandidate(
        account: AccountID(id), size: Size(steps: size),
        profit: Int64.random(in: -1...9, using: &random), notional: max(size * scale, 1),
        equity: Int64.random(in: -1...1_000 * scale, using: &random),
        exposure: Int64.random(in: -500 * scale...1_000 * scale, using: &random))
    }
    let wanted = Int64.random(in: 1...8_000, using: &random)
    let drained = drainLeverage(of: Size(steps: wanted), among: candidates)
    #expect(
      drainLeverage(of: Size(steps: wanted), among: candidates.shuffled(using: &random))
        == drained)
    let eligible = candidates.filter { $0.equity > 0 && $0.profit > 0 && $0.size.steps > 0 }
    let there = eligible.reduce(0) { $0 + $1.size.steps }
    #expect(drained.cuts.reduce(0) { $0 + $1.size.steps } == min(wanted, there))
    guard there > wanted else { return }
    let level = Double(drained.level) / Double(Self.unit)
    for candidate in eligible {
      let steps = drained.cuts.first { $0.account == candidate.account }?.size.steps ?? 0
      let excess = Double(candidate.exposure) - level * Double(candidate.equity)
      let exact = excess * Double(candidate.size.steps) / Double(candidate.notional)
      #expect(abs(Double(steps) - min(max(exact, 0), Double(candidate.size.steps))) <= 1.001)
    }
  }

  // Splitting an account into two of half its size, exposure and equity must not pay (P33).
  @Test("an account gains nothing by splitting", arguments: 0..<50)
  func splitting(seed: UInt64) {
    var random = Seeded(seed)
    let others = (10..<20).map { id in
      candidate(
        UInt32(id), Int64.random(in: 1...500, using: &random),
        equity: Int64.random(in: 1...20_000, using: &random))
    }
    let size = 2 * Int64.random(in: 1...250, using: &random)
    let equity = 2 * Int64.random(in: 1...10_000, using: &random)
    let half = { (id: UInt32) in self.candidate(id, size / 2, equity: equity / 2) }
    for wanted: Int64 in [1, 17, 230, 900] {
      let whole = cuts(wanted, others + [candidate(1, size, equity: equity)])
      let split = cuts(wanted, others + [half(1), half(2)])
      let one = whole.first { $0[0] == 1 }?[1] ?? 0
      let two = split.filter { $0[0] <= 2 }.reduce(0) { $0 + $1[1] }
      #expect(abs(one - two) <= 2)
    }
  }
}
