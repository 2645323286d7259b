// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
public import Quantities

/// How quotes between two fits move a surface.
///
/// Each parameter goes toward what the quotes say by the gain n / (n + n₀): n counts the quotes,
/// each with 2^(-age ÷ half-life), and n₀ is larger the less a few quotes can tell. The level
/// moves in ln θ, the tilt in artanh ρ and the width in ln(ψ/√θ), so none leaves its domain.
public struct SurfaceUpdate: Hashable, Sendable {
  public var filter = QuoteFilter()
  /// n₀ of the level, the tilt and the width.
  public var levelCount = 1.0
  public var tiltCount = 6.0
  public var widthCount = 12.0
  /// Half-lives of quotes within one standard deviation of the forward, and beyond.
  public var coreHalfLife = TimeSpan(seconds: 30)
  public var wingHalfLife = TimeSpan(seconds: 300)

  public init() {}

  /// What an update did.
  public struct Result: Hashable, Sendable {
    public let surface: VolatilitySurface
    public let usedCount: Int
    /// By expiry, in the order given.
    public let rejected: [RejectedQuote]
  }

  /// Moves a surface to a time, along its own term structure, and then toward quotes.
  ///
  /// Fewer than four quotes of an expiry move its level only. Expiries that have passed are left
  /// out. After the quotes every smile is moved inside the bounds that the one before leaves.
  /// - Parameters:
  ///   - surface: The surface so far.
  ///   - expiries: Quotes of expiries of the surface, each once; with a forward if it changed.
  ///   - unit: In what they are quoted.
  ///   - time: Now; not before the surface's time.
  /// - Throws: ``SurfaceRefusal``.
  public func apply(
    to surface: VolatilitySurface, _ expiries: [ExpiryQuotes], unit: PriceUnit, at time: Timestamp
  ) throws(SurfaceRefusal) -> Result {
    try filter.verify()
    for (name, count) in [
      ("levelCount", levelCount), ("tiltCount", tiltCount), ("widthCount", widthCount),
    ] {
      guard count > 0, count <= 1e6 else { throw .outOfDomain(name, value: count) }
    }
    try check(time)
    for expiry in expiries where expiry.quotes.count > OptionChain.limits.quotes {
      throw .tooMany(expiry.quotes.count, limit: OptionChain.limits.quotes)
    }
    guard time >= surface.time else { throw .timeRunsBack(from: surface.time, to: time) }
    var slices = surface.rolled(to: time)
    guard !slices.isEmpty else { throw .withoutQuotes }
    var used = 0
    var rejected: [RejectedQuote] = []
    var first = slices.count
    for expiry in expiries {
      guard let index = slices.firstIndex(where: { $0.expiry == expiry.expiry }) else {
        throw .unknownExpiry(expiry.expiry)
      }
      let (slice, count) = try moved(
        slices[index], by: expiry, unit: unit, at: time,
        after: index > 0 ? slices[index - 1].smile : nil, rejected: &rejected)
      slices[index] = slice
      used += count
      first = index < first ? index : first
    }
    let moved = VolatilitySurface(
      time: time, slices: slices.projected(from: first), report: surface.report)
    return Result(surface: moved, usedCount: used, rejected: rejected)
  }

  private func moved(
    _ slice: SurfaceSlice, by expiry: ExpiryQuotes, unit: PriceUnit, at time: Timestamp,
    after earlier: SSVISmile?, rejected: inout [RejectedQuote]
  ) throws(SurfaceRefusal) -> (SurfaceSlice, Int) {
    let forward = expiry.forward ?? slice.forward
    guard forward >= 0x1p-500, forward <= 0x1p500 else {
      throw .outOfDomain("forward", value: forward)
    }
    let examiner = QuoteExaminer(
      filter: filter, unit: unit, forward: forward, yearsToExpiry: slice.yearsToExpiry,
      time: time)
    let deviation = slice.smile.theta.squareRoot()
    var quotes: [SmileQuote] = []
    var count = 0.0
    var excess = 0.0
    var latest = slice.quotedAt
    for quote in expiry.quotes {
      switch examiner.examine(quote) {
      case .rejected(let rejection):
        rejected.append(
          RejectedQuote(right: quote.right, strike: quote.strike, rejection: rejection))
      case .counts(let counted):
        let weight = self.weight(counted, age: time - quote.time, deviation: deviation)
        let w = slice.smile.totalVariance(logMoneyness: counted.logMoneyness)
        count += weight
        excess += weight * Elementary.log(counted.totalDeviation / w.squareRoot())
        latest = quote.time > latest ? quote.time : latest
        quotes.append(counted)
      }
    }
    guard count > 0 else { return (slice.with(smile: slice.smile, forward: forward), 0) }
    if quotes.count < 4 {
      let step = excess / count * (count / (count + levelCount))
      let smile = slice.smile.leveled(by: Elementary.exp(step < -1 ? -1 : step > 1 ? 1 : step))
      return (slice.with(smile: smile, forward: forward, quotedAt: latest), quotes.count)
    }
    let target = SurfaceFit.fittedSmile(&quotes, after: earlier)
    let smile = blended(slice.smile, target, count: count)
    let errors = FitErrors(quotes, smile, yearsToExpiry: slice.yearsToExpiry)
    let moved = SurfaceSlice(
      expiry: slice.expiry, yearsToExpiry: slice.yearsToExpiry, forward: forward, smile: smile,
      quotedAt: latest, medianError: errors.median, quotedFrom: quotes[0].logMoneyness,
      quotedTo: quotes[quotes.count - 1].logMoneyness)
    return (moved, quotes.count)
  }

  /// 2^(-age ÷ half-life).
  private func weight(_ quote: SmileQuote, age: TimeSpan, deviation: Double) -> Double {
    let isCore = quote.logMoneyness.magnitude <= deviation
    let halfLife = isCore ? coreHalfLife : wingHalfLife
    guard halfLife > .zero else { return age <= .zero ? 1 : 0 }
    let halves = Double(age.nanoseconds) / Double(halfLife.nanoseconds)
    return Elementary.exp(-0.693_147_180_559_945_3 * halves)
  }

  private func blended(_ old: SSVISmile, _ new: SSVISmile, count: Double) -> SSVISmile {
    let level = Elementary.exp(
      count / (count + levelCount) * Elementary.log(new.theta / old.theta))
    let theta = old.theta * level
    let oldOdds = (1 + old.rho) / (1 - old.rho)
    let newOdds = (1 + new.rho) / (1 - new.rho)
    let odds =
      oldOdds
      * Elementary.exp(count / (count + tiltCount) * Elementary.log(newOdds / oldOdds))
    let oldWidth = old.psi / old.theta.squareRoot()
    let newWidth = new.psi / new.theta.squareRoot()
    var width = newWidth
    if oldWidth > 0, newWidth > 0 {
      width =
        oldWidth
        * Elementary.exp(count / (count + widthCount) * Elementary.log(newWidth / oldWidth))
    }
    return SSVISmile(
      uncheckedTheta: theta, rho: (odds - 1) / (odds + 1), psi: width * theta.squareRoot())
  }
}

extension VolatilitySurface {
  /// The slices that remain at a later time, each with the smile that the surface has for the
  /// time to expiry left.
  fileprivate func rolled(to now: Timestamp) -> [SurfaceSlice] {
    guard now > time else { return slices }
    return slices.compactMap { slice in
      guard slice.expiry > now else { return nil }
      let years = (slice.expiry - now).years
      return SurfaceSlice(
        expiry: slice.expiry, yearsToExpiry: years, forward: slice.forward,
        smile: interpolated(years), quotedAt: slice.quotedAt,
        medianError: slice.medianError, quotedFrom: slice.quotedFrom, quotedTo: slice.quotedTo)
    }
  }
}
