// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// What may be done in a market.
@frozen
public enum MarketStatus: UInt8, Hashable, Sendable, CaseIterable {
  case open
  /// No fresh quorum: risk may only be reduced and nothing is liquidated.
  case reduceOnly
}

/// The market of one underlying as a block left it, with what the next block's marks need.
public struct MarkedMarket: Hashable, Sendable {
  public let market: UnderlyingMarket
  public let status: MarketStatus
  /// When the index was last fresh.
  public let freshAt: Timestamp
  public let premium: PremiumState
  /// Open while an instrument of the underlying is about to settle.
  public let settlement: SettlementWindow?
  /// One side of all open positions before the block's own trades, millionths of the quote
  /// currency.
  public let openInterest: Int64
  /// Half the interval in which the index lies ÷ the index.
  public let uncertainty: Rate

  public init(
    market: UnderlyingMarket, status: MarketStatus, freshAt: Timestamp, premium: PremiumState,
    settlement: SettlementWindow?, openInterest: Int64 = 0, uncertainty: Rate = .zero
  ) {
    self.market = market
    self.status = status
    self.freshAt = freshAt
    self.premium = premium
    self.settlement = settlement
    self.openInterest = openInterest
    self.uncertainty = uncertainty
  }

  /// The same market, reduce-only.
  public var halted: MarkedMarket {
    MarkedMarket(
      market: market, status: .reduceOnly, freshAt: freshAt, premium: premium,
      settlement: settlement, openInterest: openInterest, uncertainty: uncertainty)
  }
}
