// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

extension ParameterDefinition {
  /// The parameters of the requirement; `default` in place of a symbol holds for all others.
  public static let margin: [ParameterDefinition] =
    marginScan + marginCharges + marginTiers + marginTerms

  private static let marginScan: [ParameterDefinition] = [
    ParameterDefinition(
      "margin.scan.*.range", .rate, 1_000_000...900_000_000,
      "largest move of spot in the scenario grid"),
    ParameterDefinition(
      "margin.scan.stepsPerSide", .count, 1...8, "grid steps from no move to the range"),
    ParameterDefinition(
      "margin.scan.volatilityFollowsSpot", .flag, 0...1,
      "whether volatility follows spot inside the scenarios"),
    ParameterDefinition(
      "margin.tail.*.shift", .rate, -990_000_000...20_000_000_000,
      "move of spot of a tail scenario, volatility up; rows count from 1"),
    ParameterDefinition(
      "margin.tailDamper", .rate, 0...2_000_000_000,
      "a tail counts with this x range / |shift| of its loss"),
  ]

  private static let marginCharges: [ParameterDefinition] = [
    ParameterDefinition(
      "margin.maintenanceFactor", .rate, 1_000_000...1_000_000_000,
      "maintenance / initial margin of portfolio accounts"),
    ParameterDefinition(
      "margin.shortOptionMinimum", .rate, 0...1_000_000_000,
      "least charge on the notional of options short on balance at a strike"),
    ParameterDefinition(
      "margin.collateral.*.haircut", .rate, 0...1_000_000_000,
      "share of the asset's positive value that is charged"),
    ParameterDefinition(
      "margin.provision.closeFee", .rate, 0...100_000_000,
      "fee reserved for closing a portfolio's positions"),
    ParameterDefinition(
      "margin.provision.fundingShare", .rate, 0...10_000_000_000,
      "share of the basis reserved for eight hours of funding, by the side that pays"),
    ParameterDefinition(
      "margin.buffer", .rate, 0...1_000_000_000,
      "liquidation ends at maintenance margin x (1 + buffer)"),
    ParameterDefinition(
      "margin.option.base", .rate, 0...1_000_000_000,
      "initial margin of a short option at the money, as a share of spot"),
    ParameterDefinition(
      "margin.option.least", .rate, 0...1_000_000_000,
      "least initial margin of a short option, as a share of spot"),
    ParameterDefinition(
      "margin.option.maintenance", .rate, 0...1_000_000_000,
      "maintenance margin of a short option, as a share of spot"),
    ParameterDefinition(
      "margin.option.putMark", .rate, 0...2_000_000_000,
      "least maintenance margin of a short put, as a share of its mark"),
    ParameterDefinition(
      "margin.option.putInitial", .rate, 0...5_000_000_000,
      "least ratio of a short put's initial to maintenance margin, mark included"),
    ParameterDefinition(
      "margin.option.longValue", .rate, 0...1_000_000_000,
      "share of a long option's value that is not credit"),
  ]

  private static let marginTiers: [ParameterDefinition] = [
    ParameterDefinition(
      "margin.tiers.*.isMarginal", .flag, 0...1,
      "whether each part of a position is charged by its own tier"),
    ParameterDefinition(
      "margin.tiers.*.initialPerUnit", .rate, 0...1_000_000_000,
      "added to the initial rate for every base unit of the position"),
    ParameterDefinition(
      "margin.tiers.*.maintenancePerUnit", .rate, 0...1_000_000_000,
      "added to the maintenance rate for every base unit of the position"),
    ParameterDefinition(
      "margin.tiers.*.row.*.upperQuantity", .baseQuantity, 1...1_000_000_000_000_000_000,
      "largest position of the tier in base units; rows count from 1"),
    ParameterDefinition(
      "margin.tiers.*.row.*.upperNotional", .money, 1...1_000_000_000_000_000_000,
      "largest position of the tier in money"),
    ParameterDefinition(
      "margin.tiers.*.row.*.initial", .rate, 0...1_000_000_000, "initial margin rate"),
    ParameterDefinition(
      "margin.tiers.*.row.*.maintenance", .rate, 0...1_000_000_000, "maintenance margin rate"),
    ParameterDefinition(
      "margin.tiers.*.row.*.penalty", .rate, 0...1_000_000_000,
      "liquidation penalty on the notional closed"),
  ]
}
