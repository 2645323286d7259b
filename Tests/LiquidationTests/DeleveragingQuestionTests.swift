// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Liquidation
import Quantities
import TestFixtures
import Testing

@Suite("Who must be named for others to find the same cuts")
struct DeleveragingQuestionTests {
  static let rules: [DeleveragingRule] = [
    .leverageDraining, .profitTimesLeverage, .priceRatioTimesLeverage, .proRata,
    .randomStart(seed: 7),
  ]

  private func candidates(_ count: Int, _ random: inout Seeded) -> [DeleveragingCandidate] {
    (0..<count).map { number in
      let notional = random.number(1...1_000_000)
      return DeleveragingCandidate(
        account: AccountID(UInt32(number)), size: Size(steps: random.number(1...300)),
        profit: random.number(-100...10_000), notional: notional,
        equity: random.number(-1_000...500_000),
        exposure: random.number(0...3) == 0 ? random.number(-notional...notional) : nil)
    }
  }

  @Test("of any candidates, those named lead to the same cuts and level", arguments: 0..<12)
  func sufficiency(seed: UInt64) {
    var random = Seeded(seed)
    for rule in Self.rules {
      for requiresProfit in [true, false] where requiresProfit || rule == .leverageDraining {
        let all = candidates(Int(random.number(150...500)), &random)
        let question = DeleveragingQuestion(
          size: Size(steps: random.number(1...4_000)), side: .sell, rule: rule,
          requiresProfit: requiresProfit)
        let (cuts, level) = question.allocate(among: all)
        let named = question.witnesses(among: all.reversed(), cuts: cuts, level: level)
        let again = question.allocate(among: named)
        #expect(again.cuts == cuts && again.level == level, "\(rule)")
        #expect(Set(cuts.map(\.account)).isSubset(of: named.map(\.account)))
        #expect(named.map(\.account) == named.map(\.account).sorted())
        #expect(named.count == all.count || named.count <= cuts.count + 20)
        #expect((level != nil) == (rule == .leverageDraining))
      }
    }
  }

  // Equal leverages: one step more would be cut of each, and the lowest three accounts give it.
  @Test("where one level is shared by more than are named, it stays the level", arguments: [1, 3])
  func sharedLevel(wanted: Int64) {
    let all = (0..<300).map {
      DeleveragingCandidate(
        account: AccountID(UInt32($0)), size: Size(steps: 10), profit: 1, notional: 1_000,
        equity: 100)
    }
    let question = DeleveragingQuestion(
      size: Size(steps: wanted), side: .buy, rule: .leverageDraining)
    let (cuts, level) = question.allocate(among: all)
    let named = question.witnesses(among: all, cuts: cuts, level: level)
    #expect(cuts.map(\.account.number) == (0..<UInt32(wanted)).map { $0 })
    #expect(named.count == Int(wanted) + 20)
    let again = question.allocate(among: named)
    #expect(again.cuts == cuts && again.level == level)
  }

  @Test("up to 200 candidates are all named", arguments: [(200, 200), (201, 21)])
  func fewCandidates(count: Int, expected: Int) {
    let all = (0..<count).map {
      DeleveragingCandidate(
        account: AccountID(UInt32($0)), size: Size(steps: 10), profit: Int64($0 + 1),
        notional: 1_000, equity: 100)
    }
    let question = DeleveragingQuestion(
      size: Size(steps: 10), side: .buy, rule: .profitTimesLeverage)
    let (cuts, level) = question.allocate(among: all)
    let named = question.witnesses(among: all, cuts: cuts, level: level)
    #expect(named.count == expected)
    // The next in line are those with the next profits.
    #expect(named.suffix(21).map(\.profit) == (count - 20...count).map { Int64($0) })
    #expect(DeleveragingQuestion.cut(of: all, cuts).map(\.account.number) == [UInt32(count - 1)])
  }
}
