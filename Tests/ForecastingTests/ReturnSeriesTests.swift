// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Forecasting
import Quantities
import Testing

@Suite("A return series")
struct ReturnSeriesTests {
  private func day(_ number: Int64) -> Timestamp { Timestamp(seconds: 86_400 * number) }

  @Test("is refused with a price that is no positive number", arguments: [0, -1, .nan, .infinity])
  func malformed(price: Double) {
    #expect(throws: ForecastingError.malformedPrice(bar: 1)) {
      try ReturnSeries(times: [day(0), day(1), day(2)], closes: [1, price, 2])
    }
    let good = PriceBar(time: day(0), open: 1, high: 2, low: 1, close: 1.5)
    let bad = PriceBar(time: day(1), open: price, high: 2, low: 1, close: 1.5)
    #expect(throws: ForecastingError.malformedPrice(bar: 1)) {
      try ReturnSeries(bars: [good, bad])
    }
  }

  @Test("is refused with a bar outside its low and high")
  func bars() {
    for (high, low) in [(1.4, 1.0), (2.0, 1.1)] {
      let bar = PriceBar(time: day(0), open: 1, high: high, low: low, close: 1.5)
      #expect(throws: ForecastingError.malformedPrice(bar: 0)) { try ReturnSeries(bars: [bar]) }
    }
  }

  @Test("is refused with times that do not rise, without two closes, with unlike lengths")
  func shape() {
    #expect(throws: ForecastingError.unorderedTime(bar: 2)) {
      try ReturnSeries(times: [day(0), day(1), day(1)], closes: [1, 1, 1])
    }
    #expect(throws: ForecastingError.tooFewDays(needed: 2, found: 1)) {
      try ReturnSeries(times: [day(0)], closes: [1])
    }
    #expect(throws: ForecastingError.lengthMismatch(expected: 2, found: 1)) {
      try ReturnSeries(times: [day(0), day(1)], closes: [1])
    }
  }

  // Expected by hand: ln 2 and Garman-Klass of open 2, high 4, low 2, close 4 after a close of 2:
  // (ln 2)² (½ − (2 ln 2 − 1)) = 0.480453013918 · 0.113705638880.
  @Test("has the log return and the variance of its bar")
  func values() throws {
    let series = try ReturnSeries(bars: [
      PriceBar(time: day(0), open: 2, high: 2, low: 2, close: 2),
      PriceBar(time: day(1), open: 2, high: 4, low: 2, close: 4),
      PriceBar(time: day(2), open: 4, high: 4, low: 4, close: 4),
    ])
    #expect(series.count == 2)
    #expect(abs(series.logReturns[0] - 0.693_147_180_559_945) < 1e-14)
    #expect(abs(series.dailyVariances[0] - 0.054_630_216_9) < 1e-10)
    #expect(series.dailyVariances[1] == ReturnSeries.leastVariance)
    #expect(series.times == [day(1), day(2)])
  }
}
