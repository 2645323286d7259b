// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import NumericalMethods
import Parameters
import Pricing
import Quantities
import Testing
import Volatility

@Suite("A fit of a surface")
struct SurfaceFitTests {
  @Test("finds the surface that made the prices", arguments: PriceUnit.allCases, [true, false])
  func recovery(unit: PriceUnit, hasForwards: Bool) throws {
    let known = try KnownSurface()
    let surface = try SurfaceFit().calibrate(
      known.chain(unit: unit, hasForwards: hasForwards))
    #expect(surface.slices.count == known.smiles.count)
    for (slice, smile) in zip(surface.slices, known.smiles) {
      #expect((slice.forward - known.forward).magnitude <= 1e-9 * known.forward)
      for step in -20...20 {
        let k = 0.1 * Double(step) * smile.theta.squareRoot()
        let expected = (smile.totalVariance(logMoneyness: k) / slice.yearsToExpiry).squareRoot()
        let found = try surface.volatility(
          logMoneyness: k, yearsToExpiry: slice.yearsToExpiry)
        // The grid of ρ ends with steps of 0.002.
        #expect((found - expected).magnitude < 2e-4)
      }
      #expect((slice.smile.rho - smile.rho).magnitude < 0.003)
      #expect(slice.smile.satisfiesButterflyBounds)
    }
    #expect(try ArbitrageCheck().violations(of: surface).isEmpty)
    // Of 25 strikes those out of the money, one side each.
    #expect(surface.report.expiries.allSatisfy { $0.usedCount == 25 && $0.isShapeFitted })
    #expect(surface.report.expiries.allSatisfy { $0.medianError < 1e-4 })
  }

  @Test("does not depend on the order of quotes and expiries")
  func order() throws {
    let known = try KnownSurface()
    let chain = try known.chain()
    let mirrored = try OptionChain(
      time: chain.time, unit: chain.unit,
      expiries: chain.expiries.reversed().map {
        ExpiryQuotes(expiry: $0.expiry, forward: $0.forward, quotes: $0.quotes.reversed())
      })
    let surface = try SurfaceFit().calibrate(chain)
    let other = try SurfaceFit().calibrate(mirrored)
    #expect(surface.slices == other.slices)
    #expect(surface.slices.hashValue == other.slices.hashValue)
  }

  /// Quotes of random smiles, each expiry without regard to the others.
  @Test("is free of arbitrage whatever the quotes say", arguments: 1...12)
  func arbitrage(seed: UInt64) throws {
    var source = SplitMix64(seed: seed)
    var known = try KnownSurface()
    known.smiles = try known.days.map { days in
      let sigma = source.uniform(0.2, 1.8)
      let theta = sigma * sigma * days / 365
      return try SSVISmile(
        theta: theta, rho: source.uniform(-0.9, 0.9),
        psi: source.uniform(0.1, 1.4) * theta.squareRoot())
    }
    let surface = try SurfaceFit().calibrate(known.chain(count: 15))
    #expect(!surface.slices.isEmpty)
    #expect(try ArbitrageCheck().violations(of: surface).isEmpty)
    for (earlier, later) in zip(surface.slices, surface.slices.dropFirst()) {
      #expect(later.smile.satisfiesCalendarBounds(after: earlier.smile))
    }
    // Between, before and beyond the expiries too.
    let years = (1...60).map { 1.3 * Double($0 * $0) / 3_600 }
    let smiles = try years.map { ($0, try surface.smile(yearsToExpiry: $0)) }
    #expect(try ArbitrageCheck().violations(of: smiles).isEmpty)
    for shock in try gridShocks() {
      #expect(try ArbitrageCheck(count: 61).violations(of: surface.shocked(by: shock)).isEmpty)
    }
  }

  @Test("with one to three quotes moves only the level of the shape before")
  func fewQuotes() throws {
    let known = try KnownSurface()
    for count in 1...3 {
      let expiries = [
        ExpiryQuotes(
          expiry: known.expiry(0), forward: known.forward, quotes: try known.quotes(0)),
        ExpiryQuotes(
          expiry: known.expiry(3), forward: known.forward,
          quotes: try known.quotes(3, count: count)),
      ]
      let surface = try SurfaceFit().calibrate(
        OptionChain(time: known.time, unit: .coin, expiries: expiries))
      let fit = surface.report.expiries[1]
      #expect(fit.usedCount == count && !fit.isShapeFitted)
      #expect(surface.slices[1].smile.rho == surface.slices[0].smile.rho)
      #expect((surface.slices[1].atTheMoney - 0.49).magnitude < 0.05)
      #expect(try ArbitrageCheck().violations(of: surface).isEmpty)
    }
  }

  @Test("of a chain with one strike is that level")
  func oneStrike() throws {
    let known = try KnownSurface()
    let surface = try SurfaceFit().calibrate(
      OptionChain(
        time: known.time, unit: .coin,
        expiries: [
          ExpiryQuotes(
            expiry: known.expiry(3), forward: known.forward,
            quotes: try known.quotes(3, count: 1))
        ]))
    let expected = known.smiles[3].totalVariance(logMoneyness: 0.01)
    let found = surface.slices[0].smile.totalVariance(logMoneyness: 0.01)
    #expect((found / expected - 1).magnitude < 1e-6)
  }

  @Test("leaves an expiry without quotes out and says so; refuses a chain of such")
  func withoutQuotes() throws {
    let known = try KnownSurface()
    let empty = ExpiryQuotes(expiry: known.expiry(1), forward: known.forward, quotes: [])
    let unquoted = ExpiryQuotes(
      expiry: known.expiry(2), forward: nil,
      quotes: [
        OptionQuote(right: .call, strike: 90_000, bid: nil, ask: 0.1, time: known.time)
      ])
    #expect(throws: SurfaceRefusal.withoutQuotes) {
      try SurfaceFit().calibrate(
        OptionChain(time: known.time, unit: .coin, expiries: [empty, unquoted]))
    }
    let full = ExpiryQuotes(
      expiry: known.expiry(3), forward: known.forward, quotes: try known.quotes(3))
    let surface = try SurfaceFit().calibrate(
      OptionChain(time: known.time, unit: .coin, expiries: [full, unquoted, empty]))
    #expect(surface.slices.map(\.expiry) == [known.expiry(3)])
    #expect(surface.report.expiries.map(\.usedCount) == [0, 0, 25])
    #expect(surface.report.expiries[1].rejected.map(\.rejection) == [.withoutForward])
    #expect(surface.slice(of: known.expiry(1)) == nil)
  }

  @Test("refuses malformed chains and settings")
  func refusals() throws {
    let known = try KnownSurface()
    let expiry = ExpiryQuotes(expiry: known.expiry(1), forward: nil, quotes: [])
    #expect(throws: SurfaceRefusal.repeatedExpiry(known.expiry(1))) {
      try OptionChain(time: known.time, unit: .coin, expiries: [expiry, expiry])
    }
    let many = (0...OptionChain.limits.expiries).map {
      ExpiryQuotes(expiry: known.time + TimeSpan(seconds: Int64($0)), forward: nil, quotes: [])
    }
    #expect(throws: SurfaceRefusal.tooMany(257, limit: 256)) {
      try OptionChain(time: known.time, unit: .coin, expiries: many)
    }
    for forward in [0, -1, Double.infinity, 0x1p501] {
      let chain = try OptionChain(
        time: known.time, unit: .coin,
        expiries: [ExpiryQuotes(expiry: known.expiry(1), forward: forward, quotes: [])])
      #expect(throws: SurfaceRefusal.outOfDomain("forward", value: forward)) {
        try SurfaceFit().calibrate(chain)
      }
    }
    var filter = QuoteFilter()
    filter.smallestDelta = 0.5
    #expect(throws: SurfaceRefusal.outOfDomain("smallestDelta", value: 0.5)) {
      try SurfaceFit(filter: filter).calibrate(known.chain())
    }
    let surface = try SurfaceFit().calibrate(known.chain())
    for years in [0, -1, 0.99e-9, 1_001] {
      #expect(throws: SurfaceRefusal.outOfDomain("yearsToExpiry", value: years)) {
        try surface.smile(yearsToExpiry: years)
      }
    }
    #expect(throws: SurfaceRefusal.outOfDomain("logMoneyness", value: .infinity)) {
      try surface.volatility(logMoneyness: .infinity, yearsToExpiry: 0.1)
    }
    #expect { try surface.volatility(logMoneyness: .nan, yearsToExpiry: 0.1) } throws: {
      if case .outOfDomain("logMoneyness", let value)? = $0 as? SurfaceRefusal {
        value.isNaN
      } else {
        false
      }
    }
  }
}

@Suite("A fit of anything")
struct AnyChainTests {
  /// Prices of any bits and of any size, sometimes near the sound ones: 1e6 quotes with
  /// `PLIMSOLL_FULL=1`.
  @Test("is refused or free of arbitrage and of NaN", arguments: 1...4)
  func anyBits(seed: UInt64) throws {
    var source = SplitMix64(seed: seed)
    let check = try ArbitrageCheck(count: 21)
    let known = try KnownSurface()
    var answers = 0
    for _ in 0..<(RecordedChains.isFull ? 4_000 : 60) {
      func number(_ sound: Double) -> Double {
        switch source.next() % 8 {
        case 0: Double(bitPattern: source.next())
        case 1: sound * Elementary.exp(source.uniform(-3, 3))
        default: sound * source.uniform(0.7, 1.3)
        }
      }
      let expiries = try known.days.indices.map { index in
        let forward = source.next() & 15 == 0 ? nil : Optional(known.forward)
        return ExpiryQuotes(
          expiry: known.expiry(index), forward: forward,
          quotes: try known.quotes(index, count: 4).map { quote in
            OptionQuote(
              right: quote.right, strike: number(quote.strike), bid: number(quote.bid ?? 0),
              ask: number(quote.ask ?? 0),
              time: source.next() & 31 == 0
                ? Timestamp(nanoseconds: Int64(bitPattern: source.next())) : quote.time)
          })
      }
      var fit = SurfaceFit()
      fit.filter.widestSpread = 10
      let chain = try OptionChain(time: known.time, unit: .coin, expiries: expiries)
      guard let surface = try? fit.calibrate(chain) else { continue }
      answers += 1
      let values = surface.slices.flatMap {
        [$0.smile.theta, $0.smile.rho, $0.smile.psi, $0.forward, $0.medianError]
      }
      #expect(values.allSatisfy { $0.isFinite })
      #expect(check.violations(of: surface).isEmpty)
      let update = try SurfaceUpdate().apply(
        to: surface, expiries.filter { surface.slice(of: $0.expiry) != nil }, unit: .coin,
        at: known.time)
      #expect(check.violations(of: update.surface).isEmpty)
    }
    #expect(answers > 40)
  }

  @Test("is refused where a time lies outside 1970 to 2200")
  func calendar() throws {
    let known = try KnownSurface()
    for never in [Timestamp(nanoseconds: .min), Timestamp(nanoseconds: .max)] {
      #expect(throws: SurfaceRefusal.outsideCalendar(never)) {
        try OptionChain(time: never, unit: .coin, expiries: [])
      }
      #expect(throws: SurfaceRefusal.outsideCalendar(never)) {
        try OptionChain(
          time: known.time, unit: .coin,
          expiries: [ExpiryQuotes(expiry: never, forward: nil, quotes: [])])
      }
      let surface = try SurfaceFit().calibrate(known.chain())
      #expect(throws: SurfaceRefusal.outsideCalendar(never)) {
        try SurfaceUpdate().apply(to: surface, [], unit: .coin, at: never)
      }
      #expect(throws: SurfaceRefusal.outsideCalendar(never)) {
        try MarkUncertainty().halfWidth(
          of: surface, logMoneyness: 0, yearsToExpiry: 0.1, at: never)
      }
    }
  }

  @Test("of frowning quotes keeps a width, so that later expiries may bend")
  func frown() throws {
    let known = try KnownSurface()
    let chain = try known.chain()
    var expiries = chain.expiries
    // The first expiry's wings at half the volatility of its middle.
    expiries[0] = ExpiryQuotes(
      expiry: known.expiry(0), forward: known.forward,
      quotes: try known.quotes(0).map { quote in
        let k = Elementary.log(quote.strike / known.forward)
        let part = (k / known.smiles[0].theta.squareRoot()).magnitude
        let s = known.smiles[0].theta.squareRoot() * (1 - 0.2 * part)
        let price =
          try Black76.price(
            forward: known.forward, strike: quote.strike, totalVariance: s * s,
            right: quote.right) / known.forward
        return OptionQuote(
          right: quote.right, strike: quote.strike, bid: price, ask: price, time: known.time)
      })
    let surface = try SurfaceFit().calibrate(
      OptionChain(time: known.time, unit: .coin, expiries: expiries))
    #expect(surface.slices[0].smile.psi >= 0.099 * surface.slices[0].smile.theta.squareRoot())
    #expect(surface.report.expiries[3...].allSatisfy { $0.medianError < 0.01 })
    #expect(try ArbitrageCheck().violations(of: surface).isEmpty)
  }
}

@Suite("The bits of a surface")
struct SurfaceBitsTests {
  // Stored by this test's first run; debug and release, and every machine, must agree.
  @Test("are the stored ones: fits of 40 chains, shocked and updated")
  func stored() throws {
    var source = SplitMix64(seed: 10)
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for _ in 0..<40 {
      var known = try KnownSurface()
      known.smiles = try known.smiles.map { smile in
        let factor = source.uniform(0.9, 1.1)
        return try SSVISmile(
          theta: smile.theta * factor, rho: smile.rho * source.uniform(0.5, 1.5),
          psi: smile.psi * source.uniform(0.9, 1.1))
      }
      let surface = try SurfaceFit().calibrate(known.chain(count: 12))
      let quotes = ExpiryQuotes(
        expiry: known.expiry(4), forward: nil, quotes: try known.quotes(3, count: 6))
      let updated = try SurfaceUpdate().apply(
        to: surface, [quotes], unit: .coin, at: known.time + .minute)
      var shock = SurfaceShock(VolatilityShock(try surfaceParameters().shock), .up)
      shock.skewTwist = 0.1
      let all = [surface, updated.surface, try surface.moved(by: -0.1).shocked(by: shock)]
      for slice in all.flatMap(\.slices) {
        for value in [slice.smile.theta, slice.smile.rho, slice.smile.psi, slice.medianError] {
          // FNV-1a, a word at a time.
          hash = (hash ^ value.bitPattern) &* 0x100_0000_01b3
        }
      }
    }
    #expect(hash == 0x3e68_119f_b3d5_f5f7)
  }
}

@Suite("Between expiries a surface")
struct InterpolationTests {
  @Test("is linear in θ, ρψ and ψ; volatility by strike stays before the first expiry")
  func rules() throws {
    let known = try KnownSurface()
    let surface = try SurfaceFit().calibrate(known.chain())
    let (a, b) = (surface.slices[3], surface.slices[4])
    let middle = try surface.smile(yearsToExpiry: 0.5 * (a.yearsToExpiry + b.yearsToExpiry))
    #expect((middle.theta - 0.5 * (a.smile.theta + b.smile.theta)).magnitude < 1e-16)
    #expect((middle.psi - 0.5 * (a.smile.psi + b.smile.psi)).magnitude < 1e-16)
    let tilt = 0.5 * (a.smile.rho * a.smile.psi + b.smile.rho * b.smile.psi)
    #expect((middle.rho * middle.psi - tilt).magnitude < 1e-16)
    #expect(try surface.smile(yearsToExpiry: a.yearsToExpiry) == a.smile)
    let first = surface.slices[0]
    for k in [-0.1, 0, 0.1] {
      let half = try surface.volatility(
        logMoneyness: k, yearsToExpiry: 0.5 * first.yearsToExpiry)
      let whole = try surface.volatility(logMoneyness: k, yearsToExpiry: first.yearsToExpiry)
      #expect((half - whole).magnitude < 1e-14)
    }
    let last = surface.slices[6]
    let before = surface.slices[5]
    let rate =
      (last.smile.theta - before.smile.theta) / (last.yearsToExpiry - before.yearsToExpiry)
    let beyond = try surface.smile(yearsToExpiry: last.yearsToExpiry + 0.5)
    #expect((beyond.theta - last.smile.theta - 0.5 * rate).magnitude < 1e-14)
    #expect(beyond.rho == last.smile.rho && beyond.psi == last.smile.psi)
  }
}
