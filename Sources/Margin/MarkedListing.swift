// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import MarketData
public import Quantities
import Volatility

/// Every listed contract at one market: marks, forwards and volatilities, by dense index.
///
/// What ``MarkModel`` makes of a snapshot and all that scenarios and requirements are made from.
public struct MarkedListing: Sendable {
  public internal(set) var time: Timestamp
  /// Zero price and value where the underlying has no market.
  public internal(set) var marks: [InstrumentMark]
  /// Annualized, of options; 0 for other contracts and where the underlying has no market.
  public internal(set) var volatilities: [Double]
  /// By underlying slot.
  var markets: [UnderlyingMarket?]
  /// As the snapshot has them.
  var settling: [SettlingMarket]
  var liquidity: [UnderlyingLiquidity]
  var collateral: [CollateralMark]
  /// By expiry slot.
  var expiries: [MarkedExpiry]
  /// Forward of each underlying's perpetual, by underlying slot.
  var perpetuals: [Price]

  /// Room for the listing, nothing marked yet.
  init(_ layout: ListingLayout) {
    time = Timestamp(nanoseconds: 0)
    let none = InstrumentMark(price: .zero, unitValue: 0)
    marks = Array(repeating: none, count: layout.places.count)
    volatilities = Array(repeating: 0, count: layout.places.count)
    markets = Array(repeating: nil, count: layout.underlyings.count)
    settling = []
    liquidity = []
    collateral = []
    expiries = Array(repeating: .unmarked, count: layout.expiries.count)
    perpetuals = Array(repeating: .zero, count: layout.underlyings.count)
  }
}

/// One expiry at one market.
struct MarkedExpiry: Sendable {
  var forward: Price
  var logForward: Double
  /// At least 0.
  var years: Double
  var smile: Smile?
  var shockMoves: VolatilityMoves
  var skewMoves: SkewMoves
  /// Once the average at which it settles has begun.
  var settling: SettlingShare?

  /// What a future is worth.
  var future: Price { settling?.expected ?? forward }

  static let unmarked = MarkedExpiry(
    forward: .zero, logForward: 0, years: 0, smile: nil,
    shockMoves: VolatilityMoves(upFactor: 1, minimumUp: 0, downFactor: 1),
    skewMoves: SkewMoves(cap: 0, slope: 0))
}
