// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Ledger
import RiskEngine
import TestFixtures
import Testing

/// P19 to P28 and P30 to P36 over worlds with rules of their own; the seed is the reproduction.
///
/// `PLIMSOLL_FULL=1` runs 100,000 of them and says what they have shown; `PLIMSOLL_WORLDS` states
/// another number; `PLIMSOLL_WORLD` tells one of them event by event.
@Suite("The waterfall over random worlds")
struct WaterfallWorldTests {
  private static func environment(_ name: String) -> UInt64? {
    ProcessInfo.processInfo.environment[name].flatMap(UInt64.init)
  }

  private static let isFull = environment("PLIMSOLL_FULL") == 1
  private static let traced = environment("PLIMSOLL_WORLD")
  private static let worlds = environment("PLIMSOLL_WORLDS") ?? (isFull ? 100_000 : 16)
  /// So few that all threads are busy to the end.
  private static let worldsOfPart: UInt64 = isFull ? 250 : 4
  /// Worlds that share their rules.
  private static let worldsOfRules: UInt64 = isFull ? 25 : 2
  private static let length = 48

  /// What a run must have had to be worth anything: every stage, outcome, rule and seam.
  private static let wanted = [
    "P19 liquidations begun", "P22 partial orders", "P22 partial fills", "P22 hedges",
    "P22 trades liquidation", "P22 trades auction", "P22 trades pool", "P22 trades deleveraging",
    "P23 closed", "P23 restored", "P24 fills of solvent accounts",
    "P26 bids in the solvent phase", "P26 bids in the insolvent phase", "P26 collateral sold",
    "P27 halted", "P27 waits for an answer", "P27 waits for the fund", "P27 waits for a time",
    "P27 calmed", "P28 charges", "P28 sub-accounts in liquidation", "P30 covers",
    "P22 specks closed with a slice", "P30 no order helps", "P30 no trade helps",
    "P30 the fund is empty", "P30 nobody is left opposite",
    "P30 no trade helps after one that did", "P30 no order restores",
    "P30 a part of everything helps", "P30 a fund other than the common one paid",
    "P30 a universe's fund is empty beside a common one that is not",
    "P30 auctions over", "P30 shared after the fund", "P31 losses shared by rule 0",
    "P31 losses shared by rule 1", "P31 losses shared by rule 2",
    "P33 rule 0", "P33 rule 1", "P33 rule 1 widened", "P33 rule 2", "P33 rule 3", "P33 rule 4",
    "P35 bankruptcy prices", "P35 marks", "P35 funded marks", "P35 nearer than the fund can pay",
    "P36 cuts", "mode isolated", "mode cross", "mode portfolio", "stage partial", "stage auction",
    "stage pool", "stage insuranceFund", "stage deleveraging", "stage socializedLoss",
    "doubled reports", "doubled takers", "P27 called at an interval",
    "P30 no order helps beside a throttle", "P30 no trade helps beside a throttle",
    "doubled answers", "doubled sealed bids", "doubled bids",
    "P20 coins without a price", "P22 parts where the requirement is convex",
    "P23 still below at an order", "P23 still below at deleveraging",
    "P23 still below at a takeover", "P23 still below at a sale of coins",
    "P24 fills of insolvent accounts", "P24 takeovers", "P30 pools take no more",
    "P30 bought of winners by the fund", "P30 bought of winners by who owes",
    "P30 the rest of a debt is bought", "P30 coins for a debt through the fund",
    "P30 coins together through the fund", "P31 losses shared in proportion by rule 1",
    "P31 losses shared in proportion by rule 2", "P30 covered beside coins without a price",
  ]

  /// What few drawn worlds come to, and rules under which some more of them do.
  private static let stated: [Stated] = [
    Stated(
      ["P35 marks", "P31 losses shared by rule 2"],
      closingFirst + [("deleveraging.price", "1"), ("socializedLoss.rule", "2")],
      count: 16
    ),
    Stated(
      ["P35 funded marks", "P35 nearer than the fund can pay"],
      closingFirst + [("deleveraging.price", "2")]
    ),
    // Less than some positions free and more than others.
    Stated(
      ["P30 no trade helps", "P30 no trade helps after one that did"],
      [("liquidation.choice", "1"), ("liquidation.expectedCost", "3%")], from: 8
    ),
    // A hedged pair frees more together; what little is left of others no order restores.
    Stated(
      ["P30 no order restores", "P30 a part of everything helps"],
      auctionNext + [
        ("liquidation.choice", "2"), ("liquidation.infeasible", "true"),
        ("liquidation.expectedCost", "0%"),
      ], from: 12
    ),
    Stated(
      [
        "P30 a fund other than the common one paid",
        "P30 a universe's fund is empty beside a common one that is not",
      ],
      fundFirst + [("insuranceFund.universe.BTC", "1"), ("insuranceFund.universe.ETH", "2")],
      count: 24
    ),
    // Whatever a slice leaves is a speck.
    Stated(
      ["P22 specks closed with a slice"],
      [
        ("liquidation.wholeSliceNotional", "0"), ("liquidation.sliceShare", "10%"),
        ("liquidation.leastLeft", "100000000"), ("liquidation.choice", "0"),
      ]
    ),
  ]
  /// What is to be seen under stated rules, and in which worlds.
  private struct Stated {
    let seen: [String]
    let rules: WorldRules.Changes
    let worlds: Range<UInt64>

    init(_ seen: [String], _ rules: WorldRules.Changes, from: UInt64 = 0, count: UInt64 = 4) {
      (self.seen, self.rules) = (seen, rules)
      worlds = isFull ? 0..<100 : from..<from + count
    }
  }
  private static let auctionNext: WorldRules.Changes = [
    ("waterfall.partial.rank", "1"), ("waterfall.auction.rank", "2"),
  ]
  /// The fund without the book before it.
  private static let fundFirst: WorldRules.Changes = [
    ("waterfall.partial.rank", "0"), ("waterfall.insuranceFund.rank", "1"),
    ("waterfall.deleveraging.rank", "2"), ("waterfall.socializedLoss.rank", "3"),
  ]
  /// Against winners at once, and only then to the fund.
  private static let closingFirst: WorldRules.Changes = [
    ("waterfall.partial.rank", "0"), ("waterfall.deleveraging.rank", "1"),
    ("waterfall.insuranceFund.rank", "2"), ("waterfall.socializedLoss.rank", "3"),
  ]

  @Test("no world breaks a rule of its waterfall, and they reach all there is of it")
  func rules() async throws {
    if let traced = Self.traced {
      _ = try Self.history(
        seed: traced, in: RandomWorld.venue(ofRules: traced / Self.worldsOfRules))
      return
    }
    let start = ContinuousClock.now
    let parts = Self.worlds / Self.worldsOfPart
    let seen = try await withThrowingTaskGroup(of: [String: Int].self) { group in
      for stated in Self.stated {
        group.addTask { try Self.histories(of: stated.worlds, under: stated.rules) }
      }
      for part in 0..<parts {
        group.addTask {
          try Self.histories(of: part * Self.worldsOfPart..<(part + 1) * Self.worldsOfPart)
        }
      }
      return try await group.reduce(into: [:]) { $0.merge($1) { $0 + $1 } }
    }
    #expect(seen["P19 liquidations begun", default: 0] > 10)
    for what in Self.stated.flatMap(\.seen) {
      #expect(seen[what, default: 0] > 0, "no \(what)")
    }
    guard Self.isFull else { return }
    print("\(Self.worlds) worlds in \(ContinuousClock.now - start):")
    for (what, count) in seen.sorted(by: { $0.key < $1.key }) { print("  \(what): \(count)") }
    for what in Self.wanted { #expect(seen[what, default: 0] > 0, "no \(what)") }
  }

  private static func histories(
    of seeds: Range<UInt64>, under rules: WorldRules.Changes? = nil
  ) throws -> [String: Int] {
    var seen: [String: Int] = [:]
    var venue: Venue?
    for seed in seeds {
      if seed % worldsOfRules == 0 { venue = nil }
      let marked =
        try venue ?? rules.map(Venue.marked)
        ?? RandomWorld.venue(ofRules: seed / worldsOfRules)
      venue = marked
      seen.merge(try history(seed: seed, in: marked)) { $0 + $1 }
    }
    return seen
  }

  private static func history(seed: UInt64, in venue: Venue) throws -> [String: Int] {
    var world = try RandomWorld(seed: seed, in: venue)
    var watch = WaterfallWatch(world.venue.engine, world: seed)
    for _ in 0..<length {
      guard let record = try world.step() else {
        watch.note("refused")
        continue
      }
      take(record, of: world, &watch)
      guard world.isOver(record.command) else { continue }
      watch.note(name(ofDoubled: record.command))
      if !world.refusesAgain(record.command) { watch.hold.broken("P25: taken twice") }
    }
    if seed % 8 == 0 {
      let isCalm = try world.calm { take($0, of: $1, &watch) }
      watch.note("P27 calmed")
      watch.hold(isCalm, "P27: not cleared when prices, a book and a fund are there again")
    }
    return watch.seen
  }

  private static func name(ofDoubled command: Command) -> String {
    switch command {
    case .reportExecution: "doubled reports"
    case .answerRequest, .relayAnswer: "doubled answers"
    case .commitBid, .revealBid: "doubled sealed bids"
    case .takeOffer: "doubled takers"
    default: "doubled bids"
    }
  }

  private static func take(_ record: Record, of world: RandomWorld, _ watch: inout WaterfallWatch) {
    watch.note("commands")
    if traced != nil { print("\(record.command)", record.events.map { "\n    \($0)" }.joined()) }
    watch.take(record.command, record.events, world.venue.engine)
  }
}
