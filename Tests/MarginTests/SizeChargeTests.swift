// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import NumericalMethods
import Parameters
import Quantities
import Testing

/// A perpetual of BTC at 8,000 in steps of 8 USD, 2.9 billion traded on an ordinary day.
struct SizedWorld {
  private(set) var world: World
  private let perpetual: InstrumentID
  private(set) var engine: RequirementEngine

  /// - Parameter terms: The names of size parameters, and their values.
  init(
    _ terms: [(String, String)], _ others: [(String, String)] = [], volatility: String = "80%",
    liquidity: UnderlyingLiquidity? = nil
  ) throws {
    world = try World(
      index: "8000", overrides: terms.map { ("margin.size.BTC." + $0, $1) } + others)
    world.markets[0] = UnderlyingMarket(
      underlying: world.btc.symbol, index: try Price("8000"), basis: .zero,
      volatility: try Rate(volatility))
    world.liquidity = liquidity.map { [$0] } ?? []
    perpetual = try world.list(.perpetual)
    engine = try world.engine()
  }

  func portfolio(steps: Int64) -> Portfolio {
    world.portfolio(
      .portfolio,
      [Position(instrument: perpetual, size: Size(steps: steps), cost: steps * 8_000_000)])
  }

  /// One line of the initial margin of so many steps; 0 where there is none.
  func line(_ kind: (AssetSymbol) -> ChargeKind, steps: Int64) throws -> Int64 {
    let breakdown = try engine.breakdown(of: portfolio(steps: steps))
    #expect(breakdown.lines.reduce(0) { $0 + $1.initial } == breakdown.risk.initialMargin)
    let kind = kind(world.btc.symbol)
    return breakdown.lines.first { $0.kind == kind }?.initial ?? 0
  }

  static func liquidity(
    volume: Int64 = 2_900_000_000_000_000, depth: String = "100%", openInterest: Int64 = 0,
    uncertainty: String = "0"
  ) throws -> UnderlyingLiquidity {
    UnderlyingLiquidity(
      underlying: try AssetSymbol("BTC"), dailyVolume: volume, depthShare: try Rate(depth),
      openInterest: openInterest, uncertainty: try Rate(uncertainty))
  }
}

@Suite("Charges on a net size")
struct SizeChargeTests {
  private static let impact = [("impact", "1"), ("volumeStress", "30%")]

  // Section 3.5 of the specification, in plain arithmetic. From 1/1024 of the stressed volume on
  // the chords are at most 1.2 % above it; below, 4.6 %, and before the first knot, at 2^−20,
  // 0.15 × the charge there. A knot's charge is rounded up, and so is that of a size.
  @Test("follow the square-root law from above", arguments: [1, -1] as [Int64])
  func concentration(sign: Int64) throws {
    let sized = try SizedWorld(Self.impact)
    let volume = 870e12
    func exact(_ notional: Double) -> Double {
      notional * (0.8 / 365.0.squareRoot()) * (notional / volume).squareRoot()
    }
    var steps: Int64 = 1
    while steps < 1_000_000_000 {
      let notional = Double(steps * 8_000_000)
      let charge = Double(try sized.line(ChargeKind.concentration, steps: sign * steps))
      let expected = exact(notional)
      #expect(charge >= expected)
      let slack =
        notional < volume / 1_024
        ? 0.046 * expected + 0.15 * exact(volume * 0x1p-20) : 0.012 * expected
      #expect(charge <= expected + slack + 60, "\(steps) steps")
      steps = steps * 3 / 2 + 1
    }
  }

  @Test("are free up to eight ninths of the free size, and whole from four thirds on")
  func freeSize() throws {
    let sized = try SizedWorld(Self.impact + [("freeShare", "9%")])
    // 9 % of 870 million are 78.3 million: free up to 69.6, 8,700,000 steps of 8.
    #expect(try sized.line(ChargeKind.concentration, steps: 8_700_000) == 0)
    #expect(try sized.line(ChargeKind.concentration, steps: 8_700_001) > 0)
    let daily = 0.8 / 365.0.squareRoot()
    for millions in [70.0, 78.3, 80, 90, 104.4, 120, 400, 3_000] {
      let steps = Int64(millions * 1e6 / 8)
      let charge = Double(try sized.line(ChargeKind.concentration, steps: steps)) / 1e6
      let excess = max(millions - 78.3, 0) / 870
      let expected = millions * 1e6 * daily * excess.squareRoot()
      #expect(charge >= expected * (1 - 1e-9), "\(millions) million")
      if millions >= 104.4 { #expect(charge <= 1.03 * expected) }
    }
  }

  @Test("rise when depth falls below what stress leaves, and not before")
  func depth() throws {
    func charge(_ depth: String) throws -> Int64 {
      try SizedWorld(Self.impact, liquidity: SizedWorld.liquidity(depth: depth))
        .line(ChargeKind.concentration, steps: 100_000_000)
    }
    let whole = try charge("100%")
    #expect(try charge("30%") == whole)
    #expect(try charge("500%") == whole)
    #expect(try charge("29%") > whole)
    // A quarter of the volume, twice the charge; the chords are the same, scaled.
    #expect(abs(Double(try charge("7.5%")) / Double(whole) - 2) < 0.012)
    // An empty book counts as a thousandth.
    #expect(try charge("0") == charge("0.1%"))
  }

  @Test("are convex and never fall with size")
  func convex() throws {
    let books = try RandomBooks.withTerms()
    let perpetual = books.contracts[0].id
    func initial(_ steps: Int64) throws -> Int64 {
      let cost = steps * books.engine.marks[0].unitValue
      return try books.engine.breakdown(
        of: books.world.portfolio(
          .portfolio, [Position(instrument: perpetual, size: Size(steps: steps), cost: cost)])
      ).lines.reduce(0) { sum, line in
        switch line.kind {
        case .concentration, .gap, .uncertainty, .openInterest, .horizon: sum + line.initial
        default: sum
        }
      }
    }
    var random = SplitMix64(seed: 12)
    for _ in 0..<400 {
      let limit = Int64(1) << Int64.random(in: 4...29, using: &random)
      let one = Int64.random(in: 1...limit, using: &random)
      let other = Int64.random(in: 1...limit, using: &random)
      for sign in [Int64(1), -1] {
        let (first, second) = (try initial(sign * one), try initial(sign * other))
        let both = try initial(sign * (one + other))
        #expect(both >= max(first, second))
        #expect(both >= first + second - 2)
      }
    }
  }

  // Source: dYdX v4's published case: initial margin 20 %, open interest 28,123,456.789123
  // between 25 and 60 million: 27.1392 %, of 500,000 rounded up 135,697.
  @Test("grow with a market's open interest as dYdX's initial margin does")
  func openInterest() throws {
    let sized = try SizedWorld(
      [("openInterestLower", "25"), ("openInterestUpper", "60"), ("openInterestRate", "80%")],
      liquidity: SizedWorld.liquidity(
        volume: 1_000_000_000_000, openInterest: 28_123_456_789_123))
    let charge = try sized.line(ChargeKind.openInterest, steps: 62_500)
    #expect((100_000_000_000 + charge + 999_999) / 1_000_000 == 135_697)
    let rateThere = 0.8 * 3.123_456_789_123 / 35
    #expect(abs(Double(charge) / 5e11 - rateThere) < 1e-11)
    func rate(_ millions: Int64) throws -> Int64 {
      try SizedWorld(
        [("openInterestLower", "25"), ("openInterestUpper", "60"), ("openInterestRate", "80%")],
        liquidity: SizedWorld.liquidity(
          volume: 1_000_000_000_000, openInterest: millions * 1_000_000_000_000)
      ).line(ChargeKind.openInterest, steps: 1_000)
    }
    // 8,000 USD: nothing at the lower end, four fifths at the upper one and beyond.
    #expect(try rate(25) == 0)
    #expect(try rate(26) > 0)
    // A share is rounded up to 2^−40, and the charge at a knot and at the end.
    for millions in [Int64(60), 61, 1_000] {
      #expect(try (6_400_000_000...6_400_000_002).contains(rate(millions)))
    }
  }

  @Test("widen with what is not known of the index, without a step")
  func uncertainty() throws {
    func charge(_ uncertainty: String) throws -> Int64 {
      try SizedWorld(
        [("uncertaintyFactor", "2"), ("freeUncertainty", "0.1%")],
        liquidity: SizedWorld.liquidity(uncertainty: uncertainty)
      ).line(ChargeKind.uncertainty, steps: 1_000)
    }
    // Of 8,000: twice what exceeds 0.1 %; the share is rounded up to 2^−40, then the charge.
    #expect(try charge("0.1%") == 0)
    #expect(try charge("0.1000001%") == 17)
    #expect(try charge("0.3%") == 32_000_001)
    // Here the charge at a knot is rounded up too.
    #expect(try (1_600_000_001...1_600_000_002).contains(charge("10.1%")))
  }

  @Test("follow net deltas: what is hedged is not charged, puts count against futures")
  func netDelta() throws {
    var world = try World(index: "8000", overrides: [("margin.size.default.impact", "1")])
    let perpetual = try world.list(.perpetual)
    let inverse = try world.list(.perpetual, .inverse, step: "1")
    let put = try world.list(
      .option(.put, strike: Price("80000"), expiry: World.expiry(days: 1)), volatility: 0.01)
    let call = try world.list(
      .option(.call, strike: Price("80000"), expiry: World.expiry(days: 1)), volatility: 0.01)
    let engine = try world.engine()
    func concentration(_ positions: [(InstrumentID, Int64)]) throws -> Int64 {
      let portfolio = world.portfolio(
        .portfolio, positions.map { Position(instrument: $0, size: Size(steps: $1), cost: 0) })
      return try engine.breakdown(of: portfolio).lines
        .first { $0.kind == .concentration(world.btc.symbol) }?.initial ?? 0
    }
    let alone = try concentration([(perpetual, 1_000_000)])
    #expect(alone > 0)
    #expect(try concentration([(perpetual, -1_000_000)]) == alone)
    // 8 million dollars of coin-margined contracts.
    #expect(try concentration([(inverse, 8_000_000)]) == alone)
    #expect(try concentration([(perpetual, 1_000_000), (inverse, -8_000_000)]) == 0)
    // Deep in the money and far out of it: deltas of −1 and 0.
    #expect(try concentration([(put, -1_000_000)]) == alone)
    #expect(try concentration([(perpetual, 1_000_000), (put, 1_000_000)]) == 0)
    #expect(try concentration([(call, 1_000_000)]) == 0)
  }

  // Whatever the market says: an integer between nothing and the limit of requirements.
  @Test("stay in their field at the limits of volatility, volume and size")
  func limits() throws {
    for volatility in ["0", "0.000000001", "100000"] {
      for volume in [Int64(1), 1_000_000, .max] {
        for (depth, openInterest, uncertainty) in [
          ("0", Int64(0), "0"), ("1000", .max, "1000000"), ("50%", 1, "100%"),
        ] {
          let books = try RandomBooks(
            overrides: RandomBooks.terms,
            liquidity: SizedWorld.liquidity(
              volume: volume, depth: depth, openInterest: openInterest,
              uncertainty: uncertainty))
          var world = books.world
          world.markets[0] = UnderlyingMarket(
            underlying: world.btc.symbol, index: try Price("8000"), basis: .zero,
            volatility: try Rate(volatility))
          let engine = try world.engine()
          for steps in [Int64(1), -1, 1_000, Size.limit, -Size.limit] {
            let portfolio = world.portfolio(
              .portfolio,
              [
                Position(
                  instrument: books.contracts[0].id, size: Size(steps: steps), cost: 0)
              ])
            let breakdown = try engine.breakdown(of: portfolio)
            #expect(breakdown.risk.initialMargin > 0)
            #expect(breakdown.risk.initialMargin <= QuoteMoney.limit)
            #expect(breakdown.risk.maintenanceMargin <= breakdown.risk.initialMargin)
            #expect(breakdown.lines.allSatisfy { $0.initial >= 0 })
            var scratch = engine.makeScratch()
            let premium = try engine.gapPremium(
              of: portfolio, over: TimeSpan(seconds: 9_000_000_000), scratch: &scratch)
            #expect(premium >= 0 && premium <= QuoteMoney.limit)
          }
        }
      }
    }
  }

  @Test("are the same after other volatilities and depths")
  func remade() throws {
    let books = try RandomBooks.withTerms()
    var wandering = books.engine
    var elsewhere = books.world
    elsewhere.markets[0] = UnderlyingMarket(
      underlying: books.world.btc.symbol, index: try Price("5000"), basis: .zero,
      volatility: try Rate("200%"))
    elsewhere.liquidity = [try SizedWorld.liquidity(depth: "2%", uncertainty: "1%")]
    var random = SplitMix64(seed: 3)
    for _ in 0..<20 {
      let portfolio = books.portfolio(&random, .portfolio)
      try wandering.advance(to: elsewhere.snapshot)
      let away = try wandering.risk(of: portfolio)
      #expect(try away == elsewhere.engine().risk(of: portfolio))
      try wandering.advance(to: books.world.snapshot)
      #expect(try wandering.risk(of: portfolio) == books.engine.risk(of: portfolio))
    }
  }
}
