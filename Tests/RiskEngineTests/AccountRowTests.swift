// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import Parameters
import TestFixtures
import Testing

@testable import RiskEngine

@Suite("Accounts measured by rows")
struct AccountRowTests {
  @Test("stand in every block of a history as those measured one by one", arguments: 0..<8)
  func history(seed: UInt64) throws {
    var venue = try FuzzTests.busyVenue()
    var plain = venue.engine
    plain.fewestInRows = .max
    var rowed = venue.engine
    rowed.fewestInRows = 0
    rowed.changes.fewestInParts = 1
    rowed.workers = AccountWorkers { count, places, work in
      for range in [0..<count / 3, count / 3..<count] { work(range, places) }
    }
    venue.replaceEngine(rowed)
    var commands = RandomCommands(seed: seed + 500)
    var followed = 0
    var swept = 0
    for _ in 0..<240 {
      let command = try commands.next(for: &venue)
      let kept = venue.engine.rows?.count
      let isAccepted = try venue.attempt(command)
      let record = try? plain.step(command)
      #expect((record != nil) == isAccepted)
      #expect(venue.engine.hash == plain.hash)
      #expect(venue.engine.risks == plain.risks, "after \(command)")
      guard case .advanceBlock = command, isAccepted, let rows = venue.engine.rows,
        let valuation = venue.engine.valuation
      else { continue }
      followed += kept == nil ? 0 : 1
      swept += rows.sweep(valuation.requirements) == nil ? 0 : 1
    }
    #expect(plain.rows == nil)
    #expect(followed > 10, "rows that were there before took over what had changed")
    #expect(swept > 30, "the kernel measured them")
  }

  @Test("are none where there are fewer accounts than instruments, or only a few")
  func few() throws {
    var venue = try FuzzTests.busyVenue()
    try venue.block(after: 60)
    #expect(venue.engine.rows == nil)
    var engine = venue.engine
    for (least, seconds, isThere) in [(14, 60, false), (13, 120, true)] {
      engine.fewestInRows = least
      _ = try engine.step(venue.nextBlock(after: Int64(seconds)))
      #expect(engine.state.accounts.count == 13)
      #expect((engine.rows != nil) == isThere)
    }
  }

  @Test("follow accounts opened since, and are made anew when those are more than an eighth")
  func opened() throws {
    var venue = try FuzzTests.busyVenue()
    var engine = venue.engine
    engine.fewestInRows = 0
    venue.replaceEngine(engine)
    try venue.block(after: 60)
    #expect(venue.engine.rows?.count == 13)
    try venue.open(50, .portfolio, usd: "77")
    try venue.block(after: 60)
    #expect(venue.engine.rows?.count == 13)
    #expect(venue.engine.risks.count == 14)
    #expect(venue.engine.risks[13].equity == 77_000_000)
    try venue.open(51, .cross, usd: "78")
    try venue.block(after: 60)
    #expect(venue.engine.rows?.count == 15)
    #expect(venue.engine.risks[14].equity == 78_000_000)
  }

  @Test("are forgotten with the parameters and the listing they were made for")
  func forgotten() throws {
    var venue = try FuzzTests.busyVenue()
    var engine = venue.engine
    engine.fewestInRows = 0
    venue.replaceEngine(engine)
    try venue.block(after: 60)
    #expect(venue.engine.rows != nil)
    let set = try venue.engine.state.parameters.setting(
      "margin.maintenanceFactor", to: "50%", source: "test")
    try venue.submit(.changeParameters(set))
    #expect(venue.engine.rows == nil)
  }
}
