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
import Testing

// Reports, auctions, pools and what is offered outside.
extension RefusalEdge {
  private static let one = AccountID(1)
  private static let perpetual = Contracts.btcPerpetual

  static let liquidations: [RefusalEdge] =
    [
      RefusalEdge(
        "order-too-late",
        by: { nanoseconds in
          // The order lives 60 seconds; without a price nothing takes its place.
          var venue = try Venue.marked()
          try venue.open(1, .cross, usd: "589")
          try venue.take(1, 1_000, of: perpetual)
          try venue.block(btc: "7600")
          let report = venue.report(try venue.order(of: 1), price: try Price("7600"))
          try venue.submit(.restart(at: venue.now))
          try venue.submit(
            venue.nextBlock(after: 60, nanoseconds: nanoseconds - 1, silent: ["BTC"]))
          return (venue, report)
        })
    ] + auctions + pools

  private static func offered(_ venue: Venue) throws -> Rate {
    try #require(venue.engine.auctionOffer(of: one)).reward
  }

  private static let auctions: [RefusalEdge] = [
    RefusalEdge("no-auction") {
      let venue = try Auctions.solvent()
      let bid = try Auctions.bid(venue)
      return (venue, Auctions.command(bid), Auctions.command(bid, for: 0))
    },
    RefusalEdge(
      "nothing-for-sale",
      by: { nanoseconds in
        // What sources said of the coin counts for three minutes.
        var venue = try Conversions.venue([Conversions.auction])
        try venue.submit(venue.nextBlock(after: 180, nanoseconds: nanoseconds, silent: ["ETH"]))
        return (venue, try venue.bid())
      }),
    RefusalEdge(
      "bid-stale",
      by: { nanoseconds in
        let venue = try Auctions.solvent()
        let instant = venue.now + TimeSpan(nanoseconds: 1 - nanoseconds)
        return (venue, Auctions.command(try Auctions.bid(venue, expiresAt: instant)))
      }),
    RefusalEdge(
      "bid-too-small",
      by: { billionths in
        let venue = try Auctions.solvent()
        let share = Rate(billionths: 10_000_000 - billionths).description
        return (venue, Auctions.command(try Auctions.bid(venue, share: share)))
      }),
    RefusalEdge(
      "auction-price-too-high",
      by: { billionths in
        var venue = try Auctions.solvent()
        try venue.block()
        let reward = try offered(venue) + Rate(billionths: billionths)
        return (venue, Auctions.command(try Auctions.bid(venue, leastReward: reward)))
      }),
    RefusalEdge(
      "bid-lowers-excess",
      by: { billionths in
        // Of ten steps of the future a tenth is one; a billionth less is none, and takes nine of
        // the perpetual's hundred from what hedges them.
        let venue = try BrokenHedge.venue()
        let share = Rate(billionths: 100_000_000 - billionths).description
        return (venue, Auctions.command(try Auctions.bid(venue, share: share)))
      }),
    RefusalEdge(
      "ask-above-limit",
      by: { steps in
        let venue = try Conversions.venue([Conversions.auction])
        return (venue, try venue.bid(limit: Price(steps: 204_00000000 - steps).description))
      }),
  ]

  private static let pool = AccountID(50)
  private static let senior = AccountID(40)

  private static func deposit(_ text: String, into pool: AccountID = pool) throws -> Command {
    .depositToPool(senior, pool, .senior, try Amount(text, of: Coins.usd))
  }

  private static let withdrawal: Command = .withdrawFromPool(senior, pool, .senior)

  /// The senior tranche has given notice of 600 seconds, so much of which has passed.
  private static func noticed(_ seconds: Int64, _ nanoseconds: Int64) throws -> Attempt {
    var venue = try PoolStageTests.venue([
      (key: "pool.notice", value: "600s"), (key: "pool.window", value: "300s"),
    ])
    try venue.submit(.requestPoolWithdrawal(senior, pool, .senior, units: 1_000_000))
    try venue.submit(venue.nextBlock(after: seconds, nanoseconds: nanoseconds))
    return (venue, withdrawal)
  }

  /// Of the 674 steps that the pool took over, so many are closed.
  private static func reduced(_ steps: Int64) throws -> Attempt {
    var venue = try PoolStageTests.venue()
    try venue.block(btc: "7600")
    let order = try #require(venue.pool.order)
    try venue.submit(venue.report(order, size: steps, price: try Price("7600")))
    return (venue, try deposit("1"))
  }

  private static let pools: [RefusalEdge] = [
    RefusalEdge("unknown-pool") {
      (try PoolStageTests.venue(), try deposit("1"), try deposit("1", into: AccountID(41)))
    },
    RefusalEdge("pool-account") {
      let dollar = try Amount("1", of: Coins.usd)
      return (
        try PoolStageTests.venue(), .depositCollateral(senior, dollar),
        .depositCollateral(pool, dollar)
      )
    },
    // Of 674 steps no 675 can be closed.
    RefusalEdge("pool-engaged", apart: { (try reduced(674), try reduced(673)) }),
    RefusalEdge("no-claim") {
      var venue = try PoolStageTests.venue()
      try venue.submit(.requestPoolWithdrawal(senior, pool, .senior, units: 1))
      return (venue, withdrawal, .withdrawFromPool(senior, pool, .junior))
    },
    RefusalEdge(
      "claim-too-small",
      by: { units in
        (
          try PoolStageTests.venue(),
          .requestPoolWithdrawal(senior, pool, .senior, units: 60_000_000_000 + units)
        )
      }),
    RefusalEdge("withdrawal-not-requested") {
      var venue = try PoolStageTests.venue()
      try venue.submit(.requestPoolWithdrawal(senior, pool, .senior, units: 1))
      return (
        venue, .cancelPoolWithdrawal(senior, pool, .senior),
        .cancelPoolWithdrawal(AccountID(41), pool, .junior)
      )
    },
    RefusalEdge("notice-not-over", by: { nanoseconds in try noticed(600, -nanoseconds) }),
    RefusalEdge("notice-lapsed", by: { nanoseconds in try noticed(900, nanoseconds) }),
  ]
}

/// A portfolio under the hammer that holds together by a hedge in steps ten times as large.
enum BrokenHedge {
  /// Ten thousandths of a coin.
  static let future = InstrumentID(20)

  /// Long ten steps of the future and short a hundred of the perpetual, 0.1 BTC of each; the margin
  /// on the difference between the two has doubled.
  static func venue() throws -> Venue {
    var venue = try Venue.marked(
      Auctions.terms + [Venue.basis])
    try venue.submit(
      .listInstrument(
        Contracts.contract(
          20, "BTC-FUT-10", "BTC", .future(expiry: Venue.expiry), .linear, Coins.usd, 1_000_000,
          "50000")))
    try venue.block()
    try venue.open(1, .portfolio, usd: "1000")
    try venue.open(2, .cross, usd: "1000000")
    try venue.take(1, 10, of: future)
    try venue.take(1, -100, of: Contracts.btcPerpetual)
    try venue.doubleBasis(against: 1)
    try #require(venue.stage(of: 1) == .auction)
    return venue
  }
}
