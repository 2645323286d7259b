// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Quantities
import Testing

@testable import Simulation

private let isFull = ProcessInfo.processInfo.environment["PLIMSOLL_FULL"] == "1"

@Suite("Attack search")
struct AttackSearchTests {
  /// Strategies a family plays through the engine.
  private static let played = isFull ? 20_000 : 120

  @Test(
    "no family takes a unit from the venue through the engine", arguments: AttackSearch.families)
  func engine(family: AttackFamily) throws {
    let search = try AttackSearch(ParameterFile.bundled().set)
    let start = ContinuousClock.now
    let finding = search.run(family, from: 1, count: Self.played)
    print("attack: \(finding) \(ContinuousClock.now - start)")
    #expect(finding.strategies == Self.played)
    #expect(finding.liquidations > Self.played / 30, "the search reaches liquidation")
    #expect(finding.bestProfit <= 0, "strategy \(finding.bestNumber)")
  }

  // Ten million with PLIMSOLL_FULL=1.
  @Test("nor from the decision functions alone", arguments: DecisionSearch.families)
  func decisions(family: AttackFamily) throws {
    let search = try DecisionSearch(ParameterFile.bundled().set)
    let count = isFull ? 2_000_000 : 4_000
    let start = ContinuousClock.now
    let finding = search.run(family, from: 1, count: count)
    print("attack on decisions: \(finding) \(ContinuousClock.now - start)")
    #expect(finding.strategies == count)
    #expect(finding.bestProfit <= 0, "strategy \(finding.bestNumber)")
    #expect(finding.bestProfit > -1_000_000, "the search comes near to paying nothing")
  }

  @Test("a strategy is its family and number")
  func deterministic() throws {
    let search = try AttackSearch(ParameterFile.bundled().set)
    for number in 1...5 as ClosedRange<UInt64> {
      let strategy = AttackStrategy(.washTrades, number: number)
      #expect(strategy == AttackStrategy(.washTrades, number: number))
      #expect(strategy != AttackStrategy(.washTrades, number: number + 1))
      #expect(search.play(strategy) == search.play(strategy))
    }
  }
}
