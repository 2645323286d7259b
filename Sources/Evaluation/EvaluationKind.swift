// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// A kind of question that ``Evaluator`` answers; its name is what requests state as `kind`.
public enum EvaluationKind: String, Hashable, Sendable, CaseIterable {
  case optionPrice = "option.price"
  case optionImpliedVolatility = "option.impliedVolatility"
  case smileValue = "smile.value"
  case smileConvert = "smile.convert"
  case smileDensity = "smile.density"
  case surfaceFit = "surface.fit"
  case surfaceShock = "surface.shock"
  case oracleAggregate = "oracle.aggregate"
  case marginTiers = "margin.tiers"
  case marginRequirement = "margin.requirement"
  case marginModel = "margin.model"
  case marginValueAtRisk = "margin.valueAtRisk"
  case liquidationPrice = "liquidation.price"
  case liquidationSize = "liquidation.size"
  case bankruptcyPrice = "bankruptcy.price"
  case deleveragingAllocate = "deleveraging.allocate"
  case lossSocialize = "loss.socialize"
  case fundingRate = "funding.rate"
  case fundingSettle = "funding.settle"
  case collateralValue = "collateral.value"
  case auctionPrice = "auction.price"
  case auctionBid = "auction.bid"
  case poolApply = "pool.apply"
  case insuranceSettle = "insurance.settle"
  case entryFee
  case collateralConvert = "collateral.convert"

  /// What the kind answers, in a phrase.
  public var summary: String {
    switch self {
    case .optionPrice: "price and Greeks of a European option"
    case .optionImpliedVolatility: "volatility at which Black-76 gives a price"
    case .smileValue: "total variance, volatility and slopes along a smile"
    case .smileConvert: "a smile in another set of parameters"
    case .smileDensity: "density of the forward that a smile implies"
    case .surfaceFit: "volatility surface of an option chain, without arbitrage"
    case .surfaceShock: "a surface after a move of spot and a stress"
    case .oracleAggregate: "one block of a price feed: samples to index"
    case .marginTiers: "charge of a position under a table of size tiers"
    case .marginRequirement: "equity and margin of a portfolio, explained line by line"
    case .marginModel: "what published margin models require of an account"
    case .marginValueAtRisk: "what an account may lose, by three methods side by side"
    case .liquidationPrice: "index prices at which a portfolio is liquidated and bankrupt"
    case .liquidationSize: "how much of a position to close so that its account is restored"
    case .bankruptcyPrice: "price at which closing a position uses up its equity"
    case .deleveragingAllocate: "whose opposite positions are closed against a bankrupt one"
    case .lossSocialize: "what each winner gives toward a loss"
    case .fundingRate: "funding rate for a premium"
    case .fundingSettle: "what each position pays for funding"
    case .collateralValue: "what of an amount of collateral counts in margin, and why"
    case .auctionPrice: "what a falling auction asks as time passes"
    case .auctionBid: "how much of a portfolio one bid may take, and what it costs"
    case .poolApply: "what each depositor of a backstop pool owns after its events"
    case .insuranceSettle: "what an insurance fund pays under its caps, and its target"
    case .entryFee: "what a trade pays for the imbalance it adds to a market"
    case .collateralConvert: "which portion of which collateral is sold before positions"
    }
  }

  /// The file of a schema or example, in the folder `Schemas`.
  public func fileName(_ part: SchemaPart) -> String { "\(rawValue).\(part.rawValue).json" }

  func answer(
    _ request: inout RequestObject, _ parameters: inout ParameterShelf
  ) throws(EvaluationRefusal) -> JSONValue {
    switch self {
    case .optionPrice: try answerOptionPrice(&request)
    case .optionImpliedVolatility: try answerImpliedVolatility(&request)
    case .smileValue: try answerSmileValue(&request)
    case .smileConvert: try answerSmileConversion(&request)
    case .smileDensity: try answerSmileDensity(&request)
    case .surfaceFit: try answerSurfaceFit(&request)
    case .surfaceShock: try answerSurfaceShock(&request, &parameters)
    case .oracleAggregate: try answerOracleAggregate(&request, &parameters)
    case .marginTiers: try answerMarginTiers(&request)
    case .marginRequirement: try answerMarginRequirement(&request, &parameters)
    case .marginModel: try answerMarginModel(&request, &parameters)
    case .marginValueAtRisk: try answerValueAtRisk(&request, &parameters)
    case .liquidationPrice: try answerLiquidationPrice(&request, &parameters)
    case .liquidationSize: try answerLiquidationSize(&request, &parameters)
    case .bankruptcyPrice: try answerBankruptcyPrice(&request)
    case .deleveragingAllocate: try answerDeleveraging(&request)
    case .lossSocialize: try answerLossSharing(&request)
    case .fundingRate: try answerFundingRate(&request, &parameters)
    case .fundingSettle: try answerFundingSettlement(&request)
    case .collateralValue: try answerCollateralValue(&request)
    case .auctionPrice: try answerAuctionPrice(&request)
    case .auctionBid: try answerAuctionBid(&request)
    case .poolApply: try answerPool(&request)
    case .insuranceSettle: try answerInsuranceSettlement(&request)
    case .entryFee: try answerEntryFee(&request)
    case .collateralConvert: try answerCollateralConversion(&request)
    }
  }
}

/// What the folder `Schemas` has of each kind.
public enum SchemaPart: String, Hashable, Sendable, CaseIterable {
  /// The shape of requests, in JSON Schema.
  case request
  /// The shape of answers, in JSON Schema.
  case answer
  /// A worked request with its answer.
  case example
}
