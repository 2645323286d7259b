// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Quantities

/// Contracts under construction, numbered as they come.
struct ContractDraft {
  let quote: Asset
  private(set) var contracts: [Contract] = []

  init(quote: Asset) { self.quote = quote }

  /// Adds everything listed of one underlying.
  mutating func add(_ scale: ListingScale, window: Range<Timestamp>) throws(ContractError) {
    let day = ExpiryCalendar.daily(in: window)
    let month = ExpiryCalendar.monthly(after: window.lowerBound + .day)
    let quarter = ExpiryCalendar.quarterly(after: month)
    try addLinear(scale, "\(scale.symbol)-PERP", .perpetual)
    try add(
      "\(scale.symbol)-USD-INV", scale, .perpetual, .inverse, step: scale.inverseStep,
      tick: scale.tick, highest: scale.highestPrice)
    for expiry in [month, quarter] {
      try addLinear(scale, name(scale, expiry), .future(expiry: expiry))
    }
    try addCoinOptions(scale, day == month ? [month, quarter] : [day, month, quarter], day: day)
    for strike in scale.strikes(3, perMille: 125) {
      for right in OptionRight.allCases {
        try addLinear(
          scale, name(scale, month, right, strike),
          .option(right, strike: strike, expiry: month))
      }
    }
  }

  /// Options in coin, the day's strikes closer together than the others'.
  private mutating func addCoinOptions(
    _ scale: ListingScale, _ expiries: [Timestamp], day: Timestamp
  ) throws(ContractError) {
    let wide = scale.strikes(9, perMille: 125)
    let step = scale.coinOptionStep
    for expiry in expiries {
      for strike in expiry == day ? scale.strikes(9, perMille: 50) : wide {
        for right in OptionRight.allCases {
          try add(
            name(scale, expiry, right, strike) + "-INV", scale,
            .option(right, strike: strike, expiry: expiry), .inverse, step: step,
            tick: Price(steps: Price.stepsPerOne / 10_000),
            highest: ListingScale.highestCoinPrice)
        }
      }
    }
  }

  /// Adds the market in which a coin is exchanged for the quote currency.
  mutating func addSpot(_ scale: ListingScale) throws(ContractError) {
    // What changes hands is counted in the ledger's units of the coin.
    let unit = 100_000_000 / scale.coin.unitsPerWhole
    try add(
      "\(scale.symbol)-SPOT", scale, .spot, .linear, step: max(scale.linearStep, unit),
      tick: scale.tick, highest: scale.highestPrice)
  }

  private mutating func addLinear(
    _ scale: ListingScale, _ name: String, _ kind: ContractKind
  ) throws(ContractError) {
    try add(
      name, scale, kind, .linear, step: scale.linearStep, tick: scale.tick,
      highest: scale.highestPrice)
  }

  private mutating func add(
    _ name: String, _ scale: ListingScale, _ kind: ContractKind, _ settlement: Settlement,
    step: Int64, tick: Price, highest: Price
  ) throws(ContractError) {
    contracts.append(
      try Contract(
        id: InstrumentID(UInt32(contracts.count)), name: name, underlying: scale.symbol,
        kind: kind, settlement: settlement,
        settlementAsset: settlement == .linear ? quote : scale.coin, stepQuantity: step,
        tick: tick, highestPrice: highest))
  }

  private func name(_ scale: ListingScale, _ expiry: Timestamp) -> String {
    "\(scale.symbol)-\(ExpiryCalendar.name(of: expiry))"
  }

  private func name(
    _ scale: ListingScale, _ expiry: Timestamp, _ right: OptionRight, _ strike: Price
  ) -> String {
    "\(name(scale, expiry))-\(strike)-\(right == .call ? "C" : "P")"
  }
}
