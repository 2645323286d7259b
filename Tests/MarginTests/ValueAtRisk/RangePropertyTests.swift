// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import NumericalMethods
import Pricing
import Quantities
import Testing
import Volatility

@Suite("Value at risk: what always holds")
struct RangePropertyTests {
  private let day: RangeTerms

  init() throws { day = try RangeTerms(confidence: 0.99, horizonDays: 1) }

  private func market() throws -> RangeMarket {
    // Tails fatter than normal, and one jump each way.
    let residuals = RangeFixture.normalResiduals(498).map { $0 * (1 + 0.1 * $0 * $0) }
    return RangeMarket(
      history: FilteredHistory(
        residuals: residuals + [-8, 7], fallVolatility: 0.035, riseVolatility: 0.03),
      response: VolatilityResponse(down: -0.6, up: -0.1),
      parametric: ParametricMoves(
        dailyVolatility: 0.035, volatilityOfVolatility: 0.06, correlation: -0.4),
      model: try RangeFixture.svcj())
  }

  private func comparison(
    _ positions: [ModelBook.Position], confidence: Double = 0.99, days: Double = 1,
    seed: UInt64 = 3
  ) throws -> RangeComparison {
    try RangeComparison(
      of: try RangeFixture.book(positions),
      terms: RangeTerms(confidence: confidence, horizonDays: days), markets: [market()],
      paths: PathTerms(paths: 10_000, stepsPerDay: 4, seed: seed))
  }

  @Test("equal seeds give equal bits, other seeds other paths")
  func seeds() throws {
    let first = try comparison(RangeFixture.strangle)
    #expect(try comparison(RangeFixture.strangle) == first)
    let other = try comparison(RangeFixture.strangle, seed: 4)
    #expect(other.estimates[2] != first.estimates[2])
    #expect(other.estimates[0] == first.estimates[0])
    #expect(other.estimates[1] == first.estimates[1])
  }

  @Test("nothing held loses nothing")
  func empty() throws {
    for book in [try comparison([]), try comparison([RangeFixture.perpetual(0)])] {
      for estimate in book.estimates {
        #expect(estimate.valueAtRisk == 0)
        #expect(estimate.expectedShortfall == 0)
        #expect(estimate.standardErrors.valueAtRisk == 0)
        #expect(estimate.worst.allSatisfy { $0.loss == 0 })
      }
    }
  }

  @Test(
    "more probability never lowers a loss, and the shortfall is never below value at risk",
    arguments: [
      [RangeFixture.perpetual(1)], [RangeFixture.perpetual(-2)], RangeFixture.strangle,
      [RangeFixture.option(.call, strike: 10_000, quantity: 3)],
    ])
  func monotone(positions: [ModelBook.Position]) throws {
    var before: [RangeEstimate] = []
    for confidence in [0.001, 0.3, 0.5, 0.9, 0.95, 0.99, 0.995, 0.999, 0.999_99] {
      let estimates = try comparison(positions, confidence: confidence).estimates
      for (place, estimate) in estimates.enumerated() {
        #expect(estimate.expectedShortfall >= estimate.valueAtRisk)
        if !before.isEmpty {
          #expect(estimate.valueAtRisk >= before[place].valueAtRisk)
          // Two means over samples that differ by one: equal up to rounding at the very end.
          let slack = 1e-9 * estimate.expectedShortfall.magnitude
          #expect(estimate.expectedShortfall >= before[place].expectedShortfall - slack)
        }
      }
      before = estimates
    }
  }

  @Test("losses scale with the book")
  func homogeneous() throws {
    let one = try comparison([RangeFixture.option(.put, strike: 9_000, quantity: -1)])
    let ten = try comparison([RangeFixture.option(.put, strike: 9_000, quantity: -10)])
    for (one, ten) in zip(one.estimates, ten.estimates) {
      #expect(abs(ten.valueAtRisk - 10 * one.valueAtRisk) <= 1e-9 * ten.valueAtRisk)
      #expect(abs(ten.expectedShortfall - 10 * one.expectedShortfall) <= 1e-9 * ten.valueAtRisk)
    }
  }

  @Test("the past is scaled by the root of the horizon, each side by its own volatility")
  func horizon() throws {
    let four = try RangeTerms(confidence: 0.99, horizonDays: 4)
    let question = try ValueAtRisk(
      of: RangeFixture.book([RangeFixture.perpetual(1)]), terms: four)
    let estimate = try question.historical([market().history], responses: [.unchanged])
    let worst = try #require(estimate.worst.first)
    // −8 × 3.5 % × √4.
    #expect(worst.place == 498)
    #expect(abs(worst.logMoves[0] + 0.56) <= 1e-15)
    #expect(abs(worst.loss - 10_000 * (1 - Elementary.exp(-0.56))) <= 1e-9)
    let short = try ValueAtRisk(
      of: RangeFixture.book([RangeFixture.perpetual(-1)]), terms: four
    ).historical([market().history], responses: [.unchanged])
    // 7 × 3 % × √4.
    #expect(abs(try #require(short.worst.first).logMoves[0] - 0.42) <= 1e-15)
  }

  @Test("the worst scenarios are sorted, and each revalues to its loss")
  func worst() throws {
    let estimates = try comparison(RangeFixture.strangle).estimates
    for estimate in [estimates[0], estimates[2]] {
      #expect(estimate.worst.count == RangeEstimate.mostWorst)
      let losses = estimate.worst.map(\.loss)
      #expect(losses == losses.sorted(by: >))
      #expect(losses[0] >= estimate.valueAtRisk)
    }
    let first = try #require(estimates[0].worst.first)
    let move = first.logMoves[0]
    let factor = 1 + (move < 0 ? -0.6 : -0.1) * move
    var loss = 0.0
    for (right, strike) in [(OptionRight.put, 8_500.0), (.call, 12_000)] {
      let before = try Black76.price(
        forward: 10_000, strike: strike, totalVariance: 0.64 * 0.1, right: right)
      let volatility = 0.8 * factor
      loss +=
        10
        * (try Black76.price(
          forward: 10_000 * Elementary.exp(move), strike: strike,
          totalVariance: volatility * volatility * (0.1 - 1.0 / 365), right: right) - before)
    }
    #expect(abs(first.loss - loss) <= 1e-8)
  }

  @Test("volatility that rises on falls costs the seller of puts, within a quarter and four times")
  func response() throws {
    let short = try ValueAtRisk(
      of: RangeFixture.book([RangeFixture.option(.put, strike: 9_000, quantity: -1)]), terms: day)
    let history = FilteredHistory(
      residuals: Array(repeating: -5, count: 20), volatility: 0.04)
    func loss(_ down: Double) throws -> Double {
      try short.historical([history], responses: [VolatilityResponse(down: down, up: 0)])
        .valueAtRisk
    }
    #expect(try loss(-0.6) > loss(0))
    #expect(try loss(0.6) < loss(0))
    // 1 + 0.2 β is 4 at 15, and a quarter at −3.75.
    #expect(try loss(-15) == loss(-99))
    #expect(try loss(-14.9) < loss(-15))
    #expect(try loss(3.75) == loss(99))
    #expect(try loss(3.7) > loss(3.75))
  }

  @Test("simulated volatility follows the path's variance as it is expected over the rest of life")
  func variance() throws {
    // Variance falls from 0.36 toward 0.09 without chance; prices jump.
    let (initial, mean, kappa) = (0.36, 0.09, 30.0)
    let model = try SVCJModel(
      variance: HestonModel(
        initialVariance: initial, meanVariance: mean, meanReversion: kappa,
        volatilityOfVariance: 0, correlation: 0),
      jumps: LogarithmicJumps(intensity: 20, meanJump: -0.1, deviation: 0.1),
      meanVarianceJump: 0, jumpCorrelation: 0)
    let question = try ValueAtRisk(
      of: RangeFixture.book([RangeFixture.option(.put, strike: 9_000, quantity: -1)]), terms: day)
    let estimate = try question.simulated(
      [model], PathTerms(paths: 10_000, stepsPerDay: 3, seed: 2))
    let left = 0.1 - 1.0 / 365
    // Midpoints of 100,000 steps; a jump's mean square is μ² + δ².
    func total(_ start: Double) -> Double {
      var sum = 0.0
      for step in 0..<100_000 {
        let time = (Double(step) + 0.5) * left / 100_000
        sum += mean + (start - mean) * Elementary.exp(-kappa * time)
      }
      return sum * left / 100_000 + 20 * 0.02 * left
    }
    let later = mean + (initial - mean) * Elementary.exp(-kappa / 365)
    let factor = total(later) / total(initial)
    #expect(factor < 0.99)
    let before = try Black76.price(
      forward: 10_000, strike: 9_000, totalVariance: 0.64 * 0.1, right: .put)
    for scenario in estimate.worst {
      let after = try Black76.price(
        forward: 10_000 * Elementary.exp(scenario.logMoves[0]), strike: 9_000,
        totalVariance: 0.64 * left * factor, right: .put)
      #expect(abs(scenario.loss - (after - before)) <= 1e-6)
    }
  }
}
