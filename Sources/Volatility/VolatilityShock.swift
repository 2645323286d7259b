// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
public import Parameters
import Quantities

/// What a scenario does to volatility.
@frozen
public enum VolatilityState: UInt8, Hashable, Sendable, CaseIterable {
  case up
  case unchanged
  case down
}

/// The volatility move of the scenarios: larger for near expiries.
///
/// Up: max(σ(1 + max(u·x, least)), minimum); down: σ·max(0, 1 − d·x); x = (30 days ÷ τ)^p with
/// one exponent p below 30 days and one above. Source of the form: Deribit portfolio margin.
public struct VolatilityShock: Hashable, Sendable {
  private let up: Double
  private let down: Double
  private let smallestUp: Double
  private let minimum: Double
  private let shortestYears: Double
  private let exponents: TermExponents

  public init(_ parameters: VolatilityShockParameters) {
    up = parameters.up.value
    down = parameters.down.value
    smallestUp = parameters.smallestUp.value
    minimum = parameters.minimumVolatility.value
    shortestYears = parameters.shortestExpiry.years
    exponents = TermExponents(parameters.exponents)
  }

  /// The moves of one expiry.
  public func moves(yearsToExpiry: Double) -> VolatilityMoves {
    let scale = scale(yearsToExpiry: yearsToExpiry)
    let rise = up * scale
    let fall = 1 - down * scale
    return VolatilityMoves(
      upFactor: 1 + (rise > smallestUp ? rise : smallestUp), minimumUp: minimum,
      downFactor: fall > 0 ? fall : 0)
  }

  /// x: how far the moves of an expiry exceed those at 30 days.
  func scale(yearsToExpiry: Double) -> Double {
    let years = yearsToExpiry > shortestYears ? yearsToExpiry : shortestYears
    return exponents.scale(yearsToExpiry: years)
  }
}

/// The volatility moves of one expiry, ready to apply.
@frozen
public struct VolatilityMoves: Hashable, Sendable {
  public let upFactor: Double
  public let minimumUp: Double
  public let downFactor: Double

  @inlinable
  public init(upFactor: Double, minimumUp: Double, downFactor: Double) {
    self.upFactor = upFactor
    self.minimumUp = minimumUp
    self.downFactor = downFactor
  }

  /// The volatility in a state.
  @inlinable
  public func apply(_ state: VolatilityState, to volatility: Double) -> Double {
    switch state {
    case .up:
      let raised = volatility * upFactor
      return raised > minimumUp ? raised : minimumUp
    case .unchanged: return volatility
    case .down: return volatility * downFactor
    }
  }
}

/// (30 days ÷ time to expiry)^p with one exponent on either side of 30 days.
struct TermExponents: Hashable, Sendable {
  private let short: Double
  private let long: Double

  init(_ pair: ExponentPair) {
    short = pair.short.value
    long = pair.long.value
  }

  /// - Parameter yearsToExpiry: Positive.
  func scale(yearsToExpiry: Double) -> Double {
    let ratio = (30.0 / 365.0) / yearsToExpiry
    return Elementary.exp((ratio > 1 ? short : long) * Elementary.log(ratio))
  }
}
