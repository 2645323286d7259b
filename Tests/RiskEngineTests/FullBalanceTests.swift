// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Parameters
import Quantities
import RiskEngine
import Testing

@Suite("Blocks and reports where a balance is full")
struct FullBalanceTests {
  private static let rooms = [-1, 0, 1] as [Int64]
  private let perpetual = Contracts.btcPerpetual

  private func rich(_ venue: inout Venue, room: Int64) throws {
    try RefusalEdge.enrich(&venue, room: room)
  }

  @Test(
    "who could not hold what a deleveraging brings him is passed over: a unit below, at and above",
    arguments: rooms)
  func deleveraging(units: Int64) throws {
    var venue = try RefusalEdge.patrons()
    try venue.open(5, .cross, usd: "500")
    try venue.submit(venue.trade(perpetual, buyer: 5, seller: 2, size: 1_000))
    // At 7,500, where account 5 has nothing left, account 2 has won what that had.
    try rich(&venue, room: 500_000_000 + units)
    let before = venue.balance(2)
    let events = try venue.block(btc: "7400")
    let isCut = units >= 0
    #expect(venue.balance(2) == (isCut ? before + 500_000_000 : before))
    #expect(venue.size(2, perpetual) == (isCut ? 0 : -1_000))
    #expect(venue.size(5, perpetual) == (isCut ? 0 : 1_000))
    #expect(venue.account(5).isInLiquidation != isCut)
    #expect(events.contains { if case .traded = $0 { true } else { false } } == isCut)
    guard !isCut else { return }
    // There is room again.
    try venue.submit(.withdrawCollateral(AccountID(2), Amount("1", of: Coins.usd)))
    try venue.block()
    #expect(venue.balance(2) == before + 499_000_000 && venue.size(5, perpetual) == 0)
  }

  @Test(
    "who is closed against others and could not hold what it loses waits: below, at and above",
    arguments: rooms)
  func debtor(units: Int64) throws {
    func fallen(room: Int64?) throws -> (venue: Venue, loss: Int64) {
      var venue = try RefusalEdge.patrons(
        LastStages.changes([.deleveraging]) + [
          (key: "waterfall.partial.rank", value: "0"), (key: "deleveraging.price", value: "1"),
        ])
      // Account 1 owes all that account 2 has been given, to the end of the field.
      try rich(&venue, room: 0)
      try venue.submit(
        .withdrawCollateral(AccountID(2), Amount("100000000000", of: Coins.usd)))
      try rich(&venue, room: 0)
      try venue.submit(venue.trade(perpetual, buyer: 1, seller: 2, size: 1_000))
      try venue.submit(.withdrawCollateral(AccountID(2), Amount("10000", of: Coins.usd)))
      let debt = -venue.balance(1)
      let missing = debt - (Amount.limit - (room ?? 10_000_000_000))
      try venue.submit(
        .depositCollateral(AccountID(1), Amount(units: missing, asset: Coins.usd)))
      let before = venue.balance(1)
      for price in ["7500", "7000", "6500", "6000", "5600"] { try venue.block(btc: price) }
      return (venue, before - venue.balance(1))
    }
    let (_, loss) = try fallen(room: nil)
    try #require(loss > 0)
    let (venue, booked) = try fallen(room: loss + units)
    let isClosed = units >= 0
    #expect(booked == (isClosed ? loss : 0))
    #expect(venue.size(1, perpetual) == (isClosed ? 0 : 1_000))
    #expect(venue.balance(1) == (isClosed ? -Amount.limit + units : -Amount.limit + loss + units))
  }

  @Test(
    "a winner with a full balance bears its part of a loss out of its profit: below, at and above",
    arguments: rooms)
  func sharedLoss(units: Int64) throws {
    var venue = try RefusalEdge.patrons(LastStages.changes([.socializedLoss]))
    try venue.open(5, .cross, usd: "500")
    try venue.submit(venue.trade(perpetual, buyer: 5, seller: 2, size: 1_000))
    try rich(&venue, room: 100_000_000 + units)
    try venue.block(btc: "7400")
    let before = (balance: venue.balance(2), equity: try venue.equity(2))
    let events = try venue.submit(
      venue.report(venue.order(of: 5), price: Price("7400"), with: 1))
    #expect(Auctions.moved(events, .socializedLoss) == 100_000_000)
    #expect(venue.account(5).liquidation == nil && venue.balance(5) == 0)
    // What it gave it has realized, so that it is not asked for it again.
    #expect(venue.balance(2) == before.balance)
    #expect(try venue.equity(2) == before.equity - 100_000_000)
    #expect(
      events.contains {
        if case .profitRealized(AccountID(2), _, 100_000_000) = $0 { true } else { false }
      })
  }

  @Test(
    "a market whose profits somebody could not hold waits, the others are settled",
    arguments: rooms)
  func funding(units: Int64) throws {
    func settled(room: Int64?) throws -> (venue: Venue, gain: Int64, markets: [InstrumentID]) {
      var venue = try RefusalEdge.patrons()
      try venue.submit(venue.trade(perpetual, buyer: 2, seller: 1, size: 10))
      try venue.take(1, 1, of: Contracts.ethPerpetual)
      if let room { try rich(&venue, room: room) }
      let before = venue.balance(2)
      let events = try venue.block(btc: "8100", after: 86_400)
      let markets = events.compactMap { event -> InstrumentID? in
        guard case .fundingSettled(let id, _, _) = event else { return nil }
        return id
      }
      return (venue, venue.balance(2) - before, markets)
    }
    let (_, gain, both) = try settled(room: nil)
    #expect(gain > 0 && both == [perpetual, Contracts.ethPerpetual])
    var (venue, booked, markets) = try settled(room: gain + units)
    #expect(booked == (units < 0 ? 0 : gain))
    #expect(markets == (units < 0 ? [Contracts.ethPerpetual] : both))
    guard units < 0 else { return }
    try venue.submit(.withdrawCollateral(AccountID(2), Amount("1", of: Coins.usd)))
    let before = venue.balance(2)
    try venue.block(after: 86_400)
    #expect(venue.balance(2) > before)
  }

  @Test(
    "a contract whose end somebody could not hold waits: one unit below, at and above",
    arguments: rooms)
  func expiry(units: Int64) throws {
    func ended(room: Int64?) throws -> (venue: Venue, gain: Int64) {
      var venue = try RefusalEdge.patrons()
      try venue.submit(venue.trade(Contracts.btcFuture, buyer: 2, seller: 1, size: 10))
      if let room { try rich(&venue, room: room) }
      let before = venue.balance(2)
      try venue.set("BTC", "8100")
      while venue.now < Venue.expiry { try venue.block() }
      return (venue, venue.balance(2) - before)
    }
    let (_, gain) = try ended(room: nil)
    try #require(gain > 0)
    var (venue, booked) = try ended(room: gain + units)
    #expect(booked == (units < 0 ? 0 : gain))
    #expect(venue.size(2, Contracts.btcFuture) == (units < 0 ? 10 : 0))
    guard units < 0 else { return }
    try venue.submit(.withdrawCollateral(AccountID(2), Amount("1", of: Coins.usd)))
    try venue.block()
    #expect(venue.size(2, Contracts.btcFuture) == 0)
  }

  @Test("of a penalty the fund takes what it can hold: one unit below, at and above")
  func penalty() throws {
    var venue = try RefusalEdge.endowed()
    for (key, value) in [
      ("rights.commitSpan", "0s"), ("keeper.patience", "0"), ("liquidation.penalty", "1%"),
    ] {
      try venue.submit(
        .changeParameters(
          venue.engine.state.parameters.setting(key, to: value, source: "test")))
    }
    try venue.block(btc: "7500")
    let report = try venue.report(venue.order(of: 5), price: Price("7500"))
    var trial = venue
    let penalty = Auctions.moved(try trial.submit(report), .liquidationPenalty)
    try #require(penalty > 0)
    for units in Self.rooms {
      var full = venue
      let room = penalty + units
      let space = Amount.limit - full.insuranceFund() - room
      try full.submit(.contributeToFund(Amount(units: space, asset: Coins.usd)))
      #expect(
        Auctions.moved(try full.submit(report), .liquidationPenalty) == min(penalty, room))
      #expect(full.insuranceFund() == Amount.limit - max(units, 0))
    }
  }
}
