// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import NumericalMethods
import Pricing
import Testing

@Suite("Value at risk: three methods")
struct RangeMethodTests {
  private let terms: RangeTerms
  private let paths: PathTerms

  init() throws {
    terms = try RangeTerms(confidence: 0.99, horizonDays: 1)
    paths = try PathTerms(paths: 20_000, stepsPerDay: 1, seed: 12)
  }

  /// Loss at risk and shortfall of a profit that is a function of a standard normal number, by
  /// the trapezoidal rule with 170,001 points: sorted, cut at the probability.
  private func exact(
    _ profit: (Double) throws -> Double
  ) rethrows -> (valueAtRisk: Double, shortfall: Double) {
    var points: [(profit: Double, mass: Double)] = []
    for place in -85_000...85_000 {
      let z = Double(place) / 10_000
      points.append((try profit(z), Normal.density(z) / 10_000))
    }
    points.sort { $0.profit < $1.profit }
    var (mass, sum) = (0.0, 0.0)
    for point in points {
      if mass + point.mass >= 0.01 {
        return (-point.profit, -(sum + (0.01 - mass) * point.profit) / 0.01)
      }
      mass += point.mass
      sum += point.mass * point.profit
    }
    return (.nan, .nan)
  }

  @Test("a linear book of normal returns has the closed form of each, by all three")
  func linear() throws {
    let book = try RangeFixture.book([RangeFixture.perpetual(2)])
    let comparison = try RangeComparison(
      of: book, terms: terms, markets: [try RangeFixture.normalMarket()], paths: paths)
    let s = RangeFixture.dailyVolatility
    let z = Normal.inverse(0.01)
    // Of the price with mean 1: value at risk 1 − e^(sz − s²/2), shortfall 1 − Φ(z − s)/p. The
    // past is not centered: its returns are e^(sz).
    let drift = Elementary.exp(-0.5 * s * s)
    let loss = 20_000 * (1 - drift * Elementary.exp(s * z))
    let shortfall = 20_000 * (1 - Normal.cumulative(z - s) / 0.01)
    let pastLoss = 20_000 * (1 - Elementary.exp(s * z))
    let pastShortfall = 20_000 * (1 - Normal.cumulative(z - s) / 0.01 / drift)
    let (history, parametric, simulated) = (
      comparison.estimates[0], comparison.estimates[1], comparison.estimates[2]
    )
    // Of the discrete sample: the 200 values of the tail stand for a continuum.
    #expect(abs(history.valueAtRisk - pastLoss) <= 1e-3 * pastLoss)
    #expect(abs(history.expectedShortfall - pastShortfall) <= 2e-3 * pastShortfall)
    // The expansion ends before x³/6 and its distribution's error is documented.
    let third = 20_000 * 0.13 * 0.13 * 0.13 / 6
    #expect(abs(parametric.valueAtRisk - loss) <= third + 1e-4 * 20_000 * s)
    #expect(abs(parametric.expectedShortfall - shortfall) <= third + 1e-4 * 20_000 * s)
    // Four standard errors of a sample.
    #expect(abs(simulated.valueAtRisk - loss) <= 4 * simulated.standardErrors.valueAtRisk)
    #expect(
      abs(simulated.expectedShortfall - shortfall)
        <= 4 * simulated.standardErrors.expectedShortfall)
    #expect(simulated.standardErrors.valueAtRisk < 0.02 * loss)
    #expect(comparison.estimates.map(\.method) == RangeMethod.allCases)
  }

  @Test(
    "one option agrees with numerical integration",
    arguments: [
      (OptionRight.call, 10_000.0, 1.0), (.call, 11_500, -1), (.put, 9_000, -1), (.put, 10_500, 1),
    ])
  func option(right: OptionRight, strike: Double, quantity: Double) throws {
    let position = RangeFixture.option(right, strike: strike, quantity: quantity)
    let book = try RangeFixture.book([position])
    let question = try ValueAtRisk(of: book, terms: terms)
    let before = try Black76.price(
      forward: 10_000, strike: strike, totalVariance: 0.64 * 0.1, right: right)
    func profit(_ logMove: Double) throws -> Double {
      try quantity
        * (Black76.price(
          forward: 10_000 * Elementary.exp(logMove), strike: strike,
          totalVariance: 0.64 * (0.1 - 1.0 / 365), right: right) - before)
    }
    let s = RangeFixture.dailyVolatility
    let past = try exact { try profit(s * $0) }
    let history = try question.historical(
      [RangeFixture.normalMarket().history], responses: [.unchanged])
    #expect(abs(history.valueAtRisk - past.valueAtRisk) <= 2e-3 * past.valueAtRisk)
    #expect(abs(history.expectedShortfall - past.shortfall) <= 3e-3 * past.shortfall)
    let centered = try exact { try profit(s * $0 - 0.5 * s * s) }
    let simulated = try question.simulated([RangeFixture.black()], paths)
    #expect(
      abs(simulated.valueAtRisk - centered.valueAtRisk)
        <= 4 * simulated.standardErrors.valueAtRisk)
    #expect(
      abs(simulated.expectedShortfall - centered.shortfall)
        <= 4 * simulated.standardErrors.expectedShortfall)
    // What the expansion leaves out is a few percent of the loss here; its own distribution is
    // exact, so it is held against the integral of the expansion.
    let greeks = try Black76.value(
      forward: 10_000, strike: strike, volatility: 0.8, yearsToExpiry: 0.1 - 1.0 / 365,
      right: right)
    let first = quantity * greeks.greeks.delta * 10_000
    let second = first + quantity * greeks.greeks.gamma * 1e8
    let decay = quantity * (greeks.price - before)
    let expansion = exact { z in
      let x = s * z - 0.5 * s * s
      return decay + first * x + 0.5 * second * x * x
    }
    let parametric = try question.parametric([RangeFixture.still])
    #expect(abs(parametric.valueAtRisk - expansion.valueAtRisk) <= 1e-3 * before)
    #expect(abs(parametric.expectedShortfall - expansion.shortfall) <= 1e-3 * before)
    #expect(abs(parametric.valueAtRisk - centered.valueAtRisk) <= 0.15 * centered.valueAtRisk)
  }

  @Test("vega widens the parametric range as the sum of a quadratic and a normal number does")
  func vega() throws {
    let book = try RangeFixture.book(RangeFixture.strangle)
    let question = try ValueAtRisk(of: book, terms: terms)
    let moves = ParametricMoves(
      dailyVolatility: 0.04, volatilityOfVolatility: 0.06, correlation: -0.4)
    let tail = try question.parametric([moves])
    var (first, second, swing, decay) = (0.0, 0.0, 0.0, 0.0)
    for (right, strike) in [(OptionRight.put, 8_500.0), (.call, 12_000)] {
      let before = try Black76.price(
        forward: 10_000, strike: strike, totalVariance: 0.64 * 0.1, right: right)
      let after = try Black76.value(
        forward: 10_000, strike: strike, volatility: 0.8, yearsToExpiry: 0.1 - 1.0 / 365,
        right: right)
      first -= 10 * after.greeks.delta * 10_000
      second -= 10 * (after.greeks.delta * 10_000 + after.greeks.gamma * 1e8)
      swing -= 10 * after.greeks.vega * 0.8 * 0.06
      decay -= 10 * (after.price - before)
    }
    // P(profit ≤ −VaR), and the mean there, over the normal number of the price.
    let s = 0.04
    let rest = abs(swing) * (1 - 0.16).squareRoot()
    var (probability, mean) = (0.0, 0.0)
    for place in -8_500...8_500 {
      let z = Double(place) / 1_000
      let x = s * z - 0.5 * s * s
      let center = decay + first * x + 0.5 * second * x * x + swing * -0.4 * z
      let distance = (-tail.valueAtRisk - center) / rest
      let mass = Normal.density(z) / 1_000
      probability += mass * Normal.cumulative(distance)
      mean += mass * (center * Normal.cumulative(distance) - rest * Normal.density(distance))
    }
    #expect(abs(probability - 0.01) <= 1e-7)
    #expect(abs(-mean / 0.01 - tail.expectedShortfall) <= 1e-4 * tail.expectedShortfall)
    let unmoved = try question.parametric([RangeFixture.still])
    #expect(tail.valueAtRisk > unmoved.valueAtRisk)
  }

  @Test("the 95 % interval of the simulation holds the exact value over seeds as often as it says")
  func coverage() throws {
    let book = try RangeFixture.book([RangeFixture.perpetual(1)])
    let question = try ValueAtRisk(of: book, terms: terms)
    let s = RangeFixture.dailyVolatility
    let loss = 10_000 * (1 - Elementary.exp(s * Normal.inverse(0.01) - 0.5 * s * s))
    var covered = 0
    for seed in 0..<40 as Range<UInt64> {
      let estimate = try question.simulated(
        [RangeFixture.black()], PathTerms(paths: 10_000, stepsPerDay: 1, seed: seed))
      let interval = try #require(estimate.interval)
      #expect(interval.contains(estimate.valueAtRisk))
      if interval.contains(loss) { covered += 1 }
    }
    // Fewer than 33 of 40 has a probability below 1e-3 at 95 %.
    #expect(covered >= 33)
  }
}
