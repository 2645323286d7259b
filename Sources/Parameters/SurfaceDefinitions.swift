// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

extension ParameterDefinition {
  /// The parameters of the volatility surface and its scenarios.
  public static let surface: [ParameterDefinition] = surfaceShape + surfaceShocks

  private static let surfaceShape: [ParameterDefinition] = [
    ParameterDefinition(
      "surface.longRunVolatility", .rate, 10_000_000...5_000_000_000,
      "at-the-money volatility toward which long expiries tend"),
    ParameterDefinition(
      "surface.termExponent.short", .rate, 0...500_000_000,
      "power of (30 days / expiry) in the term structure below 30 days; at most one half, so"
        + " that total variance rises with expiry"),
    ParameterDefinition(
      "surface.termExponent.long", .rate, 0...500_000_000, "the same above 30 days"),
    ParameterDefinition(
      "surface.shortestExpiry", .duration, 60_000_000_000...2_592_000_000_000_000,
      "times to expiry below this count as this in the term structure"),
    ParameterDefinition(
      "surface.smile.correlation", .rate, -950_000_000...950_000_000,
      "correlation of the smile, negative when puts cost more"),
    ParameterDefinition(
      "surface.smile.width", .rate, 0...1_400_000_000,
      "width of the smile per standard deviation; width^2 (1 + |correlation|) is at most 4"),
    ParameterDefinition(
      "surface.volatility.lowest", .rate, 1_000_000...5_000_000_000, "lowest volatility"),
    ParameterDefinition(
      "surface.volatility.highest", .rate, 1_000_000...20_000_000_000, "highest volatility"),
    ParameterDefinition(
      "surface.spotResponse.down", .rate, 0...3_000_000_000,
      "multiple of the skew by which volatility follows a fall of spot"),
    ParameterDefinition(
      "surface.spotResponse.up", .rate, 0...3_000_000_000,
      "multiple of the skew by which volatility follows a rise of spot"),
    ParameterDefinition(
      "surface.realized.halfLife", .duration, 60_000_000_000...31_536_000_000_000_000,
      "time after which an old squared return counts half in the level of volatility"),
    ParameterDefinition(
      "surface.realized.lowest", .rate, 1_000_000...5_000_000_000, "lowest level"),
    ParameterDefinition(
      "surface.realized.highest", .rate, 1_000_000...20_000_000_000, "highest level"),
    ParameterDefinition(
      "surface.carry.horizon", .duration, 3_600_000_000_000...31_536_000_000_000_000,
      "time to expiry at which a dated future's basis equals the perpetual's"),
    ParameterDefinition(
      "surface.carry.limit", .rate, 0...100_000_000_000,
      "largest multiple of the perpetual's basis in a dated future"),
  ]

  private static let surfaceShocks: [ParameterDefinition] = [
    ParameterDefinition(
      "surface.shock.up", .rate, 0...5_000_000_000,
      "relative rise of volatility in the up scenarios, at 30 days"),
    ParameterDefinition(
      "surface.shock.down", .rate, 0...1_000_000_000,
      "relative fall of volatility in the down scenarios, at 30 days"),
    ParameterDefinition(
      "surface.shock.exponent.short", .rate, 0...500_000_000,
      "power of (30 days / expiry) in the shocks below 30 days"),
    ParameterDefinition(
      "surface.shock.exponent.long", .rate, 0...500_000_000, "the same above 30 days"),
    ParameterDefinition(
      "surface.shock.shortestExpiry", .duration, 60_000_000_000...2_592_000_000_000_000,
      "times to expiry below this count as this in the shocks"),
    ParameterDefinition(
      "surface.shock.minimumVolatility", .rate, 0...5_000_000_000,
      "volatility reached at least by the up scenarios"),
    ParameterDefinition(
      "surface.shock.smallestUp", .rate, 0...5_000_000_000,
      "smallest relative rise, however long the expiry"),
    ParameterDefinition(
      "surface.skewShock.cap", .rate, 0...1_000_000_000,
      "largest relative move of a volatility in the skew scenarios, at expiry"),
    ParameterDefinition(
      "surface.skewShock.capSlope", .rate, -1_000_000_000...1_000_000_000,
      "change of that cap per square root of a year"),
    ParameterDefinition(
      "surface.skewShock.leastWidth", .rate, 1_000_000...1_000_000_000,
      "least log-moneyness at which the cap is reached"),
    ParameterDefinition(
      "surface.skewShock.width", .rate, 100_000_000...20_000_000_000,
      "standard deviations at which the cap is reached"),
    ParameterDefinition(
      "surface.skewShock.reference", .rate, 10_000_000...5_000_000_000,
      "volatility that counts these standard deviations"),
    ParameterDefinition(
      "surface.skewShock.referenceSlope", .rate, -1_000_000_000...1_000_000_000,
      "change of that volatility per square root of a year"),
  ]
}
