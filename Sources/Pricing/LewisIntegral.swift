// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
import NumericalMethods

/// The price of one option by Lewis's integral with Black's formula as control variate.
///
/// The reference among the pricers: slower than ``FourierSlice`` and accurate whatever the
/// model's tails. With k = ln(F/K), and v = -8 ln φ(-i/2) so that the integrand vanishes at 0,
///
///     C = Black(F, K, v) + √(FK)/π ∫ Re{e^(iuk) [e^(-v(u² + ¼)/2) - φ(u - i/2)]} / (u² + ¼) du
///
/// over u > 0. The integrand is even and analytic, so the trapezoidal rule in t with
/// u = c sinh t, whose points cover all scales alike, converges geometrically: its step is halved
/// until the sum stands still.
/// Source: A. L. Lewis, Option valuation under stochastic volatility (2000), chapter 2.
public enum LewisIntegral {
  /// Evaluations of the characteristic function at most.
  public static let termLimit = 1 << 13

  /// The undiscounted price of an option settled in the quote currency.
  ///
  /// - Parameters:
  ///   - model: Where it is ``Black76`` the price is that function's, to the bit.
  ///   - forward: Forward price at expiry, quote units, from 2^-500 to 2^500.
  ///   - strike: Strike, quote units, from 2^-500 to 2^500.
  ///   - yearsToExpiry: From 0, which gives intrinsic value, to 100.
  ///   - right: Call or put.
  /// - Returns: Price in quote units, never below intrinsic value; absolute error below
  ///   1e-13 × (forward + strike).
  /// - Throws: ``PricingError``.
  public static func price(
    model: some CharacteristicModel, forward: Double, strike: Double, yearsToExpiry: Double,
    right: OptionRight
  ) throws(PricingError) -> Double {
    let general = model.general
    try SVCJModel.check(years: yearsToExpiry)
    // Refuses forwards and strikes, and is the answer where nothing is random but the diffusion.
    let deterministic = general.deterministicVariance(years: yearsToExpiry)
    let intrinsic = try Black76.price(
      forward: forward, strike: strike,
      totalVariance: yearsToExpiry == 0 ? 0 : deterministic ?? 0, right: right)
    if deterministic != nil || yearsToExpiry == 0 { return intrinsic }
    let k = Black76.logarithm(ofRatio: forward, to: strike)
    // Time value is below the smaller of forward and strike, here e^-40 of the larger.
    if k.magnitude > 40 { return intrinsic }
    let integral = LewisIntegrand(general, logarithmOfRatio: k, years: yearsToExpiry)
    let correction = try integral.value()
    let control = try Black76.price(
      forward: forward, strike: strike, totalVariance: integral.controlVariance, right: right)
    let scale = forward.squareRoot() * strike.squareRoot()
    let timeValue = (control - intrinsic) + scale * correction
    let limit = forward < strike ? forward : strike
    return intrinsic + (timeValue > 0 ? (timeValue < limit ? timeValue : limit) : 0)
  }
}

extension Black76 {
  /// ln(a/b) for a and b between 2^-500 and 2^500.
  static func logarithm(ofRatio a: Double, to b: Double) -> Double {
    let ratio = a / b
    return ratio > 0.5 && ratio < 2
      ? Elementary.log1p((a - b) / b) : Elementary.log(ratio)
  }
}

/// The integrand over t, times c cosh t.
private struct LewisIntegrand {
  let model: SVCJModel
  let k: Double
  let years: Double
  /// v.
  let controlVariance: Double
  /// c.
  let scale: Double

  init(_ model: SVCJModel, logarithmOfRatio k: Double, years: Double) {
    self.model = model
    self.k = k
    self.years = years
    let middle = CharacteristicExponent(model, at: ComplexNumber(0, -0.5), years: years)
    controlVariance = -8 * middle.value.real
    // The poles of φ may come as near as the strip of the first two moments, ½.
    let width = 1 / (4 * model.roughVariance(years: years)).squareRoot()
    let clamped = width < 16 ? width : 16
    scale = clamped > 0.5 ? clamped : 0.5
  }

  /// The integral over u, divided by π.
  func value() throws(PricingError) -> Double {
    let refusal = PricingError.unresolved(termLimit: LewisIntegral.termLimit)
    guard controlVariance > 0x1p-40, controlVariance < 0x1p20, let end = end() else {
      throw refusal
    }
    var count = 16
    var step = end / 16
    var sum = 0.0
    for index in 0...count { sum += at(Double(index) * step) * (index == 0 ? 0.5 : 1) }
    var before = sum * step
    while count * 2 <= LewisIntegral.termLimit {
      for index in 0..<count { sum += at((Double(index) + 0.5) * step) }
      count *= 2
      step *= 0.5
      let now = sum * step
      guard now.magnitude < 0x1p20 else { throw refusal }
      // Halving the step about squares the error: the difference is that of the coarser sum.
      if (now - before).magnitude <= 0x1p-43, count >= 64 { return now * 0x1.45f306dc9c883p-2 }
      before = now
    }
    throw refusal
  }

  private func at(_ t: Double) -> Double {
    let growth = Elementary.exp(t)
    let shrink = 1 / growth
    let u = scale * (0.5 * (growth - shrink))
    let weight = u * u + 0.25
    let exponent = CharacteristicExponent(
      model, at: ComplexNumber(u, -0.5), years: years)
    let control = Elementary.exp(-0.5 * controlVariance * weight)
    let turn = ComplexNumber.exp(ComplexNumber(0, u * k))
    let difference = ComplexNumber(control) - ComplexNumber.exp(exponent.value)
    let part = turn.real * difference.real - turn.imaginary * difference.imaginary
    return part / weight * (scale * (0.5 * (growth + shrink)))
  }

  /// The t beyond which the rest of the integral is below 2^-50: |φ| falls monotonically there.
  private func end() -> Double? {
    var t = 1.0
    while t < 24 {
      let u = scale * (0.5 * (Elementary.exp(t) - Elementary.exp(-t)))
      let weight = u * u + 0.25
      let exponent = CharacteristicExponent(
        model, at: ComplexNumber(u, -0.5), years: years
      ).diffusion.real
      guard !exponent.isNaN else { return nil }
      let control = -0.5 * controlVariance * weight
      let larger = exponent > control ? exponent : control
      if Elementary.exp(larger) * u / weight < 0x1p-54 { return t }
      t += 0.125
    }
    return nil
  }
}
