// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
public import Quantities

/// One expiry of a surface.
public struct SurfaceSlice: Hashable, Sendable {
  public let expiry: Timestamp
  /// From the surface's time, in years of 365 days.
  public let yearsToExpiry: Double
  /// Quote units.
  public let forward: Double
  public let smile: SSVISmile
  /// When quotes last moved the smile.
  public let quotedAt: Timestamp
  /// Median magnitude of the error against the quotes of the last fit, in volatility.
  public let medianError: Double
  /// ln(K/F) of the lowest and highest quote of the last fit.
  public let quotedFrom: Double
  public let quotedTo: Double

  /// Volatility at the money, annualized.
  public var atTheMoney: Double { (smile.theta / yearsToExpiry).squareRoot() }

  func with(
    smile: SSVISmile, forward: Double? = nil, quotedAt: Timestamp? = nil
  ) -> SurfaceSlice {
    SurfaceSlice(
      expiry: expiry, yearsToExpiry: yearsToExpiry, forward: forward ?? self.forward,
      smile: smile, quotedAt: quotedAt ?? self.quotedAt, medianError: medianError,
      quotedFrom: quotedFrom, quotedTo: quotedTo)
  }
}

/// The volatilities of all strikes and expiries of one underlying: eSSVI, free of arbitrage.
///
/// A value: a fit makes it, a shock, a move of spot or an update makes another. Between expiries
/// θ, ρψ and ψ are linear in time, which keeps the bounds of both neighbors (the wings ψ(1 ± ρ)
/// are linear, and the butterfly bound is convex along them); before the first, total variance
/// falls in proportion to time, strike by strike; beyond the last, θ goes on at its last rate and
/// ρ and ψ stay.
/// Source: Corbetta, Cohort, Laachir, Martini, arXiv 1804.04924.
public struct VolatilitySurface: Hashable, Sendable {
  public let time: Timestamp
  /// By expiry, earliest first; at least one.
  public let slices: [SurfaceSlice]
  /// What the last fit used and left out.
  public let report: FitReport

  /// The smile of any time to expiry.
  ///
  /// - Parameter yearsToExpiry: From 1e-9 to 1e3.
  /// - Throws: ``SurfaceRefusal/outOfDomain(_:value:)``.
  public func smile(yearsToExpiry: Double) throws(SurfaceRefusal) -> SSVISmile {
    guard yearsToExpiry >= 1e-9, yearsToExpiry <= 1e3 else {
      throw .outOfDomain("yearsToExpiry", value: yearsToExpiry)
    }
    return interpolated(yearsToExpiry)
  }

  /// Volatility by log-moneyness ln(K/F), from -1400 to 1400, and years to expiry, annualized.
  ///
  /// - Throws: ``SurfaceRefusal/outOfDomain(_:value:)``.
  public func volatility(
    logMoneyness: Double, yearsToExpiry: Double
  ) throws(SurfaceRefusal) -> Double {
    guard logMoneyness >= -1400, logMoneyness <= 1400 else {
      throw .outOfDomain("logMoneyness", value: logMoneyness)
    }
    let smile = try smile(yearsToExpiry: yearsToExpiry)
    return (smile.totalVariance(logMoneyness: logMoneyness) / yearsToExpiry).squareRoot()
  }

  /// - Parameter years: Positive.
  func interpolated(_ years: Double) -> SSVISmile {
    let next = slices.firstIndex { $0.yearsToExpiry >= years } ?? slices.count
    if next < slices.count, slices[next].yearsToExpiry == years { return slices[next].smile }
    if next == 0 { return slices[0].smile.scaled(by: years / slices[0].yearsToExpiry) }
    if next == slices.count { return extended(years) }
    let (earlier, later) = (slices[next - 1], slices[next])
    let part =
      (years - earlier.yearsToExpiry) / (later.yearsToExpiry - earlier.yearsToExpiry)
    return earlier.smile.mixed(with: later.smile, part: part)
  }

  /// The slice of an expiry, if the surface has it.
  public func slice(of expiry: Timestamp) -> SurfaceSlice? {
    slices.first { $0.expiry == expiry }
  }

  private func extended(_ years: Double) -> SSVISmile {
    let last = slices[slices.count - 1]
    var rate = last.smile.theta / last.yearsToExpiry
    if slices.count > 1 {
      let earlier = slices[slices.count - 2]
      rate =
        (last.smile.theta - earlier.smile.theta)
        / (last.yearsToExpiry - earlier.yearsToExpiry)
    }
    return SSVISmile(
      uncheckedTheta: last.smile.theta + rate * (years - last.yearsToExpiry),
      rho: last.smile.rho, psi: last.smile.psi)
  }
}

extension SSVISmile {
  /// All total variances multiplied.
  func scaled(by factor: Double) -> SSVISmile {
    SSVISmile(uncheckedTheta: theta * factor, rho: rho, psi: psi * factor)
  }

  /// Linear in θ, ρψ and ψ.
  func mixed(with other: SSVISmile, part: Double) -> SSVISmile {
    let rest = 1 - part
    let width = rest * psi + part * other.psi
    let tilt = rest * (rho * psi) + part * (other.rho * other.psi)
    return SSVISmile(
      uncheckedTheta: rest * theta + part * other.theta, rho: width > 0 ? tilt / width : 0,
      psi: width)
  }
}

extension [SurfaceSlice] {
  /// The same slices with each smile moved inside the bounds that the one before leaves it.
  func projected(from first: Int = 0) -> [SurfaceSlice] {
    var result = self
    for index in Swift.max(first, 0)..<Swift.max(count, first) {
      let earlier = index > 0 ? result[index - 1].smile : nil
      result[index] = self[index].with(smile: self[index].smile.projected(after: earlier))
    }
    return result
  }
}
