// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities
import Testing

@Suite("A price")
struct PriceTests {
  @Test("is read to 10^-8, from zero to a billion")
  func reading() throws {
    #expect(try Price("0").steps == 0)
    #expect(try Price("0.00000001").steps == 1)
    #expect(try Price("7935.5").steps == 793_550_000_000)
    #expect(try Price("999999999.99999999").steps == Price.limit - 1)
    #expect(try Price("1000000000").steps == Price.limit)
    #expect(throws: QuantityError.overflow) { try Price("1000000000.00000001") }
    #expect(throws: QuantityError.overflow) { try Price("-0.00000001") }
    #expect(throws: QuantityError.tooFine("0.000000001", decimals: 8)) { try Price("0.000000001") }
    #expect(throws: QuantityError.malformedDecimal("1e3")) { try Price("1e3") }
  }

  @Test("is written as it is read")
  func writing() throws {
    for text in ["0", "0.00000001", "7935.5", "1000000000", "123.45678901"] {
      #expect(try Price(text).description == text)
    }
  }

  @Test("from a model is rounded as stated")
  func gate() throws {
    // 2^-9 = 0.001953125 = 195312.5 steps, exactly.
    #expect(try Price(0x1p-9, rounding: .down).steps == 195_312)
    #expect(try Price(0x1p-9, rounding: .up).steps == 195_313)
    #expect(try Price(0x1p-9, rounding: .toNearestOrEven).steps == 195_312)
    #expect(try Price(3 * 0x1p-9, rounding: .toNearestOrEven).steps == 585_938)
  }

  @Test("from a model is refused below zero, above a billion, at infinity and for NaN")
  func gateLimit() throws {
    #expect(try Price(1e9, rounding: .up).steps == Price.limit)
    #expect(try Price(-0.0, rounding: .down) == .zero)
    #expect(try Price(-1e-9, rounding: .up) == .zero)
    for value in [-1e-9, -1, (1e9).nextUp, 1e300, .infinity, -.infinity, .nan] {
      #expect(throws: QuantityError.notRepresentable) { try Price(value, rounding: .down) }
    }
  }

  @Test("is the nearest floating-point number, and ordered by its steps")
  func value() {
    #expect(Price(steps: 793_550_000_000).value == 7935.5)
    #expect(Price(steps: 1).value == 1e-8)
    #expect(Price(steps: 1) < Price(steps: 2))
    #expect(!(Price(steps: 2) < Price(steps: 2)))
  }
}

@Suite("A size")
struct SizeTests {
  @Test("is permitted up to 2^31 - 1 steps, long and short")
  func limit() {
    let limit: Int64 = 2_147_483_647
    #expect(Size.limit == limit)
    for sign in [Int64(1), -1] {
      #expect(Size(steps: sign * (limit - 1)).isPermitted)
      #expect(Size(steps: sign * limit).isPermitted)
      #expect(!Size(steps: sign * (limit + 1)).isPermitted)
    }
    #expect(!Size(steps: .min).isPermitted)
  }

  @Test("has a sign and a magnitude", arguments: [(Int64(-7), Int64(-1)), (0, 0), (7, 1)])
  func parts(steps: Int64, sign: Int64) {
    let size = Size(steps: steps)
    #expect(size.sign == sign)
    #expect(size.magnitude.steps == steps * sign)
    #expect(size.description == "\(steps)")
  }

  @Test("adds, subtracts, negates and compares as its steps do")
  func arithmetic() {
    for left in Int64(-3)...3 {
      #expect((-Size(steps: left)).steps == -left)
      for right in Int64(-3)...3 {
        #expect((Size(steps: left) + Size(steps: right)).steps == left + right)
        #expect((Size(steps: left) - Size(steps: right)).steps == left - right)
        #expect((Size(steps: left) < Size(steps: right)) == (left < right))
      }
    }
    #expect(Size.zero.steps == 0)
  }
}
