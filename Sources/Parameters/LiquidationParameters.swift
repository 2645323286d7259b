// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// The numbers of the waterfall.
public struct LiquidationParameters: Hashable, Sendable {
  /// The largest part of a position that one order may take, above ``wholeSliceNotional``.
  public let sliceShare: Rate
  /// A position up to this notional is sold in one order, in millionths of the quote currency.
  public let wholeSliceNotional: Int64
  /// What closing is expected to cost, as a share of notional, when an order is sized.
  public let expectedCost: Rate
  /// How long an order waits for its report.
  public let orderLife: TimeSpan
  /// Orders without a fill, one after another, after which a stage counts as exhausted.
  public let patience: Int64
  /// The largest part of the fund that one account's closing may be allowed to cost.
  public let fundEventCap: Rate
  /// What a simulated venue's fund holds at the start, as a share of open interest.
  public let fundOpeningShare: Rate
  /// The largest part of a winner's unrealized profit that a loss may take; under
  /// ``SharingRule/bySize``, of a holder's equity.
  public let socializedShare: Rate
  /// The penalty on liquidated notional of accounts whose tiers state none.
  public let penalty: Rate
  /// Which stages there are and how they follow each other.
  public let waterfall: WaterfallParameters
  public let marginCall: MarginCallParameters
  public let sizing: SizingParameters
  /// How portfolios are auctioned.
  public let auction: AuctionParameters
  /// When accounts are looked at, and what else sets one generation of venues from the next.
  public let pace: LiquidationPace
  /// How the last stages close positions and share losses.
  public let losses: LossParameters
  /// When and how collateral is sold before positions are reduced.
  public let conversion: ConversionParameters
  /// How far the depth of books limits a slice.
  public let depth: StandingDepthParameters
  /// When makers are asked for quotes.
  public let requests: RequestParameters
  /// What keepers outside are offered.
  public let keeper: KeeperParameters
  /// How the right to a slice is sold to them.
  public let rights: RightsParameters

  public init(_ set: ParameterSet) throws(ParameterError) {
    sliceShare = try set.rate("liquidation.sliceShare")
    wholeSliceNotional = try set.raw("liquidation.wholeSliceNotional")
    expectedCost = try set.rate("liquidation.expectedCost")
    orderLife = try set.duration("liquidation.orderLife")
    patience = try set.raw("liquidation.patience")
    fundEventCap = try set.rate("insuranceFund.eventCap")
    fundOpeningShare = try set.rate("insuranceFund.openingShare")
    socializedShare = try set.rate("socializedLoss.share")
    penalty = try set.rate("liquidation.penalty")
    waterfall = try WaterfallParameters(set)
    marginCall = try MarginCallParameters(set)
    sizing = try SizingParameters(set)
    auction = try AuctionParameters(set)
    pace = try LiquidationPace(set)
    losses = try LossParameters(set)
    conversion = try ConversionParameters(set)
    depth = try StandingDepthParameters(set)
    requests = try RequestParameters(set)
    keeper = try KeeperParameters(set)
    rights = try RightsParameters(set, keeper: keeper)
  }
}

extension ParameterDefinition {
  static let liquidation: [ParameterDefinition] = [
    ParameterDefinition(
      "liquidation.sliceShare", .rate, 10_000_000...1_000_000_000,
      "largest part of a position one liquidation order may take"),
    ParameterDefinition(
      "liquidation.wholeSliceNotional", .money, 0...1_000_000_000_000_000,
      "position notional up to which one order may take all"),
    ParameterDefinition(
      "liquidation.expectedCost", .rate, 0...100_000_000,
      "expected cost of closing, as a share of notional, when an order is sized"),
    ParameterDefinition(
      "liquidation.orderLife", .duration, 1_000_000...3_600_000_000_000,
      "how long a liquidation order waits for its report"),
    ParameterDefinition(
      "liquidation.patience", .count, 1...1_000,
      "orders without a fill after which a stage is exhausted; not the partial one where "
        + "liquidation.fillableSpread is stated, whose orders wait at their price"),
    ParameterDefinition(
      "liquidation.penalty", .rate, 0...1_000_000_000,
      "penalty on liquidated notional where no tier states one"),
    ParameterDefinition(
      "insuranceFund.eventCap", .rate, 0...1_000_000_000,
      "largest part of the fund one account's closing may cost"),
    ParameterDefinition(
      "insuranceFund.openingShare", .rate, 0...1_000_000_000,
      "what a simulated venue's fund holds at the start, as a share of open interest"),
    ParameterDefinition(
      "socializedLoss.share", .rate, 0...1_000_000_000,
      "largest part of a winner's unrealized profit that a loss may take; by size, of the equity"),
  ]
}
