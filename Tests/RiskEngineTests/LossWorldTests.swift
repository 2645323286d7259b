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

/// Random histories under random rules of the last stages; ``Audit`` checks every event.
@Suite("Random histories under every rule of losses")
struct LossWorldTests {
  private static let worlds: Range<UInt64> =
    ProcessInfo.processInfo.environment["PLIMSOLL_FULL"] == "1" ? 0..<400 : 0..<12

  private static func changes(_ seed: UInt64) -> [(key: String, value: String)] {
    var random = Seeded(seed ^ 0x10_55)
    // Every other world deleverages early, so that all rules are reached.
    let orders = LastStages.all.filter { seed % 2 == 0 || $0.first == .deleveraging }
    return LastStages.changes(random.pick(orders)) + [
      (key: "deleveraging.rule", value: "\(seed % 5)"),
      (key: "deleveraging.price", value: random.pick(["0", "1", "2"])),
      (key: "socializedLoss.rule", value: random.pick(["0", "1", "2"])),
      (key: "socializedLoss.repayAbove", value: random.pick(["0", "20", "500"])),
      (key: "withdrawalGate.fundShare", value: random.pick(["0%", "100%", "10000%"])),
      (key: "insuranceFund.windowCap", value: random.pick(["0%", "20%", "100%"])),
      (key: "insuranceFund.window", value: random.pick(["60s", "1h"])),
      (key: "insuranceFund.alarms", value: "true"),
      (key: "insuranceFund.targetInterval", value: "29"),
      (key: "insuranceFund.move.1.shift", value: "-33%"),
      (key: "insuranceFund.feeRise", value: "25%"),
      (key: "insuranceFund.marginRise", value: "20%"),
      (key: "clearing.fundingInterval", value: "1h"),
    ]
  }

  private static func world(_ seed: UInt64) throws -> Venue {
    var venue = try Venue.marked(
      [(key: "fees.maker", value: "0.02%"), (key: "fees.taker", value: "0.04%")]
        + changes(seed))
    try venue.fund("300", of: Coins.usd)
    for id: UInt32 in 1...12 {
      try venue.open(id, MarginMode.allCases[Int(id) % 3], usd: "1500")
      if id % 4 == 0 { try venue.deposit(id, "0.2", of: Coins.btc) }
      if id % 5 == 0 { try venue.deposit(id, "4", of: Coins.eth) }
    }
    return venue
  }

  private static func played(_ seed: UInt64) throws -> Venue {
    var venue = try world(seed)
    var commands = RandomCommands(seed: seed)
    for _ in 0..<200 { try venue.attempt(commands.next(for: &venue)) }
    return venue
  }

  /// Of the first worlds; those of a long run would fill the memory.
  private static let history = Kept<UInt64, Venue>(played)
  private static let keptWorlds: UInt64 = 12

  @Test("no history breaks a rule, loses a claim or draws beyond a cap", arguments: worlds)
  func invariants(seed: UInt64) throws {
    let venue = try seed < Self.keptWorlds ? Self.history(seed) : Self.played(seed)
    let state = venue.engine.state
    #expect(state.brokenAfterBlock() == nil)
    for collateral in state.listing.collateral {
      let claims = state.losses.claims(in: collateral.asset).reduce(0) { $0 + $1.units }
      #expect(claims == Self.given(venue, collateral.asset), "claims are what was given")
    }
    try Self.checkDraws(venue)
    let bytes = state.canonicalBytes
    #expect(try LedgerState(canonicalBytes: bytes) == state)
  }

  /// Given toward losses less what was paid back.
  private static func given(_ venue: Venue, _ asset: Asset) -> Int64 {
    venue.records.flatMap(\.events).reduce(0) { sum, event in
      guard case .transferred(let transfer) = event, transfer.amount.asset == asset else {
        return sum
      }
      switch transfer.reason {
      case .socializedLoss: return sum + transfer.amount.units
      case .lossRecovery: return sum - transfer.amount.units
      default: return sum
      }
    }
  }

  /// In no window is more drawn than its cap of what it began with.
  private static func checkDraws(_ venue: Venue) throws {
    let cap = try venue.engine.state.parameters.rate("insuranceFund.windowCap")
    var left: [Asset: Int64] = [:]
    for event in venue.records.flatMap(\.events) {
      switch event {
      case .fundWindowOpened(let asset, let opening):
        left[asset] = cap.share(of: opening, rounding: .down)
      case .transferred(let transfer) where transfer.reason == .insuranceCover:
        let rest = (left[transfer.amount.asset] ?? 0) - transfer.amount.units
        #expect(rest >= 0, "beyond the window's cap")
        left[transfer.amount.asset] = rest
      default: break
      }
    }
  }

  @Test("a venue restored in the middle goes on as if nothing had happened", arguments: 0..<6)
  func restored(seed: UInt64) throws {
    var venue = try Self.world(seed)
    var commands = RandomCommands(seed: seed)
    for _ in 0..<120 { try venue.attempt(commands.next(for: &venue)) }
    let engine = venue.engine
    var twin = try Engine(
      state: LedgerState(canonicalBytes: engine.state.canonicalBytes), hash: engine.hash,
      sequence: engine.sequence)
    for _ in 0..<80 {
      let command = try commands.next(for: &venue)
      guard try venue.attempt(command), let record = venue.records.last else { continue }
      #expect(try twin.step(command).hash == record.hash, "after \(command)")
    }
    #expect(twin.state == venue.engine.state)
  }

  @Test("histories reach every rule, claims, repayments and windows")
  func coverage() throws {
    let wanted: Set = ["windows", "reviews", "surcharges", "claims", "alarms"]
    var rules: Set<UInt8> = []
    var kinds: Set<String> = []
    // Beyond those that are made for other tests, as far as something is missing.
    for seed: UInt64 in 0..<24 where rules.count < 4 || !kinds.isSuperset(of: wanted) {
      let venue = try seed < Self.keptWorlds ? Self.history(seed) : Self.played(seed)
      for event in venue.records.flatMap(\.events) {
        switch event {
        case .deleveragingAllocated(let record): rules.insert(record.rule)
        case .claimsGranted: kinds.insert("claims")
        case .fundWindowOpened: kinds.insert("windows")
        case .fundDrawdownChanged(_, let percent, _) where percent > 0: kinds.insert("alarms")
        case .fundReviewed: kinds.insert("reviews")
        case .transferred(let transfer) where transfer.reason == .lossRecovery:
          kinds.insert("repayments")
        case .transferred(let transfer) where transfer.reason == .fundSurcharge:
          kinds.insert("surcharges")
        default: break
        }
      }
    }
    #expect(rules == [1, 2, 3, 4])
    #expect(kinds.isSuperset(of: wanted))
  }
}
