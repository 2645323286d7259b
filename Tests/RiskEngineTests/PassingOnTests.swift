// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import MarketData
import Parameters
import Quantities
import RiskEngine
import TestFixtures
import Testing

@Suite("When an account is better passed on than reduced in the book")
struct PassingOnTests {
  private static let best = [(key: "liquidation.choice", value: "1")]

  private func orders(_ venue: Venue) -> [LiquidationOrder] {
    venue.records.flatMap(\.events).compactMap { event in
      guard case .liquidationOrderIssued(let order) = event else { return nil }
      return order
    }
  }

  @Test("no leg of a hedged pair is closed by itself: the account goes to the next stage")
  func hedgedPair() throws {
    func pair(_ changes: [(key: String, value: String)]) throws -> Venue {
      var venue = try Venue.marked([Venue.basis] + changes)
      try venue.open(1, .portfolio, usd: "8000")
      try venue.take(1, 4_000, of: Contracts.btcFuture)
      try venue.take(1, -4_000, of: Contracts.btcPerpetual)
      try venue.doubleBasis(against: 1)
      return venue
    }
    // Neither way of choosing sends what would not help.
    for changes in [Self.best, []] {
      let venue = try pair(changes)
      #expect(venue.stagesEntered.prefix(2) == [.partial, .insuranceFund])
      #expect(!orders(venue).contains { $0.stage == .partial })
    }
  }

  /// A hedged pair whose basis margin has doubled, and beside it an option of another underlying
  /// that costs much to close and cannot be hedged, for no further position is permitted.
  ///
  /// - Parameter senior: What a pool for both underlyings has; none is opened without it.
  private func pairAndOther(
    _ changes: [(key: String, value: String)], senior: String? = nil
  ) throws -> Venue {
    let terms = [
      Venue.basis,
      (key: "liquidation.expectedCost", value: "0.02%"),
      (key: "liquidation.expectedOptionCost", value: "3%"),
      (key: "clearing.positionLimit", value: "3"),
    ]
    var venue = try Venue.marked(terms + changes)
    try venue.open(1, .portfolio, usd: "9000")
    try venue.take(1, 4_000, of: Contracts.btcFuture)
    try venue.take(1, -4_000, of: Contracts.btcPerpetual)
    try venue.take(1, -1_000, of: Contracts.ethPut)
    if let senior {
      try venue.open(40, .cross, usd: "10000000")
      try venue.submit(
        .openPool(AccountID(50), markets: [AssetSymbol("BTC"), AssetSymbol("ETH")]))
      if senior != "0" { try venue.fill(40, .senior, senior) }
    }
    try venue.doubleBasis(against: 1)
    return venue
  }

  @Test("a part of everything is sold where it frees most and the next stage sells such parts")
  func together() throws {
    let three = [(key: "liquidation.choice", value: "2")]
    let auction = [
      (key: "waterfall.partial.rank", value: "1"), (key: "waterfall.auction.rank", value: "2"),
    ]
    // By itself the best trade helps, and is what the book is asked for.
    for changes in [Self.best, Self.best + auction, three] {
      let venue = try pairAndOther(changes)
      #expect(venue.stagesEntered == [.partial])
      #expect(orders(venue).map(\.stage) == [.partial])
    }
    let venue = try pairAndOther(three + auction)
    #expect(venue.stagesEntered == [.partial, .auction])
    #expect(orders(venue).isEmpty)
  }

  @Test("a part of everything goes to pools only if one of them takes some of it now")
  func togetherToPools() throws {
    let three = [
      (key: "liquidation.choice", value: "2"), (key: "waterfall.partial.rank", value: "1"),
      (key: "waterfall.pool.rank", value: "2"),
    ]
    func isPassedOn(_ changes: [(key: String, value: String)], _ senior: String?) throws -> Bool {
      let venue = try pairAndOther(three + changes, senior: senior)
      let isTaken = venue.records.flatMap(\.events).contains { event in
        guard case .traded(let trade) = event else { return false }
        return trade.cause == .pool
      }
      #expect(venue.stagesEntered.contains(.pool) == isTaken)
      #expect(orders(venue).contains { $0.stage == .partial } == !isTaken)
      return isTaken
    }
    let wide = [
      (key: "pool.eventShare", value: "100%"), (key: "pool.leverage", value: "10"),
      (key: "pool.discount", value: "0.5%"),
    ]
    // No pool, an empty one, one that may hold nothing, and one that nothing hinders.
    #expect(try !isPassedOn(wide, nil))
    #expect(try !isPassedOn(wide, "0"))
    #expect(try !isPassedOn(wide + [(key: "pool.marketCap", value: "0")], "1000000"))
    #expect(try isPassedOn(wide, "1000000"))
    // From where on it takes some is the pool's to say.
    var (none, some) = (0, 1_000_000)
    while none + 1 < some {
      let cap = (none + some) / 2
      let change = [(key: "pool.marketCap", value: "\(cap)")]
      if try isPassedOn(wide + change, "1000000") { some = cap } else { none = cap }
    }
    #expect(some > 1, "a dollar buys no step")
  }

  @Test(
    "what no order restores is passed on where the venue says so: a unit below, at and above",
    arguments: [0, 1])
  func infeasible(choice: Int) throws {
    func called(_ deposit: Int64, _ rule: String) throws -> Venue {
      var venue = try Venue.marked([
        (key: "liquidation.choice", value: "\(choice)"),
        (key: "liquidation.infeasible", value: rule),
        (key: "liquidation.expectedCost", value: "2%"),
        (key: "liquidation.sliceShare", value: "20%"),
        (key: "liquidation.wholeSliceNotional", value: "100"),
      ])
      try venue.open(1, .cross)
      try venue.submit(
        .depositCollateral(AccountID(1), Amount(units: deposit, asset: Coins.usd)))
      try venue.take(1, 1_000, of: Contracts.btcPerpetual)
      try venue.block(btc: "7650")
      return venue
    }
    let plain = try called(500_000_000, "0")
    let notional = try #require(plain.engine.valuation)
      .notional(Size(steps: 1_000), of: Contracts.btcPerpetual)
    let cost = Rate(billionths: 20_000_000).share(of: notional, rounding: .up)
    // The deposit with which closing all of it leaves nothing, and all of it restores.
    let enough = try 500_000_000 + cost - plain.equity(1)
    for (deposit, isPassedOn) in [(enough - 1, true), (enough, false), (enough + 1, false)] {
      let venue = try called(deposit, "1")
      #expect(venue.stagesEntered.contains(.insuranceFund) == isPassedOn)
      #expect(orders(venue).contains { $0.stage == .partial } != isPassedOn)
      let without = try called(deposit, "0")
      #expect(without.stagesEntered == [.partial] && orders(without).count == 1)
    }
  }
}
