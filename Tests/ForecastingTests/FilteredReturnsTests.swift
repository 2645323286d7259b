// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Forecasting
import NumericalMethods
import Parameters
import Quantities
import Testing

@Suite("Filtered returns")
struct FilteredReturnsTests {
  /// Normal returns whose volatility swings between 2 % and 4 % a day, and one last return.
  private static func series(_ count: Int = 1_150, last: Double = -0.01) throws -> ReturnSeries {
    let philox = Philox(seed: 11)
    var closes = [10_000.0]
    for day in 0..<count {
      let swing = Double((day / 40) % 3)
      let (unit, _) = philox.units(at: SIMD4(UInt32(day), 0, 0, 0))
      let move = day == count - 1 ? last : (0.02 + 0.01 * swing) * Normal.inverse(unit)
      closes.append(closes[day] * Elementary.exp(move))
    }
    return try ReturnSeries(
      times: closes.indices.map { Timestamp(seconds: 86_400 * Int64($0)) }, closes: closes)
  }

  /// Ramps that never bind.
  private static let free = [
    (key: "range.ramp.largestRise", value: "100"), (key: "range.ramp.smallestFall", value: "0"),
  ]

  @Test("scaled, they have the rule's own range on both sides", arguments: RangeForecast.allCases)
  func ranges(rule: RangeForecast) throws {
    let returns = try Self.series()
    var forecaster = RangeForecaster(returns, parameters: try .house())
    for probability in [0.005, 0.02] {
      let filtered = try forecaster.filteredReturns(rule, probability: probability)
      #expect(filtered.residuals.count == 500)
      let first = rule.firstDay(with: forecaster.parameters)
      for side in [RangeRule.Side.falls, .rises] {
        let range = try forecaster.ranges(
          rule, side: side, probability: probability, days: first..<returns.count + 1
        ).last
        let isFall = side == .falls
        let volatility = isFall ? filtered.fallVolatility : filtered.riseVolatility
        let tail = try EmpiricalTail(
          filtered.residuals.map {
            let size = rule == .plimsoll ? -$0.magnitude : isFall ? $0 : -$0
            return size * volatility
          })
        let quantile = -tail.quantile(rule == .plimsoll ? 2 * probability : probability)
        #expect(abs(quantile - (try #require(range))) <= 1e-14)
      }
    }
  }

  @Test("their volatility is the forecast where no ramp binds, floor and weekends in it")
  func forecast() throws {
    let returns = try Self.series()
    let end = returns.count
    let parameters = try RangeParameters.house(Self.free)
    var forecaster = RangeForecaster(returns, parameters: parameters)
    let blend = try forecaster.blend()
    let longRun = try VolatilityPath.longRun(of: returns, minimumDays: 500)
    let floored = try blend.floored(at: 0.9, of: longRun)
    for (rule, path) in [(RangeForecast.blended, blend), (.flooredBlend, floored)] {
      let filtered = try forecaster.filteredReturns(rule)
      #expect(abs(filtered.fallVolatility / path[end] - 1) <= 1e-12)
      #expect(abs(filtered.riseVolatility / path[end] - 1) <= 1e-12)
      #expect(filtered.residuals[499] == returns.logReturns[end - 1] / path[end - 1])
    }
    let house = try blend.drawn(toward: longRun, weight: 0.25).floored(at: 0.9, of: longRun)
    let recent = try ExponentialWeighting(decay: 0.94, of: .squaredReturn).forecast(returns)
    let calendar = try CalendarFactors(of: returns, forecast: recent, minimumDays: 500).values
    let filtered = try forecaster.filteredReturns(.plimsoll)
    #expect(calendar[end] != 1)
    #expect(abs(filtered.fallVolatility / (house[end] * calendar[end]) - 1) <= 1e-12)
    #expect(filtered.fallVolatility == filtered.riseVolatility)
  }

  @Test("a ramp that binds holds the next day's volatility back, not the residuals")
  func ramp() throws {
    let returns = try Self.series(last: -0.4)
    var bounded = RangeForecaster(returns, parameters: try .house())
    var free = RangeForecaster(returns, parameters: try .house(Self.free))
    let (held, loose) = (
      try bounded.filteredReturns(.flooredBlend), try free.filteredReturns(.flooredBlend)
    )
    #expect(held.residuals == loose.residuals)
    #expect(held.fallVolatility < 0.8 * loose.fallVolatility)
    // Without the last day's fall in its own tail, the range of the day before × 1.25.
    let ranges = try bounded.ranges(.flooredBlend, days: 1_100..<returns.count + 1)
    #expect(abs(ranges[ranges.count - 1] / ranges[ranges.count - 2] - 1.25) <= 1e-12)
  }

  @Test("are refused where there are too few days")
  func few() throws {
    let parameters = try RangeParameters.house()
    let needed = RangeForecast.plimsoll.firstDay(with: parameters)
    var enough = RangeForecaster(try Self.series(needed), parameters: parameters)
    #expect(try enough.filteredReturns(.plimsoll).residuals.count == 500)
    var short = RangeForecaster(try Self.series(needed - 1), parameters: parameters)
    #expect(throws: ForecastingError.tooFewDays(needed: needed, found: needed - 1)) {
      try short.filteredReturns(.plimsoll)
    }
  }
}
