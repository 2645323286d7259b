// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// A smile by what traders see: its level and skew at the money, its wings and its minimum.
///
/// With w = vτ: v the variance at the money, ψ = ∂√w/∂k there, p and c the slopes of the put and
/// call wing over √w, ṽ the least variance.
/// Source: J. Gatheral, A. Jacquier, Quantitative Finance 14 (2014), 59-71, equations 3.5, 3.6.
public struct JumpWing: Hashable, Sendable {
  /// v: annualized variance at the money, positive.
  public let variance: Double
  /// ψ: change of the total deviation √w with log-moneyness at the money.
  public let skew: Double
  /// p: slope of the put wing over √w, at least 0.
  public let putWing: Double
  /// c: slope of the call wing over √w, at least 0.
  public let callWing: Double
  /// ṽ: least annualized variance, positive, at most `variance`.
  public let minimumVariance: Double
  public let yearsToExpiry: Double

  /// - Throws: ``SmileRefusal`` outside the stated domain; magnitudes are at most 1e6, years from
  ///   1e-6 to 1e3.
  public init(
    variance: Double, skew: Double, putWing: Double, callWing: Double, minimumVariance: Double,
    yearsToExpiry: Double
  ) throws(SmileRefusal) {
    try check(variance, in: 1e-12...1e6, .atTheMoneyVariance)
    try check(skew, in: -1e6...1e6, .skew)
    try check(putWing, in: 0...1e6, .putWing)
    try check(callWing, in: 0...1e6, .callWing)
    try check(minimumVariance, in: 1e-15...variance, .minimumVariance)
    try check(yearsToExpiry, in: 1e-6...1e3, .yearsToExpiry)
    self.variance = variance
    self.skew = skew
    self.putWing = putWing
    self.callWing = callWing
    self.minimumVariance = minimumVariance
    self.yearsToExpiry = yearsToExpiry
  }

  /// The same smile from raw parameters.
  ///
  /// - Throws: ``SmileRefusal`` for years outside the domain.
  public init(_ raw: RawSVI, yearsToExpiry: Double) throws(SmileRefusal) {
    try check(yearsToExpiry, in: 1e-6...1e3, .yearsToExpiry)
    let vertex = (raw.m * raw.m + raw.sigma * raw.sigma).squareRoot()
    let total = raw.a + raw.b * (vertex - raw.rho * raw.m)
    let root = total.squareRoot()
    // Rounding must not put the minimum above the value at the money.
    let least = raw.minimumVariance < total ? raw.minimumVariance : total
    try self.init(
      variance: total / yearsToExpiry, skew: raw.b * (raw.rho - raw.m / vertex) / (2 * root),
      putWing: raw.b * (1 - raw.rho) / root, callWing: raw.b * (1 + raw.rho) / root,
      minimumVariance: least / yearsToExpiry, yearsToExpiry: yearsToExpiry)
  }
}

extension RawSVI {
  /// The same smile from jump-wing parameters.
  ///
  /// With β = m/√(m² + σ²): the rise from the minimum to the money is
  /// bσ(1 - ρβ - √(1-ρ²)√(1-β²)) / √(1-β²), which gives σ without a case for the sign of m.
  /// - Throws: ``SmileRefusal/undetermined`` where the minimum lies at the money, within 1e-7 of
  ///   ρ = β; ``SmileRefusal/outOfDomain(_:value:)`` for a skew beyond the wings; otherwise as
  ///   ``init(a:b:rho:m:sigma:)``.
  public init(_ jumpWing: JumpWing) throws(SmileRefusal) {
    let total = jumpWing.variance * jumpWing.yearsToExpiry
    let root = total.squareRoot()
    let b = 0.5 * root * (jumpWing.putWing + jumpWing.callWing)
    guard b > 0 else { throw .outOfDomain(.putWing, value: jumpWing.putWing) }
    let rho =
      (jumpWing.callWing - jumpWing.putWing) / (jumpWing.callWing + jumpWing.putWing)
    let beta = rho - 2 * jumpWing.skew * root / b
    guard beta > -1, beta < 1 else { throw .outOfDomain(.skew, value: jumpWing.skew) }
    let betaRoot = ((1 - beta) * (1 + beta)).squareRoot()
    let cosine = 1 - rho * beta
    let sine = ((1 - rho) * (1 + rho)).squareRoot() * betaRoot
    // 1 - ρβ - √(1-ρ²)√(1-β²) without its cancellation near ρ = β.
    let rise = (rho - beta) * (rho - beta) / (cosine + sine)
    guard (rho - beta).magnitude > 1e-7 else { throw .undetermined }
    let drop = (jumpWing.variance - jumpWing.minimumVariance) * jumpWing.yearsToExpiry
    let sigma = drop * betaRoot / (b * rise)
    let a =
      jumpWing.minimumVariance * jumpWing.yearsToExpiry
      - b * sigma * ((1 - rho) * (1 + rho)).squareRoot()
    try self.init(a: a, b: b, rho: rho, m: sigma * beta / betaRoot, sigma: sigma)
  }
}
