// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// An instant: nanoseconds since 1970-01-01T00:00:00 UTC, without leap seconds.
@frozen
public struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let nanoseconds: Int64

  @inlinable
  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
  /// - Precondition: |`seconds`| < 9.2e9.
  @inlinable
  public init(seconds: Int64) { self.nanoseconds = seconds * 1_000_000_000 }
  /// - Precondition: |`milliseconds`| < 9.2e12.
  @inlinable
  public init(milliseconds: Int64) { self.nanoseconds = milliseconds * 1_000_000 }

  /// Permitted instants: 1970 to 2200.
  @inlinable
  public static var permitted: ClosedRange<Timestamp> {
    Timestamp(nanoseconds: 0)...Timestamp(seconds: 7_258_118_400)
  }

  @inlinable
  public static func + (left: Timestamp, right: TimeSpan) -> Timestamp {
    Timestamp(nanoseconds: left.nanoseconds + right.nanoseconds)
  }
  @inlinable
  public static func - (left: Timestamp, right: TimeSpan) -> Timestamp {
    Timestamp(nanoseconds: left.nanoseconds - right.nanoseconds)
  }
  @inlinable
  public static func - (left: Timestamp, right: Timestamp) -> TimeSpan {
    TimeSpan(nanoseconds: left.nanoseconds - right.nanoseconds)
  }
  @inlinable
  public static func < (left: Self, right: Self) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  /// ISO 8601 in UTC, with a fraction only when there is one.
  public var description: String {
    let (date, time) = CivilDate.split(self)
    let (seconds, fraction) = time.quotientAndRemainder(dividingBy: 1_000_000_000)
    let clock =
      "\(twoDigits(seconds / 3600)):\(twoDigits(seconds / 60 % 60)):\(twoDigits(seconds % 60))"
    guard fraction != 0 else { return "\(date)T\(clock)Z" }
    let digits = decimalText(fraction, decimals: 9).dropFirst(2)
    return "\(date)T\(clock).\(digits)Z"
  }
}

/// A length of time in nanoseconds.
@frozen
public struct TimeSpan: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let nanoseconds: Int64

  @inlinable
  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
  /// - Precondition: |`seconds`| < 9.2e9.
  @inlinable
  public init(seconds: Int64) { self.nanoseconds = seconds * 1_000_000_000 }
  @inlinable
  public static var zero: TimeSpan { TimeSpan(nanoseconds: 0) }
  @inlinable
  public static var minute: TimeSpan { TimeSpan(seconds: 60) }
  @inlinable
  public static var hour: TimeSpan { TimeSpan(seconds: 3_600) }
  @inlinable
  public static var day: TimeSpan { TimeSpan(seconds: 86_400) }

  /// In years of 365 days.
  @inlinable
  public var years: Double { Double(nanoseconds) / (365.0 * 86_400.0 * 1e9) }
  /// In days of 24 hours.
  @inlinable
  public var days: Double { Double(nanoseconds) / (86_400.0 * 1e9) }

  @inlinable
  public static func < (left: Self, right: Self) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  public var description: String { "\(decimalText(nanoseconds, decimals: 9)) s" }
}

private func twoDigits(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
