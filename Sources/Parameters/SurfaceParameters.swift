// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// The shape of volatility between strikes, expiries and scenarios.
public struct SurfaceParameters: Hashable, Sendable {
  /// Where long expiries pull the at-the-money volatility.
  public let longRunVolatility: Rate
  /// How the distance from ``longRunVolatility`` changes with (30 days ÷ time to expiry).
  public let termExponents: ExponentPair
  /// Times to expiry below this count as this.
  public let shortestExpiry: TimeSpan
  /// Correlation ρ of the smile: negative when puts cost more than calls.
  public let smileCorrelation: Rate
  /// Width φ of the smile per standard deviation.
  public let smileWidth: Rate
  /// The range of every volatility.
  public let lowestVolatility: Rate
  public let highestVolatility: Rate
  /// How far volatility follows a fall and a rise of spot, in multiples of the skew.
  public let spotResponseDown: Rate
  public let spotResponseUp: Rate
  public let shock: VolatilityShockParameters
  public let skewShock: SkewShockParameters
  public let realized: RealizedVolatilityParameters
  public let carry: CarryParameters

  public init(_ set: ParameterSet) throws(ParameterError) {
    longRunVolatility = try set.rate("surface.longRunVolatility")
    termExponents = ExponentPair(
      short: try set.rate("surface.termExponent.short"),
      long: try set.rate("surface.termExponent.long"))
    shortestExpiry = try set.duration("surface.shortestExpiry")
    smileCorrelation = try set.rate("surface.smile.correlation")
    smileWidth = try set.rate("surface.smile.width")
    lowestVolatility = try set.rate("surface.volatility.lowest")
    highestVolatility = try set.rate("surface.volatility.highest")
    spotResponseDown = try set.rate("surface.spotResponse.down")
    spotResponseUp = try set.rate("surface.spotResponse.up")
    shock = try VolatilityShockParameters(set)
    skewShock = try SkewShockParameters(set)
    realized = try RealizedVolatilityParameters(set)
    carry = CarryParameters(
      horizon: try set.duration("surface.carry.horizon"),
      limit: try set.rate("surface.carry.limit"))
    guard lowestVolatility <= highestVolatility else {
      throw .inconsistent(key: "surface.volatility.highest", reason: "below the lowest")
    }
  }
}

/// Exponents on either side of 30 days to expiry.
@frozen
public struct ExponentPair: Hashable, Sendable {
  public let short: Rate
  public let long: Rate

  @inlinable
  public init(short: Rate, long: Rate) {
    self.short = short
    self.long = long
  }
}

/// How far a scenario moves volatility up and down.
public struct VolatilityShockParameters: Hashable, Sendable {
  /// Relative moves for an expiry in 30 days.
  public let up: Rate
  public let down: Rate
  /// How the moves change with (30 days ÷ time to expiry).
  public let exponents: ExponentPair
  /// Times to expiry below this count as this.
  public let shortestExpiry: TimeSpan
  /// An upward move ends here at least.
  public let minimumVolatility: Rate
  /// The smallest upward move, however long the expiry.
  public let smallestUp: Rate

  public init(
    up: Rate, down: Rate, exponents: ExponentPair, shortestExpiry: TimeSpan,
    minimumVolatility: Rate, smallestUp: Rate
  ) {
    self.up = up
    self.down = down
    self.exponents = exponents
    self.shortestExpiry = shortestExpiry
    self.minimumVolatility = minimumVolatility
    self.smallestUp = smallestUp
  }

  init(_ set: ParameterSet) throws(ParameterError) {
    self.init(
      up: try set.rate("surface.shock.up"), down: try set.rate("surface.shock.down"),
      exponents: ExponentPair(
        short: try set.rate("surface.shock.exponent.short"),
        long: try set.rate("surface.shock.exponent.long")),
      shortestExpiry: try set.duration("surface.shock.shortestExpiry"),
      minimumVolatility: try set.rate("surface.shock.minimumVolatility"),
      smallestUp: try set.rate("surface.shock.smallestUp"))
  }
}

/// How far the skew scenarios tilt and bend the smile: σ → σ·(1 + clip(k·c/k*, ±c)) with
/// c = cap + slope·√τ and k* = max(least, √τ·width·(reference + referenceSlope·√τ)).
public struct SkewShockParameters: Hashable, Sendable {
  public let cap: Rate
  public let capSlope: Rate
  public let leastWidth: Rate
  public let width: Rate
  public let reference: Rate
  public let referenceSlope: Rate

  public init(
    cap: Rate, capSlope: Rate, leastWidth: Rate, width: Rate, reference: Rate,
    referenceSlope: Rate
  ) {
    self.cap = cap
    self.capSlope = capSlope
    self.leastWidth = leastWidth
    self.width = width
    self.reference = reference
    self.referenceSlope = referenceSlope
  }

  init(_ set: ParameterSet) throws(ParameterError) {
    self.init(
      cap: try set.rate("surface.skewShock.cap"),
      capSlope: try set.rate("surface.skewShock.capSlope"),
      leastWidth: try set.rate("surface.skewShock.leastWidth"),
      width: try set.rate("surface.skewShock.width"),
      reference: try set.rate("surface.skewShock.reference"),
      referenceSlope: try set.rate("surface.skewShock.referenceSlope"))
  }
}

/// How returns of the index become the level of the surface.
public struct RealizedVolatilityParameters: Hashable, Sendable {
  /// Time after which an old squared return counts half.
  public let halfLife: TimeSpan
  public let lowest: Rate
  public let highest: Rate

  public init(halfLife: TimeSpan, lowest: Rate, highest: Rate) {
    self.halfLife = halfLife
    self.lowest = lowest
    self.highest = highest
  }

  init(_ set: ParameterSet) throws(ParameterError) {
    self.init(
      halfLife: try set.duration("surface.realized.halfLife"),
      lowest: try set.rate("surface.realized.lowest"),
      highest: try set.rate("surface.realized.highest"))
    guard lowest <= highest else {
      throw .inconsistent(key: "surface.realized.highest", reason: "below the lowest")
    }
  }
}

/// How the basis of dated futures follows the perpetual's.
@frozen
public struct CarryParameters: Hashable, Sendable {
  /// Time to expiry at which a future's basis equals the perpetual's.
  public let horizon: TimeSpan
  /// The largest multiple of the perpetual's basis.
  public let limit: Rate

  @inlinable
  public init(horizon: TimeSpan, limit: Rate) {
    self.horizon = horizon
    self.limit = limit
  }
}
