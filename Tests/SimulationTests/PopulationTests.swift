// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Quantities
import RiskEngine
import Testing

@testable import Simulation

@Suite("A seeded population")
struct PopulationTests {
  private func opening(
    _ venue: MarkedVenue, count: Int = 600, seed: UInt64 = 1
  ) throws -> OpeningBook {
    try Population(accountCount: count, seed: seed).opening(in: venue.market, book: venue.book)
  }

  @Test("has about four positions an account, in the stated shares of modes")
  func shares() throws {
    let venue = try MarkedVenue()
    let opening = try opening(venue, count: 2_000)
    #expect(opening.accountCount + opening.omittedCount == 2_000)
    #expect(opening.omittedCount <= 10)
    let mean = Double(opening.positionCount) / Double(opening.accountCount)
    #expect(mean > 3.7 && mean < 4.3, "\(mean)")
    let makers = Set(opening.makers.accounts)
    var counts: [MarginMode: Int] = [:]
    for case .openAccount(let id, let mode) in opening.commands where !makers.contains(id) {
      counts[mode, default: 0] += 1
    }
    // Binomial shares of 2,000: five standard deviations are at most 5.6 %.
    for (mode, share) in [(MarginMode.isolated, 0.25), (.cross, 0.6), (.portfolio, 0.15)] {
      #expect(abs(Double(counts[mode] ?? 0) / 2_000 - share) < 0.056, "\(mode)")
    }
  }

  @Test("leaves makers only what longs and shorts do not take from each other")
  func matching() throws {
    let venue = try MarkedVenue()
    let opening = try opening(venue)
    let makers = Set(opening.makers.accounts)
    var makersBuy: [InstrumentID: Bool] = [:]
    for case .recordTrade(let trade) in opening.commands {
      let buys = makers.contains(trade.buyer)
      guard buys || makers.contains(trade.seller) else { continue }
      #expect(makersBuy.updateValue(buys, forKey: trade.instrument) ?? buys == buys)
    }
    #expect(makersBuy.count > 60)
  }

  @Test("sums to zero in every market and is long without the makers")
  func zeroSum() throws {
    let venue = try MarkedVenue()
    let opening = try opening(venue)
    let makers = Set(opening.makers.accounts)
    var sizes: [InstrumentID: [AccountID: Int64]] = [:]
    for case .recordTrade(let trade) in opening.commands {
      #expect(trade.size > .zero)
      sizes[trade.instrument, default: [:]][trade.buyer, default: 0] += trade.size.steps
      sizes[trade.instrument, default: [:]][trade.seller, default: 0] -= trade.size.steps
    }
    var positions = 0
    for (_, holders) in sizes {
      #expect(holders.values.reduce(0, +) == 0)
      positions += holders.filter { $0.value != 0 && !makers.contains($0.key) }.count
    }
    #expect(positions == opening.positionCount)
    let perpetual = try #require(sizes[InstrumentID(0)])
    let longs = perpetual.filter { $0.value > 0 && !makers.contains($0.key) }.count
    let shorts = perpetual.filter { $0.value < 0 && !makers.contains($0.key) }.count
    #expect(longs > shorts)
  }

  @Test("is accepted by the engine to the last command", arguments: [1, 2] as [UInt64])
  func accepted(seed: UInt64) throws {
    var venue = try MarkedVenue()
    let opening = try opening(venue, seed: seed)
    for command in opening.commands {
      #expect(throws: Never.self, "\(command)") { _ = try venue.engine.step(command) }
    }
    let accounts = venue.engine.state.accounts
    #expect(accounts.count == opening.accountCount + opening.makers.accounts.count)
    #expect(
      accounts.reduce(0) { $0 + $1.portfolio.orders.count } == opening.orderCount
        && opening.orderCount > 20)
    try venue.advance(minute: 3, moved: 1)
    #expect(venue.engine.state.accounts.allSatisfy { $0.liquidation == nil })
    try venue.advance(minute: 4, moved: 0.92)
    let liquidated = venue.engine.state.accounts.filter { $0.liquidation != nil }
    #expect(liquidated.count > 10)
    let makers = Set(opening.makers.accounts)
    #expect(liquidated.allSatisfy { !makers.contains($0.id) }, "the makers are deep")
  }

  @Test("is the same for the same seed and another for another seed")
  func seeds() throws {
    let venue = try MarkedVenue()
    let one = try opening(venue, count: 100)
    #expect(try opening(venue, count: 100).commands == one.commands)
    #expect(try opening(venue, count: 100, seed: 2).commands != one.commands)
  }

  @Test("keeps its first accounts when it grows")
  func growth() throws {
    let venue = try MarkedVenue()
    func deposits(_ opening: OpeningBook) -> [Command] {
      opening.commands.filter {
        guard case .depositCollateral(let id, _) = $0 else { return false }
        return id.number >= 8 && id.number < 50
      }
    }
    #expect(
      try deposits(opening(venue, count: 60)) == deposits(opening(venue, count: 120)))
  }

  @Test("may be empty")
  func empty() throws {
    let venue = try MarkedVenue()
    let opening = try opening(venue, count: 0)
    #expect(opening.accountCount == 0 && opening.makers.accounts.count == 8)
    #expect(opening.statement.contains("simulated"))
  }
}
