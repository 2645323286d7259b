// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// One thing wrong in a file: where, in which field, what stands there and what would be right.
public struct RowFault: Error, Hashable, Sendable, CustomStringConvertible {
  public let place: FilePlace
  public let field: String
  public let value: String
  public let reason: Reason

  public init(place: FilePlace, field: String, value: String, reason: Reason) {
    self.place = place
    self.field = field
    self.value = value
    self.reason = reason
  }

  /// What is wrong, with what is needed to say what would be right.
  public enum Reason: Error, Hashable, Sendable {
    /// Not a decimal number; `nan` and `inf` are none.
    case malformedNumber
    case negative
    case zero
    /// Above the limit of the field, given as text.
    case tooLarge(limit: String)
    /// More digits after the point than the field has.
    case tooFine(decimals: Int)
    case fieldCount(expected: Int, found: Int)
    /// A quoted field that does not end on its line.
    case openQuote
    case empty
    case malformedTime
    /// The time of the row before stands again.
    case duplicateTime
    /// The time lies before that of the row before.
    case outOfOrder(previous: String)
    /// The time is no whole multiple of the file's step.
    case offGrid(stepSeconds: Int64)
    /// The price lies outside the candle.
    case outsideCandle(low: String, high: String)
    case lowAboveHigh(low: String)
    case malformedSymbol
    case unknownWord(permitted: [String])
    /// Stands already at another line.
    case duplicate(firstLine: Int)
    /// Contradicts what stands elsewhere.
    case contradiction(String)
    /// The JSON grammar asks for something else here.
    case malformedJSON(expected: String)
  }

  /// What would be right.
  public var remedy: String {
    switch reason {
    case .malformedNumber: "expected a decimal number such as 7934.58"
    case .negative: "expected a number that is not negative"
    case .zero: "expected a number above 0"
    case .tooLarge(let limit): "expected at most \(limit)"
    case .tooFine(let decimals): "expected at most \(decimals) digits after the point"
    case .fieldCount(let expected, let found):
      "expected \(expected) fields as in the header, found \(found)"
    case .openQuote: "expected the closing quotation mark on the same line"
    case .empty: "expected a value"
    case .malformedTime:
      "expected a time of 1970 to 2200: milliseconds in ts_ms, else 2020-03-12T10:47Z"
    case .duplicateTime: "expected one row per time; remove one of the two"
    case .outOfOrder(let previous): "expected a time after \(previous); sort the file by time"
    case .offGrid(let step): "expected a whole multiple of \(step) s"
    case .outsideCandle(let low, let high): "expected a price from \(low) to \(high)"
    case .lowAboveHigh(let low): "expected a high of at least the low, \(low)"
    case .malformedSymbol: "expected 1 to 8 characters of A–Z, 0–9, _ and ."
    case .unknownWord(let permitted): "expected \(permitted.joined(separator: " or "))"
    case .duplicate(let line): "stands already at line \(line); expected it once"
    case .contradiction(let rule): rule
    case .malformedJSON(let expected): "expected \(expected)"
    }
  }

  public var description: String {
    let shown = value.count > 60 ? String(value.prefix(60)) + "…" : value
    return "\(place): field “\(field)” is “\(shown)”; \(remedy)"
  }
}
