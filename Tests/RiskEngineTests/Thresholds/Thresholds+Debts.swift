// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Quantities
import RiskEngine
import Testing

// What may be owed, when it is paid from other collateral, and where a liquidation ends.
extension Threshold {
  private static let one = AccountID(1)

  /// Account 1 has 10 ETH at 200 and owes so many units of USD, less than 101 dollars; the fund
  /// has a thousand.
  private static func owing(
    _ units: Int64, _ changes: [(key: String, value: String)]
  ) throws -> Venue {
    var venue = try Venue.marked(changes)
    try venue.fund("1000", of: Coins.usd)
    try venue.open(1, .cross)
    try venue.deposit(1, "10", of: Coins.eth)
    try venue.submit(
      .depositCollateral(one, Amount(units: 101_000_000 - units, asset: Coins.usd)))
    try venue.take(1, 1_000, of: Contracts.btcPerpetual)
    try venue.submit(
      venue.trade(Contracts.btcPerpetual, buyer: 0, seller: 1, size: 1_000, price: "7899"))
    try #require(venue.balance(1) == -units)
    return venue
  }

  static let debts: [Threshold] = [
    Threshold("collateral.*.debtCap", "of who places an order", [true, true, false]) { units in
      var venue = try owing(
        100_000_000 + units, [(key: "collateral.USD.debtCap", value: "100")])
      let order = RestingOrder(
        id: OrderID(1), instrument: Contracts.ethPerpetual, side: .buy, remaining: Size(steps: 1),
        limit: try Price("200"), isReduceOnly: false)
      return try venue.attempt(.placeOrder(one, order))
    },
    Threshold("collateral.*.debtCap", "with the premium of a trade", [true, true, false]) { units in
      let cap = [(key: "collateral.USD.debtCap", value: "100")]
      let premium = try owing(1, cap).mark(Contracts.btcPut).unitValue
      try #require((1..<100_000_000).contains(premium))
      var venue = try owing(100_000_000 - premium + units, cap)
      return try venue.attempt(
        venue.trade(Contracts.btcPut, buyer: 1, seller: 0, size: 1))
    },
    Threshold("collateral.*.debtThreshold", [false, false, true]) { units in
      var venue = try owing(
        100_000_000 + units, [(key: "collateral.USD.debtThreshold", value: "100")])
      try venue.block()
      return venue.balance(1) == 0
    },
    Threshold("collateral.*.conversionCost", "that equity bears", [false, true, true]) { units in
      // 102.040818 dollars of coins, of which 2 % are 2.040817 above what is owed.
      let coins: Int64 = 51_020_409
      var venue = try owing(
        100_000_001 - units,
        [
          (key: "collateral.USD.debtThreshold", value: "50"),
          (key: "collateral.ETH.conversionCost", value: "2%"),
          (key: "margin.collateral.ETH.haircut", value: "0%"),
        ])
      try venue.submit(
        .withdrawCollateral(one, Amount(units: 1_000_000_000 - coins, asset: Coins.eth)))
      try #require(venue.equity(1) == 2_040_817 + units)
      try venue.block()
      try #require(venue.balance(1) == 0)
      return venue.insuranceFund(2) == coins
    },
  ]

  static let ends: [Threshold] = [
    Threshold("margin.buffer", "after a deposit", [false, true, true]) { units in
      // Worth 150 against a line of 1.2 × 191.25.
      var venue = try short()
      try venue.submit(
        .depositCollateral(one, Amount(units: 79_500_000 + units, asset: Coins.usd)))
      try venue.submit(venue.report(venue.order(of: 1), size: 0))
      try venue.block()
      return try hasEnded(venue, above: units)
    },
    Threshold("margin.buffer", "after a rise", [false, true, true]) { units in
      // At 7,700 the line is 1.2 × 192.5, and the position has lost 300.
      var venue = try short()
      try venue.submit(
        .depositCollateral(one, Amount(units: 31_000_000 + units, asset: Coins.usd)))
      try venue.submit(venue.report(venue.order(of: 1), size: 0))
      try venue.block(btc: "7700")
      return try hasEnded(venue, above: units)
    },
    Threshold("margin.buffer", "after a fill", [false, true, true]) { units in
      var venue = try short()
      let fill = try venue.report(venue.order(of: 1), size: 100, price: Price("7650"))
      // What is missing after it, the penalty paid.
      var trial = venue
      try trial.submit(fill)
      let lack = try -Int64(surplus(of: trial))
      try #require(lack > 0 && trial.account(1).isInLiquidation)
      try venue.submit(
        .depositCollateral(one, Amount(units: lack + units, asset: Coins.usd)))
      try venue.submit(fill)
      return try hasEnded(venue, above: units)
    },
  ]

  private static func surplus(of venue: Venue) throws -> Int128 {
    try #require(venue.engine.valuation).risk(venue.account(1).portfolio).surplus
  }

  /// Whether account 1, so many units above the line with its position, was released.
  private static func hasEnded(_ venue: Venue, above units: Int64) throws -> Bool {
    try #require(surplus(of: venue) == Int128(units))
    try #require(venue.size(1, Contracts.btcPerpetual) > 0)
    let restored = LedgerEvent.liquidationEnded(one, .restored)
    #expect(
      venue.records.flatMap(\.events).contains(restored) == !venue.account(1).isInLiquidation)
    return !venue.account(1).isInLiquidation
  }
}
