// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Foundation
import Quantities
import Simulation
import Testing

/// The recorded option chains, where this machine has them: `PLIMSOLL_DATA`, else beside the
/// package.
private enum RecordedOptions {
  static let folder =
    (ProcessInfo.processInfo.environment["PLIMSOLL_DATA"]
      ?? URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
      .appending(path: "../../../../../shared/data").standardized.path) + "/options"
  static let isPresent = FileManager.default.fileExists(
    atPath: folder + "/deribit_chain_2025-12.csv.gz")
  static let isFull = ProcessInfo.processInfo.environment["PLIMSOLL_FULL"] == "1"

  /// Every snapshot with `PLIMSOLL_FULL=1`, else the first few times of each month.
  static func pairs(leastHours: Int64) throws -> OptionPairs {
    let snapshots = try OptionChainChoice.recorded(in: folder).flatMap { path in
      try OptionChainFile.read(path: path, first: isFull ? nil : 8).snapshots
    }
    let least = TimeSpan(seconds: leastHours * 3_600)
    return try OptionChainChoice(least: least).pairs(snapshots)
  }
}

@Suite("Option books on recorded chains")
struct RecordedOptionBacktestTests {
  @Test(
    "ours cover 99.5 % of losses and require less than Deribit's and Derive's on the same books",
    .enabled(if: RecordedOptions.isPresent, "needs the recorded collection"),
    arguments: [0, 20] as [Int64])
  func ranking(leastHours: Int64) throws {
    let pairs = try RecordedOptions.pairs(leastHours: leastHours)
    let rules = try MadeChains.rules(
      "deribit-portfolio", "derive-pmrm2", "plimsoll", "plimsoll@implied")
    let isFull = RecordedOptions.isFull
    let result = try OptionBacktest(rules: rules, books: isFull ? 1_000 : 60, threads: 2)
      .run(pairs)
    if isFull { #expect(result.outcomes.count >= 160) }
    let tallies = result.models.indices.map { result.tally(model: $0) }
    for tally in tallies[2...] {
      #expect(tally.coverage >= 0.995)
      #expect(tally.meanInitial < tallies[0].meanInitial)
      #expect(tally.meanInitial < tallies[1].meanInitial)
    }
    // The range from implied volatility is what lowers the requirement.
    #expect(tallies[3].meanInitial < 0.9 * tallies[0].meanInitial)
  }
}
