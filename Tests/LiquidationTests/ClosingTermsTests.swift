// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Liquidation
import Quantities
import TestFixtures
import Testing

/// Contracts of the tests.
enum Contracts {
  static let expiry = Timestamp(seconds: 1_585_353_600)

  static func make(
    _ kind: ContractKind, _ settlement: Settlement = .linear, stepQuantity: Int64,
    highest: String
  ) throws -> Contract {
    let isLinear = settlement == .linear
    return try Contract(
      id: InstrumentID(0), name: "test", underlying: AssetSymbol("BTC"), kind: kind,
      settlement: settlement,
      settlementAsset: Asset(
        symbol: AssetSymbol(isLinear ? "USD" : "BTC"), decimals: isLinear ? 6 : 8),
      stepQuantity: stepQuantity, tick: Price(steps: 1), highestPrice: Price(highest))
  }

  static var linear: Contract {
    get throws { try make(.perpetual, stepQuantity: 100_000, highest: "500000") }
  }
  static var inverse: Contract {
    get throws {
      try make(.perpetual, .inverse, stepQuantity: 100_000_000, highest: "500000")
    }
  }
}

@Suite("Closing terms")
struct ClosingTermsTests {
  private func terms(
    _ contract: Contract, _ size: Int64, _ unitValue: Int64, equity: Int64, fund: Int64 = 0
  ) -> ClosingTerms {
    closingTerms(
      contract: contract, size: Size(steps: size), unitValue: unitValue, equityShare: equity,
      fundShare: fund)
  }

  @Test(
    "closing at the bankruptcy value leaves less than a unit a step, and nothing owed",
    arguments: 0..<200)
  func remainder(seed: UInt64) throws {
    var random = Seeded(seed)
    for contract in [try Contracts.linear, try Contracts.inverse] {
      let isReciprocal = contract.isReciprocal
      let mark = isReciprocal ? -12_500 : 8_000_000 as Int64
      var size = Int64.random(in: 1...1_000_000, using: &random)
      if Bool.random(using: &random) { size = -size }
      // No more than a third of the value, so that no limit of the contract is met.
      let most = abs(mark) / 3 * abs(size)
      let equity = Int64.random(in: -most...most, using: &random)
      let value = terms(contract, size, mark, equity: equity).bankruptcyUnitValue
      let left = equity + size * (value - mark)
      #expect((0..<abs(size)).contains(left), "size \(size), equity \(equity), left \(left)")
    }
  }

  @Test("the fund moves the limit by its share and not a unit further", arguments: 0..<100)
  func fund(seed: UInt64) throws {
    var random = Seeded(seed)
    let contract = try Contracts.linear
    var size = Int64.random(in: 1...1_000_000, using: &random)
    if Bool.random(using: &random) { size = -size }
    let equity = Int64.random(in: -1_000_000 * abs(size)...1_000_000 * abs(size), using: &random)
    let fund = Int64.random(in: 0...1_000_000 * abs(size), using: &random)
    let both = terms(contract, size, 8_000_000, equity: equity, fund: fund)
    let left = equity + size * (both.limitUnitValue - 8_000_000)
    #expect(left >= -fund)
    #expect(left < -fund + abs(size))
    let none = terms(contract, size, 8_000_000, equity: equity)
    #expect(none.limitUnitValue == none.bankruptcyUnitValue)
  }

  @Test("beyond its limit the fund adds nothing, but the account's own equity may")
  func fundLimit() throws {
    let contract = try Contracts.linear
    let limits = { (size: Int64, equity: Int64, limit: Int64) in
      closingTerms(
        contract: contract, size: Size(steps: size), unitValue: 8_000_000, equityShare: equity,
        fundShare: 50_000_000, fundLimit: limit
      ).limitUnitValue
    }
    // Equity alone reaches 7.9 dollars a step, the fund 2.9.
    #expect(limits(10, 1_000_000, 2_000_000) == 2_900_000)
    #expect(limits(10, 1_000_000, 4_000_000) == 4_000_000)
    #expect(limits(10, 1_000_000, 7_950_000) == 7_900_000)
    #expect(limits(-10, 1_000_000, 14_000_000) == 13_100_000)
    #expect(limits(-10, 1_000_000, 12_000_000) == 12_000_000)
    #expect(limits(-10, 1_000_000, 8_050_000) == 8_100_000)
  }

  // FIELD 3.6, dYdX: 0.1 BTC at 50,000, maintenance margin 500, equity 499; a step is 0.001 BTC.
  @Test(
    "a fillable price is the published one",
    arguments: [
      (100, "1", "10%", "49999"), (100, "2", "10%", "49998"), (100, "1", "20%", "49998"),
      (-100, "1", "10%", "50001"),
    ] as [(Int64, String, String, String)])
  func fillable(steps: Int64, adjustment: String, spread: String, price: String) throws {
    let contract = try Contracts.linear
    let mark = try contract.unitValue(at: Price("50000"))
    let allotment = try #require(
      MarginAllotment(
        notional: steps.signum() * 5_000_000_000, maintenance: 500_000_000, equity: 499_000_000,
        accountMaintenance: 500_000_000))
    let given = allotment.givenUp(adjustment: try Rate(adjustment), spread: try Rate(spread))
    let found = terms(contract, steps, mark, equity: 499_000_000)
      .giving(atMost: given, of: Size(steps: steps), unitValue: mark, contract: contract)
    #expect(
      try contract.price(ofUnitValue: found.limitUnitValue, rounding: .halfEven) == Price(price))
    #expect(
      found.bankruptcyUnitValue
        == terms(contract, steps, mark, equity: 499_000_000).bankruptcyUnitValue)
  }

  @Test("a fillable price is clipped to the bankruptcy price: one unit below, at and above")
  func clipped() throws {
    let contract = try Contracts.linear
    for sign in [1, -1] as [Int64] {
      // Equity reaches 100 units a step.
      let plain = terms(contract, 10 * sign, 5_000_000, equity: 1_000)
      for (given, limit) in [(990, 99), (1_000, 100), (1_010, 100)] as [(Int64, Int64)] {
        let found = plain.giving(
          atMost: given, of: Size(steps: 10 * sign), unitValue: 5_000_000, contract: contract)
        #expect(found.limitUnitValue == 5_000_000 - sign * limit)
        #expect(found.fundPerStep == 0)
      }
      // Without equity the fund pays as far as the fillable price, and no further.
      let funded = terms(contract, 10 * sign, 5_000_000, equity: -1_000, fund: 5_000)
        .giving(
          atMost: 200, of: Size(steps: 10 * sign), unitValue: 5_000_000, contract: contract)
      #expect(funded.limitUnitValue == 5_000_000 - sign * 20 && funded.fundPerStep == 120)
      // Nor without the fund anything worse than the bankruptcy price, which is above the mark.
      let none = terms(contract, 10 * sign, 5_000_000, equity: -1_000)
        .giving(
          atMost: 200, of: Size(steps: 10 * sign), unitValue: 5_000_000, contract: contract)
      #expect(none.limitUnitValue == 5_000_000 + sign * 100 && none.fundPerStep == 0)
    }
  }

  @Test("values stay inside what the contract can be worth")
  func limits() throws {
    let linear = try Contracts.linear
    #expect(terms(linear, 10, 8_000_000, equity: .max).bankruptcyUnitValue == 0)
    #expect(terms(linear, 10, 8_000_000, equity: .min).bankruptcyUnitValue == 500_000_000)
    #expect(terms(linear, -10, 8_000_000, equity: .max).bankruptcyUnitValue == 500_000_000)
    #expect(terms(linear, -10, 8_000_000, equity: .min).bankruptcyUnitValue == 0)
    let inverse = try Contracts.inverse
    #expect(
      terms(inverse, 10, -12_500, equity: .max).bankruptcyUnitValue == -Contract.unitValueLimit)
    #expect(terms(inverse, 10, -12_500, equity: .min).bankruptcyUnitValue == -200)
    #expect(terms(inverse, -10, -12_500, equity: .max).bankruptcyUnitValue == -200)
    #expect(terms(linear, 10, 8_000_000, equity: .max, fund: .max).limitUnitValue == 0)
    #expect(terms(linear, 10, 8_000_000, equity: .min, fund: .max).limitUnitValue == 8_000_001)
  }

  @Test("a long that has more than it is worth goes down to zero and no further")
  func fullyPaid() throws {
    let value = terms(try Contracts.linear, 3, 8_000_000, equity: 24_000_001)
    #expect(value.bankruptcyUnitValue == 0)
    let almost = terms(try Contracts.linear, 3, 8_000_000, equity: 23_999_999)
    #expect(almost.bankruptcyUnitValue == 1)
  }
}
