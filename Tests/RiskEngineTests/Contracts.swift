// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Quantities

/// The assets of the test venue.
enum Coins {
  static var usd: Asset { get throws { try Asset(symbol: AssetSymbol("USD"), decimals: 6) } }
  static var btc: Asset { get throws { try Asset(symbol: AssetSymbol("BTC"), decimals: 8) } }
  static var eth: Asset { get throws { try Asset(symbol: AssetSymbol("ETH"), decimals: 8) } }
}

/// The contracts of the test venue.
enum Contracts {
  /// A thousandth of a coin.
  static let btcPerpetual = InstrumentID(0)
  /// One dollar, settled in coin.
  static let btcInverse = InstrumentID(1)
  static let btcFuture = InstrumentID(2)
  static let btcCall = InstrumentID(3)
  static let btcPut = InstrumentID(4)
  /// A hundredth of a coin.
  static let ethPerpetual = InstrumentID(5)
  /// A hundredth of a coin, premium and profit in coin.
  static let btcCoinCall = InstrumentID(6)
  static let ethPut = InstrumentID(7)

  static var all: [Contract] {
    get throws {
      let (usd, btc) = (try Coins.usd, try Coins.btc)
      let strike = try Price("8000")
      let expiry = Venue.expiry
      return [
        try contract(0, "BTC-PERP", "BTC", .perpetual, .linear, usd, 100_000, "500000"),
        try contract(1, "BTC-INVERSE", "BTC", .perpetual, .inverse, btc, 100_000_000, "500000"),
        try contract(2, "BTC-FUT", "BTC", .future(expiry: expiry), .linear, usd, 100_000, "500000"),
        try contract(
          3, "BTC-8000-C", "BTC", .option(.call, strike: strike, expiry: expiry), .linear, usd,
          100_000, "500000"),
        try contract(
          4, "BTC-8000-P", "BTC", .option(.put, strike: strike, expiry: expiry), .linear, usd,
          100_000, "500000"),
        try contract(5, "ETH-PERP", "ETH", .perpetual, .linear, usd, 1_000_000, "50000"),
        try contract(
          6, "BTC-8000-C-COIN", "BTC", .option(.call, strike: strike, expiry: expiry), .inverse,
          btc, 1_000_000, "100"),
        try contract(
          7, "ETH-200-P", "ETH", .option(.put, strike: Price("200"), expiry: expiry), .linear,
          usd, 1_000_000, "50000"),
      ]
    }
  }

  static func contract(
    _ id: UInt32, _ name: String, _ underlying: String, _ kind: ContractKind,
    _ settlement: Settlement, _ asset: Asset, _ stepQuantity: Int64, _ highest: String
  ) throws -> Contract {
    try Contract(
      id: InstrumentID(id), name: name, underlying: AssetSymbol(underlying), kind: kind,
      settlement: settlement, settlementAsset: asset, stepQuantity: stepQuantity,
      tick: Price(steps: 1_000), highestPrice: Price(highest))
  }
}
