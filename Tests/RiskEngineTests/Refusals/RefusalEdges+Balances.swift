// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Parameters
import Quantities
import RiskEngine
import Testing

// What a balance at the end of its field, or the fund, could not take in.
extension RefusalEdge {
  private static let perpetual = Contracts.btcPerpetual
  /// Whom account 2 takes from.
  private static let other = AccountID(5)

  /// Account 2 has sold so many steps to account 1 at 11,200: it gains when it buys them back.
  private static func sell(_ size: Int64, _ venue: inout Venue) throws {
    try venue.submit(venue.trade(perpetual, buyer: 1, seller: 2, size: size, price: "11200"))
  }

  /// Account 5 is long 40 BTC from 8,000, under the hammer at 7,500.
  private static func auctioned() throws -> Venue {
    var venue = try patrons(Auctions.terms)
    try venue.open(5, .cross, usd: "31250")
    try venue.take(5, 40_000, of: perpetual)
    try venue.block(btc: "7500")
    return venue
  }

  private static func bid(_ venue: Venue) throws -> Command {
    Auctions.command(try Auctions.bid(venue, share: "1%"), for: 5)
  }

  static let balances: [RefusalEdge] =
    [
      RefusalEdge(
        "outside-limits/a balance/of a moved position",
        by: { units in
          // What was bought at 8,000 closes what was sold at 11,200.
          var venue = try patrons()
          try venue.submit(.openSubaccount(other, under: rich, .cross))
          try venue.deposit(5, "1000", of: Coins.usd)
          try venue.take(5, 10, of: perpetual)
          try sell(10, &venue)
          try enrich(&venue, room: 32_000_000 - units)
          return (
            venue, .movePosition(from: other, to: rich, perpetual, Size(steps: 10))
          )
        }),
      RefusalEdge(
        "outside-limits/a balance/of a fill",
        by: { units in
          // Account 5 sells at 7,600 what account 2 has sold at 11,200.
          var venue = try patrons()
          try venue.open(5, .cross, usd: "500")
          try venue.take(5, 1_000, of: perpetual)
          try venue.block(btc: "7600")
          try sell(10, &venue)
          try enrich(&venue, room: 36_000_000 - units)
          let order = try venue.order(of: 5)
          return (venue, venue.report(order, size: 10, price: try Price("7600"), with: 2))
        }),
      RefusalEdge(
        "outside-limits/a balance/of a bid's trades",
        by: { units in
          // No discount yet: a hundredth of 40,000 steps at 7,500.
          var venue = try auctioned()
          try sell(400, &venue)
          try enrich(&venue, room: 1_480_000_000 - units)
          return (venue, try bid(venue))
        }),
      RefusalEdge(
        "outside-limits/a balance/of a bid's discount",
        by: { units in
          var venue = try auctioned()
          try venue.block()
          var trial = venue
          let discount = Auctions.moved(try trial.submit(bid(venue)), .auctionDiscount)
          try #require(discount > 0)
          try enrich(&venue, room: discount - units)
          return (venue, try bid(venue))
        }),
      RefusalEdge(
        "outside-limits/a balance/of a pool's depositor",
        by: { units in
          var venue = try patrons([(key: "pool.notice", value: "0s")])
          let pool = AccountID(5)
          try venue.submit(.openPool(pool, markets: [AssetSymbol("BTC")]))
          try venue.submit(.depositToPool(rich, pool, .senior, Amount("1000", of: Coins.usd)))
          try venue.submit(
            .requestPoolWithdrawal(rich, pool, .senior, units: 1_000_000_000))
          try enrich(&venue, room: 1_000_000_000 - units)
          return (venue, .withdrawFromPool(rich, pool, .senior))
        }),
    ] + coins + sellers + funds

  // MARK: Coins

  /// At 20 USD half of the largest step, in the coin it settles in.
  private static let inverse = InstrumentID(61)
  /// What a step is worth more at 29.50 than at 10.50, the two prices of ``hoard(_:room:)``.
  private static let coinGain: Int64 = 329_315_490

  /// Account 2 has won so many coins of account 1 that it could take in so many units more.
  private static func hoard(_ venue: inout Venue, room: Int64) throws {
    var missing: Int64 { Amount.limit - room - venue.balance(2, 2) }
    while missing >= coinGain {
      // No more at a time than account 2 has margin for.
      let size = min(missing / coinGain, Size.limit / 16)
      try venue.submit(venue.trade(inverse, buyer: 2, seller: 1, size: size, price: "10.5"))
      try venue.submit(venue.trade(inverse, buyer: 1, seller: 2, size: size, price: "29.5"))
    }
    try venue.submit(.depositCollateral(rich, Amount(units: missing, asset: Coins.eth)))
    try #require(venue.balance(2, 2) == Amount.limit - room)
  }

  /// Account 5 has 100 ETH at 20 and bought 1 BTC at 8,000; at 6,700 its coins are for sale.
  private static func coinsForSale() throws -> Venue {
    var venue = try patrons(Conversions.terms + [Conversions.auction])
    try venue.set("ETH", "20")
    try venue.submit(
      .listInstrument(
        Contracts.contract(
          61, "ETH-INVERSE", "ETH", .perpetual, .inverse, Coins.eth, 5_368_709_120, "50000")))
    try venue.block()
    try venue.open(5, .cross)
    try venue.deposit(5, "100", of: Coins.eth)
    try venue.take(5, 1_000, of: perpetual)
    try venue.deposit(2, "1000000000", of: Coins.eth)
    try venue.block(btc: "6700")
    return venue
  }

  private static let coins: [RefusalEdge] = [
    RefusalEdge(
      "outside-limits/a balance/of who buys collateral",
      by: { units in
        var venue = try coinsForSale()
        let sale = try #require(venue.account(5).liquidation?.sale)
        try hoard(&venue, room: 10_000_000 - units)
        let bid = CollateralBid(
          bidder: rich, units: 10_000_000, limit: try Price("1000"), receivedAt: Venue.start)
        return (venue, .bidForCollateral(other, sale.id, [bid]))
      })
  ]

  // MARK: The fund

  private static func sealed(_ bidder: UInt32, _ bid: RightsBid) -> SealedBid {
    SealedBid(bidder: AccountID(bidder), price: bid.price, lots: bid.lots, salt: bid.salt)
  }

  /// Account 2 has paid for all eight lots of a slice what account 6 bid for one: all that the
  /// account in liquidation has no claim to is the fund's, nearly 2^60 units.
  static func endowed() throws -> Venue {
    var venue = try patrons([
      (key: "keeper.patience", value: "3"), (key: "keeper.bonus", value: "1%"),
      (key: "keeper.cap", value: "1%"), (key: "liquidation.penalty", value: "0%"),
      (key: "margin.tiers.BTC.row.1.penalty", value: "0%"),
      (key: "rights.commitSpan", value: "1min"), (key: "rights.revealSpan", value: "1min"),
      (key: "rights.lots", value: "8"), (key: "rights.deposit", value: "5"),
      (key: "rights.pricing", value: "0"),
    ])
    try venue.open(5, .cross, usd: "500")
    try venue.open(6, .cross, usd: "150000000000")
    try venue.take(5, 1_000, of: perpetual)
    try venue.block(btc: "7650")
    try enrich(&venue, room: 0)
    let salt = [UInt8](repeating: 7, count: 32)
    let price: Int64 = 140_000_000_000_000_000
    let bids =
      [
        (2, RightsBid(price: price + 1, lots: 8, salt: salt)),
        (6, RightsBid(price: price, lots: 1, salt: salt)),
      ] as [(UInt32, RightsBid)]
    for (bidder, bid) in bids {
      try venue.submit(
        .commitBid(AccountID(bidder), 1, sealed(bidder, bid).commitment(to: 1)))
    }
    try venue.block()
    for (bidder, bid) in bids { try venue.submit(.revealBid(AccountID(bidder), 1, bid)) }
    try venue.block()
    try #require(venue.insuranceFund() > price * 7)
    return venue
  }

  private static let funds: [RefusalEdge] = [
    RefusalEdge(
      "outside-limits/the insurance fund",
      by: { units in
        var venue = try endowed()
        let space = Amount.limit - venue.insuranceFund()
        try venue.submit(.contributeToFund(Amount(units: space - 5, asset: Coins.usd)))
        return (venue, .contributeToFund(Amount(units: 5 + units, asset: try Coins.usd)))
      })
  ]
}
