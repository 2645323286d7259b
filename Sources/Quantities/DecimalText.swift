// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// Reads a decimal number as an integer count of units of 10^−`decimals`; exact or refused.
///
/// Accepts an optional sign, digits, and an optional point followed by digits. Exponents,
/// spaces, separators, `nan` and `inf` are refused, and so is a digit finer than the unit.
/// - Throws: ``QuantityError/malformedDecimal(_:)``, ``QuantityError/tooFine(_:decimals:)`` or
///   ``QuantityError/overflow``.
public func unitsFromDecimal(_ text: String, decimals: Int) throws(QuantityError) -> Int64 {
  var digits = text.utf8[...]
  var isNegative = false
  if let sign = digits.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
    isNegative = sign == UInt8(ascii: "-")
    digits = digits.dropFirst()
  }
  var units: Int64 = 0
  var decimalsRead: Int?
  var digitCount = 0
  for byte in digits {
    if byte == UInt8(ascii: "."), decimalsRead == nil, digitCount > 0 {
      decimalsRead = 0
      continue
    }
    guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else {
      throw .malformedDecimal(text)
    }
    digitCount += 1
    if let read = decimalsRead {
      guard read < decimals else {
        if byte == UInt8(ascii: "0") { continue }
        throw .tooFine(text, decimals: decimals)
      }
      decimalsRead = read + 1
    }
    try append(digit: Int64(byte - UInt8(ascii: "0")), to: &units)
  }
  guard digitCount > 0, digits.last != UInt8(ascii: ".") else { throw .malformedDecimal(text) }
  for _ in (decimalsRead ?? 0)..<decimals { try append(digit: 0, to: &units) }
  return isNegative ? -units : units
}

private func append(digit: Int64, to units: inout Int64) throws(QuantityError) {
  let (tenfold, tooLarge) = units.multipliedReportingOverflow(by: 10)
  let (sum, overflows) = tenfold.addingReportingOverflow(digit)
  guard !tooLarge, !overflows else { throw .overflow }
  units = sum
}

/// Writes `units` of 10^−`decimals` as a decimal number, without trailing zeros after the point.
public func decimalText(_ units: Int64, decimals: Int) -> String {
  decimalText(Int128(units), decimals: decimals)
}

/// Writes `units` of 10^−`decimals` as a decimal number, without trailing zeros after the point.
public func decimalText(_ units: Int128, decimals: Int) -> String {
  let scale = Int128(powerOfTen(decimals)).magnitude
  let (whole, fraction) = units.magnitude.quotientAndRemainder(dividingBy: scale)
  let sign = units < 0 ? "-" : ""
  guard fraction != 0 else { return "\(sign)\(whole)" }
  var digits = String(fraction)
  digits = String(repeating: "0", count: decimals - digits.utf8.count) + digits
  while digits.hasSuffix("0") { digits.removeLast() }
  return "\(sign)\(whole).\(digits)"
}
