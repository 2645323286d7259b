// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities

/// Numbers as people read them: digits in groups of three, a true minus sign.
///
/// Everything is computed from integers, so equal inputs give equal texts on every machine.
public enum NumberText {
  /// `1234567` as `1,234,567`.
  public static func grouped(_ value: Int64) -> String { grouped(value, decimals: 0) }

  /// `value` units of 10^−`decimals`, without trailing zeros: `1234500` with 3 as `1,234.5`.
  public static func grouped(_ value: Int64, decimals: Int) -> String {
    groupedDecimal(decimalText(value, decimals: decimals))
  }

  /// `value` units of 10^−`decimals`, rounded half to even to exactly `shown` digits.
  ///
  /// - Parameter shown: Digits after the point, at most `decimals`.
  public static func rounded(_ value: Int64, decimals: Int, shown: Int) -> String {
    let units = reduced(value, from: decimals, to: shown)
    guard shown > 0 else { return grouped(units) }
    let scale = powerOfTen(shown).magnitude
    let (whole, rest) = units.magnitude.quotientAndRemainder(dividingBy: scale)
    let digits = String(rest)
    let fraction = String(repeating: "0", count: shown - digits.utf8.count) + digits
    return groupedDecimal("\(units < 0 ? "-" : "")\(whole).\(fraction)")
  }

  /// A share in billionths as a percentage with `shown` digits: `25_000_000` as `2.50 %`.
  public static func percentage(billionths: Int64, shown: Int = 2) -> String {
    rounded(billionths, decimals: 7, shown: shown) + " %"
  }

  /// `numerator` ÷ `denominator` with two digits, or a dash when there is no such quotient.
  public static func ratio(_ numerator: Int64, _ denominator: Int64) -> String {
    guard denominator != 0 else { return "–" }
    let hundredths = (Int128(numerator) * 100)
      .divided(by: Int128(denominator), rounding: .halfEven)
    return rounded(Int64(clamping: hundredths), decimals: 2, shown: 2)
  }

  /// How much `new` differs from `old`, in per cent with a sign, or a dash when `old` is 0.
  public static func change(from old: Int64, to new: Int64) -> String {
    guard old != 0 else { return "–" }
    let difference = (Int128(new) - Int128(old)) * 1_000
    let tenths = difference.divided(by: abs(Int128(old)), rounding: .halfEven)
    return signed(rounded(Int64(clamping: tenths), decimals: 1, shown: 1)) + " %"
  }

  /// A text with a plus sign, unless it has a minus sign or is nought.
  static func signed(_ text: String) -> String {
    let isNought = text.allSatisfy { !("1"..."9").contains($0) }
    return text.hasPrefix("−") || isNought ? text : "+" + text
  }

  /// The same quantity in coarser or equal units, rounded half to even.
  static func reduced(_ value: Int64, from decimals: Int, to shown: Int) -> Int64 {
    guard shown < decimals else { return value }
    let divisor = Int128(powerOfTen(decimals - shown))
    return Int64(Int128(value).divided(by: divisor, rounding: .halfEven))
  }

  /// A quantity with its unit, its digits in groups: `103447 USD` as `103,447 USD`.
  static func grouped(quantity text: String) -> String {
    let parts = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
    let isNumber = parts[0].contains { $0.isASCII && $0.isNumber }
    guard isNumber, parts[0].allSatisfy({ $0.isASCII && $0.isNumber || "-.".contains($0) })
    else { return text }
    return ([groupedDecimal(String(parts[0]))] + parts.dropFirst().map(String.init))
      .joined(separator: " ")
  }

  private static func groupedDecimal(_ text: String) -> String {
    let isNegative = text.hasPrefix("-")
    let parts = text.drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
    var whole = ""
    for (offset, digit) in parts[0].enumerated() {
      if offset > 0, (parts[0].count - offset) % 3 == 0 { whole.append(",") }
      whole.append(digit)
    }
    return (isNegative ? "−" : "") + whole + (parts.count > 1 ? "." + parts[1] : "")
  }
}
