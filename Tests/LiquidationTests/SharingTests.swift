// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Liquidation
import Quantities
import TestFixtures
import Testing

@Suite("Deleveraging")
struct DeleveragingTests {
  private func candidate(
    _ id: UInt32, _ size: Int64, profit: Int64 = 100, notional: Int64 = 1_000, equity: Int64 = 500
  ) -> DeleveragingCandidate {
    DeleveragingCandidate(
      account: AccountID(id), size: Size(steps: size), profit: profit, notional: notional,
      equity: equity)
  }

  private func cuts(_ size: Int64, _ candidates: [DeleveragingCandidate]) -> [[Int64]] {
    allocateDeleveraging(of: Size(steps: size), among: candidates)
      .map { [Int64($0.account.number), $0.size.steps] }
  }

  @Test("a rank is the plain formula's, whatever the numbers")
  func rankFormula() {
    var random = Seeded(41)
    let edges: [Int64] = [1, 2, 999_999, 1_000_000, 1 << 43, 1 << 44, 1 << 60, .max - 1, .max]
    func number() -> Int64 {
      random.oneIn(3) ? random.pick(edges) : random.number(1...(1 << random.number(1...62)))
    }
    for _ in 0..<2_000 {
      let (profit, notional, equity) = (number(), number(), number())
      let candidate = DeleveragingCandidate(
        account: AccountID(1), size: Size(steps: 1), profit: profit, notional: notional,
        equity: equity)
      let gain = Int128(profit) * 1_000_000 / Int128(notional)
      let leverage = Int128(notional) * 1_000_000 / Int128(equity)
      let (product, overflows) = gain.multipliedReportingOverflow(by: leverage)
      guard !overflows else { continue }
      #expect(candidate.rank == product)
    }
  }

  @Test("profit times leverage decides, and only as much is closed as is needed")
  func ranking() {
    // Ranks: 100/1000 × 1000/500 = 0.2; 0.4 × 2; 0.1 × 10.
    let three = [
      candidate(1, 10), candidate(2, 10, profit: 400), candidate(3, 10, equity: 100),
    ]
    #expect(cuts(25, three) == [[3, 10], [2, 10], [1, 5]])
    #expect(cuts(10, three) == [[3, 10]])
    #expect(cuts(11, three) == [[3, 10], [2, 1]])
    #expect(cuts(30, three) == [[3, 10], [2, 10], [1, 10]])
    #expect(cuts(31, three) == [[3, 10], [2, 10], [1, 10]], "no more than there is")
  }

  @Test("losers, insolvent accounts and empty positions are not touched")
  func eligible() {
    #expect(cuts(5, [candidate(1, 10, profit: 0), candidate(2, 10, profit: -1)]).isEmpty)
    #expect(cuts(5, [candidate(1, 10, equity: 0), candidate(2, 10, equity: -1)]).isEmpty)
    #expect(cuts(5, [candidate(1, 0)]).isEmpty)
    #expect(cuts(5, []).isEmpty)
    #expect(cuts(5, [candidate(1, 10, profit: 1, equity: 1)]) == [[1, 5]])
  }

  @Test("ties go by account")
  func ties() {
    #expect(
      cuts(15, [candidate(9, 10), candidate(3, 10), candidate(5, 10)]) == [[3, 10], [5, 5]])
  }

  @Test("the order of candidates does not matter, and the sum is exact", arguments: 0..<100)
  func orderIndependence(seed: UInt64) {
    var random = Seeded(seed)
    let candidates = (0..<UInt32.random(in: 1...12, using: &random)).map { id in
      candidate(
        id, Int64.random(in: 0...50, using: &random),
        profit: Int64.random(in: -3...3, using: &random),
        notional: Int64.random(in: 1...1_000, using: &random),
        equity: Int64.random(in: -1...1_000, using: &random))
    }
    let wanted = Int64.random(in: 1...300, using: &random)
    let expected = cuts(wanted, candidates)
    for _ in 0..<4 {
      #expect(cuts(wanted, candidates.shuffled(using: &random)) == expected)
    }
    let eligible = candidates.filter { $0.equity > 0 && $0.profit > 0 }
    let there = eligible.reduce(0) { $0 + $1.size.steps }
    #expect(expected.reduce(0) { $0 + $1[1] } == min(wanted, there))
    // No account of lower rank is touched while a higher one has size left.
    let ranked = expected.compactMap { cut in
      eligible.first { Int64($0.account.number) == cut[0] }?.rank
    }
    #expect(ranked == ranked.sorted(by: >))
  }

  @Test("the largest numbers have a rank")
  func extremes() {
    let widest = candidate(1, 1, profit: .max, notional: 1, equity: 1)
    #expect(widest.rank > candidate(2, 1).rank)
    #expect(candidate(1, 1, profit: .min).rank == 0)
    #expect(candidate(1, 1, profit: .max, notional: .max, equity: .max).rank > 0)
  }
}

@Suite("Sharing a loss")
struct SharingTests {
  private func share(
    _ loss: Int64, _ profits: [(UInt32, Int64)], cap: String = "100%"
  ) throws -> [[Int64]] {
    shareLoss(
      loss, among: profits.map { LossBearer(account: AccountID($0.0), profit: $0.1) },
      cap: try Rate(cap)
    ).map { [Int64($0.account.number), $0.units] }
  }

  @Test("winners give in proportion, largest remainder first, ties by account")
  func proportions() throws {
    #expect(try share(10, [(1, 30), (2, 70)]) == [[1, 3], [2, 7]])
    // 10 × 1/3 each: the one left over goes to the lowest id.
    #expect(try share(10, [(3, 5), (1, 5), (2, 5)]) == [[1, 4], [2, 3], [3, 3]])
    // 3.5 and 6.5: both remainders are equal.
    #expect(try share(10, [(1, 35), (2, 65)]) == [[1, 4], [2, 6]])
    // 1.4, 2.6 and 6.0: the larger remainder.
    #expect(try share(10, [(1, 14), (2, 26), (3, 60)]) == [[1, 1], [2, 3], [3, 6]])
  }

  @Test("nobody without a profit gives, and nobody gives nothing")
  func losersGiveNothing() throws {
    #expect(try share(10, [(1, 0), (2, -5), (3, 20)]) == [[3, 10]])
    #expect(try share(10, [(1, 0), (2, -5)]).isEmpty)
    #expect(try share(1, [(1, 5), (2, 5)]) == [[1, 1]])
    #expect(try share(0, [(1, 5)]).isEmpty)
    #expect(try share(-3, [(1, 5)]).isEmpty)
  }

  @Test("each gives at most its capped share; beyond that the loss stays")
  func caps() throws {
    #expect(try share(1_000, [(1, 35), (2, 65)], cap: "50%") == [[1, 17], [2, 32]])
    #expect(try share(49, [(1, 35), (2, 65)], cap: "50%") == [[1, 17], [2, 32]])
    #expect(try share(48, [(1, 35), (2, 65)], cap: "50%") == [[1, 17], [2, 31]])
    #expect(try share(10, [(1, 100)], cap: "0%").isEmpty)
    #expect(try share(10, [(1, 1)], cap: "99%").isEmpty, "a cap below a unit is no share")
  }

  @Test("sums are exact, caps hold and the order does not matter", arguments: 0..<200)
  func properties(seed: UInt64) throws {
    var random = Seeded(seed)
    let profits = (0..<UInt32.random(in: 1...30, using: &random)).map { id in
      (id, Int64.random(in: -50...1_000, using: &random))
    }
    let loss = Int64.random(in: 1...8_000, using: &random)
    let cap = "\(Int.random(in: 0...100, using: &random))%"
    let shares = try share(loss, profits, cap: cap)
    for _ in 0..<3 {
      #expect(try share(loss, profits.shuffled(using: &random), cap: cap) == shares)
    }
    let rate = try Rate(cap)
    var most: Int64 = 0
    for (id, profit) in profits where profit > 0 {
      let limit = rate.share(of: profit, rounding: .down)
      most += limit
      let given = shares.first { $0[0] == Int64(id) }?[1] ?? 0
      #expect(given <= limit)
    }
    #expect(shares.reduce(0) { $0 + $1[1] } == min(loss, most))
    #expect(
      shares.allSatisfy { $0[1] > 0 } && shares.map { $0[0] } == shares.map { $0[0] }.sorted())
  }

  @Test("the largest losses and profits do not overflow")
  func extremes() throws {
    #expect(try share(.max, [(1, .max), (2, .max)]) == [[1, 1 << 62], [2, (1 << 62) - 1]])
    #expect(try share(.max, [(1, 7), (2, .max)], cap: "50%").count == 2)
  }
}
