// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// When contracts expire: at 08:00 UTC, those of months and quarters on the last Friday.
///
/// Source of the convention: Deribit's contract introduction policy.
public enum ExpiryCalendar {
  /// The last 08:00 UTC before `end` that is more than an hour after `start`; the first one
  /// after that hour when the window has none.
  public static func daily(in window: Range<Timestamp>) -> Timestamp {
    let earliest = window.lowerBound + .hour
    var expiry = CivilDate.split(earliest).date.midnight + timeOfDay
    while expiry <= earliest { expiry = expiry + .day }
    while expiry + .day < window.upperBound { expiry = expiry + .day }
    return expiry
  }

  /// The first expiry on the last Friday of a month, after `instant`.
  public static func monthly(after instant: Timestamp) -> Timestamp {
    var month = CivilDate.split(instant).date
    while true {
      let expiry = lastFriday(of: month)
      if expiry > instant { return expiry }
      month = firstDay(after: month)
    }
  }

  /// The first expiry on the last Friday of March, June, September or December, after `instant`.
  public static func quarterly(after instant: Timestamp) -> Timestamp {
    var expiry = monthly(after: instant)
    while CivilDate.split(expiry).date.month % 3 != 0 { expiry = monthly(after: expiry) }
    return expiry
  }

  /// The date as contracts are named by it, for example `27MAR20`.
  public static func name(of expiry: Timestamp) -> String {
    let date = CivilDate.split(expiry).date
    let year = date.year % 100
    return "\(date.day)\(months[Int(date.month) - 1])\(year < 10 ? "0" : "")\(year)"
  }

  private static let timeOfDay = TimeSpan(seconds: 8 * 3_600)
  private static let months = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
  ]

  private static func firstDay(after month: CivilDate) -> CivilDate {
    let isDecember = month.month == 12
    return CivilDate(
      year: isDecember ? month.year + 1 : month.year, month: isDecember ? 1 : month.month + 1,
      day: 1) ?? month
  }

  private static func lastFriday(of month: CivilDate) -> Timestamp {
    let lastDay = firstDay(after: month).daysSinceEpoch - 1
    // 1970-01-01 was a Thursday, so days that leave 1 modulo 7 are Fridays.
    let friday = lastDay - (lastDay + 6) % 7
    return Timestamp(seconds: friday * 86_400) + timeOfDay
  }
}
