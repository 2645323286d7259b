// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import Oracles
import Quantities
import Testing

@Suite("Circuit breaker")
struct BreakerTests {
  private func all(_ cents: Int64) -> [Int64?] { Array(repeating: cents, count: 5) }

  private func settled() throws -> World {
    var world = try World()
    try world.block(at: 0, all(10_000))
    return world
  }

  @Test("a move at the limit of a minute passes, one unit beyond pauses the feed")
  func threshold() throws {
    for (cents, isBroken) in [
      (12_000, false), (12_001, true), (8_000, false), (7_999, true),
    ] as [(Int64, Bool)] {
      var world = try settled()
      let decision = try world.block(at: 60, all(cents))
      #expect(decision.isBroken == isBroken)
      #expect((world.state.freshIndex == nil) == isBroken)
      #expect(world.state.index?.price.steps == (isBroken ? 10_000 : cents) * 1_000_000)
    }
  }

  @Test("the limit grows with the time since the last price, up to the ceiling")
  func elapsedTime() throws {
    for (seconds, cents, isBroken) in [
      (30, 12_000, false), (30, 12_001, true), (90, 13_000, false), (90, 13_001, true),
      (150, 15_000, false), (150, 15_001, true), (36_000, 15_000, false), (36_000, 15_001, true),
    ] as [(Int64, Int64, Bool)] {
      var world = try settled()
      #expect(try world.block(at: seconds, all(cents)).isBroken == isBroken)
    }
  }

  @Test("many blocks in a minute cannot add up to more than the limit of a minute")
  func manyBlocks() throws {
    var world = try settled()
    #expect(try world.block(at: 10, all(11_000)).cents == 11_000)
    #expect(try world.block(at: 20, all(12_000)).cents == 12_000)
    #expect(try world.block(at: 30, all(12_100)).isBroken)
  }

  @Test("back inside the limit the feed resumes at once")
  func returning() throws {
    var world = try settled()
    try world.block(at: 60, all(100_000))
    #expect(world.state.freshIndex == nil)
    #expect(try world.block(at: 120, all(10_100)).cents == 10_100)
    #expect(world.state.phase == .fresh)
  }

  @Test("time alone does not widen the limit of a pause")
  func noWidening() throws {
    var world = try settled()
    try world.block(at: 60, all(12_500))
    #expect(try world.block(at: 170, []).isBroken)
    #expect(try world.block(at: 180, all(12_001)).isBroken)
  }

  @Test("a new level is accepted with its last confirmation, not one before")
  func confirmations() throws {
    var world = try settled()
    try world.block(at: 60, all(5_000))
    #expect(try world.block(at: 120, all(5_000)).isBroken)
    #expect(try world.block(at: 180, all(5_100)).isBroken)
    let resumed = try world.block(at: 240, all(5_050))
    #expect(resumed.cents == 5_050)
    #expect(world.state.phase == .fresh)
    // The next move is measured from the new level.
    #expect(try world.block(at: 300, all(6_061)).isBroken)
  }

  @Test("a block confirms only with a quorum that published after the one before")
  func newStatements() throws {
    var world = try settled()
    try world.block(at: 60, all(5_000))
    for seconds in Int64(61)...70 { try world.block(at: seconds, [5_000, 5_000]) }
    guard case .circuitBroken(let pause) = world.state.phase else {
      Issue.record("two sources ended the pause")
      return
    }
    #expect(pause.confirmations == 0)
    try world.block(at: 71, [nil, nil, 5_000])
    guard case .circuitBroken(let confirmed) = world.state.phase else { return }
    #expect(confirmed.confirmations == 1)
    #expect(confirmed.confirmedAt == Timestamp(seconds: 71))
  }

  @Test("the shortest pause is kept however fast the confirmations come")
  func shortestPause() throws {
    var world = try settled()
    try world.block(at: 60, all(5_000))
    for seconds in stride(from: Int64(70), through: 170, by: 10) {
      #expect(try world.block(at: seconds, all(5_000)).isBroken)
    }
    let early = world.decide(
      try (0..<5).map { try world.sample($0, 5_000, at: 179) }, at: 179)
    #expect(early.isBroken)
    #expect(try world.block(at: 180, all(5_000)).cents == 5_000)
  }

  @Test("a level that moves on beyond the tolerance starts the confirmations again")
  func movingLevel() throws {
    for (cents, confirmations) in [(5_500, 1), (5_501, 0)] as [(Int64, Int32)] {
      var world = try settled()
      try world.block(at: 60, all(5_000))
      let decision = try world.block(at: 120, all(cents))
      guard case .circuitBroken(let pause) = decision.update.outcome else {
        Issue.record("resumed early")
        return
      }
      #expect(pause.confirmations == confirmations)
      #expect(pause.level == Price(steps: cents * 1_000_000))
      #expect(pause.since == Timestamp(seconds: 60))
      #expect(pause.until == Timestamp(seconds: confirmations == 0 ? 240 : 180))
    }
  }

  @Test("after a minute the next move is measured from the latest price")
  func renewedAnchor() throws {
    var world = try settled()
    #expect(try world.block(at: 60, all(12_000)).cents == 12_000)
    #expect(try world.block(at: 110, all(14_400)).cents == 14_400)
  }

  /// A feed that was paused at 60 s and whose new level was confirmed twice.
  private func almostConfirmed() throws -> World {
    var world = try settled()
    for seconds in [60, 120, 180] as [Int64] {
      #expect(try world.block(at: seconds, all(5_000)).isBroken)
    }
    return world
  }

  @Test("a missing quorum does not end a pause, and its confirmations start again")
  func missingQuorum() throws {
    var world = try almostConfirmed()
    #expect(world.take([], at: 361).isBroken)
    for seconds in [370, 380] as [Int64] {
      #expect(try world.block(at: seconds, all(5_000)).isBroken)
    }
    #expect(try world.block(at: 390, all(5_000)).cents == 5_000)
  }

  @Test("a restart does not end a pause, and its confirmations start again")
  func restart() throws {
    var world = try almostConfirmed()
    world.state.restart(at: Timestamp(seconds: 190))
    #expect(world.state.freshIndex == nil)
    for seconds in [200, 210] as [Int64] {
      #expect(try world.block(at: seconds, all(5_000)).isBroken)
    }
    #expect(try world.block(at: 220, all(5_000)).cents == 5_000)
  }
}
