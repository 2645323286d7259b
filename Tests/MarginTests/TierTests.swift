// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import Parameters
import Quantities
import Testing

/// Rate tables without their file.
private func row(_ upper: Int64?, _ maintenance: String, initial: String? = nil) throws
  -> TierTable.Row
{
  TierTable.Row(
    upper: upper, initial: try Rate(initial ?? maintenance), maintenance: try Rate(maintenance),
    penalty: try Rate("0.5%"))
}

/// One perpetual in cross margin.
private struct OnePerpetual {
  let world: World
  let engine: RequirementEngine

  init(
    index: String, overrides: [(String, String)] = [], step: String = "0.001",
    _ settlement: Settlement = .linear, usdDecimals: UInt8 = 6
  ) throws {
    var world = try World(index: index, usdDecimals: usdDecimals, overrides: overrides)
    try world.list(.perpetual, settlement, step: step)
    self.world = world
    engine = try world.engine()
  }

  func risk(steps: Int64) throws -> AccountRisk {
    try engine.risk(
      of: world.portfolio(
        .cross,
        [
          Position(
            instrument: InstrumentID(0), size: Size(steps: steps),
            cost: steps * engine.marks[0].unitValue)
        ]))
  }
}

@Suite("Position-size tiers")
struct TierTests {
  // Source: the published table; 8,000 USD a BTC, steps of 0.001 BTC.
  @Test(
    "charge the whole position by the tier it falls into, the upper end included",
    arguments: [
      (49_999, "2.5%", "0.5%"), (50_000, "2.5%", "0.5%"), (50_001, "5%", "1%"),
      (249_999, "5%", "1%"), (250_000, "5%", "1%"), (250_001, "10%", "2.5%"),
      (1_000_000, "10%", "2.5%"), (1_000_001, "20%", "5%"),
    ] as [(Int64, String, String)])
  func published(steps: Int64, maintenance: String, penalty: String) throws {
    let perpetual = try OnePerpetual(index: "8000")
    for sign in [Int64(1), -1] {
      let risk = try perpetual.risk(steps: sign * steps)
      let notional = steps * 8_000_000
      let expected = try Rate(maintenance).share(of: notional, rounding: .up)
      #expect(risk.maintenanceMargin == expected)
      #expect(risk.initialMargin == 2 * expected)
      #expect(try risk.penaltyRate == Rate(penalty))
      #expect(
        try perpetual.engine.penaltyRate(
          of: InstrumentID(0), size: Size(steps: sign * steps)) == Rate(penalty))
    }
  }

  @Test("count an inverse contract in base units at the mark")
  func inverse() throws {
    // 50 BTC at 8,000 are 400,000 contracts of one USD.
    let perpetual = try OnePerpetual(index: "8000", step: "1", .inverse)
    #expect(try perpetual.risk(steps: 400_000).maintenanceMargin == 10_000_000_000)
    #expect(try perpetual.risk(steps: 400_001).maintenanceMargin == 20_000_050_000)
  }

  @Test("round every charge up")
  func rounding() throws {
    // 0.001 BTC at 8,000.123456: 8.000123456 USD, of which 2.5 % are 200003.0864 millionths.
    let perpetual = try OnePerpetual(index: "8000.123456", step: "0.001")
    #expect(perpetual.engine.marks[0].unitValue == 8_000_123)
    #expect(try perpetual.risk(steps: 1).maintenanceMargin == 200_004)
  }

  // Source: Hyperliquid's published form, worked in the specification's section 3.11:
  // 200 M USD at 1.25 % up to 150 M and 2.5 % above, deduction 1.875 M.
  @Test("charge the margin of a marginal table continuously")
  func marginal() throws {
    let overrides = [
      ("margin.tiers.default.isMarginal", "true"),
      ("margin.tiers.default.row.1.upperNotional", "150000000"),
      ("margin.tiers.default.row.1.maintenance", "1.25%"),
      ("margin.tiers.default.row.1.initial", "2.5%"),
      ("margin.tiers.default.row.2.upperNotional", "150000000000"),
      ("margin.tiers.default.row.2.maintenance", "2.5%"),
      ("margin.tiers.default.row.2.initial", "5%"),
      ("margin.tiers.default.row.3.upperNotional", "200000000000"),
      ("margin.tiers.default.row.3.maintenance", "2.5%"),
      ("margin.tiers.default.row.3.initial", "5%"),
    ]
    var world = try World(overrides: overrides)
    try world.list(.perpetual, on: "ETH", step: "0.1")
    let engine = try world.engine()
    func margin(steps: Int64) throws -> Int64 {
      try engine.risk(
        of: world.portfolio(
          .cross,
          [Position(instrument: InstrumentID(0), size: Size(steps: steps), cost: 0)])
      ).maintenanceMargin
    }
    // 0.1 ETH at 200 USD: 20 USD a step.
    #expect(try margin(steps: 10_000_000) == 3_125_000_000_000)
    // At the threshold both rates give the same: 1.25 % of 150 M, then 2.5 % of each step more.
    #expect(try margin(steps: 7_499_999) == 1_875_000_000_000 - 250_000)
    #expect(try margin(steps: 7_500_000) == 1_875_000_000_000)
    #expect(try margin(steps: 7_500_001) == 1_875_000_000_000 + 500_000)
  }

  // Source: Deribit's linear perpetuals, worked in the specification's section 3.14.
  @Test(
    "add a rate for every unit of the position",
    arguments: [(25, 53_125, 28_125), (350, 1_312_500, 962_500)] as [(Int64, Int64, Int64)])
  func sizeLinear(bitcoin: Int64, initial: Int64, maintenance: Int64) throws {
    let perpetual = try OnePerpetual(
      index: "100000", overrides: Self.sizeLinearTable, usdDecimals: 5)
    let risk = try perpetual.risk(steps: bitcoin * 1_000)
    #expect(risk.initialMargin == initial * 1_000_000)
    #expect(risk.maintenanceMargin == maintenance * 1_000_000)
  }

  private static let sizeLinearTable = [
    ("margin.tiers.BTC.initialPerUnit", "0.005%"),
    ("margin.tiers.BTC.maintenancePerUnit", "0.005%"),
    ("margin.tiers.BTC.row.1.upperQuantity", "1000000"),
    ("margin.tiers.BTC.row.1.initial", "2%"), ("margin.tiers.BTC.row.1.maintenance", "1%"),
    ("margin.tiers.BTC.row.2.upperQuantity", "2000000"),
    ("margin.tiers.BTC.row.3.upperQuantity", "3000000"),
  ]

  @Test("refuse tables that contradict themselves")
  func refusals() throws {
    let falling = [try row(100, "5%"), try row(nil, "2%")]
    let unsorted = [try row(100, "2%"), try row(100, "3%"), try row(nil, "5%")]
    let closed = [try row(100, "2%"), try row(200, "3%")]
    let open = [try row(nil, "2%"), try row(nil, "3%")]
    let inverted = [try row(nil, "3%", initial: "2%")]
    let empty = [try row(0, "2%"), try row(nil, "3%")]
    for rows in [falling, unsorted, closed, open, inverted, empty, []] {
      #expect(throws: ParameterError.self) {
        try TierTable(
          name: "table", convention: .wholePosition, measure: .quantity, rows: rows)
      }
    }
    #expect(throws: ParameterError.self) {
      try TierTable(
        name: "table", convention: .marginal, measure: .quantity, rows: [row(nil, "2%")],
        initialPerUnit: Rate("1%"), maintenancePerUnit: Rate("1%"))
    }
  }

  @Test("name the row that mixes measures or misses a value")
  func fileRefusals() throws {
    let set = try World.defaultParameters()
    let mixed =
      set.values + [
        try ParameterSet.read(
          key: "margin.tiers.BTC.row.2.upperNotional", text: "1000000", source: "test")
      ]
    #expect(
      throws: ParameterError.inconsistent(
        key: "margin.tiers.BTC.row.2.upperNotional", reason: "two measures in one table")
    ) {
      try MarginParameters(ParameterSet(name: "mixed", date: set.date, values: mixed))
    }
    let missing = set.values.filter { $0.key != "margin.tiers.BTC.row.2.initial" }
    #expect(throws: ParameterError.missing(key: "margin.tiers.BTC.row.2.initial")) {
      try MarginParameters(ParameterSet(name: "missing", date: set.date, values: missing))
    }
  }
}
