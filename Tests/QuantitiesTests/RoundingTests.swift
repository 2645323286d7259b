// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities
import Testing

@Suite("Rounding")
struct RoundingTests {
  /// Whether `quotient` is dividend ÷ divisor rounded as stated, by the definition of each
  /// direction in exact integers; knows nothing of remainders.
  static func isRounded(
    _ quotient: Int128, _ dividend: Int128, _ divisor: Int128, _ direction: RoundingDirection
  ) -> Bool {
    let numerator = divisor < 0 ? -dividend : dividend
    let denominator = divisor < 0 ? -divisor : divisor
    let isFloor = quotient * denominator <= numerator && numerator < (quotient + 1) * denominator
    let isCeiling = (quotient - 1) * denominator < numerator && numerator <= quotient * denominator
    switch direction {
    case .down: return isFloor
    case .up: return isCeiling
    case .towardZero: return numerator < 0 ? isCeiling : isFloor
    case .awayFromZero: return numerator < 0 ? isFloor : isCeiling
    case .halfEven:
      let distance = 2 * abs(numerator - quotient * denominator)
      return distance < denominator || (distance == denominator && quotient % 2 == 0)
    }
  }

  @Test(
    "of a quotient follows the definition of its direction", arguments: RoundingDirection.allCases)
  func quotient(direction: RoundingDirection) {
    for dividend in Int128(-60)...60 {
      for divisor in Int128(-12)...12 where divisor != 0 {
        let quotient = dividend.divided(by: divisor, rounding: direction)
        #expect(
          Self.isRounded(quotient, dividend, divisor, direction),
          "\(dividend) / \(divisor) = \(quotient)")
      }
    }
  }

  @Test(
    "of a tie goes to the even neighbour, and one part beside it to the nearest",
    arguments: [
      (Int128(1), Int128(0)), (3, 2), (5, 2), (7, 4), (-1, 0), (-3, -2), (-5, -2), (-7, -4),
    ])
  func tie(halves: Int128, even: Int128) {
    let below = (halves - 1) / 2  // Exact: halves is odd.
    #expect(halves.divided(by: 2, rounding: .halfEven) == even)
    #expect((halves * 1000 - 1).divided(by: 2000, rounding: .halfEven) == below)
    #expect((halves * 1000 + 1).divided(by: 2000, rounding: .halfEven) == below + 1)
    #expect((-halves * 1000 - 1).divided(by: -2000, rounding: .halfEven) == below + 1)
  }

  @Test("of the largest dividends is exact", arguments: RoundingDirection.allCases)
  func extremes(direction: RoundingDirection) {
    #expect(Int128.max.divided(by: 1, rounding: direction) == Int128.max)
    #expect(Int128.min.divided(by: 1, rounding: direction) == Int128.min)
    #expect(Int128.max.divided(by: Int128.max, rounding: direction) == 1)
    let half = Int128.max.divided(by: 2, rounding: direction)
    let floor = Int128(1) << 126 - 1
    // Int128.max = 2 × (2^126 − 1) + 1: a tie between an odd floor and an even ceiling.
    #expect(half == ([.up, .awayFromZero, .halfEven].contains(direction) ? floor + 1 : floor))
  }

  @Test("of a product divided happens once", arguments: RoundingDirection.allCases)
  func product(direction: RoundingDirection) throws {
    for multiplicand in Int64(-9)...9 {
      for multiplier in Int64(-9)...9 {
        for divisor in Int64(-7)...7 where divisor != 0 {
          let result = try multiplyDivide(multiplicand, multiplier, divisor, rounding: direction)
          #expect(
            Self.isRounded(
              Int128(result), Int128(multiplicand * multiplier), Int128(divisor), direction))
        }
      }
    }
  }

  @Test("of a product is refused when one unit too large for 64 bits")
  func productLimits() throws {
    let large = Int64(1) << 62
    #expect(try multiplyDivide(.max, .max, .max, rounding: .down) == .max)
    #expect(try multiplyDivide(large, -2, 1, rounding: .down) == .min)
    #expect(try multiplyDivide(.max, 2, 2, rounding: .down) == .max)
    #expect(throws: QuantityError.overflow) { try multiplyDivide(large, 2, 1, rounding: .down) }
    #expect(throws: QuantityError.overflow) { try multiplyDivide(.min, -1, 1, rounding: .down) }
    #expect(throws: QuantityError.overflow) { try multiplyDivide(.min, .min, -1, rounding: .up) }
  }

  @Test("by zero is refused")
  func zeroDivisor() {
    #expect(throws: QuantityError.divisionByZero) { try multiplyDivide(1, 1, 0, rounding: .up) }
    #expect(throws: QuantityError.divisionByZero) { try multiplyDivide(0, 0, 0, rounding: .down) }
  }

  @Test("scales are the powers of ten", arguments: 0...18)
  func powers(exponent: Int) {
    #expect(String(powerOfTen(exponent)) == "1" + String(repeating: "0", count: exponent))
  }
}
