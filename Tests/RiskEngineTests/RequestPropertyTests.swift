// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import Parameters
import Quantities
import RiskEngine
import TestFixtures
import Testing

@Suite("What answering a request is worth")
struct RequestPropertyTests {
  private static let makers: [UInt32] = [8, 9, 10, 11]
  private static let random = UInt64(0)..<60

  private struct Draft {
    var maker: UInt32
    var price: Int64
    var size: Int64
  }

  private func drafts(_ random: inout Seeded, most: Int64) -> [Draft] {
    Self.makers.compactMap { maker in
      guard Int64.random(in: 0...4, using: &random) > 0 else { return nil }
      return Draft(
        maker: maker,
        price: 764_000_000_000 + 1_000 * Int64.random(in: 0...9, using: &random)
          * 100_000, size: Int64.random(in: 1...most, using: &random))
    }
  }

  /// What becomes of answers: trades, the account's equity, and the makers'.
  private func outcome(
    _ drafts: [Draft]
  ) throws -> (trades: [Trade], venue: Venue) {
    var venue = try Requests.venue()
    for maker in [10, 11] as [UInt32] {
      try venue.open(maker, .cross, usd: "100000")
      try venue.submit(.registerMaker(AccountID(maker)))
    }
    for draft in drafts {
      try venue.submit(
        .answerRequest(
          AccountID(draft.maker), 1, Price(steps: draft.price), Size(steps: draft.size)))
    }
    let trades = Requests.trades(try venue.block(after: 120))
    return (trades, venue)
  }

  /// What the first steps bring that others brought before: all of `trades` by default.
  private func proceeds(_ trades: [Trade], as others: [Trade]? = nil) -> Int64 {
    var left = (others ?? trades).reduce(0) { $0 + $1.size.steps }
    return trades.reduce(0) { sum, trade in
      let taken = min(left, trade.size.steps)
      left -= taken
      return sum + taken * trade.unitValue
    }
  }

  @Test("a maker gains what its own price gives it and nothing else", arguments: random)
  func ownPrice(seed: UInt64) throws {
    var random = Seeded(seed)
    let drafts = drafts(&random, most: 300)
    let (trades, venue) = try outcome(drafts)
    let mark = venue.mark(Requests.perpetual).unitValue
    for draft in drafts {
      let own = trades.filter { $0.buyer == AccountID(draft.maker) }
      #expect(own.allSatisfy { $0.price == Price(steps: draft.price) })
      let gain = own.reduce(Int64(0)) { $0 + (mark - $1.unitValue) * $1.size.steps }
      #expect(try venue.equity(draft.maker) == 100_000_000_000 + gain)
      #expect(own.reduce(Int64(0)) { $0 + $1.size.steps } <= draft.size)
    }
    // Served in the order of prices, and nobody is passed over.
    for (one, next) in zip(trades, trades.dropFirst()) { #expect(one.price >= next.price) }
    let served = Set(trades.map(\.buyer))
    let worst = trades.last?.price.steps ?? .max
    for draft in drafts where draft.price > worst { #expect(served.contains(.init(draft.maker))) }
  }

  /// Maker 11 sees every answer before he gives his own, last of all.
  @Test("a front-runner who has seen all answers gains only by giving more", arguments: random)
  func frontRunner(seed: UInt64) throws {
    var random = Seeded(seed ^ 0xf407)
    let honest = drafts(&random, most: 300).filter { $0.maker != 11 }
    guard let best = honest.max(by: { $0.price < $1.price }) else { return }
    let before = try outcome(honest)
    // To copy the best is to come after it.
    let copied = try outcome(honest + [Draft(maker: 11, price: best.price, size: best.size)])
    let first = copied.trades.first
    #expect(first?.buyer == before.trades.first?.buyer)
    // To outbid all costs him what it gives the account, on every step of it.
    let outbid = try outcome(honest + [Draft(maker: 11, price: best.price + 1_000, size: 300)])
    for other in [outbid, copied] {
      #expect(proceeds(other.trades, as: before.trades) >= proceeds(before.trades))
    }
    let paid = outbid.trades.filter { $0.buyer == AccountID(11) }
    #expect(paid.allSatisfy { $0.price.steps == best.price + 1_000 })
    // To ask for more than all others, after them, never takes a step from any of them.
    let lowest = honest.map(\.price).min() ?? 0
    let greedy = try outcome(honest + [Draft(maker: 11, price: lowest - 1_000, size: 300)])
    for draft in honest {
      let taken = { (trades: [Trade]) in
        trades.filter { $0.buyer == AccountID(draft.maker) }.map(\.size)
      }
      #expect(taken(greedy.trades) == taken(before.trades))
    }
  }

  @Test("recovered at any command, an open request ends alike", arguments: 0..<4 as Range<UInt64>)
  func recovery(seed: UInt64) throws {
    var random = Seeded(seed)
    let (_, venue) = try outcome(drafts(&random, most: 300))
    var engine = try Engine.open(
      quote: Coins.usd, parameters: venue.records[0].parameters()
    ).engine
    for (command, record) in zip(venue.commands, venue.records).dropFirst() {
      let state = try LedgerState(canonicalBytes: engine.state.canonicalBytes)
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

extension Record {
  /// The parameters that a venue was opened with.
  func parameters() throws -> ParameterSet {
    guard case .openVenue(_, let set) = command else { throw CanonicalError.trailing(offset: 0) }
    return set
  }
}
