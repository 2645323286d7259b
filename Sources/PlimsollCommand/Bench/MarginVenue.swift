// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import NumericalMethods
import Parameters
import Quantities

/// A seeded venue for the margin benchmarks: 2,000 instruments on 286 underlyings, three of them
/// with options, and accounts with 1 to 60 positions, 10 on average, in geometric shares.
///
/// Every instrument is as likely as any other, so that no row of the scenario table stays in the
/// nearest cache by being popular. Slack above maintenance margin is lognormal around 8 % of what
/// all positions together control, long or short, with spread 0.9.
struct MarginVenue {
  let engine: RequirementEngine
  let rows: AccountRows
  let snapshot: MarketSnapshot
  static let start = Timestamp(seconds: 1_583_971_200)
  private static let instrumentCount = 2_000

  /// - Parameter hasFurtherTerms: Whether the terms beyond scenarios, tiers and haircuts count too.
  init(
    _ stated: ParameterSet, accounts: Int, mode: MarginMode = .portfolio,
    hasFurtherTerms: Bool = false
  ) throws {
    let parameters = hasFurtherTerms ? stated : try Self.plain(stated)
    let (listing, markets) = try Self.listing()
    snapshot = MarketSnapshot(time: Self.start, underlyings: markets)
    var engine = try RequirementEngine(
      listing: listing, margin: MarginParameters(parameters),
      surface: SurfaceParameters(parameters))
    try engine.advance(to: snapshot)
    self.engine = engine
    var builder = AccountRows.Builder(engine, capacity: accounts)
    var random = SplitMix64(seed: 20_200_312)
    for _ in 0..<accounts {
      try builder.append(Self.account(engine, &random, mode))
    }
    var rows = builder.finished()
    try Self.fund(&rows, engine, markets, &random)
    self.rows = rows
  }

  /// The set without netting, size charges, basis, pegs, twists and further scenarios.
  private static func plain(_ stated: ParameterSet) throws -> ParameterSet {
    let terms = ["netting", "size", "basis", "peg", "twist", "set", "tierShare"]
    return try ParameterSet(
      name: stated.name, date: stated.date,
      values: stated.values.filter { value in
        !terms.contains { value.key.hasPrefix("margin." + $0) }
          && !value.key.hasSuffix(".volumeMultiple")
      })
  }

  /// One account of so many options on the first underlying, to be found in a venue of its own.
  static func single(
    _ engine: RequirementEngine, positions: Range<Int>
  ) throws -> AccountRows {
    var random = SplitMix64(seed: 3)
    var builder = AccountRows.Builder(engine)
    try builder.append(
      Portfolio(
        mode: .portfolio, balances: [1_000_000_000_000, 0, 0],
        positions: positions.map { position($0, engine, &random) }))
    return builder.finished()
  }

  // MARK: Instruments

  private static func listing() throws -> (Listing, [UnderlyingMarket]) {
    let usd = try Asset(symbol: AssetSymbol("USD"), decimals: 6)
    var listing = Listing(quote: usd)
    var markets: [UnderlyingMarket] = []
    let options: [(name: String, spot: Int, step: String, expiries: Int64, strikes: Int)] = [
      ("BTC", 60_000, "0.001", 10, 35), ("ETH", 3_000, "0.01", 10, 35), ("SOL", 150, "0.1", 6, 25),
    ]
    for (name, spot, step, expiries, strikes) in options {
      let coin = try Asset(symbol: AssetSymbol(name), decimals: 8)
      if name != "SOL" {
        listing.accept(CollateralAsset(asset: coin, underlying: coin.symbol))
      }
      markets.append(try market(name, spot: String(spot)))
      try list(.perpetual, name, usd, step, &listing)
      for expiry in 1...expiries {
        let time = start + TimeSpan(seconds: expiry * expiry * 4 * 86_400)
        if name != "SOL" { try list(.future(expiry: time), name, coin, "1", &listing) }
        for strike in 0..<strikes {
          let price = try Price(String(spot * (40 + 120 * strike / strikes) / 100))
          for right in OptionRight.allCases {
            try list(
              .option(right, strike: price, expiry: time), name, usd, step, &listing)
          }
        }
      }
    }
    while listing.contracts.count < instrumentCount {
      let name = "X\(markets.count)"
      markets.append(try market(name, spot: "12.5"))
      try list(.perpetual, name, usd, "1", &listing)
    }
    return (listing, markets)
  }

  private static func market(_ name: String, spot: String) throws -> UnderlyingMarket {
    UnderlyingMarket(
      underlying: try AssetSymbol(name), index: try Price(spot), basis: try Rate("0.01%"),
      volatility: try Rate("80%"))
  }

  private static func list(
    _ kind: ContractKind, _ underlying: String, _ asset: Asset, _ step: String,
    _ listing: inout Listing
  ) throws {
    let id = InstrumentID(UInt32(listing.contracts.count))
    let symbol = try AssetSymbol(underlying)
    listing.list(
      try Contract(
        id: id, name: "\(underlying)-\(id.number)", underlying: symbol, kind: kind,
        settlement: asset.symbol == symbol ? .inverse : .linear, settlementAsset: asset,
        stepQuantity: Price(step).steps, tick: Price(steps: 1), highestPrice: Price("400000")))
  }

  // MARK: Accounts

  private static func account(
    _ engine: RequirementEngine, _ random: inout SplitMix64, _ mode: MarginMode
  ) -> Portfolio {
    var count = 1
    while count < 60, random.next() % 10 > 0 { count += 1 }
    var chosen: [Int] = []
    while chosen.count < count {
      let index = Int(random.next() % UInt64(instrumentCount))
      if !chosen.contains(index) { chosen.append(index) }
    }
    let hasCoin = random.next() % 5 == 0
    let coin = hasCoin ? Int64(random.next() % 500_000_000) : 0
    return Portfolio(
      mode: mode, balances: [0, coin, 0],
      positions: chosen.sorted().map { position($0, engine, &random) })
  }

  private static func position(
    _ index: Int, _ engine: RequirementEngine, _ random: inout SplitMix64
  ) -> Position {
    let size = Int64(random.next() % 2_000) + 1
    let steps = random.next() % 2 == 0 ? size : -size
    return Position(
      instrument: engine.layout.listing.contracts[index].id, size: Size(steps: steps),
      cost: steps * engine.marks[index].unitValue)
  }

  /// Money so that every account has its slack.
  private static func fund(
    _ rows: inout AccountRows, _ engine: RequirementEngine, _ markets: [UnderlyingMarket],
    _ random: inout SplitMix64
  ) throws {
    let sweep = VenueSweep(engine, SweepTable(engine))
    let requirements = VenueThreads(count: 2).measure(sweep, rows)
    let contracts = engine.layout.listing.contracts
    let worths = contracts.map { contract in
      let market = markets.first { $0.underlying == contract.underlying }
      return contract.isReciprocal
        ? Double(contract.stepQuantity) * 0.01
        : Double(contract.stepQuantity) * 0.01 * (market?.index.value ?? 0)
    }
    for order in 0..<rows.count {
      let needed = requirements[order].maintenanceMargin - requirements[order].equity
      let gross = rows.positions(at: order).reduce(0.0) {
        $0 + Double($1.steps.magnitude) * worths[$1.contract]
      }
      let spread = Elementary.exp(0.9 * Normal.inverse(random.nextUnit() * 0.999_98 + 0.000_01))
      try rows.credit(
        rows.account(at: order), asset: 0, units: needed + Int64(0.08 * spread * gross) + 1)
    }
  }
}
