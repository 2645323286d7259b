// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// A portfolio under the hammer, as a bid sees it; millionths of the quote currency.
@frozen
public struct AuctionedPortfolio: Hashable, Sendable {
  /// What it is worth at the marks, the cash it has earned in this auction included.
  public let value: Int64
  /// What a buyer of all of it has to bring, not negative: of a portfolio worth something its line,
  /// maintenance margin + buffer; of one worth nothing the margin of its positions alone.
  public let requirement: Int64
  /// What bidders of this auction have paid in already, part of ``value``; needs no margin.
  public let reserved: Int64

  @inlinable
  public init(value: Int64, requirement: Int64, reserved: Int64) {
    self.value = value
    self.requirement = requirement
    self.reserved = reserved
  }

  /// Value above the line it must reach; below 0 there is something to sell.
  @inlinable
  public var excess: Int64 {
    Int64(clamping: Int128(value) - Int128(requirement))
  }
}

/// The largest part of a portfolio that a bidder may take at a price factor: as much as brings
/// what is left to its line, and no more.
///
///     f = BM ÷ (BM − MtM·d − R·(1 − d))
///
/// with BM the excess over the line (negative), d the price factor, R what was paid in before.
/// Source: Derive v2, DutchAuction.sol. Rounded up to a billionth, so that the line is reached.
/// - Returns: Between 0 (there is nothing to sell) and 1.
public func largestBid(on portfolio: AuctionedPortfolio, at factor: Rate) -> Rate {
  let excess = Int128(portfolio.excess)
  guard excess < 0 else { return .zero }
  let one: Int128 = 1_000_000_000
  let factor = min(max(Int128(factor.billionths), 0), one)
  // In millionths × billionths: 2^64 × 2^30.
  let paid = Int128(portfolio.value) * factor + Int128(portfolio.reserved) * (one - factor)
  let denominator = -excess * one + paid
  guard denominator > 0 else { return Rate(billionths: Int64(one)) }
  let share = (-excess * one * one).divided(by: denominator, rounding: .up)
  return Rate(billionths: Int64(min(share, one)))
}

/// What a bidder pays for a part of a portfolio at a price factor, rounded up.
///
///     f · (MtM − R) · d
///
/// What was paid in before is not sold again. Negative values are not sold but given with money:
/// ``insolventBid(on:share:progress:)``.
public func solventBid(
  on portfolio: AuctionedPortfolio, share: Rate, at factor: Rate
) -> Int64 {
  let sold = max(Int128(portfolio.value) - Int128(portfolio.reserved), 0)
  let whole: Int128 = 1_000_000_000
  let part = (sold * Int128(factor.billionths)).divided(by: whole, rounding: .up)
  let price = (part * Int128(share.billionths)).divided(by: whole, rounding: .up)
  return Int64(clamping: price)
}

/// What the insurance fund pays a bidder for taking a part of a portfolio that is worth less than
/// nothing, rounded down.
///
/// It rises from the portfolio's debt to its debt and its whole requirement: what a bidder must
/// bring to hold it. Source: Derive v2, insolvent auction.
/// - Parameter progress: The part of the way, between 0 and 1.
public func insolventBid(
  on portfolio: AuctionedPortfolio, share: Rate, progress: Rate
) -> Int64 {
  let whole: Int128 = 1_000_000_000
  let debt = max(-Int128(portfolio.value), 0)
  let most = max(-Int128(portfolio.excess), debt)
  let passed = min(max(Int128(progress.billionths), 0), whole)
  let rise = ((most - debt) * passed).divided(by: whole, rounding: .down)
  let paid = ((debt + rise) * Int128(share.billionths)).divided(by: whole, rounding: .down)
  return Int64(clamping: paid)
}
