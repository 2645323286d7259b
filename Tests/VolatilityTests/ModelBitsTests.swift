// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Kernels
import NumericalMethods
import Pricing
import Quantities
import Testing
import Volatility

/// 100,000 results of the models, in one hash that is stored: the same on every machine, by the
/// scalar functions and by every variant of the kernels, from a debug and a release build.
@Suite("Models have the same bits everywhere")
struct ModelBitsTests {
  private static let storedHash: UInt64 = 0x50be_3e4e_c90c_7bab

  @Test("prices, Greeks, implied volatilities and fitted surfaces hash to what is stored")
  func scalar() throws {
    var hash = ResultHash()
    try hash.black(kernel: false)
    try hash.impliedVolatility()
    try hash.slices(.plain)
    try hash.surfaces()
    #expect(hash.count >= 100_000)
    #expect(hash.value == Self.storedHash, "0x\(String(hash.value, radix: 16))")
  }

  @Test("so they do in every variant of the kernels")
  func kernels() throws {
    defer { plimsoll_force_kernel_variant(PLIMSOLL_KERNEL_VARIANT_AUTOMATIC) }
    for variant in 0..<plimsoll_kernel_variant_count()
    where plimsoll_force_kernel_variant(variant) {
      var hash = ResultHash()
      try hash.black(kernel: true)
      try hash.impliedVolatility()
      try hash.slices(.kernel)
      try hash.surfaces()
      #expect(hash.value == Self.storedHash, "variant \(variant)")
    }
  }
}

/// A hash over results, in the order in which they are made.
private struct ResultHash {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325
  private(set) var count = 0

  mutating func add(_ result: Double) {
    value = (value ^ result.bitPattern) &* 0x0000_0100_0000_01b3
    // A multiplication never moves a high bit down; this does.
    value ^= value >> 32
    count += 1
  }

  private mutating func add(_ value: OptionValue) {
    let greeks = value.greeks
    for result in [
      value.price, greeks.delta, greeks.gamma, greeks.vega, greeks.theta, greeks.vanna,
      greeks.volga,
    ] { add(result) }
  }

  mutating func black(kernel: Bool) throws {
    var draws = SplitMix64(seed: 11)
    var options = OptionColumns(
      forward: [], strike: [], volatility: [], yearsToExpiry: [], sign: [])
    for index in 0..<7_000 {
      options.forward.append(80 + 40 * draws.nextUnit())
      options.strike.append(20 + 300 * draws.nextUnit())
      options.volatility.append(0.05 + 2 * draws.nextUnit())
      options.yearsToExpiry.append(0.003 + 2 * draws.nextUnit())
      options.sign.append(index % 2 == 0 ? 1 : -1)
    }
    var columns = OptionValueColumns(count: options.strike.count)
    if kernel {
      plimsoll_black76(
        options.forward, options.strike, options.volatility, options.yearsToExpiry,
        options.sign, &columns.price, &columns.delta, &columns.gamma, &columns.vega,
        &columns.theta, &columns.vanna, &columns.volga, options.strike.count)
    }
    for index in options.strike.indices {
      guard !kernel else {
        add(columns[index])
        continue
      }
      add(
        try Black76.value(
          forward: options.forward[index], strike: options.strike[index],
          volatility: options.volatility[index], yearsToExpiry: options.yearsToExpiry[index],
          right: options.sign[index] == 1 ? .call : .put))
    }
  }

  mutating func impliedVolatility() throws {
    var draws = SplitMix64(seed: 12)
    for _ in 0..<28_000 {
      let strike = 100 * Elementary.exp(4 * draws.nextUnit() - 2)
      let deviation = Elementary.exp(6 * draws.nextUnit() - 5)
      let right: OptionRight = strike > 100 ? .call : .put
      let price = try Black76.price(
        forward: 100, strike: strike, totalVariance: deviation * deviation, right: right)
      let implied = try? ImpliedVolatility.totalDeviation(
        price: price, forward: 100, strike: strike, right: right)
      add(implied ?? -1)
    }
  }

  mutating func slices(_ path: FourierSlice.Path) throws {
    var draws = SplitMix64(seed: 13)
    for _ in 0..<100 {
      let unit = { (draws: inout SplitMix64) in draws.nextUnit() }
      let variance = try HestonModel(
        initialVariance: 0.05 + unit(&draws), meanVariance: 0.05 + unit(&draws),
        meanReversion: 0.5 + 8 * unit(&draws), volatilityOfVariance: 0.2 + 1.5 * unit(&draws),
        correlation: 1.2 * unit(&draws) - 0.8)
      let jumps = try LogarithmicJumps(
        intensity: 6 * unit(&draws), meanJump: 0.2 * unit(&draws) - 0.15,
        deviation: 0.02 + 0.15 * unit(&draws))
      let slice = try FourierSlice(
        model: BatesModel(variance: variance, jumps: jumps),
        yearsToExpiry: 0.02 + 0.5 * unit(&draws), path: path)
      let strikes = (0..<230).map { 40 + 0.6 * Double($0) }
      if path == .kernel {
        for price in try slice.prices(forward: 100, strikes: strikes, right: .call) { add(price) }
      } else {
        for strike in strikes {
          add(try slice.price(forward: 100, strike: strike, right: .call))
        }
      }
    }
  }

  mutating func surfaces() throws {
    var draws = SplitMix64(seed: 14)
    let time = Timestamp(seconds: 1_583_971_200)
    for _ in 0..<60 {
      let level = 0.3 + draws.nextUnit()
      let expiries = try [3, 10, 31, 95, 190].map { days in
        try expiry(days, level: level, from: time, &draws)
      }
      let chain = try OptionChain(time: time, unit: .quoteCurrency, expiries: expiries)
      for slice in try SurfaceFit().calibrate(chain).slices {
        for parameter in [slice.smile.theta, slice.smile.rho, slice.smile.psi] { add(parameter) }
      }
    }
  }

  private func expiry(
    _ days: Int64, level: Double, from time: Timestamp, _ draws: inout SplitMix64
  ) throws -> ExpiryQuotes {
    let years = Double(days) / 365
    var quotes: [OptionQuote] = []
    for place in 0..<11 {
      let strike = 100 * Elementary.exp(0.3 * Double(place - 5) * (level * years.squareRoot()))
      let right: OptionRight = strike > 100 ? .call : .put
      let volatility = level * (1 + 0.004 * Double((place - 5) * (place - 5)))
      let price = try Black76.price(
        forward: 100, strike: strike, totalVariance: volatility * volatility * years,
        right: right)
      let middle = price * (1 + 0.01 * (draws.nextUnit() - 0.5))
      quotes.append(
        OptionQuote(
          right: right, strike: strike, bid: 0.99 * middle, ask: 1.01 * middle, time: time))
    }
    return ExpiryQuotes(
      expiry: time + TimeSpan(seconds: days * 86_400), forward: 100, quotes: quotes)
  }
}
