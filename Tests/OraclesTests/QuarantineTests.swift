// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import Oracles
import Quantities
import Testing

@Suite("Jump quarantine")
struct QuarantineTests {
  private func settled(_ rules: Rules = Rules()) throws -> World {
    var world = try World(rules)
    try world.block(at: 0, Array(repeating: 10_000, count: rules.weights.count))
    return world
  }

  /// A band so wide that only the quarantine keeps a source from voting.
  private var wideBand: Rules {
    var rules = Rules()
    rules.band = .one
    return rules
  }

  @Test("a source that moves alone is quarantined one unit beyond its limit")
  func threshold() throws {
    for (cents, isQuarantined) in [
      (11_000, false), (11_001, true), (9_001, false), (9_000, false), (8_999, true),
    ] as [(Int64, Bool)] {
      var world = try settled(wideBand)
      let decision = try world.block(at: 60, [cents, 10_000, 10_000, 10_000, 10_000])
      #expect(decision.reasons == (isQuarantined ? [.quarantined] : []))
      #expect(decision.index?.voters == (isQuarantined ? 4 : 5))
      #expect(
        try world.standing(0) == (isQuarantined ? .quarantined(confirmations: 0) : .voting))
    }
  }

  @Test("sources that move together are not quarantined")
  func together() throws {
    var world = try settled()
    let decision = try world.block(at: 60, [8_500, 8_500, 8_500, 8_500, 8_500])
    #expect(decision.rejected.isEmpty)
    #expect(decision.cents == 8_500)
  }

  @Test("when most sources move neither those that moved nor those that stayed are quarantined")
  func majorityMoves() throws {
    var world = try settled()
    let decision = try world.block(at: 60, [8_600, 8_600, 8_600, 10_000, 10_000])
    #expect(decision.reasons == [.outsideDeviationBand, .outsideDeviationBand])
    #expect(decision.cents == 8_600)
  }

  @Test("when fewer than half move they are quarantined, though they agree")
  func minorityMoves() throws {
    var world = try settled(wideBand)
    let decision = try world.block(at: 60, [8_500, 8_500, 10_000, 10_000, 10_000])
    #expect(decision.reasons == [.quarantined, .quarantined])
    #expect(decision.cents == 10_000)
  }

  @Test("a source that returns to the others from afar is not quarantined")
  func returning() throws {
    var world = try World()
    try world.block(at: 0, [13_000, 10_000, 10_000, 10_000, 10_000])
    let decision = try world.block(at: 60, [10_000, 10_000, 10_000, 10_000, 10_000])
    #expect(decision.rejected.isEmpty)
    #expect(decision.index?.voters == 5)
  }

  @Test("a source that comes nearer to the others is not quarantined, one that goes further is")
  func nearerOrFurther() throws {
    for (cents, isQuarantined) in [(11_500, false), (14_500, true)] as [(Int64, Bool)] {
      var world = try World(wideBand)
      try world.block(at: 0, [13_000, 10_000, 10_000, 10_000, 10_000])
      let decision = try world.block(at: 60, [cents, 10_000, 10_000, 10_000, 10_000])
      #expect(decision.reasons == (isQuarantined ? [.quarantined] : []))
    }
  }

  @Test("a source that overtakes the others is quarantined beyond its limit from them")
  func overtaking() throws {
    for (cents, isQuarantined) in [(12_100, false), (12_101, true)] as [(Int64, Bool)] {
      var world = try settled(wideBand)
      let decision = try world.block(at: 60, [cents, 11_000, 11_000, 11_000, 11_000])
      #expect(decision.reasons == (isQuarantined ? [.quarantined] : []))
    }
  }

  @Test("the quarantine ends when the others follow, without a new sample")
  func othersFollow() throws {
    var world = try settled()
    try world.block(at: 60, [8_500])
    #expect(try world.standing(0) == .quarantined(confirmations: 0))
    let decision = try world.block(at: 70, [nil, 8_500, 8_500])
    #expect(decision.rejected.isEmpty)
    #expect(try world.standing(0) == .voting)
    #expect(decision.cents == 8_500)
  }

  @Test("the quarantine ends when the source returns")
  func sourceReturns() throws {
    var world = try settled()
    try world.block(at: 60, [20_000])
    let decision = try world.block(at: 70, [10_900])
    #expect(decision.rejected.isEmpty)
    #expect(try world.standing(0) == .voting)
  }

  @Test("the quarantine ends with the last confirmation, not one before")
  func confirmations() throws {
    var world = try settled(wideBand)
    try world.block(at: 60, [12_000, 10_000, 10_000, 10_000, 10_000])
    for (seconds, expected) in [
      (120, SourceStanding.quarantined(confirmations: 1)),
      (180, .quarantined(confirmations: 2)), (240, .voting),
    ] as [(Int64, SourceStanding)] {
      let decision = try world.block(at: seconds, [12_000, 10_000, 10_000, 10_000, 10_000])
      #expect(try world.standing(0) == expected)
      #expect(decision.reasons == (expected == .voting ? [] : [.quarantined]))
    }
    #expect(world.state.freshIndex?.voters == 5)
  }

  @Test("only new samples near the last one confirm; a further jump starts again")
  func brokenConfirmation() throws {
    var world = try settled(wideBand)
    try world.block(at: 60, [12_000])
    try world.block(at: 120, [12_000, 10_000, 10_000, 10_000, 10_000])
    #expect(try world.standing(0) == .quarantined(confirmations: 1))
    try world.block(at: 130, [nil, 10_000])
    #expect(try world.standing(0) == .quarantined(confirmations: 1))
    try world.block(at: 140, [13_200])
    #expect(try world.standing(0) == .quarantined(confirmations: 2))
    try world.block(at: 150, [14_521])
    #expect(try world.standing(0) == .quarantined(confirmations: 0))
  }

  @Test("a single source is judged by its own last price")
  func singleSource() throws {
    var rules = Rules()
    rules.weights = [1_000_000_000]
    rules.quorum = 1
    var world = try settled(rules)
    #expect(try world.block(at: 60, [11_000]).cents == 11_000)
    let jump = try world.block(at: 120, [110_000])
    #expect(jump.update.outcome == .belowQuorum(voters: 0))
    #expect(jump.reasons == [.quarantined])
    #expect(try world.block(at: 180, [11_100]).cents == 11_100)
  }

  @Test("a source that was silent in quarantine is judged by the same price when it returns")
  func silentInQuarantine() throws {
    var world = try settled()
    try world.block(at: 60, [20_000, 10_000, 10_000, 10_000, 10_000])
    try world.block(at: 200, [nil, 10_000, 10_000, 10_000, 10_000])
    let silent = try world.block(at: 241, [nil, 10_000, 10_000, 10_000, 10_000])
    #expect(silent.silenced == [try source(0)])
    let decision = try world.block(at: 300, [20_000, 10_000, 10_000, 10_000, 10_000])
    #expect(decision.reasons == [.quarantined])
  }
}
