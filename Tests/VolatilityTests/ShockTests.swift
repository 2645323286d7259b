// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Parameters
import Quantities
import Testing
import Volatility

@Suite("Volatility shocks")
struct ShockTests {
  // Source: Derive's published test case 12, 794,852 s to expiry; all digits given there.
  @Test("reproduce a published multiplier")
  func derive() throws {
    let shock = try VolatilityShock(surfaceParameters([("surface.shock.down", "27.5%")]).shock)
    let moves = shock.moves(yearsToExpiry: 794_852 / 31_536_000)
    #expect(abs(moves.upFactor - 1.712_811_375_927_374) < 1e-14)
    #expect(abs(moves.downFactor - 0.607_953_743_239_944_3) < 1e-14)
  }

  // Source: the specification's section 2.4, 0.5·(30/d)^{0.30 | 0.13}, to three digits.
  @Test(
    "rise for near expiries",
    arguments: [
      (3.0, 0.998), (7, 0.774), (14, 0.628), (30, 0.5), (60, 0.457), (90, 0.433), (180, 0.396),
    ])
  func term(days: Double, rise: Double) throws {
    let parameters = try surfaceParameters([
      ("surface.shock.exponent.long", "0.13"), ("surface.shock.smallestUp", "0"),
    ])
    let moves = VolatilityShock(parameters.shock).moves(yearsToExpiry: days / 365)
    #expect(abs(moves.upFactor - 1 - rise) <= 5e-4)
  }

  @Test("reach the minimum, never less than nothing, and change nothing in between")
  func limits() throws {
    let parameters = try surfaceParameters([
      ("surface.shock.down", "100%"), ("surface.shock.smallestUp", "20%"),
    ])
    let shock = VolatilityShock(parameters.shock)
    let near = shock.moves(yearsToExpiry: 3.0 / 365)
    #expect(near.apply(.up, to: 0.1) == 0.5)
    #expect(near.apply(.down, to: 0.8) == 0)
    #expect(near.apply(.unchanged, to: 0.8) == 0.8)
    #expect(shock.moves(yearsToExpiry: 3).upFactor == 1.2)
    // Nearer than a day counts as a day.
    #expect(shock.moves(yearsToExpiry: 0) == shock.moves(yearsToExpiry: 1.0 / 365))
  }

  @Test("tilt and bend the smile up to the cap")
  func skew() throws {
    let shock = try SkewShock(surfaceParameters().skewShock)
    // τ = ¼: c = 0.25 − 0.1·½ = 0.2 and k* = 4·0.6·½ = 1.2.
    let moves = shock.moves(yearsToExpiry: 0.25)
    #expect(abs(moves.factor(.tilt, logMoneyness: 0.6) - 1.1) < 1e-15)
    #expect(abs(moves.factor(.tilt, logMoneyness: -0.6) - 0.9) < 1e-15)
    #expect(abs(moves.factor(.bend, logMoneyness: -0.6) - 1.1) < 1e-15)
    #expect(moves.factor(.tilt, logMoneyness: 2) == 1.2)
    #expect(moves.factor(.tilt, logMoneyness: -2) == 0.8)
    #expect(moves.factor(.bend, logMoneyness: -2) == 1.2)
    // At expiry the cap is reached at one per cent.
    #expect(shock.moves(yearsToExpiry: 0).factor(.tilt, logMoneyness: 0.01) == 1.25)
    // Beyond 6.25 years the cap would be negative; it is nothing.
    #expect(shock.moves(yearsToExpiry: 9).factor(.bend, logMoneyness: 5) == 1)
  }

  @Test("twist expiries against each other and wings against the money")
  func twists() throws {
    let parameters = try surfaceParameters()
    let level = VolatilityShock(parameters.shock)
    let twists = try TwistParameters(term: Rate("20%"), smile: Rate("50%"))
    let shock = SkewShock(parameters.skewShock, twists: twists, level: level)
    // τ = ¼, as above: c = 0.2, reached at 1.2.
    let moves = shock.moves(yearsToExpiry: 0.25)
    #expect(abs(moves.factor(.smile, logMoneyness: 0) - 0.9) < 1e-15)
    #expect(abs(moves.factor(.smile, logMoneyness: -0.6) - 1) < 1e-15)
    #expect(abs(moves.factor(.smile, logMoneyness: 3) - 1.1) < 1e-15)
    #expect(moves.factor(.tilt, logMoneyness: 2) == 1.2)
    // At 30 days the move itself, nearer more, at every strike the same; never more than 100 %.
    for strike in [-1, 0, 2.0] {
      let month = shock.moves(yearsToExpiry: 30.0 / 365)
      #expect(abs(month.factor(.term, logMoneyness: strike) - 1.2) < 1e-15)
      let week = shock.moves(yearsToExpiry: 7.0 / 365).factor(.term, logMoneyness: strike)
      // (30/7)^0.3, mpmath.
      #expect(abs(week - 1 - 0.2 * 1.547_415_577_210_81) < 1e-14)
    }
    let whole = try TwistParameters(term: Rate("100%"), smile: .zero)
    let most = SkewShock(parameters.skewShock, twists: whole, level: level)
    #expect(most.moves(yearsToExpiry: 0).factor(.term, logMoneyness: 0) == 2)
    // Without twists nothing moves.
    let none = SkewShock(parameters.skewShock).moves(yearsToExpiry: 0.25)
    #expect(none.factor(.term, logMoneyness: 1) == 1)
    #expect(none.factor(.smile, logMoneyness: 1) == 1)
  }
}
