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

@Suite("What keepers of a replay hold")
struct KeeperInventoryTests {
  private static let terms = [
    (key: "keeper.patience", value: "2"), (key: "keeper.gasUnits", value: "600000"),
    (key: "keeper.bonus", value: "3%"), (key: "keeper.margin", value: "30%"),
    (key: "keeper.cap", value: "5%"),
  ]

  /// A holding as the facts of a journal have it.
  private struct Held {
    var steps: Int64 = 0
    /// What is still to be closed in blocks that were, and at most in one.
    var due: Int64 = 0
    var slice: Int64 = 0
  }

  @Test("what they take they close in the book, a fifth a block, at their own cost; it verifies")
  func worksOff() throws {
    let journal = ScratchJournal()
    let (result, engine) = try FallingMarket.run(
      FallingMarket.plan(
        Self.terms, depth: [(0, 50), (21, 1)], accounts: 120, journal: .create(journal.path)))
    let story = try #require(result.keepers)
    let last = try #require(engine.state.accounts.last?.id.number)
    let keepers = (0..<UInt32(ReplayKeepers.keepers)).map { AccountID(last - $0) }
    var held: [AccountID: [InstrumentID: Held]] = [:]
    var closed = 0
    var cost: Int64 = 0
    try journal.follow { before, command, events, _ in
      if case .advanceBlock = command {
        for id in keepers {
          for (instrument, one) in held[id] ?? [:] {
            held[id]?[instrument]?.due = min(one.due + one.slice, abs(one.steps))
          }
        }
      }
      for case .traded(let trade) in events {
        for (id, sign) in [(trade.buyer, Int64(1)), (trade.seller, -1)]
        where keepers.contains(id) {
          var one = held[id]?[trade.instrument] ?? Held()
          if trade.cause == .matching {
            let mark = try #require(before.valuation?.mark(of: trade.instrument))
            #expect(one.steps.signum() == -sign && trade.size.steps <= one.due, "a slice")
            #expect(sign * (trade.price.steps - mark.price.steps) > 0, "at a cost")
            let most = try self.furthest(from: mark.price, of: trade.instrument, before)
            #expect(abs(trade.price.steps - mark.price.steps) <= most)
            one.due -= trade.size.steps
            closed += 1
          }
          one.steps += sign * trade.size.steps
          if trade.cause == .liquidation { one.slice = (abs(one.steps) + 4) / 5 }
          held[id, default: [:]][trade.instrument] = one
        }
      }
      for case .transferred(let transfer) in events {
        if case .account(let id) = transfer.from, keepers.contains(id),
          transfer.reason == .tradingFee
        {
          let asset = try #require(before.state.listing.index(of: transfer.amount.asset))
          cost += before.valuation?.quote(transfer.amount.units, asset: asset) ?? 0
        }
      }
    }
    #expect(story.taken > 3 && closed > story.taken, "several slices of each")
    #expect(story.sum.closedValue > 0 && cost > 0 && story.sum.cost > cost, "fees and impact")
    #expect(story.sum.held == 0, "half an hour later nothing is left")
    #expect(result.totals.refusedCommands == 0)
    let valuation = try #require(engine.valuation)
    let capital = ReplayKeepers.capital * 1_000_000
    let worth = try keepers.reduce(Int64(0)) { sum, id in
      let index = try #require(engine.state.index(of: id))
      return sum + valuation.risk(engine.state.accounts[index].portfolio).equity - capital
    }
    #expect(story.sum.result == worth - story.sum.gasPaid)
    let verified = try verify(JournalReader.open(journal.path), workers: .one) { _, _ in }
    #expect(verified.engine.hash == result.hash)
  }

  /// How far from the mark a keeper closes, steps: half of an option's price, or 2 %.
  private func furthest(
    from mark: Price, of instrument: InstrumentID, _ engine: Engine
  ) throws -> Int64 {
    let listing = engine.state.listing
    let contract = listing.contracts[try #require(listing.index(of: instrument))]
    return contract.isOption ? mark.steps / 2 : mark.steps / 50
  }

  @Test("contracts are closed within 2 % of the mark, options within half of it, either way")
  func limits() throws {
    var (engine, keepers, perpetual) = try venue(units: 1_000_000)
    for command in keepers.opening(of: engine) { _ = try engine.step(command) }
    let valuation = try #require(engine.valuation)
    let option = try #require(
      engine.state.listing.contracts.first { one in
        one.isOption && one.settlement == .linear
          && (valuation.mark(of: one.id)?.price.steps ?? 0) > 1_000
      })
    for instrument in [perpetual, option.id] {
      let mark = try #require(valuation.mark(of: instrument)).price
      let (one, other, stranger) = (keepers.accounts[0], keepers.accounts[1], AccountID(6))
      for (buyer, seller) in [(one, stranger), (stranger, other)] {
        _ = try engine.step(
          .recordTrade(
            TradeReport(
              instrument: instrument, buyer: buyer, seller: seller, size: Size(steps: 9),
              price: mark, origin: .transfer)))
      }
      for keeper in 0...1 { keepers.hold(instrument, keeper, engine) }
    }
    let orders = keepers.closings(engine)
    #expect(orders.map(\.instrument) == [perpetual, perpetual, option.id, option.id])
    #expect(orders.map(\.side) == [.sell, .buy, .sell, .buy])
    for order in orders {
      let mark = try #require(valuation.mark(of: order.instrument)).price
      let width = try furthest(from: mark, of: order.instrument, engine)
      #expect(order.limit.steps == mark.steps - width * Int64(order.side == .sell ? 1 : -1))
      #expect(order.size == Size(steps: 2), "a fifth of nine, rounded up")
    }
  }

  /// A venue with a keeper of so many millionths of a dollar, and the keepers that know it as
  /// theirs.
  private func venue(
    units: Int64, _ changes: [String] = []
  ) throws -> (Engine, ReplayKeepers, InstrumentID) {
    var venue = try MarkedVenue()
    if !changes.isEmpty {
      let set = try MarkedVenue.file.get().applying(changes).set
      _ = try venue.engine.step(.changeParameters(set))
      try venue.advance(minute: 3, moved: 1)
    }
    let usd = venue.engine.state.listing.quote
    for (id, units) in [(AccountID(5), units), (AccountID(6), 100_000_000_000_000)] {
      _ = try venue.engine.step(.openAccount(id, .cross))
      _ = try venue.engine.step(.depositCollateral(id, Amount(units: units, asset: usd)))
    }
    let perpetual = try #require(
      venue.engine.state.listing.contracts.first { $0.name == "BTC-PERP" })
    let keepers = ReplayKeepers(.constant(1), from: MarkedVenue.start)
    return (venue.engine, keepers, perpetual.id)
  }

  /// The keeper buys so many steps at the mark.
  private func buy(
    _ steps: Int64, _ venue: inout (Engine, ReplayKeepers, InstrumentID)
  ) throws {
    let mark = try #require(venue.0.valuation?.mark(of: venue.2)).price
    _ = try venue.0.step(
      .recordTrade(
        TradeReport(
          instrument: venue.2, buyer: AccountID(5), seller: AccountID(6),
          size: Size(steps: steps), price: mark, origin: .transfer)))
  }

  private func room(
    _ steps: Int64, _ side: Side, _ venue: (Engine, ReplayKeepers, InstrumentID)
  ) -> Int64 {
    venue.1.room(for: Size(steps: steps), of: venue.2, side, AccountID(5), venue.0).steps
  }

  @Test("a keeper that is full takes no more, but always what brings it nearer to nothing")
  func full() throws {
    var venue = try venue(units: 10_000_000_000)
    let valuation = try #require(venue.0.valuation)
    // The most steps that five times its equity, 50,000 dollars, are worth.
    let most = 50_000_000_000 / valuation.notional(Size(steps: 1), of: venue.2)
    let fits = room(most, .sell, venue)
    #expect(fits == most, "BTC's initial margin is far below three quarters of a fifth")
    #expect(room(most + 1, .sell, venue) == (most + 1) / 2, "half of it, one step beyond")
    #expect(room(most, .buy, venue) == most, "shorts as well as longs")
    try buy(most, &venue)
    for steps in [1, 2, most] { #expect(room(steps, .sell, venue) == 0, "full") }
    #expect(room(most, .buy, venue) == most, "it has room for what it can give back")
    #expect(room(1, .buy, venue) == 1)
  }

  @Test("a keeper is full at five times its equity, to the unit")
  func held() throws {
    let step = try #require(try venue(units: 1).0.valuation)
      .notional(Size(steps: 1), of: venue(units: 1).2)
    let most: Int64 = 5_000
    // Five thousand steps are worth five times as much as a thousand.
    for (change, expected) in [(-1, most / 2), (0, most), (1, most)] as [(Int64, Int64)] {
      var venue = try venue(units: 1_000 * step + change)
      #expect(room(most, .sell, venue) == expected, "\(change)")
      #expect(room(most, .buy, venue) == expected, "\(change)")
      #expect(room(most + 1, .sell, venue) == (most + 1) / 2)
      try buy(most, &venue)
      #expect((venue.1.free(AccountID(5), venue.0) > 0) == (change > 0), "\(change)")
    }
  }

  @Test("a keeper is full where initial margin needs three quarters of its equity, to the unit")
  func margin() throws {
    // At 30 % margin is full at two and a half times equity.
    let changes = (1...3).map { "margin.tiers.BTC.row.\($0).initial=30%" }
    let first = try venue(units: 1, changes)
    let valuation = try #require(first.0.valuation)
    let unitValue = try #require(valuation.mark(of: first.2)).unitValue
    func initialMargin(_ steps: Int64) throws -> Int64 {
      let index = try #require(first.0.state.index(of: AccountID(5)))
      var portfolio = first.0.state.accounts[index].portfolio
      _ = portfolio.take(Size(steps: steps), of: first.2, unitValue: unitValue)
      return valuation.risk(portfolio).initialMargin
    }
    let most = try #require(try (3_000..<3_100).first { try initialMargin($0) % 3 == 0 })
    let units = try initialMargin(most) / 3 * 4
    #expect(valuation.notional(Size(steps: most), of: first.2) < 3 * units)
    for (change, expected) in [(-1, most / 2), (0, most), (1, most)] as [(Int64, Int64)] {
      var venue = try venue(units: units + change, changes)
      #expect(room(most, .sell, venue) == expected, "\(change)")
      #expect(room(most + 1, .sell, venue) == (most + 1) / 2)
      try buy(most, &venue)
      #expect((venue.1.free(AccountID(5), venue.0) > 0) == (change >= 0), "\(change)")
    }
  }

  @Test("who has next to nothing has no room, nor has an account that is not there")
  func none() throws {
    let dollar = try venue(units: 1_000_000)
    let step = try #require(dollar.0.valuation).notional(Size(steps: 1), of: dollar.2)
    #expect(step > 5_000_000 && room(1_000_000, .sell, dollar) == 0, "a step is dearer")
    let venue = try venue(units: step)
    #expect(room(5, .sell, venue) == 5 && room(1_000_000, .sell, venue) == 3)
    let stranger = venue.1.room(
      for: Size(steps: 9), of: venue.2, .sell, AccountID(77), venue.0)
    #expect(stranger == .zero)
  }
}
