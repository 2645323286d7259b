// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import MarketData
import NumericalMethods
public import Quantities

/// The prices of one day: when it begins, and its four prices, in any one currency.
public struct PriceBar: Hashable, Sendable {
  public let time: Timestamp
  public let open: Double
  public let high: Double
  public let low: Double
  public let close: Double

  public init(time: Timestamp, open: Double, high: Double, low: Double, close: Double) {
    self.time = time
    self.open = open
    self.high = high
    self.low = low
    self.close = close
  }
}

extension PriceBar {
  /// The bar of a recorded day.
  public init(_ candle: Candle) {
    self.init(
      time: candle.start, open: candle.open.value, high: candle.high.value, low: candle.low.value,
      close: candle.close.value)
  }
}

/// Daily log returns and a measure of each day's variance.
///
/// Day 0 is the second bar: the first gives only its close. Values are per day, not annualized.
public struct ReturnSeries: Hashable, Sendable {
  /// The beginning of each day.
  public let times: [Timestamp]
  /// ln(close ÷ close of the day before).
  public let logReturns: [Double]
  /// The variance of each day, at least ``leastVariance``.
  ///
  /// From bars Garman and Klass (J. Business 53 (1980), 67-78) and the square of the overnight
  /// return: ½ln(high/low)² − (2 ln 2 − 1)ln(close/open)² + ln(open/close before)²; from closes
  /// the squared return.
  public let dailyVariances: [Double]

  /// A hundredth of a percent squared: a variance has a logarithm on days without a trade too.
  public static let leastVariance = 1e-8

  /// The number of days with a return.
  public var count: Int { logReturns.count }

  /// Returns of daily bars.
  /// - Throws: ``ForecastingError/malformedPrice(bar:)``,
  ///   ``ForecastingError/unorderedTime(bar:)``, ``ForecastingError/tooFewDays(needed:found:)``
  ///   for fewer than two bars.
  public init(bars: [PriceBar]) throws(ForecastingError) {
    for (index, bar) in bars.enumerated() {
      let prices = [bar.open, bar.high, bar.low, bar.close]
      guard prices.allSatisfy({ $0.isFinite && $0 > 0 }), bar.low <= min(bar.open, bar.close),
        bar.high >= max(bar.open, bar.close)
      else { throw .malformedPrice(bar: index) }
    }
    try self.init(
      times: bars.map(\.time), closes: bars.map(\.close),
      variances: zip(bars.dropFirst(), bars).map { bar, previous in
        let range = Elementary.log(bar.high / bar.low)
        let body = Elementary.log(bar.close / bar.open)
        let overnight = Elementary.log(bar.open / previous.close)
        return 0.5 * (range * range) - 0.386_294_361_119_890_6 * (body * body)
          + overnight * overnight
      })
  }

  /// Returns of closes alone.
  /// - Throws: As ``init(bars:)``, and ``ForecastingError/lengthMismatch(expected:found:)``.
  public init(times: [Timestamp], closes: [Double]) throws(ForecastingError) {
    try self.init(times: times, closes: closes, variances: nil)
  }

  private init(
    times: [Timestamp], closes: [Double], variances: [Double]?
  ) throws(ForecastingError) {
    guard closes.count == times.count else {
      throw .lengthMismatch(expected: times.count, found: closes.count)
    }
    guard closes.count >= 2 else { throw .tooFewDays(needed: 2, found: closes.count) }
    for index in closes.indices {
      guard closes[index].isFinite, closes[index] > 0 else { throw .malformedPrice(bar: index) }
      guard index == 0 || times[index - 1] < times[index],
        Timestamp.permitted.contains(times[index])
      else {
        throw .unorderedTime(bar: index)
      }
    }
    self.times = Array(times.dropFirst())
    // A ratio may leave the range of a double where its logarithm does not.
    let returns = zip(closes.dropFirst(), closes).map { close, previous in
      Elementary.log(close) - Elementary.log(previous)
    }
    logReturns = returns
    dailyVariances = (variances ?? returns.map { $0 * $0 }).enumerated().map { day, variance in
      variance.isFinite
        ? max(variance, Self.leastVariance)
        : max(returns[day] * returns[day], Self.leastVariance)
    }
  }
}

extension ReturnSeries {
  /// Price ÷ price before, of a log return.
  public static func growth(_ logReturn: Double) -> Double { Elementary.exp(logReturn) }
}
