// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Pricing
import Quantities
import Testing
import Volatility

/// One expiry of 30 days at a forward of 100 with one quote to examine, beside 25 sound ones.
@Suite("A quote filter")
struct QuoteFilterTests {
  private let time = Timestamp(seconds: 1_760_000_000)
  private var years: Double { 30.0 / 365 }

  private func price(_ strike: Double, _ right: OptionRight, _ sigma: Double) throws -> Double {
    try Black76.price(
      forward: 100, strike: strike, totalVariance: sigma * sigma * years, right: right)
  }

  /// What happens to one quote.
  private func verdict(
    _ right: OptionRight, _ strike: Double, bid: Double?, ask: Double?, bidSize: Double? = 1,
    askSize: Double? = 1, age: Int64 = 0, filter: QuoteFilter = QuoteFilter()
  ) throws -> QuoteRejection? {
    var quotes = try stride(from: 80.0, through: 128, by: 2).map { strike in
      let right: OptionRight = strike < 100 ? .put : .call
      let middle = try price(strike, right, 0.5)
      return OptionQuote(
        right: right, strike: strike, bid: middle * 0.99, ask: middle * 1.01, time: time)
    }
    quotes.append(
      OptionQuote(
        right: right, strike: strike, bid: bid, ask: ask, bidSize: bidSize, askSize: askSize,
        time: time - TimeSpan(nanoseconds: age)))
    let chain = try OptionChain(
      time: time, unit: .quoteCurrency,
      expiries: [
        ExpiryQuotes(
          expiry: time + TimeSpan(seconds: 30 * 86_400), forward: 100, quotes: quotes)
      ])
    let report = try SurfaceFit(filter: filter).calibrate(chain).report.expiries[0]
    #expect(report.usedCount + report.rejected.count == quotes.count)
    return report.rejected.first { $0.strike == strike || strike.isNaN }?.rejection
  }

  @Test("takes a sound quote and names the fault of any other")
  func reasons() throws {
    let middle = try price(105, .call, 0.5)
    func call(_ bid: Double?, _ ask: Double?) throws -> QuoteRejection? {
      try verdict(.call, 105, bid: bid, ask: ask)
    }
    #expect(try call(middle * 0.99, middle * 1.01) == nil)
    #expect(try call(middle, middle) == nil)
    #expect(try call(middle.nextUp, middle) == .crossed)
    #expect(try call(nil, middle) == .oneSided)
    #expect(try call(middle, nil) == .oneSided)
    #expect(try call(0, middle) == .oneSided)
    for odd in [-1, Double.nan, .infinity] {
      #expect(try call(odd, middle) == .malformed)
      #expect(try call(middle, odd) == .malformed)
    }
    #expect(try verdict(.call, 105, bid: middle, ask: middle, bidSize: 0) == .zeroSize)
    #expect(try verdict(.call, 105, bid: middle, ask: middle, askSize: 0) == .zeroSize)
    #expect(try verdict(.call, 105, bid: middle, ask: middle, askSize: -1) == .malformed)
    #expect(try verdict(.call, 105, bid: middle, ask: middle, askSize: nil) == nil)
    for strike in [0, -5, Double.nan, .infinity] {
      #expect(try verdict(.call, strike, bid: 1, ask: 1) == .malformed)
    }
    let inside = try price(95, .call, 0.5)
    #expect(try verdict(.call, 95, bid: inside, ask: inside) == .inTheMoney)
    // A put costs less than its strike, a call less than its forward.
    #expect(try verdict(.call, 105, bid: 99, ask: 101) == .outsideBounds)
    #expect(try verdict(.call, 105, bid: 99, ask: 100.9) == .tooWide)
  }

  @Test("takes a quote of its oldest age, and none a nanosecond older or from the future")
  func age() throws {
    let middle = try price(105, .call, 0.5)
    func call(_ age: Int64) throws -> QuoteRejection? {
      try verdict(.call, 105, bid: middle, ask: middle, age: age)
    }
    #expect(try call(300_000_000_000) == nil)
    #expect(try call(300_000_000_001) == .stale)
    #expect(try call(-1) == .stale)
  }

  @Test("takes a delta at its least, and none just below")
  func delta() throws {
    func call(_ strike: Double, delta: Double) throws -> QuoteRejection? {
      var filter = QuoteFilter()
      filter.smallestDelta = delta
      let middle = try price(strike, .call, 0.5)
      return try verdict(.call, strike, bid: middle, ask: middle, filter: filter)
    }
    let value = try Black76.value(
      forward: 100, strike: 125, volatility: 0.5, yearsToExpiry: years, right: .call)
    #expect(try call(125, delta: value.greeks.delta * (1 - 1e-9)) == nil)
    #expect(try call(125, delta: value.greeks.delta * (1 + 1e-9)) == .tooFarOut)
  }

  @Test("takes a spread at its widest, and none just wider")
  func width() throws {
    let strike = 105.0
    let middle = try price(strike, .call, 0.5)
    let vega = try Black76.value(
      forward: 100, strike: strike, volatility: 0.5, yearsToExpiry: years, right: .call
    ).greeks.vega
    // 20 % of 50 points are more than 5 points; with 4 % the points count.
    for (part, widest) in [(0.2, 0.1), (0.04, 0.05)] {
      var filter = QuoteFilter()
      filter.widestPart = part
      func call(_ spread: Double) throws -> QuoteRejection? {
        try verdict(
          .call, strike, bid: middle - 0.5 * spread * vega, ask: middle + 0.5 * spread * vega,
          filter: filter)
      }
      #expect(try call(widest * (1 - 1e-9)) == nil)
      #expect(try call(widest * (1 + 1e-9)) == .tooWide)
    }
  }

  @Test("leaves out an expiry nearer than its shortest")
  func shortest() throws {
    let known = try KnownSurface()
    func fit(_ seconds: Int64) throws -> FitReport {
      let near = ExpiryQuotes(
        expiry: known.time + TimeSpan(seconds: seconds), forward: known.forward,
        quotes: try known.quotes(0))
      let far = ExpiryQuotes(
        expiry: known.expiry(4), forward: known.forward, quotes: try known.quotes(4))
      return try SurfaceFit().calibrate(
        OptionChain(time: known.time, unit: .coin, expiries: [near, far])
      ).report
    }
    #expect(try fit(3_600).expiries[0].usedCount > 0)
    for seconds in [3_599, 0, -1] as [Int64] {
      let first = try fit(seconds).expiries[0]
      #expect(first.usedCount == 0)
      #expect(Set(first.rejected.map(\.rejection)) == [.withoutForward])
    }
  }
}

@Suite("A forward")
struct ForwardTests {
  private let time = Timestamp(seconds: 1_760_000_000)

  @Test("by parity is the middle of the five strikes nearest to the money")
  func parity() throws {
    let known = try KnownSurface()
    // One crossed pair of absurd prices far out does not move it, nor does one at the money.
    var quotes = try known.quotes(3)
    let odd = quotes[24]
    quotes[24] = OptionQuote(
      right: odd.right, strike: odd.strike, bid: 0.9, ask: 0.91, time: known.time)
    let surface = try SurfaceFit().calibrate(
      OptionChain(
        time: known.time, unit: .coin,
        expiries: [ExpiryQuotes(expiry: known.expiry(3), forward: nil, quotes: quotes)]))
    #expect((surface.slices[0].forward - known.forward).magnitude <= 1e-9 * known.forward)
  }

  @Test("by futures is log-linear between them and keeps its carry beyond")
  func curve() throws {
    func point(_ days: Int64, _ price: Double) -> ForwardCurve.Point {
      ForwardCurve.Point(time: time + TimeSpan(seconds: days * 86_400), price: price)
    }
    let curve = try ForwardCurve(
      spot: point(0, 100), futures: [point(20, 121), point(10, 110)])
    let expected = [(-1, 100), (0, 100), (5, 104.880_884_817), (10, 110), (20, 121), (30, 133.1)]
    for (days, price) in expected {
      let found = try curve.price(at: time + TimeSpan(seconds: Int64(days) * 86_400))
      #expect((found - price).magnitude < 1e-8)
    }
    let spotOnly = try ForwardCurve(spot: point(0, 100), futures: [])
    #expect(try spotOnly.price(at: point(50, 1).time) == 100)
    #expect(throws: SurfaceRefusal.repeatedExpiry(time)) {
      try ForwardCurve(spot: point(0, 100), futures: [point(0, 101)])
    }
    let never = Timestamp(nanoseconds: .min)
    #expect(throws: SurfaceRefusal.outsideCalendar(never)) { try curve.price(at: never) }
    #expect(throws: SurfaceRefusal.outsideCalendar(never)) {
      try ForwardCurve(spot: ForwardCurve.Point(time: never, price: 1), futures: [])
    }
    for price in [0, -1, Double.infinity] {
      #expect(throws: SurfaceRefusal.outOfDomain("forward", value: price)) {
        try ForwardCurve(spot: point(0, 100), futures: [point(1, price)])
      }
    }
  }
}
