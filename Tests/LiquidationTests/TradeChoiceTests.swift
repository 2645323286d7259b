// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Liquidation
import Quantities
import TestFixtures
import Testing

@Suite("Which trade a partial liquidation makes")
struct TradeChoiceTests {
  private func sale(_ id: UInt32, _ most: Int64) -> TradeDirection {
    TradeDirection(instrument: InstrumentID(id), side: .sell, most: most)
  }

  /// A trade of x steps frees `freed`·x and costs `cost`·x + `impact`·x^1.5, rounded up.
  private func law(
    equity: Int64, target: Int64, freed: Int64, cost: Int64, impact: Double = 0
  ) -> (Size) -> TradeOutcome {
    { size in
      let x = Double(size.steps)
      let paid = cost * size.steps + Int64((impact * x * x.squareRoot()).rounded(.up))
      return TradeOutcome(
        standing: Standing(equity: equity - paid, target: target - freed * size.steps),
        cost: paid)
    }
  }

  // QUANT 4.1 by hand: target 1,000, equity 900, 10 freed and 2 paid a step: 100 ÷ 8 = 12.5.
  @Test("the smallest size that restores: one fewer would not")
  func smallest() throws {
    let law = law(equity: 900, target: 1_000, freed: 10, cost: 2)
    let chosen = try #require(
      chooseTrade(among: [sale(0, 100)], from: 1_000) { law($1) })
    #expect(chosen.size == Size(steps: 13) && chosen.freed == 130 && chosen.cost == 26)
    #expect(law(Size(steps: 13)).standing.isRestored)
    #expect(!law(Size(steps: 12)).standing.isRestored)
    // What the slice does not permit is not sold.
    let slice = try #require(chooseTrade(among: [sale(0, 7)], from: 1_000) { law($1) })
    #expect(slice.size == Size(steps: 7))
  }

  @Test("with impact the size is the one that the closed form gives")
  func impact() throws {
    // N = 1e6, E = 4,000, m = 0.5 %, τ = 1.2, f = 5 bp, κ = 6.708e-7·…: QUANT 4.1, in cents.
    let volatility = 0.03
    let problem = ImpactProblem(
      notional: 1e6, equity: 4_000, maintenanceRate: 0.005, target: 1.2, feeRate: 0.0005,
      dailyVolatility: volatility, dailyVolume: 2e9)
    let sale = try #require(problem.smallestSale)
    #expect((sale - 393_774.39).magnitude < 0.01)
    let chosen = try #require(
      chooseTrade(among: [self.sale(0, 1_000_000)], from: 6_000_000_000) { _, size in
        let x = Double(size.steps)
        let cost = Int64(((0.0005 * x + problem.impact * x * x.squareRoot()) * 1e6).rounded(.up))
        return TradeOutcome(
          standing: Standing(
            equity: 4_000_000_000 - cost, target: 6_000_000_000 - 6_000 * size.steps),
          cost: cost)
      })
    #expect(chosen.size.steps == Int64(sale.rounded(.up)))
  }

  @Test("where impact outgrows what is freed, the size that brings the account nearest")
  func nearest() throws {
    let law = law(equity: 0, target: 100_000, freed: 100, cost: 10, impact: 5)
    let chosen = try #require(chooseTrade(among: [sale(0, 1_000)], from: 100_000) { law($1) })
    func surplus(_ steps: Int64) -> Int64 {
      let standing = law(Size(steps: steps)).standing
      return standing.equity - standing.target
    }
    // To a 64th of what one order may trade: fifteen steps.
    let best = stride(from: 15, through: 1_000, by: 15).map { surplus($0) }.max() ?? 0
    #expect(best < 0 && surplus(chosen.size.steps) == best)
  }

  @Test("what costs as much as it frees is no way: one unit below, at and above")
  func toxic() {
    for (cost, isTraded) in [(9, true), (10, false), (11, false)] as [(Int64, Bool)] {
      let law = law(equity: 0, target: 1_000, freed: 10, cost: cost)
      let chosen = chooseTrade(among: [sale(0, 5)], from: 1_000) { law($1) }
      #expect((chosen != nil) == isTraded, "\(cost)")
    }
    let raising = law(equity: 0, target: 1_000, freed: -1, cost: 0)
    #expect(chooseTrade(among: [sale(0, 5)], from: 1_000) { raising($1) } == nil)
    #expect(chooseTrade(among: [sale(0, 0)], from: 1_000) { raising($1) } == nil)
    #expect(chooseTrade(among: [], from: 1_000) { raising($1) } == nil)
  }

  @Test("the best is what frees most for its cost; ties go to the lower instrument")
  func best() throws {
    let laws = [
      law(equity: 900, target: 1_000, freed: 30, cost: 10),
      law(equity: 900, target: 1_000, freed: 10, cost: 2),
      law(equity: 900, target: 1_000, freed: 10, cost: 2),
    ]
    let directions = [sale(0, 100), sale(1, 100), sale(2, 100)]
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
      let chosen = chooseTrade(among: order.map { directions[$0] }, from: 1_000) { place, size in
        laws[order[place]](size)
      }
      #expect(chosen?.direction.instrument == InstrumentID(1))
    }
  }

  @Test("a direction whose first step is worse than the best trade is not looked at further")
  func fewQuestions() throws {
    for seed in UInt64(0)..<200 {
      var random = Seeded(seed)
      let directions = (0..<6).map {
        sale(UInt32($0), Int64.random(in: 1...5_000, using: &random))
      }
      let equity = Int64.random(in: -20_000_000...19_999_999, using: &random)
      let laws = directions.map { _ in
        law(
          equity: equity, target: 20_000_000, freed: Int64.random(in: 0...20_000, using: &random),
          cost: Int64.random(in: 0...6_000, using: &random),
          impact: Double.random(in: 0...300, using: &random))
      }
      var questions = 0
      var firstSteps = 0
      func outcome(_ place: Int, _ size: Size) -> TradeOutcome {
        questions += 1
        firstSteps += size.steps == 1 ? 1 : 0
        return laws[place](size)
      }
      let chosen = chooseTrade(among: directions, from: 20_000_000, outcome: outcome)
      let together = questions
      #expect(firstSteps == directions.count, "\(seed)")
      // Each by itself, nothing is left out.
      let apart = directions.indices.compactMap { place in
        chooseTrade(among: [directions[place]], from: 20_000_000) { outcome(place, $1) }
      }
      let best = apart.max { one, other in
        Double(one.freed) / Double(max(one.cost, 1))
          < Double(other.freed) / Double(max(other.cost, 1))
      }
      #expect(chosen == best, "\(seed)")
      #expect(together <= questions - together, "\(seed)")
      // One for each first step, and of each that is looked at: three, twice six for the peak, and
      // three times thirteen halvings.
      #expect(questions - together <= 6 * (1 + 3 + 12 + 39), "\(seed)")
    }
  }

  @Test("slopes of less than a unit a step do not hide the peak")
  func flat() throws {
    // Frees 1 in 4 steps and costs x² ÷ 1,600: the peak is at 200 of 1,000.
    let chosen = try #require(
      chooseTrade(among: [sale(0, 1_000)], from: 1_000_000) { _, size in
        let x = size.steps
        let cost = x * x / 1_600
        return TradeOutcome(
          standing: Standing(equity: -cost, target: 1_000_000 - x / 4), cost: cost)
      })
    #expect((150...250).contains(chosen.size.steps))
  }

  @Test("over random laws the size restores with none to spare, or is the best there is")
  func property() throws {
    for seed in UInt64(0)..<300 {
      var random = Seeded(seed)
      let most = Int64.random(in: 1...300, using: &random)
      let law = law(
        equity: Int64.random(in: -1_000_000...999_999, using: &random), target: 1_000_000,
        freed: Int64.random(in: 0...20_000, using: &random),
        cost: Int64.random(in: 0...6_000, using: &random),
        impact: Double.random(in: 0...1_000, using: &random))
      func surplus(_ steps: Int64) -> Int64 {
        let standing = law(Size(steps: steps)).standing
        return standing.equity - standing.target
      }
      guard let chosen = chooseTrade(among: [sale(0, most)], from: 1_000_000, outcome: { law($1) })
      else { continue }
      let all = (1...most).map { surplus($0) }
      let steps = chosen.size.steps
      if let first = all.firstIndex(where: { $0 >= 0 }) {
        // Costs are rounded up to whole units, so that the surplus is concave but for a unit.
        #expect(surplus(steps) >= 0 && abs(Int64(first) + 1 - steps) <= 1, "\(seed)")
      } else {
        let stride = max(most / 64, 1)
        let nearest = Swift.stride(from: stride, through: most, by: Int64.Stride(stride))
          .map { surplus($0) }.max()
        #expect(surplus(steps) >= (nearest ?? 0) - 2, "\(seed)")
      }
      #expect(chosen.freed > chosen.cost)
    }
  }

  /// All of a portfolio frees 10,000 and costs 2,000; a part frees and costs that part.
  private func part(equity: Int64) -> (Rate) -> TradeOutcome {
    { share in
      let paid = share.share(of: 2_000_000_000, rounding: .up)
      let freed = share.share(of: 10_000_000_000, rounding: .down)
      return TradeOutcome(
        standing: Standing(equity: equity - paid, target: 10_000_000_000 - freed), cost: paid)
    }
  }

  // 10,000 freed and 2,000 paid by the whole, 100 missing: 100 ÷ 8,000 = 1.25 %.
  @Test("the smallest part of everything that restores: a billionth less would not")
  func together() throws {
    let law = part(equity: 9_900_000_000)
    let found = try #require(choosePart(from: 10_000_000_000, outcome: law))
    #expect(found.share.billionths == 12_500_000)
    #expect(found.freed == 125_000_000 && found.cost == 25_000_000)
    #expect(law(found.share).standing.isRestored)
    #expect(!law(Rate(billionths: found.share.billionths - 1)).standing.isRestored)
    // Where no part restores, all of it; with the equity that closing it costs, and a unit less.
    for (equity, restores) in [(2_000_000_000 as Int64, true), (1_999_999_999, false)] {
      let all = part(equity: equity)
      let whole = try #require(choosePart(from: 10_000_000_000, outcome: all))
      #expect(whole.share == .one)
      #expect(all(.one).standing.isRestored == restores)
    }
  }

  @Test("what costs as much as it frees does not help; a unit less does")
  func togetherAtCost() {
    func part(_ cost: Int64) -> PartTogether? {
      choosePart(from: 1_000) { share in
        TradeOutcome(
          standing: Standing(equity: 0, target: share == .one ? 900 : 1_000), cost: cost)
      }
    }
    #expect(part(99)?.freed == 100)
    #expect(part(100) == nil)
    #expect(part(101) == nil)
  }

  @Test("together is better where it frees more for its cost, not where it frees as much")
  func togetherOrOne() throws {
    let law = law(equity: 900, target: 1_000, freed: 10, cost: 2)
    let trade = try #require(chooseTrade(among: [sale(0, 7)], from: 1_000) { law($1) })
    try #require(trade.freed == 70 && trade.cost == 14)
    func part(_ freed: Int64) throws -> PartTogether {
      try #require(
        choosePart(from: 1_000) { _ in
          TradeOutcome(standing: Standing(equity: 0, target: 1_000 - freed), cost: 20)
        })
    }
    #expect(try !part(99).isBetter(than: trade))
    #expect(try !part(100).isBetter(than: trade))
    #expect(try part(101).isBetter(than: trade))
  }

  @Test("some size restores where the closed form says so, over many positions and impacts")
  func feasibility() {
    var random = Seeded(41)
    var (curable, beyond) = (0, 0)
    for _ in 0..<2_000 {
      let notional = Double(random.number(100_000...10_000_000))
      let (maintenance, fee) = (Double(random.number(5...100)) / 1e3, 0.0005)
      let problem = ImpactProblem(
        notional: notional, equity: notional * maintenance * Double(random.number(1...99)) / 100,
        maintenanceRate: maintenance, target: 1.2, feeRate: fee, dailyVolatility: 0.05,
        dailyVolume: Double(random.number(1...10_000)) * 1e5)
      // A step is a unit of notional; money is in millionths.
      let restores = canRestore(through: Int64(notional)) { size in
        let x = Double(size.steps)
        let paid = Int64(((fee * x + problem.impact * x * x.squareRoot()) * 1e6).rounded(.up))
        let target = 1.2 * maintenance * (notional - x)
        return TradeOutcome(
          standing: Standing(
            equity: Int64(problem.equity * 1e6) - paid, target: Int64(target * 1e6)), cost: paid)
      }
      // At the edge itself the rounding of money decides.
      let room = problem.deficit / problem.largestDeficit
      guard abs(room - 1) > 0.001 else { continue }
      #expect(restores == (problem.smallestSale != nil), "\(problem)")
      if restores { curable += 1 } else { beyond += 1 }
    }
    #expect(curable > 200 && beyond > 200)
  }
}
