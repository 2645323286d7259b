// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Instruments
import NumericalMethods
import Pricing

/// The slow twin: another formula of the price and a bracket that always holds the root.
///
/// The time value ÷ smaller of forward and strike by the scaled complementary error function,
/// b = ½e^(-u²/2)·(erfcx(u/√2) - erfcx(v/√2)), u = a - t, v = a + t; where both nearly agree, by
/// the integral of the derivative between them.
struct ImpliedVolatilityOracle {
  /// |ln(K/F)|.
  let magnitude: Double

  init(forward: Double, strike: Double) {
    let low = min(forward, strike)
    let high = max(forward, strike)
    magnitude = high <= 2 * low ? Elementary.log1p((high - low) / low) : Elementary.log(high / low)
  }

  static let rootOfHalf = 0.5.squareRoot()
  static let inverseRootOf2Pi = 0.398_942_280_401_432_7

  func slope(_ s: Double) -> Double {
    let u = magnitude / s - s / 2
    return Self.inverseRootOf2Pi * Elementary.exp(-0.5 * u * u)
  }

  /// The time value part.
  func part(_ s: Double) -> Double {
    let u = magnitude / s - s / 2
    let v = magnitude / s + s / 2
    if s < 0.5 { return integral(to: s) }
    if u >= 0 {
      let difference =
        ErrorFunction.erfcx(u * Self.rootOfHalf) - ErrorFunction.erfcx(v * Self.rootOfHalf)
      return 0.5 * Elementary.exp(-0.5 * u * u) * difference
    }
    return 1 - rest(s)
  }

  /// One less the part, for u < 0.
  func rest(_ s: Double) -> Double {
    let u = magnitude / s - s / 2
    let v = magnitude / s + s / 2
    let sum =
      ErrorFunction.erfcx(-u * Self.rootOfHalf) + ErrorFunction.erfcx(v * Self.rootOfHalf)
    return 0.5 * Elementary.exp(-0.5 * u * u) * sum
  }

  /// e^(-u²/2) ∫ (1/√(2π) - y ½erfcx(y/√2)) dy from u to v: Gauss and Legendre with 8 points.
  ///
  /// Source of the points: M. Abramowitz, I. Stegun, Handbook of Mathematical Functions, 25.4.
  private func integral(to s: Double) -> Double {
    let (a, t) = (magnitude / s, s / 2)
    let points = [
      (0.183_434_642_495_649_8, 0.362_683_783_378_362_0),
      (0.525_532_409_916_329_0, 0.313_706_645_877_887_3),
      (0.796_666_477_413_626_7, 0.222_381_034_453_374_5),
      (0.960_289_856_497_536_3, 0.101_228_536_290_376_3),
    ]
    func density(_ y: Double) -> Double {
      Self.inverseRootOf2Pi - y * (0.5 * ErrorFunction.erfcx(y * Self.rootOfHalf))
    }
    var sum = 0.0
    for (node, weight) in points {
      sum += weight * (density(a - node * t) + density(a + node * t))
    }
    let u = a - t
    return Elementary.exp(-0.5 * u * u) * (t * sum)
  }

  /// The deviation of a part, between neighboring doubles.
  func deviation(part target: Double, rest targetRest: Double) throws -> Double {
    try bracketedRoot(lower: 1e-9, upper: 60) { s in
      if targetRest < 0.5, magnitude / s < s / 2 {
        return Elementary.log(targetRest / rest(s))
      }
      let value = part(s)
      return value > 0 ? Elementary.log(value / target) : -.infinity
    }
  }
}

/// One line of `Tests/ReferenceValues/implied_volatility.csv`, whose origin its script states.
struct ImpliedVolatilityReference: Sendable {
  let right: OptionRight
  let price: Double
  let forward: Double
  let strike: Double
  let totalDeviation: Double
  let elasticity: Double

  static func table() throws -> [ImpliedVolatilityReference] {
    let file = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("ReferenceValues/implied_volatility.csv")
    let text = try String(contentsOf: file, encoding: .utf8)
    return try text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
      let columns = line.split(separator: ",")
      let numbers = columns.dropFirst().compactMap { UInt64($0, radix: 16) }
        .map(Double.init(bitPattern:))
      guard numbers.count == 5 else { throw CocoaError(.fileReadCorruptFile) }
      return ImpliedVolatilityReference(
        right: columns[0] == "call" ? .call : .put, price: numbers[0], forward: numbers[1],
        strike: numbers[2], totalDeviation: numbers[3], elasticity: numbers[4])
    }
  }
}
