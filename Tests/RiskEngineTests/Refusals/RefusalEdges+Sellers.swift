// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Quantities
import RiskEngine
import Testing

// An account whose coins are sold, and whose balance is at the end of its field all the same.
extension RefusalEdge {
  /// Four of the largest positions there are, each step worth 268 USD at 8,000.
  private static let giants = (60...63).map { InstrumentID($0) }

  /// Account 2 has 2^60 units but for a thousand dollars, has lost nearly all of it with what it
  /// bought of account 1, and its 100 ETH are for sale.
  private static func richForSale() throws -> Venue {
    var venue = try patrons(
      Conversions.terms.filter { $0.key != "conversion.choice" } + [
        Conversions.auction, (key: "conversion.choice", value: "1"),
      ])
    for id in giants.dropFirst() {
      try venue.submit(
        .listInstrument(
          Contracts.contract(
            id.number, "GIANT-\(id.number)", "BTC", .perpetual, .linear, Coins.usd, 3_355_443,
            "12900")))
    }
    try venue.block()
    try venue.deposit(1, "600000000", of: Coins.btc)
    try venue.deposit(2, "100", of: Coins.eth)
    try venue.open(6, .cross, usd: "1000000")
    try enrich(&venue, room: 1_000_000_000)
    for id in giants {
      try venue.submit(venue.trade(id, buyer: 2, seller: 1, size: Size.limit))
    }
    for price in ["7500", "7000", "6500", "6000", "5500", "5000", "4600"] {
      try venue.block(btc: price)
    }
    return venue
  }

  /// A tenth of a coin.
  private static func coinBid(_ venue: Venue) throws -> Command {
    let sale = try #require(venue.account(2).liquidation?.sale)
    let bid = CollateralBid(
      bidder: AccountID(6), units: 10_000_000, limit: try Price("1000"), receivedAt: Venue.start)
    return .bidForCollateral(rich, sale.id, [bid])
  }

  // A sale offers no more than what its price has room for: a deposit takes that room.
  static let sellers = [
    RefusalEdge(
      "outside-limits/a balance/of who sells collateral",
      by: { units in
        var venue = try richForSale()
        var trial = venue
        try trial.submit(coinBid(trial))
        let paid = trial.balance(2) - venue.balance(2)
        try #require(paid > 0)
        let space = Amount.limit - venue.balance(2) - (paid - units)
        try venue.submit(.depositCollateral(rich, Amount(units: space, asset: Coins.usd)))
        return (venue, try coinBid(venue))
      })
  ]
}
