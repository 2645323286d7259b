// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// A part of every position of a portfolio, sold together.
public struct PartTogether: Hashable, Sendable {
  /// Above 0, at most 1.
  public let share: Rate
  /// How much the target falls, millionths of the quote currency, positive.
  public let freed: Int64
  /// What it is expected to cost, millionths of the quote currency, not negative.
  public let cost: Int64

  /// Whether it frees more for what it costs than a trade of one instrument; no if both free as
  /// much.
  public func isBetter(than trade: SizedTrade) -> Bool {
    Int128(freed) * Int128(max(trade.cost, 1)) > Int128(trade.freed) * Int128(max(cost, 1))
  }
}

/// The smallest part of a portfolio that restores it, sold together; all of it where no part does.
///
/// Where the requirement of a portfolio is the sum of its positions' a part of all frees for its
/// cost what a mean of the positions does, and the best of them frees more. It is the better trade
/// where positions hedge one another: each by itself would bare the other. Source: QUANT 4.1.
/// - Parameters:
///   - target: Maintenance margin + buffer before any trade.
///   - outcome: Where the account stands without a share of each position, and what selling it
///     costs.
/// - Returns: `nil` if it frees no more than it costs.
public func choosePart(
  from target: Int64, outcome: (Rate) -> TradeOutcome
) -> PartTogether? {
  var share = Rate.one
  if outcome(.one).surplus >= 0 { share = leastShare { outcome($0).surplus >= 0 } }
  let found = outcome(share)
  let freed = Int128(target) - Int128(found.standing.target)
  guard freed > Int128(found.cost) else { return nil }
  return PartTogether(share: share, freed: Int64(clamping: freed), cost: found.cost)
}
