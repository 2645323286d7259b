// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Parameters
import Quantities

/// The tier charge of a net size, whatever contracts it is held in: the floor of a portfolio's
/// scenario loss.
///
/// The initial rates of the underlying's table, in 10^−8 of base units and millionths instead of
/// one contract's steps.
struct NetTiers: Sendable {
  let table: TierTable
  /// Upper ends are this share of the published ones, billionths.
  var shrink = Rate.one.billionths
  var price = Price.zero

  init(_ table: TierTable) { self.table = table }

  /// - Parameters:
  ///   - quantity: 10^−8 of base units, at least 0.
  ///   - notional: The same at the index, millionths.
  func charge(quantity: Int128, notional: Int64) -> Int64 {
    let measure = table.measure == .quantity ? quantity : Int128(notional)
    guard measure < 1 << 80 else { return QuoteMoney.limit }
    var weighted: Int128 = 0
    var lower: Int128 = 0
    for row in table.rows {
      let upper = min(upper(of: row), measure)
      switch table.convention {
      case .wholePosition: weighted = measure * Int128(row.initial.billionths)
      case .marginal: weighted += max(upper - lower, 0) * Int128(row.initial.billionths)
      }
      lower = max(lower, upper)
      guard measure > upper else { break }
    }
    let perUnit = Int128(table.initialPerUnit.billionths)
    if perUnit > 0 {
      let (rate, overflows) = quantity.multipliedReportingOverflow(by: perUnit)
      guard !overflows else { return QuoteMoney.limit }
      let added = rate.divided(by: 100_000_000, rounding: .up)
      let (product, tooMuch) = measure.multipliedReportingOverflow(by: added)
      guard !tooMuch, product < 1 << 120 else { return QuoteMoney.limit }
      weighted += product
    }
    return money(weighted)
  }

  /// A measure times billionths as millionths of the quote currency, rounded up.
  private func money(_ weighted: Int128) -> Int64 {
    switch table.measure {
    case .notional:
      return QuoteMoney.clampedCharge(weighted.divided(by: 1_000_000_000, rounding: .up))
    case .quantity:
      let (product, overflows) =
        weighted.multipliedReportingOverflow(by: Int128(price.steps))
      guard !overflows else { return QuoteMoney.limit }
      return QuoteMoney.clampedCharge(
        product.divided(by: 10_000_000_000_000_000_000, rounding: .up))
    }
  }

  private func upper(of row: TierTable.Row) -> Int128 {
    guard let upper = row.upper else { return 1 << 100 }
    return Int128(upper) * Int128(shrink) / 1_000_000_000
  }

  /// The share of the published upper ends that a multiple of the stressed volume leaves,
  /// billionths, rounded down: one where the first of them lies within it.
  static func shrink(
    _ table: TierTable, price: Price, volume: Int64?, multiple: Rate
  ) -> Int64 {
    let one = Rate.one.billionths
    guard multiple > .zero, let volume, let upper = table.rows.first?.upper else { return one }
    let worth =
      switch table.measure {
      case .notional: Int128(upper)
      case .quantity:
        (Int128(upper) * Int128(price.steps)).divided(by: 10_000_000_000, rounding: .up)
      }
    guard worth > 0 else { return one }
    return Int64(min(Int128(volume) * Int128(multiple.billionths) / worth, Int128(one)))
  }
}
