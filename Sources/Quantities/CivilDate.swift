// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// A date of the proleptic Gregorian calendar, UTC.
public struct CivilDate: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let year: Int64
  public let month: Int64
  public let day: Int64

  /// - Returns: `nil` when there is no such day.
  public init?(year: Int64, month: Int64, day: Int64) {
    guard (1970...2200).contains(year), (1...12).contains(month), day >= 1 else { return nil }
    let isLeap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
    let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    guard day <= lengths[Int(month - 1)] else { return nil }
    self.year = year
    self.month = month
    self.day = day
  }

  init(uncheckedYear year: Int64, month: Int64, day: Int64) {
    self.year = year
    self.month = month
    self.day = day
  }

  /// Days since 1970-01-01, by counting years from March so that the leap day comes last.
  public var daysSinceEpoch: Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = shifted / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  /// The first instant of the date.
  public var midnight: Timestamp { Timestamp(seconds: daysSinceEpoch * 86_400) }

  /// The date of an instant and the nanoseconds since its midnight.
  public static func split(_ instant: Timestamp) -> (date: CivilDate, nanoseconds: Int64) {
    let dayLength: Int64 = 86_400_000_000_000
    var days = instant.nanoseconds / dayLength
    var rest = instant.nanoseconds % dayLength
    if rest < 0 {
      days -= 1
      rest += dayLength
    }
    return (civil(days), rest)
  }

  private static func civil(_ daysSinceEpoch: Int64) -> CivilDate {
    let shifted = daysSinceEpoch + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return CivilDate(uncheckedYear: year, month: month, day: day)
  }

  public static func < (left: Self, right: Self) -> Bool {
    (left.year, left.month, left.day) < (right.year, right.month, right.day)
  }

  public var description: String {
    "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)"
  }
}

extension Timestamp {
  /// Reads `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM[:SS]Z`.
  /// - Throws: ``QuantityError/malformedDecimal(_:)`` with the whole text.
  public init(iso8601 text: String) throws(QuantityError) {
    let shape = String(text.map { $0.isASCII && $0.isNumber ? "0" : $0 })
    guard ["0000-00-00", "0000-00-00T00:00Z", "0000-00-00T00:00:00Z"].contains(shape) else {
      throw .malformedDecimal(text)
    }
    let parts = text.split(separator: "T", maxSplits: 1, omittingEmptySubsequences: false)
    let date = parts[0].split(separator: "-", omittingEmptySubsequences: false).map { Int64($0) }
    guard parts[0].utf8.count == 10, date.count == 3, let year = date[0], let month = date[1],
      let dayNumber = date[2], let day = CivilDate(year: year, month: month, day: dayNumber)
    else { throw .malformedDecimal(text) }
    guard parts.count == 2 else {
      self = day.midnight
      return
    }
    guard parts[1].hasSuffix("Z") else { throw .malformedDecimal(text) }
    let clock = parts[1].dropLast()
      .split(separator: ":", omittingEmptySubsequences: false).map { Int64($0) }
    guard (2...3).contains(clock.count), let hour = clock[0], let minute = clock[1],
      let second = clock.count == 3 ? clock[2] : 0, (0..<24).contains(hour),
      (0..<60).contains(minute), (0..<60).contains(second)
    else { throw .malformedDecimal(text) }
    self = day.midnight + TimeSpan(seconds: hour * 3600 + minute * 60 + second)
  }
}
