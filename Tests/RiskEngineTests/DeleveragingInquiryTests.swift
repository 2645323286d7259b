// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Quantities
import RiskEngine
import TestFixtures
import Testing

@Suite("What is kept of a deleveraging for whoever publishes it")
struct DeleveragingInquiryTests {
  private let perpetual = Contracts.btcPerpetual

  /// A long of up to 3 BTC that fails against up to forty shorts, some of them hedged.
  private func crash(_ seed: UInt64, rule: Int) throws -> Venue {
    var random = Seeded(seed)
    var venue = try Venue.marked([(key: "deleveraging.rule", value: "\(rule)")])
    let size = random.number(200...3_000)
    try venue.open(1, .cross, usd: "\(size / 2)")
    for id in 2...UInt32(random.number(4...40)) {
      try venue.open(id, .cross, usd: "\(random.number(800...9_000))")
      let short = random.number(1...900)
      try venue.submit(venue.trade(perpetual, buyer: 0, seller: id, size: short))
      if random.oneIn(3) { try venue.take(id, short, of: Contracts.btcFuture) }
    }
    try venue.take(1, size, of: perpetual)
    try venue.block(btc: "7400")
    return venue
  }

  /// The same commands once more, by an engine that keeps what it asked.
  private func keeping(
    _ venue: Venue, _ body: (DeleveragingInquiry, Record) throws -> Void
  ) throws -> Engine {
    guard case .openVenue(let quote, let set) = venue.commands[0] else {
      throw CancellationError()
    }
    var engine = try Engine.open(quote: quote, parameters: set).engine
    #expect(!engine.keepsDeleveragings && engine.deleveragings.isEmpty)
    engine.keepsDeleveragings = true
    for command in venue.commands.dropFirst() {
      let record = try engine.step(command)
      for inquiry in engine.deleveragings { try body(inquiry, record) }
    }
    return engine
  }

  private func trades(of record: Record) -> [Trade] {
    record.events.compactMap { event in
      guard case .traded(let trade) = event, trade.cause == .deleveraging else { return nil }
      return trade
    }
  }

  @Test("under every rule it has all that its cuts are a function of, and no hash moves")
  func everyRule() throws {
    var seen: Set<Int> = []
    for rule in 0...4 {
      for seed: UInt64 in 0..<4 {
        let venue = try crash(seed, rule: rule)
        var cuts: [UInt64: [Size]] = [:]
        let engine = try keeping(venue) { inquiry, record in
          seen.insert(rule)
          cuts[record.sequence, default: []] += inquiry.cuts.map(\.size)
          let found = inquiry.question.allocate(among: inquiry.candidates)
          #expect(found.cuts == inquiry.cuts && found.level == inquiry.level)
          #expect(inquiry.omitted == 0 && inquiry.contract.id == perpetual)
          #expect(inquiry.block == venue.engine.state.block && inquiry.account.number == 1)
          let records = record.events.compactMap { event -> DeleveragingAllocation? in
            guard case .deleveragingAllocated(let one) = event else { return nil }
            return one.isWidened == !inquiry.question.requiresProfit ? one : nil
          }
          // Under the oldest rule the trades are the record, and the digest is here alone.
          #expect(records.count == (rule == 0 ? 0 : 1))
          for one in records {
            #expect(one.root == inquiry.root && one.size == inquiry.question.size)
            #expect(one.level == inquiry.level ?? 0 && Int(one.cuts) == inquiry.cuts.count)
          }
        }
        #expect(engine.hash == venue.engine.hash, "keeping decides nothing")
        for record in venue.records {
          #expect(trades(of: record).map(\.size) == cuts[record.sequence] ?? [])
        }
      }
    }
    #expect(seen == Set(0...4))
  }

  @Test("what is kept is of the last step, and none of a refused one")
  func lastStep() throws {
    let venue = try crash(1, rule: 1)
    var engine = try keeping(venue) { _, _ in }
    #expect(!engine.deleveragings.isEmpty)
    let last = engine.deleveragings
    #expect(throws: StepError.self) {
      try engine.step(.advanceBlock(at: engine.state.time, samples: []))
    }
    #expect(engine.deleveragings.isEmpty && !last.isEmpty)
    _ = try engine.step(.openAccount(AccountID(900), .cross))
    #expect(engine.keepsDeleveragings && engine.deleveragings.isEmpty)
    engine.keepsDeleveragings = false
    #expect(!engine.keepsDeleveragings)
  }
}
