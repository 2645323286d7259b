// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

extension ParameterDefinition {
  /// The parameters of margin models (``ModelParameters``).
  ///
  /// The `*` after `model` is an underlying or a collateral asset; `default` holds for all others.
  public static let model: [ParameterDefinition] =
    modelScan + modelVolatility + modelCore + modelFloors + modelCharges + modelPositions
    + modelAccount

  private static let share: ClosedRange<Int64> = 0...1_000_000_000
  private static let money: ClosedRange<Int64> = 0...1_000_000_000_000_000_000

  private static let modelScan: [ParameterDefinition] = [
    ParameterDefinition(
      "model.*.scan.range", .rate, 1_000_000...900_000_000, "largest move of spot in the grid"),
    ParameterDefinition(
      "model.*.scan.steps", .count, 0...16,
      "grid steps from no move to the range; 0 leaves all rows to the list"),
    ParameterDefinition(
      "model.*.scan.hasUnchanged", .flag, 0...1,
      "whether the grid has rows in which volatility stays as it is"),
    ParameterDefinition(
      "model.*.scan.movesVolatility", .flag, 0...1,
      "whether the grid has rows in which volatility rises and falls"),
    ParameterDefinition(
      "model.*.scan.edgesOnlyUp", .flag, 0...1,
      "whether the two outermost moves have the row with volatility up alone"),
    ParameterDefinition(
      "model.*.scan.inCoin", .flag, 0...1,
      "whether coin-settled profits are counted in coin at today's index"),
    ParameterDefinition(
      "model.*.scan.holdingsMove", .flag, 0...1,
      "whether coins held gain and lose with spot in the scenarios"),
    ParameterDefinition(
      "model.*.scan.coin.gainShare", .rate, share,
      "share of a gain settled in coin that offsets losses in the quote currency"),
    ParameterDefinition(
      "model.*.scan.coin.gainLimit", .money, money, "largest such gain"),
    ParameterDefinition(
      "model.*.scan.quote.gainShare", .rate, share,
      "share of a gain settled in the quote currency that offsets losses in coin"),
    ParameterDefinition(
      "model.*.scan.quote.gainLimit", .money, money, "largest such gain"),
    ParameterDefinition(
      "model.*.row.*.shift", .rate, -990_000_000...20_000_000_000,
      "move of spot of a listed scenario; rows count from 1"),
    ParameterDefinition(
      "model.*.row.*.volatility", .count, -1...1, "its volatility: 1 up, 0 unchanged, -1 down"),
    ParameterDefinition(
      "model.*.row.*.share", .rate, share, "share of its profit or loss that counts"),
    ParameterDefinition(
      "model.*.tail.*.shift", .rate, -990_000_000...20_000_000_000,
      "move of spot of a tail scenario, volatility up; rows count from 1"),
    ParameterDefinition(
      "model.*.tail.share", .rate, share, "share of every tail's profit or loss that counts"),
    ParameterDefinition(
      "model.*.tail.damper", .rate, 0...2_000_000_000,
      "a tail counts with this / |shift| of its profit or loss"),
    ParameterDefinition(
      "model.*.tail.rangeDamper", .rate, 0...2_000_000_000,
      "a tail counts with this x range / |shift| of its profit or loss"),
    ParameterDefinition(
      "model.*.tail.clipsLinear", .flag, 0...1,
      "whether contracts that are no options stop at the range in the tails, then counted whole"),
    ParameterDefinition(
      "model.*.tail.coin.deduction", .money, money,
      "part of a tail's loss settled in coin that does not count; its gain then counts as nothing"),
    ParameterDefinition(
      "model.*.tail.quote.deduction", .money, money,
      "part of a tail's loss settled in the quote currency that does not count; as above"),
  ]

  private static let modelVolatility: [ParameterDefinition] = [
    ParameterDefinition(
      "model.*.volatility.isAdditive", .flag, 0...1,
      "whether the moves are points added rather than shares of the volatility"),
    ParameterDefinition(
      "model.*.volatility.up", .rate, 0...10_000_000_000, "move up at 30 days to expiry"),
    ParameterDefinition(
      "model.*.volatility.down", .rate, 0...10_000_000_000, "move down at 30 days to expiry"),
    ParameterDefinition(
      "model.*.volatility.shortPower", .rate, 0...2_000_000_000,
      "moves change with (30 days / time to expiry)^this below 30 days"),
    ParameterDefinition(
      "model.*.volatility.longPower", .rate, 0...2_000_000_000, "the same above 30 days"),
    ParameterDefinition(
      "model.*.volatility.shortestExpiry", .duration, 1_000_000_000...86_400_000_000_000,
      "shorter times to expiry count as this"),
    ParameterDefinition(
      "model.*.volatility.minimumUp", .rate, 0...10_000_000_000,
      "a move up ends here at least"),
    ParameterDefinition(
      "model.*.volatility.leastUp", .rate, 0...10_000_000_000, "smallest relative move up"),
    ParameterDefinition(
      "model.*.skew.cap", .rate, 0...1_000_000_000, "largest relative move of the skew rows"),
    ParameterDefinition(
      "model.*.skew.capSlope", .rate, -1_000_000_000...1_000_000_000,
      "change of the cap per square root of a year"),
    ParameterDefinition(
      "model.*.skew.leastWidth", .rate, 1_000_000...10_000_000_000,
      "least log-moneyness at which the cap is met"),
    ParameterDefinition(
      "model.*.skew.width", .rate, 0...100_000_000_000,
      "log-moneyness at which the cap is met, in reference standard deviations"),
    ParameterDefinition(
      "model.*.skew.reference", .rate, 0...10_000_000_000, "reference volatility"),
    ParameterDefinition(
      "model.*.skew.referenceSlope", .rate, -10_000_000_000...10_000_000_000,
      "change of the reference volatility per square root of a year"),
  ]
}
