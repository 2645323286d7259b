// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities
import Testing

@Suite("A rate")
struct RateTests {
  @Test(
    "is read as a ratio or as a percentage",
    arguments: [
      ("0.025", 25_000_000), ("2.5%", 25_000_000), ("-0.01%", -100_000), ("1", 1_000_000_000),
      ("0.000000001", 1), ("0.0000001%", 1), ("100%", 1_000_000_000),
    ])
  func reading(text: String, billionths: Int64) throws {
    #expect(try Rate(text).billionths == billionths)
  }

  @Test("is refused when finer than a billionth, or not a number")
  func refusals() {
    #expect(throws: QuantityError.tooFine("0.0000000001", decimals: 9)) {
      try Rate("0.0000000001")
    }
    #expect(throws: QuantityError.tooFine("0.00000001", decimals: 7)) { try Rate("0.00000001%") }
    #expect(throws: QuantityError.malformedDecimal("")) { try Rate("%") }
    #expect(throws: QuantityError.malformedDecimal("1%")) { try Rate("1%%") }
    #expect(throws: QuantityError.malformedDecimal("1 ")) { try Rate("1 %") }
  }

  @Test("is refused one billionth beyond a million")
  func limit() throws {
    #expect(Rate.limit == 1_000_000_000_000_000)
    for sign in ["", "-"] {
      #expect(try Rate("\(sign)999999.999999999").billionths.magnitude == Rate.limit.magnitude - 1)
      #expect(try Rate("\(sign)1000000").billionths.magnitude == Rate.limit.magnitude)
      #expect(try Rate("\(sign)100000000%").billionths.magnitude == Rate.limit.magnitude)
      #expect(throws: QuantityError.overflow) { try Rate("\(sign)1000000.000000001") }
    }
  }

  @Test("from a model is rounded half to even")
  func gate() throws {
    // 10^9 = 2^9 × 1,953,125, so k × 2^-10 is half a billionth off a whole number, exactly.
    #expect(try Rate(0x1p-10).billionths == 976_562)
    #expect(try Rate(3 * 0x1p-10).billionths == 2_929_688)
    #expect(try Rate(-0x1p-10).billionths == -976_562)
    #expect(try Rate(0.025).billionths == 25_000_000)
    #expect(try Rate(1e6).billionths == Rate.limit)
    for value in [1_000_000.000_001, -1_000_000.000_001, 1e300, .infinity, -.infinity, .nan] {
      #expect(throws: QuantityError.notRepresentable) { try Rate(value) }
    }
  }

  @Test("takes its share rounded as stated", arguments: RoundingDirection.allCases)
  func share(direction: RoundingDirection) {
    let tenth = Rate(billionths: 100_000_000)
    for units in Int64(-45)...45 {
      for rate in [tenth, -tenth, Rate(billionths: 250_000_000), Rate(billionths: 1)] {
        let share = rate.share(of: units, rounding: direction)
        #expect(
          RoundingTests.isRounded(
            Int128(share), Int128(units) * Int128(rate.billionths), 1_000_000_000, direction))
      }
    }
  }

  @Test("takes its share of the largest amount exactly")
  func largestShare() {
    #expect(Rate.one.share(of: Amount.limit, rounding: .up) == Amount.limit)
    #expect(Rate.one.share(of: -Amount.limit, rounding: .down) == -Amount.limit)
    #expect(Rate(billionths: 1).share(of: Amount.limit, rounding: .down) == 1_152_921_504)
    #expect(Rate(billionths: 1).share(of: Amount.limit, rounding: .up) == 1_152_921_505)
    #expect(Rate(billionths: Rate.limit).share(of: 9, rounding: .up) == 9_000_000)
  }

  @Test("adds, subtracts, negates, compares and writes its billionths")
  func arithmetic() {
    let half = Rate(billionths: 500_000_000)
    #expect(half + half == .one)
    #expect(half - half == .zero)
    #expect((-half).billionths == -500_000_000)
    #expect(-half < half)
    #expect(half.value == 0.5)
    #expect((-half).description == "-0.5")
  }
}
