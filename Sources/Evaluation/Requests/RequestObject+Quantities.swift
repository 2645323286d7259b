// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities

// Quantities stand in quotation marks, so that no writer or reader of JSON loses a digit.
extension RequestObject {
  /// Units of 10^−`decimals`, inside `range`.
  mutating func units(
    _ name: String, decimals: Int, in range: ClosedRange<Int64>
  ) throws(EvaluationRefusal) -> Int64 {
    let text = try decimal(name)
    let units = try quantity(name) { () throws(QuantityError) in
      try unitsFromDecimal(text, decimals: decimals)
    }
    guard range.contains(units) else {
      let lowest = decimalText(range.lowerBound, decimals: decimals)
      let highest = decimalText(range.upperBound, decimals: decimals)
      throw refusal(.outOfBounds, name, "\(text) is outside \(lowest) … \(highest)")
    }
    return units
  }

  /// Millionths of the quote currency, at most 2^60 either way.
  mutating func money(
    _ name: String, atLeast lowest: Int64 = -Amount.limit
  ) throws(EvaluationRefusal) -> Int64 {
    try units(name, decimals: 6, in: lowest...Amount.limit)
  }

  /// A positive price.
  mutating func price(_ name: String) throws(EvaluationRefusal) -> Price {
    Price(steps: try units(name, decimals: 8, in: 1...Price.limit))
  }

  mutating func rate(
    _ name: String, in range: ClosedRange<Rate>, default fallback: Rate? = nil
  ) throws(EvaluationRefusal) -> Rate {
    if let fallback, !states(name) {
      _ = optional(name)
      return fallback
    }
    let text = try decimal(name)
    let rate = try quantity(name) { () throws(QuantityError) in try Rate(text) }
    guard range.contains(rate) else {
      throw refusal(
        .outOfBounds, name, "\(text) is outside \(range.lowerBound) … \(range.upperBound)")
    }
    return rate
  }

  mutating func symbol(_ name: String) throws(EvaluationRefusal) -> AssetSymbol {
    let text = try text(name)
    return try quantity(name) { () throws(QuantityError) in try AssetSymbol(text) }
  }

  /// `2020-03-12T10:40:00Z`, with up to nine decimals of a second.
  mutating func time(_ name: String) throws(EvaluationRefusal) -> Timestamp {
    let text = try text(name)
    guard let time = Timestamp(precise: text), Timestamp.permitted.contains(time) else {
      throw refusal(
        .malformedField, name,
        "“\(text)” is no time like 2020-03-12T10:40:00Z between 1970 and 2200")
    }
    return time
  }

  /// A number of an account.
  mutating func account(_ name: String = "account") throws(EvaluationRefusal) -> AccountID {
    AccountID(UInt32(try integer(name, in: 0...Int64(UInt32.max))))
  }

  /// A text that should be a decimal number.
  private mutating func decimal(_ name: String) throws(EvaluationRefusal) -> String {
    let value = try required(name)
    guard case .string(let text) = value else {
      throw refusal(
        .wrongType, name,
        "expected a decimal number in quotation marks, so that no digit is lost, not "
          + value.typeName)
    }
    return text
  }

  func quantity<Quantity>(
    _ name: String, _ make: () throws(QuantityError) -> Quantity
  ) throws(EvaluationRefusal) -> Quantity {
    do { return try make() } catch {
      switch error {
      case .overflow, .notRepresentable, .assetMismatch, .divisionByZero:
        throw refusal(.outOfBounds, name, error.description)
      case .malformedDecimal, .tooFine, .malformedSymbol:
        throw refusal(.malformedField, name, error.description)
      }
    }
  }
}

extension Timestamp {
  /// Reads what `description` writes, fractions of a second included.
  init?(precise text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, text.hasSuffix("Z") else {
      guard let time = try? Timestamp(iso8601: text) else { return nil }
      self = time
      return
    }
    guard let whole = try? Timestamp(iso8601: parts[0] + "Z"),
      parts[0].utf8.count == "2020-03-12T10:40:00".utf8.count,
      let fraction = try? unitsFromDecimal("0." + parts[1].dropLast(), decimals: 9)
    else { return nil }
    self = whole + TimeSpan(nanoseconds: fraction)
  }
}

// MARK: Answers

extension JSONValue {
  /// A decimal number in quotation marks.
  static func decimal(_ units: Int64, _ decimals: Int) -> JSONValue {
    .string(decimalText(units, decimals: decimals))
  }

  static func decimal(_ units: Int128, _ decimals: Int) -> JSONValue {
    .string(decimalText(units, decimals: decimals))
  }

  /// Millionths of the quote currency.
  static func money(_ units: Int64) -> JSONValue { .decimal(units, 6) }

  static func price(_ price: Price) -> JSONValue { .string(price.description) }

  static func rate(_ rate: Rate) -> JSONValue { .string(rate.description) }

  static func time(_ time: Timestamp) -> JSONValue { .string(time.description) }

  static func account(_ account: AccountID) -> JSONValue { .integer(account.number) }
}
