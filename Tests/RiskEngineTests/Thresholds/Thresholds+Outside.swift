// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Quantities
import RiskEngine
import Testing

// Makers asked for quotes, keepers and their sealed bids.
extension Threshold {
  private static let keepers = [
    (key: "keeper.patience", value: "1"), (key: "keeper.bonus", value: "0.2%"),
    (key: "keeper.cap", value: "1%"), (key: "liquidation.penalty", value: "0%"),
    (key: "margin.tiers.BTC.row.1.penalty", value: "0%"),
  ]

  /// A sale of the right to a slice to 7, which has a hundred thousand.
  private static func rights(lots: Int64 = 4) throws -> Venue {
    var venue = try short(
      keepers + [
        (key: "rights.commitSpan", value: "1min"), (key: "rights.revealSpan", value: "1min"),
        (key: "rights.lots", value: "\(lots)"), (key: "rights.deposit", value: "5"),
        (key: "rights.reserve", value: "10%"),
      ])
    try venue.open(7, .cross, usd: "100000")
    return venue
  }

  private static func commitment(_ bid: RightsBid, by bidder: UInt32) -> Command {
    let sealed = SealedBid(
      bidder: AccountID(bidder), price: bid.price, lots: bid.lots, salt: bid.salt)
    return .commitBid(AccountID(bidder), 1, sealed.commitment(to: 1))
  }

  private static func bid(_ price: Int64) -> RightsBid {
    RightsBid(price: price, lots: 1, salt: [UInt8](repeating: 7, count: 32))
  }

  static let outside: [Threshold] = [
    Threshold("requests.life", [false, true, true]) { nanoseconds in
      var venue = try Requests.venue()
      try venue.submit(venue.nextBlock(after: 120, nanoseconds: nanoseconds))
      // Nobody has answered: the slice is the book's.
      return venue.account(1).liquidationOrder != nil
    },
    Threshold("keeper.gasLife", [true, false, false]) { nanoseconds in
      var venue = try Venue.marked(
        keepers + [
          (key: "keeper.gasUnits", value: "600000"), (key: "keeper.margin", value: "30%"),
          (key: "keeper.gasLife", value: "60s"),
        ])
      try venue.open(1, .cross, usd: "500")
      try venue.take(1, 1_000, of: Contracts.btcPerpetual)
      try venue.submit(.reportGas(perMillion: 13_000_000))
      try venue.set("BTC", "7650")
      try venue.submit(venue.nextBlock(after: 60, nanoseconds: nanoseconds))
      // 600,000 gas for 7.80 dollars, and 30 %; else the bonus.
      let offer = try #require(venue.engine.state.execution.offer(of: AccountID(1)))
      return offer.reward == 10_140_000
    },
    Threshold("rights.revealSpan", [false, true, true]) { nanoseconds in
      var venue = try rights()
      try venue.block()
      try venue.submit(venue.nextBlock(after: 60, nanoseconds: nanoseconds))
      return venue.engine.state.execution.sale(of: AccountID(1)) == nil
    },
    Threshold("rights.deposit", [false, true, true]) { units in
      var venue = try rights()
      try venue.open(8, .cross)
      try venue.submit(
        .depositCollateral(AccountID(8), Amount(units: 5_000_000 + units, asset: Coins.usd)))
      return try venue.attempt(commitment(bid(1_000_000), by: 8))
    },
    Threshold("rights.lots", "as many as steps", [false, true, true]) { lots in
      let steps = try #require(rights().engine.state.execution.sale(of: AccountID(1))).size.steps
      let venue = try rights(lots: steps + lots)
      return try #require(venue.engine.state.execution.sale(of: AccountID(1))).lots == steps
    },
    Threshold("rights.reserve", [false, true, true]) { units in
      var venue = try rights()
      let sale = try #require(venue.engine.state.execution.sale(of: AccountID(1)))
      let bid = bid(sale.reserve + units)
      try venue.submit(commitment(bid, by: 7))
      try venue.block()
      return try venue.attempt(.revealBid(AccountID(7), 1, bid))
    },
  ]
}
