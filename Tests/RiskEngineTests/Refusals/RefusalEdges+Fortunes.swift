// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Parameters
import Quantities
import RiskEngine
import Testing

// Balances at the end of their field, 2^60 units.
extension RefusalEdge {
  static let rich = AccountID(2)
  private static let giant = InstrumentID(60)
  /// Two prices inside the bands around 7,500 and 8,000, and what a step is worth more at the
  /// second.
  private static let (low, high) = ("4200", "11200")
  private static let gain: Int64 = 234_881_010

  /// Account 1 has coins worth more than the largest balance, account 2 a tenth of that in USD.
  static func patrons(_ changes: [(key: String, value: String)] = []) throws -> Venue {
    var venue = try Venue.marked(
      changes + [(key: "clearing.depositLimit", value: "288230376151711744")])
    try venue.submit(
      .listInstrument(
        Contracts.contract(
          60, "GIANT", "BTC", .perpetual, .linear, Coins.usd, 3_355_443, "12900")))
    try venue.block()
    try venue.open(1, .cross)
    try venue.deposit(1, "200000000", of: Coins.btc)
    try venue.open(2, .cross, usd: "100000000000")
    return venue
  }

  /// Account 2 buys of account 1 far below the mark and sells to it far above, until its balance
  /// could take in so many units more: account 1 owes them, against its coins.
  static func enrich(_ venue: inout Venue, room: Int64) throws {
    var missing: Int64 { Amount.limit - room - venue.balance(2) }
    while missing >= gain {
      let size = min(missing / gain, Size.limit)
      try venue.submit(venue.trade(giant, buyer: 2, seller: 1, size: size, price: low))
      try venue.submit(venue.trade(giant, buyer: 1, seller: 2, size: size, price: high))
    }
    try venue.submit(.depositCollateral(rich, Amount(units: missing, asset: Coins.usd)))
    try #require(venue.balance(2) == Amount.limit - room)
  }

  private static func fortune(room: Int64) throws -> Venue {
    var venue = try patrons()
    try enrich(&venue, room: room)
    return venue
  }

  static let fortunes: [RefusalEdge] = [
    RefusalEdge(
      "outside-limits/a balance",
      by: { units in
        (
          try fortune(room: 5),
          .depositCollateral(rich, Amount(units: 5 + units, asset: try Coins.usd))
        )
      }),
    RefusalEdge(
      "outside-limits/a balance/of a move",
      by: { units in
        var venue = try fortune(room: 5)
        try venue.submit(.openSubaccount(AccountID(3), under: rich, .cross))
        try venue.deposit(3, "1", of: Coins.usd)
        return (
          venue,
          .moveCollateral(
            from: AccountID(3), to: rich, Amount(units: 5 + units, asset: try Coins.usd))
        )
      }),
    RefusalEdge(
      "outside-limits/a balance/of a trade",
      by: { units in
        var venue = try fortune(room: gain - units)
        try venue.submit(venue.trade(giant, buyer: 2, seller: 1, size: 1, price: low))
        return (
          venue, try venue.trade(giant, buyer: 1, seller: 2, size: 1, price: high)
        )
      }),
    RefusalEdge(
      "outside-limits/a pool",
      by: { units in
        var venue = try fortune(room: 5)
        let pool = AccountID(3)
        try venue.submit(.openPool(pool, markets: [AssetSymbol("BTC")]))
        let all = Amount(units: Amount.limit - 5, asset: try Coins.usd)
        try venue.submit(.depositToPool(rich, pool, .senior, all))
        return (
          venue,
          .depositToPool(
            Venue.maker, pool, .junior, Amount(units: 5 + units, asset: try Coins.usd))
        )
      }),
  ]
}
