// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Foundation
import Instruments
import Journal
import Ledger
import Liquidation
import Parameters
import Quantities
import RiskEngine
import Testing

@testable import Simulation

@Suite("Deleveragings and rankings of a replay")
struct PublishedDeleveragingTests {
  /// Half an hour of three venues: level, then down two fifths in six minutes, then level.
  private static let market = Result {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "plimsoll-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let start = MarkedVenue.start.nanoseconds / 1_000_000
    for (venue, name) in ["BINANCE", "BITSTAMP", "COINBASE"].enumerated() {
      var text = "ts_ms,open,high,low,close\n"
      for minute in 0..<30 {
        let price = 7_900 - 500 * min(max(minute - 5, 0), 6) + venue
        let next = 7_900 - 500 * min(max(minute - 4, 0), 6) + venue
        text += "\(start + Int64(minute) * 60_000),\(price),\(price + 3),\(next - 2),\(next)\n"
      }
      try Data(text.utf8).write(to: folder.appending(path: "BTC-USD.\(name).1m.csv"))
    }
    return try UserMarketReader.load(
      folder: folder.path, window: nil, underlyings: [], badRows: .refuse)
  }

  private func plan(_ journal: JournalTarget = .none) throws -> ReplayPlan {
    let market = try Self.market.get()
    return ReplayPlan(
      title: "a fall", market: market,
      parameters: try FeedFit(market: market).parameters(MarkedVenue.file.get().set),
      accounts: .population(count: 60, seed: 20_200_312), journal: journal, blocksPerCommit: 7,
      blocksPerSnapshot: 8)
  }

  /// The last record that the mark beside a journal says is on the disk.
  private static func acknowledged(_ journal: ScratchJournal) throws -> UInt64 {
    let mark = try Data(contentsOf: URL(fileURLWithPath: journal.path + ".mark"))
    return mark[8..<16].reduce(0) { $0 << 8 | UInt64($1) }
  }

  @Test("every closing is published once, when the record that has it is on the disk")
  func published() throws {
    let journal = ScratchJournal()
    var replay = try Replay(plan(.create(journal.path)))
    var all: [Published<DeleveragingInquiry>] = []
    let result = try replay.run(publish: { one in
      all.append(one)
      let acknowledged = try Self.acknowledged(journal)
      // Two records in the journal for each of the engine's.
      #expect(acknowledged >= one.record * 2)
    })
    try #require(!all.isEmpty)
    var sizes: [UInt64: [Size]] = [:]
    for one in all {
      sizes[one.record, default: []] += one.inquiry.cuts.map(\.size)
      let found = one.inquiry.question.allocate(among: one.inquiry.candidates)
      #expect(found.cuts == one.inquiry.cuts && found.level == one.inquiry.level)
    }
    var sequence: UInt64 = 0
    try journal.forEachCommand { _, events, hash in
      sequence += 1
      let traded = events.compactMap { event -> Size? in
        guard case .traded(let trade) = event, trade.cause == .deleveraging else { return nil }
        return trade.size
      }
      #expect(traded == sizes[sequence] ?? [])
      #expect(all.filter { $0.record == sequence }.allSatisfy { $0.hash == hash })
    }
    var silent = try Replay(plan())
    #expect(try silent.run().hash == result.hash)
    #expect(silent.observer.takeInquiries().isEmpty, "nothing is kept that nobody wants")
  }

  @Test("a recovery through a block has its hash and everybody's place after it")
  func recoveredRanking() throws {
    let journal = ScratchJournal()
    var replay = try Replay(plan(.create(journal.path)))
    var hashes: [UInt64: ChainHash] = [:]
    var rows: [UInt64: [[MarketRanking.Row]]] = [:]
    _ = try replay.run(watch: { engine in
      hashes[engine.state.block] = engine.hash
      rows[engine.state.block] = MarketRanking.markets(of: engine).map(\.rows)
    })
    let reader = try JournalReader.open(journal.path)
    let last = try #require(hashes.keys.max())
    for block in hashes.keys.sorted() where block % 3 == 0 || block + 1 >= last {
      let engine = try recover(reader, through: block, workers: .one)
      #expect(engine.state.block == block && engine.hash == hashes[block])
      #expect(MarketRanking.markets(of: engine).map(\.rows) == rows[block])
    }
    let whole = try recover(reader, workers: .one)
    #expect(whole.hash == hashes[last] && whole.hash == replay.engine.hash)
    #expect(throws: VerificationError.beyondEnd(block: last + 1, last: last)) {
      try recover(reader, through: last + 1, workers: .one)
    }
    #expect(try recover(reader, through: 0, workers: .one).valuation == nil)
  }

  @Test("markets and accounts may be asked for one by one, and keep their places")
  func filters() throws {
    var replay = try Replay(plan())
    _ = try replay.run()
    let markets = MarketRanking.markets(of: replay.engine)
    let perpetual = try #require(markets.first { $0.contract.name == "BTC-PERP" })
    let row = try #require(perpetual.rows.first { $0.queue?.place == 1 })
    #expect(row.queue?.quantile == 100)
    let one = MarketRanking.markets(
      of: replay.engine, contract: "BTC-PERP", account: row.account)
    #expect(one.map(\.rows) == [[row]])
    let sides = perpetual.rows.map(\.side)
    #expect(sides == sides.filter { $0 == .buy } + sides.filter { $0 == .sell })
    for side in Side.allCases {
      let places = perpetual.rows.filter { $0.side == side }.map { $0.queue?.place ?? .max }
      #expect(places == places.sorted())
    }
    #expect(MarketRanking.markets(of: replay.engine, contract: "XRP-PERP").isEmpty)
  }
}
