// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// A smile of SSVI: w(k) = ½(θ + ρψk + √((ψk + θρ)² + θ²(1 - ρ²))).
///
/// θ is the total variance at the money, ψ = θφ(θ) and ρψ its skew ∂w/∂k there. With a ρ of its
/// own for every expiry the surface is called eSSVI.
/// Source: J. Gatheral, A. Jacquier, Quantitative Finance 14 (2014), 59-71; S. Hendriks,
/// C. Martini, arXiv 1804.04924 with J. Corbetta, P. Cohort, I. Laachir, for ρ by expiry.
public struct SSVISmile: Hashable, Sendable {
  /// θ: total variance at the money, positive.
  public let theta: Double
  /// ρ: correlation, between -1 and 1, both excluded.
  public let rho: Double
  /// ψ: width, at least 0; the wings rise by ψ(1 ± ρ)/2 per unit of log-moneyness.
  public let psi: Double

  /// - Parameters: As the properties say; `theta` from 1e-12 to 1e6, `psi` up to 1e6.
  /// - Throws: ``SmileRefusal/outOfDomain(_:value:)``. Butterfly arbitrage is not refused here;
  ///   see ``satisfiesButterflyBounds``.
  public init(theta: Double, rho: Double, psi: Double) throws(SmileRefusal) {
    try check(theta, in: 1e-12...1e6, .atTheMoneyVariance)
    try check(rho, in: (-1.0).nextUp...1.0.nextDown, .correlation)
    try check(psi, in: 0...1e6, .width)
    self.init(uncheckedTheta: theta, rho: rho, psi: psi)
  }

  init(uncheckedTheta theta: Double, rho: Double, psi: Double) {
    self.theta = theta
    self.rho = rho
    self.psi = psi
  }

  /// The same smile from raw parameters that are one of SSVI to 1e-9 of its size.
  ///
  /// - Throws: ``SmileRefusal/outsideSSVI(_:)`` with the first parameter that does not fit.
  public init(_ raw: RawSVI) throws(SmileRefusal) {
    try self.init(
      theta: raw.totalVariance(logMoneyness: 0), rho: raw.rho, psi: 2 * raw.b)
    guard psi > 0 else { throw .outsideSSVI(.slope) }
    let own = RawSVI(self)
    let reach = own.m.magnitude + own.sigma
    guard (raw.m - own.m).magnitude <= 1e-9 * reach else { throw .outsideSSVI(.shift) }
    guard (raw.sigma - own.sigma).magnitude <= 1e-9 * reach else {
      throw .outsideSSVI(.curvature)
    }
    guard (raw.a - own.a).magnitude <= 1e-9 * theta else { throw .outsideSSVI(.level) }
  }

  /// Total variance σ²τ at a log-moneyness ln(K/F).
  public func totalVariance(logMoneyness: Double) -> Double {
    let x = psi * logMoneyness
    let shifted = x + theta * rho
    let root = (shifted * shifted + (theta * theta) * ((1 - rho) * (1 + rho))).squareRoot()
    return 0.5 * (theta + rho * x + root)
  }

  /// Total variance and its derivatives at a log-moneyness ln(K/F).
  public func point(logMoneyness: Double) -> SmilePoint {
    let x = psi * logMoneyness
    let shifted = x + theta * rho
    let floor = (theta * theta) * ((1 - rho) * (1 + rho))
    let root = (shifted * shifted + floor).squareRoot()
    let bent = psi / root
    return SmilePoint(
      logMoneyness: logMoneyness, totalVariance: 0.5 * (theta + rho * x + root),
      slope: 0.5 * psi * (rho + shifted / root),
      curvature: 0.5 * (bent * bent) * (floor / root))
  }

  /// dσ/dk at the money for an expiry in so many years: ρψ / (2√(θτ)).
  public func skew(yearsToExpiry: Double) -> Double {
    rho * psi / (2 * (theta * yearsToExpiry).squareRoot())
  }
}

extension RawSVI {
  /// The same smile from SSVI parameters; a flat one, ψ = 0, becomes b = 0.
  public init(_ smile: SSVISmile) {
    let (theta, rho, psi) = (smile.theta, smile.rho, smile.psi)
    let complement = (1 - rho) * (1 + rho)
    guard psi > 0 else {
      self.init(uncheckedA: theta, b: 0, rho: rho, m: 0, sigma: 1)
      return
    }
    self.init(
      uncheckedA: 0.5 * theta * complement, b: 0.5 * psi, rho: rho, m: -theta * rho / psi,
      sigma: theta * complement.squareRoot() / psi)
  }
}
