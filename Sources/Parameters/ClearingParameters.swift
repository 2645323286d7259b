// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// The numbers of funding, settlement and the limits at the engine's door.
public struct ClearingParameters: Hashable, Sendable {
  /// Funding is paid, and profits are settled, at whole multiples of this since 1970.
  public let fundingInterval: TimeSpan
  /// The premium inside ± this band costs only ``interest``.
  public let fundingDeadBand: Rate
  /// The rate of one interval when the perpetual stands at the index.
  public let interest: Rate
  /// The largest rate of one interval, either way.
  public let fundingCap: Rate
  /// The share of a trade's price by which it may lie away from the mark.
  public let priceBand: Rate
  /// The most positions one account may hold.
  public let positionLimit: Int64
  /// The most resting orders one account may have.
  public let orderLimit: Int64
  /// The most ledger units of one asset the venue accepts as deposits.
  public let depositLimit: Int64
  /// Blocks from one state digest to the next.
  public let digestInterval: Int64
  /// Whether unrealized profit counts in withdrawals at its stressed value, or not at all.
  public let withdrawsStressedProfit: Bool

  public init(_ set: ParameterSet) throws(ParameterError) {
    fundingInterval = try set.duration("clearing.fundingInterval")
    fundingDeadBand = try set.rate("clearing.fundingDeadBand")
    interest = try set.rate("clearing.interest")
    fundingCap = try set.rate("clearing.fundingCap")
    priceBand = try set.rate("clearing.priceBand")
    positionLimit = try set.raw("clearing.positionLimit")
    orderLimit = try set.raw("clearing.orderLimit")
    depositLimit = try set.raw("clearing.depositLimit")
    digestInterval = try set.raw("clearing.digestInterval")
    let stressed = "clearing.withdrawStressedProfit"
    withdrawsStressedProfit = set.states(stressed) ? try set.raw(stressed) == 1 : false
  }

  /// How far from the mark a trade may lie, price steps, rounded up: ``priceBand`` of the mark,
  /// and never less than one tick, so that what is worth next to nothing can still be traded.
  public func bandWidth(around mark: Price, tick: Price) -> Int64 {
    max(priceBand.share(of: mark.steps, rounding: .up), tick.steps)
  }
}

extension ParameterDefinition {
  static let clearing: [ParameterDefinition] = [
    ParameterDefinition(
      "clearing.fundingInterval", .duration, 60_000_000_000...86_400_000_000_000,
      "time from one funding payment to the next"),
    ParameterDefinition(
      "clearing.fundingDeadBand", .rate, 0...10_000_000,
      "premium inside which only the interest is paid"),
    ParameterDefinition(
      "clearing.interest", .rate, -10_000_000...10_000_000,
      "funding rate of one interval at zero premium"),
    ParameterDefinition(
      "clearing.fundingCap", .rate, 0...100_000_000, "largest funding rate of one interval"),
    ParameterDefinition(
      "clearing.priceBand", .rate, 1_000_000...1_000_000_000,
      "how far from the mark a trade's price may lie"),
    ParameterDefinition(
      "clearing.positionLimit", .count, 1...512, "most positions of one account"),
    ParameterDefinition(
      "clearing.orderLimit", .count, 0...1_024, "most resting orders of one account"),
    ParameterDefinition(
      "clearing.depositLimit", .count, 1...288_230_376_151_711_744,
      "most ledger units of one asset accepted as deposits, venue-wide"),
    ParameterDefinition(
      "clearing.digestInterval", .count, 1...1_000_000, "blocks between two state digests"),
  ]
}
