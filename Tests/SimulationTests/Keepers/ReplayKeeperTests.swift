// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Foundation
import Ledger
import Parameters
import Quantities
import RiskEngine
import Testing

@testable import Simulation

@Suite("A replay with keepers outside")
struct ReplayKeeperTests {
  private static let folder =
    ProcessInfo.processInfo.environment["PLIMSOLL_DATA"]
    ?? URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../../shared/data").standardized.path
  private static let gasFile =
    folder + "/onchain/ethereum_gas_price_intraday_crash_days_dev.csv.gz"

  private func run(
    gas: GasProfile?, _ changes: [(key: String, value: String)] = []
  ) throws -> (result: ReplayResult, story: KeeperStory?) {
    let start = try Timestamp(iso8601: "2020-03-12T10:30:00Z")
    let market = try RecordedMarketReader.load(
      folder: Self.folder, window: start..<start + TimeSpan(seconds: 2_400),
      underlyings: [try AssetSymbol("BTC"), try AssetSymbol("ETH")])
    let file = try MarkedVenue.file.get().set
    let terms =
      [
        (key: "keeper.patience", value: "2"), (key: "keeper.gasUnits", value: "600000"),
        (key: "keeper.bonus", value: "3%"), (key: "keeper.margin", value: "30%"),
        (key: "keeper.cap", value: "5%"),
      ] + changes
    let values = try terms.map {
      try ParameterSet.read(key: $0.key, text: $0.value, source: "test")
    }
    let set = try ParameterSet(name: file.name, date: file.date, values: file.values + values)
    var plan = ReplayPlan(
      title: "12 March 2020", market: market,
      parameters: try FeedFit(market: market).parameters(set),
      accounts: .population(count: 70, seed: 5))
    plan.gas = gas
    var replay = try Replay(plan)
    let result = try replay.run()
    #expect(replay.engine.state.brokenAfterBlock() == nil)
    return (result, replay.keeperStory)
  }

  // S25: gas rose tenfold in the course of 12 March 2020; between ten and eleven it was at 76 gwei.
  @Test(
    "on 12 March 2020 nothing is sold for nothing, and the engine falls back on its own book",
    .enabled(if: FileManager.default.fileExists(atPath: gasFile)))
  func crash() throws {
    let start = try Timestamp(iso8601: "2020-03-12T10:30:00Z")
    let prices = try GasPrices.load(path: Self.gasFile)
    let crash = try run(gas: .recorded(prices, from: start))
    let story = try #require(crash.story)
    print("keepers in a replay: \(story)")
    #expect(story.offered > 3 && story.fallbacks >= story.taken)
    #expect(story.worstPrice > 0.5, "the band around the mark")
    #expect(crash.result.totals.liquidations > 0)
    // The same hours with the gas of the day before: keepers come.
    let calm = try run(gas: .constant(10_000_000_000))
    let calmStory = try #require(calm.story)
    print("keepers in a calm replay: \(calmStory)")
    #expect(calmStory.taken > calmStory.fallbacks && calmStory.taken > story.taken)
    #expect(calmStory.worstPrice > 0.5)
  }

  @Test(
    "without gas there are no keepers: every offer falls back",
    .enabled(if: FileManager.default.fileExists(atPath: gasFile)))
  func none() throws {
    let alone = try run(gas: nil)
    #expect(alone.story == nil && alone.result.totals.liquidations > 0)
    #expect(alone.result.totals.refusedCommands == 0)
  }
}
