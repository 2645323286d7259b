// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import NumericalMethods
import Quantities
import Testing

/// Accounts near the edge of what their intervals promise: linear positions, whose bounds are
/// almost exact, along straight paths through the reach, term by term.
@Suite("Trigger intervals along a path")
struct TriggerPathTests {
  private static let terms: [[(String, String)]] = [
    [],
    [
      ("margin.netting.default.correlation", "90%"), ("margin.netting.default.offsetCap", "100%"),
    ],
    // A third of the notional for crowding.
    [
      ("margin.size.default.openInterestLower", "0.5"),
      ("margin.size.default.openInterestUpper", "3"),
      ("margin.size.default.openInterestRate", "80%"),
    ],
    // Concentration and gaps of positions about as large as the day's volume.
    [
      ("margin.size.default.impact", "10"), ("margin.size.default.volumeStress", "0.1%"),
      ("margin.size.default.gapIntensity", "6"), ("margin.size.default.gapMean", "-5%"),
      ("margin.size.default.gapDeviation", "12%"), ("margin.size.default.gapProbability", "0.5%"),
      ("margin.size.default.latency", "1h"), ("margin.size.default.volumeShare", "10%"),
    ],
    [("margin.basis.default.rate", "100%"), ("margin.basis.default.ratePerYear", "500%")],
    [
      ("margin.tierShare", "100%"), ("margin.scan.BTC.range", "0.1%"),
      ("margin.scan.ETH.range", "0.1%"), ("margin.tiers.BTC.volumeMultiple", "0.1"),
      ("margin.size.default.volumeStress", "30%"),
    ],
    RandomBooks.boundedTerms,
  ]

  @Test("wake an account before it falls below its maintenance margin", arguments: terms)
  func path(overrides: [(String, String)]) throws {
    let books = try RandomBooks.withLiquidity(overrides)
    try walk(books, index: 0.019_5, level: 0.004_9, calm: 40, overrides)
  }

  @Test("wake it in a venue without options, whose reach is wider", arguments: terms)
  func linear(overrides: [(String, String)]) throws {
    var world = try RandomBooks.withLiquidity(overrides).world
    let contracts = world.listing.contracts.filter { !$0.isOption }
    let collateral = world.listing.collateral.dropFirst()
    world.listing = Listing(quote: world.usd)
    for asset in collateral { world.listing.accept(asset) }
    world.volatilities = []
    for contract in contracts {
      try world.list(
        contract.kind, on: contract.underlying.description, contract.settlement,
        step: contract.settlement == .inverse ? "1" : "0.001")
    }
    // The wide box costs more before anything is shared out: fewer have an interval.
    try walk(try RandomBooks(world), index: 0.195, level: 0.049, calm: 12, overrides)
  }

  /// - Parameter calm: More accounts than this have intervals, or the paths would show nothing.
  private func walk(
    _ books: RandomBooks, index: Double, level: Double, calm: Int,
    _ overrides: [(String, String)]
  ) throws {
    var random = SplitMix64(seed: 17)
    let linear = books.contracts.indices.filter { !books.contracts[$0].isOption }
    let accounts = try (0..<120).map { number in
      try account(books, linear, large: number / 2 % 2 == 0, &random)
    }
    let rows = try VenueFixture.rows(accounts, books.engine)
    var fallen = 0
    for btc in [-1.0, 0, 1] {
      for eth in [-1.0, 0, 1] {
        var path = PathRun(books, rows, index: index, level: level * (btc * eth + 1))
        #expect(path.calm > calm, "\(overrides)")
        for step in 1...20 {
          let missed = try path.go(to: Double(step) / 20, btc: btc, eth: eth)
          #expect(missed == [], "\(overrides), \(btc), \(eth), step \(step)")
        }
        fallen += path.fallen
      }
    }
    #expect(fallen > accounts.count)
  }

  /// One to four linear positions, and as much money above maintenance margin as a move inside the
  /// reach can take.
  private func account(
    _ books: RandomBooks, _ linear: [Int], large: Bool, _ random: inout SplitMix64
  ) throws -> Portfolio {
    let held = linear.shuffled(using: &random).prefix(1 + Int(random.next() % 4)).sorted()
    let positions = held.map { index in
      let steps = Int64.random(in: 1...(large ? 200_000 : 2_000), using: &random)
      return books.position(
        index, steps: random.next() % 2 == 0 ? steps : -steps, &random)
    }
    var portfolio = books.world.portfolio(.portfolio, positions)
    let risk = try books.engine.risk(of: portfolio)
    let share = (random.next() % 2 == 0 ? 0.05 : 0.4) * random.nextUnit()
    let slack = share * Double(risk.maintenanceMargin)
    portfolio.balances[0] += risk.maintenanceMargin - risk.equity + Int64(slack) + 1_000
    return portfolio
  }
}

/// Intervals made once, and a market that leaves their reference in one direction.
private struct PathRun {
  private let books: RandomBooks
  private let rows: AccountRows
  private var engine: RequirementEngine
  private var table: SweepTable
  private var intervals: TriggerIntervals
  private let index: Double
  private let level: Double
  private(set) var fallen = 0

  /// - Parameters:
  ///   - index: Where the path ends, as a move of the index.
  ///   - level: The same of the volatility.
  init(_ books: RandomBooks, _ rows: AccountRows, index: Double, level: Double) {
    self.books = books
    self.rows = rows
    self.index = index
    self.level = level
    engine = books.engine
    table = SweepTable(engine)
    let sweep = VenueSweep(engine, table)
    var scratch = SweepScratch(sweep)
    intervals = TriggerIntervals(
      sweep, of: rows, &scratch,
      reach: TriggerReach(volatility: 0.01, linearVolatility: 0.1), mostWoken: 1_000)
  }

  var calm: Int { (0..<rows.count).count { !intervals.isRestless($0) } }

  /// - Returns: Who is below maintenance margin and was not woken.
  mutating func go(to share: Double, btc: Double, eth: Double) throws -> [Int] {
    let moves = [btc, eth]
    let markets = try books.world.markets.enumerated().map { slot, market in
      UnderlyingMarket(
        underlying: market.underlying,
        index: try Price(
          market.index.value * (1 + index * share * moves[slot]), rounding: .toNearestOrEven),
        basis: market.basis,
        volatility: Rate(
          billionths: Int64(
            Double(market.volatility.billionths) * (1 + level * share))))
    }
    try engine.advance(
      to: MarketSnapshot(
        time: World.start, underlyings: markets, liquidity: books.world.liquidity))
    table.rebuild(engine)
    #expect(intervals.wake(at: engine) != .everyone(isOutOfReach: true))
    let requirements = VenueFixture.measure(VenueSweep(engine, table), rows, threads: 1)
    let below = (0..<rows.count).filter { requirements[$0].isLiquidatable }
    fallen = max(fallen, below.count)
    return below.filter { !intervals.isRestless(rows.order(of: $0)) }
  }
}
