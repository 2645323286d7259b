// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Foundation
import Instruments
import Ledger
import MarketData
import Parameters
import Quantities
import RiskEngine
import TestFixtures
import Testing

@testable import Simulation

@Suite("One crash under several waterfalls")
struct WaterfallComparisonTests {
  /// Seventy minutes of three venues: level, then down two fifths in ten minutes, then a fifth up.
  private static let market = Result { () throws -> RecordedMarket in
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("plimsoll-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let start = MarkedVenue.start.nanoseconds / 1_000_000
    for (venue, name) in ["BINANCE", "BITSTAMP", "COINBASE"].enumerated() {
      var text = "ts_ms,open,high,low,close\n"
      var last = 7_900 + venue
      for minute in 0..<70 {
        let next =
          7_900 - 320 * min(max(minute - 20, 0), 10) + 40 * min(max(minute - 40, 0), 30) + venue
        text += "\(start + Int64(minute) * 60_000),\(last),\(max(last, next) + 2),"
        text += "\(min(last, next) - 2),\(next)\n"
        last = next
      }
      try Data(text.utf8).write(to: folder.appendingPathComponent("BTC-USD.\(name).1m.csv"))
    }
    return try UserMarketReader.load(
      folder: folder.path, window: nil, underlyings: [], badRows: .refuse)
  }

  private static func comparison(
    seed: UInt64 = 3, workers: AccountWorkers = .one
  ) throws -> WaterfallComparison {
    WaterfallComparison(
      title: "a fall", market: try market.get(), file: try MarkedVenue.file.get(),
      accounts: .population(count: 50, seed: seed), workers: workers)
  }

  /// The crash under one waterfall, from its beginning to its end.
  private struct Played: Sendable {
    let engine: Engine
    let tally: CostTally
    let result: ReplayResult
  }

  private static let waterfalls = Result { try WaterfallFileTests.bundled() }

  private static func waterfall(_ name: String) throws -> WaterfallFile {
    try #require(try waterfalls.get().first { $0.set.name == name })
  }

  /// Under each waterfall once, whichever test looks at it first.
  private static let played = Kept<String, Played> { name in
    let comparison = try comparison()
    let file = try waterfall(name).over(comparison.file)
    var replay = try Replay(
      ReplayPlan(
        title: "a fall", market: comparison.market,
        parameters: try FeedFit(market: comparison.market).parameters(file.set),
        accounts: comparison.accounts))
    let result = try replay.run()
    return Played(engine: replay.engine, tally: replay.tally, result: result)
  }

  @Test("every unit that traders gained or lost is attributed, under every waterfall")
  func reconciles() throws {
    var openings: Set<[String]> = []
    for name in try Self.waterfalls.get().map(\.set.name) {
      let played = try Self.played(name)
      let (engine, tally, result) = (played.engine, played.tally, played.result)
      #expect(!tally.outsiders.isEmpty)
      tally.expectAllAttributed(in: engine, name)
      let costs = result.costs
      #expect(costs[.penalty] == result.totals.penalties, "\(name)")
      #expect(costs[.socialized] == result.totals.socializedValue, "\(name)")
      let stages = LiquidationStage.allCases.reduce(Int64(0)) { $0 + costs[at: $1] }
      let kinds = WaterfallCosts.Kind.allCases.reduce(Int64(0)) { $0 + costs[$1] }
      #expect(stages == kinds && kinds == costs.total, "\(name)")
      // Only some waterfalls have a pool: an account of its own, and one of its depositor.
      let accounts = result.totals.accounts - 2 * engine.state.pools.count
      openings.insert([
        "\(accounts) \(result.totals.positions) \(result.totals.fundAtStart)",
        "\(result.points[0].openInterestValue)",
      ])
    }
    #expect(openings.count == 1, "the same accounts under every waterfall: \(openings)")
  }

  @Test("what each stage cost adds up step by step, and the fund's flows with its balance")
  func whoPaid() throws {
    var stages: Set<LiquidationStage> = []
    for name in try Self.waterfalls.get().map(\.set.name) {
      let result = try Self.played(name).result
      let (costs, totals) = (result.costs, result.totals)
      let all = LiquidationStage.allCases
      #expect(all.reduce(0) { $0 + costs.fundPaid(at: $1) } == totals.fundPaid, "\(name)")
      for stage in all {
        let paid = costs.paid(by: .account, at: stage) + costs.paid(by: .winners, at: stage)
        #expect(paid == costs[at: stage], "\(name), \(stage)")
      }
      for story in result.largest {
        #expect(story.costs[.penalty] == story.penalty, "\(name), \(story.account)")
        #expect(story.costs[.socialized] == story.socialized)
        #expect(all.reduce(0) { $0 + story.costs.fundPaid(at: $1) } == story.fundPaid)
        guard story.steps.count < 500 else { continue }
        for bearer in CostBearer.allCases {
          let steps = story.steps.reduce(Int64(0)) { $0 + ($1.bearer == bearer ? $1.cost ?? 0 : 0) }
          let paid = all.reduce(Int64(0)) { $0 + story.costs.paid(by: bearer, at: $1) }
          #expect(steps == paid, "\(name), \(story.account), \(bearer)")
        }
        stages.formUnion(story.steps.filter { $0.cost != nil }.map(\.stage))
      }
      let run = WaterfallRun(name: name, description: "", result: result)
      #expect(run.backstopDraw == totals.fundPaid + max(-totals.poolProfit, 0), "\(name)")
      #expect(totals.auctionRewards <= totals.fundPaid, "a part of what the fund paid")
      let fund = result.fund
      #expect(fund.points.count == result.points.count && !fund.points.isEmpty)
      #expect(fund[.penalty] == totals.penalties - costs.keeperRewards, "\(name)")
      #expect(fund[.gapPremium] == totals.gapPremiums, "\(name)")
      let paid = fund[.cover] + fund[.auctionReward] + totals.fundPaid
      // A reward is rounded once a bid and once an asset.
      #expect(paid.magnitude <= 1_000, "\(name)")
      #expect(fund[.contribution] == 0, "what came in before the first block is no flow")
      for (before, block) in zip(result.points, result.points.indices.dropFirst()) {
        let (now, flows) = (result.points[block], fund.points[block].flows.reduce(0, +))
        guard let old = before.markets[0].index, let new = now.markets[0].index else { continue }
        // What a block's prices made of the coins that were there; 10^-8 coins at 10^-8 USD.
        let rise = Int128(before.insuranceFund[1]) * Int128(new.steps - old.steps) / 10_000_000_000
        let change = Int128(now.insuranceFundValue - before.insuranceFundValue - flows)
        #expect(abs(change - rise) <= 1_000, "\(name), block \(block)")
      }
    }
    #expect(stages.isSuperset(of: [.partial, .insuranceFund, .auction]))
  }

  @Test("deleveragings name who was cut, of what position and of what profit")
  func deleveragings() throws {
    let result = try Self.played("hyperliquid").result
    #expect(!result.deleveragings.isEmpty)
    let value = result.deleveragings.reduce(Int64(0)) { $0 + $1.value }
    #expect(value == result.totals.deleveragedValue)
    let given = result.deleveragings.reduce(Int64(0)) { $0 + $1.givenUp }
    #expect(given == result.deleveraged.reduce(Int64(0)) { $0 + $1.givenUp })
    for event in result.deleveragings {
      #expect(event.cuts.count == event.winners && event.winners > 0)
      #expect(event.cuts.reduce(Int64(0)) { $0 + $1.size.steps } == event.size.steps)
      for cut in event.cuts {
        #expect(cut.size > .zero && cut.size <= cut.held, "\(cut.account) of \(event.account)")
        // The rule asks none without a profit.
        #expect(cut.profit > 0 && cut.account != event.account)
      }
    }
    let queue = try #require(result.queue)
    #expect(queue.time >= result.deleveragings[0].time)
    #expect(queue.classes.count == DeleveragingQueue.tenths + 1)
    #expect(queue.classes.dropLast().contains { $0.positions > 0 })
    let without = try Self.played("vega").result
    #expect(without.queue == nil && without.deleveragings.isEmpty, "no such stage, no queue")
  }

  @Test("each flow has the sign of what it is for, and each kind of cost is met")
  func flows() throws {
    for (name, deleverages) in [("hyperliquid", true), ("cross-margin-fund", false)] {
      let played = try Self.played(name)
      let result = played.result
      #expect(result.totals.liquidations > 0 && result.costs[.slippage] > 0)
      #expect(result.costs.bankruptAccounts > 0 && result.costs.meanMargin > 0)
      #expect((result.totals.deleveragedValue > 0) == deleverages)
      #expect(result.deleveraged.isEmpty == !deleverages)
      let values = result.deleveraged.reduce(Int64(0)) { $0 + $1.value }
      #expect(values == result.totals.deleveragedValue)
      let givenUp = result.deleveraged.reduce(Int64(0)) { $0 + $1.givenUp }
      // Each is rounded once an account and once a trade.
      #expect((givenUp - result.costs[.deleveraging]).magnitude <= 1_000)
      for asset in played.engine.state.houses.indices {
        #expect(played.tally.flow(.outside, asset: asset) >= 0)
        #expect(played.tally.flow(.penalty, asset: asset) <= 0)
        #expect(played.tally.flow(.cover, asset: asset) >= 0)
      }
    }
  }

  @Test("a comparison is the same with any number of threads, and another with another seed")
  func determinism() throws {
    let waterfall = try #require(try Self.waterfalls.get().first)
    let one = try Self.played(waterfall.set.name).result
    let again = try Self.comparison(workers: .threads(3)).run(waterfall).result
    #expect(one.hash == again.hash && one.costs == again.costs)
    let other = try Self.comparison(seed: 4).run(waterfall).result
    #expect(one.hash != other.hash)
  }

  @Test("a ranking names the least of each figure and shares places")
  func ranking() throws {
    let runs = try ["cross-margin-fund", "plimsoll"].map { name in
      WaterfallRun(name: name, description: "", result: try Self.played(name).result)
    }
    let ranking = WaterfallRanking(runs + runs)
    let costs = runs.map(\.totalCost)
    let best = ranking.best(.totalCost, among: ranking.runs)
    let least = costs[0] < costs[1] ? "cross-margin-fund" : "plimsoll"
    #expect(best == [least, least] || costs[0] == costs[1])
    #expect(ranking.place(of: runs[costs[0] < costs[1] ? 0 : 1], by: .totalCost) == 1)
    #expect(ranking.place(of: runs[costs[0] < costs[1] ? 1 : 0], by: .totalCost) == 3)
    #expect(ranking.best(.backstopDraw, among: []).isEmpty)
  }

  @Test("a sweep changes its own term and nothing else")
  func sweep() throws {
    let house = try MarkedVenue.file.get().set
    for term in FrontierPoint.Term.allCases {
      let one = FrontierSweep.Case(term: term, value: Rate(billionths: 1_000_000_000))
      let changed = try FrontierSweep.changed(house, one)
      let different = zip(house.values, changed.values).filter { $0.raw != $1.raw }.map(\.0.key)
      // A factor of one changes no value; buffer and penalties of one are others than the house's.
      switch term {
      case .threshold: #expect(different.isEmpty)
      case .buffer: #expect(different == ["margin.buffer"])
      case .penalty:
        #expect(different.count == 9 && different.allSatisfy { $0.hasSuffix("enalty") })
        #expect(try changed.rate("liquidation.penalty") == .one)
      }
    }
    let double = FrontierSweep.Case(term: .threshold, value: Rate(billionths: 2_000_000_000))
    let changed = try FrontierSweep.changed(house, double)
    #expect(try changed.rate("margin.scan.BTC.range") == Rate("32%"))
    #expect(try changed.rate("margin.tiers.BTC.row.2.initial") == Rate("20%"))
  }
}
