// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import NumericalMethods
import Quantities
import Testing

@Suite("The ladder of Greeks")
struct GreekLadderTests {
  // F = K = 8,000, σ = 0.8, τ = 30 days: d1 = σ√τ/2 = 0.114675…, and by mpmath with 40 digits
  // N(d1) = 0.5456486, n(d1) = 0.3963277, √τ = 0.2866888.
  @Test("has the textbook's numbers at the money")
  func textbook() throws {
    var world = try World(index: "8000")
    let call = try world.list(
      .option(.call, strike: Price("8000"), expiry: World.expiry(days: 30)), step: "0.01",
      volatility: 0.8)
    let engine = try world.engine()
    let ladder = try GreekLadder(
      engine,
      world.portfolio(
        .portfolio, [Position(instrument: call, size: Size(steps: 200), cost: 0)]))
    let row = try #require(ladder.rows.first)
    #expect(ladder.rows.count == 1 && row.bucket == .from40to60)
    #expect(row.expiry == World.expiry(days: 30))
    let years = 30.0 / 365.0
    let root = years.squareRoot()
    let d1 = 0.4 * root
    let density = 0.398_942_280_401_432_7 * Elementary.exp(-0.5 * d1 * d1)
    // Two coins: 200 steps of 0.01.
    expect(row.greeks.delta, 2 * Normal.cumulative(d1))
    expect(row.greeks.gamma, 2 * density / (8_000 * 0.8 * root))
    expect(row.greeks.vega, 2 * 8_000 * density * root)
    expect(row.greeks.theta, -2 * 8_000 * density * 0.8 / (2 * root))
    expect(row.greeks.vanna, 2 * density * d1 / 0.8)
    expect(row.greeks.volga, -2 * 8_000 * density * root * d1 * d1 / 0.8)
  }

  private func expect(
    _ value: Double, _ expected: Double, at location: SourceLocation = #_sourceLocation
  ) {
    #expect(abs(value - expected) <= 1e-12 * abs(expected), sourceLocation: location)
  }

  @Test("shows a long inverse perpetual as the coins it is long, and coins as themselves")
  func inverse() throws {
    var world = try World(index: "8000")
    let perpetual = try world.list(.perpetual, .inverse, step: "10")
    // 20,000 USD bought at 8,000: 2.5 coins, owed as a cost of −2.5·10^8.
    let portfolio = world.portfolio(
      .cross, btc: 50_000_000,
      [Position(instrument: perpetual, size: Size(steps: 2_000), cost: -250_000_000)])
    let ladder = try GreekLadder(try world.engine(), portfolio)
    #expect(ladder[world.btc.symbol].delta == 3)
    #expect(ladder.rows.map(\.bucket) == [.linear])
    #expect(ladder[world.eth.symbol] == .zero)
  }

  @Test("adds up: buckets to expiries, expiries to underlyings, to the bit")
  func sums() throws {
    let books = try RandomBooks()
    var random = SplitMix64(seed: 21)
    for _ in 0..<60 {
      let ladder = try GreekLadder(books.engine, books.portfolio(&random, .portfolio))
      for sum in ladder.expiries {
        let rows = ladder.rows.filter {
          $0.underlying == sum.underlying && $0.expiry == sum.expiry
        }
        #expect(rows.map(\.bucket) == rows.map(\.bucket).sorted())
        #expect(sum.greeks == rows.reduce(.zero) { $0 + $1.greeks })
      }
      for sum in ladder.underlyings {
        let expiries = ladder.expiries.filter { $0.underlying == sum.underlying }
        #expect(sum.greeks == expiries.reduce(.zero) { $0 + $1.greeks })
        #expect(ladder[sum.underlying] == sum.greeks)
      }
    }
  }

  // The engine's own equity a hundredth of a per cent up and down, options at given volatilities;
  // marks are rounded to 10^-8 and unit values to ledger units, which a difference of 1.6 USD per
  // coin divides down to about 10^-3 of a position's step.
  @Test("agrees with the engine's equity at prices nearby", arguments: [31, 32] as [UInt64])
  func differences(seed: UInt64) throws {
    let books = try RandomBooks()
    var world = books.world
    world.volatilities = world.listing.contracts.map { $0.isOption ? 0.9 : nil }
    let present = try world.engine()
    var random = SplitMix64(seed: seed)
    for _ in 0..<30 {
      let portfolio = books.portfolio(&random, .portfolio)
      let ladder = try GreekLadder(present, portfolio)
      for (symbol, spot) in [(world.btc.symbol, 8_000.0), (world.eth.symbol, 200.0)] {
        let move = spot * 1e-3
        func equity(_ price: Double) throws -> Double {
          var engine = present
          let index = try Price(price, rounding: .toNearestOrEven)
          try engine.advance(to: world.snapshot.moving(symbol, to: index))
          return Double(try engine.risk(of: portfolio).equity) / 1e6
        }
        let (up, now, down) =
          (try equity(spot + move), try equity(spot), try equity(spot - move))
        let steps = portfolio.positions.reduce(0.0) { $0 + abs(Double($1.size.steps)) }
        let greeks = ladder[symbol]
        // A unit value is off by half a ledger unit, at most 0.5·10^-8 coins at 8,000 USD; equity
        // is rounded down to a millionth.
        let noise = steps * 0.000_05 + 1e-6
        let slack = 1e-3 * abs(greeks.delta) + 2 * noise / move + abs(greeks.gamma) * move
        #expect(abs((up - down) / (2 * move) - greeks.delta) <= slack + 1e-4)
        let curvature = (up - 2 * now + down) / (move * move)
        #expect(
          abs(curvature - greeks.gamma) <= 0.05 * abs(greeks.gamma) + 4 * noise / (move * move))
      }
    }
  }

  // Ten of thirty minutes at 7,700 are fixed: A = 2,566.67 + 2/3·F. At 8,000 the future is at
  // 7,900, so that an option struck there is one on 2/3 coin at 8,000.
  @Test("moves with the open share alone while a settlement price is averaged")
  func settling() throws {
    var world = try World(index: "8000")
    let expiry = World.start + TimeSpan(seconds: 1_800)
    let future = try world.list(.future(expiry: expiry))
    let inverse = try world.list(.future(expiry: expiry), .inverse, step: "1000")
    let options = try OptionRight.allCases.map {
      try world.list(.option($0, strike: Price("7900"), expiry: expiry), volatility: 0.8)
    }
    let sure = try world.list(
      .option(.call, strike: Price("2000"), expiry: expiry), volatility: 0.8)
    let time = World.start + TimeSpan(seconds: 600)
    let window = SettlementWindow(
      start: World.start, end: expiry, sum: Int128(try Price("7700").steps) * 600_000_000_000,
      covered: TimeSpan(seconds: 600), time: time, price: nil)
    let snapshot = MarketSnapshot(
      time: time, underlyings: world.markets,
      settling: [SettlingMarket(underlying: world.btc.symbol, window: window)])
    let engine = try world.engine(at: snapshot)
    for (instrument, steps, cost, expected) in [
      (future, 3_000, 0, 2.0), (sure, 1_500, 0, 1.0),
      (inverse, 80, -1_000_000_000, 10 - 80_000 * (7_700.0 / 3) / (7_900 * 7_900)),
      (options[0], 2_000, 0, nil), (options[1], -2_000, 0, nil),
    ] as [(InstrumentID, Int64, Int64, Double?)] {
      let portfolio = world.portfolio(
        .portfolio, usd: 50_000_000_000,
        [Position(instrument: instrument, size: Size(steps: steps), cost: cost)])
      let delta = try GreekLadder(engine, portfolio)[world.btc.symbol].delta
      if let expected { #expect(abs(delta - expected) < 1e-6, "\(instrument)") }
      func equity(_ price: String) throws -> Double {
        var moved = engine
        try moved.advance(to: snapshot.moving(world.btc.symbol, to: Price(price)))
        return Double(try moved.risk(of: portfolio).equity) / 1e6
      }
      // The option's third derivative over two dollars of the thirty-nine of its deviation.
      let difference = (try equity("8002") - equity("7998")) / 4
      #expect(abs(difference - delta) < 2e-3, "\(instrument): \(difference), \(delta)")
    }
  }

  @Test(
    "puts a call's delta into the bucket whose lower end it reaches",
    arguments: [
      (0.0, DeltaBucket.below10), (0.099_999, .below10), (0.10, .from10to25),
      (0.25, .from25to40), (0.399_999, .from25to40), (0.40, .from40to60), (0.60, .from60to75),
      (0.75, .from75to90), (0.899_999, .from75to90), (0.90, .above90), (1.0, .above90),
    ])
  func buckets(delta: Double, bucket: DeltaBucket) {
    #expect(DeltaBucket(callDelta: delta) == bucket)
  }

  @Test("has calls and puts of one strike in one bucket")
  func parity() throws {
    var world = try World(index: "8000")
    let expiry = World.expiry(days: 10)
    let pair = try OptionRight.allCases.map {
      try world.list(
        .option($0, strike: Price("10000"), expiry: expiry), step: "0.01", volatility: 0.8)
    }
    let ladder = try GreekLadder(
      try world.engine(),
      world.portfolio(
        .portfolio,
        pair.enumerated().map {
          Position(instrument: $1, size: Size(steps: $0 == 0 ? 100 : -100), cost: 0)
        }))
    // A call less a put is a forward: delta 1, no gamma, no vega.
    let row = try #require(ladder.rows.first)
    #expect(ladder.rows.count == 1)
    #expect(abs(row.greeks.delta - 1) < 1e-12 && abs(row.greeks.vega) < 1e-9)
  }

  @Test("refuses what the requirement refuses")
  func refusals() throws {
    var world = try World(index: "8000")
    try world.list(.perpetual)
    let engine = try world.engine()
    let unlisted = Position(instrument: InstrumentID(9), size: Size(steps: 1), cost: 0)
    #expect(throws: MarginError.unlisted(InstrumentID(9))) {
      try GreekLadder(engine, world.portfolio(.cross, [unlisted]))
    }
  }
}
