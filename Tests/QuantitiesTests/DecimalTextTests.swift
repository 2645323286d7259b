// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities
import Testing

@Suite("Decimal text")
struct DecimalTextTests {
  @Test("reads back what it wrote", arguments: 0...18)
  func roundTrip(decimals: Int) throws {
    var samples: [Int64] = Array(-120...120) + [.max, .max - 1, -.max]
    for exponent in 0...18 {
      let power = powerOfTen(exponent)
      samples += [power - 1, power, power + 1, -power, 7 * (power / 10) + 5]
    }
    for units in samples {
      #expect(
        try unitsFromDecimal(decimalText(units, decimals: decimals), decimals: decimals) == units)
    }
  }

  @Test(
    "is written without trailing zeros",
    arguments: [
      (Int64(0), 8, "0"), (1, 8, "0.00000001"), (-1, 8, "-0.00000001"), (100_000_000, 8, "1"),
      (150_000_000, 8, "1.5"), (-105_000, 3, "-105"), (42, 0, "42"),
      (.max, 8, "92233720368.54775807"), (.min, 8, "-92233720368.54775808"),
    ])
  func writing(units: Int64, decimals: Int, expected: String) {
    #expect(decimalText(units, decimals: decimals) == expected)
  }

  @Test("is written beyond 64 bits")
  func wide() {
    // 2^127 = 170141183460469231731687303715884105728.
    #expect(
      decimalText(Int128.max, decimals: 2) == "1701411834604692317316873037158841057.27")
    #expect(
      decimalText(Int128.min, decimals: 2) == "-1701411834604692317316873037158841057.28")
  }

  @Test(
    "is read to the unit",
    arguments: [
      ("0", 0), ("-0", 0), ("+1", 100), ("1.2", 120), ("01.20", 120), ("-3.04", -304),
      ("1.2300000", 123), ("00000000000000000000000000000001", 100),
    ])
  func reading(text: String, expected: Int64) throws {
    #expect(try unitsFromDecimal(text, decimals: 2) == expected)
  }

  @Test(
    "is refused unless it is a plain decimal number",
    arguments: [
      "", "-", "+", ".", "1.", ".5", "-.5", "--1", "+-1", "1-", " 1", "1 ", "1,5", "1_0", "1e3",
      "0x1", "nan", "inf", "NaN", "1.2.3", "١", "1\0", "−1",
    ])
  func malformed(text: String) {
    #expect(throws: QuantityError.malformedDecimal(text)) {
      try unitsFromDecimal(text, decimals: 2)
    }
  }

  @Test("is refused with one digit more than the unit has", arguments: 0...8)
  func tooFine(decimals: Int) throws {
    let point = decimals == 0 ? "1" : "1." + String(repeating: "0", count: decimals - 1) + "1"
    #expect(
      try unitsFromDecimal(point, decimals: decimals) == powerOfTen(decimals)
        + (decimals > 0 ? 1 : 0))
    let finer = "1." + String(repeating: "0", count: decimals) + "1"
    #expect(throws: QuantityError.tooFine(finer, decimals: decimals)) {
      try unitsFromDecimal(finer, decimals: decimals)
    }
  }

  @Test("is refused one unit beyond 64 bits")
  func overflow() throws {
    #expect(try unitsFromDecimal("92233720368547758.06", decimals: 2) == .max - 1)
    #expect(try unitsFromDecimal("92233720368547758.07", decimals: 2) == .max)
    #expect(throws: QuantityError.overflow) {
      try unitsFromDecimal("92233720368547758.08", decimals: 2)
    }
    #expect(throws: QuantityError.overflow) {
      try unitsFromDecimal("-92233720368547758.08", decimals: 2)
    }
    #expect(throws: QuantityError.overflow) {
      try unitsFromDecimal(String(repeating: "9", count: 1000), decimals: 2)
    }
  }
}
