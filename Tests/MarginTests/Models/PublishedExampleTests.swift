// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import Testing

@Suite("Published examples of Derive's standard manager")
struct StandardManagerTests {
  // Source: Derive v2-core, StandardManager/test-cases.json; the unit tests' parameters.
  private func require(_ fixture: BookFixture) throws -> ModelRequirement {
    try ModelFixture.model(
      "derive-standard",
      applying: [
        "model.default.option.least=10%", "model.default.option.call=7.5%",
        "model.default.option.put=7.5%", "model.default.option.putMark=7.5%",
        "model.ETH.tier.row.1.initial=6.5%", "model.ETH.tier.row.1.maintenance=5%",
      ]
    ).requirement(of: fixture.book)
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let holdings: [(Double, OptionRight, Double, Double)]
    let initial: Double
    let maintenance: Double
    var testDescription: String { name }
  }

  static let cases = [
    Case(
      name: "1, short call at the money",
      holdings: [(-1, .call, 1_500, 1.047884494084986240)], initial: 304.371585189059952640,
      maintenance: 191.871585189059952640),
    Case(
      name: "3, short call out of the money",
      holdings: [(-1, .call, 1_900, 1.179993832279113216)], initial: 156.008261835426660352,
      maintenance: 118.508261835426660352),
    Case(
      name: "4, short put out of the money",
      holdings: [(-1, .put, 1_300, 1.083189415509876480)], initial: 164.322794294374039552,
      maintenance: 126.822794294374039552),
    Case(
      name: "5, call spread bounded by its loss",
      holdings: [
        (-1, .call, 1_100, 1.198874027186882048), (1, .call, 1_300, 1.083189415509876480),
      ], initial: 200, maintenance: 200),
    Case(
      name: "6, call spread cheaper by itself",
      holdings: [
        (1, .call, 1_900, 1.179993832279113216), (-1, .call, 1_700, 1.116354471205355648),
      ], initial: 173.104014466582446080, maintenance: 135.604014466582446080),
    // The unit tests' first version charged 1.1 for both levels; 1.2 is the later one.
    Case(
      name: "7, largest loss and an unpaired call",
      holdings: [
        (1, .call, 1_200, 1.138939398828297472), (-1, .call, 1_000, 1.262012129931914496),
        (-0.1, .call, 2_500, 1.326538658030860032),
      ], initial: 380.099993, maintenance: 365.091660724209385472),
  ]

  @Test("options", arguments: cases)
  func options(case example: Case) throws {
    var fixture = try BookFixture(
      "ETH", index: 1_500, forward: 1_500.8332793109938176, seconds: 500_400)
    for (amount, right, strike, volatility) in example.holdings {
      try fixture.hold(amount, right, strike, volatility: volatility)
    }
    let requirement = try require(fixture)
    let option = requirement.sum(of: .option)
    // Stated to 6 decimals where not in full.
    #expect(isNear(option.initial, example.initial, within: 1e-6))
    #expect(isNear(option.maintenance, example.maintenance, within: 1e-8))
    // Neither the marks of short options nor those of long ones are credit: without cash the
    // venue's balance is the charge alone.
    let balance = requirement.exactEquity - requirement.exactInitial
    #expect(isNear(balance, -option.initial, within: 1e-9))
  }

  @Test("17, a perpetual with a loss and funding received")
  func perpetual() throws {
    var fixture = try BookFixture("ETH", index: 1_500)
    fixture.hold(perpetual: 1, at: 1_505, profit: -30)
    fixture.book.positions[0].funding = 10
    let requirement = try require(fixture)
    let equity = requirement.exactEquity
    #expect(isNear(equity - requirement.exactMaintenance, -95.25, within: 1e-9))
    #expect(isNear(equity - requirement.exactInitial, -117.825, within: 1e-9))
  }

  @Test("a stable coin off its peg charges shorts and perpetuals")
  func peg() throws {
    var fixture = try BookFixture("ETH", index: 1_500, stable: 0.97)
    fixture.hold(perpetual: 2, at: 1_500)
    // (0.99 − 0.97) × 2 × 1,500 × 2.
    #expect(isNear(try require(fixture).sum(of: .peg).initial, 120, within: 1e-9))
    #expect(try require(fixture).sum(of: .peg).maintenance == 0)
  }
}

@Suite("Published examples of other venues")
struct VenueExampleTests {
  // Source: dYdX v4-chain, unit tests: base 20 %, open interest 28,123,456.789123 between 25 and
  // 60 million gives 27.1392 %; of a notional of 500,000 quantums 135,697, rounded up.
  @Test("dYdX: the initial rate rises with open interest")
  func openInterest() throws {
    var fixture = try BookFixture("BTC", index: 50_000)
    fixture.book.underlyings[0].openInterest = 28_123_456.789123
    fixture.hold(perpetual: 0.00001, at: 50_000)
    let requirement = try ModelFixture.model(
      "dydx-v4",
      applying: [
        "model.BTC.tier.row.1.initial=20%", "model.BTC.tier.row.1.maintenance=10%",
        "model.BTC.openInterest.lower=25000000", "model.BTC.openInterest.upper=60000000",
      ]
    ).requirement(of: fixture.book)
    // The rate is 0.2 + 0.8 × 3,123,456.789123 ÷ 35,000,000 = 0.2713932…
    #expect(isNear(requirement.exactInitial / 0.5, 0.271393298, within: 1e-9))
    #expect(requirement.initialMargin == 135_697)
    #expect(requirement.maintenanceMargin == 50_000)
  }

  // Source: Vega specs, 0019-MCAL verified margins, case 1: 13 long at 11,200,010, risk factor
  // 0.2, slippage 0.0873794174757282. Vega rounds maintenance up to a whole unit before it takes
  // multiples, so they are met to one unit of maintenance; of the slippage a parameter holds nine
  // decimals, the rest is worth 4.8e-10 × 145,600,130 = 0.07.
  @Test("Vega: maintenance, search, initial and release levels")
  func levels() throws {
    var fixture = try BookFixture("BTC", index: 11_200_010)
    fixture.hold(perpetual: 13, at: 11_200_010)
    let requirement = try ModelFixture.model(
      "lognormal-es",
      applying: [
        "model.default.factor.long=20%", "model.default.factor.short=20%",
        "model.default.slippage.linear=0.087379417", "model.default.slippage.quadratic=0",
        "model.account.searchMultiple=3.2", "model.account.initialMultiple=4",
        "model.account.releaseMultiple=5",
      ]
    ).requirement(of: fixture.book)
    #expect(requirement.exactMaintenance.rounded(.up) == 41_842_481)
    for (level, multiple, expected) in [
      (requirement.searchLevel, 3.2, 133_895_939.0),
      (requirement.initialMargin, 4, 167_369_924), (requirement.releaseLevel, 5, 209_212_405),
    ] {
      let level = Double(try #require(level)) / 1e6
      #expect(isNear(level, expected, within: multiple), "\(expected)")
      #expect(isNear(level, multiple * requirement.exactMaintenance, within: 1e-5))
    }
  }

  // Source: Vega, quant, riskmodelbs/forwards_test.go: μ = r = 0, σ = 1.5, one minute, 1 %.
  @Test("Vega: log-normal risk factors, to their digits")
  func factors() throws {
    let model = try ModelFixture.model("lognormal-es")
    for (size, expected) in [(1.0, 0.0055011137953), (-1, 0.0055276558362)] {
      var fixture = try BookFixture("BTC", index: 1)
      fixture.hold(perpetual: size, at: 1)
      let requirement = try model.requirement(of: fixture.book)
      #expect(isNear(requirement.exactMaintenance, expected, within: 5e-14))
      #expect(isNear(requirement.exactInitial, 1.2 * expected, within: 1e-13))
    }
  }

  // Source: textbook excerpt of a SPAN covered write, scan range 10,000, arrays as printed.
  @Test("SPAN: a long call 3,990, a future with a short call 6,620")
  func coveredWrite() throws {
    let future = [
      0.0, 0, 3_330, 3_330, -3_330, -3_330, 6_670, 6_670, -6_670, -6_670, 10_000, 10_000, -10_000,
      -10_000, 7_000, -7_000,
    ]
    let call = [
      460.0, -610, 2_640, 1_730, -1_270, -2_340, 5_210, 4_540, -2_540, -3_430, 8_060, 7_640,
      -3_380, -3_990, 3_130, -1_500,
    ]
    let net = [
      -460.0, 610, 690, 1_600, -2_060, -990, 1_460, 2_130, -4_130, -3_240, 1_940, 2_360, -6_620,
      -6_010, 3_870, -5_500,
    ]
    let model = try ModelFixture.model("span-16")
    func scan(_ arrays: [[Double]]) throws -> ModelScan {
      var fixture = try BookFixture("BTC", index: 100)
      fixture.book.positions = arrays.map { array in
        ModelBook.Position(
          name: "given", kind: .perpetual, quantity: 1, mark: 100, rowProfits: array)
      }
      return try #require(try model.requirement(of: fixture.book).scans.first)
    }
    #expect(try scan([call]).loss == 3_990)
    let covered = try scan([future, call.map { -$0 }])
    #expect(covered.profits == net)
    #expect(covered.loss == 6_620)
    #expect(covered.binding == .row(12))
    #expect(throws: ModelError.wrongRowCount("given", rows: 16)) { _ = try scan([[1, 2]]) }
  }

  // Source: Paradex, portfolio margin: one perpetual, five short calls of delta 0.3, BTC 70,000;
  // (2 % × 0.5 + 1 % × 1.0) × 70,000.
  @Test("Paradex: minimum delta of 1,400")
  func minimumDelta() throws {
    var fixture = try BookFixture("BTC", index: 70_000, seconds: 864_000)
    fixture.hold(perpetual: 1, at: 70_000)
    // Far out of the money no scenario of a small grid loses 1,400, so the floor binds; the delta
    // is the one the venue gives.
    fixture.book.positions.append(
      ModelBook.Position(
        name: "calls", kind: .option(.call, strike: 140_000, expiry: 0, volatility: 0.5),
        quantity: -5, mark: 1, delta: -1.5))
    let model = try ModelFixture.model(
      "paradex-scan", applying: ["model.default.scan.range=0.1%"],
      without: ["model.default.tail."])
    let requirement = try model.requirement(of: fixture.book)
    #expect(requirement.sum(of: .scan).initial < 100)
    #expect(requirement.initialMargin == 1_400_000_000)
    #expect(requirement.maintenanceMargin == 700_000_000)
  }

  // Source: Hyperliquid's published formula: 200 million of BTC at 1.25 % and 2.5 % less
  // 150 million × 1.25 %.
  @Test("Hyperliquid: tiers with deductions, 3.125 million")
  func tiers() throws {
    let model = try ModelFixture.model("hyperliquid-tiers")
    func maintenance(_ notional: Double) throws -> Int64 {
      var fixture = try BookFixture("BTC", index: 100_000)
      fixture.hold(perpetual: notional / 100_000, at: 100_000)
      return try model.requirement(of: fixture.book).maintenanceMargin
    }
    #expect(try maintenance(200_000_000) == 3_125_000_000_000)
    // Continuous where the tiers meet.
    #expect(try maintenance(150_000_000) == 1_875_000_000_000)
    #expect(try maintenance(150_000_100) == 1_875_002_500_000)
  }

  // Source: OKX MR9 as restated by pastorq.com/13690: a hedge of 10 million is charged 202,500.
  @Test("OKX: one stable coin hedged by another, 202,500")
  func stableHedge() throws {
    var fixture = try BookFixture("BTC", index: 100_000)
    fixture.book.cash = -10_000_000
    fixture.book.holdings = [
      ModelBook.Holding(
        symbol: try ModelFixture.symbol("USDT"), amount: 12_000_000, price: 1)
    ]
    let requirement = try ModelFixture.model("okx-mr").requirement(of: fixture.book)
    #expect(requirement.maintenanceMargin == 202_500_000_000)
    #expect(requirement.initialMargin == 263_250_000_000)
  }
}
