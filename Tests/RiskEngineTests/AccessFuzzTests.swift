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

@Suite("Random histories with market makers and owners of several accounts")
struct AccessFuzzTests {
  /// A busy venue in which four accounts quote and three have accounts under them.
  private static func venue() throws -> Venue {
    var venue = try FuzzTests.busyVenue()
    let limits = QuoteLimits(
      quantity: 50_000_000, vega: 40_000_000_000, interval: .minute,
      frozenTime: TimeSpan(seconds: 20))
    for id: UInt32 in [1, 2, 3, 5] {
      for symbol in ["BTC", "ETH"] {
        try venue.submit(.protectQuotes(AccountID(id), AssetSymbol(symbol), limits))
      }
    }
    for (id, parent) in [(13, 1), (14, 2), (15, 2), (16, 13)] as [(UInt32, UInt32)] {
      try venue.submit(
        .openSubaccount(
          AccountID(id), under: AccountID(parent), MarginMode.allCases[Int(id) % 3]))
      try venue.deposit(id, "1500", of: Coins.usd)
    }
    return venue
  }

  private static let history = Kept<UInt64, Venue> { seed in
    var venue = try venue()
    var commands = AccessCommands(seed: seed)
    for _ in 0..<200 { try venue.attempt(commands.next(for: &venue)) }
    return venue
  }

  @Test("no history breaks a rule, and a refused command leaves no trace", arguments: 0..<10)
  func invariants(seed: UInt64) throws {
    let venue = try Self.history(seed)
    #expect(venue.commands.count > 80, "most of a history happens")
    #expect(venue.engine.state.brokenAfterBlock() == nil)
    for account in venue.engine.state.accounts {
      for protection in account.portfolio.protections {
        #expect(!protection.limits.areReached(by: protection.filled), "what is reached triggers")
      }
    }
  }

  @Test("histories do everything there is to do")
  func coverage() throws {
    let wanted: Set = [
      "removed", "set", "filled", "triggered", "renewed", "opened", "moved", "mode", "given",
      "withdrawn",
    ]
    var kinds: Set<String> = []
    // Beyond those that are made for other tests, as far as something is missing.
    for seed: UInt64 in Array(0..<10) + Array(100..<106) where kinds != wanted {
      for event in try Self.history(seed).records.flatMap(\.events) {
        switch event {
        case .protectionSet(_, _, let limits): kinds.insert(limits == nil ? "removed" : "set")
        case .quoteFilled: kinds.insert("filled")
        case .protectionTriggered: kinds.insert("triggered")
        case .protectionRenewed: kinds.insert("renewed")
        case .subaccountOpened: kinds.insert("opened")
        case .positionMoved: kinds.insert("moved")
        case .marginModeChanged: kinds.insert("mode")
        case .transferred(let transfer) where transfer.reason == .ownMove: kinds.insert("given")
        case .orderRemoved(_, _, .protection): kinds.insert("withdrawn")
        default: break
        }
      }
    }
    #expect(kinds == wanted)
  }

  @Test("commands read back lead to the same hashes, from wherever one begins", arguments: 0..<3)
  func again(seed: UInt64) throws {
    let venue = try Self.history(seed)
    guard case .openVenue(let quote, let set) = venue.commands[0] else { return }
    var engine = try Engine.open(quote: quote, parameters: set).engine
    var random = Seeded(seed)
    for (command, record) in zip(venue.commands, venue.records).dropFirst() {
      if random.oneIn(6) {
        let state = try LedgerState(canonicalBytes: engine.state.canonicalBytes)
        engine = try Engine(state: state, hash: engine.hash, sequence: engine.sequence)
      }
      let read = try Command(canonicalBytes: command.canonicalBytes)
      #expect(try engine.step(read).hash == record.hash, "P44 at \(record.sequence)")
    }
    #expect(engine.state == venue.engine.state)
  }

  @Test("the recorded events alone give the engine, and it goes on alike", arguments: 0..<3)
  func recover(seed: UInt64) throws {
    let venue = try Self.history(seed)
    guard case .openVenue(let quote, let set) = venue.commands[0] else { return }
    var engine = try Engine.open(quote: quote, parameters: set).engine
    let half = venue.records.count / 2
    for record in venue.records[1..<half] { try engine.recover(record) }
    try engine.finishRecovery()
    for (command, record) in zip(venue.commands, venue.records).dropFirst(half) {
      #expect(try engine.step(command).hash == record.hash)
    }
    #expect(engine.state.digest == venue.engine.state.digest)
  }

  // The engine's own promise: what was reserved is enough for every fill, so that none is
  // refused for margin while the market stands still, up to the trigger.
  @Test("a quote that was accepted is filled", arguments: 0..<12)
  func quotesAreFilled(seed: UInt64) throws {
    var random = Seeded(seed)
    var venue = try Venue.marked([
      (key: "fees.maker", value: "0.02%"), (key: "fees.taker", value: "0.04%"),
      (key: "fees.option", value: "0.03%"),
    ])
    let one = AccountID(1)
    try venue.open(1, seed % 2 == 0 ? .portfolio : .cross, usd: "700")
    for symbol in ["BTC", "ETH"] {
      let limits = QuoteLimits(
        quantity: random.number(5_000_000...90_000_000), delta: random.number(1...90_000_000),
        interval: .minute, frozenTime: .zero)
      try venue.submit(.protectQuotes(one, AssetSymbol(symbol), limits))
    }
    let contracts = [
      Contracts.btcPerpetual, Contracts.btcFuture, Contracts.btcCall, Contracts.btcPut,
      Contracts.ethPerpetual, Contracts.ethPut,
    ]
    for _ in 0..<60 {
      let contract = random.pick(contracts)
      let mark = venue.mark(contract).price.steps
      let order = RestingOrder(
        id: venue.engine.state.nextOrder, instrument: contract, side: random.pick(Side.allCases),
        remaining: Size(steps: random.number(1...150)),
        limit: Price(steps: mark / 1_000 * random.number(995...1_005) / 1_000 * 1_000),
        isReduceOnly: false, isQuote: true)
      try venue.attempt(.placeOrder(one, order))
    }
    var filled = 0
    while let order = venue.account(1).portfolio.orders.randomElement(using: &random) {
      let size = random.oneIn(2) ? order.remaining.steps : random.number(1...order.remaining.steps)
      let (buyer, seller): (UInt32, UInt32) = order.side == .buy ? (1, 0) : (0, 1)
      try venue.submit(
        .recordTrade(
          TradeReport(
            instrument: order.instrument, buyer: AccountID(buyer), seller: AccountID(seller),
            size: Size(steps: size), price: order.limit, order: order.id)))
      filled += 1
    }
    #expect(filled > 1)
  }
}
