// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// A smile by the five raw parameters of SVI: w(k) = a + b(ρ(k - m) + √((k - m)² + σ²)).
///
/// Source: J. Gatheral, A. Jacquier, Quantitative Finance 14 (2014), 59-71, equation 3.1.
public struct RawSVI: Hashable, Sendable {
  /// Level a of total variance.
  public let a: Double
  /// Slope b of the wings, at least 0.
  public let b: Double
  /// Correlation ρ: the tilt of the wings, between -1 and 1, both excluded.
  public let rho: Double
  /// Shift m of the smile along log-moneyness.
  public let m: Double
  /// Curvature σ at the vertex, positive.
  public let sigma: Double

  /// - Parameters: As the properties say; magnitudes up to 1e6, `sigma` from 1e-12.
  /// - Throws: ``SmileRefusal``: outside these, with a variance below 1e-30 somewhere, or with a
  ///   wing that is steeper than 2. Parameters that pass may still have butterfly arbitrage.
  public init(
    a: Double, b: Double, rho: Double, m: Double, sigma: Double
  ) throws(SmileRefusal) {
    try check(a, in: -1e6...1e6, .level)
    try check(b, in: 0...1e6, .slope)
    try check(rho, in: (-1.0).nextUp...1.0.nextDown, .correlation)
    try check(m, in: -1e6...1e6, .shift)
    try check(sigma, in: 1e-12...1e6, .curvature)
    let steepness = b * (1 + rho.magnitude)
    guard steepness <= 2 else { throw .wingTooSteep(steepness) }
    self.init(uncheckedA: a, b: b, rho: rho, m: m, sigma: sigma)
    guard minimumVariance >= 1e-30 else { throw .withoutVariance(minimum: minimumVariance) }
  }

  init(uncheckedA a: Double, b: Double, rho: Double, m: Double, sigma: Double) {
    self.a = a
    self.b = b
    self.rho = rho
    self.m = m
    self.sigma = sigma
  }

  /// The least total variance: a + bσ√(1 - ρ²).
  public var minimumVariance: Double {
    a + b * sigma * ((1 - rho) * (1 + rho)).squareRoot()
  }

  /// Total variance σ²τ at a log-moneyness ln(K/F).
  public func totalVariance(logMoneyness: Double) -> Double {
    let x = logMoneyness - m
    return a + b * (rho * x + (x * x + sigma * sigma).squareRoot())
  }

  /// Total variance and its derivatives at a log-moneyness ln(K/F).
  public func point(logMoneyness: Double) -> SmilePoint {
    let x = logMoneyness - m
    let root = (x * x + sigma * sigma).squareRoot()
    let ratio = sigma / root
    return SmilePoint(
      logMoneyness: logMoneyness, totalVariance: a + b * (rho * x + root),
      slope: b * (rho + x / root), curvature: b * (ratio * ratio) / root)
  }
}
