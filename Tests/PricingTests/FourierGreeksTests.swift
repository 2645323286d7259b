// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Instruments
import NumericalMethods
import Pricing
import Testing

@Suite("Sensitivities of the models")
struct FourierGreeksTests {
  // Expected: mpmath, 40 digits. Tolerance: a few roundings of the terms, relative to each
  // number's scale among the strikes.
  @Test("equal the high-precision reference")
  func references() throws {
    for row in try SensitivityReference.table() {
      let greeks = try FourierGreeks(model: row.model, yearsToExpiry: row.years)
      let value = try greeks.value(forward: 100, strike: row.strike, right: .call)
      let found = numbers(value)
      #expect((value.price - row.values[0]).magnitude <= 1e-13 * (100 + row.strike))
      for index in 1..<7 {
        #expect((found[index] - row.values[index]).magnitude <= bound(row.values[index]))
      }
      for parameter in ModelParameter.allCases {
        guard let slope = value.sensitivities[parameter] else { continue }
        let expected = row.values[7 + parameter.rawValue]
        #expect((slope - expected).magnitude <= bound(expected), "\(parameter)")
      }
      let lacking = ModelParameter.allCases.filter { value.sensitivities[$0] == nil }
      #expect(lacking.allSatisfy { !type(of: row.model).parameters.contains($0) })
    }
  }

  /// Relative, and absolute next to a zero.
  private func bound(_ expected: Double) -> Double { 1e-12 * (expected.magnitude + 0.01) }

  // Tolerance: the error of the fourth-order difference and the noise of prices over its step.
  @Test("are the slopes of the prices, for random models", arguments: [1, 2] as [UInt64])
  func slopes(seed: UInt64) throws {
    var source = ModelSource(seed: seed)
    for _ in 0..<15 {
      let (model, years) = (try source.model(), source.years())
      let strike = source.strike(model, years)
      guard let greeks = try? FourierGreeks(model: model, yearsToExpiry: years) else { continue }
      let value = try greeks.value(forward: 100, strike: strike, right: .put)
      for parameter in ModelParameter.allCases {
        let found = try #require(value.sensitivities[parameter])
        let center = model.numbers[parameter.rawValue]
        let step = 1e-3 * max(center.magnitude, 1e-3)
        guard
          let prices = try? [-2.0, -1, 1, 2].map({ count in
            try FourierSlice(
              model: model.with(parameter, center + count * step), yearsToExpiry: years
            ).price(forward: 100, strike: strike, right: .put)
          })
        else { continue }
        let slope = (8 * (prices[2] - prices[1]) - (prices[3] - prices[0])) / (12 * step)
        let tolerance = 1e-6 * found.magnitude + 2e-14 * (100 + strike) / step
        #expect((found - slope).magnitude <= tolerance, "\(parameter), \(model), \(years)")
      }
    }
  }

  @Test("call and put differ by the forward alone")
  func parity() throws {
    var source = ModelSource(seed: 31)
    for _ in 0..<12 {
      let (model, years) = (try source.model(), source.years())
      guard let greeks = try? FourierGreeks(model: model, yearsToExpiry: years) else { continue }
      let strike = source.strike(model, years)
      let call = try greeks.value(forward: 100, strike: strike, right: .call)
      let put = try greeks.value(forward: 100, strike: strike, right: .put)
      #expect((call.greeks.delta - put.greeks.delta - 1).magnitude <= 0x1p-52)
      #expect((call.netCoinDelta - put.netCoinDelta - strike / 100).magnitude <= 1e-14)
      #expect(call.greeks.gamma == put.greeks.gamma && call.greeks.vega == put.greeks.vega)
      #expect(call.sensitivities == put.sensitivities)
      let slice = try FourierSlice(model: model, yearsToExpiry: years)
      let price = try slice.price(forward: 100, strike: strike, right: .put)
      #expect((put.price - price).magnitude <= 2e-13 * (100 + strike))
    }
  }

  @Test("are Black's where the variance is constant and nothing jumps")
  func black() throws {
    let none = try LogarithmicJumps(intensity: 0, meanJump: -0.1, deviation: 0.2)
    let model = try MertonModel(volatility: 0.6, jumps: none)
    let greeks = try FourierGreeks(model: model, yearsToExpiry: 0.4)
    for strike in [60.0, 95, 100, 150] {
      for right in OptionRight.allCases {
        let expected = try Black76.value(
          forward: 100, strike: strike, volatility: 0.6, yearsToExpiry: 0.4, right: right)
        let found = try greeks.value(forward: 100, strike: strike, right: right)
        #expect(found.price == expected.price)
        #expect((found.greeks.delta - expected.greeks.delta).magnitude <= 1e-15)
        #expect((found.greeks.gamma - expected.greeks.gamma).magnitude <= 1e-16)
        for (one, other) in zip(numbers(found)[3...], list(expected)[3...]) {
          #expect((one - other).magnitude <= 1e-12 * (1 + other.magnitude))
        }
        let coin = try greeks.coinValue(forward: 100, strike: strike, right: right)
        let expectedCoin = try Black76.coinValue(
          forward: 100, strike: strike, volatility: 0.6, yearsToExpiry: 0.4, right: right)
        for (one, other) in zip(numbers(coin), list(expectedCoin)) {
          #expect((one - other).magnitude <= 1e-14 * (1 + other.magnitude))
        }
        let net = try Black76.netCoinDelta(
          forward: 100, strike: strike, totalVariance: 0.6 * 0.6 * 0.4, right: right)
        #expect((coin.netCoinDelta - net).magnitude <= 1e-14)
        // The first jump to come has a price although none is expected.
        #expect(found.sensitivities.jumpIntensity.map { $0 > 0 } ?? false)
      }
    }
  }

  @Test("without time are the intrinsic value's")
  func noTime() throws {
    let greeks = try FourierGreeks(model: ModelReference.bitcoin(), yearsToExpiry: 0)
    for (strike, delta) in [(90.0, 1.0), (100, 0.5), (110, 0)] {
      let value = try greeks.value(forward: 100, strike: strike, right: .call)
      #expect(value.price == max(0, 100 - strike) && value.greeks.delta == delta)
      #expect(value.greeks.gamma == 0 && value.greeks.vega == 0 && value.greeks.theta == 0)
      #expect(value.sensitivities.jumpCorrelation == 0)
    }
  }

  @Test("exist for the parameters a model has, and refuse what prices refuse")
  func existence() throws {
    let still = try HestonModel(
      initialVariance: 0.2, meanVariance: 0.2, meanReversion: 0, volatilityOfVariance: 0,
      correlation: 0)
    let value = try FourierGreeks(model: still, yearsToExpiry: 0.5)
      .value(forward: 100, strike: 90, right: .put)
    #expect(value.sensitivities.initialVariance != nil)
    // Reversion and volatility of variance have no derivative where both are nil.
    #expect(value.sensitivities.meanReversion == nil && value.sensitivities.correlation == nil)
    #expect(value.sensitivities.jumpIntensity == nil)
    let greeks = try FourierGreeks(model: ModelReference.calm(), yearsToExpiry: 0.5)
    #expect(throws: PricingError.outOfDomain(.strike, value: -1)) {
      try greeks.value(forward: 100, strike: -1, right: .call)
    }
    #expect(throws: PricingError.outOfDomain(.forward, value: 0)) {
      try greeks.coinValue(forward: 0, strike: 1, right: .call)
    }
  }

  private func numbers(_ value: ModelValue) -> [Double] {
    list(OptionValue(price: value.price, greeks: value.greeks))
  }

  private func list(_ value: OptionValue) -> [Double] {
    let greeks = value.greeks
    return [
      value.price, greeks.delta, greeks.gamma, greeks.vega, greeks.theta, greeks.vanna,
      greeks.volga,
    ]
  }
}

extension SVCJModel {
  /// The parameters in the order of ``ModelParameter``.
  fileprivate var numbers: [Double] {
    [
      variance.initialVariance, variance.meanVariance, variance.meanReversion,
      variance.volatilityOfVariance, variance.correlation, jumps.intensity, jumps.meanJump,
      jumps.deviation, meanVarianceJump, jumpCorrelation,
    ]
  }

  fileprivate func with(_ parameter: ModelParameter, _ value: Double) throws -> SVCJModel {
    var x = numbers
    x[parameter.rawValue] = value
    return try SVCJModel(
      variance: HestonModel(
        initialVariance: x[0], meanVariance: x[1], meanReversion: x[2],
        volatilityOfVariance: x[3], correlation: x[4]),
      jumps: LogarithmicJumps(intensity: x[5], meanJump: x[6], deviation: x[7]),
      meanVarianceJump: x[8], jumpCorrelation: x[9])
  }
}

/// A line "call" or "wide" of `Tests/ReferenceValues/models_mpmath.csv`; its script explains it.
struct SensitivityReference {
  let model: any CharacteristicModel
  let years: Double
  let strike: Double
  /// Price, six Greeks, ten parameters; or the price alone.
  let values: [Double]

  static func lines(_ kind: String) throws -> [[Substring]] {
    let file = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("ReferenceValues/models_mpmath.csv")
    let text = try String(contentsOf: file, encoding: .utf8)
    return text.split(separator: "\n").map { $0.split(separator: ",") }.filter { $0[0] == kind }
  }

  static func table() throws -> [SensitivityReference] {
    try table("call", numbers: 29)
  }

  /// The lines "wide", which have only the price.
  static func prices() throws -> [SensitivityReference] {
    try table("wide", numbers: 13)
  }

  private static func table(_ kind: String, numbers: Int) throws -> [SensitivityReference] {
    try lines(kind).map { line in
      let x = line.dropFirst(2).compactMap { Double($0) }
      guard x.count == numbers else { throw CocoaError(.fileReadCorruptFile) }
      return SensitivityReference(
        model: try model(line[1], Array(x[2..<12])), years: x[0], strike: x[1],
        values: Array(x[12...]))
    }
  }

  private static func model(
    _ name: Substring, _ x: [Double]
  ) throws -> any CharacteristicModel {
    let jumps = try LogarithmicJumps(intensity: x[5], meanJump: x[6], deviation: x[7])
    if name == "merton" { return try MertonModel(volatility: x[0].squareRoot(), jumps: jumps) }
    let variance = try HestonModel(
      initialVariance: x[0], meanVariance: x[1], meanReversion: x[2], volatilityOfVariance: x[3],
      correlation: x[4])
    switch name {
    case "heston": return variance
    case "bates": return BatesModel(variance: variance, jumps: jumps)
    default:
      return try SVCJModel(
        variance: variance, jumps: jumps, meanVarianceJump: x[8], jumpCorrelation: x[9])
    }
  }
}
