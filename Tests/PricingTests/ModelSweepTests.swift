// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Instruments
import Pricing
import Testing

@Suite("Fourier prices against QuantLib")
struct ModelSweepTests {
  /// Prices by mpmath of the cases that QuantLib has wrong.
  private static func exceptions() throws -> [Int: Double] {
    var found: [Int: Double] = [:]
    for line in try SensitivityReference.lines("price") {
      if let number = Int(line[1]) { found[number] = Double(line[2]) }
    }
    return found
  }

  @Test("where QuantLib differs, the price is that of the third witness")
  func exceptionalCases() throws {
    let rows = try SweptOption.table()
    let exceptions = try Self.exceptions()
    #expect(exceptions.count == 1)
    for (number, expected) in exceptions {
      let row = rows[number]
      let price = try LewisIntegral.price(
        model: row.model, forward: 100, strike: row.strike, yearsToExpiry: row.years,
        right: row.right)
      #expect((price - expected).magnitude <= 2e-13 * (100 + row.strike))
      #expect((price - row.price).magnitude > 1e-8 * row.price)
    }
  }

  // Tolerance: 1e-8 of the price, or 1e-13 of the forward where the price is tiny.
  @Test("agree on 2,000 random options, and slices agree with the integral")
  func sweep() throws {
    let exceptions = try Self.exceptions()
    var refused = 0
    for (number, row) in try SweptOption.table().enumerated() {
      let lewis = try LewisIntegral.price(
        model: row.model, forward: 100, strike: row.strike, yearsToExpiry: row.years,
        right: row.right)
      // QuantLib is wrong where the third witness says so; below.
      let tolerance = 1e-8 * row.price + 1e-11
      if !exceptions.keys.contains(number) {
        #expect((lewis - row.price).magnitude <= tolerance, "case \(number)")
      }
      do {
        let slice = try FourierSlice(model: row.model, yearsToExpiry: row.years)
        let price = try slice.price(forward: 100, strike: row.strike, right: row.right)
        // The documented bounds of both.
        #expect((price - lewis).magnitude <= 2e-13 * (100 + row.strike), "case \(number)")
      } catch PricingError.unresolved {
        refused += 1
      }
    }
    // Where reversion times mean is near 0 and the volatility of variance is not, φ hardly decays.
    #expect(refused == 11)
  }
}

struct SweptOption {
  let model: any CharacteristicModel
  let years: Double
  let strike: Double
  let price: Double

  var right: OptionRight { strike >= 100 ? .call : .put }

  static func table() throws -> [SweptOption] {
    let file = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("ReferenceValues/models_quantlib.csv")
    let text = try String(contentsOf: file, encoding: .utf8)
    return try text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(parse)
  }

  private static func parse(_ line: Substring) throws -> SweptOption {
    let columns = line.split(separator: ",")
    let x = columns.dropFirst().compactMap { Double($0) }
    guard x.count == 11 else { throw CocoaError(.fileReadCorruptFile) }
    return SweptOption(
      model: try model(columns[0], x), years: x[0] / 365, strike: x[1], price: x[10])
  }

  private static func model(_ name: Substring, _ x: [Double]) throws -> any CharacteristicModel {
    let jumps = try LogarithmicJumps(intensity: x[7], meanJump: x[8], deviation: x[9])
    if name == "merton" { return try MertonModel(volatility: x[2], jumps: jumps) }
    let variance = try HestonModel(
      initialVariance: x[2], meanVariance: x[3], meanReversion: x[4], volatilityOfVariance: x[5],
      correlation: x[6])
    return name == "heston" ? variance : BatesModel(variance: variance, jumps: jumps)
  }
}
