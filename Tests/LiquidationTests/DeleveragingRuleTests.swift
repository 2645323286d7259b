// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Liquidation
import Quantities
import TestFixtures
import Testing

@Suite("Rules of deleveraging")
struct DeleveragingRuleTests {
  /// Ten steps each of 1,000 in all: leverages 1, 4 and 10; gains of 50 %, 20 % and 1 %.
  private let three = [
    DeleveragingCandidate(
      account: AccountID(1), size: Size(steps: 10), profit: 500, notional: 1_000, equity: 1_000),
    DeleveragingCandidate(
      account: AccountID(2), size: Size(steps: 10), profit: 200, notional: 1_000, equity: 250),
    DeleveragingCandidate(
      account: AccountID(3), size: Size(steps: 10), profit: 10, notional: 1_000, equity: 100),
  ]

  private func cuts(
    _ size: Int64, _ rule: DeleveragingRule, side: Side = .buy,
    among candidates: [DeleveragingCandidate]? = nil
  ) -> [[Int64]] {
    allocateDeleveraging(
      of: Size(steps: size), among: candidates ?? three, side: side, by: rule
    ).map { [Int64($0.account.number), $0.size.steps] }
  }

  @Test("each rule takes whom it says")
  func rules() {
    // Leverage 10 falls to 4 with 6 steps; the rest is shared as leverage falls together:
    // 10 steps per 1,000: account 2 loses 2.5, account 3 loses 1 per unit of leverage.
    #expect(cuts(6, .leverageDraining) == [[3, 6]])
    #expect(cuts(13, .leverageDraining) == [[2, 5], [3, 8]])
    // 0.5 × 1, 0.2 × 4, 0.01 × 10.
    #expect(cuts(13, .profitTimesLeverage) == [[2, 10], [1, 3]])
    // 1000/500 × 1, 1000/800 × 4, 1000/990 × 10.
    #expect(cuts(23, .priceRatioTimesLeverage) == [[3, 10], [2, 10], [1, 3]])
    #expect(cuts(13, .proRata) == [[1, 5], [2, 4], [3, 4]])
  }

  @Test("a short's price ratio is that of its entry over the mark")
  func sides() {
    // Both at leverage 1: a long that doubled before one that did not; shorts of 2 and of 1.5.
    let pair = [
      DeleveragingCandidate(
        account: AccountID(1), size: Size(steps: 5), profit: 600, notional: 1_000, equity: 1_000),
      DeleveragingCandidate(
        account: AccountID(2), size: Size(steps: 5), profit: 900, notional: 1_000, equity: 800),
    ]
    // Long: 1000/400 × 1 = 2.5; 1000/100 × 1.25 = 12.5.
    #expect(cuts(5, .priceRatioTimesLeverage, among: pair) == [[2, 5]])
    // A long without cost is no division by zero.
    let free = DeleveragingCandidate(
      account: AccountID(3), size: Size(steps: 5), profit: .max, notional: .max, equity: 1)
    #expect(cuts(5, .priceRatioTimesLeverage, among: pair + [free]) == [[3, 5]])
    // Short: 1600/1000 × 1 = 1.6 and 1900/1000 × 0.5 = 0.95.
    let poorer = DeleveragingCandidate(
      account: AccountID(2), size: Size(steps: 5), profit: 900, notional: 1_000, equity: 2_000)
    #expect(cuts(5, .priceRatioTimesLeverage, side: .sell, among: [pair[0], poorer]) == [[1, 5]])
    #expect(cuts(5, .priceRatioTimesLeverage, side: .buy, among: [pair[0], poorer]) == [[2, 5]])
  }

  @Test("a drawn start goes round once, and another seed begins elsewhere")
  func rounds() {
    var starts: Set<Int64> = []
    for seed: UInt64 in 0..<20 {
      let taken = cuts(25, .randomStart(seed: seed))
      #expect(taken == cuts(25, .randomStart(seed: seed)))
      #expect(taken.map { $0[1] } == [10, 10, 5])
      let first = taken[0][0]
      let expected: [Int64] = [first, first % 3 + 1, (first + 1) % 3 + 1]
      #expect(taken.map { $0[0] } == expected)
      starts.insert(first)
    }
    #expect(starts == [1, 2, 3])
  }

  @Test(
    "every rule closes exactly what is asked, or all there is",
    arguments: [
      .leverageDraining, .profitTimesLeverage, .priceRatioTimesLeverage, .proRata,
      .randomStart(seed: 7),
    ] as [DeleveragingRule])
  func sums(rule: DeleveragingRule) {
    var random = Seeded(3)
    for _ in 0..<50 {
      let candidates = (0..<UInt32.random(in: 0...15, using: &random)).map { id in
        DeleveragingCandidate(
          account: AccountID(id), size: Size(steps: .random(in: 0...50, using: &random)),
          profit: .random(in: -3...300, using: &random),
          notional: .random(in: 1...1_000, using: &random),
          equity: .random(in: -10...1_000, using: &random))
      }
      let wanted = Int64.random(in: 1...300, using: &random)
      let taken = cuts(wanted, rule, among: candidates)
      #expect(cuts(wanted, rule, among: candidates.shuffled(using: &random)) == taken)
      let there = candidates.filter { $0.equity > 0 && $0.profit > 0 }
        .reduce(0) { $0 + $1.size.steps }
      let sum = taken.reduce(0) { $0 + $1[1] }
      #expect(sum == min(wanted, there))
      #expect(taken.allSatisfy { $0[1] > 0 } && Set(taken.map { $0[0] }).count == taken.count)
    }
  }

  @Test("a place says how many stand before, its quantile how many behind")
  func quantiles() {
    let queue = deleveragingQueue([5, 0, 20, 10, -1, 10])
    #expect(queue.map { $0?.quantile } == [25, nil, 100, 75, nil, 75])
    #expect(queue.map { $0?.place } == [4, nil, 1, 2, nil, 2])
    #expect(queue.allSatisfy { $0 == nil || $0?.count == 4 })
    #expect(deleveragingQueue([0, -3]) == [nil, nil])
    #expect(deleveragingQueue([7]) == [QueuePlace(place: 1, count: 1, quantile: 100)])
  }
}

@Suite("Sharing by equity")
struct EquityHaircutTests {
  private func shares(
    _ deficit: Int64, _ bearers: [(UInt32, equity: Int64, profit: Int64)]
  ) -> [[Int64]] {
    shareCappedProRata(
      deficit,
      among: bearers.map {
        HaircutBearer(account: AccountID($0.0), equity: $0.equity, profit: $0.profit)
      }
    ).map { [Int64($0.account.number), $0.units] }
  }

  // FIELD 2.8, Drift: loss ÷ (|long| + |short|) for each unit; who cannot gives what it has.
  @Test("by position everybody gives the same for each unit, up to its cap and its weight")
  func byPosition() {
    func given(_ caps: [Int64]) -> [Int64] {
      let bearers = zip([300, 700, 1_000], caps).enumerated().map { id, bearer in
        HaircutBearer(account: AccountID(UInt32(id)), weight: bearer.0, cap: bearer.1)
      }
      return shareCappedProRata(100, among: bearers).map(\.units)
    }
    #expect(given([.max, .max, .max]) == [15, 35, 50])
    // One unit below, at and above what the last would give.
    #expect(given([.max, .max, 49]) == [15, 36, 49])
    #expect(given([.max, .max, 50]) == [15, 35, 50] && given([.max, .max, 51]) == [15, 35, 50])
    let bearer = HaircutBearer(account: AccountID(0), weight: 10, cap: 11)
    #expect(bearer.cap == 10 && HaircutBearer(account: AccountID(0), weight: 9, cap: -1).cap == 0)
  }

  @Test("everybody gives the same part of equity, and nobody more than the profit")
  func water() {
    #expect(shares(30, [(1, 100, 50), (2, 200, 50)]) == [[1, 10], [2, 20]])
    // Account 2 stops at 12; the rest is 18 of 100 and of 300: 4.5 and 13.5.
    #expect(
      shares(30, [(1, 100, 50), (2, 200, 12), (3, 300, 50)]) == [[1, 5], [2, 10], [3, 15]])
    #expect(shares(30, [(1, 100, 50), (2, 200, 6), (3, 300, 50)]) == [[1, 6], [2, 6], [3, 18]])
    #expect(shares(200, [(1, 100, 50), (2, 200, 6)]) == [[1, 50], [2, 6]])
    // Equity below the profit is the cap.
    #expect(shares(200, [(1, 40, 50)]) == [[1, 40]])
  }

  @Test("what does not divide goes to the largest remainder, ties by account")
  func remainders() {
    #expect(shares(10, [(3, 5, 5), (1, 5, 5), (2, 5, 5)]) == [[1, 4], [2, 3], [3, 3]])
    #expect(shares(1, [(1, 5, 5), (2, 6, 5)]) == [[2, 1]])
  }

  @Test("nobody without profit or equity gives")
  func nobody() {
    #expect(shares(5, [(1, 100, 0), (2, 100, -5), (3, 0, 10), (4, -5, 10)]).isEmpty)
    #expect(shares(0, [(1, 100, 50)]).isEmpty && shares(-1, [(1, 100, 50)]).isEmpty)
    let half = Int64.max / 2
    let widest = shares(.max, [(1, .max, .max), (2, .max, .max)])
    #expect(widest == [[1, half + 1], [2, half]])
  }

  @Test("one rate explains every share, and splitting changes nothing", arguments: 0..<100)
  func properties(seed: UInt64) {
    var random = Seeded(seed)
    let bearers = (0..<UInt32.random(in: 1...30, using: &random)).map { id in
      HaircutBearer(
        account: AccountID(id), equity: .random(in: -10...100_000, using: &random),
        profit: .random(in: -10...50_000, using: &random))
    }
    let caps = bearers.filter { $0.weight > 0 }.reduce(Int64(0)) { $0 + $1.cap }
    let deficit = Int64.random(in: 1...max(caps + 100, 2), using: &random)
    let shares = shareCappedProRata(deficit, among: bearers)
    #expect(shareCappedProRata(deficit, among: bearers.shuffled(using: &random)) == shares)
    let sum = shares.reduce(Int64(0)) { $0 + $1.units }
    #expect(sum == min(deficit, caps))
    var highest = 0.0
    var lowestUncapped = Double.infinity
    for bearer in bearers where bearer.weight > 0 && bearer.cap > 0 {
      let given = shares.first { $0.account == bearer.account }?.units ?? 0
      #expect(given <= bearer.cap)
      highest = max(highest, Double(given - 1) / Double(bearer.weight))
      guard given < bearer.cap else { continue }
      lowestUncapped = min(lowestUncapped, Double(given + 1) / Double(bearer.weight))
    }
    #expect(lowestUncapped >= highest, "who is not at the cap gives as much as anybody")
  }
}
