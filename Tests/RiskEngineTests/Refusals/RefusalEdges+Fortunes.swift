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
  private static let rich = AccountID(2)
  private static let giant = InstrumentID(60)
  /// What a step is worth more at 12,000 than at 4,000, the two ends of the band.
  private static let gain: Int64 = 268_435_440

  /// Account 2 has bought of account 1 far below the mark and sold to it far above, until its
  /// balance could take in so many units more: account 1 owes them, against coins that are worth
  /// more.
  private static func fortune(room: Int64) throws -> Venue {
    var venue = try Venue.marked([
      (key: "clearing.depositLimit", value: "288230376151711744"),
      (key: "collateral.USD.debtCap", value: "1000000000000"),
    ])
    try venue.submit(
      .listInstrument(
        Contracts.contract(
          60, "GIANT", "BTC", .perpetual, .linear, Coins.usd, 3_355_443, "12900")))
    try venue.block()
    try venue.open(1, .cross)
    try venue.deposit(1, "200000000", of: Coins.btc)
    try venue.open(2, .cross, usd: "280000000000")
    func missing() -> Int64 { Amount.limit - room - venue.balance(2) }
    while missing() >= gain {
      let size = min(missing() / gain, Size.limit)
      try venue.submit(venue.trade(giant, buyer: 2, seller: 1, size: size, price: "4000"))
      try venue.submit(venue.trade(giant, buyer: 1, seller: 2, size: size, price: "12000"))
    }
    try venue.submit(.depositCollateral(rich, Amount(units: missing(), asset: Coins.usd)))
    try #require(venue.balance(2) == Amount.limit - room)
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
        try venue.submit(venue.trade(giant, buyer: 2, seller: 1, size: 1, price: "4000"))
        return (
          venue, try venue.trade(giant, buyer: 1, seller: 2, size: 1, price: "12000")
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
