// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// An input that a pricing model is given.
public enum PricingField: String, Hashable, Sendable, CaseIterable {
  case forward
  case strike
  case totalVariance
  case volatility
  case yearsToExpiry
  /// Call or put, as the sign 1 or -1 in a column.
  case right
  case initialVariance
  case meanVariance
  case meanReversion
  case volatilityOfVariance
  case correlation
  case jumpIntensity
  case meanJump
  case jumpDeviation
  case meanVarianceJump
  case jumpCorrelation
  /// How many paths, or time steps of a path, a simulation takes.
  case pathCount
  case stepCount
  case spot
  case rate
  case yield
}

/// Why a model refuses to price.
public enum PricingError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A value outside the domain of the model; an infinity or NaN always is.
  case outOfDomain(PricingField, value: Double)
  /// The transform of the model decays so slowly, because little of its variance is a diffusion's,
  /// or turns so fast that its documented accuracy would take more terms than the limit.
  case unresolved(termLimit: Int)

  public var description: String {
    switch self {
    case .outOfDomain(let field, let value):
      "\(field.rawValue) \(value) is outside the domain of the model"
    case .unresolved(let limit):
      "the model's transform is not resolved by \(limit) terms"
    }
  }
}
