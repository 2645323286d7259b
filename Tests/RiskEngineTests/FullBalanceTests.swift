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

  /// Account 1 is long and owes all that account 2 has been given; it could owe so many units more.
  private func indebted(
    _ changes: [(key: String, value: String)], steps: Int64, room: Int64
  ) throws -> Venue {
    var venue = try RefusalEdge.patrons(changes)
    try rich(&venue, room: 0)
    try venue.submit(.withdrawCollateral(AccountID(2), Amount("100000000000", of: Coins.usd)))
    try rich(&venue, room: 0)
    try venue.submit(venue.trade(perpetual, buyer: 1, seller: 2, size: steps))
    try venue.submit(.withdrawCollateral(AccountID(2), Amount("10000", of: Coins.usd)))
    let missing = -venue.balance(1) - (Amount.limit - room)
    try venue.submit(
      .depositCollateral(AccountID(1), Amount(units: missing, asset: Coins.usd)))
    return venue
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
      var venue = try indebted(
        LastStages.changes([.deleveraging]) + [
          (key: "waterfall.partial.rank", value: "0"), (key: "deleveraging.price", value: "1"),
        ], steps: 1_000, room: room ?? 10_000_000_000)
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
    // What it gave it has realized, so that it is not asked for it again; before, if there is room.
    let realized = events.firstIndex {
      if case .profitRealized(AccountID(2), _, 100_000_000) = $0 { true } else { false }
    }
    let given = events.firstIndex {
      if case .transferred(let one) = $0 { one.reason == .socializedLoss } else { false }
    }
    #expect(try (#require(realized) < #require(given)) == (units >= 0))
    #expect(venue.balance(2) == before.balance)
    #expect(try venue.equity(2) == before.equity - 100_000_000)
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

  /// A venue whose fund has nearly all there is, under other parameters.
  private func endowed(_ changes: [(key: String, value: String)]) throws -> Venue {
    var venue = try RefusalEdge.endowed()
    try venue.submit(
      .changeParameters(venue.engine.state.parameters.stating(changes, source: "test")))
    return venue
  }

  /// Contributes to the fund until it could take in so many units more.
  private func fill(_ venue: inout Venue, room: Int64) throws {
    let space = Amount.limit - venue.insuranceFund() - room
    try venue.submit(.contributeToFund(Amount(units: space, asset: Coins.usd)))
  }

  @Test("of gap premiums the fund takes what it can hold", arguments: rooms)
  func gapPremiums(units: Int64) throws {
    var venue = try endowed(
      GapPremiumTests.jumps + [(key: "margin.size.default.gapIntensity", value: "6")])
    try venue.block()
    var trial = venue
    let all = Auctions.moved(try trial.block(after: 3_600), .gapPremium)
    try #require(all > 2)
    try fill(&venue, room: all + units)
    #expect(Auctions.moved(try venue.block(after: 3_600), .gapPremium) == min(all, all + units))
    #expect(venue.insuranceFund() == Amount.limit - max(units, 0))
  }

  @Test("of a pool's fee the fund takes what it can hold", arguments: rooms)
  func takeoverFee(units: Int64) throws {
    var venue = try endowed(
      PoolStageTests.first + [
        (key: "pool.fee", value: "0.5%"), (key: "rights.commitSpan", value: "0s"),
        (key: "keeper.patience", value: "0"),
      ])
    try venue.open(7, .cross, usd: "500")
    try venue.take(7, 1_000, of: perpetual)
    try venue.submit(.openPool(AccountID(50), markets: [AssetSymbol("BTC")]))
    try venue.fill(6, .senior, "60000")
    var trial = venue
    let fee = Auctions.moved(try trial.block(btc: "7270"), .liquidationPenalty)
    try #require(fee > 2 && trial.size(50, perpetual) > 0)
    try fill(&venue, room: fee + units)
    let events = try venue.block(btc: "7270")
    #expect(Auctions.moved(events, .liquidationPenalty) == min(fee, fee + units))
    #expect(venue.insuranceFund() == Amount.limit - max(units, 0))
    #expect(venue.size(50, perpetual) == trial.size(50, perpetual))
  }

  @Test("of gap premiums a debtor at the end of its field pays what it can owe", arguments: rooms)
  func indebtedPremium(units: Int64) throws {
    func charged(room: Int64?) throws -> Int64 {
      var venue = try indebted(
        GapPremiumTests.jumps + [(key: "margin.size.default.gapIntensity", value: "6")],
        steps: 100_000_000, room: room ?? 10_000_000_000)
      let events = try venue.block(after: 3_600)
      let paid = events.compactMap { event -> Int64? in
        guard case .transferred(let transfer) = event, transfer.reason == .gapPremium,
          transfer.from == .account(AccountID(1))
        else { return nil }
        return transfer.amount.units
      }
      if let room { #expect(venue.balance(1) == -Amount.limit + room - (paid.first ?? 0)) }
      return paid.first ?? 0
    }
    let premium = try charged(room: nil)
    try #require(premium > 1)
    #expect(try charged(room: premium + units) == min(premium, premium + units))
  }

  @Test("of its fees a trade gives the fund what that can hold", arguments: rooms)
  func feeShare(units: Int64) throws {
    var venue = try endowed([
      (key: "insuranceFund.feeShare", value: "50%"), (key: "fees.taker", value: "0.04%"),
    ])
    let trade = try venue.trade(perpetual, buyer: 6, seller: 0, size: 1_000)
    var trial = venue
    let share = Auctions.moved(try trial.submit(trade), .feeShare)
    try #require(share > 2)
    try fill(&venue, room: share + units)
    #expect(Auctions.moved(try venue.submit(trade), .feeShare) == min(share, share + units))
    #expect(venue.insuranceFund() == Amount.limit - max(units, 0))
  }

  /// Account 1 is bound to lack margin at 6,000, for its coins count for a tenth less.
  private func called(
    _ changes: [(key: String, value: String)], room: Int64
  ) throws -> Venue {
    var venue = try indebted(changes, steps: 1_000, room: room)
    for price in ["7500", "7000", "6500"] { try venue.block(btc: price) }
    return venue
  }

  @Test("of a penalty a debtor at the end of its field pays what it can owe", arguments: rooms)
  func indebtedPenalty(units: Int64) throws {
    func penalty(room: Int64) throws -> Int64 {
      var venue = try called([(key: "liquidation.penalty", value: "1%")], room: room)
      try venue.block(btc: "6000")
      let report = try venue.report(venue.order(of: 1), price: Price("6000"), with: 0)
      return Auctions.moved(try venue.submit(report), .liquidationPenalty)
    }
    let whole = try penalty(room: 10_000_000_000)
    try #require(whole > 1)
    // 1 BTC from 8,000 to 6,000.
    #expect(try penalty(room: 2_000_000_000 + whole + units) == min(whole, whole + units))
  }

  @Test("a pool takes over what the account can realize: below, at and above", arguments: rooms)
  func takeover(units: Int64) throws {
    func taken(room: Int64) throws -> [Trade] {
      var venue = try called(PoolStageTests.first, room: room)
      try venue.submit(.openPool(AccountID(50), markets: [AssetSymbol("BTC")]))
      try venue.fill(2, .senior, "60000")
      return try venue.block(btc: "6000").compactMap { event in
        guard case .traded(let trade) = event, trade.cause == .pool else { return nil }
        return trade
      }
    }
    let whole = try #require(try taken(room: 10_000_000_000).first)
    try #require(whole.size.steps == 1_000)
    let loss = 1_000 * (8_000_000 - whole.unitValue)
    let size = try taken(room: loss + units).reduce(0) { $0 + $1.size.steps }
    #expect(units < 0 ? size < 1_000 : size == 1_000)
  }
}
