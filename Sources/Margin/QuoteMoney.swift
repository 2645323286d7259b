// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// Arithmetic on millionths of the quote currency, the unit of equity and requirements.
///
/// Money beyond ± 2^61 millionths (2.3·10^12 quote) counts as that much; equity saturates one
/// unit below requirements, so an account out of range is never found healthy.
public enum QuoteMoney {
  /// The largest requirement, 2^61 millionths.
  @inlinable
  public static var limit: Int64 { 1 << 61 }

  /// Millionths in one of the quote currency.
  @inlinable
  public static var unitsPerOne: Int64 { 1_000_000 }

  @inlinable
  static func clampedEquity(_ value: Int128) -> Int64 {
    Int64(min(max(value, -Int128(limit)), Int128(limit) - 1))
  }

  /// - Parameter value: At least 0.
  @inlinable
  static func clampedCharge(_ value: Int128) -> Int64 { Int64(min(value, Int128(limit))) }

  /// The sum of two charges, each between 0 and the limit.
  @inlinable
  static func sum(_ one: Int64, _ other: Int64) -> Int64 { min(one + other, limit) }

  /// `notional` × `rate`, rounded up; the same as ``Rate/share(of:rounding:)``, without its
  /// division of 128 bits.
  ///
  /// - Parameters:
  ///   - notional: 0 to the limit.
  ///   - rate: Billionths, 0 to 2·10^9, so that all products fit 64 bits.
  @inlinable
  static func charge(_ notional: Int64, rate: Int64) -> Int64 {
    let (whole, rest) = notional.quotientAndRemainder(dividingBy: 1_000_000_000)
    let fraction = (rest * rate + 999_999_999) / 1_000_000_000
    return min(whole * rate + fraction, limit)
  }
}
