// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import NumericalMethods
import Quantities
import Testing

@Suite("The ranking of scenarios")
struct ScenarioRankingTests {
  @Test("begins with the scenario that binds and never rises", arguments: [1, 2] as [UInt64])
  func order(seed: UInt64) throws {
    let books = try RandomBooks()
    var random = SplitMix64(seed: seed)
    for _ in 0..<60 {
      let breakdown = try books.engine.breakdown(of: books.portfolio(&random, .portfolio))
      let ranking = ScenarioRanking(breakdown.scans, of: books.engine)
      #expect(ranking.underlyings.map(\.underlying) == breakdown.scans.map(\.underlying))
      for (scan, list) in zip(breakdown.scans, ranking.underlyings) {
        #expect(list.binding.scenario == scan.binding && list.binding.loss == scan.loss)
        #expect(list.scenarios.count == scan.profits.count + scan.skewLosses.count)
        #expect(Set(list.scenarios.map(\.scenario)).count == list.scenarios.count)
        for (one, next) in zip(list.scenarios, list.scenarios.dropFirst()) {
          #expect(one.loss >= next.loss)
        }
      }
    }
  }

  @Test("of the whole begins with the scan's sum and is that of all combinations")
  func joint() throws {
    let books = try RandomBooks()
    var random = SplitMix64(seed: 7)
    for _ in 0..<40 {
      let scans = try books.engine.scans(of: books.portfolio(&random, .portfolio))
      let ranking = ScenarioRanking(scans, of: books.engine, count: 6)
      guard !scans.isEmpty else {
        #expect(ranking.joint.isEmpty)
        continue
      }
      #expect(ranking.joint.first?.loss == scans.reduce(0) { $0 + $1.loss })
      var sums: [Int64] = [0]
      for list in ranking.underlyings {
        let losses = list.scenarios.map(\.loss).filter { $0 > 0 } + [0]
        sums = sums.flatMap { sum in losses.map { sum + $0 } }
      }
      let expected = sums.sorted(by: >).prefix(6)
      #expect(ranking.joint.map(\.loss) == Array(expected.prefix(ranking.joint.count)))
      for scenario in ranking.joint {
        #expect(scenario.loss == scenario.parts.reduce(0) { $0 + $1.loss })
        #expect(scenario.parts.map(\.underlying) == scans.map(\.underlying))
      }
    }
  }

  // Long 2 BTC of a perpetual at 8,000, range 16 % in steps: each third of the range down loses
  // the same in all three states of volatility, so equal losses keep the grid's order.
  @Test("keeps the grid's order among equals")
  func ties() throws {
    var world = try World(index: "8000")
    let perpetual = try world.list(.perpetual)
    let engine = try world.engine()
    let scans = try engine.scans(
      of: world.portfolio(
        .portfolio,
        [Position(instrument: perpetual, size: Size(steps: 2_000), cost: 16_000_000_000)]))
    let ranking = try #require(ScenarioRanking(scans, of: engine).underlyings.first)
    #expect(
      ranking.scenarios.prefix(3).map(\.scenario) == [.scenario(0), .scenario(1), .scenario(2)])
    #expect(
      ranking.scenarios.prefix(3).map(\.loss) == [2_560_000_000, 2_560_000_000, 2_560_000_000])
  }

  @Test("says that nothing binds where nothing loses")
  func none() throws {
    var world = try World(index: "8000")
    try world.list(.perpetual)
    let engine = try world.engine()
    let scans = try engine.scans(of: world.portfolio(.portfolio, usd: 1_000_000))
    #expect(ScenarioRanking(scans, of: engine).joint.isEmpty)
  }
}
