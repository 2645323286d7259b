// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Pricing

/// Why a book has no value at risk.
public enum ValueAtRiskError: Error, Equatable, Sendable, CustomStringConvertible {
  case book(ModelError)
  /// Not above 0 and below 1.
  case confidenceOutOfBounds(Double)
  /// Not above 0, or above ``RangeTerms/mostDays``.
  case horizonOutOfBounds(Double)
  /// An option or future whose expiry has come.
  case expiredLeg(String)
  case withoutVolatility(String)
  /// A position whose profits are given row by row, so that nothing can revalue it.
  case withoutModel(String)
  /// One entry is needed for each underlying of the book.
  case wrongCount(expected: Int, found: Int)
  case tooFewReturns(needed: Int, found: Int)
  /// A standardized return is not finite, or moves the price by more than e^10.
  case malformedReturn(underlying: Int, place: Int)
  /// A daily volatility is not above 0 and at most 10, where plain history has 1.
  case malformedVolatility(underlying: Int)
  /// A response, volatility of volatility or correlation outside its domain.
  case malformedResponse(underlying: Int)
  /// Histories that do not cover the same days.
  case unequalHistories(expected: Int, found: Int)
  case pathCountOutOfBounds(Int)
  case stepsOutOfBounds(Int)
  case tooManyUnderlyings(Int)
  case pricing(PricingError)
  /// A scenario moves an option out of the pricer's domain, or a value beyond 10^30.
  case outOfRange(String)

  public var description: String {
    switch self {
    case .book(let error): error.description
    case .confidenceOutOfBounds(let value): "confidence \(value): not above 0 and below 1"
    case .horizonOutOfBounds(let value):
      "horizon of \(value) days: not above 0 and at most \(RangeTerms.mostDays)"
    case .expiredLeg(let name): "\(name): has expired"
    case .withoutVolatility(let name): "\(name): an option needs a volatility above 0"
    case .withoutModel(let name): "\(name): given row by row, so it cannot be revalued"
    case .wrongCount(let expected, let found):
      "\(found) entries; one is needed for each of \(expected) underlyings"
    case .tooFewReturns(let needed, let found): "\(found) returns; at least \(needed)"
    case .malformedReturn(let underlying, let place):
      "underlying \(underlying), return \(place): outside its domain"
    case .malformedVolatility(let underlying):
      "underlying \(underlying): a daily volatility is above 0 and at most 10"
    case .malformedResponse(let underlying):
      "underlying \(underlying): response of volatility outside its domain"
    case .unequalHistories(let expected, let found):
      "\(found) returns beside \(expected): histories must cover the same days"
    case .pathCountOutOfBounds(let count):
      "\(count) paths; from \(PathTerms.leastPaths) to \(PathTerms.mostPaths)"
    case .stepsOutOfBounds(let count): "\(count) steps a day; from 1 to \(PathTerms.mostSteps)"
    case .tooManyUnderlyings(let count):
      "\(count) underlyings; at most \(ValueAtRisk.mostUnderlyings)"
    case .pricing(let error): error.description
    case .outOfRange(let name): "\(name): a scenario leaves the domain of the pricing model"
    }
  }
}
