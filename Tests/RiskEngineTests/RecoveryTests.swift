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

@Suite("Determinism and recovery")
struct RecoveryTests {
  private static let history = Kept<UInt64, Venue> { seed in
    var venue = try FuzzTests.busyVenue()
    var commands = RandomCommands(seed: seed)
    for _ in 0..<160 { try venue.attempt(commands.next(for: &venue)) }
    return venue
  }

  private func opened(_ command: Command, workers: AccountWorkers = .one) throws -> Engine {
    guard case .openVenue(let quote, let set) = command else {
      throw CanonicalError.trailing(offset: 0)
    }
    return try Engine.open(quote: quote, parameters: set, workers: workers).engine
  }

  /// An engine with the same state, made from its canonical bytes alone.
  private func rebuilt(_ engine: Engine) throws -> Engine {
    let state = try LedgerState(canonicalBytes: engine.state.canonicalBytes)
    return try Engine(state: state, hash: engine.hash, sequence: engine.sequence)
  }

  @Test("the same commands lead to the same hashes", arguments: 0..<4)
  func twice(seed: UInt64) throws {
    let venue = try Self.history(seed)
    var engine = try opened(venue.commands[0])
    for (command, record) in zip(venue.commands, venue.records).dropFirst() {
      #expect(try engine.step(command).hash == record.hash)
    }
  }

  @Test("commands that were read back from their bytes lead to the same hashes")
  func fromBytes() throws {
    let venue = try Self.history(3)
    var engine = try opened(venue.commands[0])
    for (command, record) in zip(venue.commands, venue.records).dropFirst() {
      let read = try Command(canonicalBytes: command.canonicalBytes)
      #expect(try engine.step(read).hash == record.hash)
    }
  }

  @Test(
    "applying the recorded events gives the live engine, and it goes on alike", arguments: 0..<4)
  func recover(seed: UInt64) throws {
    let venue = try Self.history(seed)
    let half = venue.records.count / 2
    var engine = try opened(venue.commands[0])
    for record in venue.records[1..<half] { try engine.recover(record) }
    try engine.finishRecovery()
    #expect(engine.hash == venue.records[half - 1].hash)
    for (command, record) in zip(venue.commands, venue.records).dropFirst(half) {
      #expect(try engine.step(command).hash == record.hash)
    }
    #expect(engine.state == venue.engine.state)
    #expect(engine.state.digest == venue.engine.state.digest)
  }

  @Test("stopping and starting at any point changes nothing", arguments: 0..<4)
  func restartAnywhere(seed: UInt64) throws {
    let venue = try Self.history(seed)
    var random = Seeded(seed)
    var engine = try opened(venue.commands[0])
    for (command, record) in zip(venue.commands, venue.records).dropFirst() {
      if random.oneIn(6) { engine = try rebuilt(engine) }
      #expect(try engine.step(command).hash == record.hash, "P44 at \(record.sequence)")
    }
  }

  @Test("what the engine computes besides the state is a function of the state", arguments: 0..<4)
  func valuationIsPure(seed: UInt64) throws {
    var venue = try FuzzTests.busyVenue()
    var commands = RandomCommands(seed: seed)
    for step in 0..<120 {
      let command = try commands.next(for: &venue)
      guard try venue.attempt(command), step % 4 == 0 else { continue }
      let twin = try rebuilt(venue.engine)
      #expect(twin.state == venue.engine.state)
      #expect((twin.valuation == nil) == (venue.engine.valuation == nil), "after \(command)")
      guard let live = venue.engine.valuation, let made = twin.valuation else { continue }
      #expect(live.marks == made.marks, "after \(command)")
      for account in venue.engine.state.accounts {
        #expect(live.risk(account.portfolio) == made.risk(account.portfolio), "after \(command)")
      }
    }
  }

  @Test("any number of workers gives the same answer", arguments: [1, 2, 3, 7, 100])
  func workers(count: Int) throws {
    let venue = try Self.history(2)
    // The ranges are worked on in reverse.
    let split = AccountWorkers { total, places, work in
      let length = max((total + count - 1) / count, 1)
      let ranges = stride(from: 0, to: total, by: length).map { $0..<min($0 + length, total) }
      for range in ranges.reversed() { work(range, places) }
    }
    var engine = try opened(venue.commands[0], workers: split)
    for (command, record) in zip(venue.commands, venue.records).dropFirst() {
      #expect(try engine.step(command).hash == record.hash)
    }
  }

  @Test("the order of accounts does not decide about them")
  func accountOrder() throws {
    // The same five customers under other ids: each ends with the same money and positions.
    let sizes: [Int64] = [900, 1_000, 1_100, -1_000, 1_234]
    let deposits = ["480", "520", "600", "500", "700"]
    func outcome(_ order: [Int]) throws -> [[Int64]] {
      var venue = try Venue.marked()
      try venue.fund("100000", of: Coins.usd)
      for (id, customer) in order.enumerated() {
        try venue.open(UInt32(id + 1), .cross, usd: deposits[customer])
        try venue.take(UInt32(id + 1), sizes[customer], of: Contracts.btcPerpetual)
      }
      for price in ["7650", "7500", "7420", "7600"] {
        try venue.block(btc: price)
        for account in venue.engine.state.accounts {
          guard let order = account.liquidation?.order else { continue }
          let price = venue.mark(order.instrument).price
          guard order.side == .sell ? price >= order.limit : price <= order.limit else { continue }
          try venue.submit(venue.report(order, price: price))
        }
      }
      return order.indices.map { customer in
        let id = UInt32(order.firstIndex(of: customer)! + 1)
        return [venue.balance(id), venue.size(id, Contracts.btcPerpetual)]
      }
    }
    let expected = try outcome([0, 1, 2, 3, 4])
    #expect(try outcome([4, 3, 2, 1, 0]) == expected, "P14")
    #expect(try outcome([2, 0, 4, 1, 3]) == expected, "P14")
    #expect(Set(expected.map { $0[1] }) != Set(sizes), "something was liquidated")
  }
}
