// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Instruments
import Margin
import MarketData
import NumericalMethods
import Quantities
import Testing

@Suite("Trigger intervals")
struct TriggerTests {
  /// With PLIMSOLL_FULL=1 a million over all seeds, and another million with all terms.
  private static let isFull = ProcessInfo.processInfo.environment["PLIMSOLL_FULL"] == "1"
  private static let ticks = isFull ? 250_000 : (isDebug ? 400 : 1_000)
  private static let ticksWithTerms = isFull ? 334_000 : (isDebug ? 250 : 500)
  #if DEBUG
    private static let isDebug = true
  #else
    private static let isDebug = false
  #endif

  /// Netting, size charges, basis and tier floor; the last without a charge for crowding, beside
  /// which no other would be noticed, and with accounts so large that the floor decides.
  private static let terms = [
    RandomBooks.boundedTerms,
    RandomBooks.boundedTerms + [("margin.size.default.openInterestRate", "0%")],
    RandomBooks.boundedTerms + [
      ("margin.size.default.openInterestRate", "0%"), ("margin.tierShare", "100%"),
      ("margin.scan.BTC.range", "3%"), ("margin.scan.ETH.range", "3%"),
    ],
  ]

  @Test("miss no account over random ticks and jumps", arguments: [1, 2, 3, 4] as [UInt64])
  func nobodyIsMissed(seed: UInt64) throws {
    try run(seed, Self.ticks, overrides: [])
  }

  @Test("miss no account where underlyings net and net deltas are charged", arguments: terms)
  func nobodyIsMissed(overrides: [(String, String)]) throws {
    try run(5, Self.ticksWithTerms, overrides: overrides)
  }

  private func run(_ seed: UInt64, _ ticks: Int, overrides: [(String, String)]) throws {
    var venue = try TickedVenue(seed: seed, accounts: 48, overrides: overrides)
    var calmAtFirst = 0
    for order in 0..<venue.rows.count where !venue.intervals.isRestless(order) {
      calmAtFirst += 1
    }
    // The property would hold of a venue in which everybody is always measured, too.
    #expect(calmAtFirst > 24)
    var woken = 0
    for _ in 0..<ticks {
      try venue.tick()
      let missed = venue.missed
      #expect(missed == [], "seed \(seed), tick \(venue.tickCount)")
      if !missed.isEmpty { return }
      woken += venue.wokenByTick
      try venue.goOn()
    }
    #expect(woken > 0)
    #expect(venue.calmTicks > ticks / 4)
    #expect(venue.liquidatableSeen > 0)
  }

  @Test("ask for everyone once the market leaves the reach in any of its directions")
  func reach() throws {
    for change in TickedVenue.Change.allCases where change != .depth {
      var venue = try TickedVenue(seed: 7, accounts: 20)
      try venue.move(change)
      #expect(venue.waking == .everyone(isOutOfReach: true), "\(change)")
    }
  }

  @Test("ask for everyone once what is known of volumes changes")
  func liquidity() throws {
    var venue = try TickedVenue(seed: 7, accounts: 20, overrides: RandomBooks.boundedTerms)
    try venue.move(.depth)
    #expect(venue.waking == .everyone(isOutOfReach: true))
    var plain = try TickedVenue(seed: 7, accounts: 20)
    try plain.move(.depth)
    #expect(plain.waking != .everyone(isOutOfReach: true))
  }

  @Test("ask for everyone when more would wake than is worth while, with nothing lost")
  func adaptive() throws {
    var venue = try TickedVenue(seed: 8, accounts: 60, mostWoken: 0)
    var refused = 0
    for _ in 0..<200 {
      try venue.tick()
      if venue.waking == .everyone(isOutOfReach: false) { refused += 1 }
      #expect(venue.missed == [])
      try venue.goOn()
      #expect(venue.lost == [])
    }
    #expect(refused > 0)
  }

  @Test("measure an account at once after a fill has disturbed it")
  func fills() throws {
    var venue = try TickedVenue(seed: 9, accounts: 60)
    for round in 0..<300 {
      try venue.fill()
      if round % 3 == 0 { try venue.tick() } else { venue.wakeAgain() }
      #expect(venue.missed == [])
      try venue.goOn()
    }
  }
}

/// A venue whose market moves, with intervals beside the measure of every account.
struct TickedVenue {
  enum Change: CaseIterable { case rise, fall, basis, volatility, time, depth }

  let books: RandomBooks
  var rows: AccountRows
  var engine: RequirementEngine
  var table: SweepTable
  var intervals: TriggerIntervals
  var scratch: SweepScratch
  var random: SplitMix64
  var waking = TriggerIntervals.Waking.restless(0)
  var tickCount = 0
  var wokenByTick = 0
  var calmTicks = 0
  var liquidatableSeen = 0
  private var seconds: Int64 = 0
  private var markets: [UnderlyingMarket]

  private var liquidity: [UnderlyingLiquidity]

  init(
    seed: UInt64, accounts: Int, mostWoken: Int = 1_000, overrides: [(String, String)] = []
  ) throws {
    books = try RandomBooks.withLiquidity(overrides)
    liquidity = books.world.liquidity
    engine = books.engine
    table = SweepTable(engine)
    random = SplitMix64(seed: seed)
    markets = books.world.markets
    let sweep = VenueSweep(engine, table)
    scratch = SweepScratch(sweep)
    var builder = AccountRows.Builder(engine)
    for portfolio in VenueFixture.portfolios(books, count: accounts, seed: seed + 100) {
      try builder.append(try Self.funded(portfolio, engine, &random))
    }
    rows = builder.finished()
    intervals = TriggerIntervals(
      sweep, of: rows, &scratch,
      reach: TriggerReach(basis: 0.000_2, volatility: 0.01, time: TimeSpan(seconds: 600)),
      mostWoken: mostWoken)
  }

  /// The account with as much money that it is a little or well above its maintenance margin.
  private static func funded(
    _ portfolio: Portfolio, _ engine: RequirementEngine, _ random: inout SplitMix64
  ) throws -> Portfolio {
    let risk = try engine.risk(of: portfolio)
    var funded = portfolio
    let shares: [Double] = [0.01, 0.05, 0.3, 2]
    let share = shares.randomElement(using: &random) ?? 1
    let slack = Int64(share * random.nextUnit() * Double(risk.maintenanceMargin)) + 1_000
    funded.balances[0] += risk.maintenanceMargin - risk.equity + slack
    return funded
  }

  /// A random move of one underlying or both, sometimes a jump.
  mutating func tick() throws {
    tickCount += 1
    let sizes: [Double] = [0.000_3, 0.001, 0.001, 0.003, 0.03]
    let size = sizes.randomElement(using: &random) ?? 0
    let both = random.next() % 3 == 0
    for slot in markets.indices where both || random.next() % 2 == 0 {
      try change(
        slot, index: 1 + size * (2 * random.nextUnit() - 1),
        basis: Int64.random(in: -40_000...40_000, using: &random),
        level: 1 + 0.004 * (2 * random.nextUnit() - 1))
    }
    seconds += Int64(random.next() % 5)
    // Expiries stay ahead: the clock goes back to the start before it comes near the first.
    if seconds > 80_000 { seconds = 0 }
    try advance()
  }

  private mutating func change(
    _ slot: Int, index: Double, basis: Int64, level: Double
  ) throws {
    let market = markets[slot]
    let start = books.world.markets[slot]
    // Drawn back to the start, so that the contracts keep making sense.
    let pull = start.index.value / market.index.value > 1 ? 1.000_05 : 0.999_95
    markets[slot] = UnderlyingMarket(
      underlying: market.underlying,
      index: try Price(market.index.value * index * pull, rounding: .toNearestOrEven),
      basis: Rate(billionths: start.basis.billionths + basis),
      volatility: Rate(billionths: Int64(Double(start.volatility.billionths) * level)))
  }

  /// One change beyond the usual reach, everything else as it was.
  mutating func move(_ change: Change) throws {
    let market = markets[0]
    markets[0] = UnderlyingMarket(
      underlying: market.underlying,
      index: try Price(
        market.index.value * (change == .rise ? 1.021 : change == .fall ? 0.979 : 1),
        rounding: .toNearestOrEven),
      basis: Rate(billionths: market.basis.billionths + (change == .basis ? 300_000 : 0)),
      volatility: Rate(
        billionths: market.volatility.billionths / 100 * (change == .volatility ? 103 : 100)))
    if change == .time { seconds = 601 }
    if change == .depth {
      liquidity = [
        UnderlyingLiquidity(underlying: market.underlying, depthShare: try Rate("59%"))
      ]
    }
    try advance()
  }

  private mutating func advance() throws {
    try engine.advance(
      to: MarketSnapshot(
        time: World.start + TimeSpan(seconds: seconds), underlyings: markets,
        liquidity: liquidity))
    table.rebuild(engine)
    wakeAgain()
  }

  mutating func wakeAgain() {
    var before = 0
    for order in 0..<rows.count where intervals.isRestless(order) { before += 1 }
    waking = intervals.wake(at: engine)
    guard case .restless(let count) = waking else { return }
    wokenByTick = count - before
    if count < rows.count / 2 { calmTicks += 1 }
  }

  /// A random fill, small enough to leave most accounts alive.
  mutating func fill() throws {
    let account = Int.random(in: 0..<rows.count, using: &random)
    let contract = Int.random(in: books.contracts.indices, using: &random)
    try rows.fill(
      account, contract: contract, steps: Int64.random(in: -50...50, using: &random),
      unitValue: engine.marks[contract].unitValue)
    intervals.disturb(rows.order(of: account))
  }

  /// Accounts below their maintenance margin that the tick does not ask to measure.
  var missed: [Int] {
    guard case .restless = waking else { return [] }
    return lost
  }

  /// Who is below maintenance margin and has an interval all the same.
  var lost: [Int] {
    var missed: [Int] = []
    let requirements = VenueFixture.measure(VenueSweep(engine, table), rows, threads: 1)
    for account in 0..<rows.count where requirements[account].isLiquidatable {
      if !intervals.isRestless(rows.order(of: account)) { missed.append(account) }
    }
    return missed
  }

  /// Measures who was woken, or everybody.
  mutating func goOn() throws {
    let sweep = VenueSweep(engine, table)
    switch waking {
    case .restless:
      var liquidatable: [(order: Int, shortfall: Int64)] = []
      intervals.recheck(sweep, of: rows, &scratch) { order, requirement in
        guard requirement.isLiquidatable else { return }
        liquidatable.append((order, requirement.maintenanceMargin - requirement.equity))
      }
      liquidatableSeen += liquidatable.count
      // Whoever is below gets money again, or soon nobody would have an interval.
      for (order, shortfall) in liquidatable where random.next() % 2 == 0 {
        let money = shortfall + Int64.random(in: 1...2_000_000_000, using: &random)
        try rows.credit(rows.account(at: order), asset: 0, units: money)
        intervals.disturb(order)
      }
    case .everyone(true): intervals.rebuild(sweep, of: rows, &scratch)
    case .everyone(false): _ = intervals.absorb(sweep, of: rows, &scratch)
    }
  }
}
