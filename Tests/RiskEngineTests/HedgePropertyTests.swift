// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Parameters
import Quantities
import RiskEngine
import TestFixtures
import Testing

@Suite("Random histories with a hedge")
struct HedgePropertyTests {
  private let hedge = AccountID(90)
  private static let capital: Int64 = 900_000_000
  private static let windowCost: Int64 = 40_000_000
  private let terms = [
    (key: "hedge.capital", value: "900"), (key: "hedge.default.threshold", value: "6000"),
    (key: "hedge.default.target", value: "2500"), (key: "hedge.default.leastOrder", value: "300"),
    (key: "hedge.ETH.mostOrder", value: "2000"), (key: "hedge.windowCost", value: "40"),
    (key: "hedge.orderCost", value: "25"), (key: "hedge.window", value: "30min"),
    (key: "fees.taker", value: "0.04%"), (key: "fees.maker", value: "-0.01%"),
    (key: "waterfall.pool.rank", value: "2"), (key: "waterfall.auction.rank", value: "3"),
    (key: "clearing.fundingInterval", value: "600s"),
  ]

  private func history(
    seed: UInt64, length: Int = 220, _ check: (Venue, Venue) throws -> Void
  ) throws -> Venue {
    var venue = try Venue.marked(terms)
    try venue.fund("4000", of: Coins.usd)
    for id: UInt32 in 1...8 { try venue.open(id, MarginMode.allCases[Int(id) % 3], usd: "4000") }
    try venue.open(9, .cross, usd: "1000000")
    try venue.submit(.registerMaker(AccountID(0)))
    try venue.submit(.openPool(AccountID(50), markets: [AssetSymbol("BTC")]))
    try venue.submit(.openHedge(hedge))
    var random = Seeded(seed &+ 9_000)
    var commands = RandomCommands(seed: seed)
    for _ in 0..<length {
      let before = venue
      let command = try next(for: &venue, &commands, &random)
      guard try venue.attempt(command) else { continue }
      try check(before, venue)
    }
    return venue
  }

  /// Now and then the hedge's order is answered, by one who is no maker or by anybody.
  private func next(
    for venue: inout Venue, _ commands: inout RandomCommands, _ random: inout Seeded
  ) throws -> Command {
    if let order = venue.hedge.order?.order, random.oneIn(2) {
      let price = random.oneIn(3) ? order.limit : venue.mark(order.instrument).price
      let size = random.oneIn(3) ? random.number(0...order.size.steps) : order.size.steps
      return venue.report(
        order, size: size, price: price, with: random.oneIn(4) ? UInt32(random.number(0...9)) : 9)
    }
    return try commands.next(for: &venue)
  }

  // Conservation, P02, P04 and who trades with the hedge are in the audit of every event.
  @Test("capital, costs, the band's edge and what a fill does hold throughout", arguments: 0..<10)
  func limits(seed: UInt64) throws {
    let venue = try history(seed: seed) { before, after in
      let book = after.hedge
      #expect(book.drawn >= 0 && book.drawn <= Self.capital)
      #expect(book.windowCost <= Self.windowCost)
      if let order = book.order {
        #expect(order.worstCost <= 25_000_000)
        #expect(book.windowCost + order.worstCost <= Self.windowCost)
      }
      try checkOrders(before, after)
      try checkFills(before, after)
    }
    #expect(venue.engine.state.brokenAfterBlock() == nil)
    #expect(try fund(venue) == 0)
  }

  /// What the fund has given and is not back, summed from the events, less what is recorded of it.
  private func fund(_ venue: Venue) throws -> Int64 {
    var net: Int64 = 0
    for event in venue.records.flatMap(\.events) {
      guard case .transferred(let transfer) = event, transfer.amount.asset == (try Coins.usd)
      else { continue }
      if transfer.reason == .hedgeCapital { net += transfer.amount.units }
      guard transfer.from == .account(hedge), transfer.to == .insuranceFund,
        transfer.reason != .conversion
      else { continue }
      net = max(net - transfer.amount.units, 0)
    }
    return net - venue.hedge.drawn
  }

  /// An order that hedges comes above the threshold and ends at the target or before; one that
  /// gives back comes below the target, unless margin is short.
  private func checkOrders(_ before: Venue, _ after: Venue) throws {
    guard let order = after.hedge.order, before.hedge.order != order else { return }
    let imbalance = try after.imbalance(order.underlying.description)
    let valuation = try #require(after.engine.valuation)
    let delta = Int128(valuation.greeks(of: order.order.instrument).delta)
    let index = try #require(after.engine.state.market(of: order.underlying)).market.index
    let moved = Int128(order.order.size.steps) * delta * Int128(index.steps) / 10_000_000_000
    if order.isReducing {
      let risk = valuation.risk(after.account(90).portfolio)
      guard risk.equity >= risk.initialMargin else { return }
      let left = Int128(imbalance) * Int128(-order.order.side.sign)
      #expect(left <= 2_500_000_000 && left + moved <= 2_500_000_001)
    } else {
      #expect(imbalance.magnitude > 6_000_000_000 - 1 && imbalance == order.imbalance)
      #expect(Int128(imbalance.magnitude) - moved >= 2_500_000_000 - 1)
      #expect(order.order.side.sign == imbalance.signum())
    }
  }

  /// A fill takes exactly its delta from the takers.
  private func checkFills(_ before: Venue, _ after: Venue) throws {
    guard case .reportExecution = after.commands.last, let out = before.hedge.order else { return }
    var filled: Int64 = 0
    for event in after.records.last?.events ?? [] {
      guard case .traded(let trade) = event, trade.cause == .hedge else { continue }
      filled += trade.size.steps
    }
    guard filled > 0 else { return }
    func delta(_ venue: Venue) throws -> Int128 {
      let balance = try #require(venue.engine.balance())
      return try #require(balance.first { $0.underlying == out.underlying }).takers.delta
    }
    let perStep = Int128(
      try #require(after.engine.valuation).greeks(of: out.order.instrument).delta)
    let change = Int128(-out.order.side.sign * filled) * perStep
    #expect(try delta(after) - delta(before) == change)
    // Unless takers have left while it was out, a hedge that is bought brings them nearer.
    let stood = try delta(before)
    if !out.isReducing, stood.signum() == -change.signum(), stood.magnitude >= change.magnitude {
      #expect(try delta(after).magnitude < stood.magnitude)
    }
  }

  @Test("hedges are bought and given back in these histories")
  func coverage() throws {
    var (bought, back, returned) = (0, 0, 0)
    for seed: UInt64 in 0..<6 {
      let venue = try history(seed: seed) { _, _ in }
      var reduces = false
      for event in venue.records.flatMap(\.events) {
        if case .hedgeOrdered(let order) = event { reduces = order.isReducing }
        if case .traded(let trade) = event, trade.cause == .hedge {
          bought += reduces ? 0 : 1
          back += reduces ? 1 : 0
        }
        returned += event.isReturn ? 1 : 0
      }
    }
    #expect(bought > 5 && back > 5 && returned > 0)
  }

  @Test("an engine made from the state, or from the events, goes on alike", arguments: 30..<33)
  func recovery(seed: UInt64) throws {
    let venue = try history(seed: seed, length: 160) { _, _ in }
    let half = venue.records.count / 2
    guard case .openVenue(let quote, let set) = venue.commands[0] else { return }
    var engine = try Engine.open(quote: quote, parameters: set).engine
    for record in venue.records[1..<half] { try engine.recover(record) }
    try engine.finishRecovery()
    let state = try LedgerState(canonicalBytes: engine.state.canonicalBytes)
    var other = try Engine(state: state, hash: engine.hash, sequence: engine.sequence)
    for (command, record) in zip(venue.commands, venue.records).dropFirst(half) {
      #expect(try engine.step(command).hash == record.hash)
      #expect(try other.step(command).hash == record.hash)
    }
  }

  /// Takers come and go around the threshold at one price; every order is filled.
  @Test("does not go to and fro: a turn needs the width of the band", arguments: 0..<8)
  func hysteresis(seed: UInt64) throws {
    var venue = try HedgeTests.venue([(key: "hedge.default.leastOrder", value: "4000")])
    var random = Seeded(seed)
    var crowd: Int64 = 0
    var last: (steps: Int64, isReducing: Bool)?
    for _ in 0..<60 {
      let step = random.number(-1_200...1_200) + (crowd > 9_000 ? -600 : crowd < -9_000 ? 600 : 0)
      if step != 0 { try venue.take(1, step, of: HedgeTests.perpetual) }
      crowd += step
      try venue.block(after: 1)
      guard let order = venue.hedge.order else { continue }
      // From a hedge to its return, and back, takers have moved by what the band asks for.
      if let last, last.isReducing != order.isReducing {
        let width: Int64 = order.isReducing ? 500 : 3_750
        #expect((crowd - last.steps).magnitude >= width)
      }
      last = (crowd, order.isReducing)
      try venue.fill(at: "8000")
      #expect(try venue.imbalance().magnitude <= 50_000_000_000)
    }
    // Takers go: whatever it holds is given back, and nothing of the fund is left in it.
    try venue.take(1, -crowd, of: HedgeTests.perpetual)
    for _ in 0..<3 where venue.size(90, HedgeTests.perpetual) != 0 {
      try venue.block(after: 1)
      if venue.hedge.order != nil { try venue.fill(at: "8000") }
    }
    #expect(venue.size(90, HedgeTests.perpetual) == 0 && venue.balance(90) == 0)
    #expect(try venue.imbalance() == 0 && venue.hedge.drawn == 0)
    #expect(venue.insuranceFund() == 50_000_000_000)
  }

  /// One owner crowds with account 1 and sells to the hedge with account 2 at the worst price, then
  /// leaves and takes the hedge back at the worst price.
  ///
  /// - Returns: What both have gained, with nothing left open.
  private func washed(_ changes: [(key: String, value: String)]) throws -> (Int64, Venue) {
    var venue = try HedgeTests.venue(changes)
    let before = venue.balance(1) + venue.balance(2)
    try venue.take(1, 10_000, of: HedgeTests.perpetual)
    try venue.block(after: 1)
    try venue.fill()
    try venue.take(1, -10_000, of: HedgeTests.perpetual)
    for _ in 0..<6 where venue.size(90, HedgeTests.perpetual) != 0 {
      try venue.block(after: 1)
      if venue.hedge.order != nil { try venue.fill() }
    }
    let left = venue.size(2, HedgeTests.perpetual)
    if left != 0 { try venue.take(2, -left, of: HedgeTests.perpetual) }
    return (venue.balance(1) + venue.balance(2) - before, venue)
  }

  @Test("crowding to sell to the hedge gains what it may cost, and nothing against an entry fee")
  func washTrades() throws {
    // 1 % of 60,000 each way: all there is to gain, and the window bounds it.
    let (gain, venue) = try washed([])
    #expect(gain == 1_200_000_000 && venue.hedge.cost == gain)
    #expect(venue.insuranceFund() == 50_000_000_000 - gain)
    let (bounded, limited) = try washed([(key: "hedge.windowCost", value: "500")])
    #expect(bounded <= 500_000_000 && limited.hedge.windowCost <= 500_000_000)
    // An entry fee that costs at the threshold what a hedge may, and rises on: 1,011.928851 and
    // 657.267069 are paid, 101.192884 come back.
    let (loss, _) = try washed([
      (key: "balance.default.depth", value: "50000"), (key: "balance.default.cost", value: "1%"),
      (key: "balance.default.slopeCap", value: "5%"),
    ])
    #expect(loss == 1_200_000_000 - 1_011_928_851 - 657_267_069 + 101_192_884)
  }
}
