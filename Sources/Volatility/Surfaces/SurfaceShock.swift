// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
public import Parameters
import Quantities

/// How far the volatility at the money follows spot, in multiples of the skew; 0 is sticky
/// moneyness, 1 sticky strike.
///
/// Measured on Deribit over 889 moves of six hours: 2.5 to 3.0 on falls, -0.3 to 0.7 on rises.
public struct SpotStickiness: Hashable, Sendable {
  public let down: Double
  public let up: Double

  /// The measured values: 3.0 and 0.4.
  public static let measured = SpotStickiness(uncheckedDown: 3, up: 0.4)

  /// - Throws: ``SurfaceRefusal/outOfDomain(_:value:)`` outside 0 to 3.
  public init(down: Double, up: Double) throws(SurfaceRefusal) {
    guard down >= 0, down <= 3 else { throw .outOfDomain("down", value: down) }
    guard up >= 0, up <= 3 else { throw .outOfDomain("up", value: up) }
    self.init(uncheckedDown: down, up: up)
  }

  public init(_ parameters: SurfaceParameters) {
    self.init(
      uncheckedDown: parameters.spotResponseDown.value, up: parameters.spotResponseUp.value)
  }

  private init(uncheckedDown down: Double, up: Double) {
    self.down = down
    self.up = up
  }
}

/// A stress of a surface in the space of its parameters.
///
/// A relative move s of the volatility at the money is θ → s²θ, ψ → sψ: the smile keeps its shape
/// per standard deviation, and ψ²(1 + |ρ|) ≤ 4θ stays true. The twists add to that.
public struct SurfaceShock: Hashable, Sendable {
  /// The level by the scenarios of margin; nil leaves it.
  public var level: VolatilityShock?
  public var state = VolatilityState.unchanged
  /// Relative rise of volatility from one year on, and its fall at 30/12.2 days and below.
  ///
  /// Linear in ln(time) between, nothing at 30 days. From -0.9 to 0.9.
  public var termTwist = 0.0
  /// Added to artanh ρ, from -2 to 2: above 0 calls gain and puts lose.
  public var skewTwist = 0.0
  /// Relative change of ψ, from -0.9 to 4: above 0 both wings rise against the money.
  public var smileTwist = 0.0

  public init() {}

  /// A level scenario of the margin grid.
  public init(_ level: VolatilityShock, _ state: VolatilityState) {
    self.level = level
    self.state = state
  }

  fileprivate func verify() throws(SurfaceRefusal) {
    for (name, value, range) in [
      ("termTwist", termTwist, -0.9...0.9), ("skewTwist", skewTwist, -2...2),
      ("smileTwist", smileTwist, -0.9...4),
    ] {
      guard range.contains(value) else { throw .outOfDomain(name, value: value) }
    }
  }

  /// The smile before it is moved inside the calendar bounds.
  fileprivate func apply(_ slice: SurfaceSlice) -> SSVISmile {
    let volatility = slice.atTheMoney
    var factor = 1.0
    if let level {
      let moves = level.moves(yearsToExpiry: slice.yearsToExpiry)
      factor = moves.apply(state, to: volatility) / volatility
    }
    // ln(365/30): one year counts fully.
    let months = Elementary.log(slice.yearsToExpiry * (365.0 / 30)) / 2.498_699_973_003_592
    let part = months < -1 ? -1 : months > 1 ? 1 : months
    factor *= 1 + termTwist * part
    let smile = slice.smile.leveled(by: factor)
    // tanh(artanh ρ + δ) through (1 + ρ)/(1 - ρ).
    let ratio = (1 + smile.rho) / (1 - smile.rho) * Elementary.exp(2 * skewTwist)
    let rho = skewTwist == 0 ? smile.rho : (ratio - 1) / (ratio + 1)
    let limited = rho < -0.995 ? -0.995 : rho > 0.995 ? 0.995 : rho
    return SSVISmile(
      uncheckedTheta: smile.theta, rho: limited, psi: smile.psi * (1 + smileTwist))
  }
}

extension SSVISmile {
  /// All volatilities per standard deviation multiplied, by at least a twentieth: θ → s²θ, ψ → sψ.
  func leveled(by factor: Double) -> SSVISmile {
    let s = factor > 0.05 ? factor : 0.05
    return SSVISmile(uncheckedTheta: theta * (s * s), rho: rho, psi: psi * s)
  }
}

extension VolatilitySurface {
  /// The surface under a stress, moved inside the bounds where the stress has left them.
  ///
  /// - Throws: ``SurfaceRefusal/outOfDomain(_:value:)`` for a twist outside its range.
  public func shocked(by shock: SurfaceShock) throws(SurfaceRefusal) -> VolatilitySurface {
    try shock.verify()
    return VolatilitySurface(
      time: time, slices: slices.map { $0.with(smile: shock.apply($0)) }.projected(),
      report: report)
  }

  /// The surface after spot and every forward have moved by a factor.
  ///
  /// At the money σ' = σ + R·S·ln(F'/F) with S = ρψ/(2√(θτ)), R one of the two multiples; the
  /// smile keeps its shape per standard deviation around the new forward. σ' stays between a
  /// quarter and four times σ: R is measured on moves of up to 14 %, and in the tails of the margin
  /// grid a line through them would send the nearest expiries anywhere.
  /// - Parameters:
  ///   - logMove: ln(F'/F), from -10 to 10.
  ///   - stickiness: The multiples R.
  /// - Throws: ``SurfaceRefusal/outOfDomain(_:value:)``.
  public func moved(
    by logMove: Double, stickiness: SpotStickiness = .measured
  ) throws(SurfaceRefusal) -> VolatilitySurface {
    guard logMove >= -10, logMove <= 10 else { throw .outOfDomain("logMove", value: logMove) }
    let response = logMove < 0 ? stickiness.down : stickiness.up
    let growth = Elementary.exp(logMove)
    let moved = slices.map { slice in
      let volatility = slice.atTheMoney
      let skew = slice.smile.skew(yearsToExpiry: slice.yearsToExpiry)
      let wished = 1 + response * skew * logMove / volatility
      let factor = wished < 0.25 ? 0.25 : wished > 4 ? 4 : wished
      let smile = slice.smile.leveled(by: factor)
      return slice.with(smile: smile, forward: slice.forward * growth)
    }
    return VolatilitySurface(time: time, slices: moved.projected(), report: report)
  }
}
