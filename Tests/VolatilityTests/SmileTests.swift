// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import Volatility

/// One line of `Tests/ReferenceValues/surface_smiles.csv`, whose origin its script states.
private struct SmileReference {
  let numbers: [Double]

  var smile: SSVISmile {
    get throws { try SSVISmile(theta: numbers[0], rho: numbers[1], psi: numbers[2]) }
  }
  var years: Double { numbers[3] }
  var k: Double { numbers[4] }
  /// w, w′, w″, g, density; then raw SVI; then jump wings.
  var values: ArraySlice<Double> { numbers[5..<10] }
  var raw: ArraySlice<Double> { numbers[10..<15] }
  var jumpWing: ArraySlice<Double> { numbers[15..<20] }

  static func table() throws -> [SmileReference] {
    let file = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
      .deletingLastPathComponent().appending(path: "../ReferenceValues/surface_smiles.csv")
    let text = try String(contentsOf: file, encoding: .utf8)
    return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
      SmileReference(
        numbers: line.split(separator: ",").compactMap { UInt64($0, radix: 16) }
          .map(Double.init(bitPattern:)))
    }
  }
}

@Suite("A smile")
struct SmileTests {
  // Expected: mpmath, 60 digits. Tolerance: rounding of a few operations; g and the density lose
  // digits where their terms cancel, so they are compared on the scale of those.
  @Test("equals the high-precision reference, derivatives and density included")
  func reference() throws {
    let table = try SmileReference.table()
    #expect(table.count == 150)
    for row in table {
      let point = try row.smile.point(logMoneyness: row.k)
      let found = [
        point.totalVariance, point.slope, point.curvature, point.butterfly, point.density,
      ]
      let steepness = 1 + row.k.magnitude * point.slope.magnitude / point.totalVariance
      let scales = [
        row.values[5], 4 * row.numbers[2], row.values[7], steepness * steepness + row.values[7],
        (steepness * steepness + row.values[7]) / row.values[5].squareRoot(),
      ]
      for ((found, expected), scale) in zip(zip(found, row.values), scales) {
        #expect((found - expected).magnitude <= 4e-15 * scale, "\(row)")
      }
      #expect(try row.smile.totalVariance(logMoneyness: row.k) == point.totalVariance)
    }
  }

  @Test("has the same values as raw SVI, whose parameters equal the reference")
  func raw() throws {
    for row in try SmileReference.table() {
      let raw = RawSVI(try row.smile)
      let found = [raw.a, raw.b, raw.rho, raw.m, raw.sigma]
      for (found, expected) in zip(found, row.raw) {
        #expect((found - expected).magnitude <= 1e-14 * expected.magnitude)
      }
      let point = raw.point(logMoneyness: row.k)
      #expect((point.totalVariance - row.values[5]).magnitude <= 1e-14 * row.values[5])
      #expect((point.slope - row.values[6]).magnitude <= 1e-14 * row.numbers[2])
      #expect((point.curvature - row.values[7]).magnitude <= 2e-14 * row.values[7].magnitude)
    }
  }

  @Test("goes to raw SVI, to jump wings and back")
  func roundTrip() throws {
    for row in try SmileReference.table() {
      let smile = try row.smile
      let raw = RawSVI(smile)
      let jumpWing = try JumpWing(raw, yearsToExpiry: row.years)
      let found = [
        jumpWing.variance, jumpWing.skew, jumpWing.putWing, jumpWing.callWing,
        jumpWing.minimumVariance,
      ]
      let scales = [
        row.jumpWing[15], jumpWing.putWing + jumpWing.callWing, row.jumpWing[17],
        row.jumpWing[18], row.jumpWing[19],
      ]
      for ((found, expected), scale) in zip(zip(found, row.jumpWing), scales) {
        #expect((found - expected).magnitude <= 1e-14 * scale)
      }
      // v - ṽ loses digits where the minimum is near the money: as 1 / ρ².
      let loss = 1e-13 / (smile.rho * smile.rho)
      let back = try RawSVI(jumpWing)
      #expect((back.sigma - raw.sigma).magnitude <= loss * raw.sigma)
      #expect((back.m - raw.m).magnitude <= loss * raw.sigma)
      #expect((back.a - raw.a).magnitude <= loss * smile.theta)
      let whole = try SSVISmile(raw)
      #expect((whole.theta - smile.theta).magnitude <= 1e-15 * smile.theta)
      #expect(whole.rho == smile.rho && whole.psi == smile.psi)
    }
  }

  // Source: the example of Axel Vogt in Gatheral and Jacquier (2014), section 5.1, printed there
  // with seven digits; its density is negative near k = 0.8.
  @Test("of Vogt's example has the printed jump wings and a negative density")
  func vogt() throws {
    let raw = try RawSVI(a: -0.0410, b: 0.1331, rho: 0.3060, m: 0.3586, sigma: 0.4153)
    let jumpWing = try JumpWing(raw, yearsToExpiry: 1)
    let printed = [0.017_426_25, -0.175_211_1, 0.699_738_1, 1.316_798, 0.011_624_9]
    let found = [
      jumpWing.variance, jumpWing.skew, jumpWing.putWing, jumpWing.callWing,
      jumpWing.minimumVariance,
    ]
    for (found, printed) in zip(found, printed) {
      #expect((found - printed).magnitude <= 1e-6 * printed.magnitude.squareRoot())
    }
    #expect(raw.point(logMoneyness: 0.8).butterfly < 0)
    #expect(throws: SmileRefusal.outsideSSVI(.shift)) { try SSVISmile(raw) }
  }

  @Test(
    "has a density whose integral is 1 and whose mean is the forward", arguments: [-0.6, 0, 0.4])
  func density(rho: Double) throws {
    let smile = try SSVISmile(theta: 0.04, rho: rho, psi: 0.25)
    #expect(smile.satisfiesButterflyBounds)
    // Simpson's rule; the wings have exponential tails, below 1e-12 beyond ±40.
    var mass = 0.0
    var mean = 0.0
    let count = 40_000
    for index in 0...count {
      let k = -40 + 80 * Double(index) / Double(count)
      let weight = index == 0 || index == count ? 1.0 : index % 2 == 1 ? 4 : 2
      let density = smile.point(logMoneyness: k).density * weight * 80 / Double(3 * count)
      mass += density
      mean += density * Foundation.exp(k)
    }
    #expect((mass - 1).magnitude < 1e-9)
    #expect((mean - 1).magnitude < 1e-9)
  }

  @Test("has skew ρψ / (2√(θτ)): the slope of volatility at the money")
  func skew() throws {
    let smile = try SSVISmile(theta: 0.03, rho: -0.3, psi: 0.2)
    func volatility(_ k: Double) -> Double {
      (smile.totalVariance(logMoneyness: k) / 0.25).squareRoot()
    }
    let slope = (volatility(1e-5) - volatility(-1e-5)) / 2e-5
    #expect((smile.skew(yearsToExpiry: 0.25) - slope).magnitude < 1e-9)
  }
}

@Suite("A smile refuses")
struct SmileRefusalTests {
  private static let odd = [Double.nan, .infinity, -.infinity]

  @Test("parameters outside their domains, and takes the ends")
  func domain() throws {
    for value in Self.odd + [0, -1, 0.99e-12, 1.1e6] {
      #expect { try SSVISmile(theta: value, rho: 0, psi: 0.1) } throws: {
        self.field($0) == .atTheMoneyVariance
      }
    }
    for value in Self.odd + [1, -1, 1.5] {
      #expect { try SSVISmile(theta: 0.1, rho: value, psi: 0.1) } throws: {
        self.field($0) == .correlation
      }
    }
    for value in Self.odd + [-0.1, 1.1e6] {
      #expect { try SSVISmile(theta: 0.1, rho: 0, psi: value) } throws: {
        self.field($0) == .width
      }
    }
    _ = try SSVISmile(theta: 1e-12, rho: 1.0.nextDown, psi: 0)
    _ = try SSVISmile(theta: 1e6, rho: (-1.0).nextUp, psi: 1e6)
  }

  @Test("raw parameters without variance, with wings too steep, or outside their domains")
  func raw() throws {
    #expect(throws: SmileRefusal.withoutVariance(minimum: 0)) {
      try RawSVI(a: -0.25, b: 0.5, rho: 0, m: 0, sigma: 0.5)
    }
    _ = try RawSVI(a: -0.25.nextDown, b: 0.5, rho: 0, m: 0, sigma: 0.5.nextUp)
    #expect(throws: SmileRefusal.wingTooSteep(2.25)) {
      try RawSVI(a: 0.1, b: 1.5, rho: -0.5, m: 0, sigma: 0.5)
    }
    _ = try RawSVI(a: 0.1, b: 2, rho: 0, m: 0, sigma: 0.5)
    for (index, field) in [SmileField.level, .slope, .correlation, .shift, .curvature].enumerated()
    {
      for value in Self.odd {
        var numbers = [0.1, 0.5, 0, 0, 0.5]
        numbers[index] = value
        #expect {
          try RawSVI(
            a: numbers[0], b: numbers[1], rho: numbers[2], m: numbers[3], sigma: numbers[4])
        } throws: { self.field($0) == field }
      }
    }
  }

  @Test("jump wings that fix no smile")
  func jumpWings() throws {
    // The minimum at the money: v = ṽ and no skew.
    let flat = try JumpWing(
      variance: 0.04, skew: 0, putWing: 0.5, callWing: 0.5, minimumVariance: 0.04,
      yearsToExpiry: 1)
    #expect(throws: SmileRefusal.undetermined) { try RawSVI(flat) }
    let steep = try JumpWing(
      variance: 0.04, skew: 0.4, putWing: 0.5, callWing: 0.5, minimumVariance: 0.03,
      yearsToExpiry: 1)
    #expect(throws: SmileRefusal.outOfDomain(.skew, value: 0.4)) { try RawSVI(steep) }
    #expect {
      try JumpWing(
        variance: 0.04, skew: 0, putWing: 0.5, callWing: 0.5, minimumVariance: 0.04.nextUp,
        yearsToExpiry: 1)
    } throws: { self.field($0) == .minimumVariance }
    #expect {
      try JumpWing(RawSVI(SSVISmile(theta: 0.1, rho: 0.1, psi: 0.1)), yearsToExpiry: 0)
    } throws: { self.field($0) == .yearsToExpiry }
  }

  private func field(_ error: any Error) -> SmileField? {
    guard case .outOfDomain(let field, _)? = error as? SmileRefusal else { return nil }
    return field
  }
}
