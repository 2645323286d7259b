// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Quantities
import TestFixtures
import Testing

@Suite("Unit values")
struct UnitValueTests {
  @Test(
    "a linear step is worth quantity × price, rounded half to even",
    arguments: [
      // A thousandth of a coin in millionths of a dollar.
      ("8000", 8_000_000 as Int64), ("0", 0), ("0.001", 1), ("0.0005", 0), ("0.0015", 2),
      ("0.00050001", 1), ("500000", 500_000_000),
    ])
  func linear(price: String, value: Int64) throws {
    #expect(try Terms.linear.contract.unitValue(at: Price(price)) == value)
  }

  @Test(
    "a reciprocal step is worth minus quantity ÷ price",
    arguments: [
      // One dollar in satoshi.
      ("8000", -12_500 as Int64), ("7200", -13_889), ("1", -100_000_000), ("66666666.66", -2),
      ("40000000", -2),
    ])
  func reciprocal(price: String, value: Int64) throws {
    var terms = Terms.inverse
    terms.highest = Price(steps: Price.limit)
    #expect(try terms.contract.unitValue(at: Price(price)) == value)
  }

  @Test("a coin option's step is worth quantity × premium, in coin")
  func coinOption() throws {
    // A tenth of a coin at 0.0005 coin: 5,000 satoshi.
    #expect(try Terms.coinOption.contract.unitValue(at: Price("0.0005")) == 5_000)
    #expect(try Terms.coinOption.contract.unitValue(at: .zero) == 0)
  }

  @Test("prices outside the contract are refused", arguments: [Int64.min, -1, .max])
  func outside(steps: Int64) throws {
    for terms in [Terms.linear, .inverse, .coinOption] {
      #expect(throws: QuantityError.notRepresentable) {
        _ = try terms.contract.unitValue(at: Price(steps: steps))
      }
    }
    let contract = try Terms.linear.contract
    _ = try contract.unitValue(at: contract.highestPrice)
    #expect(throws: QuantityError.notRepresentable) {
      _ = try contract.unitValue(at: Price(steps: contract.highestPrice.steps + 1))
    }
    #expect(throws: QuantityError.notRepresentable) {
      _ = try Terms.inverse.contract.unitValue(at: .zero)
    }
  }

  @Test("a unit value is at most 2^29 ledger units")
  func limit() throws {
    var terms = Terms.linear
    terms.highest = Price(steps: Price.limit)
    // 536,870.912 dollars × a thousandth is 2^29 millionths.
    let contract = try terms.contract
    #expect(try contract.unitValue(at: Price("536870.912")) == 1 << 29)
    #expect(try contract.unitValue(at: Price("536870.9124")) == 1 << 29)
    #expect(throws: QuantityError.overflow) {
      _ = try contract.unitValue(at: Price("536870.913"))
    }
    // 10^16 ÷ 2^29 = 18,626,451.49…: a dollar at 0.18626451 is more satoshi than that.
    let inverse = try Terms.inverse.contract
    #expect(try inverse.unitValue(at: Price("0.18626452")) == -536_870_897)
    #expect(throws: QuantityError.overflow) { _ = try inverse.unitValue(at: Price("0.18626451")) }
  }

  @Test("the largest terms and prices do not overflow on the way")
  func extremes() throws {
    var terms = Terms(decimals: 8, stepQuantity: 1_000_000_000_000)
    terms.highest = Price(steps: Price.limit)
    #expect(throws: QuantityError.overflow) {
      _ = try terms.contract.unitValue(at: Price(steps: Price.limit))
    }
    terms = .inverse
    terms.stepQuantity = 1_000_000_000_000
    #expect(throws: QuantityError.overflow) {
      _ = try terms.contract.unitValue(at: Price(steps: 1))
    }
  }

  @Test("positions of a market sum to zero at every price", arguments: 0..<20)
  func zeroSum(seed: UInt64) throws {
    var random = Seeded(seed)
    for terms in [Terms.linear, .inverse, .coinOption] {
      let contract = try terms.contract
      let price = Price(
        steps: Int64.random(in: 100_000_000...contract.highestPrice.steps, using: &random))
      let value = try contract.unitValue(at: price)
      let sizes = (0..<9).map { _ in Int64.random(in: -1_000_000...1_000_000, using: &random) }
      let others = -sizes.reduce(0, +)
      #expect((sizes + [others]).reduce(0) { $0 + $1 * value } == 0)
    }
  }

  @Test("a value's price gives the value again, up to one step of price", arguments: 0..<50)
  func roundTrip(seed: UInt64) throws {
    var random = Seeded(seed)
    for terms in [Terms.linear, .inverse, .coinOption] {
      let contract = try terms.contract
      let price = Price(
        steps: Int64.random(in: 20_000_000...contract.highestPrice.steps, using: &random))
      let value = try contract.unitValue(at: price)
      let down = try contract.price(ofUnitValue: value, rounding: .down)
      let up = try contract.price(ofUnitValue: value, rounding: .up)
      #expect(down <= up && up.steps - down.steps <= 1)
      #expect(try contract.unitValue(at: up) >= value)
      #expect(try contract.unitValue(at: down) <= value)
    }
  }

  @Test("values that no price has are refused")
  func impossibleValues() throws {
    for value: Int64 in [.min, -1, 500_000_001, .max] {
      #expect(throws: QuantityError.notRepresentable) {
        _ = try Terms.linear.contract.price(ofUnitValue: value, rounding: .down)
      }
    }
    for value: Int64 in [0, 1, .max] {
      #expect(throws: QuantityError.notRepresentable) {
        _ = try Terms.inverse.contract.price(ofUnitValue: value, rounding: .up)
      }
    }
    #expect(try Terms.linear.contract.price(ofUnitValue: 0, rounding: .up) == .zero)
  }
}
