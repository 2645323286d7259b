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
      FallingMarket.plan(Self.terms, accounts: 120, journal: .create(journal.path)))
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
            let most = Rate(billionths: 500_000_000).share(of: mark.price.steps, rounding: .up)
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

  /// A venue with a keeper of so many dollars, and the keepers that know it as theirs.
  private func venue(dollars: Int64) throws -> (Engine, ReplayKeepers, InstrumentID) {
    var venue = try MarkedVenue()
    let usd = venue.engine.state.listing.quote
    for (id, amount) in [(AccountID(5), dollars), (AccountID(6), 100_000_000)] {
      _ = try venue.engine.step(.openAccount(id, .cross))
      _ = try venue.engine.step(
        .depositCollateral(id, Amount(units: amount * 1_000_000, asset: usd)))
    }
    let perpetual = try #require(
      venue.engine.state.listing.contracts.first { $0.name == "BTC-PERP" })
    let keepers = ReplayKeepers(.constant(1), from: MarkedVenue.start)
    return (venue.engine, keepers, perpetual.id)
  }

  private func room(
    _ steps: Int64, _ side: Side, _ venue: (Engine, ReplayKeepers, InstrumentID)
  ) -> Int64 {
    venue.1.room(for: Size(steps: steps), of: venue.2, side, AccountID(5), venue.0).steps
  }

  @Test("a keeper that is full takes no more, but always what brings it nearer to nothing")
  func full() throws {
    var venue = try venue(dollars: 10_000)
    let valuation = try #require(venue.0.valuation)
    // The most steps that five times its equity, 50,000 dollars, are worth.
    let most = 50_000_000_000 / valuation.notional(Size(steps: 1), of: venue.2)
    let fits = room(most, .sell, venue)
    #expect(fits == most, "BTC's initial margin is far below three quarters of a fifth")
    #expect(room(most + 1, .sell, venue) == (most + 1) / 2, "half of it, one step beyond")
    #expect(room(most, .buy, venue) == most, "shorts as well as longs")
    let mark = try #require(valuation.mark(of: venue.2)).price
    _ = try venue.0.step(
      .recordTrade(
        TradeReport(
          instrument: venue.2, buyer: AccountID(5), seller: AccountID(6),
          size: Size(steps: most), price: mark, origin: .transfer)))
    #expect(room(2, .sell, venue) <= 1 && room(most, .sell, venue) < 2, "full")
    #expect(room(most, .buy, venue) == most, "it has room for what it can give back")
    #expect(room(1, .buy, venue) == 1)
  }

  @Test("who has nothing has no room, and nobody holds for an account that is not there")
  func none() throws {
    let venue = try venue(dollars: 1)
    #expect(room(1_000_000, .sell, venue) < 1_000_000)
    let stranger = venue.1.room(
      for: Size(steps: 9), of: venue.2, .sell, AccountID(77), venue.0)
    #expect(stranger == .zero)
  }
}
