// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import NumericalMethods
import Parameters
import Pricing
import Quantities
import Testing

/// Options at a given volatility of 60 %, 30 days, strikes at and around 8,000.
@Suite("What is not known of volatilities")
struct VolatilityBandTests {
  private struct Options {
    let world: World
    let engine: RequirementEngine

    /// - Parameter stated: By the market; `nil` leaves it to the parameters.
    init(
      _ terms: [(String, String)], stated: String? = nil, _ settlement: Settlement = .linear,
      volatility: Double? = 0.6
    ) throws {
      var world = try World(
        index: "8000", overrides: terms.map { ("margin.mark.BTC." + $0, $1) })
      for percent: Int64 in [80, 100, 125] {
        for right in OptionRight.allCases {
          try world.list(
            .option(
              right, strike: Price(steps: Price.stepsPerOne * 80 * percent),
              expiry: World.expiry(days: 30)),
            settlement, volatility: volatility)
        }
      }
      world.liquidity = [
        UnderlyingLiquidity(
          underlying: world.btc.symbol,
          volatilityUncertainty: try stated.map { try Rate($0) })
      ]
      self.world = world
      engine = try world.engine()
    }

    func line(_ sizes: [Int64]) throws -> Int64 {
      let portfolio = portfolio(sizes)
      let breakdown = try engine.breakdown(of: portfolio)
      #expect(breakdown.lines.reduce(0) { $0 + $1.initial } == breakdown.risk.initialMargin)
      #expect(
        breakdown.lines.reduce(0) { $0 + $1.maintenance } == breakdown.risk.maintenanceMargin)
      let shares = engine.shares(of: breakdown, portfolio)
      #expect(shares.reduce(0) { $0 + $1.initial } == breakdown.risk.initialMargin)
      return breakdown.lines.first { $0.kind == .volatilityUncertainty }?.initial ?? 0
    }

    func portfolio(_ sizes: [Int64], _ mode: MarginMode = .portfolio) -> Portfolio {
      world.portfolio(
        mode,
        sizes.enumerated().filter { $0.element != 0 }.map { place, size in
          Position(
            instrument: InstrumentID(UInt32(place)), size: Size(steps: size),
            cost: size * engine.marks[place].unitValue)
        })
    }
  }

  private static let terms = [("volatilityFactor", "1"), ("volatilityUncertainty", "5%")]

  private func value(
    _ strike: Double, _ volatility: Double, _ right: OptionRight
  ) throws -> Double {
    try Black76.price(
      forward: 8_000, strike: strike, totalVariance: volatility * volatility * 30 / 365,
      right: right)
  }

  // One BTC of the call at 8,000: longs at 57 %, shorts at 63 %, against 60 %.
  @Test("marks longs lower and shorts higher, option by option")
  func sides() throws {
    let options = try Options(Self.terms)
    for (place, strike) in [(0, 6_400.0), (2, 8_000), (4, 10_000)] {
      let right: OptionRight = place % 2 == 0 ? .call : .put
      let now = try value(strike, 0.6, right)
      let below = (now - (try value(strike, 0.57, right))) * 1e6
      let above = ((try value(strike, 0.63, right)) - now) * 1e6
      var sizes = [Int64](repeating: 0, count: 6)
      sizes[place] = 1_000
      // Rounded up to 2^−20 per step and then once: at most 1 + 1,000·2^−20 more.
      let long = Double(try options.line(sizes))
      #expect(long >= below && long <= below + 1.01)
      sizes[place] = -1_000
      let short = Double(try options.line(sizes))
      #expect(short >= above && short <= above + 1.01)
    }
    // A straddle of two longs pays twice, a long and a short of one volatility as well.
    let call = try options.line([0, 0, 1_000, 0, 0, 0])
    let put = try options.line([0, 0, 0, -1_000, 0, 0])
    #expect(abs(try options.line([0, 0, 1_000, -1_000, 0, 0]) - call - put) <= 1)
  }

  @Test("is zero at zero, continuous and rising in the uncertainty")
  func smooth() throws {
    let sizes: [Int64] = [100, -200, 300, -400, 500, -600]
    func line(_ stated: String) throws -> Int64 {
      try Options(
        [("volatilityFactor", "2"), ("freeVolatility", "1%")], stated: stated
      ).line(sizes)
    }
    #expect(try line("0") == 0)
    #expect(try line("1%") == 0)
    #expect(try line("1.0000001%") > 0)
    #expect(try line("1.0000001%") < 100)
    var before: Int64 = 0
    for percent in ["1.5", "1.6", "5", "20", "51", "51.1"] {
      let next = try line(percent + "%")
      #expect(next > before)
      before = next
    }
    // Twice the excess over what is free, twice the charge while it is small.
    let (one, two) = (Double(try line("1.1%")), Double(try line("1.2%")))
    #expect(abs(two / one - 2) < 0.01)
    // Beyond ten times the volatility nothing is added.
    #expect(try line("500%") <= line("600%"))
    #expect(try line("1000000") == line("600%"))
  }

  @Test("takes the market's figure before that of the parameters, and is off by default")
  func source() throws {
    let sizes: [Int64] = [0, 0, -1_000, 0, 0, 0]
    #expect(try Options([]).line(sizes) == 0)
    #expect(try Options([], stated: "50%").line(sizes) == 0)
    #expect(try Options([("volatilityUncertainty", "50%")]).line(sizes) == 0)
    #expect(try Options(Self.terms, stated: "0").line(sizes) == 0)
    let stated = try Options([("volatilityFactor", "1")], stated: "5%").line(sizes)
    #expect(stated > 0)
    #expect(try Options(Self.terms).line(sizes) == stated)
    #expect(try Options(Self.terms, stated: "-0.1").line(sizes) == 0)
    // Isolated and cross accounts hold options against the price alone.
    let options = try Options(Self.terms)
    let cross = try options.engine.breakdown(of: options.portfolio(sizes, .cross))
    #expect(!cross.lines.contains { $0.kind == .volatilityUncertainty })
  }

  @Test("of coin-settled options is the same in money, and the surface serves as well")
  func settlements() throws {
    let sizes: [Int64] = [0, 0, -1_000, 700, 0, 0]
    let linear = try Options(Self.terms).line(sizes)
    #expect(abs(try Options(Self.terms, .inverse).line(sizes) - linear) <= 2)
    #expect(try Options(Self.terms, volatility: nil).line(sizes) > 0)
  }

  @Test("is swept with the provisions, equal to the engine to the last unit")
  func sweep() throws {
    let books = try RandomBooks(overrides: [
      ("margin.mark.default.volatilityFactor", "1"),
      ("margin.mark.default.volatilityUncertainty", "7%"),
    ])
    let accounts = VenueFixture.portfolios(books, count: 200, seed: 31)
    let sweep = VenueSweep(books.engine, SweepTable(books.engine))
    let rows = try VenueFixture.rows(accounts, books.engine)
    let canSweep = sweep.canSweep
    #expect(canSweep)
    #expect(
      VenueFixture.measure(sweep, rows, threads: 2)
        == (try VenueFixture.expected(accounts, books.engine)))
  }

  @Test("of an option whose time is up is nothing")
  func expired() throws {
    let options = try Options(Self.terms)
    let expiry = World.expiry(days: 30)
    let engine = try options.world.engine(
      at: MarketSnapshot(time: expiry, underlyings: options.world.markets))
    let breakdown = try engine.breakdown(of: options.portfolio([-1_000, 0, 0, 1_000, 0, 0]))
    #expect(!breakdown.lines.contains { $0.kind == .volatilityUncertainty })
  }
}
