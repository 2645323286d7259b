// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

extension ParameterDefinition {
  /// What the venue hedges of its imbalance, and at what cost.
  static let hedge: [ParameterDefinition] = [
    ParameterDefinition(
      "hedge.capital", .money, 0...1_000_000_000_000_000_000,
      "most of the insurance fund that the hedge account may hold or lose, 0 for no hedge"),
    ParameterDefinition(
      "hedge.mostCost", .rate, 0...100_000_000,
      "most that a hedge may cost at worst, fee included, as a share of what is traded"),
    ParameterDefinition(
      "hedge.orderCost", .money, 0...1_000_000_000_000_000_000,
      "most that one hedging order may cost at worst"),
    ParameterDefinition(
      "hedge.windowCost", .money, 0...1_000_000_000_000_000_000,
      "most that all hedging orders of a window may cost"),
    ParameterDefinition(
      "hedge.window", .duration, 1_000_000_000...31_536_000_000_000_000,
      "how long the costs of hedging are counted together"),
    ParameterDefinition(
      "hedge.margin", .rate, 1_100_000_000...10_000_000_000,
      "what the hedge account is given for a position, as a multiple of initial margin"),
    ParameterDefinition(
      "hedge.*.threshold", .money, 0...1_000_000_000_000_000_000,
      "imbalance of takers above which it is hedged, 0 for never"),
    ParameterDefinition(
      "hedge.*.target", .money, 0...1_000_000_000_000_000_000,
      "imbalance down to which it is hedged, and below which the hedge is given back"),
    ParameterDefinition(
      "hedge.*.leastOrder", .money, 0...1_000_000_000_000_000_000,
      "notional of the smallest hedging order, but for one that closes a position"),
    ParameterDefinition(
      "hedge.*.mostOrder", .money, 1...1_000_000_000_000_000_000,
      "notional of the largest hedging order"),
  ]
}
