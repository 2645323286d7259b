// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities
import Reporting
import Testing

@Suite("Numbers for people")
struct NumberTests {
  @Test(
    "groups digits in threes",
    arguments: [
      (0, "0"), (7, "7"), (999, "999"), (1_000, "1,000"), (-1_000, "−1,000"),
      (1_234_567, "1,234,567"), (Int64.max, "9,223,372,036,854,775,807"),
      (Int64.min, "−9,223,372,036,854,775,808"),
    ] as [(Int64, String)])
  func groups(value: Int64, expected: String) {
    #expect(NumberText.grouped(value) == expected)
  }

  @Test("keeps every decimal there is and no more")
  func decimals() {
    #expect(NumberText.grouped(1_234_500, decimals: 3) == "1,234.5")
    #expect(NumberText.grouped(-1, decimals: 6) == "−0.000001")
  }

  @Test(
    "rounds half to even to the digits asked for",
    arguments: [
      (12_345, 2, "12.34"), (12_355, 2, "12.36"), (12_345, 0, "12"), (-12_500, 0, "−12"),
      (5, 2, "0.00"), (1_000_000, 1, "1,000.0"), (12, 3, "0.012"),
    ] as [(Int64, Int, String)])
  func rounds(thousandths: Int64, shown: Int, expected: String) {
    #expect(NumberText.rounded(thousandths, decimals: 3, shown: shown) == expected)
  }

  @Test("writes shares, ratios and changes")
  func shares() {
    #expect(NumberText.percentage(billionths: 25_000_000) == "2.50 %")
    #expect(NumberText.ratio(97, 100) == "0.97")
    #expect(NumberText.ratio(-3, 2) == "−1.50")
    #expect(NumberText.ratio(1, 0) == "–")
    #expect(NumberText.change(from: 200, to: 150) == "−25.0 %")
    #expect(NumberText.change(from: -200, to: -150) == "+25.0 %")
    #expect(NumberText.change(from: 10, to: 10) == "0.0 %")
    #expect(NumberText.change(from: 0, to: 10) == "–")
    #expect(NumberText.change(from: .min, to: .max) == "+200.0 %")
  }
}

@Suite("Money")
struct MoneyFormatTests {
  private let dollars: MoneyFormat
  private let coins: MoneyFormat

  init() throws {
    dollars = MoneyFormat(currency: try AssetSymbol("USD"))
    coins = MoneyFormat(currency: try AssetSymbol("USDC"))
  }

  @Test(
    "is shortened to three digits and a unit",
    arguments: [
      (0, "$0"), (1, "$0.000001"), (5_000, "$0.005"), (5_001, "$0.01"), (123_450_000, "$123.45"),
      (999_994_999, "$999.99"), (999_995_001, "$1.00 k"), (1_000_000_000, "$1.00 k"),
      (9_994_999_999, "$9.99 k"), (9_995_000_001, "$10.0 k"), (99_950_000_001, "$100 k"),
      (999_499_999_999, "$999 k"), (999_500_000_001, "$1.00 M"), (1_234_567_890_001, "$1.23 M"),
      (-45_600_000_000_000, "−$45.6 M"), (789_000_000_000_000, "$789 M"),
      (1_500_000_000_000_000, "$1.50 bn"), (Int64.max, "$9.22 tn"), (Int64.min, "−$9.22 tn"),
    ] as [(Int64, String)])
  func shortens(millionths: Int64, expected: String) {
    #expect(dollars.short(millionths) == expected)
  }

  @Test("is exact to the millionth when asked")
  func exact() {
    #expect(dollars.exact(1_234_567_890_001) == "$1,234,567.890001")
    #expect(dollars.exact(-1) == "−$0.000001")
    #expect(dollars.exact(2_000_000) == "$2")
  }

  @Test("names a currency other than the dollar")
  func currency() {
    #expect(coins.short(1_234_567_890_001) == "1.23 M USDC")
    #expect(coins.exact(-1_500_000) == "−1.5 USDC")
  }

  @Test("shows the sign of a difference, and none of nought")
  func change() {
    #expect(dollars.change(2_000_000_000) == "+$2.00 k")
    #expect(dollars.change(-2_000_000_000) == "−$2.00 k")
    #expect(dollars.change(0) == "$0")
  }
}

@Suite("Text tables")
struct TextTableTests {
  @Test("align numbers to the right and end no line with a blank")
  func alignment() {
    var table = TextTable([("Name", .left), ("Amount", .right), ("Note", .left)])
    table.append(["a", "1,000", "x"])
    table.append(["longer", "−7"])
    #expect(
      table.text == """
        Name    Amount  Note
        ──────  ──────  ────
        a        1,000  x
        longer      −7

        """)
  }

  @Test("have no heading without titles")
  func heading() {
    var table = TextTable([("", .left), ("", .left)])
    table.append(["a", "b"])
    #expect(table.text == "a  b\n")
  }

  @Test("let no control character through to the terminal")
  func controls() {
    var table = TextTable([("", .left)])
    table.append(["\u{1B}[31mred\u{202E}\n"])
    #expect(table.text == "\u{FFFD}[31mred\u{FFFD}\u{FFFD}\n")
  }
}
