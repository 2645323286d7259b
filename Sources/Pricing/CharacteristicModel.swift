// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import NumericalMethods

/// A model of the forward whose logarithm has a characteristic function in closed form.
///
/// All of them are cases of ``SVCJModel``: leaving out the jumps of the variance gives
/// ``BatesModel``, all jumps ``HestonModel``, and the randomness of the variance
/// ``MertonModel``. ``FourierSlice`` prices the strikes of an expiry, ``LewisIntegral`` one option
/// as the reference, ``FourierGreeks`` the sensitivities.
public protocol CharacteristicModel: Hashable, Sendable {
  /// The same model with all parameters; those it lacks have no effect.
  var general: SVCJModel { get }
  /// The parameters it has, which are those it can be differentiated by.
  static var parameters: [ModelParameter] { get }
}

/// A parameter of ``SVCJModel``.
public enum ModelParameter: Int, Hashable, Sendable, CaseIterable {
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
}

extension CharacteristicModel {
  /// φ(u), the expectation of e^(iux) with x = ln(F_T / F), under which F_T has mean F.
  ///
  /// - Parameters:
  ///   - u: Where the expectation exists: any real u, and imaginary parts from -1 to 0 always.
  ///   - years: Years to expiry, from 0 to 100.
  /// - Returns: φ(u), exactly 1 at 0 and -i; elsewhere its logarithm is within 1e-14 of its terms.
  /// - Throws: ``PricingError/outOfDomain(_:value:)``, and ``PricingError/unresolved(termLimit:)``
  ///   where the terms pass the range of the elementary functions.
  public func characteristic(
    _ u: ComplexNumber, years: Double
  ) throws(PricingError) -> ComplexNumber {
    try SVCJModel.check(years: years)
    if u.real == 0, u.imaginary == 0 || u.imaginary == -1 { return .one }
    let value = ComplexNumber.exp(CharacteristicExponent(general, at: u, years: years).value)
    guard value.isFinite else { throw .unresolved(termLimit: 1) }
    return value
  }
}

extension SVCJModel {
  static func check(years: Double) throws(PricingError) {
    try Black76.check(years, upTo: 100, .yearsToExpiry)
  }

  /// The total variance, where nothing is random but the forward's diffusion: Black's model then.
  func deterministicVariance(years: Double) -> Double? {
    guard jumps.intensity == 0, variance.volatilityOfVariance == 0 else { return nil }
    return variance.meanTotalVariance(years: years)
  }
}
