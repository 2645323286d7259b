// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Parameters
import Quantities
import RiskEngine
import Testing

// Registered makers, keepers, sealed bids, the fund's hedge and risk universes.
extension RefusalEdge {
  private static let perpetual = Contracts.btcPerpetual

  /// Account 1, long 1 BTC from 8,000 USD with 500 USD, is offered to keepers at 7,650.
  static func keepers(
    _ changes: [(key: String, value: String)] = [], price: String? = "7650"
  ) throws -> Venue {
    var venue = try Venue.marked(
      [
        (key: "keeper.patience", value: "3"), (key: "keeper.bonus", value: "1%"),
        (key: "keeper.cap", value: "1%"), (key: "liquidation.penalty", value: "0%"),
        (key: "margin.tiers.BTC.row.1.penalty", value: "0%"),
      ] + changes)
    try venue.open(1, .cross, usd: "500")
    try venue.take(1, 1_000, of: perpetual)
    try venue.open(8, .cross, usd: "100000")
    if let price { try venue.block(btc: price) }
    return venue
  }

  static func take(
    _ size: Int64 = 1, _ offer: UInt64 = 1, least: Int64 = 0
  ) -> Command {
    .takeOffer(AccountID(8), offer, Size(steps: size), leastReward: least)
  }

  /// The order that the fund's hedge has out.
  private static func hedging() throws -> (Venue, LiquidationOrder) {
    var venue = try HedgeTests.crowded()
    try venue.block()
    return (venue, try #require(venue.hedge.order?.order))
  }

  static let outside: [RefusalEdge] = [
    RefusalEdge("not-registered") {
      (
        try Requests.venue(), .releaseMaker(AccountID(8)), .releaseMaker(AccountID(1))
      )
    },
    RefusalEdge("already-answered") {
      var venue = try Requests.venue()
      try venue.submit(Requests.answer(8, "7640", 1))
      return (
        venue, try Requests.answer(9, "7641", 1), try Requests.answer(8, "7641", 1)
      )
    },
    RefusalEdge(
      "only-relayed",
      apart: {
        func venue(_ isRelayed: Bool) throws -> Attempt {
          let venue = try Relayers.venue([(key: "requests.relayed", value: "\(isRelayed)")])
          return (venue, try Requests.answer(8, "7640", 1))
        }
        return (try venue(false), try venue(true))
      }),
    RefusalEdge("not-independent") {
      // An account under a maker's passes nothing on.
      var venue = try Requests.venue()
      try venue.open(19, .cross)
      for (id, parent) in [(20, 8), (21, 19)] as [(UInt32, UInt32)] {
        try venue.submit(.openSubaccount(AccountID(id), under: AccountID(parent), .cross))
      }
      return (venue, .registerRelayer(AccountID(21)), .registerRelayer(AccountID(20)))
    },
    RefusalEdge("hedge-account") {
      let dollar = try Amount("1", of: Coins.usd)
      return (
        try HedgeTests.venue(), .depositCollateral(AccountID(1), dollar),
        .depositCollateral(HedgeTests.hedge, dollar)
      )
    },
    RefusalEdge("house-account") {
      let (venue, order) = try hedging()
      return (venue, venue.report(order, with: 2), venue.report(order, with: 0))
    },
    RefusalEdge(
      "not-in-use",
      apart: {
        let gas = Command.reportGas(perMillion: 1)
        return ((try keepers(), gas), (try Venue.marked(), gas))
      }),
    RefusalEdge("unknown-offer") { (try keepers(), take(1, 1), take(1, 2)) },
    RefusalEdge(
      "offer-over",
      by: { blocks in
        var venue = try keepers()
        for _ in 0..<2 + blocks { try venue.block() }
        return (venue, take())
      }),
    RefusalEdge(
      "reward-too-low",
      by: { units in
        // One dollar is left, and 416 of 1,000 steps are offered.
        var venue = try keepers()
        try venue.block(btc: "7501")
        return (venue, take(416, least: 416_000 + units))
      }),
    RefusalEdge(
      "sealed-bid",
      by: { nanoseconds in
        // Commitments are closed after a minute.
        var venue = try keepers([
          (key: "rights.commitSpan", value: "1min"), (key: "rights.revealSpan", value: "1min"),
          (key: "rights.lots", value: "4"), (key: "rights.deposit", value: "5"),
          (key: "rights.reserve", value: "10%"),
        ])
        try venue.submit(venue.nextBlock(after: 60, nanoseconds: nanoseconds - 1))
        let bid = SealedBid(
          bidder: AccountID(8), price: 1_000_000, lots: 1,
          salt: [UInt8](repeating: 7, count: 32))
        return (venue, .commitBid(AccountID(8), 1, bid.commitment(to: 1)))
      }),
    RefusalEdge("unknown-universe") {
      (
        try Venue.marked(Universes.changes), try Universes.contribution("1", to: Universes.eth),
        try Universes.contribution("1", to: RiskUniverse(3))
      )
    },
    RefusalEdge("other-universe") {
      var venue = try Venue.marked(Universes.changes)
      try venue.open(1, .cross, usd: "10000")
      try venue.open(2, .cross, usd: "10000")
      try venue.take(1, 1, of: perpetual)
      return (
        venue, try venue.trade(Contracts.btcFuture, buyer: 1, seller: 2, size: 1),
        try venue.trade(Contracts.ethPerpetual, buyer: 1, seller: 2, size: 1)
      )
    },
  ]
}
