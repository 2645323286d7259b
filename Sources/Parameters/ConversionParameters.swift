// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// Whether a liquidation sells collateral before it reduces positions; the number in a file.
public enum ConversionChoice: Int64, Hashable, Sendable, CaseIterable {
  /// Positions alone are reduced; collateral is sold for debts when the stage is over.
  case never = 0
  /// Collateral first, wherever that frees more margin than it costs.
  case always = 1
  /// Whichever frees more margin for its cost; collateral of equals.
  case cheapest = 2
}

/// Who takes the collateral of an account in liquidation; the number in a file.
public enum ConversionExecution: Int64, Hashable, Sendable, CaseIterable {
  /// The insurance fund, at once, at the price as collateral less the stated cost.
  case mark = 0
  /// The spot market of the asset, by an order.
  case book = 1
  /// Whoever bids, at a falling price.
  case auction = 2
}

/// How collateral is sold in a liquidation; without any of it nothing is.
public struct ConversionParameters: Hashable, Sendable {
  public let choice: ConversionChoice
  public let execution: ConversionExecution
  /// The factor Y of the square-root law in the cost that a sale is expected to have; 0 for a cost
  /// in proportion.
  public let impact: Rate
  /// The largest discount on the price as collateral that a sale may have.
  public let slippage: Rate
  /// Of what a sale through a book or an auction brings, to the insurance fund.
  public let fee: Rate
  /// Nothing worth less is sold unless it is all there is, millionths of the quote currency.
  public let leastWorth: Int64
  /// The first and the lowest price of an auction, as a part of the price as collateral.
  public let auctionStart: Rate
  public let auctionReserve: Rate
  /// How long an auction lasts.
  public let auctionDuration: TimeSpan

  /// - Throws: ``ParameterError/inconsistent(key:reason:)`` for an auction whose price would rise.
  public init(_ set: ParameterSet) throws(ParameterError) {
    let raw = { (name: String, usual: Int64) throws(ParameterError) -> Int64 in
      let key = "conversion." + name
      return set.states(key) ? try set.raw(key) : usual
    }
    // Bounds of the definitions leave only the numbers there are.
    choice = ConversionChoice(rawValue: try raw("choice", 0)) ?? .never
    execution = ConversionExecution(rawValue: try raw("execution", 0)) ?? .mark
    impact = Rate(billionths: try raw("impact", 0))
    slippage = Rate(billionths: try raw("slippage", 50_000_000))
    fee = Rate(billionths: try raw("fee", 0))
    leastWorth = try raw("leastWorth", 10_000_000)
    auctionStart = Rate(billionths: try raw("auctionStart", 1_020_000_000))
    auctionReserve = Rate(billionths: try raw("auctionReserve", 950_000_000))
    auctionDuration = TimeSpan(nanoseconds: try raw("auctionDuration", 600_000_000_000))
    guard auctionReserve <= auctionStart else {
      throw .inconsistent(
        key: "conversion.auctionReserve", reason: "above conversion.auctionStart")
    }
  }
}

extension ParameterDefinition {
  static let conversion: [ParameterDefinition] = [
    ParameterDefinition(
      "conversion.choice", .count, 0...2,
      "whether a liquidation sells collateral: 0 not before its positions, 1 first, "
        + "2 where that frees more margin for its cost"),
    ParameterDefinition(
      "conversion.execution", .count, 0...2,
      "who takes that collateral: 0 the fund at the mark, 1 the spot market, 2 an auction"),
    ParameterDefinition(
      "conversion.impact", .rate, 0...10_000_000_000,
      "factor of the square-root law in the cost a sale of collateral is expected to have"),
    ParameterDefinition(
      "conversion.slippage", .rate, 0...500_000_000,
      "largest discount on the price as collateral at which collateral is sold"),
    ParameterDefinition(
      "conversion.fee", .rate, 0...100_000_000,
      "of what collateral brings in a book or an auction, to the insurance fund"),
    ParameterDefinition(
      "conversion.leastWorth", .money, 0...1_000_000_000_000,
      "worth below which collateral is only sold whole"),
    ParameterDefinition(
      "conversion.auctionStart", .rate, 500_000_000...2_000_000_000,
      "first price of an auction of collateral, as a part of its price as collateral"),
    // Never near zero: no collateral is given away.
    ParameterDefinition(
      "conversion.auctionReserve", .rate, 500_000_000...1_000_000_000,
      "lowest price of an auction of collateral, as a part of its price as collateral"),
    ParameterDefinition(
      "conversion.auctionDuration", .duration, 1_000_000_000...86_400_000_000_000,
      "length of an auction of collateral"),
  ]
}
