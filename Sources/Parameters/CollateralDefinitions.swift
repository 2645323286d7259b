// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

extension ParameterDefinition {
  /// How assets count as collateral, and what owing them costs; none need be stated.
  ///
  /// `default` in place of a symbol holds for all others.
  static let collateral: [ParameterDefinition] =
    collateralHaircuts + collateralLimits + collateralDebts

  private static let collateralHaircuts: [ParameterDefinition] = [
    ParameterDefinition(
      "collateral.*.expectedShortfall", .rate, 0...10_000_000_000,
      "mean of the worst losses of ln(price) during a sale; the flat haircut if that is more"),
    ParameterDefinition(
      "collateral.*.bridge", .rate, 0...1_000_000_000,
      "haircut for the bridge that brought the asset to this chain"),
    ParameterDefinition(
      "collateral.*.impact", .rate, 0...10_000_000_000,
      "factor of daily volatility x root of (amount / stressed volume) in the haircut"),
    ParameterDefinition(
      "collateral.*.dailyVolume", .money, 1_000_000...1_000_000_000_000_000_000,
      "traded in the asset on an ordinary day"),
    ParameterDefinition(
      "collateral.*.volumeStress", .rate, 1_000_000...1_000_000_000,
      "share of the daily volume that is left in stress"),
    ParameterDefinition(
      "collateral.*.leastVolatility", .rate, 0...100_000_000_000,
      "least annualized volatility in the haircuts for liquidity and finality"),
    ParameterDefinition(
      "collateral.*.finalityFactor", .rate, 0...100_000_000_000,
      "factor of volatility x root of the time to finality in the haircut"),
    ParameterDefinition(
      "collateral.*.finalityTime", .duration, 0...2_592_000_000_000_000,
      "time until the chain can no longer take a deposit back"),
    ParameterDefinition(
      "collateral.*.reorganization", .rate, 0...1_000_000_000,
      "probability that the chain takes a deposit back"),
    ParameterDefinition(
      "collateral.*.wrongWay.*", .rate, -1_000_000_000...1_000_000_000,
      "correlation of the asset with an underlying; raises the haircut of who loses with it"),
  ]

  private static let collateralLimits: [ParameterDefinition] = [
    ParameterDefinition(
      "collateral.*.accountCap", .money, 0...1_000_000_000_000_000_000,
      "most of the asset's worth that counts in one account"),
    ParameterDefinition(
      "collateral.*.venueCap", .money, 0...1_000_000_000_000_000_000,
      "most of the asset's worth that counts in all accounts together"),
    ParameterDefinition(
      "collateral.*.markUp", .rate, 0...1_000_000_000_000,
      "largest rise of the asset's price as collateral in one hour"),
  ]

  private static let collateralDebts: [ParameterDefinition] = [
    ParameterDefinition(
      "collateral.*.debtInterest", .rate, 0...100_000_000_000, "interest on a debt per year"),
    ParameterDefinition(
      "collateral.*.debtCap", .money, 0...1_000_000_000_000_000_000,
      "largest debt with which risk may be taken or collateral withdrawn"),
    ParameterDefinition(
      "collateral.*.debtThreshold", .money, 0...1_000_000_000_000_000_000,
      "debt above which other collateral is sold for it"),
    ParameterDefinition(
      "collateral.*.conversionCost", .rate, 0...500_000_000,
      "cost of selling the asset for a debt in another, of its worth"),
    ParameterDefinition(
      "collateral.*.conversionRank", .count, 0...1_000,
      "assets are sold for debts by ascending rank, then haircut, then order of listing"),
    ParameterDefinition(
      "clearing.withdrawStressedProfit", .flag, 0...1,
      "whether unrealized profit counts at its stressed value in withdrawals, or not at all"),
  ]
}
