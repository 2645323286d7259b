// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities

/// A decimal number of a file as an integer count of 10^−8, read digit by digit.
///
/// Exponents (`1e-05`) are read exactly. Digits finer than 10^−8 are rounded half to even, in
/// integers, and the result says so: nothing on this way is a floating-point number.
struct DecimalField: Equatable {
  /// In units of 10^−8.
  let steps: Int64
  /// Whether digits finer than 10^−8 were rounded away.
  let isRounded: Bool

  /// - Throws: ``RowFault/Reason/malformedNumber`` or ``RowFault/Reason/tooLarge(limit:)``.
  init(_ bytes: [UInt8], _ range: Range<Int>) throws(RowFault.Reason) {
    let scan = try DecimalScan(bytes, range)
    // steps = digits × 10^shift
    let shift = 8 + scan.exponent - scan.fractionDigits
    if scan.isExact, (0...18).contains(shift) {
      let (steps, overflows) = scan.leading.multipliedReportingOverflow(by: powerOfTen(shift))
      guard !overflows else { throw .tooLarge(limit: Self.limit) }
      self.init(steps: scan.isNegative ? -steps : steps, isRounded: false)
    } else {
      self = try Self.rounded(bytes, range, scan, shift: shift)
    }
  }

  private init(steps: Int64, isRounded: Bool) {
    self.steps = steps
    self.isRounded = isRounded
  }

  private static let limit = "92233720368"

  /// The general way: counts how many digits lie at or above the unit and rounds the rest.
  private static func rounded(
    _ bytes: [UInt8], _ range: Range<Int>, _ scan: DecimalScan, shift: Int
  ) throws(RowFault.Reason) -> DecimalField {
    guard scan.digitCount > 0 else { return DecimalField(steps: 0, isRounded: false) }
    let kept = scan.digitCount + shift
    guard kept <= 19 else { throw .tooLarge(limit: limit) }
    var magnitude: Int64 = 0
    var position = 0
    var first: UInt8 = 0
    var hasMore = false
    for byte in bytes[scan.digits] where byte != UInt8(ascii: ".") {
      let digit = byte - UInt8(ascii: "0")
      if position == 0, digit == 0 { continue }
      if position < kept {
        try append(digit, to: &magnitude)
      } else if position == kept {
        first = digit
      } else if digit != 0 {
        hasMore = true
      }
      position += 1
    }
    while position < kept {
      try append(0, to: &magnitude)
      position += 1
    }
    // Digits below the unit: up when above a half, or at a half beside an odd number. With
    // `kept` negative the first lost digit is a zero, so the number is far below a half.
    let isHalfOrMore = kept >= 0 && first >= 5
    let isAboveHalf = isHalfOrMore && (first > 5 || hasMore)
    if isAboveHalf || (isHalfOrMore && magnitude % 2 == 1) { try increment(&magnitude) }
    return DecimalField(
      steps: scan.isNegative ? -magnitude : magnitude,
      isRounded: kept < 0 || first != 0 || hasMore)
  }

  private static func append(
    _ digit: UInt8, to magnitude: inout Int64
  ) throws(RowFault.Reason) {
    let (tenfold, tooLarge) = magnitude.multipliedReportingOverflow(by: 10)
    let (sum, overflows) = tenfold.addingReportingOverflow(Int64(digit))
    guard !tooLarge, !overflows else { throw .tooLarge(limit: limit) }
    magnitude = sum
  }

  private static func increment(_ magnitude: inout Int64) throws(RowFault.Reason) {
    let (sum, overflows) = magnitude.addingReportingOverflow(1)
    guard !overflows else { throw .tooLarge(limit: limit) }
    magnitude = sum
  }
}

/// The parts of a decimal number, found in one pass.
private struct DecimalScan {
  var isNegative = false
  /// The digits and the point, without sign and exponent.
  var digits = 0..<0
  /// Digits from the first that is not zero.
  var digitCount = 0
  var fractionDigits = 0
  var exponent = 0
  /// The digits as an integer, while there are at most 18 of them.
  var leading: Int64 = 0

  var isExact: Bool { digitCount <= 18 }

  init(_ bytes: [UInt8], _ range: Range<Int>) throws(RowFault.Reason) {
    var index = range.lowerBound
    if index < range.upperBound, Self.isSign(bytes[index]) {
      isNegative = bytes[index] == UInt8(ascii: "-")
      index += 1
    }
    let start = index
    var hasPoint = false
    var hasDigit = false
    while index < range.upperBound {
      let byte = bytes[index]
      if byte == UInt8(ascii: "."), !hasPoint {
        hasPoint = true
      } else if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
        hasDigit = true
        add(Int64(byte - UInt8(ascii: "0")), isFraction: hasPoint)
      } else {
        break
      }
      index += 1
    }
    guard hasDigit else { throw .malformedNumber }
    digits = start..<index
    if index < range.upperBound { try readExponent(bytes, index..<range.upperBound) }
  }

  private mutating func add(_ digit: Int64, isFraction: Bool) {
    if isFraction { fractionDigits += 1 }
    guard digitCount > 0 || digit != 0 else { return }
    digitCount += 1
    if digitCount <= 18 { leading = leading * 10 + digit }
  }

  private mutating func readExponent(
    _ bytes: [UInt8], _ range: Range<Int>
  ) throws(RowFault.Reason) {
    guard bytes[range.lowerBound] | 0x20 == UInt8(ascii: "e") else { throw .malformedNumber }
    var index = range.lowerBound + 1
    var sign = 1
    if index < range.upperBound, Self.isSign(bytes[index]) {
      sign = bytes[index] == UInt8(ascii: "-") ? -1 : 1
      index += 1
    }
    // Three digits are more than any price has.
    guard (1...3).contains(range.upperBound - index) else { throw .malformedNumber }
    for byte in bytes[index..<range.upperBound] {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { throw .malformedNumber }
      exponent = exponent * 10 + Int(byte - UInt8(ascii: "0"))
    }
    exponent *= sign
  }

  private static func isSign(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
  }
}

extension CSVTable {
  /// A field that must be a price: above zero and at most ``Price/limit``.
  func price(_ index: Int) throws(RowFault) -> (price: Price, isRounded: Bool) {
    let decimal = try decimal(index)
    guard decimal.steps != 0 else { throw fault(index, .zero) }
    guard decimal.steps > 0 else { throw fault(index, .negative) }
    guard decimal.steps <= Price.limit else {
      throw fault(index, .tooLarge(limit: String(Price.limit / Price.stepsPerOne)))
    }
    return (Price(steps: decimal.steps), decimal.isRounded)
  }

  /// A field that must be a number that is not negative; whether it is above zero.
  func isPositive(_ index: Int) throws(RowFault) -> Bool {
    let decimal = try decimal(index)
    guard decimal.steps >= 0 else { throw fault(index, .negative) }
    // A volume of 1e-9 is not nothing, although it rounds to it.
    return decimal.steps > 0 || decimal.isRounded
  }

  /// A field that must be a whole number of milliseconds since 1970.
  func milliseconds(_ index: Int) throws(RowFault) -> Int64 {
    let field = fields[index]
    guard (1...13).contains(field.count) else { throw fault(index, .malformedTime) }
    var value: Int64 = 0
    for byte in bytes[field] {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else {
        throw fault(index, .malformedTime)
      }
      value = value * 10 + Int64(byte - UInt8(ascii: "0"))
    }
    guard Timestamp.permitted.contains(Timestamp(milliseconds: value)) else {
      throw fault(index, .malformedTime)
    }
    return value
  }

  private func decimal(_ index: Int) throws(RowFault) -> DecimalField {
    guard !fields[index].isEmpty else { throw fault(index, .empty) }
    do {
      return try DecimalField(bytes, fields[index])
    } catch {
      throw fault(index, error)
    }
  }
}
