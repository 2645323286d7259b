// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Pricing
import Testing
import Volatility

private func years(days: Double) -> Double { days / 365 }

@Suite("The parametric surface")
struct SurfaceTests {
  private static let levels = [0.2, 0.5, 0.8, 1.5, 3.0]

  @Test("has the level at the money in 30 days", arguments: levels)
  func level(level: Double) throws {
    let smile = try ParametricSurface(surfaceParameters())
      .smile(level: level, yearsToExpiry: years(days: 30))
    #expect(abs(smile.atTheMoney - level) <= 1e-15 * level)
    #expect(abs(smile.volatility(logMoneyness: 0) - level) <= 1e-15 * level)
  }

  @Test("tends to the long-run level with the stated exponents")
  func term() throws {
    let surface = try ParametricSurface(surfaceParameters())
    // 0.7 + (1.5 − 0.7)·(30/d)^p by hand: 4^0.33 = 1.580083, (1/4)^0.45 = 0.535887.
    let near = surface.smile(level: 1.5, yearsToExpiry: years(days: 7.5)).atTheMoney
    let far = surface.smile(level: 1.5, yearsToExpiry: years(days: 120)).atTheMoney
    #expect(abs(near - (0.7 + 0.8 * 1.580_083)) < 1e-6)
    #expect(abs(far - (0.7 + 0.8 * 0.535_887)) < 1e-6)
  }

  @Test("keeps every volatility inside its floor and cap")
  func range() throws {
    let surface = try ParametricSurface(
      surfaceParameters([
        ("surface.volatility.lowest", "60%"), ("surface.volatility.highest", "90%"),
      ]))
    for level in Self.levels {
      for days in [0.0, 0.001, 1, 30, 400] {
        let smile = surface.smile(level: level, yearsToExpiry: years(days: days))
        for moneyness in stride(from: -3.0, through: 3, by: 0.25) {
          #expect((0.6...0.9).contains(smile.volatility(logMoneyness: moneyness)))
        }
      }
    }
  }

  @Test("has total variance rising with expiry", arguments: levels)
  func calendar(level: Double) throws {
    let surface = try ParametricSurface(surfaceParameters())
    for moneyness in stride(from: -1.0, through: 1, by: 0.125) {
      var before = 0.0
      for days in stride(from: 1.0, through: 400, by: 1) {
        let smile = surface.smile(level: level, yearsToExpiry: years(days: days))
        let volatility = smile.volatility(logMoneyness: moneyness)
        let variance = volatility * volatility * years(days: days)
        #expect(variance >= before)
        before = variance
      }
    }
  }

  @Test("gives calls that fall with the strike and are convex in it", arguments: levels)
  func butterfly(level: Double) throws {
    let surface = try ParametricSurface(
      surfaceParameters([("surface.volatility.highest", "2000%")]))
    for days in [1.0, 7, 30, 90, 365] {
      let smile = surface.smile(level: level, yearsToExpiry: years(days: days))
      let deviation = smile.atTheMoney * years(days: days).squareRoot()
      let step = 0.02 * deviation
      var calls: [Double] = []
      for place in 0...200 {
        let strike = 1 + Double(place - 100) * step
        guard strike > 0.05 else { continue }
        // A series is exact enough here: 2 artanh(x) = ln((1 + x) ÷ (1 − x)).
        let volatility = smile.volatility(logMoneyness: naturalLogarithm(strike))
        calls.append(
          try Black76.price(
            forward: 1, strike: strike, totalVariance: volatility * volatility * years(days: days),
            right: .call))
      }
      for place in calls.indices.dropFirst().dropLast() {
        #expect(calls[place] <= calls[place - 1])
        #expect(calls[place - 1] - 2 * calls[place] + calls[place + 1] >= -1e-15)
      }
    }
  }

  @Test("states its own skew")
  func skew() throws {
    let smile = try ParametricSurface(surfaceParameters())
      .smile(level: 0.8, yearsToExpiry: years(days: 30))
    let width = 1e-5
    let slope =
      (smile.volatility(logMoneyness: width) - smile.volatility(logMoneyness: -width))
      / (2 * width)
    #expect(abs(slope - smile.skew) < 1e-8)
    // −0.3·0.63 ÷ (2·√(30/365)) = −0.329623; Deribit's BTC surfaces measure −0.350.
    #expect(abs(smile.skew + 0.329_623) < 1e-6)
  }

  @Test("follows a fall of spot three skews and a rise by two fifths")
  func spotMove() throws {
    let smile = try ParametricSurface(surfaceParameters())
      .smile(level: 0.8, yearsToExpiry: years(days: 30))
    for (move, response) in [(-0.1, 3.0), (0.1, 0.4)] {
      // A strike that is at the money after the move.
      let after = smile.volatility(logMoneyness: move, afterMove: move)
      #expect(abs(after - (smile.atTheMoney + response * smile.skew * move)) < 1e-15)
    }
    let still = smile.volatility(logMoneyness: 0.2, afterMove: 0)
    #expect(still == smile.volatility(logMoneyness: 0.2))
  }
}

private func naturalLogarithm(_ x: Double) -> Double {
  let ratio = (x - 1) / (x + 1)
  var power = ratio
  var sum = 0.0
  var place = 1.0
  while power.magnitude > 1e-18 {
    sum += power / place
    power *= ratio * ratio
    place += 2
  }
  return 2 * sum
}
