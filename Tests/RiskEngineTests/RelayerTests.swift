// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Parameters
import Quantities
import RiskEngine
import TestFixtures
import Testing

/// ``Requests`` with accounts 30 and 31 as relayers, registered before the request.
enum Relayers {
  static let fee = [(key: "requests.fee", value: "0.1%")]

  static func venue(
    _ changes: [(key: String, value: String)] = fee, relayers: [UInt32] = [30, 31],
    holding size: Int64 = 0
  ) throws -> Venue {
    var venue = try Venue.marked(Requests.terms + changes)
    try venue.open(1, .cross, usd: "500")
    try venue.take(1, 1_000, of: Requests.perpetual)
    for maker in [8, 9] as [UInt32] {
      try venue.open(maker, .cross, usd: "100000")
      try venue.submit(.registerMaker(AccountID(maker)))
    }
    for relayer in [30, 31] as [UInt32] { try venue.open(relayer, .cross) }
    for relayer in relayers { try venue.submit(.registerRelayer(AccountID(relayer))) }
    if size > 0 {
      // The first is as near its line as account 1.
      try venue.deposit(30, "500", of: Coins.usd)
      try venue.take(30, size, of: Requests.perpetual)
    }
    try venue.block(btc: "7650")
    return venue
  }

  static func fees(_ events: [LedgerEvent]) -> [Transfer] {
    events.compactMap { event in
      guard case .transferred(let transfer) = event, transfer.reason == .relayFee else {
        return nil
      }
      return transfer
    }
  }
}

@Suite("Relayers of answers to requests for quotes")
struct RelayerTests {
  private let one = AccountID(30)

  @Test("an answer that a relayer passes on is filled as the maker's own, and pays the relayer")
  func relayed() throws {
    var direct = try Relayers.venue()
    try direct.submit(Requests.answer(8, "7650", 101))
    let before = Relayers.fees(try direct.block(after: 120))
    #expect(before.map(\.to) == [.fees] && before.map(\.amount.units) == [101 * 7_650])
    var venue = try Relayers.venue()
    try venue.submit(Requests.relayed(by: 30, 8, "7650", 101))
    let request = try #require(venue.engine.state.execution.request(1))
    #expect(request.relayer(of: AccountID(8)) == one && request.answers.count == 1)
    let events = try venue.block(after: 120)
    #expect(Requests.trades(events).map(\.buyer) == [AccountID(8)])
    #expect(Relayers.fees(events).map(\.to) == [.account(one)])
    #expect(venue.balance(30) == 101 * 7_650)
    #expect(venue.engine.state.houses[0].fees + 101 * 7_650 == direct.engine.state.houses[0].fees)
    #expect(try venue.equity(1) == direct.equity(1) && venue.equity(8) == direct.equity(8))
  }

  @Test("each is paid for what was filled of its answers, and the account pays no more for many")
  func parts() throws {
    // Steps of 7.65 USD; three of them by themselves would be 178.3, rounded up to 179.
    let fee = [(key: "requests.fee", value: "0.000777%")]
    var direct = try Relayers.venue(fee)
    try direct.submit(Requests.answer(8, "7645", 3))
    try direct.submit(Requests.answer(9, "7650", 5))
    let all = Relayers.fees(try direct.block(after: 120)).map(\.amount.units)
    #expect(all == [476], "8 × 7.65 USD × 0.000777 %, rounded up")
    var two = try Relayers.venue(fee)
    try two.submit(Requests.relayed(by: 30, 8, "7645", 3))
    try two.submit(Requests.relayed(by: 31, 9, "7650", 5))
    let paid = Relayers.fees(try two.block(after: 120))
    #expect(paid.map(\.to) == [.account(AccountID(31)), .account(one)], "as they are served")
    #expect(paid.map(\.amount.units) == [298, 178])
    var mixed = try Relayers.venue(fee)
    try mixed.submit(Requests.relayed(by: 30, 8, "7645", 3))
    try mixed.submit(Requests.answer(9, "7650", 5))
    let shared = Relayers.fees(try mixed.block(after: 120))
    #expect(shared.map(\.to) == [.fees, .account(one)])
    #expect(shared.map(\.amount.units) == [298, 178])
    var same = try Relayers.venue(fee)
    try same.submit(Requests.relayed(by: 30, 8, "7645", 3))
    try same.submit(Requests.relayed(by: 30, 9, "7650", 5))
    #expect(Relayers.fees(try same.block(after: 120)).map(\.amount.units) == all)
  }

  @Test("only what is filled is paid for: nothing of an answer beyond the account's limit")
  func unfilled() throws {
    var venue = try Relayers.venue()
    try venue.submit(Requests.relayed(by: 30, 8, "7400", 100))
    let events = try venue.block(after: 120)
    #expect(Requests.closed(events) == .zero && Relayers.fees(events).isEmpty)
    #expect(venue.balance(30) == 0)
  }

  @Test("relayers are never paid more than the account's equity, the first served first")
  func equity() throws {
    let changes = [
      (key: "requests.fee", value: "1%"), (key: "liquidation.penalty", value: "0%"),
      (key: "margin.tiers.BTC.row.1.penalty", value: "0%"),
    ]
    var venue = try Relayers.venue(changes)
    try venue.submit(Requests.relayed(by: 30, 8, "7510", 100))
    try venue.submit(Requests.relayed(by: 31, 9, "7509", 100))
    // Ten dollars of equity, a tenth of one given to maker 9: 7.51 USD to one, the rest of 7.51 to
    // the other.
    let paid = Relayers.fees(try venue.block(btc: "7510", after: 120))
    #expect(paid.map(\.amount.units) == [7_510_000, 9_900_000 - 7_510_000])
  }

  @Test("who is released is paid for what it passed on before, and passes nothing more on")
  func released() throws {
    var venue = try Relayers.venue()
    try venue.submit(Requests.relayed(by: 30, 8, "7650", 100))
    try venue.submit(.releaseRelayer(one))
    #expect(
      venue.refusal(of: try Requests.relayed(by: 30, 9, "7650", 1)) == .notRegistered(one))
    #expect(Relayers.fees(try venue.block(after: 120)).map(\.to) == [.account(one)])
  }

  @Test("a relayer that is liquidated itself is paid all the same")
  func liquidated() throws {
    var venue = try Relayers.venue(holding: 1_000)
    #expect(venue.account(30).liquidation != nil)
    let own = try #require(venue.engine.state.execution.request(of: one)).id
    #expect(own == 2)
    #expect(
      venue.refusal(of: try Requests.relayed(by: 30, 8, "7650", 100, to: own))
        == .notIndependent(one, one))
    try venue.submit(Requests.relayed(by: 30, 8, "7650", 100))
    #expect(Relayers.fees(try venue.block(after: 120)).map(\.to) == [.account(one)])
  }

  @Test("with requests.relayed makers answer through relayers alone, and without, either way")
  func flag() throws {
    let alone = [(key: "requests.relayed", value: "true")]
    var venue = try Relayers.venue(alone)
    #expect(
      venue.refusal(of: try Requests.answer(8, "7650", 1)) == .onlyRelayed(AccountID(8)))
    try venue.submit(Requests.relayed(by: 30, 8, "7650", 1))
    #expect(Requests.trades(try venue.block(after: 120)).count == 1)
    for value in ["true", "false"] {
      let terms = try Relayers.venue([(key: "requests.relayed", value: value)], relayers: [])
      // Nobody could answer, so nobody is waited for.
      #expect((terms.account(1).liquidation?.order != nil) == (value == "true"))
    }
    var either = try Relayers.venue([(key: "requests.relayed", value: "false")])
    try either.submit(Requests.answer(8, "7650", 1))
    try either.submit(Requests.relayed(by: 30, 9, "7650", 1))
    // What was taken binds when the rule changes.
    try either.submit(
      .changeParameters(
        ParameterFixture.set(
          Venue.wideOracle + Requests.terms + alone)))
    #expect(Requests.trades(try either.block(after: 120)).count == 2)
  }

  @Test("a maker answers once, whoever passes it on, and an old answer is good for nothing")
  func replayed() throws {
    var venue = try Relayers.venue()
    let answer = try Requests.relayed(by: 30, 8, "7640", 10)
    try venue.submit(answer)
    let twice = Refusal.alreadyAnswered(1, AccountID(8))
    #expect(venue.refusal(of: answer) == twice)
    #expect(venue.refusal(of: try Requests.relayed(by: 31, 8, "7645", 10)) == twice)
    #expect(venue.refusal(of: try Requests.answer(8, "7645", 10)) == twice)
    try venue.submit(Requests.answer(9, "7640", 10))
    #expect(
      venue.refusal(of: try Requests.relayed(by: 30, 9, "7640", 10))
        == .alreadyAnswered(1, AccountID(9)))
    try venue.block(after: 120)
    #expect(venue.refusal(of: answer) == .offerOver(1))
    #expect(
      venue.refusal(of: try Requests.relayed(by: 30, 8, "7640", 1, to: 9)) == .unknownOffer(9))
  }

  @Test("what a maker may not answer itself no relayer passes on")
  func passedOn() throws {
    var venue = try Relayers.venue()
    let size = try #require(venue.engine.state.execution.request(1)).size.steps
    let cases: [(Command, Refusal)] = [
      (try Requests.relayed(by: 77, 8, "7640", 1), .unknownAccount(AccountID(77))),
      (try Requests.relayed(by: 1, 8, "7640", 1), .notRegistered(AccountID(1))),
      (try Requests.relayed(by: 8, 8, "7640", 1), .notRegistered(AccountID(8))),
      (try Requests.relayed(by: 30, 77, "7640", 1), .unknownAccount(AccountID(77))),
      (try Requests.relayed(by: 30, 31, "7640", 1), .notRegistered(AccountID(31))),
      (try Requests.relayed(by: 30, 8, "7640", 0), .notPositive("a size")),
      (
        try Requests.relayed(by: 30, 8, "7640", size + 1), .outsideLimits("an answer's size")
      ),
    ]
    for (command, refusal) in cases { #expect(venue.refusal(of: command) == refusal) }
    try venue.submit(Requests.relayed(by: 30, 8, "7640", size))
  }
}

@Suite("Registering relayers")
struct RelayerRegistrationTests {
  private let one = AccountID(30)

  @Test("once each, accounts of customers who are not being liquidated, and released once")
  func register() throws {
    var venue = try Relayers.venue(relayers: [31])
    #expect(venue.engine.state.execution.relayers == [AccountID(31)])
    try venue.submit(.registerRelayer(one))
    #expect(venue.engine.state.execution.relayers == [one, AccountID(31)])
    #expect(
      venue.refusal(of: .registerRelayer(one)) == .alreadyExists("the registration of \(one)"))
    #expect(
      venue.refusal(of: .registerRelayer(AccountID(77))) == .unknownAccount(AccountID(77)))
    #expect(
      venue.refusal(of: .registerRelayer(AccountID(1))) == .accountInLiquidation(AccountID(1)))
    let pool = AccountID(50)
    try venue.submit(.openPool(pool, markets: [AssetSymbol("BTC")]))
    #expect(venue.refusal(of: .registerRelayer(pool)) == .poolAccount(pool))
    let hedge = AccountID(51)
    try venue.submit(.openHedge(hedge))
    #expect(venue.refusal(of: .registerRelayer(hedge)) == .hedgeAccount(hedge))
    try venue.submit(.releaseRelayer(one))
    #expect(venue.refusal(of: .releaseRelayer(one)) == .notRegistered(one))
    #expect(venue.refusal(of: .releaseRelayer(AccountID(77))) == .unknownAccount(AccountID(77)))
  }

  @Test("no owner is a maker's and a relayer's, whichever is registered first")
  func independent() throws {
    var venue = try Relayers.venue()
    let (maker, own, under) = (AccountID(8), AccountID(40), AccountID(41))
    #expect(venue.refusal(of: .registerRelayer(maker)) == .notIndependent(maker, maker))
    #expect(venue.refusal(of: .registerMaker(one)) == .notIndependent(one, one))
    try venue.submit(.openSubaccount(own, under: maker, .cross))
    try venue.submit(.openSubaccount(under, under: one, .cross))
    #expect(venue.refusal(of: .registerRelayer(own)) == .notIndependent(own, maker))
    #expect(venue.refusal(of: .registerMaker(under)) == .notIndependent(under, one))
    // Two relayers of one owner see no more than one, and a maker that is released is none.
    try venue.submit(.registerRelayer(under))
    try venue.submit(.releaseMaker(maker))
    try venue.submit(.registerRelayer(own))
    #expect(venue.refusal(of: .registerMaker(maker)) == .notIndependent(maker, own))
  }

  @Test("nobody passes answers on to a request for an account of its own owner")
  func asked() throws {
    var venue = try Relayers.venue()
    let own = AccountID(40)
    try venue.submit(.openSubaccount(own, under: AccountID(1), .cross))
    try venue.submit(.registerRelayer(own))
    #expect(
      venue.refusal(of: try Requests.relayed(by: 40, 8, "7640", 1))
        == .notIndependent(own, AccountID(1)))
    try venue.submit(Requests.relayed(by: 30, 8, "7640", 1))
  }

  @Test("as many relayers as there may be, and not one more")
  func most() throws {
    var venue = try Venue.unmarked()
    let most = UInt32(Engine.mostRelayers)
    for id in 0...most { try venue.submit(.openAccount(AccountID(id), .cross)) }
    for id in 0..<most { try venue.submit(.registerRelayer(AccountID(id))) }
    #expect(
      venue.refusal(of: .registerRelayer(AccountID(most)))
        == .outsideLimits("the number of registered relayers"))
    try venue.submit(.releaseRelayer(AccountID(0)))
    try venue.submit(.registerRelayer(AccountID(most)))
  }
}

@Suite("What passing answers on is worth")
struct RelayerPropertyTests {
  private static let makers: [UInt32] = [8, 9, 40, 41]
  private static let random = UInt64(0)..<40

  private struct Draft {
    var maker: UInt32
    var price: Int64
    var size: Int64
    /// Absent where the maker answers itself.
    var relayer: UInt32?
  }

  private func drafts(_ random: inout Seeded) -> [Draft] {
    Self.makers.compactMap { maker in
      guard !random.oneIn(5) else { return nil }
      return Draft(
        maker: maker, price: 764_000_000_000 + 100_000_000 * random.number(0...9),
        size: random.number(1...300), relayer: random.pick([nil, 30, 31]))
    }
  }

  private func played(_ drafts: [Draft]) throws -> (events: [LedgerEvent], venue: Venue) {
    var venue = try Relayers.venue([(key: "requests.fee", value: "0.0777%")])
    for maker in Self.makers.dropFirst(2) {
      try venue.open(maker, .cross, usd: "100000")
      try venue.submit(.registerMaker(AccountID(maker)))
    }
    for draft in drafts {
      let answer = QuoteAnswer(
        maker: AccountID(draft.maker), price: Price(steps: draft.price),
        size: Size(steps: draft.size))
      try venue.submit(
        draft.relayer.map { .relayAnswer(AccountID($0), 1, answer) }
          ?? .answerRequest(answer.maker, 1, answer.price, answer.size))
    }
    return (try venue.block(after: 120), venue)
  }

  @Test(
    "who passes answers on changes who is paid, and neither trades nor what is paid",
    arguments: random)
  func payees(seed: UInt64) throws {
    var random = Seeded(seed ^ 0x4e1a)
    let drafts = drafts(&random)
    let (events, venue) = try played(drafts)
    let direct = try played(
      drafts.map { draft in
        var own = draft
        own.relayer = nil
        return own
      })
    #expect(Requests.trades(events) == Requests.trades(direct.events))
    let paid = Relayers.fees(events)
    let sum = paid.reduce(Int64(0)) { $0 + $1.amount.units }
    #expect(sum == Relayers.fees(direct.events).reduce(Int64(0)) { $0 + $1.amount.units })
    #expect(Set(paid.map(\.to)).count == paid.count, "one payment each")
    #expect(try venue.equity(1) == direct.venue.equity(1))
    for relayer in [30, 31] as [UInt32] {
      let mine = paid.filter { $0.to == .account(AccountID(relayer)) }
      #expect(venue.balance(relayer) == mine.reduce(Int64(0)) { $0 + $1.amount.units })
    }
  }

  /// What a relayer that holds answers back can do, and what it is worth to it.
  @Test(
    "an answer that is held back earns its relayer nothing, and takes nothing from others",
    arguments: random)
  func heldBack(seed: UInt64) throws {
    var random = Seeded(seed ^ 0x4e1b)
    var drafts = drafts(&random)
    while !drafts.contains(where: { $0.relayer == 30 }) { drafts = self.drafts(&random) }
    let held = try #require(drafts.firstIndex { $0.relayer == 30 })
    var shown = drafts
    shown.remove(at: held)
    let (all, part) = (try played(drafts), try played(shown))
    func earned(_ outcome: (events: [LedgerEvent], venue: Venue)) -> Int64 {
      outcome.venue.balance(30)
    }
    // What others of its answers fill instead is at most what this one filled.
    #expect(earned(part) <= earned(all) + 1)
    for draft in shown {
      let maker = AccountID(draft.maker)
      func filled(_ events: [LedgerEvent]) -> Int64 {
        Requests.trades(events).filter { $0.buyer == maker }.reduce(0) { $0 + $1.size.steps }
      }
      #expect(filled(part.events) >= filled(all.events), "nobody is filled less for it")
    }
  }

  @Test(
    "recovered at any command, a request with relayers ends alike",
    arguments: 0..<3 as Range<UInt64>)
  func recovery(seed: UInt64) throws {
    var random = Seeded(seed)
    let (_, venue) = try played(drafts(&random))
    var engine = try Engine.open(
      quote: Coins.usd, parameters: venue.records[0].parameters()
    ).engine
    for (command, record) in zip(venue.commands, venue.records).dropFirst() {
      let state = try LedgerState(canonicalBytes: engine.state.canonicalBytes)
      #expect(state == engine.state)
      engine = try Engine(state: state, hash: engine.hash, sequence: engine.sequence)
      #expect(try engine.step(Command(canonicalBytes: command.canonicalBytes)).hash == record.hash)
    }
    var recovered = try Engine.open(
      quote: Coins.usd, parameters: venue.records[0].parameters()
    ).engine
    for record in venue.records.dropFirst() { try recovered.recover(record) }
    try recovered.finishRecovery()
    #expect(recovered.state == venue.engine.state && recovered.hash == venue.engine.hash)
  }
}
