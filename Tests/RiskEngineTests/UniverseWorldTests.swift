// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Instruments
import Ledger
import MarketData
import Parameters
import Quantities
import RiskEngine
import TestFixtures
import Testing

/// Random histories of a venue in two universes; ``Audit`` checks that no unit is lost.
@Suite("Random histories in two risk universes")
struct UniverseWorldTests {
  private static let worlds: Range<UInt64> =
    ProcessInfo.processInfo.environment["PLIMSOLL_FULL"] == "1" ? 0..<200 : 0..<8

  private static func played(_ seed: UInt64) throws -> Venue {
    var random = Seeded(seed ^ 0x0_41)
    var venue = try Venue.marked(
      LastStages.changes(random.pick(LastStages.all)) + Universes.changes + [
        (key: "deleveraging.price", value: random.pick(["0", "1", "2"])),
        (key: "socializedLoss.repayAbove", value: random.pick(["0", "500"])),
        (key: "liquidation.penalty", value: "1%"), (key: "fees.taker", value: "0.04%"),
        (key: "insuranceFund.alarms", value: "true"),
        (key: "insuranceFund.targetInterval", value: "29"),
        (key: "insuranceFund.move.1.shift", value: "-33%"),
        (key: "insuranceFund.feeRise", value: "25%"),
        (key: "clearing.fundingInterval", value: "1h"),
      ])
    try venue.fund("300", of: Coins.usd)
    for universe in [Universes.btc, Universes.eth] where !random.oneIn(3) {
      try venue.submit(Universes.contribution("200", to: universe))
    }
    for id: UInt32 in 1...12 {
      try venue.open(id, MarginMode.allCases[Int(id) % 3], usd: "1500")
      if id % 4 == 0 { try venue.deposit(id, "0.2", of: Coins.btc) }
      // Half of them begin in each universe; the maker of ETH is 12.
      if id % 2 == 0 { continue }
      try venue.take(id, random.number(100...900), of: Contracts.btcPerpetual)
    }
    try venue.deposit(12, "100000", of: Coins.usd)
    for id: UInt32 in [2, 4, 6, 8, 10] {
      let size = random.number(100...3_000)
      try venue.attempt(venue.trade(Contracts.ethPerpetual, buyer: id, seller: 12, size: size))
    }
    var commands = RandomCommands(seed: seed)
    for _ in 0..<200 { try venue.attempt(commands.next(for: &venue)) }
    return venue
  }

  @Test("no fund pays for another universe, and each has what came in less what it paid")
  func apart() throws {
    var reasons: Set<TransferReason> = []
    var paying: Set<RiskUniverse> = []
    for seed in Self.worlds {
      let venue = try Self.played(seed)
      var state = LedgerState(
        quote: try Coins.usd, parameters: venue.engine.state.parameters)
      var funds: [RiskUniverse: [Asset: Int64]] = [:]
      for event in venue.records.flatMap(\.events) {
        if case .transferred(let transfer) = event {
          let (asset, units) = (transfer.amount.asset, transfer.amount.units)
          if let universe = transfer.to.fundUniverse {
            funds[universe, default: [:]][asset, default: 0] += units
          }
          if let universe = transfer.from.fundUniverse {
            funds[universe, default: [:]][asset, default: 0] -= units
            reasons.insert(transfer.reason)
            paying.insert(universe)
            Self.check(transfer, by: universe, state)
          }
        }
        state.apply(event)
      }
      #expect(state == venue.engine.state, "the events alone tell which fund is whose")
      #expect(state.brokenAfterBlock() == nil)
      for (asset, collateral) in state.listing.collateral.enumerated() {
        for universe in [RiskUniverse.common, Universes.btc, Universes.eth] {
          #expect(state.fund(asset, of: universe) == funds[universe]?[collateral.asset] ?? 0)
        }
      }
      #expect(try LedgerState(canonicalBytes: state.canonicalBytes) == state)
    }
    #expect(reasons.contains(.insuranceCover) && paying.count >= 2)
  }

  /// Who is paid is of the fund's universe; only claims may be paid when their holder has gone on.
  private static func check(
    _ transfer: Transfer, by universe: RiskUniverse, _ state: LedgerState
  ) {
    guard transfer.reason != .lossRecovery, case .account(let id) = transfer.to,
      let index = state.index(of: id)
    else { return }
    #expect(state.accounts[index].universe == universe, "\(transfer)")
  }

  @Test("a venue restored in the middle goes on as if nothing had happened", arguments: 0..<3)
  func restored(seed: UInt64) throws {
    var venue = try Self.played(seed)
    let engine = venue.engine
    var twin = try Engine(
      state: LedgerState(canonicalBytes: engine.state.canonicalBytes), hash: engine.hash,
      sequence: engine.sequence)
    var commands = RandomCommands(seed: seed &+ 77)
    for _ in 0..<60 {
      let command = try commands.next(for: &venue)
      guard try venue.attempt(command), let record = venue.records.last else { continue }
      #expect(try twin.step(command).hash == record.hash, "after \(command)")
    }
    #expect(twin.state == venue.engine.state)
  }
}
