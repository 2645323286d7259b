// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// In what a parameter is counted; fixes how its text is read and its raw integer meant.
public enum ParameterUnit: UInt8, Sendable, CaseIterable {
  /// A ratio in billionths; text as `0.025` or `2.5%`.
  case rate
  /// Nanoseconds; text as seconds, or with a suffix `ms`, `s`, `min`, `h`, `d`.
  case duration
  /// A plain integer.
  case count
  /// Quote units per base unit in steps of 10^−8.
  case price
  /// Base units in steps of 10^−8.
  case baseQuantity
  /// Money of the venue's valuation currency in millionths.
  case money
  /// 0 or 1; text as `false` or `true`.
  case flag

  /// Reads a value of this unit.
  public func read(_ text: String) throws(QuantityError) -> Int64 {
    switch self {
    case .rate: return try Rate(text).billionths
    case .duration: return try readDuration(text)
    case .count: return try unitsFromDecimal(text, decimals: 0)
    case .price, .baseQuantity: return try unitsFromDecimal(text, decimals: 8)
    case .money: return try unitsFromDecimal(text, decimals: 6)
    case .flag:
      switch text {
      case "true", "1": return 1
      case "false", "0": return 0
      default: throw .malformedDecimal(text)
      }
    }
  }

  /// Writes a raw integer as ``read(_:)`` takes it.
  public func text(_ raw: Int64) -> String {
    switch self {
    case .rate: decimalText(raw, decimals: 9)
    case .duration: decimalText(raw, decimals: 9) + "s"
    case .count: String(raw)
    case .price, .baseQuantity: decimalText(raw, decimals: 8)
    case .money: decimalText(raw, decimals: 6)
    case .flag: raw == 0 ? "false" : "true"
    }
  }

  private func readDuration(_ text: String) throws(QuantityError) -> Int64 {
    // With so many decimals a unit of the last one, times the factor, is a nanosecond or more.
    let suffixes: [(text: String, decimals: Int, factor: Int64)] = [
      ("min", 9, 60), ("ms", 6, 1), ("s", 9, 1), ("h", 9, 3_600), ("d", 9, 86_400),
    ]
    for suffix in suffixes where text.hasSuffix(suffix.text) {
      let number = try unitsFromDecimal(
        String(text.dropLast(suffix.text.utf8.count)), decimals: suffix.decimals)
      let (product, overflows) = number.multipliedReportingOverflow(by: suffix.factor)
      guard !overflows else { throw .overflow }
      return product
    }
    return try unitsFromDecimal(text, decimals: 9)
  }
}
