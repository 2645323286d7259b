// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import Quantities
import Testing

@Suite("Basis, pegs and the floor of the tiers")
struct NetDeltaTermTests {
  private static let basis = [("margin.basis.BTC.rate", "2.25%")]

  /// One line of the initial margin; 0 where there is none.
  private func line(
    _ kind: ChargeKind, _ engine: RequirementEngine, _ portfolio: Portfolio
  ) throws -> Int64 {
    let breakdown = try engine.breakdown(of: portfolio)
    #expect(breakdown.lines.reduce(0) { $0 + $1.initial } == breakdown.risk.initialMargin)
    #expect(
      breakdown.lines.reduce(0) { $0 + $1.maintenance } == breakdown.risk.maintenanceMargin)
    #expect(try engine.risk(of: portfolio) == breakdown.risk)
    return breakdown.lines.first { $0.kind == kind }?.initial ?? 0
  }

  /// A perpetual and two futures, in 44 and 365 days, at 8,000; steps of 0.001 BTC.
  private func charge(_ overrides: [(String, String)], _ sizes: [Int64]) throws -> Int64 {
    var world = try World(index: "8000", overrides: overrides)
    try world.list(.perpetual)
    try world.list(.future(expiry: World.expiry(days: 44)))
    try world.list(.future(expiry: World.expiry(days: 365)))
    let positions = sizes.indices.filter { sizes[$0] != 0 }.map {
      Position(
        instrument: InstrumentID(UInt32($0)), size: Size(steps: sizes[$0]),
        cost: sizes[$0] * 8_000_000)
    }
    return try line(
      .basis(world.btc.symbol), world.engine(), world.portfolio(.portfolio, positions))
  }

  // By hand: 2.25 % of 8,000 × 1 BTC hedged; the weight is rounded up, and then the charge.
  @Test("charges basis on what one expiry hedges of another")
  func hedged() throws {
    #expect(try charge(Self.basis, [1_000, -1_000, 0]) == 180_000_001)
    #expect(try charge(Self.basis, [-1_000, 1_000, 0]) == 180_000_001)
    #expect(try charge(Self.basis, [1_000, 500, -1_000]) == 180_000_001)
    #expect(try charge(Self.basis, [1_000, 1_000, 1_000]) == 0)
    #expect(try charge(Self.basis, [0, 0, -1_000]) == 0)
    #expect(try charge([], [1_000, -1_000, 0]) == 0)
  }

  // ½ × 8,000 × (2 × 2.25 % + 18 % × 44/365), the yearly part rounded up to a billionth; the
  // dated leg by itself pays for its time alone.
  @Test("charges more the further an expiry lies ahead")
  func time() throws {
    let rates = Self.basis + [("margin.basis.BTC.ratePerYear", "18%")]
    #expect(try charge(rates, [-1_000, 1_000, 0]) == 266_794_525)
    #expect(try charge(rates, [0, 1_000, 0]) == 86_794_525)
    #expect(try charge(rates, [-1_000, 0, 1_000]) == 900_000_001)
    #expect(try charge(rates, [1_000, 0, 0]) == 0)
  }

  /// BTC contracts that settle in a stable coin at a price.
  private func pegged(_ price: String) throws -> (RequirementEngine, World) {
    var world = try World(
      index: "8000",
      overrides: [("margin.peg.USDT.threshold", "99%"), ("margin.peg.USDT.factor", "2")])
    let coin = try Asset(symbol: AssetSymbol("USDT"), decimals: 6)
    world.listing.accept(CollateralAsset(asset: coin, underlying: coin.symbol))
    let kinds: [ContractKind] = [
      .perpetual, .option(.call, strike: try Price("8000"), expiry: World.expiry(days: 9)), .spot,
    ]
    for (kind, number) in zip(kinds, UInt32(0)...) {
      world.listing.list(
        try Contract(
          id: InstrumentID(number), name: "BTC-\(number)", underlying: world.btc.symbol,
          kind: kind, settlement: .linear, settlementAsset: coin, stepQuantity: 100_000,
          tick: Price(steps: 1), highestPrice: Price("400000")))
    }
    world.markets.append(
      UnderlyingMarket(
        underlying: coin.symbol, index: try Price(price), basis: .zero,
        volatility: try Rate("10%")))
    return (try world.engine(), world)
  }

  private func peg(_ price: String, _ instrument: UInt32, _ steps: Int64) throws -> Int64 {
    let (engine, _) = try pegged(price)
    return try line(
      .peg, engine,
      Portfolio(
        mode: .portfolio, balances: [0, 0, 0, 0],
        positions: [
          Position(instrument: InstrumentID(instrument), size: Size(steps: steps), cost: 0)
        ], orders: []))
  }

  // Form: Derive, (0.99 − price) × 2 × notional of shorts and perpetuals.
  @Test("charges shorts and perpetuals while their settlement asset is off its peg")
  func depeg() throws {
    // 4 % below, twice that, of 8,000 coins at 0.95.
    #expect(try peg("0.95", 0, 1_000) == 608_000_000)
    #expect(try peg("0.95", 0, -1_000) == 608_000_000)
    // Options by the index of their underlying, short only; spot short only.
    #expect(try peg("0.95", 1, -1_000) == 640_000_000)
    #expect(try peg("0.95", 1, 1_000) == 0)
    #expect(try peg("0.95", 2, 1_000) == 0)
    #expect(try peg("0.95", 2, -1_000) == 608_000_000)
    #expect(try peg("0.99", 0, 1_000) == 0)
    #expect(try peg("1.01", 0, 1_000) == 0)
    // One step of 10^−8 below: 2·10^−8 of 8,000 × 0.98999999.
    #expect(try peg("0.98999999", 0, 1_000) == 159)
  }

  private static let narrow = [
    ("margin.tierShare", "100%"), ("margin.scan.BTC.range", "5%"),
    ("margin.provision.closeFee", "0"),
  ]

  @Test("holds the scenario loss at the tier charge of the net size")
  func floor() throws {
    func initial(_ overrides: [(String, String)], _ sizes: [Int64]) throws -> (Int64, Int64) {
      var world = try World(index: "8000", overrides: Self.narrow + overrides)
      try world.list(.perpetual)
      try world.list(.future(expiry: World.expiry(days: 44)))
      let positions = sizes.indices.map {
        Position(
          instrument: InstrumentID(UInt32($0)), size: Size(steps: sizes[$0]),
          cost: sizes[$0] * 8_000_000)
      }
      let engine = try world.engine()
      let portfolio = world.portfolio(.portfolio, positions)
      return (
        try engine.risk(of: portfolio).initialMargin, try line(.tierFloor, engine, portfolio)
      )
    }
    // Up to 50 BTC 5 %, as the scan; one step more, 10 % of all.
    #expect(try initial([], [50_000]) == (20_000_000_000, 0))
    #expect(try initial([], [50_001]) == (40_000_800_000, 20_000_400_000))
    #expect(try initial([], [100_000, -50_000]) == (20_000_000_000, 0))
    #expect(try initial([("margin.tierShare", "60%")], [50_001]) == (24_000_480_000, 4_000_080_000))
    // Each part by its own tier: 50 × 5 % + 50 × 10 % of 8,000.
    #expect(
      try initial([("margin.tiers.BTC.isMarginal", "true")], [100_000])
        == (60_000_000_000, 20_000_000_000))
  }

  // 0.1 % of the stressed volume of 870 million is 870,000, more than the first tier's 400,000;
  // with a twentieth of the depth it is 145,000, so all tiers end at 36.25 % of what is published.
  @Test("lets tiers end earlier when depth falls", arguments: MarginMode.allCases)
  func tierVolumes(mode: MarginMode) throws {
    func initial(_ depth: String, _ steps: Int64) throws -> Int64 {
      var world = try World(
        index: "8000",
        overrides: Self.narrow + [
          ("margin.tiers.BTC.volumeMultiple", "0.1%"), ("margin.size.BTC.volumeStress", "30%"),
        ])
      world.liquidity = [try SizedWorld.liquidity(depth: depth)]
      let perpetual = try world.list(.perpetual)
      return try world.engine().risk(
        of: world.portfolio(
          mode,
          [Position(instrument: perpetual, size: Size(steps: steps), cost: steps * 8_000_000)])
      ).initialMargin
    }
    #expect(try initial("100%", 50_000) == 20_000_000_000)
    #expect(try initial("100%", 50_001) == 40_000_800_000)
    #expect(try initial("5%", 18_125) == 18_125 * 400_000)
    #expect(try initial("5%", 18_126) == 18_126 * 800_000)
    // 250 BTC become 90.625.
    #expect(try initial("5%", 90_625) == 90_625 * 800_000)
    #expect(try initial("5%", 90_626) == 90_626 * 1_600_000)
  }
}
