// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Parameters
import Quantities
import RiskEngine
import Testing

// Bids for collateral under the hammer.
extension RefusalEdge {
  private typealias Change = (key: String, value: String)

  private static let debtor = Conversions.debtor
  /// Six coins of ten.
  private static let six: Int64 = 600_000_000

  /// Collateral that is offered before positions are looked at.
  private static func hammer(_ changes: [Change], gap: String) throws -> Venue {
    try Conversions.venue(
      [Conversions.auction, (key: "conversion.choice", value: "1")] + changes, gap: gap)
  }

  /// Five coins are bid for at 200, when the fee on a sale has become so many billionths: of 1,000
  /// dollars each of them is one unit.
  private static func charged(_ billionths: Int64, haircut: String, gap: String) throws -> Attempt {
    var venue = try hammer(
      [
        (key: "conversion.auctionStart", value: "100%"), (key: "conversion.fee", value: "0%"),
        (key: "margin.collateral.ETH.haircut", value: haircut),
      ], gap: gap)
    try venue.submit(
      .changeParameters(
        venue.engine.state.parameters.setting(
          "conversion.fee", to: decimalText(billionths, decimals: 9), source: "test")))
    return (venue, try venue.bid(units: 500_000_000))
  }

  /// Account 1 has closed its position at 6,100 for a penalty of 61: it has 10 ETH and owes 1,961,
  /// and what it offered before is still for sale; a minute later ETH is at another price.
  private static func owing(eth: String, _ changes: [Change]) throws -> Venue {
    var venue = try hammer(
      changes + [(key: "liquidation.leastShare", value: "100%")], gap: "6100")
    try venue.submit(venue.report(venue.order(of: 1), price: Price("6100")))
    try #require(venue.account(1).portfolio.positions.isEmpty)
    try venue.block(eth: eth)
    return venue
  }

  static let collateral: [RefusalEdge] =
    [
      RefusalEdge(
        "bid-lowers-excess/with positions, below its line",
        // What is sold frees a haircut of 5 % of what it is worth, and no more.
        by: { billionths in
          try charged(50_000_000 + billionths, haircut: "5%", gap: "6200")
        }),
      RefusalEdge(
        "bid-lowers-excess/with positions, insolvent",
        // 40 dollars are left, the fee on 1,000.
        by: { billionths in
          try charged(40_000_000 + billionths, haircut: "20%", gap: "6040")
        }),
      RefusalEdge(
        "bid-lowers-excess/without positions, insolvent",
        by: { units in
          // After a minute of ten 99.5 % are asked, and what that costs is all there is.
          var venue = try owing(
            eth: "196.5", [(key: "conversion.auctionStart", value: "100%")])
          let price = try venue.openSale().price
          let expected = try Price("195.5175")
          try #require(price == expected)
          let lost = 6 * (196_500_000 - price.steps / 100)
          let missing = try lost - venue.equity(1)
          try venue.submit(
            .depositCollateral(debtor, Amount(units: missing - units, asset: Coins.usd)))
          return (venue, try venue.bid(units: six))
        }),
      RefusalEdge(
        "bid-lowers-excess/without positions, further below nothing",
        by: { billionths in
          // After a minute of ten the mark is asked, or a billionth more or less.
          func share(_ whole: Int64) -> String {
            decimalText(whole - billionths, decimals: 9)
          }
          let venue = try owing(
            eth: "195",
            [
              (key: "conversion.auctionStart", value: share(1_005_000_000)),
              (key: "conversion.auctionReserve", value: share(955_000_000)),
            ])
          let equity = try venue.equity(1)
          try #require(equity < 0)
          return (venue, try venue.bid(units: six))
        }),
      RefusalEdge("pool-account/a bid for collateral") {
        var venue = try hammer([], gap: "6700")
        try venue.submit(.openPool(AccountID(50), markets: [AssetSymbol("BTC")]))
        return (venue, try venue.bid(), try venue.bid(by: 50))
      },
      RefusalEdge(
        "account-in-liquidation/a bid for collateral",
        by: { units in
          // 0.1 BTC have lost 130 of it, and the maintenance margin is 33.50.
          var venue = try Conversions.listed([Conversions.auction])
          try venue.open(3, .cross)
          try venue.submit(
            .depositCollateral(
              AccountID(3), Amount(units: 163_500_000 - units, asset: Coins.usd)))
          try venue.take(3, 100, of: Conversions.perpetual)
          try venue.block(btc: "6700")
          try venue.deposit(3, "1000", of: Coins.usd)
          return (venue, try venue.bid(by: 3))
        }),
    ]
}
