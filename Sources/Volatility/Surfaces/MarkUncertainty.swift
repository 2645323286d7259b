// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
public import Quantities

/// How uncertain a mark is: the error of the fit, what volatility may have done since the last
/// quote, and how far the strike lies outside the quotes.
///
/// ε² = e² + (σ·ν·(30/d)^p)²·days since the quotes + (σ·λ·z)², z the distance outside the quoted
/// strikes in standard deviations. The band counts only against the account: its longs are
/// marked at σ - ε, its shorts at σ + ε.
///
/// ν and p are measured on Deribit (BTC): the 99.5th percentile of the relative rise of 30-day
/// volatility in a day is 16 %, so ν = 0.16 / 2.576; changes grow with (30/d)^0.54 below 30 days
/// and (30/d)^0.60 above.
public struct MarkUncertainty: Hashable, Sendable {
  /// Least error of a fit, in volatility.
  public var leastError = 0.001
  /// ν: standard deviation of the relative change in a day, for 30 days to expiry.
  public var dailyChange = 0.062
  public var shortExponent = 0.54
  public var longExponent = 0.60
  /// λ: relative error per standard deviation outside the quotes.
  public var wingError = 0.02

  public init() {}

  /// Half the width of the band, in volatility.
  ///
  /// - Parameters:
  ///   - surface: The surface.
  ///   - logMoneyness: ln(K/F).
  ///   - yearsToExpiry: Of the option; the quotes are those of the first expiry not before it, or
  ///     of the last.
  ///   - time: Now.
  /// - Throws: ``SurfaceRefusal/outOfDomain(_:value:)``, ``SurfaceRefusal/outsideCalendar(_:)``.
  public func halfWidth(
    of surface: VolatilitySurface, logMoneyness: Double, yearsToExpiry: Double,
    at time: Timestamp
  ) throws(SurfaceRefusal) -> Double {
    try check(time)
    let volatility = try surface.volatility(
      logMoneyness: logMoneyness, yearsToExpiry: yearsToExpiry)
    let slice =
      surface.slices.first { $0.yearsToExpiry >= yearsToExpiry }
      ?? surface.slices[surface.slices.count - 1]
    let deviation = surface.interpolated(yearsToExpiry).theta.squareRoot()
    let error = slice.medianError > leastError ? slice.medianError : leastError
    let age = (time - slice.quotedAt).days
    let ratio = (30.0 / 365.0) / yearsToExpiry
    let exponent = ratio > 1 ? shortExponent : longExponent
    let change = dailyChange * Elementary.pow(ratio, exponent) * volatility
    let below = slice.quotedFrom - logMoneyness
    let above = logMoneyness - slice.quotedTo
    let outside = below > above ? below : above
    let wing = outside > 0 ? wingError * volatility * (outside / deviation) : 0
    let square = error * error + change * change * (age > 0 ? age : 0) + wing * wing
    return square.squareRoot()
  }
}

extension MarkUncertainty {
  /// One relative figure for a surface: the half width at the money in 30 days ÷ the volatility
  /// there, rounded up to a billionth; what `UnderlyingLiquidity.volatilityUncertainty` takes.
  ///
  /// - Throws: ``SurfaceRefusal``, as ``halfWidth(of:logMoneyness:yearsToExpiry:at:)`` does.
  public func relative(
    of surface: VolatilitySurface, at time: Timestamp
  ) throws(SurfaceRefusal) -> Rate {
    let years = 30.0 / 365.0
    let width = try halfWidth(of: surface, logMoneyness: 0, yearsToExpiry: years, at: time)
    let level = try surface.volatility(logMoneyness: 0, yearsToExpiry: years)
    // A share beyond every domain is as uncertain as it gets.
    let share = (width / level * 1e9).rounded(.up)
    return Rate(billionths: share < Double(Rate.limit) ? Int64(share) : Rate.limit)
  }
}

/// The volatility an option is marked at: the middle of what fit, quotes and another venue say.
///
/// Of two it is their mean, of one that one. Source of the form: Paradex, mark price.
/// - Parameters:
///   - fit: From the surface.
///   - quoted: Implied by the middle of bid and ask; nil without a two-sided quote.
///   - external: From another venue; nil without one.
public func markVolatility(fit: Double, quoted: Double?, external: Double?) -> Double {
  switch (quoted, external) {
  case (nil, nil): return fit
  case (let other?, nil), (nil, let other?): return 0.5 * (fit + other)
  case (let quoted?, let external?):
    let low = quoted < external ? quoted : external
    let high = quoted < external ? external : quoted
    return fit < low ? low : fit > high ? high : fit
  }
}
