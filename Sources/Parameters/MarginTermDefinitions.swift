// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

extension ParameterDefinition {
  /// What the requirement adds to scenarios, tiers and haircuts; none need be stated.
  static let marginTerms: [ParameterDefinition] =
    marginOffsets + marginSize + marginGap + marginRows + marginMarks

  private static let marginOffsets: [ParameterDefinition] = [
    ParameterDefinition(
      "margin.netting.*.correlation", .rate, 0...1_000_000_000,
      "measured correlation with the common factor; stressed before use"),
    ParameterDefinition(
      "margin.netting.*.offsetCap", .rate, 0...1_000_000_000,
      "largest part of a smaller loss that another underlying's may take up"),
    ParameterDefinition(
      "margin.basis.*.rate", .rate, 0...1_000_000_000,
      "move between the prices of two expiries that is charged on what hedges between them"),
    ParameterDefinition(
      "margin.basis.*.ratePerYear", .rate, 0...10_000_000_000,
      "added to that rate per year to expiry"),
    ParameterDefinition(
      "margin.peg.*.threshold", .rate, 0...1_000_000_000,
      "price below which a settlement asset counts as off its peg; 0 is never"),
    ParameterDefinition(
      "margin.peg.*.factor", .rate, 0...100_000_000_000,
      "charge on shorts and perpetuals per unit of distance below that price"),
    ParameterDefinition(
      "margin.tierShare", .rate, 0...1_000_000_000,
      "least scenario loss, as a share of the tier charges of a portfolio's net sizes"),
    ParameterDefinition(
      "margin.tiers.*.volumeMultiple", .rate, 0...1_000_000_000_000,
      "the first tier ends at this multiple of the stressed daily volume at the latest; 0 for"
        + " the table as published"),
  ]

  private static let marginSize: [ParameterDefinition] = [
    ParameterDefinition(
      "margin.size.*.impact", .rate, 0...10_000_000_000,
      "factor of daily volatility x root of (net size / stressed volume) in the charge"),
    ParameterDefinition(
      "margin.size.*.volumeStress", .rate, 1_000_000...1_000_000_000,
      "share of the daily volume that is left in stress"),
    ParameterDefinition(
      "margin.size.*.freeShare", .rate, 0...10_000_000_000,
      "free of the concentration charge, as a share of the stressed daily volume"),
    ParameterDefinition(
      "margin.size.*.uncertaintyFactor", .rate, 0...100_000_000_000,
      "charge on the notional per unit of the index's relative uncertainty"),
    ParameterDefinition(
      "margin.size.*.freeUncertainty", .rate, 0...1_000_000_000,
      "relative uncertainty of the index that is free"),
    ParameterDefinition(
      "margin.size.*.openInterestLower", .rate, 0...1_000_000_000_000,
      "open interest / daily volume from which every position is charged more"),
    ParameterDefinition(
      "margin.size.*.openInterestUpper", .rate, 0...1_000_000_000_000,
      "open interest / daily volume at which that charge is whole"),
    ParameterDefinition(
      "margin.size.*.openInterestRate", .rate, 0...1_000_000_000,
      "that charge, as a share of the notional"),
    ParameterDefinition(
      "margin.size.*.horizonShare", .rate, 0...1_000_000_000,
      "share of the stressed daily volume that a liquidation takes in a day; what lasts longer"
        + " is charged a wider range; 0 for no such charge"),
  ]

  private static let marginGap: [ParameterDefinition] = [
    ParameterDefinition(
      "margin.size.*.gapIntensity", .rate, 0...1_000_000_000_000,
      "jumps of the price per year; 0 is a price without jumps"),
    ParameterDefinition(
      "margin.size.*.gapMean", .rate, -2_000_000_000...2_000_000_000,
      "mean jump of the logarithm of the price"),
    ParameterDefinition(
      "margin.size.*.gapDeviation", .rate, 1_000_000...2_000_000_000,
      "standard deviation of that jump"),
    ParameterDefinition(
      "margin.size.*.gapProbability", .rate, 1_000...500_000_000,
      "share of worst outcomes whose mean loss beyond the margin is charged"),
    ParameterDefinition(
      "margin.size.*.latency", .duration, 0...2_592_000_000_000_000,
      "time until a liquidation can begin"),
    ParameterDefinition(
      "margin.size.*.volumeShare", .rate, 1_000_000...1_000_000_000,
      "share of the volume that a liquidation may take"),
  ]

  private static let marginRows: [ParameterDefinition] = [
    ParameterDefinition(
      "margin.set.*.shift", .rate, -990_000_000...20_000_000_000,
      "move of spot of a scenario stated by itself; rows count from 1"),
    ParameterDefinition(
      "margin.set.*.volatilityFactor", .rate, 0...10_000_000_000,
      "factor on every volatility in that scenario"),
    ParameterDefinition(
      "margin.set.*.elapsed", .duration, 0...2_592_000_000_000_000,
      "time that has passed in that scenario"),
    ParameterDefinition(
      "margin.twist.term", .rate, 0...1_000_000_000,
      "relative move of volatility at 30 days with every expiry a loss; 0 for no such scenario"),
    ParameterDefinition(
      "margin.twist.smile", .rate, 0...1_000_000_000,
      "wings against the money, as a share of the skew scenarios' cap; 0 for no such scenario"),
  ]

  private static let marginMarks: [ParameterDefinition] = [
    ParameterDefinition(
      "margin.mark.*.volatilityUncertainty", .rate, 0...10_000_000_000,
      "relative uncertainty of volatilities where the market states none"),
    ParameterDefinition(
      "margin.mark.*.freeVolatility", .rate, 0...10_000_000_000,
      "relative uncertainty of volatilities that is free"),
    ParameterDefinition(
      "margin.mark.*.volatilityFactor", .rate, 0...100_000_000_000,
      "relative move of volatility against each option, per unit of that uncertainty; 0 for no"
        + " charge"),
    ParameterDefinition(
      "margin.standaloneSize", .flag, 0...1,
      "whether net sizes of isolated and cross accounts are charged as those of portfolios"),
  ]
}
