// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Parameters
import Quantities
import RiskEngine
import TestFixtures
import Testing

/// A venue that asks makers 8 and 9 for two minutes before it asks the book.
enum Requests {
  static let perpetual = Contracts.btcPerpetual
  static let terms = [
    (key: "requests.life", value: "2min"), (key: "requests.minimum", value: "100"),
  ]

  /// An account that was long 1 BTC from 8,000 USD with 500 USD, when 8,000 has become 7,650.
  static func venue(_ changes: [(key: String, value: String)] = terms) throws -> Venue {
    var venue = try Venue.marked(changes)
    try venue.open(1, .cross, usd: "500")
    try venue.take(1, 1_000, of: perpetual)
    for maker in [8, 9] as [UInt32] {
      try venue.open(maker, .cross, usd: "100000")
      try venue.submit(.registerMaker(AccountID(maker)))
    }
    try venue.block(btc: "7650")
    return venue
  }

  static func answer(
    _ maker: UInt32, _ price: String, _ size: Int64, to request: UInt64 = 1
  ) throws -> Command {
    .answerRequest(AccountID(maker), request, try Price(price), Size(steps: size))
  }

  static func relayed(
    by relayer: UInt32, _ maker: UInt32, _ price: String, _ size: Int64, to request: UInt64 = 1
  ) throws -> Command {
    .relayAnswer(
      AccountID(relayer), request,
      QuoteAnswer(maker: AccountID(maker), price: try Price(price), size: Size(steps: size)))
  }

  static func trades(_ events: [LedgerEvent]) -> [Trade] {
    events.compactMap { event in
      guard case .traded(let trade) = event else { return nil }
      return trade
    }
  }

  static func closed(_ events: [LedgerEvent]) -> Size? {
    for case .requestClosed(_, let filled) in events { return filled }
    return nil
  }
}

@Suite("Requests for quotes")
struct RequestTests {
  private let perpetual = Requests.perpetual

  private func request(_ venue: Venue) throws -> QuoteRequest {
    try #require(venue.engine.state.execution.request(of: AccountID(1)))
  }

  @Test("makers are asked for the slice that would have gone to the book, and then the book is")
  func unanswered() throws {
    let plain = try Requests.venue([]).order(of: 1)
    var venue = try Requests.venue()
    let request = try request(venue)
    #expect(venue.account(1).liquidation?.order == nil)
    #expect(request.size == plain.size && request.side == .sell && request.id == 1)
    #expect(request.endsAt == venue.now + .minute + .minute)
    #expect(try venue.block(after: 119).isEmpty == false)
    #expect(venue.account(1).liquidation?.order == nil, "a second before the end")
    let events = try venue.block(after: 1)
    #expect(Requests.closed(events) == .zero)
    let order = try venue.order(of: 1)
    #expect(order.size == plain.size && order.limit == plain.limit)
    // What the book leaves is asked for anew.
    try venue.submit(venue.report(order, size: 0))
    try venue.block()
    #expect(try self.request(venue).id == 2)
  }

  @Test("the best answers are filled at their own prices, and the rest goes to the book")
  func worked() throws {
    var venue = try Requests.venue()
    let size = try request(venue).size.steps
    try venue.submit(Requests.answer(8, "7640", 100))
    try venue.submit(Requests.answer(9, "7645", 50))
    #expect(venue.size(8, perpetual) == 0, "nobody trades before the end")
    let events = try venue.block(after: 120)
    let trades = Requests.trades(events)
    #expect(trades.map(\.buyer) == [AccountID(9), AccountID(8)])
    #expect(trades.map(\.size.steps) == [50, 100])
    #expect(try trades.map(\.price) == [Price("7645"), Price("7640")])
    #expect(Requests.closed(events) == Size(steps: 150))
    #expect(size > 150 && venue.size(1, perpetual) == 850)
    // 50 × 5 and 100 × 10 thousandths of a dollar below the mark, and the penalty of half a per
    // cent of 7.65 USD a step.
    #expect(try venue.equity(1) == 150_000_000 - 250_000 - 1_000_000 - 150 * 38_250)
    #expect(try venue.order(of: 1).size.steps <= size)
    #expect(try venue.order(of: 1).stage == .partial)
  }

  @Test("an answer for all of it restores the account at once")
  func whole() throws {
    var venue = try Requests.venue()
    let size = try request(venue).size
    try venue.submit(Requests.answer(8, "7650", size.steps))
    let events = try venue.block(after: 120)
    #expect(events.contains(.liquidationEnded(AccountID(1), .restored)))
    #expect(Requests.closed(events) == size && venue.engine.state.execution.tried.isEmpty)
  }

  @Test("at one price the larger is served first, and of two the earlier")
  func ties() throws {
    var venue = try Requests.venue()
    let size = try request(venue).size.steps
    try venue.submit(Requests.answer(9, "7640", size - 1))
    try venue.submit(Requests.answer(8, "7640", size))
    #expect(Requests.trades(try venue.block(after: 120)).map(\.buyer) == [AccountID(8)])
    var even = try Requests.venue()
    try even.submit(Requests.answer(9, "7640", size))
    try even.submit(Requests.answer(8, "7640", size))
    #expect(Requests.trades(try even.block(after: 120)).map(\.buyer) == [AccountID(9)])
  }

  @Test("an answer at the account's limit is filled, a tick beyond it is not, and nobody is told")
  func limit() throws {
    let limit = try Requests.venue([]).order(of: 1).limit.steps
    let tick: Int64 = 1_000
    let best = (limit + tick - 1) / tick * tick
    for (price, isFilled) in [(best - tick, false), (best, true), (best + tick, true)] {
      var venue = try Requests.venue()
      try venue.submit(
        .answerRequest(AccountID(8), 1, Price(steps: price), Size(steps: 10)))
      let trades = Requests.trades(try venue.block(after: 120))
      #expect(trades.isEmpty != isFilled, "\(price) against \(limit)")
    }
  }

  @Test("the limit is that of the end: what the price has taken from the account is not sold")
  func limitMoves() throws {
    var venue = try Requests.venue()
    try venue.submit(Requests.answer(8, "7560", 10))
    #expect(Requests.trades(try venue.block(btc: "7620", after: 120)).count == 1)
    var fallen = try Requests.venue()
    try fallen.submit(Requests.answer(8, "7510", 10))
    #expect(Requests.trades(try fallen.block(btc: "7520", after: 120)).count == 1)
    var risen = try Requests.venue()
    try risen.submit(Requests.answer(8, "7490", 10))
    #expect(Requests.trades(try risen.block(btc: "7520", after: 120)).isEmpty)
  }

  @Test("slices below the minimum are the book's, at it and above are asked for")
  func minimum() throws {
    let size = try Requests.venue([]).order(of: 1).size.steps
    let notional = size * 7_650_000
    for (minimum, isAsked) in [(notional - 1, true), (notional, true), (notional + 1, false)] {
      let venue = try Requests.venue([
        (key: "requests.life", value: "1min"),
        (key: "requests.minimum", value: decimalText(minimum, decimals: 6)),
      ])
      #expect((venue.account(1).liquidation?.order == nil) == isAsked)
    }
    // With nobody registered there is nobody to ask.
    var alone = try Venue.marked(Requests.terms)
    try alone.open(1, .cross, usd: "500")
    try alone.take(1, 1_000, of: perpetual)
    try alone.block(btc: "7650")
    #expect(alone.account(1).liquidation?.order != nil)
  }

  @Test("answers are refused: late, doubled, foreign, unknown, one's own, too large, off the tick")
  func refusals() throws {
    var venue = try Requests.venue()
    let size = try request(venue).size.steps
    let maker = AccountID(8)
    #expect(
      venue.refusal(of: try Requests.answer(8, "7640", 1, to: 2)) == .unknownOffer(2))
    #expect(
      venue.refusal(of: try Requests.answer(8, "7640", 1, to: 0)) == .unknownOffer(0))
    #expect(venue.refusal(of: try Requests.answer(0, "7640", 1)) == .notRegistered(AccountID(0)))
    #expect(
      venue.refusal(of: try Requests.answer(77, "7640", 1)) == .unknownAccount(AccountID(77)))
    #expect(venue.refusal(of: try Requests.answer(8, "7640", 0)) == .notPositive("a size"))
    #expect(
      venue.refusal(of: try Requests.answer(8, "7640", size + 1))
        == .outsideLimits("an answer's size"))
    #expect(
      venue.refusal(of: .answerRequest(maker, 1, Price(steps: 764_000_000_001), Size(steps: 1)))
        == .outsideLimits("a price that is no multiple of the tick"))
    for price in ["3000", "12000"] {
      guard case .priceOutsideBand = venue.refusal(of: try Requests.answer(8, price, 1)) else {
        Issue.record("\(price) is inside the band")
        continue
      }
    }
    try venue.submit(Requests.answer(8, "7640", 1))
    #expect(
      venue.refusal(of: try Requests.answer(8, "7641", 1)) == .alreadyAnswered(1, maker))
    try venue.submit(.openSubaccount(AccountID(20), under: AccountID(1), .cross))
    try venue.submit(.registerMaker(AccountID(20)))
    #expect(
      venue.refusal(of: try Requests.answer(20, "7640", 1)) == .selfTrade(AccountID(20)))
    try venue.block(after: 120)
    #expect(venue.refusal(of: try Requests.answer(9, "7640", 1)) == .offerOver(1))
  }

  @Test("a maker without the margin is refused, and one that has lost it by the end passed over")
  func margin() throws {
    var venue = try Requests.venue()
    try venue.open(10, .cross, usd: "1")
    try venue.submit(.registerMaker(AccountID(10)))
    guard case .belowInitialMargin = venue.refusal(of: try Requests.answer(10, "7640", 50)) else {
      Issue.record("a maker with one dollar takes half a coin's twentieth")
      return
    }
    try venue.submit(Requests.answer(8, "7645", 100))
    try venue.submit(Requests.answer(9, "7640", 100))
    try venue.submit(
      .withdrawCollateral(AccountID(8), Amount("99999", of: Coins.usd)))
    let trades = Requests.trades(try venue.block(after: 120))
    #expect(trades.map(\.buyer) == [AccountID(9)])
    // Nor one that is no maker any more.
    var released = try Requests.venue()
    try released.submit(Requests.answer(8, "7645", 100))
    try released.submit(.releaseMaker(AccountID(8)))
    #expect(Requests.trades(try released.block(after: 120)).isEmpty)
  }

  @Test("a request is withdrawn when the account is restored, lost, or its market not open")
  func withdrawn() throws {
    var restored = try Requests.venue()
    try restored.submit(Requests.answer(8, "7640", 100))
    let up = try restored.block(btc: "8000")
    #expect(Requests.closed(up) == .zero && Requests.trades(up).isEmpty)
    #expect(restored.account(1).liquidation == nil)
    var lost = try Requests.venue()
    try lost.submit(Requests.answer(8, "7640", 100))
    let down = try lost.block(btc: "7490")
    #expect(Requests.closed(down) == .zero && lost.size(8, perpetual) == 0)
    #expect(lost.stage(of: 1) != .partial)
    var closed = try Requests.venue()
    try closed.submit(Requests.answer(8, "7640", 100))
    let silent = try closed.silentBlock(after: 400)
    #expect(Requests.closed(silent) == .zero && Requests.trades(silent).isEmpty)
  }

  @Test("the venue's fee on what was filled, rounded up, and never more than equity")
  func fee() throws {
    var venue = try Requests.venue(Requests.terms + [(key: "requests.fee", value: "0.1%")])
    let fees = venue.engine.state.houses[0].fees
    try venue.submit(Requests.answer(8, "7650", 100))
    try venue.block(after: 120)
    #expect(venue.engine.state.houses[0].fees - fees == 100 * 7_650)
  }
}
