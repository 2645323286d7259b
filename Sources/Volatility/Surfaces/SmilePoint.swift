// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods

/// A smile's total variance at one log-moneyness, with its first two derivatives.
public struct SmilePoint: Hashable, Sendable {
  /// ln(K/F).
  public let logMoneyness: Double
  /// σ²τ, positive.
  public let totalVariance: Double
  /// ∂w/∂k.
  public let slope: Double
  /// ∂²w/∂k².
  public let curvature: Double

  public init(logMoneyness: Double, totalVariance: Double, slope: Double, curvature: Double) {
    self.logMoneyness = logMoneyness
    self.totalVariance = totalVariance
    self.slope = slope
    self.curvature = curvature
  }

  /// Gatheral's g(k) = (1 - kw'/2w)² - (w'²/4)(1/w + 1/4) + w''/2.
  ///
  /// The sign of the implied density: below 0 a butterfly of options has a negative price.
  /// Source: J. Gatheral, A. Jacquier, Quantitative Finance 14 (2014), 59-71, equation 2.1.
  public var butterfly: Double {
    let first = 1 - logMoneyness * slope / (2 * totalVariance)
    let second = 0.25 * (slope * slope) * (1 / totalVariance + 0.25)
    return first * first - second + 0.5 * curvature
  }

  /// The implied density of ln(F_T/F) at this log-moneyness: g e^(-d₋²/2) / √(2πw).
  ///
  /// Its integral over all k is 1 for a smile without butterfly arbitrage.
  public var density: Double {
    let root = totalVariance.squareRoot()
    let d = -logMoneyness / root - 0.5 * root
    return butterfly * Normal.density(d) / root
  }
}

/// A parameter of a smile.
public enum SmileField: String, Hashable, Sendable, CaseIterable {
  case level
  case slope
  case correlation
  case shift
  case curvature
  case atTheMoneyVariance
  case width
  case skew
  case putWing
  case callWing
  case minimumVariance
  case yearsToExpiry
}

/// Why parameters are no smile, or have no equal in another form.
public enum SmileRefusal: Error, Equatable, Sendable, CustomStringConvertible {
  /// A parameter outside its domain; an infinity or NaN always is.
  case outOfDomain(SmileField, value: Double)
  /// The least total variance of the smile is below 1e-30.
  case withoutVariance(minimum: Double)
  /// b(1 + |ρ|) is above 2: the wing rises faster than any distribution allows.
  case wingTooSteep(Double)
  /// Jump-wing parameters whose minimum lies at the money: they leave one parameter open.
  case undetermined
  /// Raw parameters that no triple of SSVI gives.
  case outsideSSVI(SmileField)

  public var description: String {
    switch self {
    case .outOfDomain(let field, let value):
      "\(field.rawValue) \(value) is outside the domain of a smile"
    case .withoutVariance(let minimum):
      "the least total variance of the smile is \(minimum); it must be at least 1e-30"
    case .wingTooSteep(let slope):
      "a wing rises by \(slope) per unit of log-moneyness; at most 2 is free of arbitrage"
    case .undetermined:
      "the smile's minimum lies at the money, so these parameters do not fix its curvature"
    case .outsideSSVI(let field):
      "the smile is none of SSVI: its \(field.rawValue) does not follow from the others"
    }
  }
}

/// Refuses what is not in the range, NaN included.
func check(
  _ value: Double, in range: ClosedRange<Double>, _ field: SmileField
) throws(SmileRefusal) {
  guard range.contains(value) else { throw .outOfDomain(field, value: value) }
}
