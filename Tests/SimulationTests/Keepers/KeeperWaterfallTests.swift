// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import Parameters
import Quantities
import RiskEngine
import Testing

@testable import Simulation

@Suite("Waterfalls that are left to keepers")
struct KeeperWaterfallTests {
  private func waterfall(_ name: String) throws -> WaterfallFile {
    try #require(try WaterfallFileTests.bundled().first { $0.set.name == name })
  }

  private func comparison(gas: Int64?, left: Bool) throws -> WaterfallComparison {
    let plan = try FallingMarket.plan([])
    return WaterfallComparison(
      title: "a fall", market: plan.market, file: try MarkedVenue.file.get(),
      accounts: .population(count: 120, seed: 3), gas: gas.map { .constant($0) },
      isLeftToKeepers: left)
  }

  private func run(_ name: String, gas: Int64?, left: Bool) throws -> WaterfallRun {
    try comparison(gas: gas, left: left).run(waterfall(name))
  }

  /// What the comparison runs where all is left to keepers, with a journal.
  private func left(_ name: String, journal: JournalTarget = .none) throws -> ReplayPlan {
    let one = try comparison(gas: 20_000_000_000, left: true)
    let file = try waterfall(name).over(one.file)
    var plan = ReplayPlan(
      title: one.title, market: one.market,
      parameters: try FeedFit(market: one.market).parameters(file.set), accounts: one.accounts,
      journal: journal)
    (plan.gas, plan.isLeftToKeepers) = (one.gas, one.isLeftToKeepers)
    return plan
  }

  @Test("bots take whole positions at the mark for the penalty, and who comes late pays for gas")
  func bots() throws {
    let plain = try run("fixed-penalty-bots", gas: nil, left: false)
    let kept = try run("fixed-penalty-bots", gas: 20_000_000_000, left: true)
    let story = try #require(kept.result.keepers)
    #expect(plain.result.keepers == nil && story.sum.taken > 3 && story.offered == 0)
    #expect(story.sum.gasPaid > 0 && story.sum.reached > story.sum.taken)
    #expect(story.sum.rewards == kept.result.costs.keeperRewards && story.sum.rewards > 0)
    #expect(story.sum.cost > 0 && story.sum.closedValue > 0)
    let stage = LiquidationStage.partial
    #expect(kept.result.costs[stage, .slippage] == 0, "the keeper bears what the book asks")
    #expect(plain.result.costs[stage, .slippage] > 0)
  }

  @Test("where gas is dearer than all of them pay nobody comes, and debts are left")
  func congested() throws {
    let calm = try run("fixed-penalty-bots", gas: 20_000_000_000, left: true)
    let crowded = try run("fixed-penalty-bots", gas: 400_000_000_000, left: true)
    let story = try #require(crowded.result.keepers)
    #expect(story.sum.sent > 0 && story.sum.reached == 0 && story.sum.taken == 0)
    #expect(story.sum.rewards == 0 && story.sum.gasPaid == 0)
    #expect(crowded.result.costs[.penalty] < calm.result.costs[.penalty])
    #expect(crowded.result.costs.bankruptAccounts > calm.result.costs.bankruptAccounts)
  }

  @Test("in auctions only bids that were in a block count")
  func auctions() throws {
    let journal = ScratchJournal()
    var replay = try Replay(left("maker", journal: .create(journal.path)))
    let result = try replay.run()
    let story = try #require(result.keepers)
    #expect(story.sum.taken > 0 && story.sum.rewards > 0 && story.sum.gasPaid > 0)
    #expect(result.totals.auctionedValue > 0 && story.sum.closedValue > 0)
    var (fills, trades) = (0, 0)
    try journal.forEachCommand { _, events, _ in
      for event in events {
        if case .auctionBidFilled = event { fills += 1 }
        if case .traded(let trade) = event, trade.cause == .auction { trades += 1 }
      }
    }
    #expect(trades > fills, "some portfolios have two positions")
    #expect(story.sum.taken == fills, "and a bid for both is one transaction")
    #expect(story.keepers.allSatisfy { $0.taken <= $0.reached && $0.reached <= $0.sent })
    let crowded = try run("maker", gas: 400_000_000_000, left: true)
    #expect(try #require(crowded.result.keepers).sum.reached == 0)
    #expect(crowded.result.totals.auctionedValue == 0 && crowded.result.totals.auctions > 0)
  }

  @Test("a waterfall that pays nobody, and every one without keepers, runs as it always did")
  func without() throws {
    let venue = try run("hyperliquid", gas: nil, left: false)
    let left = try run("hyperliquid", gas: 20_000_000_000, left: true)
    #expect(left.result.hash == venue.result.hash && left.result.keepers == nil)
    let bots = try run("fixed-penalty-bots", gas: nil, left: false)
    let priced = try run("fixed-penalty-bots", gas: 20_000_000_000, left: false)
    let alone = try run("fixed-penalty-bots", gas: nil, left: true)
    #expect(bots.result.hash == priced.result.hash && priced.result.keepers == nil)
    #expect(alone.result.hash == bots.result.hash)
  }

  @Test("every unit of the traders' wealth is attributed with keepers, who are no traders")
  func reconciles() throws {
    for name in ["drift", "derive"] {
      var replay = try Replay(left(name))
      let result = try replay.run()
      #expect(try #require(result.keepers).sum.taken > 0, "\(name)")
      replay.tally.expectAllAttributed(in: replay.engine, name)
    }
  }

  @Test("a file of a waterfall may state keepers and rights")
  func keys() {
    #expect(WaterfallFile.permits("keeper.patience") && WaterfallFile.permits("rights.lots"))
    #expect(!WaterfallFile.permits("requests.life") && !WaterfallFile.permits("keepers.patience"))
  }
}
