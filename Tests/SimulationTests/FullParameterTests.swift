// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Foundation
import Instruments
import Journal
import Ledger
import Parameters
import Quantities
import RiskEngine
import Testing

@testable import Simulation

@Suite("The parameter file with everything on")
struct FullParameterTests {
  private static let root = URL(fileURLWithPath: MarkedVenue.parameterPath)
    .deletingLastPathComponent().deletingLastPathComponent()
  private static let file = Result {
    try ParameterFile.load(path: root.appending(path: "ParameterFiles/plimsoll-full.json").path)
  }
  private static let dataset = root.appending(path: "Datasets/black-thursday-2020").path
  /// From a quarter past ten on 12 March 2020: the first fall, a fifth in half an hour.
  private static let market = Result {
    let start = try Timestamp(iso8601: "2020-03-12T10:15Z")
    return try ReconstructionReader.load(
      folder: dataset, window: start..<start + TimeSpan(seconds: 75 * 60))
  }
  /// Without a journal.
  private static let plain = Result { try run([]) }

  private static func run(
    _ assignments: [String], journal: JournalTarget = .none
  ) throws -> (result: ReplayResult, engine: Engine) {
    let market = try market.get()
    let changed = try file.get().applying(assignments)
    var plan = ReplayPlan(
      title: "everything", market: market,
      parameters: try FeedFit(market: market).parameters(changed.set),
      accounts: .population(count: 250, seed: 5), journal: journal)
    plan.gas = try GasPrices.recorded(inReconstruction: dataset).map {
      .recorded($0, from: market.window.lowerBound)
    }
    var replay = try Replay(plan)
    return (try replay.run(), replay.engine)
  }

  @Test("says all that the bundled file says, and adds what that leaves off")
  func overBundled() throws {
    let bundled = try MarkedVenue.file.get().set
    let full = try Self.file.get().set
    #expect(full.name == "plimsoll-full")
    let changed = bundled.values.filter { !full.values.contains($0) }
    #expect(changed.map(\.key) == ["liquidation.choice"])
    let stages = try LiquidationParameters(full).waterfall.stages
    #expect(stages == [.partial, .auction, .pool, .insuranceFund, .deleveraging, .socializedLoss])
    let added = Set(
      full.values.filter { value in !bundled.values.contains { $0.key == value.key } }
        .compactMap { $0.key.split(separator: ".").first })
    #expect(
      added == [
        "auction", "balance", "collateral", "conversion", "hedge", "insuranceFund", "keeper",
        "liquidation", "marginCall", "pool", "requests", "rights", "socializedLoss", "waterfall",
        "withdrawalGate",
      ])
  }

  /// What the file leaves off, by definition, and why; of some, all that begin so.
  private static let off: [(reason: String, keys: [String])] = [
    ("other readers: models of other venues, an option chain's range", ["model.", "implied."]),
    ("other readers: who bids in a replay, no rule of the venue", ["bidder."]),
    (
      "terms of assets in collateral that a replay has not: bridged, thin, borrowed",
      [
        "clearing.withdrawStressedProfit", "collateral.*.accountCap", "collateral.*.bridge",
        "collateral.*.conversionRank", "collateral.*.dailyVolume", "collateral.*.debtCap",
        "collateral.*.debtInterest", "collateral.*.debtThreshold",
        "collateral.*.expectedShortfall", "collateral.*.finalityFactor",
        "collateral.*.finalityTime", "collateral.*.impact", "collateral.*.leastVolatility",
        "collateral.*.markUp", "collateral.*.reorganization", "collateral.*.venueCap",
        "collateral.*.volumeStress", "collateral.*.wrongWay.*",
      ]
    ),
    (
      "of other paths: the path of an auction's price is two lines",
      [
        "auction.cut", "auction.step", "auction.speed", "auction.isAdaptive",
        "auction.fairFactor", "auction.aversion", "auction.bidInterval",
      ]
    ),
    (
      "on without being stated: least bids, participation, and rounds that late bids prolong",
      [
        "auction.wholeNotional", "auction.leastShare", "auction.leastParticipation",
        "auction.closingTime", "auction.longestTick",
      ]
    ),
    (
      "the spot market sells collateral, so no hammer does",
      ["conversion.auctionDuration", "conversion.auctionReserve", "conversion.auctionStart"]
    ),
    ("slices are offered to keepers and to the book", ["keeper.skipsBook"]),
    (
      "older generations of venues: seldom looks, days of grace, all closed, a handover",
      [
        "liquidation.checkInterval", "liquidation.grace", "liquidation.closesAll",
        "liquidation.handover",
      ]
    ),
    (
      "nearly every account in a crash would go past requests, keepers and rights",
      ["liquidation.infeasible"]
    ),
    (
      "an order at a fillable price waits in the book, and patience no longer ends the stage",
      ["liquidation.fillableSpread", "liquidation.fillableAdjustment"]
    ),
    (
      "there is no penalty to share, and slices are whole",
      [
        "liquidation.keeperShare", "liquidation.urgency",
      ]
    ),
    (
      "charges of margin, no stage, of which nothing was measured",
      [
        "margin.mark.*.freeVolatility", "margin.mark.*.volatilityFactor",
        "margin.mark.*.volatilityUncertainty", "margin.size.*.horizonShare",
        "margin.standaloneSize",
      ]
    ),
    (
      "as of all sources",
      ["oracle.*.source.*.confidenceLimit", "oracle.*.source.*.jumpLimit"]
    ),
  ]

  @Test("states whatever there is, but for what is listed here with its reason")
  func complete() throws {
    let full = try Self.file.get().set
    let left = ParameterDefinition.all.filter { definition in
      !full.values.contains { definition.matches($0.key) }
    }
    let listed = Self.off.flatMap(\.keys)
    func isListed(_ key: String) -> Bool {
      listed.contains { $0.hasSuffix(".") ? key.hasPrefix($0) : key == $0 }
    }
    #expect(left.map(\.key).filter { !isListed($0) } == [], "off, and nobody says why")
    // What is listed is there, and off.
    for key in listed {
      #expect(
        left.contains { key.hasSuffix(".") ? $0.key.hasPrefix(key) : $0.key == key }, "\(key)")
    }
    // Stated as zero would be off, too.
    let idle = full.values.filter { value in
      value.raw == 0 && !bundledKeys.contains(value.key)
    }
    #expect(
      idle.map(\.key) == [
        "auction.fee", "auction.restarts", "balance.default.threshold", "pool.fee",
      ])
  }

  private var bundledKeys: Set<String> {
    Set((try? MarkedVenue.file.get().set.values.map(\.key)) ?? [])
  }

  @Test("its last choice and its universes are in force")
  func choices() throws {
    let full = try Self.file.get().set
    let terms = try LiquidationParameters(full)
    #expect(terms.sizing.choice == .bestOfThree)
    let target = try #require(terms.losses.fund.target)
    #expect(target.moves.count == 4 && target.depegs.count == 1)
    #expect(
      target.moves.contains { $0.depth != nil } && target.moves.contains { $0.latency > .zero })
    #expect(RiskUniverse.isAnyStated(in: full))
    let (result, engine) = try Self.plain.get()
    #expect(result.universeFunds.map(\.number) == [0, 1])
    #expect(result.universeFunds.allSatisfy { $0.start > 0 && $0.end != $0.start })
    #expect(result.universeFunds.allSatisfy { $0.history.points.last?.target ?? 0 > 0 })
    #expect(engine.state.pools.count == 2)
    for account in engine.state.accounts {
      let held = account.portfolio.positions.map { engine.universe(of: $0.instrument) }
      #expect(Set(held).count <= 1)
    }
  }

  @Test("in a crash every stage and every one outside is reached")
  func reached() throws {
    let (result, engine) = try Self.plain.get()
    let totals = result.totals
    let calls = try #require(result.marginCalls)
    #expect(calls.rows.allSatisfy { $0.calls > 0 && $0.liquidated > 0 })
    #expect(calls.ordersCancelled > 0)
    for stage in LiquidationStage.allCases where stage != .cancelOrders {
      #expect((totals.liquidationsByFurthestStage[stage] ?? 0) > 0, "\(stage)")
    }
    #expect(totals.auctionedValue > 0 && totals.auctionRewards > 0)
    #expect(totals.deleveragedValue > 0 && totals.socializedValue > 0)
    let tranches = try #require(result.pools.pools.first).tranches
    #expect(tranches.map(\.tranche) == [.senior, .junior])
    #expect(totals.poolTakenValue > 0)
    #expect(result.pools.pools.contains { $0.tranches[1].result != 0 })
    // The first target comes after an hour, and the fund is below it.
    #expect(try #require(result.fund.points.last?.target) > 0)
    #expect(result.fund[.surcharge] > 0 && result.fund[.cover] < 0)
    #expect(Set(result.fund.alarms.map(\.percent)).isSuperset(of: [25, 50]))
    let outside = try #require(result.outside)
    #expect(outside.depthReports == result.points.count && outside.filledRequests > 0)
    #expect(outside.relayed > 0 && outside.relayed == outside.answers)
    #expect(outside.saleFills > 0 && result.fund[.collateralSale] > 0)
    let keepers = try #require(result.keepers)
    #expect(try #require(keepers.rights).lotsSold > 0 && keepers.sum.rewards > 0)
    let balance = try #require(result.balance)
    #expect(try #require(balance.hedge).orders > 0 && result.fund[.hedge] < 0)
    #expect(try #require(balance.entry).openingPaid > 0)
    #expect(try #require(balance.entry).openingRebates > 0)
    #expect(engine.state.balance.marks.contains { $0.rate != 0 })
  }

  // What cannot be reached in an hour and a quarter with so small a fund.
  @Test("what is not reached in it: claims wait, and nobody asks to withdraw")
  func waiting() throws {
    let (result, engine) = try Self.plain.get()
    let claims = engine.universes.map { engine.state.losses(of: $0).claims }
    #expect(claims.contains { !$0.isEmpty } && result.fund[.recovery] == 0)
    let line = try #require(engine.rules.liquidation.losses.repayAbove)
    let valuation = try #require(engine.valuation)
    for asset in engine.state.houses.indices {
      for universe in engine.universes where !engine.state.losses(of: universe).claims.isEmpty {
        let held = valuation.quote(engine.state.fund(asset, of: universe), asset: asset)
        #expect(held <= line, "not paid back yet")
      }
    }
    // A replay withdraws nothing, so the gate has nobody to refuse.
    #expect(engine.rules.liquidation.losses.gateShare == .one)
  }

  @Test(
    "a limit that leaves no event of its own is felt when it is taken away",
    arguments: [
      "insuranceFund.windowCap=100%", "liquidation.blockShare=100%", "liquidation.leastLeft=0",
    ])
  func felt(assignment: String) throws {
    let (with, without) = try (Self.plain.get().result, Self.run([assignment]).result)
    func figures(_ result: ReplayResult) -> [Int64] {
      [result.totals.liquidatedValue, result.totals.fundPaid, result.totals.socializedValue]
    }
    #expect(figures(with) != figures(without))
  }

  @Test("its journal verifies and recovers, and money is conserved to the unit")
  func verifies() throws {
    let journal = ScratchJournal()
    let (result, engine) = try Self.run([], journal: .create(journal.path))
    #expect(try result.hash == Self.plain.get().result.hash, "two runs, one hash")
    let verified = try verify(JournalReader.open(journal.path), workers: .one) { _, _ in }
    #expect(verified.engine.hash == result.hash && verified.engine.state == engine.state)
    let recovered = try recover(JournalReader.open(journal.path), workers: .one)
    #expect(recovered.hash == result.hash && recovered.state == engine.state)
    #expect(engine.state.brokenAfterBlock() == nil)
    // What came in from outside by the journal's own transfers is what is there.
    let listing = engine.state.listing
    var outside = engine.state.houses.map { _ in Int128(0) }
    try journal.forEachCommand { _, events, _ in
      for case .transferred(let transfer) in events {
        let asset = try #require(listing.index(of: transfer.amount.asset))
        if transfer.from == .outside { outside[asset] += Int128(transfer.amount.units) }
        if transfer.to == .outside { outside[asset] -= Int128(transfer.amount.units) }
      }
    }
    #expect(try sums(engine.state) == outside)
  }

  /// Everything that anybody has, less what positions cost, by asset.
  private func sums(_ state: LedgerState) throws -> [Int128] {
    var sums = state.houses.map { $0.allFunds + Int128($0.fees) }
    for pot in state.balance.pots {
      sums[try #require(state.listing.index(of: pot.asset))] += Int128(pot.units)
    }
    sums[0] += Int128(state.execution.deposits)
    for pool in state.pools { sums[0] += Int128(pool.reserve) }
    for account in state.accounts {
      for (asset, units) in account.portfolio.balances.enumerated() { sums[asset] += Int128(units) }
      for position in account.portfolio.positions {
        let market = try #require(state.listing.index(of: position.instrument))
        let asset = state.listing.contracts[market].settlementAsset
        sums[try #require(state.listing.index(of: asset))] -= Int128(position.cost)
      }
    }
    return sums
  }
}
