// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Parameters
import Quantities
import RiskEngine
import Testing

// What several commands refuse by one code.
extension RefusalEdge {
  private static let late = AccountID(60)

  /// Account 60 buys 0.1 BTC at 8,000 with so many units, of which its loss at another price and
  /// the maintenance margin of 2.5 % take all; only then it has money again.
  private static func sunk(
    _ venue: Venue, with units: Int64, at price: String
  ) throws -> Venue {
    var venue = venue
    try venue.open(60, .cross)
    try venue.submit(.depositCollateral(late, Amount(units: units, asset: Coins.usd)))
    try venue.take(60, 100, of: Contracts.btcPerpetual)
    try venue.block(btc: price)
    try venue.deposit(60, "1000", of: Coins.usd)
    return venue
  }

  static let shared: [RefusalEdge] = [
    RefusalEdge(
      "account-in-liquidation/a sealed bid",
      by: { units in
        // At 7,650 it has lost 35, and the margin is 19.125.
        let sale = [
          (key: "rights.commitSpan", value: "1min"), (key: "rights.revealSpan", value: "1min"),
          (key: "rights.lots", value: "4"), (key: "rights.deposit", value: "5"),
          (key: "rights.reserve", value: "10%"),
        ]
        let venue = try sunk(
          keepers(sale, price: nil), with: 54_125_000 - units, at: "7650")
        let open = try #require(venue.engine.state.execution.sale(of: AccountID(1)))
        let bid = SealedBid(
          bidder: late, price: 1_000_000, lots: 1, salt: [UInt8](repeating: 7, count: 32))
        return (venue, .commitBid(late, open.id, bid.commitment(to: open.id)))
      }),
    RefusalEdge(
      "account-in-liquidation/a pool's depositor",
      by: { units in
        // At 7,700 it has lost 30, and the margin is 19.25; pools wait for the book.
        let venue = try sunk(
          PoolStageTests.venue([(key: "waterfall.partial.rank", value: "1")]),
          with: 49_250_000 - units, at: "7700")
        return (
          venue, .depositToPool(late, AccountID(50), .senior, try Amount("1", of: Coins.usd))
        )
      }),
    RefusalEdge(
      "market-reduce-only/an answer",
      by: { nanoseconds in
        // What sources said counts for three minutes.
        var venue = try Requests.venue([
          (key: "requests.life", value: "10min"), (key: "requests.minimum", value: "100"),
        ])
        try venue.submit(
          venue.nextBlock(after: 180, nanoseconds: nanoseconds, silent: ["BTC"]))
        return (venue, try Requests.answer(8, "7640", 1))
      }),
  ]

  static let unpriced: [RefusalEdge] = [
    RefusalEdge(
      "not-marked/DOGE",
      apart: {
        let doge = try Asset(symbol: AssetSymbol("DOGE"), decimals: 8)
        var venue = try Venue.marked()
        try venue.submit(
          .acceptCollateral(CollateralAsset(asset: doge, underlying: doge.symbol)))
        try venue.submit(
          .listInstrument(
            Contracts.contract(
              40, "DOGE-PERP", "DOGE", .perpetual, .linear, Coins.usd, 100_000_000_000, "0.5")))
        let deposit = Command.depositCollateral(Venue.maker, try Amount("5", of: doge))
        var marked = venue
        try marked.set("DOGE", "0.002")
        try marked.block()
        return ((marked, deposit), (venue, deposit))
      }),
    RefusalEdge(
      "not-marked/ETH",
      apart: {
        // What counts of a coin is bounded, and nothing has a price yet.
        var venue = try Venue.unmarked([(key: "collateral.ETH.venueCap", value: "2000")])
        try venue.open(1, .cross)
        let deposit = Command.depositCollateral(AccountID(1), try Amount("1", of: Coins.eth))
        var marked = venue
        try marked.block(btc: "8000", eth: "200", after: 0)
        return ((marked, deposit), (venue, deposit))
      }),
    RefusalEdge(
      "not-marked/the redemption of ETH",
      apart: {
        var venue = try Venue.unmarked(CollateralTests.redemption)
        try venue.open(1, .cross)
        let deposit = Command.depositCollateral(AccountID(1), try Amount("1", of: Coins.eth))
        var known = venue
        try venue.block(btc: "8000", eth: "200", after: 0)
        try known.set("ETH_R", "190")
        try known.block(btc: "8000", eth: "200", after: 0)
        return ((known, deposit), (venue, deposit))
      }),
  ]
}
