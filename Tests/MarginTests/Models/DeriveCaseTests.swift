// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import Testing

/// Derive's published portfolio cases (v2-core, PMRM_2, numbers as in their files, all digits).
///
/// Their parameters are those of the contract's unit tests, applied over the mainnet file.
/// Tolerance: a millionth of the figure plus 1e-6; the cases were computed in doubles.
@Suite("Derive's published portfolio cases")
struct DeriveCaseTests {
  private static let changes = [
    "model.default.tail.damper=0.036", "model.default.volatility.down=27.5%",
    "model.default.volatility.minimumUp=45%", "model.default.skew.cap=15%",
    "model.default.skew.capSlope=-5%", "model.default.skew.referenceSlope=-10%",
    "model.default.perpetual.initial=2%", "model.default.perpetual.maintenance=1.5%",
    "model.account.peg.threshold=98%", "model.account.peg.core=2",
  ]

  private func require(
    _ fixture: BookFixture, applying own: [String] = []
  ) throws -> ModelRequirement {
    try ModelFixture.model(
      "derive-pmrm2", applying: Self.changes + own,
      without: ["model.default.tail.7.", "model.default.tail.8."]
    ).requirement(of: fixture.book)
  }

  private func expect(
    _ requirement: ModelRequirement, initial: Double, maintenance: Double
  ) {
    let equity = requirement.exactEquity
    let bound = 1e-6 + 1e-9 * max(initial.magnitude, equity.magnitude)
    #expect(isNear(equity - requirement.exactInitial, initial, within: bound))
    #expect(isNear(equity - requirement.exactMaintenance, maintenance, within: bound))
    #expect(isNear(Double(requirement.excess) / 1e6, initial, within: bound + 2e-6))
  }

  private func bitcoin(_ calls: Double) throws -> BookFixture {
    var fixture = try BookFixture(
      "BTC", index: 95_663.50604855, forward: 95_776.67392708939, seconds: 794_852,
      discount: 0.9962264490688729, stable: 1.00019088635)
    try fixture.hold(calls, .call, 100_000, volatility: 0.453803924321583)
    return fixture
  }

  @Test("12, a short call: every row, the skews, the forward contingency and both margins")
  func shortCall() throws {
    let requirement = try require(try bitcoin(-1))
    let scan = try #require(requirement.scans.first)
    #expect(isNear(requirement.exactEquity, -1_186.4185694587657, within: 1e-9))
    // The grid from −18 % up, volatility up, unchanged, down; then the six tails.
    let expected = [
      1_082.697694190962693028, 875.932366665499785086, 1_177.181792410209482114,
      1_186.411211258293633364, 418.408722488071930456, 1_113.63054163333276847,
      1_185.468292469456628169, -433.880970935762206864, 829.214342707597779736,
      1_154.179248187170287565, -1_808.933552745496172065, -4.493969118840595911,
      819.13948053678427641, -3_778.999279198985277617, -1_731.931878096357877439,
      -605.237460255091264116, -6_342.011084605444011686, -4_456.996722228999715298,
      -3_595.6723399578477256, -9_430.612502045187284239, -7_978.264376240463207068,
      -7_569.803983748365681095, -12_939.312020443321671337, 64.71374015229629606,
      129.384515024796002081, -3_058.966961715574143454, -3_253.209461815327358636,
      -3_350.584857812569680391, -3_383.043325666785221983,
    ]
    #expect(scan.profits.count == expected.count)
    for (profit, value) in zip(scan.profits, expected) {
      #expect(isNear(profit, value, within: 1e-6), "\(profit) \(value)")
    }
    #expect(scan.skewLosses.count == 2)
    for loss in scan.skewLosses { #expect(isNear(loss, 43.43395259503018, within: 1e-7)) }
    #expect(isNear(scan.forwardLoss, 947.2098049301085, within: 1e-7))
    #expect(scan.binding == .row(22))
    expect(requirement, initial: -14_604.048120144837, maintenance: -11_824.858703959073)
  }

  @Test("13, a covered call: the coin offsets, and is charged its haircut")
  func coveredCall() throws {
    var fixture = try bitcoin(-2)
    fixture.book.holdings = [
      ModelBook.Holding(
        symbol: try ModelFixture.symbol("BTC"), amount: 1,
        price: 95_663.50604855 / 1.00019088635, underlying: 0)
    ]
    let requirement = try require(fixture)
    let scan = try #require(requirement.scans.first)
    #expect(isNear(scan.loss, 15_050.749373322431, within: 1e-6))
    #expect(scan.binding == .row(0))
    expect(requirement, initial: 74_395.66964312586, maintenance: 78_744.92602874589)
  }

  @Test("18, a call spread out of the money")
  func callSpread() throws {
    var fixture = try BookFixture(
      "ETH", index: 2_681.6029850999994, forward: 2_682.9997436016715, seconds: 794_852,
      discount: 0.9962264490688729, stable: 1.00019088635)
    try fixture.hold(-1, .call, 4_000, volatility: 0.8795543651099665)
    try fixture.hold(1, .call, 4_200, volatility: 0.8833255402190362)
    let requirement = try require(fixture)
    #expect(isNear(try #require(requirement.scans.first).loss, 22.15596034331399, within: 1e-8))
    expect(requirement, initial: -35.758445609670815, maintenance: -25.96404757080802)
  }

  @Test("25, a risk reversal hedged with a perpetual")
  func riskReversal() throws {
    var fixture = try BookFixture(
      "ETH", index: 2_681, forward: 2_687.1439750528034, seconds: 1_399_652,
      discount: 0.9924833379307125, stable: 1.00019088635)
    try fixture.hold(1, .call, 3_100, volatility: 0.6826604391503175)
    try fixture.hold(-1, .put, 2_375, volatility: 0.689188821287917)
    fixture.hold(perpetual: -0.354, at: 2_681)
    let requirement = try require(fixture)
    let scan = try #require(requirement.scans.first)
    #expect(isNear(scan.skewLosses[0], 7.536104005394502536, within: 1e-8))
    #expect(isNear(scan.skewLosses[1], 0.526444458522652425, within: 1e-8))
    #expect(isNear(scan.forwardLoss, 25.70640813637827, within: 1e-8))
    expect(requirement, initial: -151.7861049071551, maintenance: -118.85126564539434)
  }

  @Test("22, a long box: only its discount is at risk")
  func longBox() throws {
    var fixture = try BookFixture(
      "BTC", index: 95_663.50604855, forward: 100_374.61000117072, seconds: 18_938_852,
      discount: 0.9417130150741946, stable: 1.00019088635)
    for (strike, volatility, size) in [
      (100_000.0, 0.5543377511787965, 1.0), (110_000, 0.5592157396329432, -1),
    ] {
      try fixture.hold(size, .call, strike, volatility: volatility)
      try fixture.hold(-size, .put, strike, volatility: volatility)
    }
    let requirement = try require(fixture)
    #expect(isNear(requirement.exactEquity, 9_417.130150741945, within: 1e-7))
    expect(requirement, initial: 8_029.6313880590305, maintenance: 8_307.131140595613)
  }

  @Test("52, two expiries, one worth something and one a debt, at different rates")
  func twoExpiries() throws {
    var fixture = try BookFixture(
      "BTC", index: 95_663.50604855, forward: 100_374.61000117072, seconds: 18_938_852,
      discount: 0.8868234027601302, stable: 1.00019088635)
    try fixture.hold(1.5, .call, 100_000, volatility: 0.5543377511787965)
    try fixture.hold(2.1, .put, 120_000, volatility: 0.5665119096978181)
    fixture.book.expiries.append(
      ModelBook.Expiry(
        underlying: 0, forward: 98_198.07812501276, years: 11_076_452.0 / 31_536_000,
        discount: 0.9654864620757392))
    let volatility = 0.5646450091750466
    fixture.book.positions.append(
      ModelBook.Position(
        name: "near", kind: .option(.put, strike: 120_000, expiry: 1, volatility: volatility),
        quantity: -4,
        mark: try fixture.book.optionMark(
          .put, strike: 120_000, expiry: 1, volatility: volatility)))
    let requirement = try require(fixture)
    let scan = try #require(requirement.scans.first)
    #expect(isNear(requirement.exactEquity, -28_016.97983102975, within: 1e-6))
    #expect(isNear(scan.loss, 64_978.620774194904, within: 1e-6))
    #expect(isNear(scan.skewLosses[0], 20_143.53722156721, within: 1e-6))
    #expect(isNear(scan.skewLosses[1], 20_134.331828240734466817, within: 1e-6))
    // The file states 1,714.91 for the forwards, its first expiry alone. The contract sums
    // expiries, as case 57 does; either way another row binds.
    #expect(isNear(scan.forwardLoss, 1_714.912153479008 + 14_187.400511592634, within: 1e-6))
    expect(requirement, initial: -94_908.87072619566, maintenance: -81_147.83852296826)
  }

  @Test("57, two expiries of deep options over three kinds of collateral")
  func collateral() throws {
    let (index, stable) = (2_681.6029850999994, 1.00019088635)
    var fixture = try BookFixture(
      "ETH", index: index, forward: 2_682.9997436016715, seconds: 794_852,
      discount: 0.9962264490688729, stable: stable)
    try fixture.hold(0.01, .put, 4_000, volatility: 0.8795543651099665)
    try fixture.hold(-0.6, .call, 1_000, volatility: 1.225482363870083)
    fixture.book.expiries.append(
      ModelBook.Expiry(
        underlying: 0, forward: 2_801.18485249767, years: 18_938_852.0 / 31_536_000,
        discount: 0.8401635979647669))
    for (amount, right, strike, volatility) in [
      (0.01, OptionRight.put, 5_000.0, 0.7065777498085652),
      (-0.6, .call, 500, 0.9537288427123918),
    ] {
      let mark = try fixture.book.optionMark(
        right, strike: strike, expiry: 1, volatility: volatility)
      fixture.book.positions.append(
        ModelBook.Position(
          name: "far \(right)",
          kind: .option(right, strike: strike, expiry: 1, volatility: volatility),
          quantity: amount, mark: mark))
    }
    for (symbol, amount, price) in [
      ("ETH", 0.1, index), ("BTC", 0.1, 95_663.50604855), ("USDT", 300, 0.99984231175),
    ] {
      fixture.book.holdings.append(
        ModelBook.Holding(
          symbol: try ModelFixture.symbol(symbol), amount: amount, price: price / stable,
          underlying: symbol == "ETH" ? 0 : nil))
    }
    let requirement = try require(
      fixture,
      applying: [
        "model.default.forward.share=4", "model.default.forward.sharePerYear=5",
        "model.ETH.collateral.initial=2%", "model.ETH.collateral.maintenance=1.5%",
        "model.BTC.collateral.initial=30%", "model.BTC.collateral.maintenance=25%",
        "model.USDT.collateral.initial=5%", "model.USDT.collateral.maintenance=2%",
      ])
    let scan = try #require(requirement.scans.first)
    #expect(isNear(scan.loss, 777.6482885422348, within: 1e-7))
    #expect(isNear(scan.forwardLoss, 751.997756717363, within: 1e-7))
    #expect(isNear(scan.skewLosses[0], 219.719789256289004697, within: 1e-7))
    #expect(isNear(scan.skewLosses[1], 222.660726557637985934, within: 1e-7))
    expect(requirement, initial: 4_314.521663887444, maintenance: 4_965.050821168831)
  }

  @Test("29 and 30, a perpetual, and one whose price nobody is sure of")
  func perpetual() throws {
    var fixture = try BookFixture("ETH", index: 3_000, stable: 1.00019088635)
    fixture.hold(perpetual: 1, at: 3_100)
    fixture.book.positions[0].funding = 10
    expect(try require(fixture), initial: -608, maintenance: -481.4)

    var doubtful = try BookFixture(
      "ETH", index: 3_000, confidence: 0.2, perpetualConfidence: 0.1, stable: 1.00019088635)
    doubtful.hold(perpetual: 1, at: 2_500, profit: -600)
    doubtful.book.positions[0].funding = -10
    let requirement = try require(doubtful)
    #expect(isNear(requirement.sum(of: .confidence).initial, 2_700, within: 1e-9))
    expect(requirement, initial: -3_820, maintenance: -1_015)
  }

  @Test("a stable coin off its peg raises initial margin alone")
  func peg() throws {
    var fixture = try BookFixture("ETH", index: 3_000)
    fixture.hold(perpetual: 1, at: 3_000)
    let on = try require(fixture)
    fixture.book.stableIndex = 0.95
    let off = try require(fixture)
    // 540 × (0.98 − 0.95) × 2.
    #expect(isNear(off.exactInitial - on.exactInitial, 32.4, within: 1e-9))
    #expect(off.maintenanceMargin == on.maintenanceMargin)
  }
}
