// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Parameters
import Quantities

/// Money per size step as a fraction: millionths = steps × numerator ÷ denominator.
struct StepNotional: Hashable, Sendable {
  /// At least 0.
  var numerator: Int64
  /// Positive.
  var denominator: Int64

  static let zero = StepNotional(numerator: 0, denominator: 1)

  /// The notional of so many steps, rounded up and at most the limit of requirements.
  @inline(__always)
  func of(_ steps: Int64) -> Int64 {
    let (product, overflows) = steps.multipliedReportingOverflow(by: numerator)
    guard !overflows else { return QuoteMoney.limit }
    let notional =
      denominator == 1 ? product : product / denominator + (product % denominator > 0 ? 1 : 0)
    return min(notional, QuoteMoney.limit)
  }

  /// The same, rounded down and exact beyond the limit.
  func roundedDown(_ steps: Int64) -> Int128 {
    Int128(steps) * Int128(numerator) / Int128(denominator)
  }
}

/// One tier of a contract at one market, in the contract's own size steps.
struct Tier: Hashable, Sendable {
  /// The largest position of the tier, itself included.
  var upperSteps: Int64
  var initial: TierRate
  var maintenance: TierRate
  /// Billionths.
  var penaltyRate: Int64
}

/// notional × rate − deduction; the deduction in billionths of a millionth, so that charges are
/// continuous to the last digit where one tier meets the next.
struct TierRate: Hashable, Sendable {
  /// Billionths.
  var rate: Int64
  /// The deduction ÷ 10^9, and what that leaves.
  var wholeDeduction: Int64
  var restDeduction: Int64

  init(rate: Rate, deduction: Int128) {
    self.rate = rate.billionths
    wholeDeduction = Int64(deduction / 1_000_000_000)
    restDeduction = Int64(deduction % 1_000_000_000)
  }

  /// The charge on a notional of the tier, rounded up.
  @inline(__always)
  func charge(_ notional: Int64) -> Int64 {
    let (whole, rest) = notional.quotientAndRemainder(dividingBy: 1_000_000_000)
    let fraction = (rest * rate - restDeduction + 999_999_999) / 1_000_000_000
    return min(whole * rate - wholeDeduction + fraction, QuoteMoney.limit)
  }
}

/// The tiers of one contract at one market.
///
/// The upper ends of the table, in base units or money, become whole size steps: a position is
/// in a tier when its exact measure is at most the upper end. Marginal tables get the deductions
/// deduction_n = deduction_{n−1} + lower_n × (rate_n − rate_{n−1}), Hyperliquid's published form.
struct TierSchedule {
  let table: TierTable
  /// 10^−8 of base units per size step.
  let quantityPerStep: Int64
  let notional: StepNotional
  /// Upper ends count as this share of the published ones, billionths.
  let shrink: Int64

  /// Replaces `tiers[start..<start + table.rows.count]`.
  func write(to tiers: inout [Tier], at start: Int) {
    var initialDeduction: Int128 = 0
    var maintenanceDeduction: Int128 = 0
    for (row, offset) in zip(table.rows, 0...) {
      if offset > 0, table.convention == .marginal {
        let lower = notional.roundedDown(min(tiers[start + offset - 1].upperSteps, Size.limit))
        let previous = table.rows[offset - 1]
        initialDeduction += lower * Int128((row.initial - previous.initial).billionths)
        maintenanceDeduction +=
          lower * Int128((row.maintenance - previous.maintenance).billionths)
      }
      tiers[start + offset] = Tier(
        upperSteps: upperSteps(of: row),
        initial: TierRate(rate: row.initial, deduction: bounded(initialDeduction)),
        maintenance: TierRate(rate: row.maintenance, deduction: bounded(maintenanceDeduction)),
        penaltyRate: row.penalty.billionths)
    }
  }

  private func upperSteps(of row: TierTable.Row) -> Int64 {
    guard let published = row.upper else { return .max }
    let upper = Int64(Int128(published) * Int128(shrink) / 1_000_000_000)
    switch table.measure {
    case .quantity: return quantityPerStep > 0 ? upper / quantityPerStep : .max
    case .notional:
      guard notional.numerator > 0 else { return .max }
      let steps = Int128(upper) * Int128(notional.denominator) / Int128(notional.numerator)
      return Int64(clamping: steps)
    }
  }

  /// Deductions of tiers that no permitted position reaches stay inside 64 bits.
  private func bounded(_ deduction: Int128) -> Int128 {
    min(deduction, Int128(QuoteMoney.limit) * 1_000_000_000)
  }
}
