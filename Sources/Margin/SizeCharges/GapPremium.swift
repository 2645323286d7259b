// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
public import Parameters
import Quantities

/// On which side of the market a position stands.
@frozen
public enum PositionSide: UInt8, Hashable, Sendable, CaseIterable {
  case long
  case short
}

/// What a jump through the margin costs, before anybody can act: Merton's jumps, in closed form.
///
/// A jump multiplies the price by e^Z with Z normal. A long position of notional 1 and margin m
/// then loses (1 − m − e^Z)⁺ more than it has, a short one (e^Z − 1 − m)⁺: options on the jump.
/// Source: R. Merton, J. Financial Economics 3 (1976), for the jumps. All figures are shares of
/// the notional. Without jumps each of them is exactly 0.
public struct GapPremium: Hashable, Sendable {
  /// Jumps per year, at least 0.
  public let intensityPerYear: Double
  /// Mean of Z.
  public let mean: Double
  /// Standard deviation of Z, positive.
  public let deviation: Double

  public init(_ parameters: GapParameters) {
    intensityPerYear = parameters.intensity.value
    mean = parameters.mean.value
    deviation = parameters.deviation.value
  }

  /// E of a jump's loss beyond the margin, given that there is one.
  ///
  /// - Parameter margin: m, at least 0.
  public func expectedExcess(_ side: PositionSide, margin: Double) -> Double {
    let strike = side == .long ? 1 - margin : 1 + margin
    guard strike > 0 else { return 0 }
    let drift = mean + 0.5 * (deviation * deviation)
    let near = (drift - Elementary.log(strike)) / deviation + 0.5 * deviation
    let far = near - deviation
    let growth = Elementary.exp(drift)
    let excess =
      side == .long
      ? strike * Normal.cumulative(-far) - growth * Normal.cumulative(-near)
      : growth * Normal.cumulative(near) - strike * Normal.cumulative(far)
    return excess > 0 ? excess : 0
  }

  /// π: what jumps within a horizon are expected to cost beyond the margin.
  ///
  /// - Parameters:
  ///   - margin: m, at least 0.
  ///   - horizonYears: h, at least 0.
  /// - Returns: λh × ``expectedExcess(_:margin:)``; absolute error below 1e-15 × (1 + m) × λh.
  public func premium(_ side: PositionSide, margin: Double, horizonYears: Double) -> Double {
    intensityPerYear * horizonYears * expectedExcess(side, margin: margin)
  }

  /// The mean loss beyond the margin in the worst share of outcomes.
  ///
  /// ES = v + λh·E(loss − m − v)⁺ ÷ p, where v ≥ 0 is what losses beyond the margin exceed with
  /// probability p (R. Rockafellar, S. Uryasev, J. Banking & Finance 26 (2002)), and 0 where
  /// that is rarer. Jumps count by their mean number λh, which for one jump or none errs
  /// against the account.
  /// - Parameters:
  ///   - margin: m, at least 0.
  ///   - horizonYears: h, at least 0.
  ///   - probability: p, above 0, at most ½.
  public func expectedShortfall(
    _ side: PositionSide, margin: Double, horizonYears: Double, probability: Double
  ) -> Double {
    let jumps = intensityPerYear * horizonYears
    guard jumps > 0 else { return 0 }
    var excess = 0.0
    if jumps > probability {
      let distance = Normal.inverse(probability / jumps) * deviation
      let loss =
        side == .long
        ? 1 - Elementary.exp(mean + distance) : Elementary.exp(mean - distance) - 1
      excess = loss > margin ? loss - margin : 0
    }
    let beyond = expectedExcess(side, margin: margin + excess)
    return excess + jumps * beyond / probability
  }
}
