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
}

/// Why a model refuses to price.
public enum PricingError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A value outside the domain of the model; an infinity or NaN always is.
  case outOfDomain(PricingField, value: Double)

  public var description: String {
    switch self {
    case .outOfDomain(let field, let value):
      "\(field.rawValue) \(value) is outside the domain of the model"
    }
  }
}
