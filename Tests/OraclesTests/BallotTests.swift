// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import Parameters
import Quantities
import Testing

@testable import Oracles

@Suite("Weighted median")
struct BallotTests {
  private func ballot(_ votes: [(Int64, Int128)], cap: Rate = .one) -> Ballot {
    Ballot(
      votes.enumerated().map { Vote(price: $1.0, position: $0, weight: $1.1) }, cap: cap)
  }

  @Test(
    "is the middle price, or the mean of the two middle ones, rounded half to even",
    arguments: [
      ([100], 100), ([100, 102], 101), ([100, 101], 100), ([101, 102], 102), ([1, 2], 2),
      ([300, 100, 200], 200), ([400, 100, 300, 200], 250), ([5, 5, 5, 9], 5),
    ] as [([Int64], Int64)])
  func equalWeights(prices: [Int64], expected: Int64) {
    #expect(ballot(prices.map { ($0, 1) }).median == expected)
  }

  @Test("averages the two middle prices only when the halves weigh exactly the same")
  func tiedHalves() {
    #expect(ballot([(100, 3), (200, 1), (300, 2)]).median == 150)
    #expect(ballot([(100, 3), (200, 1), (300, 1)]).median == 100)
    #expect(ballot([(100, 3), (200, 1), (300, 3)]).median == 200)
  }

  @Test("does not overflow at the largest prices")
  func largestPrices() {
    #expect(ballot([(Price.limit, 1), (Price.limit, 1)]).median == Price.limit)
  }

  @Test("leaves one source out and keeps both middle prices of a tie")
  func withoutOne() {
    let four = ballot([(100, 1), (200, 1), (300, 1), (900, 1)])
    #expect(four.middle(without: 3) == 200...200)
    #expect(ballot([(100, 1), (200, 1), (300, 1)]).middle(without: 0) == 200...300)
    #expect(ballot([(100, 1)]).middle(without: 0) == nil)
  }

  @Test("cuts a share above the cap to the cap and keeps the proportions of the others")
  func cap() {
    let cut = ballot([(1, 80), (2, 10), (3, 30)], cap: Rate(billionths: 400_000_000))
    // 80/120 is cut to 40 %; then 30/40 of the other 60 % = 45 % is cut too; 20 % are left.
    #expect(cut.votes[0].weight * 5 == cut.total * 2)
    #expect(cut.votes[2].weight * 5 == cut.total * 2)
    #expect(cut.votes[1].weight * 5 == cut.total)
  }

  @Test("leaves shares at the cap alone and cuts one unit above it")
  func capThreshold() {
    let cap = Rate(billionths: 400_000_000)
    let at = ballot([(1, 400), (2, 300), (3, 300)], cap: cap)
    #expect(at.votes.map(\.weight) == [400, 300, 300])
    let above = ballot([(1, 401), (2, 300), (3, 300)], cap: cap)
    #expect(above.votes[0].weight * 10 == above.total * 4)
    #expect(above.votes[1].weight == above.votes[2].weight)
  }

  @Test("counts all the same when there are too few votes for the cap")
  func capOutOfReach() {
    let two = ballot([(1, 1), (2, 1_000)], cap: Rate(billionths: 400_000_000))
    #expect(two.votes.map(\.weight) == [1, 1])
    #expect(ballot([(7, 3)], cap: Rate(billionths: 10_000_000)).median == 7)
  }

  @Test("no share is above the cap whenever there are votes enough for it", arguments: 0..<200)
  func capHolds(seed: UInt64) {
    var numbers = SeededNumbers(seed: seed)
    let cap = Int64.random(in: 10_000_000...499_999_999, using: &numbers)
    let count = Int.random(in: 1...32, using: &numbers)
    let votes = (0..<count).map { position in
      Vote(
        price: 1, position: position,
        weight: Int128(Int64.random(in: 1...1_000_000_000, using: &numbers)))
    }
    let limited = Ballot(votes, cap: Rate(billionths: cap))
    let largest = limited.votes.reduce(0) { max($0, $1.weight) }
    if Int64(count) * cap >= 1_000_000_000 {
      #expect(largest * 1_000_000_000 <= Int128(cap) * limited.total)
    } else {
      #expect(limited.votes.allSatisfy { $0.weight == largest })
    }
    #expect(limited.total == limited.votes.reduce(0) { $0 + $1.weight })
  }

  @Test(
    "half the interquartile range, rounded up",
    arguments: [
      ([100], 0), ([100, 103], 2), ([100, 102, 110], 5), ([100, 101, 110, 111], 6),
      ([100, 101, 102, 103, 900], 1), ([7, 7, 7], 0),
    ] as [([Int64], Int64)])
  func spread(prices: [Int64], expected: Int64) {
    #expect(ballot(prices.map { ($0, 1) }).halfInterquartileRange == expected)
  }
}
