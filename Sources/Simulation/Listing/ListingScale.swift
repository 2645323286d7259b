// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Quantities

/// The steps and limits of an underlying's contracts, all found from its index price.
struct ListingScale {
  let symbol: AssetSymbol
  let index: Price
  /// The coin as collateral and as settlement asset.
  let coin: Asset
  /// 10^−8 of base units.
  let linearStep: Int64
  /// 10^−8 of quote units.
  let inverseStep: Int64
  /// Price step of orders in quote units.
  let tick: Price
  /// Ten times the index, rounded up.
  let highestPrice: Price

  /// Prices for which every contract below fits its fields.
  static let permitted = Price(steps: 10_000)...Price(steps: 5_000_000 * Price.stepsPerOne)

  init(_ symbol: AssetSymbol, index: Price) throws(QuantityError) {
    self.symbol = symbol
    self.index = index
    let steps = Int128(index.steps)
    // One dollar is at most 10^7 ledger units, so that an inverse step keeps inside its field
    // when the coin loses nine tenths of its price.
    var decimals: UInt8 = 8
    while decimals > 0, Int128(powerOfTen(Int(decimals)) * Price.stepsPerOne) > 10_000_000 * steps {
      decimals -= 1
    }
    coin = try Asset(symbol: symbol, decimals: decimals)
    linearStep = Self.step(worthAtMost: 10, index: index)
    inverseStep = (index.steps > 1_000 * Price.stepsPerOne ? 10 : 1) * Price.stepsPerOne
    tick = Price(steps: RoundSteps.nearest(to: max(1, index.steps / 10_000)))
    highestPrice = Price(steps: RoundSteps.roundedUp(10 * index.steps))
  }

  /// The distance of strikes, a share of the index of so many thousandths.
  func strikeDistance(perMille: Int64) -> Int64 {
    RoundSteps.nearest(to: max(1, index.steps * perMille / 1_000))
  }

  /// So many strikes around the index, ascending and positive.
  func strikes(_ count: Int, perMille: Int64) -> [Price] {
    let distance = strikeDistance(perMille: perMille)
    let center = (index.steps + distance / 2) / distance
    let reach = Int64(count / 2)
    return (center - reach...center + reach).filter { $0 > 0 }
      .map { Price(steps: $0 * distance) }
  }

  /// The highest mark of an option in coin, coins for one: a put at 1.5 times the price reaches it
  /// when the coin is worth a thirty-fourth.
  static let highestCoinPrice = Price(steps: 50 * Price.stepsPerOne)

  /// The size step of options in coin, in 10^−8 of coins.
  var coinOptionStep: Int64 {
    let highest = Int128(Self.highestCoinPrice.steps)
    let perWhole = Int128(coin.unitsPerWhole)
    let atMost = Self.step(worthAtMost: 100, index: index)
    return RoundSteps.largestPowerOfTen { step in
      let unitValue = Int128(step) * highest * perWhole / 10_000_000_000_000_000
      return step <= atMost && unitValue < Int128(Contract.unitValueLimit)
    }
  }

  /// The largest power of ten, in 10^−8 of base units, that costs at most so many quote units.
  private static func step(worthAtMost limit: Int128, index: Price) -> Int64 {
    RoundSteps.largestPowerOfTen { step in
      Int128(step) * Int128(index.steps) <= limit * 10_000_000_000_000_000
    }
  }
}
