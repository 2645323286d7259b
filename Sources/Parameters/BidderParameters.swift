// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// How a replay's makers bid in auctions; the engine itself reads none of it.
///
/// House values where a file states none; no auction house publishes what its bidders reckon.
public struct BidderParameters: Hashable, Sendable {
  /// The longest time over which a bidder works what it has taken into the market.
  public let patience: TimeSpan
  /// How many standard deviations of the market over that time a bidder wants to be paid for.
  public let aversion: Rate
  /// What a bidder wants to earn besides, as a part of notional.
  public let leastReturn: Rate

  public init(_ set: ParameterSet) throws(ParameterError) {
    patience = TimeSpan(nanoseconds: try Self.raw("patience", set, 1_800_000_000_000))
    aversion = Rate(billionths: try Self.raw("aversion", set, 500_000_000))
    leastReturn = Rate(billionths: try Self.raw("leastReturn", set, 500_000))
  }

  private static func raw(
    _ name: String, _ set: ParameterSet, _ usual: Int64
  ) throws(ParameterError) -> Int64 {
    let key = "bidder." + name
    return set.states(key) ? try set.raw(key) : usual
  }
}

extension ParameterDefinition {
  static let bidder: [ParameterDefinition] = [
    ParameterDefinition(
      "bidder.patience", .duration, 0...86_400_000_000_000,
      "longest time over which a simulated bidder works off what it took in an auction"),
    ParameterDefinition(
      "bidder.aversion", .rate, 0...10_000_000_000,
      "standard deviations over that time a simulated bidder is paid for"),
    ParameterDefinition(
      "bidder.leastReturn", .rate, 0...1_000_000_000,
      "least profit of a simulated bidder, as a part of notional"),
  ]
}
