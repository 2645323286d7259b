// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import NumericalMethods
import Pricing
import Quantities
import Volatility

/// A whole option chain fitted, and one quote taken in.
struct SurfaceBench {
  private static let time = Timestamp(seconds: 1_583_971_200)
  private static let days = [1.3, 3.3, 7.3, 14.3, 21.3, 35.3, 63.3, 105.3, 196.3, 287.3]
  private static let strikesEach = 60

  private let chain: OptionChain

  /// Ten expiries of 60 quotes out of the money, from smiles that lie on no grid of the fit, each
  /// quote a spread of 1 % around its price and moved within it.
  private init() throws {
    var generator = SplitMix64(seed: 5)
    var expiries: [ExpiryQuotes] = []
    for (index, days) in Self.days.enumerated() {
      let years = days / 365
      let forward = 8_000 * Elementary.exp(0.03 * years)
      let theta = 0.5 * years + 0.004
      let smile = try SSVISmile(
        theta: theta, rho: -0.3 + 0.02 * Double(index), psi: 0.7 * theta.squareRoot())
      let quotes = try (0..<Self.strikesEach).map { place in
        try Self.quote(place, smile, forward: forward, &generator)
      }
      expiries.append(
        ExpiryQuotes(
          expiry: Self.time + TimeSpan(seconds: Int64(days * 86_400)), forward: forward,
          quotes: quotes))
    }
    chain = try OptionChain(time: Self.time, unit: .quoteCurrency, expiries: expiries)
  }

  private static func quote(
    _ place: Int, _ smile: SSVISmile, forward: Double, _ generator: inout SplitMix64
  ) throws -> OptionQuote {
    let reach = 3.2 * Double(place) / Double(strikesEach - 1) - 1.6
    let logMoneyness = reach * smile.theta.squareRoot()
    let strike = forward * Elementary.exp(logMoneyness)
    let right: OptionRight = logMoneyness > 0 ? .call : .put
    let price = try Black76.price(
      forward: forward, strike: strike,
      totalVariance: smile.totalVariance(logMoneyness: logMoneyness), right: right)
    let middle = price * (1 + 0.006 * (generator.nextUnit() - 0.5))
    return OptionQuote(
      right: right, strike: strike, bid: middle * 0.995, ask: middle * 1.005, time: time)
  }

  static func figures() throws -> [Figure] {
    let bench = try SurfaceBench()
    var fitted: VolatilitySurface?
    let fit = bestNanoseconds(per: 1, runs: 100) {
      fitted = try? SurfaceFit().calibrate(bench.chain)
    }
    guard let surface = fitted, surface.report.usedCount > 500 else {
      throw BenchError.refused("a chain")
    }
    let expiry = bench.chain.expiries[4]
    let one = ExpiryQuotes(
      expiry: expiry.expiry, forward: expiry.forward, quotes: [expiry.quotes[20]])
    let update = SurfaceUpdate()
    var used = 0
    let single = bestNanoseconds(per: 1, runs: 1_000) {
      let moved = try? update.apply(to: surface, [one], unit: .quoteCurrency, at: Self.time)
      used = moved?.usedCount ?? 0
    }
    guard used == 1 else { throw BenchError.refused("a quote") }
    let before = peakMebibytes()
    for _ in 0..<200 {
      guard (try? SurfaceFit().calibrate(bench.chain)) != nil else {
        throw BenchError.refused("a chain")
      }
    }
    return [
      .below("memory grown by 200 more surfaces", peakMebibytes() - before, "MiB", goal: 1),
      .below("surface of 10 expiries, 600 quotes", fit / 1e6, "ms", goal: 2),
      .below("surface after one quote", single / 1_000, "µs", goal: 20),
    ]
  }
}
