// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Parameters
import Quantities
import RiskEngine
import Testing

@testable import Simulation

@Suite("A replay with risk universes")
struct UniverseReplayTests {
  private static let apart = [(key: "insuranceFund.universe.ETH", value: "1")]
  private static let watched =
    apart + [
      (key: "insuranceFund.alarms", value: "true"),
      (key: "insuranceFund.targetInterval", value: "10"),
      (key: "insuranceFund.move.1.shift", value: "-33%"),
      (key: "pool.openingShare", value: "1%"), (key: "waterfall.pool.rank", value: "3"),
    ]
  /// A fall with ETH apart, funds watched, a pool each.
  private static let fall = Result { try FallingMarket.run(FallingMarket.plan(watched)) }

  private func market(_ venue: MarkedVenue, _ numbers: [String: UInt8]) throws -> VenueMarket {
    let market = try venue.market
    return VenueMarket(
      listing: market.listing, snapshot: market.snapshot, marks: market.marks,
      nextOrder: market.nextOrder,
      universes: market.listing.contracts.map {
        RiskUniverse(numbers[$0.underlying.description] ?? 0)
      }, risk: market.risk)
  }

  @Test("an account of a population keeps to one universe, and many do in each")
  func population() throws {
    let venue = try MarkedVenue()
    let market = try market(venue, ["ETH": 1])
    let opening = try Population(accountCount: 400, seed: 1).opening(in: market, book: venue.book)
    var underlyings: [AccountID: Set<AssetSymbol>] = [:]
    for case .recordTrade(let trade) in opening.commands {
      let index = try #require(market.listing.index(of: trade.instrument))
      for account in [trade.buyer, trade.seller] {
        underlyings[account, default: []].insert(market.listing.contracts[index].underlying)
      }
    }
    #expect(underlyings.values.allSatisfy { $0.count == 1 })
    for symbol in [try AssetSymbol("BTC"), try AssetSymbol("ETH")] {
      #expect(underlyings.values.filter { $0 == [symbol] }.count > 50)
    }
    #expect(opening.statement.contains("one risk universe alone"))
  }

  @Test("where all underlyings are of one universe nothing else is drawn")
  func oneUniverse() throws {
    let venue = try MarkedVenue()
    let population = Population(accountCount: 100, seed: 1)
    let plain = try population.opening(in: venue.market, book: venue.book)
    let same = try population.opening(
      in: market(venue, ["BTC": 3, "ETH": 3]), book: venue.book)
    #expect(plain.commands == same.commands && plain.statement == same.statement)
  }

  @Test("no account is ever in two, each fund has its opening share, and each universe a pool")
  func opened() throws {
    let journal = ScratchJournal()
    let run = try FallingMarket.run(
      FallingMarket.plan(Self.watched, journal: .create(journal.path)))
    #expect(try run.result.hash == Self.fall.get().result.hash)
    var state: LedgerState?
    var shares: [RiskUniverse: Set<AssetSymbol>] = [:]
    var held = 0
    try journal.forEachCommand { command, events, hash in
      if case .openVenue(let quote, let set) = command {
        state = LedgerState(quote: quote, parameters: set)
      }
      var now = try #require(state)
      if let (amount, universe) = contribution(command) {
        let engine = try Engine(state: now, hash: hash, sequence: 1)
        #expect(try amount == openingShare(of: universe, in: amount.asset, engine))
        #expect(shares[universe, default: []].insert(amount.asset.symbol).inserted)
      }
      for event in events {
        now.apply(event)
        held += try holders(after: event, now)
      }
      state = now
    }
    #expect(Set(shares.keys) == [.common, RiskUniverse(1)])
    #expect(held > 100 && state?.digest == run.engine.state.digest)
    #expect(
      run.engine.state.pools.map(\.markets).map { $0.map(\.description) } == [["BTC"], ["ETH"]])
  }

  private func contribution(_ command: Command) -> (Amount, RiskUniverse)? {
    switch command {
    case .contributeToFund(let amount): (amount, .common)
    case .contributeToUniverse(let universe, let amount): (amount, universe)
    default: nil
    }
  }

  /// The stated share of what is open in the contracts of a universe that settle in an asset.
  private func openingShare(
    of universe: RiskUniverse, in asset: Asset, _ engine: Engine
  ) throws -> Amount {
    let (state, valuation) = (engine.state, try #require(engine.valuation))
    let place = try #require(state.listing.index(of: asset))
    var open: Int64 = 0
    for (index, contract) in state.listing.contracts.enumerated()
    where contract.settlementAsset == asset && state.universe(ofInstrument: index) == universe {
      open += valuation.notional(Size(steps: state.totals[index].openInterest), of: contract.id)
    }
    let value = engine.rules.liquidation.fundOpeningShare.share(of: open, rounding: .down)
    return Amount(
      units: valuation.units(ofQuote: value, asset: place, rounding: .down), asset: asset)
  }

  /// How many accounts have come to hold something by an event, each of one universe.
  private func holders(after event: LedgerEvent, _ state: LedgerState) throws -> Int {
    guard case .traded(let trade) = event else { return 0 }
    for id in [trade.buyer, trade.seller] {
      let account = state.accounts[try #require(state.index(of: id))]
      let held = account.portfolio.positions.compactMap { state.listing.index(of: $0.instrument) }
      #expect(Set(held.map { state.universe(ofInstrument: $0) }).count <= 1, "\(id)")
    }
    return 2
  }

  @Test("the funds' histories add up to that of all of them, block by block")
  func histories() throws {
    let (result, engine) = try Self.fall.get()
    let funds = result.universeFunds
    #expect(funds.map(\.number) == [0, 1])
    #expect(funds.map { $0.underlyings.map(\.description) } == [["BTC"], ["ETH"]])
    for (block, point) in result.fund.points.enumerated() {
      for place in point.flows.indices {
        #expect(
          point.flows[place] == funds.reduce(0) { $0 + $1.history.points[block].flows[place] })
      }
      // Each asset of each fund is rounded by itself.
      let parts = funds.reduce(0) { $0 + $1.history.points[block].balance }
      #expect(abs(point.balance - parts) <= 6)
      #expect(point.balance == result.points[block].insuranceFundValue && point.peak == nil)
      #expect(
        point.target
          == (funds[0].history.points[block].target == nil
            ? nil : funds.reduce(0) { $0 + ($1.history.points[block].target ?? 0) }))
    }
    let valuation = try #require(engine.valuation)
    for fund in funds {
      #expect(fund.start > 0 && fund.history.points.count == result.points.count)
      let held = engine.state.houses.indices.reduce(Int64(0)) {
        $0 + valuation.quote(engine.state.fund($1, of: fund.universe), asset: $1)
      }
      #expect(fund.end == held)
      #expect(
        fund.history.points.last?.target == engine.state.fundReview(of: fund.universe)?.target)
      #expect(fund.history.points.contains { $0.peak ?? 0 > 0 })
      #expect(fund.history.alarms.allSatisfy { $0.universe == fund.universe })
    }
    #expect(result.fund.alarms.count == funds.reduce(0) { $0 + $1.history.alarms.count })
  }

  @Test("an alarm in another universe is its own, and the first record of a fund is none")
  func alarms() throws {
    var (_, engine) = try Self.fall.get()
    let universe = RiskUniverse(1)
    let asset = engine.state.listing.quote
    var log = FundLog()
    log.start(engine)
    func say(_ percent: UInt8, in universe: RiskUniverse) {
      let fact = LedgerEvent.fundDrawdownChanged(asset, percent: percent, peak: 1)
      log.take(universe == .common ? fact : .inUniverse(universe, fact), engine)
    }
    for universe in [.common, universe] { say(0, in: universe) }
    #expect(log.history.alarms.isEmpty)
    say(25, in: universe)
    say(50, in: .common)
    say(0, in: universe)
    #expect(log.history.alarms.map(\.percent) == [25, 50, 0])
    #expect(log.history.alarms.map(\.universe) == [universe, .common, universe])
    let funds = log.universes(engine)
    #expect(funds.map { $0.history.alarms.map(\.percent) } == [[50], [25, 0]])
    #expect(funds[1].history.alarms.allSatisfy { $0.balance == funds[1].start })
    engine = try FallingMarket.run(FallingMarket.plan([])).engine
    var plain = FundLog()
    plain.start(engine)
    plain.take(.fundDrawdownChanged(asset, percent: 25, peak: 1), engine)
    plain.record(engine)
    #expect(plain.universes(engine).isEmpty && plain.history.alarms.map(\.universe) == [nil])
  }
}
