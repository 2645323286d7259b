// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
public import Quantities

/// What it costs to add to the imbalance of a market, as a potential of the imbalance.
///
///     Φ(S) = k |S|^e,   fee = Φ(S₁) − Φ(S₀)
///
/// A difference of a potential is the same on every path: nothing is gained by splitting a trade,
/// and what brings the market back gets back what taking it away cost. e = 1.5 is the square-root
/// law of impact; e = 2 is GMX's impact (k = factor) and Synthetix's skew price (k = P ÷ 2K).
public struct EntryFeePotential: Hashable, Sendable {
  /// Millionths of the quote currency at an imbalance of one quote currency, positive.
  public let scale: Double
  public let exponent: Double
  /// The largest part of a rebate that is paid.
  public let rebateShare: Rate

  /// The largest imbalance, millionths of the quote currency.
  public static var limit: Int64 { 1 << 61 }

  /// - Returns: `nil` unless the scale is positive, the exponent between 1 and 3, the share of a
  ///   rebate between 0 and 1, and the potential of the largest imbalance finite.
  public init?(scale: Double, exponent: Double, rebateShare: Rate) {
    guard scale > 0, scale.isFinite, (1...3).contains(exponent),
      (0...1_000_000_000).contains(rebateShare.billionths)
    else { return nil }
    self.scale = scale
    self.exponent = exponent
    self.rebateShare = rebateShare
    guard (scale * Elementary.pow(Double(Self.limit) * 1e-6, exponent)).isFinite else { return nil }
  }

  /// The scale at which moving from balance to `reference` costs `cost`, both millionths.
  public static func scale(cost: Int64, at reference: Int64, exponent: Double) -> Double {
    Double(cost) / Elementary.pow(Double(reference) * 1e-6, exponent)
  }

  /// Φ of an imbalance of either sign, millionths of the quote currency, rounded to even once and
  /// at most ``limit``.
  public func potential(of imbalance: Int64) -> Int64 {
    guard imbalance != 0 else { return 0 }
    let size = min(Double(imbalance.magnitude), Double(Self.limit)) * 1e-6
    let value = (scale * Elementary.pow(size, exponent)).rounded(.toNearestOrEven)
    return value < Double(Self.limit) ? Int64(value) : Self.limit
  }

  /// What a trade pays that takes the imbalance from one value to another; negative for a rebate.
  ///
  /// A rebate is cut to ``rebateShare``, rounded toward the venue, and never more than the pot
  /// holds that earlier fees filled: nobody else pays for it.
  /// - Parameter pot: Millionths of the quote currency, not negative.
  public func fee(from before: Int64, to after: Int64, pot: Int64) -> Int64 {
    let change = potential(of: after) - potential(of: before)
    guard change < 0 else { return change }
    return -min(rebateShare.share(of: -change, rounding: .down), max(pot, 0))
  }
}

/// The price of a trade that moves the skew of a market whose premium is in proportion to it.
///
/// Source: Synthetix v3, `AsyncOrder.calculateFillPrice`: P (1 + (skew₀ + skew₁) ÷ 2K), rounded
/// to even.
/// - Parameters:
///   - before: The skew before the trade, in steps of size.
///   - after: The skew after it.
///   - scale: K, the skew at which the price doubles, positive.
public func skewedPrice(_ index: Price, before: Int64, after: Int64, scale: Int64) -> Price? {
  guard scale > 0 else { return nil }
  let shift = (Int128(before) + Int128(after)) * Int128(index.steps)
  let price = Int128(index.steps) + shift.divided(by: 2 * Int128(scale), rounding: .halfEven)
  guard price >= 0, price <= Int128(Price.limit) else { return nil }
  return Price(steps: Int64(price))
}
