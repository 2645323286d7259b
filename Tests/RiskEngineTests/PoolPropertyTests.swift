// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Quantities
import RiskEngine
import TestFixtures
import Testing

@Suite("Random histories with backstop pools")
struct PoolPropertyTests {
  private static let caps = [
    (key: "waterfall.pool.rank", value: "2"), (key: "pool.marketCap", value: "9000"),
    (key: "pool.leverage", value: "2"), (key: "pool.unwindShare", value: "40%"),
    (key: "pool.notice", value: "0s"), (key: "liquidation.patience", value: "1"),
    (key: "pool.fee", value: "0.1%"), (key: "fees.taker", value: "0.04%"),
  ]

  private static func venue(seed: UInt64) throws -> Venue {
    // Every other venue asks the pools before the book.
    let partial = (key: "waterfall.partial.rank", value: seed % 2 == 0 ? "3" : "1")
    var venue = try Venue.marked(caps + [partial])
    try venue.fund("300", of: Coins.usd)
    for id: UInt32 in 1...12 {
      try venue.open(id, MarginMode.allCases[Int(id) % 3], usd: "2500")
    }
    for (id, symbols) in [(UInt32(50), ["BTC"]), (51, ["BTC", "ETH"])] {
      try venue.submit(.openPool(AccountID(id), markets: symbols.map { try AssetSymbol($0) }))
    }
    return venue
  }

  /// A history: customers come to the pools and go, prices move, the book answers, or does not.
  ///
  /// What must hold after each step is looked at as it is made, by whichever test asks first.
  private static let history = Kept<UInt64, Venue> { seed in
    var venue = try venue(seed: seed)
    var random = Seeded(seed &+ 1_000)
    var commands = RandomCommands(seed: seed)
    for _ in 0..<220 {
      let before = venue
      let command = try next(for: &venue, &commands, &random)
      guard try venue.attempt(command) else { continue }
      for pool in venue.engine.state.pools { checkClaims(pool) }
      try checkTakeovers(since: before, venue)
    }
    return venue
  }

  private static func next(
    for venue: inout Venue, _ commands: inout RandomCommands, _ random: inout Seeded
  ) throws -> Command {
    let out = venue.engine.state.pools.compactMap(\.order)
    if !out.isEmpty, random.oneIn(2) {
      let order = random.pick(out)
      return venue.report(
        order, size: random.number(0...order.size.steps), price: venue.mark(order.instrument).price)
    }
    let id = AccountID(UInt32(random.number(1...12)))
    let pool = AccountID(UInt32(random.number(50...51)))
    let tranche = random.pick(PoolTranche.allCases)
    switch random.next() % 12 {
    case 0, 1:
      let units = random.number(1...900_000_000)
      return .depositToPool(id, pool, tranche, Amount(units: units, asset: try Coins.usd))
    case 2:
      return .requestPoolWithdrawal(
        id, pool, tranche, units: random.number(1...500_000_000))
    case 3: return .withdrawFromPool(id, pool, tranche)
    default: return try commands.next(for: &venue)
    }
  }

  @Test("claims are covered, caps hold, requirements fall, pools stay apart", arguments: 0..<10)
  func properties(seed: UInt64) throws {
    let venue = try Self.history(seed)
    #expect(venue.engine.state.brokenAfterBlock() == nil)
  }

  private static func checkClaims(_ pool: BackstopPool) {
    for tranche in PoolTranche.allCases {
      let worths = pool.claims.filter { $0.tranche == tranche }
        .map { pool.worth(of: $0.account, tranche) }
      let units = worths.reduce(0) { $0 + $1.units }
      let gains = worths.reduce(0) { $0 + $1.gains[0] }
      #expect(units <= pool[tranche].total && gains <= pool[tranche].unpaid[0])
    }
    #expect(pool.reserve == pool.senior.unpaid[0] + pool.junior.unpaid[0])
  }

  /// Follows the events of a step one by one: what each takeover does to both sides.
  private static func checkTakeovers(since before: Venue, _ after: Venue) throws {
    guard let record = after.records.last, let valuation = after.engine.valuation else { return }
    var state = before.engine.state
    var stood: (id: AccountID, pool: AccountID, state: LedgerState)?
    for event in record.events {
      var pair: (AccountID, AccountID)?
      if case .traded(let trade) = event, trade.cause == .pool {
        pair = state.isPool(trade.buyer) ? (trade.seller, trade.buyer) : (trade.buyer, trade.seller)
      }
      if let last = stood, pair.map({ $0 != (last.id, last.pool) }) ?? true {
        check(last, state, valuation, after)
        stood = nil
      }
      if let pair, stood == nil { stood = (pair.0, pair.1, state) }
      state.apply(event)
    }
    if let last = stood { check(last, state, valuation, after) }
  }

  private static func check(
    _ stood: (id: AccountID, pool: AccountID, state: LedgerState), _ state: LedgerState,
    _ valuation: Valuation, _ venue: Venue
  ) {
    func portfolio(_ id: AccountID, _ state: LedgerState) -> Portfolio {
      state.accounts[state.index(of: id) ?? 0].portfolio
    }
    let (old, new) = (portfolio(stood.id, stood.state), portfolio(stood.id, state))
    #expect(
      valuation.risk(new).maintenanceMargin < valuation.risk(old).maintenanceMargin, "P22")
    #expect(valuation.risk(new).equity >= 0, "a takeover makes nobody insolvent")
    let pool = portfolio(stood.pool, state)
    let risk = valuation.risk(pool)
    #expect(risk.equity >= risk.initialMargin)
    var gross: [AssetSymbol: Int64] = [:]
    for position in pool.positions {
      guard let index = state.listing.index(of: position.instrument) else { continue }
      gross[state.listing.contracts[index].underlying, default: 0] +=
        valuation.notional(position.size, of: position.instrument)
    }
    let isGrown = portfolio(stood.pool, stood.state).positions.isEmpty
    guard isGrown else { return }
    #expect(gross.values.allSatisfy { $0 <= 9_000_000_000 }, "the cap of a market")
    #expect(gross.values.reduce(0, +) <= 2 * risk.equity, "the leverage limit")
  }

  @Test("histories take positions over, reduce them and settle with gains and losses")
  func coverage() throws {
    var causes: Set<TradeCause> = []
    var (gains, losses) = (0, 0)
    for seed: UInt64 in 0..<10 {
      let venue = try Self.history(seed)
      for event in venue.records.flatMap(\.events) {
        if case .traded(let trade) = event { causes.insert(trade.cause) }
        if case .poolSettled(let settlement) = event {
          if settlement.profit > 0 { gains += 1 } else { losses += 1 }
        }
      }
    }
    #expect(causes.isSuperset(of: [.pool, .unwinding]))
    #expect(gains > 0 && losses > 0)
  }

  @Test("an engine made of the bytes of any state goes on alike", arguments: 0..<3)
  func recovery(seed: UInt64) throws {
    let venue = try Self.history(seed)
    guard case .openVenue(let quote, let set) = venue.commands[0] else { return }
    var engine = try Engine.open(quote: quote, parameters: set).engine
    var recovered = engine
    var random = Seeded(seed)
    for (command, record) in zip(venue.commands, venue.records).dropFirst() {
      if random.oneIn(5) {
        let state = try LedgerState(canonicalBytes: engine.state.canonicalBytes)
        engine = try Engine(state: state, hash: engine.hash, sequence: engine.sequence)
      }
      #expect(try engine.step(command).hash == record.hash)
      try recovered.recover(record)
    }
    try recovered.finishRecovery()
    #expect(recovered.state == venue.engine.state)
  }
}
