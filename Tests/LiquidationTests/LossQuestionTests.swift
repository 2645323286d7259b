// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Liquidation
import Parameters
import Quantities
import TestFixtures
import Testing

@Suite("Who bears a loss, and at which rate")
struct LossQuestionTests {
  private func question(
    _ loss: Int64, _ rule: SharingRule, cap: String = "50%"
  ) throws -> LossQuestion {
    LossQuestion(loss: loss, rule: rule, cap: try Rate(cap))
  }

  private func candidate(
    _ id: UInt32, profit: Int64 = 0, equity: Int64, notional: Int64 = 0, room: Int64 = .max
  ) -> LossCandidate {
    LossCandidate(
      account: AccountID(id), profit: profit, equity: equity, notional: notional, room: room)
  }

  // By hand: half of 100, of an equity of 60 and of 301 may be taken: 50 + 30 + 150 = 230.
  @Test(
    "by profit the rate is of what may be taken, and no profit beyond an equity counts",
    arguments: [
      (115 as Int64, [25, 15, 75] as [Int64], 500_000_000_000 as Int64),
      (229, [50, 30, 149], 995_652_173_913), (230, [50, 30, 150], 1_000_000_000_000),
      (231, [50, 30, 150], 1_000_000_000_000),
    ])
  func byProfit(loss: Int64, units: [Int64], rate: Int64) throws {
    let asked = [
      candidate(1, profit: 100, equity: 900), candidate(2, profit: 400, equity: 60),
      candidate(3, profit: 301, equity: 301), candidate(4, profit: 9, equity: 0),
    ]
    let question = try question(loss, .byProfit)
    #expect(question.share(among: asked).map(\.units) == units)
    #expect(question.rate(among: asked) == rate)
  }

  // By hand: half of the first's equity of 60 may be taken, though half of its profit is 200. The
  // second reaches its 5 of 100 at 18, a twentieth of 360; beyond, the others give of 260.
  @Test(
    "by equity the cap is of profit and equity, whichever is less",
    arguments: [
      (16 as Int64, [3, 4, 9] as [Int64], 44_444_444_444 as Int64),
      (18, [3, 5, 10], 50_000_000_000), (19, [3, 5, 11], 53_846_153_846),
      (134, [30, 5, 99], 496_153_846_154), (135, [30, 5, 100], 500_000_000_000),
      (136, [30, 5, 100], 500_000_000_000),
    ])
  func byEquity(loss: Int64, units: [Int64], rate: Int64) throws {
    let asked = [
      candidate(2, profit: 400, equity: 60), candidate(3, profit: 10, equity: 100),
      candidate(4, profit: 200, equity: 200), candidate(5, profit: 10, equity: -3),
    ]
    let question = try question(loss, .byEquity)
    let shares = question.share(among: asked)
    #expect(shares.map(\.units) == units, "\(shares)")
    #expect(question.rate(among: asked) == rate)
  }

  @Test("by size an equity, a notional and a balance's room each bind")
  func bySize() throws {
    let asked = [
      candidate(1, equity: 20, notional: 100), candidate(2, equity: 1_000, notional: 7),
      candidate(3, equity: 1_000, notional: 100, room: 4), candidate(4, equity: -1, notional: 9),
    ]
    for (loss, units, rate) in [
      (5, [3, 2], 24_154_589_372), (20, [10, 6, 4], 857_142_857_143),
      (21, [10, 7, 4], 1_000_000_000_000), (22, [10, 7, 4], 1_000_000_000_000),
    ] as [(Int64, [Int64], Int64)] {
      let question = try question(loss, .bySize)
      let shares = question.share(among: asked)
      #expect(question.rate(among: asked) == rate, "\(loss)")
      #expect(shares.map(\.units) == units, "\(loss): \(shares)")
    }
  }

  @Test("each gives the rate's part of its weight, or its cap, to the unit", arguments: 0..<200)
  func properties(seed: UInt64) throws {
    var random = Seeded(seed)
    let rule = random.pick(SharingRule.allCases)
    let cap = try Rate(random.pick(["100%", "50%", "3%", "0%"]))
    let asked = (1...UInt32(random.number(1...30))).map { id in
      candidate(
        id, profit: random.number(-50...1_000), equity: random.number(-20...2_000),
        notional: random.number(0...5_000), room: random.oneIn(4) ? random.number(0...50) : .max)
    }
    let question = LossQuestion(loss: random.number(1...9_000), rule: rule, cap: cap)
    let shares = question.share(among: asked)
    #expect(question.share(among: asked.shuffled(using: &random)) == shares)
    let rate = question.rate(among: asked)
    #expect(question.rate(among: asked.shuffled(using: &random)) == rate)
    var most: Int64 = 0
    for one in asked {
      let profit = cap.share(of: max(min(one.profit, one.equity), 0), rounding: .down)
      let equity = cap.share(of: max(one.equity, 0), rounding: .down)
      let (weight, limit) =
        switch rule {
        case .byProfit: (profit, profit)
        case .byEquity: (max(one.equity, 0), profit)
        case .bySize: (one.notional, min(equity, one.notional, one.room))
        }
      most += limit
      let given = shares.first { $0.account == one.account }?.units ?? 0
      let exact = min(Double(rate ?? 0) * 1e-12 * Double(weight), Double(limit))
      #expect(abs(Double(given) - exact) < 1 + 1e-6 && given <= limit)
    }
    #expect((rate == nil) == (most == 0) && (0...1_000_000_000_000).contains(rate ?? 0))
    #expect(shares.reduce(0) { $0 + $1.units } == min(question.loss, most))
  }

  @Test("the largest numbers do not overflow")
  func extremes() throws {
    for rule in SharingRule.allCases {
      let asked = [
        candidate(1, profit: .max, equity: .max, notional: .max),
        candidate(2, profit: .min, equity: .min, notional: 0),
        candidate(3, profit: .max, equity: .max, notional: .max, room: 0),
      ]
      let question = LossQuestion(loss: .max, rule: rule, cap: .one)
      #expect(question.share(among: asked).first?.account == AccountID(1))
      #expect(question.rate(among: asked) != nil)
    }
  }
}
