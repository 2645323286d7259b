// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Journal
import Ledger
import Margin
import MarketData
import Parameters
import Quantities
import RiskEngine
import Testing

@testable import Simulation

@Suite("A replay with everything outside")
struct OutsideReplayTests {
  private let depth = [
    (key: "liquidation.depthWindow", value: "5min"),
    (key: "liquidation.depthDistance", value: "1%"), (key: "liquidation.depthPart", value: "30%"),
  ]
  private let requests = [
    (key: "requests.life", value: "30s"), (key: "requests.fee", value: "0.01%"),
  ]
  private let keepers = [
    (key: "keeper.patience", value: "2"), (key: "keeper.gasUnits", value: "600000"),
    (key: "keeper.bonus", value: "3%"), (key: "keeper.margin", value: "30%"),
    (key: "keeper.cap", value: "5%"),
  ]
  private let sales = [
    (key: "conversion.choice", value: "2"), (key: "conversion.execution", value: "1"),
    (key: "conversion.impact", value: "0.5"),
  ]
  private let house = [
    (key: "waterfall.pool.rank", value: "2"), (key: "pool.openingShare", value: "5%"),
    (key: "pool.eventShare", value: "50%"), (key: "pool.unwindShare", value: "2%"),
    (key: "hedge.capital", value: "100000000"), (key: "hedge.default.threshold", value: "1"),
    (key: "hedge.windowCost", value: "1000000"), (key: "hedge.mostCost", value: "2%"),
    // What is expected of an order of a liquidation is dearer than a hedge may be.
    (key: "liquidation.expectedCost", value: "0.5%"),
  ]

  @Test("every part acts, the figures say so, and the journal recovers and verifies")
  func all() throws {
    let journal = ScratchJournal()
    let changes = depth + requests + keepers + sales + house
    let (result, engine) = try FallingMarket.run(
      FallingMarket.plan(changes, journal: .create(journal.path)))
    let outside = try #require(result.outside)
    #expect(outside.depthReports == result.points.count)
    #expect(outside.requests > 0 && outside.answers >= outside.requests)
    #expect(outside.filledRequests > 0 && outside.quotedValue > 0)
    #expect(outside.sales > 0 && outside.saleFills > 0 && outside.soldValue > outside.salePaid)
    let story = try #require(result.keepers)
    #expect(story.offered > 0 && story.taken > 0)
    #expect(story.sum.gasPaid > 0 && story.sum.rewards > 0)
    #expect(story.sum.taken == story.taken)
    #expect((result.balance?.hedge?.orders ?? 0) > 0)
    let verified = try verify(JournalReader.open(journal.path), workers: .one) { _, _ in }
    #expect(verified.engine.hash == result.hash && verified.engine.state == engine.state)
    let recovered = try recover(JournalReader.open(journal.path), workers: .one)
    #expect(recovered.hash == result.hash && recovered.state == engine.state)
    #expect(
      try FallingMarket.run(FallingMarket.plan(changes)).result.hash == result.hash,
      "two runs, one hash")
  }

  @Test("through a relayer the same is filled, it has the fee, and the journal verifies")
  func relayed() throws {
    let journal = ScratchJournal()
    let changes = requests + [(key: "requests.relayed", value: "true")]
    let (result, engine) = try FallingMarket.run(
      FallingMarket.plan(changes, journal: .create(journal.path)))
    let outside = try #require(result.outside)
    #expect(outside.relayed > 0 && outside.relayed == outside.answers)
    let relayer = try #require(engine.state.execution.relayers.first)
    let account = try #require(engine.state.index(of: relayer))
    let balances = engine.state.accounts[account].portfolio.balances
    #expect(outside.relayFees > 0 && balances.contains { $0 > 0 })
    let (plain, other) = try FallingMarket.run(FallingMarket.plan(requests))
    let direct = try #require(plain.outside)
    #expect(direct.relayed == 0 && direct.relayFees == 0)
    #expect(direct.filledRequests == outside.filledRequests)
    #expect(direct.answers == outside.answers && direct.quotedValue == outside.quotedValue)
    #expect(other.state.execution.relayers.isEmpty)
    for (asset, house) in other.state.houses.enumerated() {
      #expect(engine.state.houses[asset].fees + balances[asset] == house.fees, "nobody pays more")
    }
    let verified = try verify(JournalReader.open(journal.path), workers: .one) { _, _ in }
    #expect(verified.engine.hash == result.hash && verified.engine.state == engine.state)
    let recovered = try recover(JournalReader.open(journal.path), workers: .one)
    #expect(recovered.hash == result.hash && recovered.state == engine.state)
  }

  @Test("under the hammer makers buy what they can sell, at no less than the reserve")
  func hammer() throws {
    let changes = [
      (key: "conversion.choice", value: "1"), (key: "conversion.execution", value: "2"),
      (key: "conversion.auctionStart", value: "100.5%"),
      (key: "conversion.auctionReserve", value: "97%"),
      (key: "conversion.auctionDuration", value: "5min"),
    ]
    let (result, engine) = try FallingMarket.run(FallingMarket.plan(changes))
    let outside = try #require(result.outside)
    #expect(outside.sales > 0 && outside.saleFills > 0)
    #expect(!engine.state.listing.contracts.contains { $0.kind == .spot })
    // Every maker sells on in a book, so none pays more than the index.
    #expect(outside.salePaid < outside.soldValue)
    #expect(Int128(outside.salePaid) * 100 >= Int128(outside.soldValue) * 97)
  }

  @Test("without them nothing is reported, registered, listed or sold")
  func none() throws {
    let (result, engine) = try FallingMarket.run(FallingMarket.plan([]))
    #expect(result.outside == nil && result.keepers == nil && result.balance == nil)
    #expect(engine.state.execution.isEmpty && engine.state.balance.makers.isEmpty)
    #expect(!engine.state.listing.contracts.contains { $0.kind == .spot })
  }

  // Fifty coins within 1 %, two from the fifteenth minute on; the venue's own law has thousands.
  @Test("the depth of a recorded book is what is reported, and what orders meet")
  func recorded() throws {
    let (thin, engine) = try FallingMarket.run(
      FallingMarket.plan(depth, depth: [(0, 50), (15, 2)]))
    let perpetual = try #require(
      engine.state.listing.contracts.first { $0.name == "BTC-PERP" })
    let spans = try #require(engine.state.execution.depth(of: perpetual.id)?.spans)
    let perCoin = 100_000_000 / perpetual.stepQuantity
    let last = try #require(spans.last)
    #expect(((perCoin - 1)...(2 * perCoin)).contains(last.bids))
    #expect((2 * perCoin - 1...2 * perCoin).contains(last.asks), "nobody bought")
    let (deep, other) = try FallingMarket.run(FallingMarket.plan(depth))
    let usual = try #require(other.state.execution.depth(of: perpetual.id)?.spans.last)
    #expect(usual.bids > 50 * perCoin && usual.asks > 50 * perCoin)
    #expect(thin.totals.liquidatedValue < deep.totals.liquidatedValue)
  }

  @Test("the law of impact goes through a recorded depth, on its own side")
  func curve() throws {
    for depth in [1.0, 20_000, 5e9] {
      let curve = ImpactCurve(spread: 0.000_4, depth: depth, within: 0.01)
      let reach = try #require(curve.reach(0.01))
      #expect(abs(reach - depth) <= 1e-9 * depth && curve.halfSpread == 0.000_2)
    }
    // Nothing recorded leaves room for one quote unit; a wide spread is cut to the distance.
    #expect(try #require(ImpactCurve(spread: 0.000_4, depth: 0, within: 0.01).reach(0.01)) <= 1.01)
    let wide = ImpactCurve(spread: 1, depth: 100, within: 0.01)
    #expect(wide.halfSpread == 0.005 && wide.average(from: 0, to: 100) < 0.01)
  }

  /// A venue with a maker who is long fifty coins, one who is short as many, and one with neither.
  private func makers() throws -> (Engine, SimulatedBook, InstrumentID) {
    var venue = try MarkedVenue()
    let perpetual = try #require(
      venue.engine.state.listing.contracts.first { $0.name == "BTC-PERP" })
    let bitcoin = try AssetSymbol("BTC")
    let usd = venue.engine.state.listing.quote
    for id in [AccountID(0), AccountID(1), AccountID(2)] {
      _ = try venue.engine.step(.openAccount(id, .cross))
      let amount = Amount(units: 100_000_000_000_000, asset: usd)
      _ = try venue.engine.step(.depositCollateral(id, amount))
    }
    let mark = try #require(venue.engine.valuation?.mark(of: perpetual.id)).price
    _ = try venue.engine.step(
      .recordTrade(
        TradeReport(
          instrument: perpetual.id, buyer: AccountID(0), seller: AccountID(1),
          size: Size(steps: 50 * 100_000_000 / perpetual.stepQuantity), price: mark,
          origin: .transfer)))
    for id in [AccountID(0), AccountID(1), AccountID(2)] {
      _ = try venue.engine.step(.registerMaker(id))
    }
    var book = try SimulatedBook(venue.parameters)
    book.open(
      venue.engine.state.listing,
      makers: MakerRoster(
        desks: [.init(underlying: bitcoin, accounts: [0, 1, 2].map { AccountID($0) })]))
    book.observe(venue.engine.state.snapshot)
    return (venue.engine, book, perpetual.id)
  }

  private func prices(
    _ side: Side, coins: Int64, seconds: Int64 = 60, of account: UInt32 = 9
  ) throws -> [AccountID: Price] {
    let (engine, book, perpetual) = try makers()
    let contract = try #require(engine.state.listing.contracts.first { $0.id == perpetual })
    let request = QuoteRequest(
      id: 1, account: AccountID(account), instrument: perpetual, side: side,
      size: Size(steps: coins * 100_000_000 / contract.stepQuantity),
      endsAt: engine.state.time + TimeSpan(seconds: seconds))
    let bidders = try AuctionBidders(MarkedVenue.file.get().set)
    var prices: [AccountID: Price] = [:]
    for command in bidders.answers(to: request, engine, book) {
      guard case .answerRequest(let maker, 1, let price, let size) = command else { continue }
      #expect(size == request.size && price.steps % contract.tick.steps == 0)
      prices[maker] = price
    }
    return prices
  }

  @Test("a maker who holds the other side quotes best, and size and time cost more")
  func quotes() throws {
    let (engine, _, perpetual) = try makers()
    let mark = try #require(engine.valuation?.mark(of: perpetual)).price
    let (long, short, flat) = (AccountID(0), AccountID(1), AccountID(2))
    let sold = try prices(.sell, coins: 40)
    #expect(sold.count == 3 && sold.values.allSatisfy { $0 < mark })
    let (best, other) = try (#require(sold[short]), #require(sold[flat]))
    #expect(best > other && sold[long] == other)
    let bought = try prices(.buy, coins: 40)
    #expect(bought.values.allSatisfy { $0 > mark })
    #expect(try #require(bought[long]) < #require(bought[flat]) && bought[short] == bought[flat])
    // Beyond what it holds the other way it hedges the rest.
    #expect(try #require(prices(.sell, coins: 400)[short]) < best)
    #expect(try #require(prices(.sell, coins: 40, seconds: 600)[short]) < best)
    #expect(try prices(.sell, coins: 40, of: 1).count == 2, "nobody answers himself")
  }
}
