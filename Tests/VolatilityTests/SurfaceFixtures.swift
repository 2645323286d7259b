// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import NumericalMethods
import Parameters
import Pricing
import Quantities
import Testing
import Volatility

/// A known surface, and chains that are priced on it.
struct KnownSurface {
  var smiles: [SSVISmile]
  var days: [Double]
  var forward = 90_000.0
  let time = Timestamp(seconds: 1_760_000_000)

  /// Typical of BTC.
  init() throws {
    days = [2, 7, 14, 30, 90, 180, 365]
    let levels = [0.55, 0.52, 0.50, 0.49, 0.50, 0.51, 0.52]
    let tilts = [-0.15, -0.17, -0.2, -0.22, -0.25, -0.27, -0.3]
    smiles = []
    for (index, days) in days.enumerated() {
      let theta = levels[index] * levels[index] * days / 365
      let width = 0.8 - 0.05 * Double(index)
      smiles.append(
        try SSVISmile(theta: theta, rho: tilts[index], psi: width * theta.squareRoot()))
    }
  }

  func expiry(_ index: Int) -> Timestamp {
    time + TimeSpan(nanoseconds: Int64(days[index] * 86_400e9))
  }

  /// Quotes around the price of the surface, `part` of it wide, strikes within 1.8 deviations.
  func quotes(
    _ index: Int, count: Int = 25, part: Double = 0.002, unit: PriceUnit = .coin,
    time: Timestamp? = nil
  ) throws -> [OptionQuote] {
    let smile = smiles[index]
    let deviation = smile.theta.squareRoot()
    var quotes: [OptionQuote] = []
    for step in 0..<count {
      // No strike is the forward: there both call and put would be out of the money.
      let k = count == 1 ? 0.01 : deviation * (-1.79 + 3.6 * Double(step) / Double(count - 1))
      let strike = forward * Elementary.exp(k)
      for right in OptionRight.allCases {
        let price = try Black76.price(
          forward: forward, strike: strike, totalVariance: smile.totalVariance(logMoneyness: k),
          right: right)
        let scaled = unit == .coin ? price / forward : price
        quotes.append(
          OptionQuote(
            right: right, strike: strike, bid: scaled * (1 - part), ask: scaled * (1 + part),
            time: time ?? self.time))
      }
    }
    return quotes
  }

  func chain(
    count: Int = 25, part: Double = 0.002, unit: PriceUnit = .coin, hasForwards: Bool = true
  ) throws -> OptionChain {
    var expiries: [ExpiryQuotes] = []
    for index in days.indices {
      expiries.append(
        ExpiryQuotes(
          expiry: expiry(index), forward: hasForwards ? forward : nil,
          quotes: try quotes(index, count: count, part: part, unit: unit)))
    }
    return try OptionChain(time: time, unit: unit, expiries: expiries)
  }
}

extension SplitMix64 {
  mutating func uniform(_ low: Double, _ high: Double) -> Double {
    low + (high - low) * nextUnit()
  }
}

/// Every shock of the margin grid and twists beyond it.
func gridShocks() throws -> [SurfaceShock] {
  let level = VolatilityShock(try surfaceParameters().shock)
  var shocks = VolatilityState.allCases.map { SurfaceShock(level, $0) }
  for twist in [-0.3, 0.3] {
    var term = SurfaceShock()
    term.termTwist = twist
    var skew = SurfaceShock()
    skew.skewTwist = twist
    var smile = SurfaceShock()
    smile.smileTwist = twist
    var all = SurfaceShock(level, .up)
    all.termTwist = -twist
    all.skewTwist = twist
    all.smileTwist = twist
    shocks += [term, skew, smile, all]
  }
  return shocks
}

/// ln(F'/F) of the spot moves of the margin grid: ±R in quarters, R = 16 %, and the tails.
let gridMoves = [
  -0.66, -0.33, -0.16, -0.12, -0.08, -0.04, 0.04, 0.08, 0.12, 0.16, 0.5, 1, 2, 3, 4, 5,
].map { Elementary.log(1 + $0) }
