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
  /// The imbalance up to which the potential is zero, millionths of the quote currency.
  public let threshold: Int64
  /// The most that the next unit of imbalance costs, of that unit; `nil` for no such limit.
  public let slopeCap: Rate?
  /// The imbalance beyond the threshold, in quote currency, from which the potential rises
  /// straight; infinite where it never does.
  private let knee: Double

  /// The largest imbalance, millionths of the quote currency.
  public static var limit: Int64 { 1 << 61 }

  /// - Returns: `nil` unless the scale is positive, the exponent between 1 and 3, the share of a
  ///   rebate between 0 and 1, the threshold not negative, the cap above 0 and at most 1, and the
  ///   potential of the largest imbalance finite.
  public init?(
    scale: Double, exponent: Double, rebateShare: Rate, threshold: Int64 = 0,
    slopeCap: Rate? = nil
  ) {
    guard scale > 0, scale.isFinite, (1...3).contains(exponent), threshold >= 0,
      (0...1_000_000_000).contains(rebateShare.billionths),
      slopeCap.map({ (1...1_000_000_000).contains($0.billionths) }) ?? true
    else { return nil }
    self.scale = scale
    self.exponent = exponent
    self.rebateShare = rebateShare
    self.threshold = threshold
    self.slopeCap = slopeCap
    knee = slopeCap.map { Self.knee(scale, exponent, slope: $0) } ?? .infinity
    guard (scale * Elementary.pow(Double(Self.limit) * 1e-6, exponent)).isFinite else { return nil }
  }

  /// The scale at which moving from balance to `reference` costs `cost`, both millionths.
  public static func scale(cost: Int64, at reference: Int64, exponent: Double) -> Double {
    Double(cost) / Elementary.pow(Double(reference) * 1e-6, exponent)
  }

  /// Where scale × exponent × S^(exponent − 1) reaches the slope.
  private static func knee(_ scale: Double, _ exponent: Double, slope: Rate) -> Double {
    // Millionths per unit of the quote currency, like the scale.
    let steepest = slope.value * 1e6
    guard exponent > 1 else { return scale > steepest ? 0 : .infinity }
    let knee = Elementary.pow(steepest / (scale * exponent), 1 / (exponent - 1))
    return knee.isFinite ? knee : .infinity
  }

  /// Φ of an imbalance of either sign, millionths of the quote currency, rounded to even once and
  /// at most ``limit``.
  public func potential(of imbalance: Int64) -> Int64 {
    let magnitude = Int64(min(imbalance.magnitude, UInt64(Self.limit)))
    guard magnitude > threshold else { return 0 }
    return rounded(smooth(Double(magnitude - threshold) * 1e-6))
  }

  /// What a size costs from balance on, as a share of it, whatever the threshold; rounded to even.
  ///
  /// - Parameter notional: Millionths of the quote currency; 0 and less cost nothing.
  public func averageCost(of notional: Int64) -> Rate {
    guard notional > 0 else { return .zero }
    let size = Double(min(notional, Self.limit))
    let share = (smooth(size * 1e-6) / size * 1e9).rounded(.toNearestOrEven)
    return Rate(billionths: share < 1e9 ? Int64(share) : 1_000_000_000)
  }

  /// Φ beyond the threshold, at an imbalance in quote currency.
  private func smooth(_ size: Double) -> Double {
    guard let slopeCap, size > knee else { return scale * Elementary.pow(size, exponent) }
    return scale * Elementary.pow(knee, exponent) + slopeCap.value * 1e6 * (size - knee)
  }

  private func rounded(_ value: Double) -> Int64 {
    let units = value.rounded(.toNearestOrEven)
    return units < Double(Self.limit) ? Int64(units) : Self.limit
  }

  /// What a trade pays that takes the imbalance from one value to another; negative for a rebate.
  ///
  /// A rebate is cut to ``rebateShare``, rounded toward the venue, and never more than the pot
  /// holds that earlier fees filled: nobody else pays for it. A trade through balance is two: one
  /// that gets its rebate and one that pays, as if it had stopped between.
  /// - Parameter pot: Millionths of the quote currency, not negative.
  public func fee(from before: Int64, to after: Int64, pot: Int64) -> Int64 {
    if before.signum() * after.signum() < 0 {
      return potential(of: after) - rebate(potential(of: before), pot: pot)
    }
    let change = potential(of: after) - potential(of: before)
    return change < 0 ? -rebate(-change, pot: pot) : change
  }

  private func rebate(_ relief: Int64, pot: Int64) -> Int64 {
    min(rebateShare.share(of: relief, rounding: .down), max(pot, 0))
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
