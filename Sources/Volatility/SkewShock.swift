// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Parameters
import Quantities

/// How a skew scenario bends the smile, spot unchanged.
@frozen
public enum SkewState: UInt8, Hashable, Sendable, CaseIterable {
  /// Volatility rises above the forward and falls below it.
  case tilt
  /// Volatility rises on both sides.
  case bend
}

/// The skew scenarios: σ → σ·(1 + clip(k·c/k*, ±c)), k = ln(K/F) or its absolute value.
///
/// c and k* depend on the time to expiry as ``SkewShockParameters`` says. Source of the form:
/// Derive's portfolio manager.
public struct SkewShock: Hashable, Sendable {
  private let cap: Double
  private let capSlope: Double
  private let leastWidth: Double
  private let width: Double
  private let reference: Double
  private let referenceSlope: Double

  public init(_ parameters: SkewShockParameters) {
    cap = parameters.cap.value
    capSlope = parameters.capSlope.value
    leastWidth = parameters.leastWidth.value
    width = parameters.width.value
    reference = parameters.reference.value
    referenceSlope = parameters.referenceSlope.value
  }

  /// The moves of one expiry.
  /// - Parameter yearsToExpiry: At least 0.
  public func moves(yearsToExpiry: Double) -> SkewMoves {
    let root = yearsToExpiry > 0 ? yearsToExpiry.squareRoot() : 0
    let limit = cap + capSlope * root
    let reach = (root * width) * (reference + referenceSlope * root)
    let positiveLimit = limit > 0 ? limit : 0
    let safeReach = reach > leastWidth ? reach : leastWidth
    return SkewMoves(cap: positiveLimit, slope: positiveLimit / safeReach)
  }
}

/// The skew moves of one expiry, ready to apply.
@frozen
public struct SkewMoves: Hashable, Sendable {
  /// Largest relative move.
  public let cap: Double
  /// Relative move per unit of log-moneyness inside the cap.
  public let slope: Double

  @inlinable
  public init(cap: Double, slope: Double) {
    self.cap = cap
    self.slope = slope
  }

  /// The factor on the volatility of a strike with `logMoneyness` = ln(K/F).
  @inlinable
  public func factor(_ state: SkewState, logMoneyness: Double) -> Double {
    let distance = state == .bend ? logMoneyness.magnitude : logMoneyness
    let move = distance * slope
    let capped = move < cap ? move : cap
    return 1 + (capped > -cap ? capped : -cap)
  }
}
