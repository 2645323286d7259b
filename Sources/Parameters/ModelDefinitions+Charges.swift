// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

extension ParameterDefinition {
  private static let share: ClosedRange<Int64> = 0...1_000_000_000
  private static let ratio: ClosedRange<Int64> = 0...10_000_000_000
  private static let multiple: ClosedRange<Int64> = 1_000_000_000...100_000_000_000
  private static let amount: ClosedRange<Int64> = 1...1_000_000_000_000_000_000

  /// What joins the scan before the floors.
  static let modelCore: [ParameterDefinition] = [
    ParameterDefinition(
      "model.*.discount.longBase", .rate, share,
      "factor on the shocked value of an expiry worth something"),
    ParameterDefinition(
      "model.*.discount.shortBase", .rate, multiple,
      "factor on the shocked value of an expiry that is a debt, at most 1 / discount"),
    ParameterDefinition(
      "model.*.discount.longRate", .rate, ratio, "multiple of the rate that discounts a value"),
    ParameterDefinition(
      "model.*.discount.shortRate", .rate, ratio, "multiple of the rate that raises a debt"),
    ParameterDefinition(
      "model.*.discount.longSpread", .rate, share, "added to that rate, per year"),
    ParameterDefinition(
      "model.*.discount.shortSpread", .rate, share, "added to that rate, per year"),
    ParameterDefinition(
      "model.*.forward.shift", .rate, 1_000_000...900_000_000,
      "move either way of each forward by itself; competes with the scenarios"),
    ParameterDefinition(
      "model.*.forward.share", .rate, ratio, "share of the loss that counts at expiry"),
    ParameterDefinition(
      "model.*.forward.sharePerYear", .rate, ratio, "added to the share for each year to expiry"),
    ParameterDefinition(
      "model.*.roll.leastMove", .rate, share, "least move of an expiry against the index"),
    ParameterDefinition(
      "model.*.roll.annualMove", .rate, ratio,
      "move of an expiry against the index, per year to expiry"),
    ParameterDefinition(
      "model.*.deltaShock.threshold", .money, 0...1_000_000_000_000_000_000,
      "delta in money up to which there is no charge"),
    ParameterDefinition(
      "model.*.deltaShock.perUnit", .rate, share,
      "rate on the delta for each base unit above the threshold"),
    ParameterDefinition("model.*.deltaShock.most", .rate, share, "largest such rate"),
    ParameterDefinition(
      "model.*.calendar.rate", .rate, share,
      "charge on delta that one expiry offsets in another"),
    ParameterDefinition(
      "model.*.theta.horizon", .duration, 1_000_000_000...2_592_000_000_000_000,
      "time whose passing is charged where it loses"),
    ParameterDefinition(
      "model.*.vega.points", .rate, share,
      "move of volatility charged on vega that one expiry offsets in another"),
    ParameterDefinition(
      "model.credit.*.*.share", .rate, share,
      "share of the scan given back where the deltas of two underlyings offset"),
  ]

  /// What the core is worth at least.
  static let modelFloors: [ParameterDefinition] = [
    ParameterDefinition(
      "model.*.extreme.move", .rate, 1_000_000...990_000_000,
      "one large move either way, volatility unchanged"),
    ParameterDefinition(
      "model.*.minimum.shortOption", .rate, share,
      "least charge on the index per option short on balance at a strike"),
    ParameterDefinition("model.*.minimumDelta.net", .rate, share, "least charge on net delta"),
    ParameterDefinition(
      "model.*.minimumDelta.hedged", .rate, share, "least charge on delta that is hedged"),
    ParameterDefinition(
      "model.*.ladder.rate", .rate, share, "raw minimum charge on notional"),
    ParameterDefinition(
      "model.*.ladder.row.*.upper", .money, amount,
      "largest raw charge of a step of the ladder; rows count from 1"),
    ParameterDefinition(
      "model.*.ladder.row.*.multiple", .rate, multiple, "multiple of the raw charge"),
  ]

  /// What is added to the core.
  static let modelCharges: [ParameterDefinition] = [
    ParameterDefinition(
      "model.*.perpetual.initial", .rate, share, "charge on the size of a perpetual at the index"),
    ParameterDefinition("model.*.perpetual.maintenance", .rate, share, "the same, maintenance"),
    ParameterDefinition(
      "model.*.shortOption.initial", .rate, share,
      "charge on the index per option short on balance at a strike"),
    ParameterDefinition("model.*.shortOption.maintenance", .rate, share, "the same, maintenance"),
    ParameterDefinition(
      "model.*.collateral.initial", .rate, share, "share of the asset's value that is charged"),
    ParameterDefinition("model.*.collateral.maintenance", .rate, share, "the same, maintenance"),
    ParameterDefinition(
      "model.*.confidence.threshold", .rate, share,
      "confidence below which a price is charged, initial margin alone"),
    ParameterDefinition(
      "model.*.confidence.factor", .rate, ratio, "charge on notional per unit of doubt"),
    ParameterDefinition(
      "model.*.provision.closeFee", .rate, share, "fee reserved for closing the positions"),
    ParameterDefinition(
      "model.*.provision.fundingShare", .rate, ratio,
      "share of the basis reserved for funding, by the side that pays"),
  ]

  /// What single positions are charged.
  static let modelPositions: [ParameterDefinition] = [
    ParameterDefinition(
      "model.*.option.base", .rate, share, "initial margin of a short option at the money"),
    ParameterDefinition(
      "model.*.option.least", .rate, share, "least initial margin of a short option"),
    ParameterDefinition("model.*.option.call", .rate, share, "maintenance of a short call"),
    ParameterDefinition("model.*.option.put", .rate, share, "maintenance of a short put"),
    ParameterDefinition(
      "model.*.option.putMark", .rate, ratio,
      "least maintenance of a short put, as a share of its mark"),
    ParameterDefinition(
      "model.*.option.putInitial", .rate, ratio,
      "least initial / maintenance margin of a short put, both with the mark"),
    ParameterDefinition(
      "model.*.option.longValue", .rate, share, "share of a long option's value without credit"),
    ParameterDefinition(
      "model.*.option.unpairedInitial", .rate, ratio,
      "share of the forward charged per unpaired short call beside the largest loss at expiry"),
    ParameterDefinition(
      "model.*.option.unpairedMaintenance", .rate, ratio, "the same, maintenance"),
    ParameterDefinition(
      "model.*.tier.isMarginal", .flag, 0...1,
      "whether each part of a position is charged by its own tier"),
    ParameterDefinition(
      "model.*.tier.initialPerUnit", .rate, share, "added to the initial rate per base unit"),
    ParameterDefinition(
      "model.*.tier.maintenancePerUnit", .rate, share,
      "added to the maintenance rate per base unit"),
    ParameterDefinition(
      "model.*.tier.row.*.upperQuantity", .baseQuantity, amount,
      "largest position of the tier in base units; rows count from 1"),
    ParameterDefinition(
      "model.*.tier.row.*.upperNotional", .money, amount, "largest position of the tier in money"),
    ParameterDefinition("model.*.tier.row.*.initial", .rate, share, "initial margin rate"),
    ParameterDefinition("model.*.tier.row.*.maintenance", .rate, share, "maintenance margin rate"),
    ParameterDefinition(
      "model.*.openInterest.lower", .money, 0...1_000_000_000_000_000_000,
      "open interest in money from which the initial rate rises; 0 in both for no rise"),
    ParameterDefinition(
      "model.*.openInterest.upper", .money, 0...1_000_000_000_000_000_000,
      "where the initial rate is 100 %"),
    ParameterDefinition("model.*.factor.long", .rate, ratio, "maintenance rate of long positions"),
    ParameterDefinition(
      "model.*.factor.short", .rate, ratio, "maintenance rate of short positions"),
    ParameterDefinition(
      "model.*.logNormal.volatility", .rate, 1...10_000_000_000,
      "volatility whose expected shortfall is the maintenance rate"),
    ParameterDefinition(
      "model.*.logNormal.drift", .rate, -10_000_000_000...10_000_000_000, "drift per year"),
    ParameterDefinition(
      "model.*.logNormal.horizon", .duration, 1_000_000_000...31_536_000_000_000_000,
      "time over which the price may move"),
    ParameterDefinition(
      "model.*.logNormal.tail", .rate, 1_000...500_000_000, "probability of the tail averaged"),
    ParameterDefinition(
      "model.*.slippage.linear", .rate, ratio, "cost of closing per unit of size, share of mark"),
    ParameterDefinition(
      "model.*.slippage.quadratic", .rate, ratio, "cost of closing per unit of size squared"),
  ]

  /// How the parts become the account's margin.
  static let modelAccount: [ParameterDefinition] = [
    ParameterDefinition(
      "model.account.core.initial", .rate, ratio, "factor on the core, initial margin"),
    ParameterDefinition(
      "model.account.core.maintenance", .rate, ratio, "factor on the core, maintenance margin"),
    ParameterDefinition(
      "model.account.core.perUnderlying", .flag, 0...1,
      "whether floors are compared underlying by underlying rather than in sum"),
    ParameterDefinition(
      "model.account.collateral.net", .flag, 0...1,
      "whether haircuts are taken of what an asset comes to with its positions"),
    ParameterDefinition(
      "model.account.collateral.longOptions", .flag, 0...1,
      "whether that counts the value of long options"),
    ParameterDefinition(
      "model.account.peg.threshold", .rate, share,
      "index of the stable coin below which it is off"),
    ParameterDefinition(
      "model.account.peg.core", .rate, 0...100_000_000_000,
      "added to the core's initial factor per unit off"),
    ParameterDefinition(
      "model.account.peg.notional", .rate, 0...100_000_000_000,
      "charge on shorts and perpetuals per unit off, initial margin alone"),
    ParameterDefinition(
      "model.account.stable.row.*.upper", .money, amount,
      "largest hedge of one stable coin by another of a step; rows count from 1"),
    ParameterDefinition(
      "model.account.stable.row.*.rate", .rate, share, "charge on the part in the step"),
    ParameterDefinition(
      "model.account.maintenanceShare", .rate, share, "maintenance / initial margin"),
    ParameterDefinition(
      "model.account.initialMultiple", .rate, multiple, "initial / maintenance margin"),
    ParameterDefinition(
      "model.account.searchMultiple", .rate, multiple,
      "level below which margin is topped up / maintenance margin"),
    ParameterDefinition(
      "model.account.releaseMultiple", .rate, multiple,
      "level above which margin is given back / maintenance margin"),
  ]
}
