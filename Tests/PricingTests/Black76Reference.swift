// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Instruments
import NumericalMethods
import Pricing

/// One line of `Tests/ReferenceValues/black76.csv`, whose origin `black76.py` states.
struct Black76Reference: Sendable {
  let right: OptionRight
  let forward: Double
  let strike: Double
  let volatility: Double
  let years: Double
  /// The exact values, rounded to the nearest doubles: quote units, then coin.
  let quoted: OptionValue
  let coin: OptionValue
  let netCoinDelta: Double

  var totalVariance: Double { volatility * volatility * years }
  var root: Double { totalVariance.squareRoot() }
  var d1: Double { Elementary.log(forward / strike) / root + root / 2 }
  var d2: Double { d1 - root }
  /// The larger of |d1| and |d2|, which the documented bounds are written in.
  var distance: Double { max(d1.magnitude, d2.magnitude) }
  var isOutOfTheMoney: Bool { right.sign * (forward - strike) <= 0 }

  func value() throws -> OptionValue {
    try Black76.value(
      forward: forward, strike: strike, volatility: volatility, yearsToExpiry: years,
      right: right)
  }

  func coinValue() throws -> OptionValue {
    try Black76.coinValue(
      forward: forward, strike: strike, volatility: volatility, yearsToExpiry: years,
      right: right)
  }

  static func table() throws -> [Black76Reference] {
    let file = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("ReferenceValues/black76.csv")
    let text = try String(contentsOf: file, encoding: .utf8)
    return try text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(parse)
  }

  private static func parse(_ line: Substring) throws -> Black76Reference {
    let columns = line.split(separator: ",")
    let numbers = columns.dropFirst().compactMap { UInt64($0, radix: 16) }
      .map(Double.init(bitPattern:))
    guard numbers.count == 19 else { throw CocoaError(.fileReadCorruptFile) }
    return Black76Reference(
      right: columns[0] == "call" ? .call : .put, forward: numbers[0], strike: numbers[1],
      volatility: numbers[2], years: numbers[3], quoted: value(numbers[4..<11]),
      coin: value(numbers[11..<18]), netCoinDelta: numbers[18])
  }

  private static func value(_ numbers: ArraySlice<Double>) -> OptionValue {
    let n = Array(numbers)
    return OptionValue(
      price: n[0],
      greeks: OptionGreeks(
        delta: n[1], gamma: n[2], vega: n[3], theta: n[4], vanna: n[5], volga: n[6]))
  }
}

/// The random options of the property tests.
struct OptionSource {
  var generator: SplitMix64

  init(seed: UInt64) {
    generator = SplitMix64(seed: seed)
  }

  mutating func uniform(_ low: Double, _ high: Double) -> Double {
    low + (high - low) * generator.nextUnit()
  }

  /// A forward between e^-7 and e^14, a total standard deviation between e^-6 and e, and a strike
  /// up to six of them away.
  mutating func next() -> (forward: Double, strike: Double, totalVariance: Double) {
    let forward = Elementary.exp(uniform(-7, 14))
    let root = Elementary.exp(uniform(-6, 1))
    let strike = forward * Elementary.exp(uniform(-6, 6) * root)
    return (forward, strike, root * root)
  }
}
