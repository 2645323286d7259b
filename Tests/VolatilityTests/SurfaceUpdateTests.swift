// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import NumericalMethods
import Pricing
import Quantities
import Testing
import Volatility

@Suite("An update of a surface")
struct SurfaceUpdateTests {
  private let known: KnownSurface
  private let surface: VolatilitySurface

  init() throws {
    known = try KnownSurface()
    surface = try SurfaceFit().calibrate(known.chain())
  }

  /// Quotes of an expiry at volatilities multiplied by a factor.
  private func quotes(
    _ index: Int, count: Int, factor: Double, time: Timestamp? = nil
  ) throws -> ExpiryQuotes {
    var other = known
    let smile = known.smiles[index]
    other.smiles[index] = try SSVISmile(
      theta: smile.theta * factor * factor, rho: smile.rho, psi: smile.psi * factor)
    return ExpiryQuotes(
      expiry: known.expiry(index), forward: nil,
      quotes: try other.quotes(index, count: count, time: time))
  }

  @Test("from one quote moves the level by the gain n / (n + n₀) and nothing else")
  func oneQuote() throws {
    let update = SurfaceUpdate()
    let result = try update.apply(
      to: surface, [quotes(3, count: 1, factor: 1.1)], unit: .coin, at: known.time)
    #expect(result.usedCount == 1)
    #expect(result.rejected.map(\.rejection) == [.inTheMoney])
    let (old, new) = (surface.slices[3], result.surface.slices[3])
    // n = 1, n₀ = 1: half the way in ln σ.
    #expect((new.atTheMoney / old.atTheMoney - 1.1.squareRoot()).magnitude < 1e-3)
    #expect((new.smile.rho - old.smile.rho).magnitude < 1e-9)
    let width = old.smile.psi / old.smile.theta.squareRoot()
    #expect((new.smile.psi / new.smile.theta.squareRoot() - width).magnitude < 1e-9)
    for index in surface.slices.indices where index != 3 {
      #expect(result.surface.slices[index] == surface.slices[index])
    }
    #expect(result.surface.report == surface.report)
  }

  @Test("from an old quote moves less: half the weight after a half-life")
  func age() throws {
    let later = known.time + TimeSpan(seconds: 30)
    let update = SurfaceUpdate()
    func level(_ time: Timestamp) throws -> Double {
      try update.apply(
        to: surface, [quotes(6, count: 1, factor: 1.1, time: time)], unit: .coin, at: later
      ).surface.slices[6].atTheMoney
    }
    let unmoved = try update.apply(to: surface, [], unit: .coin, at: later).surface
    let fresh = Elementary.log(try level(later) / unmoved.slices[6].atTheMoney)
    let aged = Elementary.log(try level(known.time) / unmoved.slices[6].atTheMoney)
    // (½ / 1½) ÷ (1 / 2).
    #expect((aged / fresh - 2.0 / 3).magnitude < 1e-3)
  }

  @Test("from many quotes moves shape and level, and converges to them")
  func convergence() throws {
    var moved = surface
    for _ in 0..<40 {
      let expiries = try known.days.indices.map { try quotes($0, count: 25, factor: 1.2) }
      let result = try SurfaceUpdate().apply(to: moved, expiries, unit: .coin, at: known.time)
      #expect(result.usedCount > 24 * known.days.count)
      #expect(try ArbitrageCheck(count: 61).violations(of: result.surface).isEmpty)
      moved = result.surface
    }
    for (slice, smile) in zip(moved.slices, known.smiles) {
      let expected = 1.2 * (smile.theta / slice.yearsToExpiry).squareRoot()
      #expect((slice.atTheMoney - expected).magnitude < 3e-4)
      #expect((slice.smile.rho - smile.rho).magnitude < 0.005)
    }
  }

  @Test("from quotes that contradict their neighbors stays free of arbitrage", arguments: 1...6)
  func arbitrage(seed: UInt64) throws {
    var source = SplitMix64(seed: seed)
    var moved = surface
    var time = known.time
    for _ in 0..<30 {
      time = time + TimeSpan(seconds: 10)
      let index = Int(source.next() % 7)
      let expiry = try quotes(
        index, count: 1 + Int(source.next() % 8), factor: source.uniform(0.4, 2.5), time: time)
      moved = try SurfaceUpdate().apply(to: moved, [expiry], unit: .coin, at: time).surface
      #expect(try ArbitrageCheck(count: 121).violations(of: moved).isEmpty)
    }
  }

  @Test("without quotes rolls along the term structure and drops what has expired")
  func roll() throws {
    let later = known.time + TimeSpan(seconds: 3 * 86_400)
    let rolled = try SurfaceUpdate().apply(to: surface, [], unit: .coin, at: later).surface
    #expect(rolled.slices.map(\.expiry) == surface.slices.dropFirst().map(\.expiry))
    for slice in rolled.slices {
      #expect(slice.yearsToExpiry == (slice.expiry - later).years)
      #expect(slice.smile == (try surface.smile(yearsToExpiry: slice.yearsToExpiry)))
      #expect(slice.quotedAt == known.time)
    }
    #expect(try ArbitrageCheck().violations(of: rolled).isEmpty)
    #expect(throws: SurfaceRefusal.withoutQuotes) {
      try SurfaceUpdate().apply(to: surface, [], unit: .coin, at: known.expiry(6))
    }
  }

  @Test("refuses a time that runs back, an unknown expiry, odd forwards and counts")
  func refusals() throws {
    let before = known.time - TimeSpan(nanoseconds: 1)
    #expect(throws: SurfaceRefusal.timeRunsBack(from: known.time, to: before)) {
      try SurfaceUpdate().apply(to: surface, [], unit: .coin, at: before)
    }
    let stranger = known.expiry(6) + .day
    #expect(throws: SurfaceRefusal.unknownExpiry(stranger)) {
      try SurfaceUpdate().apply(
        to: surface, [ExpiryQuotes(expiry: stranger, forward: nil, quotes: [])], unit: .coin,
        at: known.time)
    }
    #expect(throws: SurfaceRefusal.outOfDomain("forward", value: -1)) {
      try SurfaceUpdate().apply(
        to: surface, [ExpiryQuotes(expiry: known.expiry(2), forward: -1, quotes: [])],
        unit: .coin, at: known.time)
    }
    for count in [0, -1, .infinity, 1.1e6] {
      var update = SurfaceUpdate()
      update.tiltCount = count
      #expect(throws: SurfaceRefusal.outOfDomain("tiltCount", value: count)) {
        try update.apply(to: surface, [], unit: .coin, at: known.time)
      }
    }
  }

  @Test("keeps the old surface when every quote is refused, and takes a new forward")
  func refusedQuotes() throws {
    let crossed = OptionQuote(right: .call, strike: 91_000, bid: 0.2, ask: 0.1, time: known.time)
    let result = try SurfaceUpdate().apply(
      to: surface,
      [ExpiryQuotes(expiry: known.expiry(3), forward: 90_500, quotes: [crossed])], unit: .coin,
      at: known.time)
    #expect(result.usedCount == 0 && result.rejected.map(\.rejection) == [.crossed])
    #expect(result.surface.slices[3].forward == 90_500)
    #expect(result.surface.slices.map(\.smile) == surface.slices.map(\.smile))
  }
}

@Suite("A mark's uncertainty")
struct MarkUncertaintyTests {
  @Test("is the error of the fit, what time may have done, and the distance from the quotes")
  func parts() throws {
    let known = try KnownSurface()
    let surface = try SurfaceFit().calibrate(known.chain())
    let rule = MarkUncertainty()
    let slice = surface.slices[3]
    func width(_ k: Double, _ seconds: Int64) throws -> Double {
      try rule.halfWidth(
        of: surface, logMoneyness: k, yearsToExpiry: slice.yearsToExpiry,
        at: known.time + TimeSpan(seconds: seconds))
    }
    #expect(try width(0, 0) == 0.001)
    // 6.2 % of the volatility in a day, for 30 days.
    let day = try width(0, 86_400)
    let expected = (1e-6 + (0.062 * slice.atTheMoney) * (0.062 * slice.atTheMoney)).squareRoot()
    #expect((day - expected).magnitude < 1e-9)
    // √2 after twice the time.
    let two = try width(0, 2 * 86_400)
    #expect((((two * two - 1e-6) / (day * day - 1e-6)) - 2).magnitude < 1e-9)
    let deviation = slice.smile.theta.squareRoot()
    #expect(try width(slice.quotedTo, 0) == 0.001)
    let far = try width(slice.quotedTo + deviation, 0)
    let volatility = try surface.volatility(
      logMoneyness: slice.quotedTo + deviation, yearsToExpiry: slice.yearsToExpiry)
    let wing = (1e-6 + (0.02 * volatility) * (0.02 * volatility)).squareRoot()
    #expect((far - wing).magnitude < 1e-9)
    #expect(throws: SurfaceRefusal.outOfDomain("yearsToExpiry", value: 0)) {
      try rule.halfWidth(of: surface, logMoneyness: 0, yearsToExpiry: 0, at: known.time)
    }
  }

  @Test("is one relative figure for margin, that of the money in thirty days")
  func relative() throws {
    let known = try KnownSurface()
    let surface = try SurfaceFit().calibrate(known.chain())
    let rule = MarkUncertainty()
    let level = try surface.volatility(logMoneyness: 0, yearsToExpiry: 30.0 / 365)
    let fresh = try rule.relative(of: surface, at: known.time)
    #expect(fresh.value >= 0.001 / level && fresh.value < 0.001 / level + 2e-9)
    // A day later the 6.2 % of a day's change are in it.
    let day = try rule.relative(of: surface, at: known.time + .day)
    let exact = (fresh.value * fresh.value + 0.062 * 0.062).squareRoot()
    #expect((day.value - exact).magnitude < 1e-8)
  }

  @Test("belongs to a mark that is the middle of fit, quotes and another venue")
  func middle() {
    #expect(markVolatility(fit: 0.5, quoted: nil, external: nil) == 0.5)
    #expect(markVolatility(fit: 0.5, quoted: 0.6, external: nil) == 0.55)
    #expect(markVolatility(fit: 0.5, quoted: nil, external: 0.4) == 0.45)
    for (quoted, external, middle) in [
      (0.6, 0.7, 0.6), (0.7, 0.6, 0.6), (0.4, 0.6, 0.5), (0.3, 0.4, 0.4), (0.5, 0.9, 0.5),
    ] {
      #expect(markVolatility(fit: 0.5, quoted: quoted, external: external) == middle)
    }
  }
}
