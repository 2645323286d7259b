// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// Sells as much as frees the margin that is short, at a stated fee to the liquidator and to the
/// fund.
///
/// Source: Drift v2, `math/liquidation.rs`. There is no impact and one margin rate; the size is
/// that of ``ImpactProblem`` with κ = 0 and the missing margin as the deficit.
@frozen
public struct ShortageRule: Hashable, Sendable {
  /// Margin freed per notional closed.
  public let marginRate: Rate
  /// Of what is closed, to the liquidator.
  public let liquidatorFee: Rate
  /// Of what is closed, to the insurance fund.
  public let fundFee: Rate

  /// - Returns: `nil` unless the fees are not negative and the margin rate is between 0 and 1.
  public init?(marginRate: Rate, liquidatorFee: Rate, fundFee: Rate) {
    guard (Rate.zero...Rate.one).contains(marginRate),
      (Rate.zero...Rate.one).contains(liquidatorFee), (Rate.zero...Rate.one).contains(fundFee)
    else { return nil }
    self.marginRate = marginRate
    self.liquidatorFee = liquidatorFee
    self.fundFee = fundFee
  }

  /// Billionths of base units to close, rounded down.
  ///
  ///     shortage ÷ (P × (margin rate − fees))
  ///
  /// - Parameters:
  ///   - shortage: Of margin, millionths of the quote currency, not negative.
  ///   - price: Of the base unit in the settlement asset.
  ///   - settlementPrice: Of the settlement asset in the quote currency.
  /// - Returns: `nil` where closing frees less than it costs, and for a price of zero: all there
  ///   is has to go.
  public func size(shortage: Int64, price: Price, settlementPrice: Price) -> Int64? {
    let relief =
      Int128(marginRate.billionths) - Int128(liquidatorFee.billionths)
      - Int128(fundFee.billionths)
    // In 10^−16 quote currency for a base unit.
    let value = Int128(price.steps) * Int128(settlementPrice.steps)
    guard relief > 0, value > 0 else { return nil }
    // In 10^−8, rounded up, so that a price is never too high.
    let unit = value.divided(by: 100_000_000, rounding: .up)
    // 10^−6 ÷ (10^−8 × 10^−9) = 10^11 base units, 10^20 billionths.
    let numerator = Int128(min(max(shortage, 0), Amount.limit)) * 100_000_000_000
    let (perUnit, overflows) = unit.multipliedReportingOverflow(by: relief)
    guard !overflows else { return 0 }
    return Int64(clamping: Self.quotient(numerator, times: 1_000_000_000, over: perUnit))
  }

  /// What the fund may take so that closing all of a position still frees enough.
  ///
  ///     min(fund fee, 0.95 × (margin rate − liquidator fee − shortage ÷ notional))
  ///
  /// - Parameters:
  ///   - notional: Of the position, millionths of the quote currency, positive.
  /// - Returns: At least zero, rounded down.
  public func affordableFundFee(shortage: Int64, notional: Int64) -> Rate {
    guard notional > 0 else { return .zero }
    let missing = (Int128(max(shortage, 0)) * 1_000_000_000)
      .divided(by: Int128(notional), rounding: .up)
    let left = Int128(marginRate.billionths) - Int128(liquidatorFee.billionths) - missing
    guard left > 0 else { return .zero }
    return min(fundFee, Rate(billionths: Int64((left * 95) / 100)))
  }

  /// numerator × factor ÷ divisor, rounded down, of positive numbers; saturating.
  private static func quotient(
    _ numerator: Int128, times factor: Int128, over divisor: Int128
  ) -> Int128 {
    let product = numerator.magnitude.multipliedFullWidth(by: factor.magnitude)
    guard product.high < divisor.magnitude else { return .max }
    let quotient = divisor.magnitude.dividingFullWidth(product).quotient
    return Int128(exactly: quotient) ?? .max
  }
}
