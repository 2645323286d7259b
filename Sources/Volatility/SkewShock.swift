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
  /// Volatility moves by as much at every strike, more for near expiries.
  case term
  /// The wings rise and the money falls.
  case smile
}

/// The skew scenarios: σ → σ·(1 + clip(k·c/k*, ±c)), k = ln(K/F) or its absolute value.
///
/// c and k* depend on the time to expiry as ``SkewShockParameters`` says. Source of the form:
/// Derive's portfolio manager. Two twists go beyond it: term is σ → σ·(1 + t·x) with t its move
/// at 30 days and x the time factor of ``VolatilityShock``, at most 1; smile is
/// σ → σ·(1 + s·(2·clip(|k|·c/k*, c) − c)), which lifts the wings by s·c and lowers the money by
/// as much. House forms; what the skew scenarios do not have is a move of whole expiries against
/// each other and of the wings against the money.
public struct SkewShock: Hashable, Sendable {
  private let cap: Double
  private let capSlope: Double
  private let leastWidth: Double
  private let width: Double
  private let reference: Double
  private let referenceSlope: Double
  private let term: Double
  private let smile: Double
  private let level: VolatilityShock?

  /// - Parameters:
  ///   - twists: Of the term and smile scenarios; without them those move nothing.
  ///   - level: Whose time factor the term twist takes; `nil` moves every expiry alike.
  public init(
    _ parameters: SkewShockParameters, twists: TwistParameters = .none,
    level: VolatilityShock? = nil
  ) {
    term = twists.term.value
    smile = twists.smile.value
    self.level = level
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
    let scale = level?.scale(yearsToExpiry: yearsToExpiry) ?? 1
    let move = term * scale
    return SkewMoves(
      cap: positiveLimit, slope: positiveLimit / safeReach, term: move < 1 ? move : 1,
      smile: smile)
  }
}

/// The skew moves of one expiry, ready to apply.
@frozen
public struct SkewMoves: Hashable, Sendable {
  /// Largest relative move.
  public let cap: Double
  /// Relative move per unit of log-moneyness inside the cap.
  public let slope: Double
  /// Relative move of the term twist.
  public let term: Double
  /// Share of the cap by which the smile twist lifts the wings and lowers the money.
  public let smile: Double

  @inlinable
  public init(cap: Double, slope: Double, term: Double = 0, smile: Double = 0) {
    self.cap = cap
    self.slope = slope
    self.term = term
    self.smile = smile
  }

  /// The factor on the volatility of a strike with `logMoneyness` = ln(K/F).
  @inlinable
  public func factor(_ state: SkewState, logMoneyness: Double) -> Double {
    switch state {
    case .tilt: return 1 + clipped(logMoneyness)
    case .bend: return 1 + clipped(logMoneyness.magnitude)
    case .term: return 1 + term
    case .smile: return 1 + smile * (2 * clipped(logMoneyness.magnitude) - cap)
    }
  }

  @inlinable
  func clipped(_ distance: Double) -> Double {
    let move = distance * slope
    let capped = move < cap ? move : cap
    return capped > -cap ? capped : -cap
  }
}
