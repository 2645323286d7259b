// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// The interest on a debt over a time: debt × rate × time ÷ 365 days, rounded up against the
/// debtor.
///
/// - Parameters:
///   - debt: Ledger units, 0 to the limit of an amount.
///   - rate: Per year, 0 to 100.
///   - span: At most a day, taken up to the next millisecond.
/// - Returns: Ledger units, at least 1 for a debt and a rate above zero.
public func debtInterest(debt: Int64, rate: Rate, over span: TimeSpan) -> Int64 {
  guard debt > 0, rate > .zero, span > .zero else { return 0 }
  let milliseconds = (min(span, .day).nanoseconds + 999_999) / 1_000_000
  // In 128 bits: 2^60 units × 10^11 billionths × 8.64·10^7 ms < 2^127.
  let product =
    Int128(min(debt, Amount.limit)) * Int128(min(rate.billionths, 100_000_000_000))
    * Int128(milliseconds)
  let year = Int128(365 * 86_400_000) * Int128(Rate.one.billionths)
  return Int64(product.divided(by: year, rounding: .up))
}
