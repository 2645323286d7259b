// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Instruments
import Ledger
import Margin
import MarketData
import Quantities
import RiskEngine
import Testing

@testable import Simulation

private let isFull = ProcessInfo.processInfo.environment["PLIMSOLL_FULL"] == "1"

/// More than a million of all families where that takes minutes.
private let played: Int = {
  guard isFull else { return 32 }
  #if DEBUG
    return 2_560
  #else
    return 75_008
  #endif
}()

@Suite("Attack search on a venue with every feature")
struct ScriptSearchTests {
  /// Every ground, opened once.
  private static let search = Result { try ScriptSearch(ParameterFile.bundled().set) }

  @Test("no family takes a unit from the venue", arguments: AttackFamily.allCases)
  func safe(family: AttackFamily) throws {
    var search = try Self.search.get()
    // Of short chains a larger part is drawn blindly, from different seeds.
    if played < ScriptSearch.chain { search.length = 4 }
    let start = ContinuousClock.now
    let finding = search.run(family, from: 1, count: played)
    print("attack: \(finding) \(ContinuousClock.now - start)")
    #expect(finding.strategies == played)
    #expect(finding.bestProfit <= 0, "strategy \(finding.bestNumber)")
    #expect(finding.broken == 0, "strategy \(finding.brokenNumber)")
    // A few dozen do not say what a search reaches.
    guard played > 2_000 else { return }
    #expect(finding.liquidations > played / 4, "the search reaches liquidation")
    for touch in Self.expected(of: family) {
      #expect(finding.touches[touch.rawValue] > 0, "\(touch) is reached")
    }
    guard family == .deleveraging else { return }
    let ways: [AttackTouch] = [.deleveraging, .sharing]
    for ground in AttackGround.grounds(of: family) {
      let reached = finding.touched(on: ground)
      #expect(ways.contains { reached.contains($0) }, "\(ground)")
    }
  }

  /// What the strategies of a family are to reach.
  private static func expected(of family: AttackFamily) -> [AttackTouch] {
    switch family {
    case .selfLiquidation, .washTrades: [.ownOrder, .entryFee, .request]
    case .collusion: [.auction, .right, .offer]
    case .dustSplitting: [.ownOrder, .auction, .takeover, .offer]
    case .withdrawToTheEdge: [.ownOrder, .auction, .takeover, .cover, .move]
    case .fakeDepth: [.ownOrder, .request, .takeover, .cover]
    case .pools: [.takeover, .poolResult]
    case .keepers: [.offer, .right]
    case .requests: [.request]
    case .conversion: [.collateral, .cover]
    case .balance: [.hedge, .entryFee, .funding]
    case .deleveraging: [.deleveraging, .sharing, .ownOrder]
    case .subaccounts: [.move, .ownOrder]
    case .everything: AttackTouch.allCases
    }
  }

  // Whoever is alone in the book is paid whatever the fund may pay: this must be found.
  @Test("a fund that pays far from the mark is robbed", arguments: ["50%", "5%"])
  func broken(slippage: String) throws {
    let search = try ScriptSearch(
      ParameterFile.bundled().set, changes: [(key: "insuranceFund.slippage", value: slippage)])
    let finding = search.run(.fakeDepth, from: 1, count: 48)
    #expect(finding.bestProfit > 100_000_000)
    #expect(finding.leastLoss < 0)
    let found = try #require(search.strategy(.fakeDepth, number: finding.bestNumber))
    #expect(found.outcome.profit == finding.bestProfit, "the number is the reproduction")
    #expect(search.play(found.script) == found.outcome)
  }

  // A block's step of what the fund pays bidders is paid to whoever is first: decision 38.
  @Test("an auction whose payment rises in a line is robbed of a step")
  func stepped() throws {
    let search = try ScriptSearch(
      ParameterFile.bundled().set, changes: [(key: "auction.insolventGrowth", value: "1")])
    #expect(search.run(.collusion, from: 31, count: ScriptSearch.chain).bestProfit > 50_000_000)
    let grown = try Self.search.get().run(.collusion, from: 31, count: ScriptSearch.chain)
    #expect(grown.bestProfit <= 0)
  }

  @Test("the steps of a strategy add up to what it lost and closed")
  func trace() throws {
    var search = try Self.search.get()
    search.length = 4
    let finding = search.run(.subaccounts, from: 1, count: 32)
    try #require(finding.leastLoss != .max, "one of them closed something")
    let found = try #require(search.strategy(.subaccounts, number: finding.leastNumber))
    let trace = try #require(search.trace(.subaccounts, number: finding.leastNumber))
    let closed = trace.steps.reduce(0) { $0 + $1.closed }
    #expect(trace.steps.reduce(0) { $0 + $1.gain } == found.outcome.profit)
    #expect(closed == found.outcome.notional && closed >= 1_000_000_000)
    #expect(-found.outcome.profit * 1_000_000 / closed == finding.leastLoss)
    #expect(trace.steps.contains { $0.gain < 0 } && !trace.lines.isEmpty)
  }

  @Test("as many threads as there are find the same")
  func threads() throws {
    var search = try Self.search.get()
    search.length = 8
    let count = 20
    let one = search.run(.everything, from: 7, count: count)
    #expect(search.run(.everything, from: 7, count: count, threads: 3) == one)
    #expect(search.run(.everything, from: 8, count: count) != one)
    #expect(search.run(.everything, from: 7, count: 0).strategies == 0)
  }

  @Test("a climb comes nearer to a profit than blind draws", arguments: [1, 2] as [UInt64])
  func climbs(chain: UInt64) throws {
    let search = try Self.search.get()
    var (blind, climbed) = (Int64.min, Int64.min)
    search.follow(.selfLiquidation, chain, 48) { place, _, outcome in
      let rate = outcome.rate ?? .min
      if place % 4 == 0 { blind = max(blind, rate) } else { climbed = max(climbed, rate) }
    }
    #expect(climbed >= blind && climbed < 0)
  }
}

@Suite("What an attack has brought")
struct AttackPurseTests {
  private static let step: Int64 = 10_000_000

  /// Both names have 10,000 USD, and the first is long 1,000 steps of 10 USD from the maker.
  private func begun(_ ground: AttackGround = .book) throws -> AttackWorld {
    var world = try AttackWorld(ground, ParameterFile.bundled().set)
    world.deposit(AttackWorld.first, 10_000_000_000)
    world.deposit(AttackWorld.second, 10_000_000_000)
    #expect(world.purse.profit(world) == 0)
    world.trade(AttackWorld.first, AttackWorld.maker, AttackWorld.perpetual, 1_000)
    #expect(world.purse.profit(world) == -4_000_000, "0.04 % of 10,000 USD")
    return world
  }

  private func index(_ whole: Int64) -> Price { Price(steps: whole * Price.stepsPerOne) }

  @Test("a move of the marks is no profit, either way, and neither is a withdrawal")
  func exposure() throws {
    var world = try begun()
    for price in [10_100, 9_900, 9_950] as [Int64] {
      world.move(to: index(price))
      #expect(world.purse.profit(world) == -4_000_000)
    }
    world.withdraw(AttackWorld.first, 1_000)
    #expect(world.purse.profit(world) == -4_000_000)
    #expect(try #require(world.risk(AttackWorld.first)).equity < 1_000_000_000, "it is gone")
  }

  // By hand: 1,000 steps at 1 % off the mark, 100 USD, less 0.04 % of 9,900 USD.
  @Test("what an honest account gives away is profit, and what one gives itself is none")
  func gift() throws {
    var world = try begun()
    world.trade(
      AttackWorld.second, AttackWorld.outsider, AttackWorld.future, 1_000, offset: -100)
    #expect(world.purse.profit(world) == -4_000_000 + 100_000_000 - 3_960_000)
    let before = world.purse.profit(world)
    world.trade(
      AttackWorld.first, AttackWorld.second, AttackWorld.perpetual, 100, offset: 100)
    #expect(world.purse.profit(world) == before - 2 * 404_000)
  }

  @Test("money of the fund is profit where no gap has brought it, and a debt left behind is")
  func debt() throws {
    for hasGaps in [false, true] {
      var world = try AttackWorld(.book, ParameterFile.bundled().set)
      world.purse.hasGaps = hasGaps
      world.deposit(AttackWorld.first, 600_000_000)
      world.trade(AttackWorld.first, AttackWorld.maker, AttackWorld.perpetual, 1_000)
      world.move(to: index(9_000))
      // It had 596 USD and has lost 1,000.
      #expect(world.purse.profit(world) == -4_000_000 + (hasGaps ? 0 : 404_000_000))
      #expect(world.isLiquidated)
    }
  }

  @Test("the usual wage of a closing is left out, less what the account has and only after a gap")
  func wages() throws {
    for (own, left, out) in [(0, 0, 100), (99, 0, 1), (100, 0, 0), (101, 1, 0)]
      as [(Int64, Int64, Int64)]
    {
      for hasGaps in [false, true] {
        var world = try begun()
        world.purse.hasGaps = hasGaps
        let before = world.purse.profit(world)
        var rest = own
        // 100 of what is paid are usual.
        world.purse.serve(for: 130, atMost: 100, after: &rest)
        #expect(before - world.purse.profit(world) == (hasGaps ? out : 0) && rest == left)
        world.purse.serve(for: 70, atMost: 100, after: &rest)
        #expect(before - world.purse.profit(world) == (hasGaps ? out + 70 - left : 0) && rest == 0)
      }
    }
  }

  @Test("a part of a pool is worth its part of what the pool has", arguments: PoolTranche.allCases)
  func pool(tranche: PoolTranche) throws {
    var world = try begun(.pool)
    let deposit = world.quote(1_000_000_000)
    let isTaken = world.attempt(
      .depositToPool(AttackWorld.second, AttackWorld.pool, tranche, deposit))
    #expect(isTaken && world.purse.profit(world) == -4_000_000)
    world.move(to: index(10_050))
    #expect(world.purse.profit(world) == -4_000_000)
  }

  // Others have 1,000,000 and 200,000 in the pool; of a gain the junior tranche has half.
  @Test("what a pool has not settled yet counts as it will be, by tranche")
  func stake() throws {
    var world = try begun(.pool)
    let unit = AttackPurse.unit
    for (tranche, units) in [(PoolTranche.senior, 250_000_000_000), (.junior, 50_000_000_000)]
      as [(PoolTranche, Int64)]
    {
      world.deposit(AttackWorld.second, units)
      let isTaken = world.attempt(
        .depositToPool(AttackWorld.second, AttackWorld.pool, tranche, world.quote(units)))
      #expect(isTaken)
    }
    let pool = try #require(world.engine.state.pools.first)
    let stake = AttackStake(in: pool, Rate(billionths: 500_000_000))
    let all: Int128 = 1_500_000_000_000
    // A fifth of each tranche is his: of 1,000 gained 200, of 100,000 lost 20,000.
    for (result, own) in [
      (0, 300_000_000_000), (1_000, 300_000_000_200), (-100_000_000_000, 280_000_000_000),
      (-250_000_000_000, 250_000_000_000), (-250_000_000_100, 249_999_999_980),
      (-1_500_000_000_000, 0), (-1_600_000_000_000, 0),
    ] as [(Int128, Int128)] {
      #expect(stake.worth((all + result) * unit, rounding: .down) == own * unit)
    }
    let senior = AttackStake(in: pool, Rate(billionths: 0))
    #expect(senior.worth((all + 1_000) * unit, rounding: .up) == 300_000_000_200 * unit)
  }

  @Test("the purse and the engine reckon the same equity")
  func equity() throws {
    var world = try begun()
    world.depositCoins(AttackWorld.first, 12_345_678)
    world.trade(AttackWorld.maker, AttackWorld.first, AttackWorld.call, 77)
    world.move(to: index(10_123))
    let account = try #require(world.account(AttackWorld.first))
    let equity = AttackPurse.equity(
      account.portfolio, world.engine.state.marks.map(\.unitValue),
      AttackPurse.coinPrice(world))
    // The engine rounds what coins are worth down.
    #expect(equity / 10_000_000_000 == world.risk(AttackWorld.first).map { Int128($0.equity) })
    let way = [AttackWorld.first, AttackWorld.below, AttackWorld.first]
    for (from, to) in zip(way, way.dropFirst()) {
      let profit = world.purse.profit(world)
      let isTaken = world.attempt(.moveCollateral(from: from, to: to, world.coins(1_234_567)))
      #expect(isTaken && world.purse.profit(world) == profit, "no rounding is a profit")
    }
    #expect(account.portfolio.positions.count == 2 && account.portfolio.balances[1] > 0)
  }
}
