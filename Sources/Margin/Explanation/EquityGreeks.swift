// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// How equity changes with the index of one underlying, its volatility and time.
///
/// Of equity in the quote currency, per unit of each variable: quote units, volatility in units
/// of 1.00 (not per cent), years of 365 days.
@frozen
public struct EquityGreeks: Hashable, Sendable {
  /// ∂E/∂S: base units, what an equal amount of the coin would gain and lose.
  public var delta: Double
  /// ∂²E/∂S²: base units per quote unit.
  public var gamma: Double
  /// ∂E/∂σ: quote units per 1.00 of volatility, all strikes and expiries by as much.
  public var vega: Double
  /// ∂E/∂t: quote units per year, index and volatility as they are.
  public var theta: Double
  /// ∂²E/∂S∂σ: base units per 1.00 of volatility.
  public var vanna: Double
  /// ∂²E/∂σ²: quote units per 1.00 of volatility squared.
  public var volga: Double

  @inlinable
  public init(
    delta: Double = 0, gamma: Double = 0, vega: Double = 0, theta: Double = 0,
    vanna: Double = 0, volga: Double = 0
  ) {
    self.delta = delta
    self.gamma = gamma
    self.vega = vega
    self.theta = theta
    self.vanna = vanna
    self.volga = volga
  }

  public static var zero: EquityGreeks { EquityGreeks() }

  public static func + (left: Self, right: Self) -> Self {
    EquityGreeks(
      delta: left.delta + right.delta, gamma: left.gamma + right.gamma,
      vega: left.vega + right.vega, theta: left.theta + right.theta,
      vanna: left.vanna + right.vanna, volga: left.volga + right.volga)
  }
}

/// Where a contract lies on the ladder: not an option, or by the delta of the call at its strike.
///
/// Calls and puts of one strike stand in one bucket, for their gamma and vega are the same: the
/// put of a call with delta 0.9 has delta −0.1. A bucket holds its lower end.
public enum DeltaBucket: UInt8, Hashable, Sendable, CaseIterable, Comparable {
  /// Spot, perpetuals, futures and coins.
  case linear
  /// Call delta below 0.10: calls far out of the money.
  case below10
  case from10to25
  case from25to40
  /// At the money.
  case from40to60
  case from60to75
  case from75to90
  /// Call delta of 0.90 and above: puts far out of the money.
  case above90

  /// The bucket of an option.
  ///
  /// - Parameter callDelta: 0 to 1.
  public init(callDelta: Double) {
    let ends = [0.10, 0.25, 0.40, 0.60, 0.75, 0.90]
    let place = ends.count { callDelta >= $0 }
    self = Self.allCases[place + 1]
  }

  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
