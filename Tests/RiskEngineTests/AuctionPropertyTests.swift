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

/// Venues full of auctions, and what must hold in them whoever bids what.
@Suite("Auctions, whatever is bid")
struct AuctionPropertyTests {
  private static let terms = [
    (key: "waterfall.partial.rank", value: "0"), (key: "waterfall.auction.rank", value: "1"),
    (key: "auction.duration", value: "600s"), (key: "auction.fastDuration", value: "200s"),
    (key: "auction.insolventDuration", value: "400s"),
    (key: "auction.wholeNotional", value: "20"),
  ]
  private static let customers = 1...6 as ClosedRange<UInt32>
  private static let bidders = 7...9 as ClosedRange<UInt32>

  /// Customers with a position or two in any margin mode, and three bidders of their own means.
  private func venue(_ random: inout Seeded) throws -> Venue {
    var venue = try Venue.marked(Self.terms + [("auction.path", String(random.number(0...3)))])
    try venue.fund(String(random.number(0...4_000)), of: Coins.usd)
    if random.oneIn(2) { try venue.fund("1", of: Coins.btc) }
    for id in Self.customers {
      let mode: MarginMode = random.oneIn(2) ? .cross : .portfolio
      try venue.open(id, mode, usd: String(random.number(300...900)))
      if random.oneIn(3) { try venue.deposit(id, "0.05", of: Coins.btc) }
      for instrument in [Contracts.btcPerpetual, Contracts.ethPerpetual, Contracts.btcPut] {
        let most: Int64 = instrument == Contracts.ethPerpetual ? 6_000 : 1_200
        let size = random.number(1...most) * (random.oneIn(2) ? 1 : -1)
        let command =
          size > 0
          ? try venue.trade(instrument, buyer: id, seller: 0, size: size)
          : try venue.trade(instrument, buyer: 0, seller: id, size: -size)
        try venue.attempt(command)
      }
    }
    for id in Self.bidders {
      try venue.open(id, random.oneIn(3) ? .portfolio : .cross, usd: "\(id * id * 300 - 14_000)")
    }
    return venue
  }

  private func bids(_ venue: Venue, _ random: inout Seeded) throws -> [AuctionBid] {
    try (0..<random.number(1...4)).map { _ in
      let share = random.oneIn(3) ? 1_000_000_000 : random.number(1...1_000_000_000)
      return try Auctions.bid(
        venue, share: decimalText(share, decimals: 9),
        leastReward: Rate(billionths: random.oneIn(2) ? 0 : random.number(0...20_000_000)),
        by: UInt32(random.number(0...9)),
        seen: random.oneIn(4) ? UInt32(random.number(0...2)) : nil,
        receivedAt: Venue.start + TimeSpan(seconds: random.number(0...3)))
    }
  }

  private func move(_ venue: inout Venue, _ random: inout Seeded) throws {
    let btc = random.number(6_800...8_900)
    let eth = random.number(160...235)
    let silent = random.oneIn(7)
    try venue.set("BTC", String(btc))
    try venue.set("ETH", String(eth))
    try venue.submit(
      venue.nextBlock(after: random.number(20...100), silent: silent ? ["BTC"] : []))
  }

  /// Commands until so many, and what each fill has done.
  private func history(seed: UInt64, length: Int = 60) throws -> (venue: Venue, fills: Int) {
    var random = Seeded(seed)
    var venue = try venue(&random)
    var count = 0
    for _ in 0..<length {
      let open = venue.engine.accountsInAuction
      guard !open.isEmpty, !random.oneIn(4) else {
        try move(&venue, &random)
        continue
      }
      let id = random.pick(open)
      let before = venue
      let offer = venue.engine.auctionOffer(of: id)
      guard try venue.attempt(.bidInAuction(id, bids(venue, &random))) else { continue }
      let events = venue.records.last?.events ?? []
      try check(Auctions.fills(events), offer, before, venue)
      count += Auctions.fills(events).count
    }
    return (venue, count)
  }

  private func check(
    _ fills: [AuctionFill], _ offer: AuctionOffer?, _ before: Venue, _ after: Venue
  ) throws {
    let offer = try #require(offer, "what is not offered is not sold")
    let number = offer.account.number
    let terms = before.engine.rules.liquidation.auction
    #expect(!fills.isEmpty && fills[0].share <= offer.mostShare, "never more than the cap")
    for fill in fills {
      #expect(fill.factor == offer.progress.factor, "one price for all of an instant")
      if offer.progress.round.phase == .solvent {
        #expect(fill.factor >= terms.reserve && fill.fundPaid == 0, "P26")
        #expect(
          Int128(fill.discount) <= Int128(max(offer.value, 0))
            * Int128(1_000_000_000 - fill.factor.billionths) / 1_000_000_000)
      } else {
        #expect(fill.discount == 0, "nobody takes from an account that has nothing")
      }
    }
    #expect(after.insuranceFund() >= 0 && after.insuranceFund(1) >= 0)
    let account = before.account(number).portfolio
    for position in account.positions {
      let left = after.size(number, position.instrument)
      #expect(left.signum() * position.size.sign >= 0, "nothing is turned round")
      #expect(left.magnitude <= position.size.steps.magnitude, "P22: only ever less")
    }
    // An account that was cleared owes nothing; every other stands no worse than before.
    guard after.account(number).liquidation != nil else { return }
    let (stood, stands) = (
      try before.excess(number, buffer: terms.buffer),
      try after.excess(number, buffer: terms.buffer)
    )
    #expect(stands >= stood)
    if offer.progress.round.phase == .solvent {
      #expect(try after.equity(number) >= 0, "P28: a discount never makes a debt")
    }
  }

  @Test("no bid breaks a rule of the venue, the account or the fund", arguments: 0..<40)
  func properties(seed: UInt64) throws { _ = try history(seed: seed) }

  @Test("and many of them are filled")
  func areFilled() throws {
    let fills = try (100..<112).reduce(0) { try $0 + history(seed: UInt64($1)).fills }
    #expect(fills > 24)
  }

  @Test("a venue with open auctions is recovered and decides alike", arguments: 0..<5)
  func recovery(seed: UInt64) throws {
    let venue = try history(seed: seed).venue
    guard case .openVenue(let quote, let set) = venue.commands[0] else { return }
    var random = Seeded(seed)
    var live = try Engine.open(quote: quote, parameters: set).engine
    var recovered = live
    var states = 0
    for (command, record) in zip(venue.commands, venue.records).dropFirst() {
      let isOpen = live.state.accounts.contains { $0.liquidation?.auction != nil }
      if random.oneIn(isOpen ? 2 : 8) {
        let bytes = live.state.canonicalBytes
        let state = try LedgerState(canonicalBytes: bytes)
        #expect(state.canonicalBytes == bytes)
        if isOpen { states += 1 }
        live = try Engine(state: state, hash: live.hash, sequence: live.sequence)
      }
      let read = try Command(canonicalBytes: command.canonicalBytes)
      #expect(try live.step(read).hash == record.hash)
      try recovered.recover(record)
    }
    try recovered.finishRecovery()
    #expect(recovered.state == live.state && live.hash == venue.engine.hash)
    #expect(states > 0, "auctions were open where it was stopped")
  }

  @Test("a portfolio pays a bidder for its part once, however the bids are cut", arguments: 0..<20)
  func cutting(seed: UInt64) throws {
    var random = Seeded(seed)
    var whole = try Auctions.solvent()
    for _ in 0..<random.number(1...8) { try whole.block() }
    var cut = whole
    var steps: Int64 = 0
    let rich = whole.balance(2)
    for _ in 0..<random.number(2...6) {
      let share = decimalText(random.number(10_000_000...60_000_000), decimals: 9)
      try cut.submit(Auctions.command(Auctions.bid(cut, share: share)))
      steps = cut.size(2, Auctions.perpetual)
    }
    let share = Rate(billionths: steps * 1_000_000_000 / 40_000)
    try whole.submit(Auctions.command(Auctions.bid(whole, share: share.description)))
    let gain = cut.balance(2) - rich
    let single = whole.balance(2) - rich
    // One step is 1/40,000 of at most 2,250: what rounding can be worth to him.
    #expect(gain <= single + 60_000, "P29: cutting a bid into pieces gains nothing")
  }
}
