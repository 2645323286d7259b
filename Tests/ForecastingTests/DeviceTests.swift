// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Forecasting
import NumericalMethods
import Parameters
import Quantities
import Testing

@Suite("A device against procyclicality")
struct DeviceTests {
  // By hand: the mean before is 10 each time but the last, where it is (10 + 10 + 11)/3.
  @Test("adds its buffer to calm ranges and uses it up as they rise")
  func buffer() throws {
    func last(_ ranges: [Double], _ days: Int = 3) throws -> Double? {
      try ProcyclicalityDevice.buffered(ranges, share: 0.25, calmDays: days).last
    }
    #expect(try last([8]) == 10)
    #expect(try last([10, 10, 8]) == 10)
    #expect(try last([10, 10, 10]) == 12.5)
    #expect(try last([10, 10, 11]) == 12.5)
    #expect(try last([10, 10, 12.5]) == 12.5)
    #expect(try last([10, 10, 12.5.nextUp]) == 12.5.nextUp)
    #expect(try last([10, 10, 11, 11]) == 1.25 * (31.0 / 3))
    #expect(try last([40, 10, 10, 11], 2) == 12.5)
    #expect(try ProcyclicalityDevice.buffered([], share: 0.25, calmDays: 1) == [])
  }

  @Test("weighs ranges with stressed ones, and knows the widest so far")
  func stress() throws {
    #expect(ProcyclicalityDevice.widest([2, 1, 3, 2]) == [2, 2, 3, 3])
    #expect(
      try ProcyclicalityDevice.weighted([8, 4], stressed: [12, 12], weight: 0.25) == [9, 6])
    #expect(try ProcyclicalityDevice.weighted([8], stressed: [12], weight: 0) == [8])
    #expect(try ProcyclicalityDevice.weighted([8], stressed: [12], weight: 1) == [12])
  }

  @Test("is refused for shares out of bounds and for series that do not fit together")
  func refusals() {
    for share in [-0.01, .nan, .infinity] {
      #expect(throws: ForecastingError.outOfBounds(.buffer)) {
        try ProcyclicalityDevice.buffered([1], share: share, calmDays: 1)
      }
    }
    #expect(throws: ForecastingError.outOfBounds(.windowDays)) {
      try ProcyclicalityDevice.buffered([1], share: 0.25, calmDays: 0)
    }
    for weight in [-0.01, 1.01, .nan] {
      #expect(throws: ForecastingError.outOfBounds(.stressedWeight)) {
        try ProcyclicalityDevice.weighted([1], stressed: [1], weight: weight)
      }
    }
    #expect(throws: ForecastingError.lengthMismatch(expected: 2, found: 1)) {
      try ProcyclicalityDevice.weighted([1, 1], stressed: [1], weight: 0.5)
    }
  }
}

@Suite("A forecaster of ranges")
struct RangeForecasterTests {
  /// Days of a wild and a calm half, with a seed.
  private func returns(_ count: Int, changed: Int? = nil) throws -> ReturnSeries {
    var random = SplitMix64(seed: 0x5e7)
    var closes = [100.0]
    for day in 0..<count {
      let drawn = Normal.inverse(max(random.nextUnit(), 0x1p-60))
      let size = day < count / 2 ? 0.05 : 0.02
      let move = changed.map { day >= $0 } ?? false ? 0.3 : size * drawn
      closes.append(closes[day] * Elementary.exp(move))
    }
    return try ReturnSeries(
      times: closes.indices.map { Timestamp(seconds: 86_400 * Int64($0)) }, closes: closes)
  }

  @Test("gives device (c) the wider of the blend and of plain history, with all its days")
  func lookback() throws {
    let parameters = try RangeParameters.house([("range.device.lookbackDays", "1000")])
    var forecaster = RangeForecaster(try returns(1300), parameters: parameters)
    let days = 1040..<1301
    let blend = try forecaster.ranges(.blended, days: days)
    let floored = try forecaster.ranges(.lookbackBlend, days: days)
    let logReturns = forecaster.returns.logReturns
    for (index, day) in days.enumerated() {
      let plain = -(try EmpiricalTail(logReturns[(day - 1000)..<day]).quantile(0.005))
      #expect(floored[index] == max(blend[index], plain))
    }
    #expect(zip(floored, blend).contains { $0 > $1 })
    // A look-back of the window alone is plain history.
    let rule = try RangeRule(side: .rises, probability: 0.005, windowDays: 500)
    let series = forecaster.returns
    #expect(
      try rule.lookbackRanges(of: series, mostDays: 500, days: 600..<700)
        == rule.ranges(of: series, volatility: .constant(of: series), days: 600..<700))
    let early = try rule.lookbackRanges(of: series, mostDays: 800, days: 500..<501)
    #expect(try early == rule.lookbackRanges(of: series, mostDays: 500, days: 500..<501))
  }

  @Test("remembers for its devices what lies before the days asked for")
  func memory() throws {
    var forecaster = RangeForecaster(try returns(1300), parameters: try .house())
    for forecast in RangeForecast.allCases where ![.flooredBlend, .plimsoll].contains(forecast) {
      let long = try forecaster.ranges(forecast, days: 1040..<1301)
      #expect(try forecaster.ranges(forecast, days: 1200..<1301) == Array(long.suffix(101)))
    }
  }

  @Test("has no rule that sees its own day, and shortfalls that lie beyond their quantiles")
  func causality() throws {
    var plain = RangeForecaster(try returns(1300), parameters: try .house())
    var other = RangeForecaster(try returns(1300, changed: 1250), parameters: try .house())
    for forecast in RangeForecast.allCases {
      for side in [RangeRule.Side.falls, .rises] {
        let days = 1040..<1251
        let ranges = try plain.ranges(forecast, side: side, days: days)
        #expect(try other.ranges(forecast, side: side, days: days) == ranges, "\(forecast)")
        let shortfalls = try plain.ranges(
          forecast, side: side, measure: .expectedShortfall, days: days)
        #expect(zip(ranges, shortfalls).allSatisfy { $1 >= $0 * (1 - 1e-15) }, "\(forecast)")
        let looser = try plain.ranges(forecast, side: side, probability: 0.05, days: days)
        #expect(zip(ranges, looser).allSatisfy { $0 > $1 }, "\(forecast)")
      }
    }
  }

  @Test("knows the first day of each rule and refuses one before it")
  func firstDays() throws {
    var forecaster = RangeForecaster(try returns(1100), parameters: try .house())
    let first = try RangeForecast.allCases.map { $0.firstDay(with: try .house()) }
    // 500 days of window after none, 30, or 530 days.
    #expect(first == [500, 530, 1030, 1030, 1030, 1030, 1030, 1030, 1030])
    for (forecast, day) in zip(RangeForecast.allCases, first) {
      #expect(try forecaster.ranges(forecast, days: day..<(day + 1)).count == 1)
      #expect(
        throws: ForecastingError.uncoveredDays(first: day - 1, end: day + 1), "\(forecast)"
      ) {
        try forecaster.ranges(forecast, days: (day - 1)..<(day + 1))
      }
    }
    var short = RangeForecaster(try returns(500), parameters: try .house())
    #expect(throws: ForecastingError.tooFewDays(needed: 530, found: 500)) {
      try short.ranges(.plimsoll, days: 499..<500)
    }
    #expect(try short.ranges(.historical, days: 500..<501).count == 1)
    #expect(throws: ForecastingError.uncoveredDays(first: 500, end: 502)) {
      try short.ranges(.historical, days: 500..<502)
    }
    let waiting = try RangeParameters.house([("range.longRun.minimumDays", "700")])
    #expect(RangeForecast.flooredBlend.firstDay(with: waiting) == 1200)
    #expect(RangeForecast.blended.firstDay(with: waiting) == 1030)
  }
}
