// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import MarketData
public import Parameters
public import Quantities

/// Everything the outside may ask of the engine; time comes in with it.
public enum Command: Hashable, Sendable {
  /// The first command of every venue: its quote currency and parameters.
  case openVenue(quote: Asset, ParameterSet)
  case changeParameters(ParameterSet)
  case acceptCollateral(CollateralAsset)
  case listInstrument(Contract)
  case openAccount(AccountID, MarginMode)
  case depositCollateral(AccountID, Amount)
  case withdrawCollateral(AccountID, Amount)
  case contributeToFund(Amount)
  /// The same for the fund of a risk universe.
  case contributeToUniverse(RiskUniverse, Amount)
  case recordTrade(TradeReport)
  case placeOrder(AccountID, RestingOrder)
  case cancelOrder(AccountID, OrderID)
  case advanceBlock(at: Timestamp, samples: [PriceSample])
  case reportExecution(ExecutionReport)
  case restart(at: Timestamp)
  /// Sets the protection of an account's quotes on an underlying; without limits, removes it.
  case protectQuotes(AccountID, AssetSymbol, QuoteLimits?)
  /// What was filled no longer counts, and quotes are accepted again.
  case resetProtection(AccountID, AssetSymbol)
  /// Opens an account under another of the same owner.
  case openSubaccount(AccountID, under: AccountID, MarginMode)
  /// Moves collateral between two accounts of one owner.
  case moveCollateral(from: AccountID, to: AccountID, Amount)
  /// Moves a position, or a part of it, between two accounts of one owner.
  case movePosition(from: AccountID, to: AccountID, InstrumentID, Size)
  case changeMarginMode(AccountID, MarginMode)
  /// Bids in the auction of an account, all that came in for one instant, in any order.
  case bidInAuction(AccountID, [AuctionBid])
  /// Opens a backstop pool, an account of its own, for the contracts on these underlyings.
  case openPool(AccountID, markets: [AssetSymbol])
  /// Puts quote currency of an account into a tranche of a pool.
  case depositToPool(AccountID, AccountID, PoolTranche, Amount)
  /// Gives notice of a withdrawal from a pool; one notice takes the place of another.
  case requestPoolWithdrawal(AccountID, AccountID, PoolTranche, units: Int64)
  case cancelPoolWithdrawal(AccountID, AccountID, PoolTranche)
  /// Pays what notice was given of, and all gains.
  case withdrawFromPool(AccountID, AccountID, PoolTranche)
  /// An account is a market maker's from now on: what it holds is the house's side.
  case registerMaker(AccountID)
  case releaseMaker(AccountID)
  /// Bids for collateral of an account under the hammer, all that came in for one instant, in any
  /// order; a bid for a sale that is over is refused.
  case bidForCollateral(AccountID, OrderID, [CollateralBid])
  /// Opens the account by which the insurance fund hedges; a venue has one.
  case openHedge(AccountID)
  /// What the books hold near the marks, by instrument; from whoever keeps them.
  case reportDepth([DepthReport])
  /// A maker's binding answer to a request for quotes.
  case answerRequest(AccountID, UInt64, Price, Size)
  /// An account may pass makers' answers on from now on, and is paid for what is filled of them.
  case registerRelayer(AccountID)
  case releaseRelayer(AccountID)
  /// The same answer as a relayer passes it on.
  case relayAnswer(AccountID, UInt64, QuoteAnswer)
  /// What a million gas costs, millionths of the quote currency.
  case reportGas(perMillion: Int64)
  /// A keeper takes a part of an offer over, unless it is paid less than it counts on.
  case takeOffer(AccountID, UInt64, Size, leastReward: Int64)
  /// A sealed bid for the right to a slice: a digest that binds to it.
  case commitBid(AccountID, UInt64, ChainHash)
  /// Opens a sealed bid.
  case revealBid(AccountID, UInt64, RightsBid)
}

/// Where a trade that is reported was agreed.
@frozen
public enum TradeOrigin: UInt8, Hashable, Sendable, CaseIterable {
  /// In the venue's book; both sides pay fees.
  case book
  /// Elsewhere: positions are brought in at a price, without a fee.
  case transfer
}

/// A trade as the matching engine reports it.
@frozen
public struct TradeReport: Hashable, Sendable {
  public let instrument: InstrumentID
  public let buyer: AccountID
  public let seller: AccountID
  /// Positive.
  public let size: Size
  public let price: Price
  /// The resting order that was met, of the buyer or of the seller; its owner is the maker.
  ///
  /// A trade of the book that names none has two takers.
  public let order: OrderID?
  public let origin: TradeOrigin

  @inlinable
  public init(
    instrument: InstrumentID, buyer: AccountID, seller: AccountID, size: Size, price: Price,
    order: OrderID? = nil, origin: TradeOrigin = .book
  ) {
    self.instrument = instrument
    self.buyer = buyer
    self.seller = seller
    self.size = size
    self.price = price
    self.order = order
    self.origin = origin
  }
}

/// What the book made of one liquidation order; exactly one report answers an order.
public struct ExecutionReport: Hashable, Sendable {
  public let order: OrderID
  public let fills: [Fill]

  /// A part of the order met a counterparty.
  @frozen
  public struct Fill: Hashable, Sendable {
    public let counterparty: AccountID
    /// Positive.
    public let size: Size
    public let price: Price

    @inlinable
    public init(counterparty: AccountID, size: Size, price: Price) {
      self.counterparty = counterparty
      self.size = size
      self.price = price
    }
  }

  public init(order: OrderID, fills: [Fill]) {
    self.order = order
    self.fills = fills
  }
}
