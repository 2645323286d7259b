// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// What the two sides of a trade pay the venue.
public struct FeeParameters: Hashable, Sendable {
  /// What a resting order pays on a trade's value; negative for a rebate, never more than what
  /// the other side pays.
  public let maker: Rate
  /// What an order that meets a resting one pays on a trade's value.
  public let taker: Rate
  /// What either side of an option trade pays on the value of its underlying.
  public let option: Rate
  /// The most an option's fee may be of the premium.
  public let optionCap: Rate

  public init(_ set: ParameterSet) throws(ParameterError) {
    maker = try set.rate("fees.maker")
    taker = try set.rate("fees.taker")
    option = try set.rate("fees.option")
    optionCap = try set.rate("fees.optionCap")
    guard maker.billionths + taker.billionths >= 0 else {
      throw .inconsistent(key: "fees.maker", reason: "a rebate of more than fees.taker pays")
    }
  }
}

extension ParameterDefinition {
  static let fees: [ParameterDefinition] = [
    ParameterDefinition(
      "fees.maker", .rate, -1_000_000...10_000_000,
      "fee of a resting order on a trade's value; negative for a rebate"),
    ParameterDefinition(
      "fees.taker", .rate, 0...10_000_000,
      "fee of the order that meets a resting one, on the trade's value"),
    ParameterDefinition(
      "fees.option", .rate, 0...10_000_000,
      "fee of either side of an option trade, on the value of the underlying"),
    ParameterDefinition(
      "fees.optionCap", .rate, 0...1_000_000_000,
      "the most an option's fee may be of the premium"),
  ]
}
