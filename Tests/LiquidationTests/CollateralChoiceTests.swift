// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Liquidation
import TestFixtures
import Testing

@Suite("Collateral or positions, whichever costs less")
struct CollateralChoiceTests {
  /// Units of one asset: each is worth 100, of which its haircut asks `haircut`, and costs `cost`
  /// to sell, and `impact` × x^1.5 for all together, rounded up.
  private struct Coin {
    var haircut: Int64 = 10
    var cost: Int64 = 1
    var impact = 0.0
  }

  private func outcome(
    _ before: Standing, _ coins: [Coin]
  ) -> (Int, Int64) -> TradeOutcome {
    { asset, units in
      let coin = coins[asset]
      let x = Double(units)
      let paid = coin.cost * units + Int64((coin.impact * x * x.squareRoot()).rounded(.up))
      return TradeOutcome(
        standing: Standing(
          equity: before.equity - paid, target: before.target - coin.haircut * units),
        cost: paid)
    }
  }

  private func choose(
    _ before: Standing, _ coins: [Coin], most: Int64 = 1_000, least: Int64 = 0,
    against rival: MarginOffer? = nil
  ) -> SizedConversion? {
    chooseCollateral(
      inOrder: coins.indices.map { ConvertibleBalance(asset: $0, most: most, least: least) },
      before: before, against: rival, outcome: outcome(before, coins))
  }

  private let short = Standing(equity: 900, target: 1_000)

  // By hand: 100 short, each unit frees 10 and costs 1: 100 ÷ 9 = 11.1.
  @Test("the smallest portion that restores the account: one unit fewer would not")
  func smallest() throws {
    let chosen = try #require(choose(short, [Coin()]))
    #expect(chosen.asset == 0 && chosen.units == 12 && chosen.freed == 120 && chosen.cost == 12)
    #expect(chosen.standing == Standing(equity: 888, target: 880))
    #expect(!outcome(short, [Coin()])(0, 11).standing.isRestored)
    // No more than there is, which brings it nearer.
    let all = try #require(choose(short, [Coin()], most: 7))
    #expect(all.units == 7 && !all.standing.isRestored)
    // Amounts far beyond a thousand are found to the unit as well.
    let poor = Standing(equity: 1_000_000, target: 10_000_000)
    let rich = try #require(choose(poor, [Coin()], most: 1 << 40))
    #expect(rich.units == 1_000_000 && rich.standing.equity == 0)
  }

  @Test("what frees no more than it costs is not sold: one unit below, at and above")
  func dear() {
    for (cost, isSold) in [(9, true), (10, false), (11, false)] as [(Int64, Bool)] {
      let before = Standing(equity: 100_000, target: 100_100)
      #expect((choose(before, [Coin(cost: cost)]) != nil) == isSold, "\(cost)")
    }
    #expect(choose(short, [Coin(haircut: 0, cost: 0)]) == nil, "without a haircut nothing is freed")
    #expect(choose(short, [Coin(haircut: -1, cost: 0)]) == nil, "a hedge is not sold")
    #expect(choose(short, []) == nil && choose(short, [Coin()], most: 0) == nil)
  }

  // A trade that frees 200 for 20 is worth as much as a unit that frees 10 for 1.
  @Test("the cheaper way goes first: one unit below, at and above the trade's cost")
  func rival() {
    for (cost, isSold) in [(19, false), (20, true), (21, true)] as [(Int64, Bool)] {
      let chosen = choose(short, [Coin()], against: MarginOffer(freed: 200, cost: cost))
      #expect((chosen != nil) == isSold, "\(cost)")
    }
    for (freed, isSold) in [(199, true), (200, true), (201, false)] as [(Int64, Bool)] {
      let chosen = choose(short, [Coin()], against: MarginOffer(freed: freed, cost: 20))
      #expect((chosen != nil) == isSold, "\(freed)")
    }
    let free = MarginOffer(freed: 1, cost: 0)
    #expect(choose(short, [Coin()], against: free) == nil, "nothing beats what costs nothing")
    #expect(choose(short, [Coin(cost: 0)], against: free) != nil, "of equals the collateral goes")
  }

  @Test("the first of the order that is no dearer than the trade is sold")
  func order() throws {
    let coins = [Coin(haircut: 5, cost: 1), Coin(), Coin(haircut: 50, cost: 1)]
    #expect(choose(short, coins)?.asset == 0, "no trade: the stated order alone")
    #expect(choose(short, coins, against: MarginOffer(freed: 60, cost: 10))?.asset == 1)
    #expect(choose(short, coins, against: MarginOffer(freed: 110, cost: 10))?.asset == 2)
    #expect(choose(short, coins, against: MarginOffer(freed: 510, cost: 10)) == nil)
    #expect(choose(short, [Coin(haircut: 1, cost: 1), Coin()])?.asset == 1)
  }

  // c(x) = x^1.5 ÷ 10: a further unit costs 0.15 √x. At 10 freed against 1 paid by the trade the
  // portion ends where 0.15 √x = 1, x = 44.4.
  @Test("with impact the portion ends where one more would cost more than the trade")
  func portion() throws {
    let coin = Coin(haircut: 10, cost: 0, impact: 0.1)
    let before = Standing(equity: 1_000_000, target: 1_004_000)
    let rival = MarginOffer(freed: 10_000, cost: 1_000)
    let alone = try #require(choose(before, [coin]))
    #expect(alone.standing.isRestored && alone.units > 400)
    let chosen = try #require(choose(before, [coin], most: 500, against: rival))
    // Costs are whole units, rounded up: a step is 1 or 2 on either side of the bend.
    #expect((28...62).contains(chosen.units), "\(chosen.units)")
    let coarse = Coin(haircut: 10_000, cost: 0, impact: 100)
    let large = Standing(equity: 1_000_000_000, target: 1_004_000_000)
    let exact = try #require(
      choose(large, [coarse], most: 500, against: MarginOffer(freed: 10_000, cost: 1_000)))
    #expect((44...45).contains(exact.units), "\(exact.units)")
  }

  @Test("no sale takes the last of equity: one unit below, at and above")
  func solvency() {
    // Twelve units are needed at least and cost 12.
    for (equity, isSold) in [(11, false), (12, true), (13, true)] as [(Int64, Bool)] {
      let before = Standing(equity: equity, target: equity + 100)
      #expect((choose(before, [Coin()]) != nil) == isSold, "\(equity)")
    }
  }

  @Test("dust is neither sold nor left")
  func dust() {
    #expect(choose(short, [Coin()], least: 12)?.units == 12)
    #expect(choose(short, [Coin()], least: 13)?.units == 13)
    #expect(choose(short, [Coin()], most: 25, least: 13)?.units == 25, "12 would be left")
    #expect(choose(short, [Coin()], most: 26, least: 13)?.units == 13)
    #expect(choose(short, [Coin()], most: 5, least: 13)?.units == 5, "all there is")
  }

  @Test("a debt is raised from the first that brings anything, and no more than it takes")
  func debts() throws {
    func raise(_ debt: Int64, _ most: [Int64], least: Int64 = 0) -> (asset: Int, units: Int64)? {
      let order = most.enumerated().map {
        ConvertibleBalance(asset: $0.offset, most: $0.element, least: least)
      }
      return raiseDebt(debt, inOrder: order) { $1 * 98 / 100 }
    }
    // 98 of each 100: 102 units bring 99, 103 bring 100.
    let raised = try #require(raise(100, [0, 500]))
    #expect(raised.asset == 1 && raised.units == 103)
    #expect(raise(100, [60])?.units == 60 && raise(100, [60], least: 70)?.units == 60)
    #expect(raise(100, [1, 500])?.asset == 1, "one unit brings nothing")
    #expect(raise(100, [120], least: 20)?.units == 120)
    #expect(raise(0, [500]) == nil && raise(-1, [500]) == nil && raise(1, []) == nil)
  }

  @Test(
    "whatever the laws, a portion helps, fits and costs no more than the trade", arguments: 0..<8)
  func properties(seed: UInt64) {
    var random = Seeded(seed)
    var sold = 0
    for _ in 0..<400 {
      let coins = (0..<random.number(1...3)).map { _ in
        Coin(
          haircut: random.number(-5...60) * 1_000, cost: random.number(0...40) * 1_000,
          impact: Double(random.number(0...200)))
      }
      let target = random.number(1_000_000...2_000_000_000)
      let before = Standing(equity: random.number(0...target), target: target)
      let most = random.number(1...100_000)
      let rival =
        random.oneIn(3)
        ? nil
        : MarginOffer(freed: random.number(1...50_000_000), cost: random.number(0...9_000_000))
      guard let chosen = choose(before, coins, most: most, against: rival) else { continue }
      sold += 1
      #expect(chosen.units > 0 && chosen.units <= most)
      #expect(chosen.freed > chosen.cost && chosen.standing.equity >= 0)
      let gain = { (standing: Standing) in Int128(standing.equity) - Int128(standing.target) }
      #expect(gain(chosen.standing) > gain(before), "P22: the account is nearer its line")
      guard let rival else { continue }
      // Costs are rounded up to a unit, in each of at most 1,024 parts.
      let exact = Int128(chosen.cost - min(chosen.units, 1_024) - 1)
      #expect(Int128(chosen.freed) * Int128(rival.cost) >= Int128(rival.freed) * exact)
    }
    #expect(sold > 40)
  }
}
