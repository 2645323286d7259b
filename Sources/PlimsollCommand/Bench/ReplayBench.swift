// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Foundation
import Journal
import RiskEngine
import Simulation

/// The whole chain: 48 hours of minutes, every account re-margined every block, then verified.
enum ReplayBench {
  static func figures(market: RecordedMarket, accounts: Int) throws -> [Figure] {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("plimsoll-bench-\(ProcessInfo.processInfo.processIdentifier)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("journal.db").path
    let single = try replay(market, accounts, threads: 1, journal: .none)
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let whole = try replay(market, accounts, threads: cores, journal: .create(path))
    var verified = 0.0
    var records = 0
    verified = try seconds {
      let reader = try JournalReader.open(path)
      records = try verify(reader, workers: .threads(cores)) { _, _ in }.records
    }
    return [
      .below("replay with journal, \(cores) threads", whole.seconds, "s", goal: 20),
      .ratio(
        "replay, \(cores) threads", whole.seconds, "s", against: "1 thread, no journal",
        single.seconds),
      .below("verify", verified, "s"),
      .below("records", Double(records), "records"),
      .below("positions at the start", Double(whole.positions), "positions"),
      .below("peak memory", peakMebibytes(), "MiB", goal: 1_024),
    ]
  }

  private static func replay(
    _ market: RecordedMarket, _ accounts: Int, threads: Int, journal: JournalTarget
  ) throws -> (seconds: Double, positions: Int) {
    let parameters = try FeedFit(market: market).parameters(ParameterFile.bundled().set)
    var positions = 0
    let elapsed = try seconds {
      var replay = try Replay(
        ReplayPlan(
          title: "benchmark", market: market, parameters: parameters,
          accounts: .population(count: accounts, seed: 20_200_312), journal: journal,
          workers: .threads(threads)))
      positions = try replay.run().totals.positions
    }
    return (elapsed, positions)
  }
}
