// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import MarketData
import Parameters
import Quantities
import TestFixtures
import Testing

@testable import RiskEngine

@Suite("What is kept of a shared loss for whoever publishes it")
struct LossInquiryTests {
  private let perpetual = Contracts.btcPerpetual

  /// A long of up to 3 BTC is sold below what it has, to one of up to forty others on both sides;
  /// no fund pays for it.
  private func crash(_ seed: UInt64, rule: Int, cap: String) throws -> Venue {
    var random = Seeded(seed)
    var venue = try Venue.marked(
      LastStages.changes([.socializedLoss]) + [
        (key: "socializedLoss.rule", value: "\(rule)"), (key: "socializedLoss.share", value: cap),
      ])
    let size = random.number(200...3_000)
    try venue.open(1, .cross, usd: "\(size / 2)")
    for id in 2...UInt32(random.number(4...40)) {
      try venue.open(id, .cross, usd: "\(random.number(800...9_000)).\(random.number(100...999))")
      let other = random.number(1...900)
      try venue.take(id, random.oneIn(4) ? other : -other, of: perpetual)
    }
    try venue.take(1, size, of: perpetual)
    try venue.block(btc: "7400")
    try venue.open(500, .cross, usd: "100000")
    try venue.submit(venue.report(venue.order(of: 1), price: Price("7400"), with: 500))
    return venue
  }

  private func opened(_ venue: Venue) throws -> Engine {
    guard case .openVenue(let quote, let set) = venue.commands[0] else {
      throw CancellationError()
    }
    return try Engine.open(quote: quote, parameters: set).engine
  }

  /// The same commands once more, by an engine that keeps who was asked.
  private func keeping(
    _ venue: Venue, _ body: (LossInquiry, Record) throws -> Void
  ) throws -> Engine {
    var engine = try opened(venue)
    #expect(!engine.keepsSharedLosses && engine.sharedLosses.isEmpty)
    engine.keepsSharedLosses = true
    for command in venue.commands.dropFirst() {
      let record = try engine.step(command)
      for inquiry in engine.sharedLosses { try body(inquiry, record) }
    }
    return engine
  }

  private func given(in record: Record) -> [LossShare] {
    record.events.compactMap { event in
      guard case .transferred(let transfer) = event, transfer.reason == .socializedLoss,
        case .account(let bearer) = transfer.from
      else { return nil }
      return LossShare(account: bearer, units: transfer.amount.units)
    }
  }

  /// The whole units of what a candidate is to give, without what is left of remainders.
  private func whole(_ inquiry: LossInquiry, _ one: LossCandidate) -> Int64 {
    let cap = inquiry.question.cap
    let profit = cap.share(of: max(min(one.profit, one.equity), 0), rounding: .down)
    let equity = cap.share(of: max(one.equity, 0), rounding: .down)
    let (weight, most) =
      switch inquiry.question.rule {
      case .byProfit: (profit, profit)
      case .byEquity: (max(one.equity, 0), profit)
      case .bySize: (one.notional, min(equity, one.notional))
      }
    return min(Int64(Double(inquiry.rate ?? 0) * 1e-12 * Double(weight)), most)
  }

  @Test("by every rule it has all that its shares are a function of, and no hash moves")
  func everyRule() throws {
    var (uneven, atCaps) = (Set<Int>(), Set<Int>())
    for rule in 0...2 {
      for (seed, cap) in [(0 as UInt64, "100%"), (1, "100%"), (2, "2%"), (3, "0.0000001%")] {
        let venue = try crash(seed, rule: rule, cap: cap)
        var shares: [UInt64: [LossShare]] = [:]
        let engine = try keeping(venue) { inquiry, record in
          shares[record.sequence, default: []] += inquiry.shares
          let (question, asked) = (inquiry.question, inquiry.candidates)
          #expect(question.share(among: asked.shuffled()) == inquiry.shares)
          #expect(question.rate(among: asked) == inquiry.rate)
          #expect(Int(question.rule.rawValue) == rule && inquiry.omitted == 0)
          #expect(inquiry.contract.id == perpetual && inquiry.account.number == 1)
          #expect(inquiry.block == venue.engine.state.block)
          #expect(inquiry.asset.symbol.description == "USD" && inquiry.asset.decimals == 6)
          #expect(asked.map(\.account) == asked.map(\.account).sorted())
          let sum = inquiry.shares.reduce(0) { $0 + $1.units }
          if sum < question.loss { atCaps.insert(rule) }
          if asked.reduce(0, { $0 + whole(inquiry, $1) }) < sum { uneven.insert(rule) }
        }
        #expect(engine.hash == venue.engine.hash, "keeping decides nothing")
        for record in venue.records {
          #expect(given(in: record) == shares[record.sequence] ?? [])
        }
      }
    }
    #expect(uneven == [0, 1, 2] && atCaps == [0, 1, 2])
  }

  @Test("of very many who are asked those who gave are named, and the others counted")
  func mostCandidates() throws {
    func kept(most: Int?) throws -> LossInquiry {
      let venue = try crash(3, rule: 0, cap: "0.0000001%")
      var engine = try opened(venue)
      engine.keepsSharedLosses = true
      if let most { engine.keptLosses?.mostCandidates = most }
      var found: [LossInquiry] = []
      for command in venue.commands.dropFirst() {
        _ = try engine.step(command)
        found += engine.sharedLosses
      }
      return try #require(found.first)
    }
    let (all, few) = (try kept(most: nil), try kept(most: 0))
    #expect(all.omitted == 0)
    #expect(few.candidates.map(\.account) == few.shares.map(\.account).sorted())
    #expect(few.candidates.allSatisfy { all.candidates.contains($0) })
    #expect(few.omitted > 0 && few.candidates.count + few.omitted == all.candidates.count)
    #expect(few.shares == all.shares && few.rate == all.rate)
  }

  @Test("a loss that finds nobody is kept too, and has no rate")
  func nobody() throws {
    var inquiries: [LossInquiry] = []
    let venue = try crash(2, rule: 0, cap: "0%")
    _ = try keeping(venue) { inquiry, _ in inquiries.append(inquiry) }
    try #require(inquiries.count == 1)
    #expect(inquiries[0].shares.isEmpty && inquiries[0].rate == nil)
    #expect(!inquiries[0].candidates.isEmpty)
    #expect(venue.balance(1) == -inquiries[0].question.loss)
  }

  @Test("what is kept is of the last step, and none of a refused one")
  func lastStep() throws {
    var engine = try keeping(try crash(1, rule: 1, cap: "100%")) { _, _ in }
    try #require(!engine.sharedLosses.isEmpty)
    #expect(throws: StepError.self) {
      try engine.step(.advanceBlock(at: engine.state.time, samples: []))
    }
    #expect(engine.keepsSharedLosses && engine.sharedLosses.isEmpty)
    engine.keepsSharedLosses = false
    #expect(!engine.keepsSharedLosses)
  }
}
