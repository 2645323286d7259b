// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Forecasting
import Quantities
import Testing

/// Closes from 100 on, each the one before times a ratio.
private func series(_ ratios: [Double]) throws -> ReturnSeries {
  var closes = [100.0]
  for ratio in ratios { closes.append(closes[closes.count - 1] * ratio) }
  return try ReturnSeries(
    times: closes.indices.map { Timestamp(seconds: 86_400 * Int64($0)) }, closes: closes)
}

@Suite("A range")
struct RangeTests {
  // Returns alternate with one fall by half among 20: falls ln 2, all else 0.
  private func oneFall() throws -> ReturnSeries {
    try series((0..<40).map { $0 == 25 ? 0.5 : $0 % 2 == 0 ? 1.01 : 1 / 1.01 })
  }

  @Test("is the stated order statistic of its window, and leaves no trace after it")
  func historical() throws {
    let returns = try oneFall()
    let rule = try RangeRule(probability: 0.025, windowDays: 20)
    let ranges = try rule.ranges(
      of: returns, volatility: .constant(of: returns), days: 20..<41)
    // Place 0.025 · 19 = 0.475 between the fall by ln 2 and ln 1.01.
    let small = 0.009_950_330_853_168
    let large = 0.693_147_180_559_945
    #expect(abs(ranges[5] - small) < 1e-12)
    #expect(abs(ranges[6] - (0.525 * large + 0.475 * small)) < 1e-12)
    let shortfall = try RangeRule(
      measure: .expectedShortfall, probability: 0.025, windowDays: 20
    ).ranges(of: returns, volatility: .constant(of: returns), days: 30..<31)
    #expect(abs(shortfall[0] - large) < 1e-12)
  }

  @Test("comes from a tail that a moving window keeps sorted")
  func window() throws {
    var tail = try EmpiricalTail([3, -1, 2, -1])
    #expect(tail.sorted == [-1, -1, 2, 3])
    try tail.replace(-1, with: 5)
    #expect(tail.sorted == [-1, 2, 3, 5])
    try tail.replace(5, with: -2)
    #expect(tail.sorted == [-2, -1, 2, 3])
    #expect(tail.quantile(0.5) == 0.5)
    #expect(tail.tailMean(0.5) == -1.5)
    #expect(tail.quantile(0) == -2)
    #expect(tail.quantile(1) == 3)
    for (old, new) in [(0.0, 1.0), (9, 1), (2, .nan), (2, .infinity)] {
      #expect(throws: ForecastingError.malformedValue(day: 0)) { try tail.replace(old, with: new) }
    }
    #expect(tail.sorted == [-2, -1, 2, 3])
    #expect(throws: ForecastingError.tooFewDays(needed: 1, found: 0)) { try EmpiricalTail([]) }
    #expect(throws: ForecastingError.malformedValue(day: 1)) { try EmpiricalTail([0, .nan]) }
  }

  @Test("covers rises and both sides as asked, and grows with the root of the horizon")
  func sides() throws {
    let returns = try oneFall()
    func range(_ side: RangeRule.Side, days: Double = 1) throws -> Double {
      try RangeRule(side: side, probability: 0.025, horizonDays: days, windowDays: 20).ranges(
        of: returns, volatility: .constant(of: returns), days: 30..<31)[0]
    }
    let small = 0.009_950_330_853_168
    #expect(abs(try range(.rises) - small) < 1e-12)
    // Place 0.05 · 19 = 0.95 among sizes.
    #expect(abs(try range(.both) - (0.05 * 0.693_147_180_559_945 + 0.95 * small)) < 1e-12)
    #expect(try range(.falls, days: 4) == 2 * range(.falls))
  }

  @Test("does not depend on the unit of its filter, and moves with its forecast")
  func filter() throws {
    let returns = try oneFall()
    let rule = try RangeRule(probability: 0.005, windowDays: 20)
    let one = try rule.ranges(of: returns, volatility: .constant(of: returns), days: 20..<41)
    let four = try VolatilityPath(firstDay: 0, values: Array(repeating: 4, count: 41))
    #expect(try rule.ranges(of: returns, volatility: four, days: 20..<41) == one)
    let rising = try VolatilityPath(
      firstDay: 0, values: Array(repeating: 1, count: 40) + [1.5])
    let last = try rule.ranges(of: returns, volatility: rising, days: 40..<41)
    #expect(last[0] == 1.5 * one[20])
  }

  @Test("uses nothing of the day it is for, or later")
  func causality() throws {
    let ratios = (0..<900).map { (day: Int) -> Double in
      let step = Double(day * 7919 % 101 - 50)
      return 1 + 0.0004 * step
    }
    var changed = ratios
    for day in 880..<900 { changed[day] = 1.3 }
    let before = try series(ratios)
    let after = try series(changed)
    let rule = try RangeRule(probability: 0.005, windowDays: 300)
    let models: [(ReturnSeries) throws -> VolatilityPath] = [
      { try ExponentialWeighting(decay: 0.94, of: .squaredReturn).forecast($0) },
      {
        try LogHeterogeneousModel(regressionDays: 500, minimumDays: 200, refitInterval: 10)
          .forecast($0)
      },
      {
        try AsymmetricVarianceModel(regressionDays: 500, minimumDays: 200, refitInterval: 50)
          .forecast($0)
      },
      { try VolatilityPath.longRun(of: $0, minimumDays: 200) },
    ]
    for model in models {
      let plain = try model(before)
      let other = try model(after)
      #expect(plain.firstDay == other.firstDay)
      for day in plain.firstDay...880 { #expect(plain[day] == other[day]) }
      #expect(plain[881] != other[881])
      let left = try rule.ranges(of: before, volatility: plain, days: 530..<881)
      #expect(try rule.ranges(of: after, volatility: other, days: 530..<881) == left)
    }
    let filter = try models[0](before)
    let calendars = try [(before, filter), (after, models[0](after))].map {
      try CalendarFactors(of: $0.0, forecast: $0.1, minimumDays: 100).values
    }
    #expect(calendars[0][...880] == calendars[1][...880])
    #expect(calendars[0] != calendars[1])
  }

  @Test("rises and falls no faster than its ramp")
  func ramp() throws {
    let ramp = try RangeRamp(largestRise: 1.25, smallestFall: 0.97)
    #expect(ramp.next(after: 8, target: 10) == 10)
    #expect(ramp.next(after: 8, target: 10.01) == 10)
    #expect(ramp.next(after: 8, target: 7.76) == 7.76)
    #expect(ramp.next(after: 8, target: 7) == 8 * 0.97)
    for (rise, fall) in [(1, 0.5), (101, 0.5), (.nan, 0.5), (2, 1), (2, -0.1), (2, .nan)] {
      #expect(throws: ForecastingError.self) {
        try RangeRamp(largestRise: rise, smallestFall: fall)
      }
    }
    // The ratio as a double is not above the rise either, from any range.
    var range = 0.0371
    for _ in 0..<1000 {
      let next = ramp.next(after: range, target: 10)
      #expect(next / range <= 1.25)
      range = next >= 10 ? 0.0371 + range / 1000 : next
    }
  }

  @Test("is refused for days without forecast or window, and for parameters out of bounds")
  func refusals() throws {
    let returns = try oneFall()
    let rule = try RangeRule(probability: 0.005, windowDays: 20)
    for days in [19..<21, 20..<42, 30..<30, -5..<3] {
      #expect(
        throws: ForecastingError.uncoveredDays(first: days.lowerBound, end: days.upperBound)
      ) {
        try rule.ranges(of: returns, volatility: .constant(of: returns), days: days)
      }
    }
    #expect(throws: ForecastingError.outOfBounds(.probability)) {
      try RangeRule(probability: 0.5, windowDays: 20)
    }
    #expect(throws: ForecastingError.outOfBounds(.horizonDays)) {
      try RangeRule(probability: 0.005, horizonDays: 0, windowDays: 20)
    }
    #expect(throws: ForecastingError.outOfBounds(.windowDays)) {
      try RangeRule(probability: 0.005, windowDays: 19)
    }
    let flat = try series(Array(repeating: 1, count: 30))
    #expect(throws: ForecastingError.malformedValue(day: 20)) {
      try rule.ranges(of: flat, volatility: .constant(of: flat), days: 20..<21)
    }
  }
}
