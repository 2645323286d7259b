// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Liquidation
import Quantities
import TestFixtures
import Testing

@Suite("Price paths of auctions")
struct PricePathTests {
  private func factors(_ path: PricePath, _ seconds: [Int64]) -> [Int64] {
    seconds.map { path.factor(after: TimeSpan(seconds: $0)).billionths }
  }

  @Test("a line, at its ends and between")
  func line() throws {
    let path = PricePath.linear(
      start: try Rate("100%"), end: try Rate("80%"), duration: TimeSpan(seconds: 600))
    #expect(
      factors(path, [-5, 0, 300, 599, 600, 9_999])
        == [1_000_000_000, 1_000_000_000, 900_000_000, 800_333_333, 800_000_000, 800_000_000])
  }

  // Source: Derive, parameters of v2: 0.95 to 0.70 in 15 minutes, then to 0 in 12 hours.
  @Test("two speeds")
  func twoSpeeds() throws {
    let path = PricePath.twoSpeed(
      start: try Rate("95%"), knee: try Rate("70%"), fast: TimeSpan(seconds: 900), end: .zero,
      slow: TimeSpan(seconds: 43_200))
    #expect(
      factors(path, [0, 450, 900, 900 + 21_600, 900 + 43_200, 100_000])
        == [950_000_000, 825_000_000, 700_000_000, 350_000_000, 0, 0])
  }

  // Source: Maker, parameters of ETH-A at launch: 0.99 every 90 seconds.
  @Test("stairs fall once a step, rounded down each time")
  func stairs() throws {
    let path = PricePath.stairs(
      start: try Rate("120%"), cut: try Rate("99%"), step: TimeSpan(seconds: 90))
    #expect(
      factors(path, [0, 89, 90, 91, 179, 180, 270])
        == [
          1_200_000_000, 1_200_000_000, 1_188_000_000, 1_188_000_000, 1_188_000_000,
          1_176_120_000, 1_164_358_800,
        ])
    for (nanoseconds, factor) in [(-1, 1_200_000_000), (0, 1_188_000_000), (1, 1_188_000_000)]
      as [(Int64, Int64)]
    {
      let span = TimeSpan(nanoseconds: 90_000_000_000 + nanoseconds)
      #expect(path.factor(after: span).billionths == factor)
    }
    #expect(factors(path, [.max / 2_000_000_000]) == [0])
    let still = PricePath.stairs(
      start: try Rate("120%"), cut: try Rate("100%"), step: TimeSpan(seconds: 1))
    #expect(factors(still, [1_000_000_000]) == [1_200_000_000])
  }

  @Test("an exponential")
  func exponential() throws {
    let path = PricePath.exponential(start: try Rate("100%"), rate: Rate(billionths: 1_000_000))
    // e^−0.001 and e^−1, rounded down.
    #expect(factors(path, [0, 1, 1_000]) == [1_000_000_000, 999_000_499, 367_879_441])
    #expect(factors(path, [100_000_000]) == [0])
    let rising = PricePath.exponential(start: Rate(billionths: .max), rate: Rate(billionths: -1))
    #expect(rising.factor(after: .day).billionths > .max - 2_048)
    let widest = PricePath.linear(
      start: Rate(billionths: .max), end: Rate(billionths: .min), duration: .day)
    #expect(widest.factor(after: .hour).billionths > 0)
  }

  @Test("no path ever rises or leaves its ends", arguments: 0..<50)
  func monotone(seed: UInt64) {
    var random = Seeded(seed)
    let rate = { (limit: Int64) in Rate(billionths: .random(in: 0...limit, using: &random)) }
    let (one, two, three) = (rate(2_000_000_000), rate(1_000_000_000), rate(1_000_000_000))
    let start = max(one, two, three)
    let end = min(one, two, three)
    let knee = Rate(
      billionths: one.billionths + two.billionths + three.billionths
        - start.billionths - end.billionths)
    let span = TimeSpan(seconds: .random(in: 1...5_000, using: &random))
    let paths: [PricePath] = [
      .linear(start: start, end: end, duration: span),
      .twoSpeed(start: start, knee: knee, fast: span, end: end, slow: span),
      .stairs(start: start, cut: two, step: span), .exponential(start: start, rate: three),
    ]
    for path in paths {
      let first = path.factor(after: TimeSpan(seconds: 0))
      #expect(first == start)
      for _ in 0..<40 {
        let time = Int64.random(in: 0...20_000, using: &random)
        let (early, late) = (
          path.factor(after: TimeSpan(seconds: time)),
          path.factor(after: TimeSpan(seconds: time + 7))
        )
        #expect(late <= early && early <= start && late >= .zero)
      }
    }
  }

  // Worked by hand from 60 % a year, 1.07e-4 per root second.
  @Test("the adaptive speed", arguments: [(12.0, 0.20, 4.83e-4), (1.0, 0.02, 1.2e-3)])
  func speed(tick: Double, premium: Double, rate: Double) throws {
    let speed = try #require(
      AuctionSpeed(
        premium: premium, volatility: 1.07e-4, tick: tick, aversion: 2.67, bounds: 15...900))
    #expect(abs(speed.rate / rate - 1) < 0.02)
    #expect(abs(speed.expectedTime * speed.rate / premium - 1) < 1e-12)
  }

  @Test("its time stays inside the bounds, and nonsense has no speed")
  func bounds() throws {
    let speed = { (premium: Double, volatility: Double) in
      AuctionSpeed(
        premium: premium, volatility: volatility, tick: 1, aversion: 2.67, bounds: 15...900)
    }
    #expect(try #require(speed(0.0001, 0.01)).expectedTime == 15)
    #expect(try #require(speed(2, 1e-6)).expectedTime == 900)
    #expect(speed(0, 1e-4) == nil && speed(.nan, 1e-4) == nil && speed(1, -1) == nil)
    #expect(speed(.infinity, 1e-4) == nil && speed(1, .infinity) == nil)
  }
}

@Suite("Bids on a portfolio")
struct PortfolioAuctionTests {
  private func portfolio(
    _ value: Double, _ requirement: Double, reserved: Double = 0
  ) -> AuctionedPortfolio {
    AuctionedPortfolio(
      value: Int64((value * 1e6).rounded()), requirement: Int64((requirement * 1e6).rounded()),
      reserved: Int64((reserved * 1e6).rounded()))
  }

  // Source: Derive v2-core, SolventAuction.t.sol: maintenance margin −100, value 300, buffer 0.1
  // of the distance: the line is 440.
  @Test("the largest part restores the line", arguments: [("100%", 0.3181818), ("90%", 0.3414634)])
  func worked(factor: String, share: Double) throws {
    let portfolio = portfolio(300, 440)
    let largest = largestBid(on: portfolio, at: try Rate(factor))
    #expect(abs(Double(largest.billionths) * 1e-9 - share) < 5e-8)
  }

  @Test("a bid at nine tenths")
  func price() throws {
    let factor = try Rate("90%")
    let share = largestBid(on: portfolio(300, 440), at: factor)
    // 270 for all of it.
    #expect(solventBid(on: portfolio(300, 440), share: try Rate("100%"), at: factor) == 270_000_000)
    let paid = solventBid(on: portfolio(300, 440), share: share, at: factor)
    #expect(abs(Double(paid) - 92.195e6) < 500)
  }

  // Source: Derive v2-core, liquidationTests.json, Test1: buffer 0.2, factor 0.98, fee 1.322084630.
  @Test("the recorded case")
  func recorded() throws {
    let (value, margin) = (119.306330181, -103.090619491)
    // The line is the value less margin and buffer: excess = margin + 0.2 (margin − value).
    let excess = margin + 0.2 * (margin - value)
    #expect(abs(excess + 147.570009425) < 1e-8)
    let lot = portfolio(value, value - excess)
    let factor = try Rate("98%")
    let share = largestBid(on: lot, at: factor)
    // Money in millionths moves the share by up to 1e-6 ÷ 147 each way.
    #expect(abs(Double(share.billionths) * 1e-9 - 0.557941285) < 1e-8)
    let paid = solventBid(on: lot, share: share, at: factor)
    #expect(abs(Double(paid) - 65.234608676e6) < 2)
    // What is left, the cash received included, and its margin and line, as recorded.
    let left = 1 - Double(share.billionths) * 1e-9
    let valueAfter = value * left + Double(paid) * 1e-6
    let marginAfter = margin * left + Double(paid) * 1e-6
    #expect(abs(valueAfter - 117.975011636) < 4e-6)
    #expect(abs(marginAfter - 19.662501939) < 4e-6)
    let excessAfter = marginAfter + 0.2 * (marginAfter - valueAfter)
    #expect(abs(excessAfter) < 4e-6)
  }

  // Source: Derive v2-core, InsolventAuction.t.sol: margin −300, value −100, ten minutes.
  @Test("the fund pays more with time", arguments: [(12, "50%", 52.0), (300, "100%", 200.0)])
  func insolvent(seconds: Int64, share: String, paid: Double) throws {
    let progress = Rate(billionths: seconds * 1_000_000_000 / 600)
    let bid = insolventBid(on: portfolio(-100, 200), share: try Rate(share), progress: progress)
    #expect(bid == Int64(paid * 1e6))
  }

  @Test("nothing is sold at the line; a millionth below it something is")
  func thresholds() throws {
    let factor = try Rate("95%")
    #expect(largestBid(on: portfolio(440, 440), at: factor) == .zero)
    #expect(largestBid(on: portfolio(439.999999, 440), at: factor) > .zero)
    #expect(largestBid(on: portfolio(0, 440), at: factor) == (try Rate("100%")))
    #expect(largestBid(on: portfolio(-5, 440), at: factor) == (try Rate("100%")))
  }

  // Portfolio requirements are homogeneous: what is left after a slice needs (1 − f) of the line,
  // and holds (1 − f) of the old portfolio and all cash.
  @Test("after the largest bid the line is reached, to the rounding", arguments: 0..<200)
  func restored(seed: UInt64) {
    var random = Seeded(seed)
    let requirement = Int64.random(in: 1_000...1 << 40, using: &random)
    let value = Int64.random(in: 0..<requirement, using: &random)
    let reserved = Int64.random(in: 0...value, using: &random)
    let factor = Rate(billionths: .random(in: 1...1_000_000_000, using: &random))
    let lot = AuctionedPortfolio(value: value, requirement: requirement, reserved: reserved)
    let share = largestBid(on: lot, at: factor)
    let paid = solventBid(on: lot, share: share, at: factor)
    let left = 1 - Double(share.billionths) * 1e-9
    let after = Double(value - reserved) * left + Double(reserved) + Double(paid)
    #expect(after >= Double(requirement) * left - Double(requirement) * 2e-9 - 4)
    // A hundredth less would not have been enough.
    guard share > .zero, left > 0.02 else { return }
    let less = 1 - left - 0.01
    guard less > 0 else { return }
    let short =
      Double(value - reserved) * (1 - less) + Double(reserved)
      + Double(value - reserved) * Double(factor.billionths) * 1e-9 * less
    #expect(short < Double(requirement) * (1 - less) + 4)
  }

  @Test("the largest numbers have bids")
  func extremes() throws {
    let whole = try Rate("100%")
    let deepest = AuctionedPortfolio(value: .min, requirement: .max, reserved: .max)
    #expect(largestBid(on: deepest, at: whole) <= whole)
    #expect(insolventBid(on: deepest, share: whole, progress: whole) == .max)
    let widest = AuctionedPortfolio(value: .max, requirement: .max, reserved: .min)
    #expect(solventBid(on: widest, share: whole, at: whole) == .max)
    #expect(largestBid(on: widest, at: whole) == .zero)
  }
}
