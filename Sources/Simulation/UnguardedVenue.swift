// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// Values of parameters for venues on which the waterfall is tried and nothing before it: one
/// oracle says the price, and no guard holds it up.
public enum UnguardedVenue {
  /// Of the oracles of some underlyings.
  public static func values(of underlyings: [String]) -> [(key: String, value: String)] {
    let guards = [
      (key: "oracle.default.breakerLimit", value: "1000%"),
      (key: "oracle.default.breakerCeiling", value: "1000%"),
      (key: "oracle.default.jumpLimit", value: "100%"),
      (key: "oracle.default.deviationBand", value: "100%"),
    ]
    return underlyings.reduce(guards) { values, underlying in
      values + [
        (key: "oracle.\(underlying).quorum", value: "1"),
        (key: "oracle.\(underlying).source.ORACLE.weight", value: "1"),
      ]
    }
  }

  /// One margin rate up to 20 million dollars, as in Hyperliquid's group of 22 coins.
  public static let wideTiers = [
    (key: "margin.tiers.default.volumeMultiple", value: "0%"),
    (key: "margin.tiers.default.row.1.upperNotional", value: "20000000"),
    (key: "margin.tiers.default.row.2.upperNotional", value: "40000000"),
    (key: "margin.tiers.default.row.3.upperNotional", value: "100000000"),
  ]
}
