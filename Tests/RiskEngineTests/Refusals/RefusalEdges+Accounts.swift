// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import Parameters
import Quantities
import RiskEngine
import TestFixtures

// Accounts, their money and their positions.
extension RefusalEdge {
  private static let one = AccountID(1)
  private static let perpetual = Contracts.btcPerpetual

  private static func units(_ units: Int64) throws -> Amount {
    Amount(units: units, asset: try Coins.usd)
  }

  private static func usd(_ text: String) throws -> Amount { try Amount(text, of: Coins.usd) }

  private static func opened(
    _ usd: String, _ changes: [(key: String, value: String)] = []
  ) throws -> Venue {
    var venue = try Venue.marked(changes)
    try venue.open(1, .cross, usd: usd)
    return venue
  }

  static let accounts: [RefusalEdge] = [
    RefusalEdge("unknown-account") {
      let one = try usd("1")
      return (
        try opened("1"), .depositCollateral(AccountID(1), one),
        .depositCollateral(AccountID(2), one)
      )
    },
    RefusalEdge("unknown-asset") {
      let other = try Asset(symbol: AssetSymbol("XYZ"), decimals: 6)
      return (
        try opened("1"), .depositCollateral(one, try usd("1")),
        .depositCollateral(one, Amount(units: 1_000_000, asset: other))
      )
    },
    RefusalEdge("already-exists") {
      (try opened("1"), .openAccount(AccountID(2), .cross), .openAccount(one, .cross))
    },
    RefusalEdge("not-increasing") {
      // The last id itself exists already: another code.
      var venue = try opened("1")
      try venue.open(5, .cross)
      return (venue, .openAccount(AccountID(6), .cross), .openAccount(AccountID(4), .cross))
    },
    RefusalEdge(
      "not-positive/an amount",
      by: { units in (try opened("1"), .depositCollateral(one, try Self.units(1 - units))) }),
    RefusalEdge(
      "outside-limits/the venue's deposits of USD",
      by: { units in
        // 100 million USD are in, and twice as many may be.
        let venue = try Venue.marked([(key: "clearing.depositLimit", value: "200000000000000")])
        return (
          venue, .depositCollateral(Venue.maker, try Self.units(100_000_000_000_000 + units))
        )
      }),
    RefusalEdge(
      "insufficient-balance",
      by: { units in
        (try opened("1"), .withdrawCollateral(one, try Self.units(1_000_000 + units)))
      }),
    RefusalEdge(
      "collateral-cap-reached",
      by: { units in
        var venue = try Venue.marked([
          (key: "collateral.ETH.venueCap", value: "2000"),
          (key: "margin.collateral.ETH.haircut", value: "0%"),
        ])
        try venue.open(1, .cross)
        let eth = try Coins.eth
        return (
          venue, .depositCollateral(one, Amount(units: 1_000_000_000 + units, asset: eth))
        )
      }),
    RefusalEdge(
      "debt-above-cap",
      by: { units in
        // 101 dollars are lost, of which all but 100 were there.
        var venue = try Venue.marked([(key: "collateral.USD.debtCap", value: "100")])
        try venue.open(1, .cross)
        try venue.submit(.depositCollateral(one, Self.units(1_000_000 - units)))
        try venue.deposit(1, "10", of: Coins.eth)
        try venue.take(1, 1_000, of: perpetual)
        try venue.submit(
          venue.trade(perpetual, buyer: 0, seller: 1, size: 1_000, price: "7899"))
        return (venue, .withdrawCollateral(one, Amount(units: 1, asset: try Coins.eth)))
      }),
    RefusalEdge(
      "withdrawals-stopped",
      by: { units in
        var venue = try Venue.marked(
          LastStages.changes([.insuranceFund]) + [
            (key: "withdrawalGate.fundShare", value: "200%"),
            (key: "insuranceFund.eventCap", value: "0%"),
          ])
        try venue.open(1, .cross, usd: "500")
        try venue.open(7, .cross, usd: "1000")
        try venue.take(1, 1_000, of: perpetual)
        // Worth −100 dollars.
        try venue.block(btc: "7400")
        try venue.submit(.contributeToFund(Self.units(50_000_000 - units)))
        return (venue, .withdrawCollateral(AccountID(7), try usd("1")))
      }),
    RefusalEdge(
      "called-to-reduce",
      by: { units in
        // The maintenance margin is 190 dollars at 7,600, of which the line is three times as much.
        var venue = try opened("900", [(key: "marginCall.reduceOnly", value: "3")])
        try venue.submit(.depositCollateral(one, Self.units(70_000_000 - units)))
        try venue.take(1, 1_000, of: perpetual)
        try venue.block(btc: "7600")
        return (venue, .withdrawCollateral(one, try Self.units(1)))
      }),
    RefusalEdge(
      "account-in-liquidation",
      by: { units in
        var venue = try opened("500")
        try venue.submit(.depositCollateral(one, Self.units(90_000_000 - units)))
        try venue.take(1, 1_000, of: perpetual)
        try venue.block(btc: "7600")
        return (venue, .protectQuotes(one, try AssetSymbol("BTC"), limits(1)))
      }),
    RefusalEdge("parameters") {
      let share = (key: "liquidation.windowShare", value: "10%")
      func set(_ changes: [(key: String, value: String)]) throws -> Command {
        .changeParameters(
          try ParameterFixture.set(Venue.wideOracle + Venue.noFees + changes))
      }
      return (
        try opened("1"), try set([share, (key: "liquidation.window", value: "300s")]),
        try set([share])
      )
    },
  ]

  /// 1 with 5,000 USD, 2 and then 3 under it, 4 by itself.
  private static func family() throws -> Venue {
    var venue = try opened("5000")
    try venue.submit(.openSubaccount(AccountID(2), under: one, .cross))
    try venue.submit(.openSubaccount(AccountID(3), under: AccountID(2), .cross))
    try venue.open(4, .cross)
    return venue
  }

  static let moves: [RefusalEdge] = [
    RefusalEdge("same-account") {
      let dollar = try usd("1")
      return (
        try family(), .moveCollateral(from: one, to: AccountID(2), dollar),
        .moveCollateral(from: one, to: one, dollar)
      )
    },
    RefusalEdge("different-owners") {
      let dollar = try usd("1")
      return (
        try family(), .moveCollateral(from: one, to: AccountID(3), dollar),
        .moveCollateral(from: one, to: AccountID(4), dollar)
      )
    },
    RefusalEdge(
      "position-too-small",
      by: { steps in
        var venue = try family()
        try venue.submit(.moveCollateral(from: one, to: AccountID(2), usd("2000")))
        try venue.take(1, 100, of: perpetual)
        return (
          venue, .movePosition(from: one, to: AccountID(2), perpetual, Size(steps: 100 + steps))
        )
      }),
    RefusalEdge(
      "subaccount-too-deep",
      by: { levels in
        var venue = try family()
        try venue.submit(.openSubaccount(AccountID(5), under: AccountID(3), .cross))
        let line = [2, 3, 5] as [UInt32]
        return (
          venue,
          .openSubaccount(AccountID(6), under: AccountID(line[Int(levels) + 1]), .cross)
        )
      }),
  ]

  /// So many steps of the perpetual in a minute, and half a minute's rest.
  static func limits(_ steps: Int64) -> QuoteLimits {
    QuoteLimits(
      quantity: steps * 100_000, interval: .minute, frozenTime: TimeSpan(seconds: 30))
  }
}
