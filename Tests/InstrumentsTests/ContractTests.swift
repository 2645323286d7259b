// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Quantities
import Testing

@Suite("Contract terms")
struct ContractTests {
  @Test("a name has 1 to 40 bytes")
  func name() throws {
    var terms = Terms()
    for name in ["", String(repeating: "x", count: 41), String(repeating: "ä", count: 21)] {
      terms.name = name
      #expect(throws: ContractError.malformedName(name)) { _ = try terms.contract }
    }
    terms.name = String(repeating: "x", count: 40)
    _ = try terms.contract
  }

  @Test(
    "a step is 1 to 10^12 hundred-millionths",
    arguments: [
      (Int64.min, false), (0, false), (1, true), (1_000_000_000_000, true),
      (1_000_000_000_001, false),
    ])
  func stepQuantity(quantity: Int64, fits: Bool) throws {
    var terms = Terms()
    terms.stepQuantity = quantity
    expect(terms, fits: fits, field: "stepQuantity")
  }

  @Test("a tick is a price above zero")
  func tick() throws {
    var terms = Terms()
    for (steps, fits) in [(Int64.min, false), (0, false), (1, true)] {
      terms.tick = Price(steps: steps)
      expect(terms, fits: fits, field: "tick")
    }
    terms.highest = Price(steps: Price.limit)
    terms.tick = Price(steps: Price.limit)
    expect(terms, fits: true, field: "tick")
    terms.tick = Price(steps: Price.limit + 1)
    expect(terms, fits: false, field: "tick")
  }

  @Test("the highest price is at least a tick and at most the limit of prices")
  func highestPrice() throws {
    var terms = Terms()
    terms.tick = Price(steps: 10)
    for (steps, fits) in [
      (Int64.min, false), (9, false), (10, true), (Price.limit, true), (Price.limit + 1, false),
    ] {
      terms.highest = Price(steps: steps)
      expect(terms, fits: fits, field: "highestPrice")
    }
  }

  @Test("a strike is above zero and no higher than the highest price")
  func strike() throws {
    var terms = Terms()
    for (steps, fits) in [
      (Int64.min, false), (0, false), (1, true), (terms.highest.steps, true),
      (terms.highest.steps + 1, false),
    ] {
      terms.kind = .option(.put, strike: Price(steps: steps), expiry: Terms.expiry)
      expect(terms, fits: fits, field: "strike")
    }
  }

  @Test("the strike of a coin option is a price of the underlying, not of the option")
  func coinStrike() throws {
    var terms = Terms.coinOption
    for (steps, fits) in [(0, false), (1, true), (Price.limit, true), (Price.limit + 1, false)] {
      terms.kind = .option(.call, strike: Price(steps: steps), expiry: Terms.expiry)
      expect(terms, fits: fits, field: "strike")
    }
  }

  @Test("an expiry is a permitted instant")
  func expiry() throws {
    var terms = Terms()
    let bounds = Timestamp.permitted
    for (instant, fits) in [
      (bounds.lowerBound.nanoseconds - 1, false), (bounds.lowerBound.nanoseconds, true),
      (bounds.upperBound.nanoseconds, true), (bounds.upperBound.nanoseconds + 1, false),
    ] {
      terms.kind = .future(expiry: Timestamp(nanoseconds: instant))
      expect(terms, fits: fits, field: "expiry")
    }
  }

  @Test("an inverse contract settles in its own underlying, and spot is linear")
  func settlement() throws {
    var terms = Terms.inverse
    terms.asset = "ETH"
    #expect(throws: ContractError.settlementMismatch("BTC-PERP")) { _ = try terms.contract }
    terms.asset = "BTC"
    terms.kind = .spot
    expect(terms, fits: false, field: "settlement")
  }

  @Test("only futures and perpetuals in coin are reciprocal")
  func reciprocal() throws {
    #expect(try Terms.inverse.contract.isReciprocal)
    #expect(try !Terms.linear.contract.isReciprocal)
    #expect(try !Terms.coinOption.contract.isReciprocal)
    #expect(try Terms.coinOption.contract.isOption && !Terms.inverse.contract.isOption)
    #expect(ContractKind.perpetual.expiry == nil && ContractKind.spot.expiry == nil)
    #expect(ContractKind.future(expiry: Terms.expiry).expiry == Terms.expiry)
  }

  @Test("each refusal names the contract")
  func descriptions() {
    let errors: [ContractError] = [
      .malformedName("X"), .outOfBounds("X", field: "tick"), .settlementMismatch("X"),
    ]
    #expect(errors.allSatisfy { $0.description.contains("X") })
  }

  private func expect(_ terms: Terms, fits: Bool, field: String) {
    if fits {
      #expect(throws: Never.self) { _ = try terms.contract }
    } else {
      #expect(throws: ContractError.outOfBounds(terms.name, field: field)) {
        _ = try terms.contract
      }
    }
  }
}
