// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Liquidation
import Parameters
import Quantities
import RiskEngine
import TestFixtures
import Testing

// Collateral that is sold, the rounds of auctions, and what keepers are paid.
extension Threshold {
  static let collateral: [Threshold] = [
    Threshold("conversion.leastWorth", [false, true, true]) { units in
      // 0.005 ETH at 200 are a dollar, of so many units less.
      var venue = try Conversions.venue([
        Conversions.auction, (key: "conversion.auctionStart", value: "100%"),
        (key: "conversion.leastWorth", value: decimalText(1_000_000 - units, decimals: 6)),
      ])
      return try venue.attempt(venue.bid(units: 500_000))
    },
    Threshold("conversion.slippage", [false, true, true]) { steps in
      // Half a per cent below 200, to the rounding of what it comes to for all that is sold.
      var venue = try Conversions.venue([
        Conversions.book, (key: "conversion.slippage", value: "0.5%"),
      ])
      let sale = try venue.openSale()
      try #require((199_00000000...199_00010000).contains(sale.limit.steps))
      let price = Price(steps: sale.limit.steps + steps).description
      return try venue.attempt(venue.report(sale, price: price))
    },
    Threshold("conversion.auctionReserve", [false, true, true]) { steps in
      // 96 % of 200; the haircut alone would bear 190.
      var venue = try Conversions.venue([
        Conversions.auction, (key: "conversion.auctionReserve", value: "96%"),
      ])
      for _ in 0..<10 { try venue.block() }
      return try venue.attempt(
        venue.bid(limit: Price(steps: 192_00000000 + steps).description))
    },
    Threshold("conversion.auctionDuration", [true, false, false]) { nanoseconds in
      // The last price is asked for a block.
      var venue = try Conversions.venue([Conversions.auction])
      for _ in 0..<9 { try venue.block() }
      try venue.submit(venue.nextBlock(after: 60, nanoseconds: nanoseconds))
      try #require(venue.sale != nil)
      try venue.block()
      return venue.sale != nil
    },
    Threshold("auction.restarts", [false, true, true]) { count in
      // Nobody bids in the first two rounds of ten minutes.
      var venue = try Auctions.solvent([
        (key: "auction.leastParticipation", value: "3%"),
        (key: "auction.restarts", value: String(2 + count)),
      ])
      for _ in 0..<20 { try venue.block() }
      return venue.auction?.restarts == 2
    },
    Threshold("auction.reserve", [false, true, true]) { seconds in
      // A bid in the last minute prolongs the round by one: the price stays where it ends.
      var venue = try Auctions.solvent([
        (key: "auction.restarts", value: "0"), (key: "auction.leastParticipation", value: "0%"),
      ])
      for _ in 0..<9 { try venue.block() }
      try venue.submit(Auctions.command(Auctions.bid(venue, share: "2%")))
      try venue.block(after: 60 + seconds)
      let reserve = try Rate("80%")
      return try #require(venue.auction).factor == reserve
    },
    Threshold("keeper.cap", [false, true, true]) { units in
      // 7.80 dollars of gas and 30 % are 10.14, a fiftieth of 507 dollars.
      let terms = try LiquidationParameters(
        ParameterFixture.set([
          (key: "keeper.bonus", value: "1%"), (key: "keeper.margin", value: "30%"),
          (key: "keeper.cap", value: "2%"),
        ])
      ).keeper
      let reward = keeperReward(notional: 507_000_000 + units, gasCost: 7_800_000, terms)
      return reward == 10_140_000
    },
  ]
}
