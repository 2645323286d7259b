// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Foundation
import Journal
import Ledger
import Parameters
import Quantities
import RiskEngine
import Testing

@testable import Simulation

/// Fifty minutes of three venues and two coins, level, then down a fifth in ten minutes, and the
/// replays of seventy accounts through it.
enum FallingMarket {
  private static let recorded = Result { try record([]) }

  /// - Parameter depth: What BTC's book held within 1 % from some minutes on, coins on each side.
  private static func record(_ depth: [(minute: Int, coins: Int)]) throws -> RecordedMarket {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "plimsoll-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let start = MarkedVenue.start.nanoseconds / 1_000_000
    for (venue, name) in ["BINANCE", "BITSTAMP", "COINBASE"].enumerated() {
      for (coin, level, step) in [("BTC", 7_900, 160), ("ETH", 200, 4)] {
        var text = "ts_ms,open,high,low,close\n"
        for minute in 0..<50 {
          let price = level - step * min(max(minute - 10, 0), 10) + venue
          let next = price - step
          text += "\(start + Int64(minute) * 60_000),\(price),\(price + 1),\(next - 1),\(next)\n"
        }
        try Data(text.utf8).write(to: folder.appending(path: "\(coin)-USD.\(name).1m.csv"))
      }
    }
    if !depth.isEmpty {
      let rows = depth.map {
        "\(start + Int64($0.minute) * 60_000),0.01,\($0.coins),\($0.coins)\n"
      }
      try Data(("ts_ms,distance,bids,asks\n" + rows.joined()).utf8)
        .write(to: folder.appending(path: "BTC-USD.BITMEX.depth.csv"))
    }
    return try UserMarketReader.load(
      folder: folder.path, window: nil, underlyings: [], badRows: .refuse)
  }

  static func plan(
    _ changes: [(key: String, value: String)], depth: [(minute: Int, coins: Int)] = [],
    gas: Int64? = 20_000_000_000, accounts: Int = 70, seed: UInt64 = 3,
    journal: JournalTarget = .none
  ) throws -> ReplayPlan {
    let file = try MarkedVenue.file.get().set
    let values = try changes.map {
      try ParameterSet.read(key: $0.key, text: $0.value, source: "test")
    }
    let others = file.values.filter { old in !values.contains { $0.key == old.key } }
    let set = try ParameterSet(name: file.name, date: file.date, values: others + values)
    var plan = ReplayPlan(
      title: "a fall", market: try depth.isEmpty ? recorded.get() : record(depth), parameters: set,
      accounts: .population(count: accounts, seed: seed), journal: journal, blocksPerCommit: 7,
      blocksPerSnapshot: 13)
    plan.gas = gas.map { .constant($0) }
    return plan
  }

  static func run(_ plan: ReplayPlan) throws -> (result: ReplayResult, engine: Engine) {
    var replay = try Replay(plan)
    let result = try replay.run()
    #expect(replay.engine.state.brokenAfterBlock() == nil)
    return (result, replay.engine)
  }
}

/// A journal of one test, removed with it, and what was written to it.
final class ScratchJournal {
  let path = FileManager.default.temporaryDirectory
    .appending(path: "plimsoll-\(UUID().uuidString).journal").path

  deinit {
    for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + end) }
  }

  /// Decides every command again and calls `body` with the engine before it, the command, its
  /// events, and the engine after it.
  func follow(
    _ body: (_ before: Engine, Command, [LedgerEvent], _ after: Engine) throws -> Void
  ) throws {
    var engine: Engine?
    try forEachCommand { command, events, hash in
      guard let before = engine else {
        guard case .openVenue(let quote, let set) = command else { return }
        engine = try Engine.open(quote: quote, parameters: set).engine
        return
      }
      var after = before
      _ = try after.step(command)
      #expect(after.hash == hash)
      try body(before, command, events, after)
      engine = after
    }
  }

  /// Calls `body` with every command, its events and the hash after it, as they were written.
  func forEachCommand(
    _ body: (Command, [LedgerEvent], _ after: ChainHash) throws -> Void
  ) throws {
    var command: Command?
    try JournalReader.open(path).forEachRecord { stored in
      guard let decided = command else {
        command = try Command(canonicalBytes: stored.record.payload)
        return
      }
      command = nil
      try body(
        decided, try Record.decodeEvents(stored.record.payload), stored.record.chainHash)
    }
  }
}
