// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Quantities

/// Contract terms with one thing changed at a time.
struct Terms {
  var name = "BTC-PERP"
  var underlying = "BTC"
  var kind = ContractKind.perpetual
  var settlement = Settlement.linear
  var asset = "USD"
  var decimals: UInt8 = 6
  var stepQuantity: Int64 = 100_000
  var tick = Price(steps: 1)
  var highest = Price(steps: 500_000 * Price.stepsPerOne)

  static let expiry = Timestamp(seconds: 1_585_353_600)

  /// A contract of a thousandth of a coin, in dollars.
  static var linear: Terms { Terms() }

  /// One dollar, in coin.
  static var inverse: Terms {
    Terms(settlement: .inverse, asset: "BTC", decimals: 8, stepQuantity: 100_000_000)
  }

  /// A tenth of a coin, premium in coin.
  static var coinOption: Terms {
    var terms = Terms(
      kind: .option(.call, strike: Price(steps: 8_000 * Price.stepsPerOne), expiry: expiry),
      settlement: .inverse, asset: "BTC", decimals: 8, stepQuantity: 10_000_000)
    terms.highest = Price(steps: 50 * Price.stepsPerOne)
    return terms
  }

  var contract: Contract {
    get throws {
      try Contract(
        id: InstrumentID(0), name: name, underlying: AssetSymbol(underlying), kind: kind,
        settlement: settlement,
        settlementAsset: Asset(symbol: AssetSymbol(asset), decimals: decimals),
        stepQuantity: stepQuantity, tick: tick, highestPrice: highest)
    }
  }
}
