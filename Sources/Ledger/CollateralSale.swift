// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// Why collateral of an account in liquidation is sold, and what that was expected to free and to
/// cost: the evidence for the decision, money in millionths of the quote currency.
@frozen
public struct ConversionDecision: Hashable, Sendable {
  public let account: AccountID
  public let asset: Asset
  /// Ledger units to be sold, positive.
  public let units: Int64
  /// Of those units at the price as collateral.
  public let worth: Int64
  /// By how much the margin that is asked falls: the haircut on those units, and what scenarios
  /// ask for them; 0 where a debt alone is raised.
  public let freed: Int64
  /// What the sale is expected to cost.
  public let cost: Int64
  /// What the best reduction of positions would have freed and cost; zeros where it was not asked.
  public let rivalFreed: Int64
  public let rivalCost: Int64

  @inlinable
  public init(
    account: AccountID, asset: Asset, units: Int64, worth: Int64, freed: Int64, cost: Int64,
    rivalFreed: Int64, rivalCost: Int64
  ) {
    self.account = account
    self.asset = asset
    self.units = units
    self.worth = worth
    self.freed = freed
    self.cost = cost
    self.rivalFreed = rivalFreed
    self.rivalCost = rivalCost
  }
}

/// Collateral of an account in liquidation that is for sale for the quote currency.
@frozen
public struct CollateralSale: Hashable, Sendable {
  /// A report or a bid names it.
  public let id: OrderID
  public let account: AccountID
  public let asset: Asset
  /// The spot market with the order; absent under the hammer.
  public let market: InstrumentID?
  /// The worst price, in the quote currency for one whole of the asset.
  public let limit: Price
  /// From then on a fill in a book is too late.
  public let expiresAt: Timestamp
  /// Ledger units still for sale, positive.
  public internal(set) var left: Int64
  /// What is asked now: in a book the limit.
  public internal(set) var price: Price
  /// How long the price has been falling, without the time in which nobody could bid.
  public internal(set) var elapsed: TimeSpan
  public internal(set) var pricedAt: Timestamp

  public init(
    id: OrderID, account: AccountID, asset: Asset, market: InstrumentID?, units: Int64,
    limit: Price, price: Price, startedAt: Timestamp, expiresAt: Timestamp
  ) {
    self.id = id
    self.account = account
    self.asset = asset
    self.market = market
    self.limit = limit
    self.expiresAt = expiresAt
    left = units
    self.price = price
    elapsed = .zero
    pricedAt = startedAt
  }
}

/// A part of a sale that somebody took.
@frozen
public struct CollateralFill: Hashable, Sendable {
  public let sale: OrderID
  public let account: AccountID
  public let buyer: AccountID
  /// Ledger units of the asset, positive.
  public let units: Int64
  /// Ledger units of the quote currency, positive.
  public let paid: Int64

  @inlinable
  public init(sale: OrderID, account: AccountID, buyer: AccountID, units: Int64, paid: Int64) {
    self.sale = sale
    self.account = account
    self.buyer = buyer
    self.units = units
    self.paid = paid
  }
}

/// A bid for collateral under the hammer.
@frozen
public struct CollateralBid: Hashable, Sendable {
  public let bidder: AccountID
  /// The most that is wanted, ledger units of the asset.
  public let units: Int64
  /// The most that is paid for one whole of it.
  public let limit: Price
  /// When the venue took it in; breaks ties.
  public let receivedAt: Timestamp

  @inlinable
  public init(bidder: AccountID, units: Int64, limit: Price, receivedAt: Timestamp) {
    self.bidder = bidder
    self.units = units
    self.limit = limit
    self.receivedAt = receivedAt
  }

  /// Whether this bid is served first: the higher limit, then the earlier, then the lower account;
  /// all pay what is asked.
  public func precedes(_ other: CollateralBid) -> Bool {
    if limit != other.limit { return limit > other.limit }
    if receivedAt != other.receivedAt { return receivedAt < other.receivedAt }
    if bidder != other.bidder { return bidder < other.bidder }
    return units > other.units
  }
}
